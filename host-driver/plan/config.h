/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The campaign config: YAML as docs/config.md describes it. Everything that
 * can be known to be wrong before a boot is found here, and said as
 * "file:line: field: what, and what is allowed".
 *
 * Only the plan reads this; everything else reads the plan.
 */
#ifndef KDUEL_CONFIG_H
#define KDUEL_CONFIG_H

#include "err.h"
#include "plan.h"

/*
 * Reads `text`, the content of the file `path`, into `plan`: all but the
 * boots and the hash, which plan_load() adds. The plan is to be freed by
 * plan_free() whatever the outcome.
 */
int config_parse(const char *path, const char *text, size_t len,
		 const struct plan_options *o, struct plan *plan,
		 struct err *err);

#endif
