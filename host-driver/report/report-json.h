/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of report.json (docs/report-format.md). */
#ifndef KDUEL_REPORT_JSON_H
#define KDUEL_REPORT_JSON_H

#include <jansson.h>

#include "compare/compare.h"

/* Safe text, so that a reader's terminal is safe too; never invalid UTF-8. */
json_t *json_safe(const char *text);
/* The same; null for no text. */
json_t *json_safe_or_null(const char *text);
/* JSON has no NaN: what is not known is null. */
json_t *json_known(double v);
/* Takes the value. */
void json_put(json_t *object, const char *key, json_t *value);

json_t *report_series_json(const struct comparison *c);
json_t *report_claims_json(const struct comparison *c);

#endif
