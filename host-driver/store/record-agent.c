/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "pool.h"
#include "record.h"
#include "vocab/words.h"

#define LABELS_MAX 64
#define COUNTER_NAME_MAX 63	/* a longer name is built from it */
#define LABELS_BYTES_MAX 8192	/* of JSON; every sample repeats it */
#define PART_MAX (1u << 18)	/* bytes of JSON of each part that is kept */

static int agent_refuse(struct err *err, const char *what, int ret)
{
	if (!ret)
		return 0;
	err_prefix(err, "%s", what);
	if (err)
		err->code = -EPROTO;
	return -EPROTO;
}

/* --- duplicates --------------------------------------------------------------- */

static int agent_compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A key that occurs twice among `n`; NULL if none does. Sorts them. */
static const char *agent_find_twice(const char **keys, size_t n)
{
	if (n)
		qsort(keys, n, sizeof(*keys), agent_compare_keys);
	for (size_t i = 1; i < n; i++)
		if (!strcmp(keys[i - 1], keys[i]))
			return keys[i];
	return NULL;
}

static int agent_check_counter_names(const struct view *counters, struct err *err)
{
	const char **names, *twice;
	const struct view *v;
	size_t n = 0;
	int ret = 0;

	if (!counters || counters->n == 0)
		return 0;
	if (counters->n > RECORD_COUNTERS_MAX)
		return err_config(err, "counters: there are %u; at most %u", counters->n,
				  RECORD_COUNTERS_MAX);
	names = calloc(counters->n, sizeof(*names));
	if (!names)
		return err_sys(err, ENOMEM, "cannot check a result");
	view_each(v, counters) {
		names[n] = view_get(v, "name")->text;
		if (strlen(names[n]) > COUNTER_NAME_MAX)
			ret = err_config(err, "counters: a name has more than %d characters",
					 COUNTER_NAME_MAX);
		n++;
	}
	twice = agent_find_twice(names, n);
	if (twice && !ret)
		ret = err_config(err, "counters: '%s' is given twice", twice);
	free(names);
	return ret;
}

/* --- a result ------------------------------------------------------------------- */

static int agent_check_number(const struct record *r, struct err *err)
{
	uint64_t n = (uint64_t)r->values->n + (r->rejected ? r->rejected->n : 0);

	if (r->values->n == 0)
		return err_config(err, "values: is empty");
	if (n > RECORD_VALUES_MAX)
		return err_config(err, "values: there are %" PRIu64 " with the rejected ones; at most %u",
				  n, RECORD_VALUES_MAX);
	return 0;
}

/* Checks one metric. `*key` identifies its metric and point. */
static int agent_check_metric(const struct view *v, struct pool *pool,
			      const char **key, struct err *err)
{
	struct record r = { .type = RECORD_SAMPLE };
	record_point point;
	int ret;

	if (v->type != JSON_OBJECT)
		return err_config(err, "is %s; it must be an object", view_type_text(v));
	ret = record_read_metric(v, &r, err);
	if (!ret)
		ret = agent_check_number(&r, err);
	if (!ret)
		ret = agent_check_counter_names(r.counters, err);
	if (!ret && !strcmp(r.metric, METRIC_GO_TO_RESULT))
		ret = err_config(err, "metric: is reserved for the driver");
	if (ret && r.metric)
		err_prefix(err, "%s", r.metric);
	if (ret)
		return ret;
	record_point_key(r.point, point);
	*key = pool_join(pool, r.metric, '\x1f', point);
	return *key ? 0 : err_sys(err, ENOMEM, "cannot check a result");
}

static int agent_check_metrics(const struct view *metrics, struct err *err)
{
	struct pool pool = POOL_INIT;
	const char **keys = calloc(metrics->n + 1, sizeof(*keys)), *twice = NULL;
	const struct view *v;
	size_t n = 0;
	int ret = keys ? 0 : err_sys(err, ENOMEM, "cannot check a result");

	view_each(v, metrics) {
		if (ret)
			break;
		ret = agent_check_metric(v, &pool, &keys[n], err);
		if (ret)
			err_prefix(err, "metrics[%zu]", n);
		n++;
	}
	if (!ret)
		twice = agent_find_twice(keys, n);
	if (twice)
		ret = err_config(err, "metrics: '%.*s' is given twice with the same point",
				 (int)strcspn(twice, "\x1f"), twice);
	pool_release(&pool);
	free(keys);
	return ret;
}

