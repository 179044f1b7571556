/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Google Benchmark's JSON (its user guide, "Output Formats"): a row for each boot,
 * as a repetition, so that its tools/compare.py can test the spread of boots. The
 * format only knows times: everything else is left out, instructions above all.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "export-values.h"
#include "export.h"
#include "report/report.h"
#include "safe.h"

static json_t *google_context(const struct export_from *from)
{
	const struct plan *p = store_plan(from->store);
	json_t *j = json_object();
	double begun, ended;
	char date[24];

	export_times(from->store, &begun, &ended, NULL);
	export_time(begun, date);
	if (*date)
		json_put(j, "date", json_string(date));
	json_put(j, "host_name", json_string("kduel"));
	json_put(j, "executable", json_safe(p->name));
	json_put(j, "num_cpus", json_integer(p->guest.cpus));
	json_put(j, "mhz_per_cpu", json_integer(0));
	json_put(j, "cpu_scaling_enabled", json_false());
	json_put(j, "caches", json_array());
	json_put(j, "load_avg", json_array());
	json_put(j, "library_build_type", json_string("release"));
	json_put(j, "kduel_domain", json_string(store_domain(from->store)));
	json_put(j, "kduel_plan", json_string(p->hash));
	return j;
}

/* "6.1/memfd/thp/null/ns_per_access/pages=512", or without the arm. */
static char *google_name(const struct export_from *from, const struct export_value *v)
{
	char *plain = text_format("%s%s%s/%s%s%s", from->arm ? "" : v->arm, from->arm ? "" : "/",
				  v->s->cell, v->s->metric, *v->s->point_text ? "/" : "",
				  v->s->point_text);
	char *name = safe_text(plain);

	free(plain);
	return name;
}

static void google_rows(const struct export_from *from, const struct export_value *v,
			json_t *rows, unsigned family)
{
	char *name = google_name(from, v);
	unsigned boot = 0;

	for (unsigned b = 0; b < from->c->n_block_ids; b++) {
		json_t *j;

		if (isnan(v->est->boot[b]))
			continue;
		j = json_object();
		json_put(j, "name", json_string(name));
		json_put(j, "family_index", json_integer(family));
		json_put(j, "per_family_instance_index", json_integer(0));
		json_put(j, "run_name", json_string(name));
		json_put(j, "run_type", json_string("iteration"));
		json_put(j, "repetitions", json_integer(v->est->boots));
		json_put(j, "repetition_index", json_integer(boot++));
		json_put(j, "threads", json_integer(1));
		json_put(j, "iterations", json_integer(1));
		json_put(j, "real_time", json_real(v->est->boot[b]));
		json_put(j, "cpu_time", json_real(v->est->boot[b]));
		json_put(j, "time_unit", json_string(v->s->unit));
		json_put(j, "kduel_block", json_integer(b + 1));
		json_array_append_new(rows, j);
	}
	free(name);
}

static int google_write(const struct export_from *from, FILE *to, struct err *err)
{
	struct export_value v = EXPORT_VALUE_INIT;
	json_t *all, *rows = json_array();
	unsigned family = 0;

	while (export_next(from, &v))
		if (export_per_second(v.s) > 0)
			google_rows(from, &v, rows, family++);
	if (!family) {
		json_decref(rows);
		return err_config(err, "google-benchmark: the format only knows times, and there are none%s",
				  from->c->deterministic ? ": this campaign counted instructions"
							 : "");
	}
	all = json_object();
	json_put(all, "context", google_context(from));
	json_put(all, "benchmarks", rows);
	return export_json_write(to, all, err);
}

const struct export_format export_google = {
	.name = "google-benchmark", .judged = true, .one_arm = true, .write = google_write,
	.help = "Google Benchmark's JSON, one row per boot; times only",
};
