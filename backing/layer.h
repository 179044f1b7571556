/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proofs of page sizes, as objects for the record (docs/record-format.md). */
#ifndef KDUEL_LAYER_H
#define KDUEL_LAYER_H

#include <jansson.h>

#include "pages.h"

/* {"layer":..,"bytes":{"4k":..,"2m":..,"1g":..},"method":..} */
json_t *layer_new(const char *layer, const struct page_bytes *p);
/* {"layer":..,"unavailable":reason} */
json_t *layer_unavailable(const char *layer, const char *reason);

#endif
