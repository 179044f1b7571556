/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * github-action-benchmark's customSmallerIsBetter and customBiggerIsBetter (its
 * README, "custom benchmark"): a file has one direction, since the action compares
 * everything in it the same way.
 */
#include <math.h>
#include <stdlib.h>

#include "export-values.h"
#include "export.h"
#include "report/report.h"
#include "safe.h"

static const char *const github_tables[] = { "smaller", "bigger", NULL };

static json_t *github_value(const struct export_from *from, const struct export_value *v)
{
	char *name = export_name(from, v), *unit = safe_text(v->s->unit), *extra;
	json_t *j = json_object();
	struct number_effect e;

	json_put(j, "name", json_string(name));
	json_put(j, "unit", json_string(*unit ? unit : "count"));
	json_put(j, "value", json_real(v->est->value));
	if (isfinite(v->est->lo))
		json_object_set_new(j, "range", json_sprintf("%.6g to %.6g", v->est->lo, v->est->hi));
	compare_effect(v->s, &v->vs->e, &e);
	extra = v->vs->verdict == VERDICT_NONE ? text_format("baseline, %u boots", v->est->boots) :
		!v->vs->e.n ? text_format("%s", verdict_name(v->vs->verdict)) :
		text_format("%s: %s %s, %u blocks", verdict_name(v->vs->verdict),
			    e.effect, e.interval, v->vs->e.n);
	json_put(j, "extra", json_safe(extra));
	free(extra);
	free(unit);
	free(name);
	return j;
}

static int github_write(const struct export_from *from, FILE *to, struct err *err)
{
	enum stats_better better = *from->table == 's' ? STATS_LOWER : STATS_HIGHER;
	struct export_value v = EXPORT_VALUE_INIT;
	json_t *list = json_array();

	while (export_next(from, &v))
		if (v.s->better == better)
			json_array_append_new(list, github_value(from, &v));
	if (!json_array_size(list)) {
		json_decref(list);
		return err_config(err, "-t %s: these results have no metric of which %s is better",
				  from->table, better == STATS_LOWER ? "less" : "more");
	}
	return export_json_write(to, list, err);
}

const struct export_format export_github = {
	.name = "github-action-benchmark", .tables = github_tables, .judged = true,
	.one_arm = true, .write = github_write,
	.help = "its custom JSON, one direction per file",
};
