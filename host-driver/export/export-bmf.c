/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bencher Metric Format (bencher.dev, "Bencher Metric Format (BMF) JSON"):
 * benchmark -> measure -> value with its interval. A measure has one unit, so
 * the metric with its unit names it.
 */
#include <math.h>
#include <stdlib.h>

#include "export-formats.h"
#include "export-values.h"
#include "report/report.h"
#include "safe.h"

static int bmf_write(const struct export_from *from, FILE *to, struct err *err)
{
	struct export_value v = EXPORT_VALUE_INIT;
	json_t *all = json_object();

	while (export_next(from, &v)) {
		char *plain = text_format("%s%s%s%s%s", v.s->cell,
					  *v.s->point_text ? " " : "", v.s->point_text,
					  from->arm ? "" : " ", from->arm ? "" : v.arm);
		char *with_unit = text_format("%s (%s)", v.s->metric,
					      *v.s->unit ? v.s->unit : "count");
		char *name = safe_text(plain), *measure = safe_text(with_unit);
		json_t *of = json_object_get(all, name), *j = json_object();

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
		free(with_unit);
		free(plain);
	}
	return export_json_write(to, all, err);
}

const struct export_format export_bmf = {
	.name = "bmf", .help = "Bencher Metric Format", .judged = true, .one_arm = true,
	.write = bmf_write,
};