static int agent_check_labels(const struct view *labels, struct err *err)
{
	const struct view *v;

	if (labels && labels->n > LABELS_MAX)
		return err_config(err, "labels: there are more than %d", LABELS_MAX);
	if (labels && labels->json_len > LABELS_BYTES_MAX)
		return err_config(err, "labels: are longer than %d bytes", LABELS_BYTES_MAX);
	view_each(v, labels) {
		int ret = v->type == JSON_STRING
				  ? record_check_text("labels", v->text, RECORD_NAME_MAX, err)
				  : err_config(err, "labels: holds %s; they are texts",
					       view_type_text(v));

		if (ret)
			return ret;
	}
	return 0;
}

const char *const record_kept[] = {
	"derived", "providers", "placement", "validated", "timer", NULL,
};

static int agent_check_kept(const struct view *result, struct err *err)
{
	for (const char *const *key = record_kept; *key; key++) {
		const struct view *v = view_get(result, *key);

		if (v && v->json_len > PART_MAX)
			return err_config(err, "%s: is longer than %u bytes", *key, PART_MAX);
	}
	return 0;
}

int record_check_result(const struct view *result, struct err *err)
{
	const struct view *metrics, *labels;
	int ret;

	if (!result || result->type != JSON_OBJECT)
		return agent_refuse(err, "a result", err_config(err, "is %s; it must be an object",
								 view_type_text(result)));
	ret = view_list(result, "metrics", JSON_ARRAY, &metrics, err);
	if (!ret && metrics->n == 0)
		ret = err_config(err, "metrics: is empty");
	if (!ret && metrics->n > RECORD_METRICS_MAX)
		ret = err_config(err, "metrics: there are %u; at most %u", metrics->n,
				 RECORD_METRICS_MAX);
	if (!ret)
		ret = agent_check_metrics(metrics, err);
	if (!ret)
		ret = view_list_or(result, "labels", JSON_ARRAY, &labels, err);
	if (!ret)
		ret = agent_check_labels(labels, err);
	if (!ret)
		ret = agent_check_kept(result, err);
	return agent_refuse(err, "a result", ret);
}

/* --- other messages of agents ------------------------------------------------------- */

int record_check_counted(const struct view *reply, struct err *err)
{
	const struct view *counters;
	double seconds;
	int ret = view_real(reply, "seconds", &seconds, err);

	if (!ret && !(seconds >= 0 && seconds < RECORD_VALUE_MAX))
		ret = err_config(err, "seconds: is %g; it must be 0 to %g", seconds,
				 RECORD_VALUE_MAX);
	if (!ret)
		ret = view_list_or(reply, "counters", JSON_ARRAY, &counters, err);
	if (!ret)
		ret = record_check_counters(counters, err);
	if (!ret)
		ret = agent_check_counter_names(counters, err);
	return agent_refuse(err, "count-stop", ret);
}

/* A journal may leave out sizes that are 0; an agent must give them all. */
static int agent_check_sizes(const struct view *bytes, struct err *err)
{
	uint64_t n;
	int ret = 0;

	for (int i = 0; !ret && i < PAGE_SIZES; i++)
		ret = view_count(bytes, page_words[i].name, INT64_MAX, &n, err);
	return ret;
}

int record_check_layer(const struct view *layer, struct err *err)
{
	struct record r = { .type = RECORD_PROOF };
	int ret;

	if (!layer || layer->type != JSON_OBJECT)
		ret = err_config(err, "is %s; it must be an object", view_type_text(layer));
	else if (layer->json_len > PART_MAX)
		ret = err_config(err, "is longer than %u bytes", PART_MAX);
	else
		ret = record_read_layer(layer, &r, err);
	if (!ret && !r.unavailable)
		ret = agent_check_sizes(view_get(layer, "bytes"), err);
	return agent_refuse(err, "a proof", ret);
}
