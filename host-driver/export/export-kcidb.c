/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * KCIDB's I/O schema v5.0 (kernelci.org, "KCIDB submitter guide"): a build for each
 * arm, a test for each value, with its number and its verdict. A test fails if a
 * gate regressed and passes if a gate was decided in the arm's favour; what is not a
 * gate is DONE, which judges nothing.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "export-values.h"
#include "export.h"
#include "report/report.h"
#include "safe.h"

static void kcidb_underscore(FILE *to, unsigned char c)
{
	(void)c;
	putc('_', to);
}

/* An object with its id and origin. */
static json_t *kcidb_object(const struct export_from *from, const char *id)
{
	char *safe = safe_text(id);
	json_t *j = json_object();

	json_object_set_new(j, "id", json_sprintf("%s:%s", from->origin, safe));
	json_put(j, "origin", json_string(from->origin));
	free(safe);
	return j;
}

static void kcidb_refer(json_t *j, const char *key, const struct export_from *from,
			const char *id)
{
	json_t *to = kcidb_object(from, id);

	json_object_set(j, key, json_object_get(to, "id"));
	json_decref(to);
}

static char *kcidb_build_id(const struct export_from *from, const char *arm)
{
	return text_format("%s/%s", store_id(from->store), arm);
}

static json_t *kcidb_builds(const struct export_from *from, const char *begun)
{
	const struct comparison *c = from->c;
	json_t *list = json_array();

	for (size_t a = 0; a < c->n_arms; a++) {
		char *id = kcidb_build_id(from, c->arms[a].name);
		json_t *j = kcidb_object(from, id), *misc = json_object();

		kcidb_refer(j, "checkout_id", from, store_id(from->store));
		if (*begun)
			json_put(j, "start_time", json_string(begun));
		json_put(j, "architecture", json_string("x86_64"));
		json_put(j, "comment", json_safe(c->arms[a].kernel));
		json_put(j, "status", json_string("PASS"));
		json_object_set(misc, "kduel_identity", c->arms[a].identity);
		json_put(j, "misc", misc);
		json_array_append_new(list, j);
		free(id);
	}
	return list;
}

static const char *kcidb_status(const struct export_value *v)
{
	static const char *const words[] = {
		[CASE_PASS] = "PASS", [CASE_FAIL] = "FAIL", [CASE_ERROR] = "ERROR",
		[CASE_SKIP] = "DONE",
	};

	return words[v->s->gate ? export_outcome(v->vs->verdict) : CASE_SKIP];
}

/* The number that KCIDB shows; a prefix is only allowed with base units. */
static json_t *kcidb_number(const struct export_value *v)
{
	double per = export_per_second(v->s);
	json_t *j = json_object();

	json_put(j, "value", json_real(per > 0 ? v->est->value / per : v->est->value));
	if (per > 0) {
		json_put(j, "unit", json_string("s"));
		json_put(j, "prefix", json_string("metric"));
	} else if (*v->s->unit) {
		json_put(j, "unit", json_safe(v->s->unit));
	}
	return j;
}

/* kduel's own facts of a test: verdict and effect; unknown values are left out. */
static json_t *kcidb_misc(const struct export_from *from, const struct export_value *v)
{
	static const char *const keys[] = { "effect", "lo", "hi", "p_adjusted" };
	const struct stats_effect *e = &v->vs->e;
	double values[] = { e->effect, e->lo, e->hi, v->vs->p_adjusted };
	json_t *j = json_object();

	json_put(j, "kduel_domain", json_string(from->c->domain));
	json_put(j, "kduel_boots", json_integer(v->est->boots));
	json_put(j, "kduel_gate", json_boolean(v->s->gate));
	if (v->vs->verdict == VERDICT_NONE)
		return j;
	json_put(j, "kduel_verdict", json_string(verdict_name(v->vs->verdict)));
	json_put(j, "kduel_blocks", json_integer(e->n));
	for (int i = 0; i < 4 && e->n; i++)
		if (isfinite(values[i])) {
			char key[32];

			snprintf(key, sizeof(key), "kduel_%s", keys[i]);
			json_put(j, key, json_real(values[i]));
		}
	return j;
}

