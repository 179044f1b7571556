/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proofs of page sizes, as objects for the record (docs/record-format.md). */
#ifndef KDUEL_PROOF_H
#define KDUEL_PROOF_H

#include <jansson.h>

#include "pages.h"

/* {"layer":..,"bytes":{"4k":..,"2m":..,"1g":..},"method":..} */
json_t *proof_layer(const char *layer, const struct page_bytes *p);
/* {"layer":..,"unavailable":reason} */
json_t *proof_unavailable(const char *layer, const char *reason);

#endif
