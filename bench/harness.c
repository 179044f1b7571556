/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parameters, conditions and results: what a workload asks for and leaves. */
#include "harness.h"
#include "params.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "context.h"
#include "order.h"
#include "safe.h"
#include "size.h"

uint64_t bench_number(const struct bench *b, const char *name)
{
	return params_number(&b->params, name);
}

void bench_range(const struct bench *b, const char *name,
		 uint64_t *lo, uint64_t *hi)
{
	const struct value *v = params_get(&b->params, name);

	*lo = v->lo;
	*hi = v->hi;
}

const char *bench_text(const struct bench *b, const char *name)
{
	const struct value *v = params_get(&b->params, name);

	return v->text ? v->text : "";
}

bool bench_flag(const struct bench *b, const char *name)
{
	return params_get(&b->params, name)->lo;
}

bool bench_given(const struct bench *b, const char *name)
{
	return params_get(&b->params, name)->text != NULL;
}

int bench_set_number(struct bench *b, const char *name, uint64_t value,
		     struct err *err)
{
	char text[SIZE_TEXT_MAX];

	params_get(&b->params, name);
	return params_set(&b->params, name, size_format(value, text), err);
}

int bench_set_range(struct bench *b, const char *name, uint64_t lo, uint64_t hi,
		    struct err *err)
{
	char least[SIZE_TEXT_MAX], most[SIZE_TEXT_MAX], text[2 * SIZE_TEXT_MAX + 2];

	params_get(&b->params, name);
	snprintf(text, sizeof(text), "%s..%s", size_format(lo, least),
		 size_format(hi, most));
	return params_set(&b->params, name, text, err);
}

const struct params *bench_values(const struct bench *b)
{
	return &b->params;
}

json_t *bench_params(const struct bench *b)
{
	return params_json(&b->params);
}

const char *bench_files_root(const struct bench *b)
{
	return b->rq->files_root;
}

const char *bench_rootfs(const struct bench *b)
{
	return b->rq->rootfs;
}

const struct proc_cpus *bench_cpus(const struct bench *b)
{
	return &b->cpus;
}

void bench_pages(struct bench *b, const struct page_bytes *p, const char *why)
{
	b->pages = *p;
	b->pages_why = why;
}

uint64_t bench_seed(const struct bench *b)
{
	return b->rq->seed;
}

unsigned bench_samples(const struct bench *b)
{
	return workload_samples(b->w, b->rq->samples);
}

const char *bench_source(const struct bench *b)
{
	return b->source->name;
}

uint64_t bench_llc(const struct bench *b)
{
	return topology_llc(b->topo, b->cpu);
}

uint64_t bench_cache(const struct bench *b, unsigned level)
{
	return topology_cache(b->topo, b->cpu, level);
}

uint64_t bench_memory(const struct bench *b)
{
	(void)b;
	return source_memory(NULL);
}

int bench_at_least(struct bench *b, const char *what, uint64_t bytes,
		   uint64_t least, const char *why, struct err *err)
{
	if (bytes >= least)
		return 0;
	if (!b->rq->allow_small)
		return err_config(err, "%s of %" PRIu64 " KiB is too small: %s, so at least "
				  "%" PRIu64 " KiB; insist with --allow-small",
				  what, bytes >> 10, why, (least + 1023) >> 10);
	bench_label(b, "small: %s of %" PRIu64 " KiB, below %" PRIu64 " KiB (%s)", what,
		    bytes >> 10, (least + 1023) >> 10, why);
	return 0;
}

void bench_set_state(struct bench *b, void *state)
{
	b->state = state;
}

void *bench_state(const struct bench *b)
{
	return b->state;
}

void values_push(struct values *v, double value)
{
	if (v->n == v->room) {
		v->room = v->room ? 2 * v->room : 16;
		v->v = must_have(realloc(v->v, v->room * sizeof(*v->v)));
	}
	v->v[v->n++] = value;
}

static double harness_median(const struct values *v)
{
	double *copy, median;

	if (!v->n)
		return NAN;
	copy = must_have(malloc(v->n * sizeof(*copy)));
	memcpy(copy, v->v, v->n * sizeof(*copy));
	median = order_median(copy, v->n);
	free(copy);
	return median;
}

static double harness_min(const struct values *v)
{
	double least = NAN;

	for (size_t i = 0; i < v->n; i++)
		if (!(v->v[i] >= least))
			least = v->v[i];
	return least;
}

