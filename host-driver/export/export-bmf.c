/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bencher Metric Format (bencher.dev, "Bencher Metric Format (BMF) JSON"):
 * benchmark -> measure -> value with its interval. A measure has one unit, so it is
 * named by the metric and its unit.
 */
#include <math.h>
#include <stdlib.h>

#include "export-values.h"
#include "export.h"
#include "report/report.h"
#include "safe.h"

#define BMF_MEASURE_MAX 64	/* characters, by Bencher's rules; a benchmark may have 1024 */

/* The names of a measure, "ns_per_access (ns)", and a benchmark (cell and point). */
static void bmf_names(const struct export_from *from, const struct export_value *v,
		      char **name, char **measure)
{
	const char *unit = *v->s->unit ? v->s->unit : "count";
	char *with_unit = text_format("%s (%s)", v->s->metric, unit);
	bool fits = safe_width(with_unit) <= BMF_MEASURE_MAX;
	char *plain = text_format("%s%s%s%s%s%s%s", v->s->cell, *v->s->point_text ? " " : "",
				  v->s->point_text, fits ? "" : " ", fits ? "" : v->s->metric,
				  from->arm ? "" : " ", from->arm ? "" : v->arm);

	*name = safe_text(plain);
	*measure = safe_text(fits ? with_unit : unit);
	free(with_unit);
	free(plain);
}

static int bmf_write(const struct export_from *from, FILE *to, struct err *err)
{
	struct export_value v = EXPORT_VALUE_INIT;
	json_t *all = json_object();

	while (export_next(from, &v)) {
		char *name, *measure;
		json_t *of, *j = json_object();

		bmf_names(from, &v, &name, &measure);
		of = json_object_get(all, name);
		if (!of) {
			of = json_object();
			json_put(all, name, of);
		}
		json_put(j, "value", json_real(v.est->value));
		if (isfinite(v.est->lo) && isfinite(v.est->hi)) {
			json_put(j, "lower_value", json_real(v.est->lo));
			json_put(j, "upper_value", json_real(v.est->hi));
		}
		json_put(of, measure, j);
		free(measure);
		free(name);
	}
	return export_json_write(to, all, err);
}

const struct export_format export_bmf = {
	.name = "bmf", .help = "Bencher Metric Format", .judged = true, .one_arm = true,
	.write = bmf_write,
};