/* Dot-separated words: "kduel.memfd.thp.null.ns_per_access". */
static char *kcidb_path(const struct compare_series *s)
{
	char *path = NULL;
	size_t len;
	FILE *to = text_open(&path, &len);

	fputs("kduel", to);
	for (const char *p = s->cell; *p; p++) {
		if (p == s->cell || *p == '/')
			putc('.', to);
		if (*p != '/')
			putc(strchr(EXPORT_WORD "-", *p) ? *p : '_', to);
		else if (p[1] == '/' || !p[1])
			putc('_', to);
	}
	putc('.', to);
	export_escape(to, s->metric, EXPORT_WORD "-", kcidb_underscore);
	text_close(to);
	return path;
}

static json_t *kcidb_test(const struct export_from *from, const struct export_value *v,
			  const char *begun)
{
	char *build = kcidb_build_id(from, v->arm), *path = kcidb_path(v->s), *comment;
	char *id = text_format("%s/%s/%s/%s", build, v->s->cell, v->s->metric, v->s->point_text);
	json_t *j = kcidb_object(from, id);
	struct number_effect e;

	compare_effect(v->s, &v->vs->e, &e);
	kcidb_refer(j, "build_id", from, build);
	json_put(j, "path", json_string(path));
	comment = text_format("%s%s%s: %s%s%s%s%s", v->s->metric, *v->s->point_text ? " " : "",
			      v->s->point_text,
			      v->vs->verdict == VERDICT_NONE ? "baseline"
							     : verdict_name(v->vs->verdict),
			      v->vs->e.n ? " " : "", v->vs->e.n ? e.effect : "",
			      v->vs->e.n ? " " : "", v->vs->e.n ? e.interval : "");
	json_put(j, "comment", json_safe(comment));
	json_put(j, "status", json_string(kcidb_status(v)));
	json_put(j, "number", kcidb_number(v));
	if (*begun)
		json_put(j, "start_time", json_string(begun));
	json_put(j, "misc", kcidb_misc(from, v));
	free(comment);
	free(path);
	free(build);
	free(id);
	return j;
}

static int kcidb_write(const struct export_from *from, FILE *to, struct err *err)
{
	struct export_value v = EXPORT_VALUE_INIT;
	json_t *all, *tests, *checkout;
	double begun, ended;
	char date[24];
	int ret = export_times(from->store, &begun, &ended, err);

	if (!ret && (!*from->origin || from->origin[strspn(from->origin,
			"abcdefghijklmnopqrstuvwxyz0123456789_")]))
		ret = err_config(err, "--origin: '%s' may only contain a-z, 0-9 and _",
				 from->origin);
	if (ret)
		return ret;
	export_time(begun, date);
	all = json_pack("{s:{s:i, s:i}}", "version", "major", 5, "minor", 0);
	checkout = kcidb_object(from, store_id(from->store));
	json_put(checkout, "comment", json_safe(from->c->name));
	if (*date)
		json_put(checkout, "start_time", json_string(date));
	json_put(checkout, "valid", json_true());
	json_object_set_new(all, "checkouts", json_pack("[o]", checkout));
	json_put(all, "builds", kcidb_builds(from, date));
	tests = json_array();
	while (export_next(from, &v))
		json_array_append_new(tests, kcidb_test(from, &v, date));
	json_put(all, "tests", tests);
	return export_json_write(to, all, err);
}

const struct export_format export_kcidb = {
	.name = "kcidb", .help = "KCIDB's JSON, schema v5: numbers and verdicts",
	.judged = true, .one_arm = true, .write = kcidb_write,
};