/* Report and plan know a workload's metrics and their points from its table alone. */
static const struct workload_metric *harness_declared(const struct bench *b, struct series *s,
						      const struct workload_metric *metric,
						      const json_t *point)
{
	char keys[128] = "";
	const char *key;
	json_t *value;
	size_t n = 0;

	json_object_foreach((json_t *)point, key, value)
		if (n < sizeof(keys))
			n += snprintf(keys + n, sizeof(keys) - n, "%s%s", n ? "," : "", key);
	for (const struct workload_metric *m = b->w->metrics; m && m->name; m++)
		if (m == metric && workload_has_points(m, keys))
			return m;
	if (b->w->declared) {	/* by its parameters, which were checked */
		s->own = *metric;
		s->own.name = must_have(strdup(metric->name));
		s->own.unit = must_have(strdup(metric->unit));
		return &s->own;
	}
	fprintf(stderr, "bug: %s has no metric '%s' with points of '%s' in its table\n",
		b->w->name, metric->name, keys);
	abort();
}

struct series *bench_series(struct bench *b, const struct workload_metric *metric,
			    json_t *point)
{
	struct series *s = must_have(calloc(1, sizeof(*s)));

	s->metric = harness_declared(b, s, metric, point);
	s->point = point ? point : json_object();
	s->steady = true;
	b->series = must_have(realloc(b->series, (b->n_series + 1) * sizeof(s)));
	b->series[b->n_series++] = s;
	return s;
}

void bench_free_series(struct bench *b)
{
	for (size_t i = 0; i < b->n_series; i++) {
		json_decref(b->series[i]->point);
		free((char *)b->series[i]->own.name);
		free((char *)b->series[i]->own.unit);
		free(b->series[i]->values.v);
		free(b->series[i]->rejected.v);
		free(b->series[i]);
	}
	free(b->series);
	b->series = NULL;
	b->n_series = 0;
}

void series_push(struct series *s, double value)
{
	values_push(&s->values, value);
}

void series_reject(struct series *s, double value)
{
	values_push(&s->rejected, value);
}

size_t series_count(const struct series *s)
{
	return s->values.n;
}

double series_value(const struct series *s, size_t i)
{
	return s->values.v[i];
}

double series_min(const struct series *s)
{
	return harness_min(&s->values);
}

double series_median(const struct series *s)
{
	return harness_median(&s->values);
}

static json_t *harness_numbers(const struct values *v)
{
	json_t *a = json_array();

	for (size_t i = 0; i < v->n; i++)
		json_array_append_new(a, json_real(v->v[i]));
	return a;
}

json_t *series_json(const struct bench *b, const struct series *s)
{
	json_t *j = json_pack("{s:s, s:O, s:s, s:s, s:s, s:o, s:o, s:b, s:o}",
			      "metric", s->metric->name, "point", s->point,
			      "unit", s->metric->unit, "better", better_words[s->metric->better],
			      "kind", kind_words[s->metric->kind],
			      "values", harness_numbers(&s->values),
			      "rejected", harness_numbers(&s->rejected),
			      "steady", s->steady,
			      "counters", counters_json(b->counters, s->counts));

	if (s->iterations)
		json_object_set_new(j, "iterations", json_integer(s->iterations));
	if (s->proportion > 0)
		json_object_set_new(j, "proportion", json_real(s->proportion));
	return j;
}

void bench_derive(struct bench *b, const char *key, json_t *value)
{
	json_object_set_new(b->derived, key, value);
}

/* Said twice is said once. */
static void harness_append(json_t *array, const char *fmt, va_list ap)
{
	json_t *text = json_vsprintf(fmt, ap), *have;
	size_t i;

	json_array_foreach(array, i, have)
		if (json_equal(have, text)) {
			json_decref(text);
			return;
		}
	json_array_append_new(array, text);
}

void bench_label(struct bench *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	harness_append(b->labels, fmt, ap);
	va_end(ap);
}

void bench_validated(struct bench *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	harness_append(b->validated, fmt, ap);
	va_end(ap);
}

void bench_progress(struct bench *b, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	if (!b->hooks || !b->hooks->progress)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	b->hooks->progress(b->hooks->arg, text);
}

static int harness_wrong(const struct bench *b, struct err *err, int code, const char *what,
			 const char *fmt, va_list ap)
{
	char text[512];

	vsnprintf(text, sizeof(text), fmt, ap);
	return err_set(err, EXIT_MACHINE, code, "%s: %s: %s", b->w->name, what, text);
}

int bench_invalid(struct bench *b, struct err *err, const char *fmt, ...)
{
	va_list ap;
	int ret;

	va_start(ap, fmt);
	ret = harness_wrong(b, err, -EBADMSG,
			    "its work is not right, so its time is worth nothing", fmt, ap);
	va_end(ap);
	return ret;
}

int bench_corrupt(struct bench *b, struct err *err, const char *fmt, ...)
{
	va_list ap;
	int ret;

	va_start(ap, fmt);
	ret = harness_wrong(b, err, -EBADSLT, "memory does not hold what was written to it", fmt, ap);
	va_end(ap);
	return ret;
}
