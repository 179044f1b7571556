/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The formats, one line each: export-<name>.c defines `const struct export_format`. */
#ifndef KDUEL_EXPORT_FORMATS_H
#define KDUEL_EXPORT_FORMATS_H

#include "export.h"

#define EXPORT_FORMATS(format)	\
	format(json)		\
	format(csv)		\
	format(ndjson)		\
	format(tex)		\
	format(github)		\
	format(google)		\
	format(go_bench)	\
	format(bmf)		\
	format(openmetrics)	\
	format(kcidb)		\
	format(junit)		\
	format(ktap)

#define EXPORT_DECLARE(name) extern const struct export_format export_##name;
EXPORT_FORMATS(EXPORT_DECLARE)
#undef EXPORT_DECLARE

#endif
