/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the page reads first: parts (campaigns in order of time), and the index. */
#include "site.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "data.h"
#include "file.h"
#include "report/report.h"
#include "safe.h"
#include "stats/stats.h"

#define PART_CAMPAIGNS 32	/* per part; adding a campaign rewrites one part */

/* --- the order of time ------------------------------------------------------------ */

static int site_index_by_time(const void *a, const void *b)
{
	const json_t *p = *(json_t *const *)a, *q = *(json_t *const *)b;
	double x = json_number_value(json_object_get(p, "begun"));
	double y = json_number_value(json_object_get(q, "begun"));

	return x != y ? (x > y) - (x < y) : strcmp(site_digest_key(p), site_digest_key(q));
}

void site_sort(json_t *list)
{
	size_t n = json_array_size(list), i;
	json_t **v = calloc(n + 1, sizeof(json_t *)), *j;

	must_have(v);
	json_array_foreach(list, i, j)
		v[i] = json_incref(j);
	qsort(v, n, sizeof(json_t *), site_index_by_time);
	json_array_clear(list);
	for (i = 0; i < n; i++)
		json_array_append_new(list, v[i]);
	free(v);
}

/* --- parts ---------------------------------------------------------------------------- */

struct site_index_table {
	json_t *place, *all;	/* of a series by its text; the series */
};

/* Renumbers the series in a campaign's rows from its own list to the part's. */
static void site_index_number(json_t *campaign, struct site_index_table *t)
{
	json_t *own = json_object_get(campaign, "series"), *j, *row;
	size_t i, n = json_array_size(own);
	json_t **place = calloc(n + 1, sizeof(json_t *));

	must_have(place);
	json_array_foreach(own, i, j) {
		char *key = json_dumps(j, JSON_COMPACT);

		place[i] = key ? json_object_get(t->place, key) : NULL;
		if (!place[i]) {
			place[i] = json_integer((json_int_t)json_array_size(t->all));
			json_object_set_new(t->place, key, place[i]);
			json_array_append(t->all, j);
		}
		free(key);
	}
	json_array_foreach(json_object_get(campaign, "rows"), i, row) {
		json_int_t k = json_integer_value(json_array_get(row, ROW_SERIES));

		if (k >= 0 && (size_t)k < n) {
			json_array_append_new(row, json_integer(k));	/* its own place */
			json_array_set(row, ROW_SERIES, place[k]);
		}
	}
	json_object_del(campaign, "series");
	free(place);
}

static int site_index_write(const char *path, const char *call, const char *name,
			    const json_t *j, struct err *err)
{
	struct file_out out;
	int rc = file_begin(&out, path, err);

	if (rc)
		return rc;
	fprintf(out.to, name ? "%s(\"%s\",\n" : "%s(", call, name);
	json_dumpf(j, out.to, SITE_JSON);
	fputs(");\n", out.to);
	return file_commit(&out, err);
}

static json_t *site_index_part(const char *out, const struct site_list *l, size_t from, size_t to)
{
	struct site_index_table t = { json_object(), json_array() };
	json_t *list = json_array();

	for (size_t i = from; i < to; i++) {
		json_t *c = site_summary(out, site_digest_key(site_list_at(l, i)));

		if (!c)
			continue;
		site_index_number(c, &t);
		json_array_append_new(list, c);
	}
	json_decref(t.place);
	return json_pack("{s:o, s:o}", "series", t.all, "campaigns", list);
}

/* "p-<key>.js", where the key is a hash of its campaigns' keys. */
static char *site_index_part_name(const struct site_list *l, size_t from, size_t to)
{
	char *keys = NULL, hex[FILE_HASH_MAX], *name;
	size_t len;
	FILE *all = text_open(&keys, &len);

	for (size_t i = from; i < to; i++)
		fprintf(all, "%s\n", site_digest_key(site_list_at(l, i)));
	fclose(all);
	data_hash(keys, len, hex);
	name = text_format("p-%.16s.js", hex);
	free(keys);
	return name;
}

/* `parts` has the names of those that are full, and gets the others'. */
static int site_index_parts(const struct site_options *o, const struct site_list *l, json_t *parts,
			    struct err *err)
{
	size_t n = site_list_size(l);
	int rc = 0;

	for (size_t from = json_array_size(parts) * PART_CAMPAIGNS; !rc && from < n;
	     from += PART_CAMPAIGNS) {
		size_t to = from + PART_CAMPAIGNS < n ? from + PART_CAMPAIGNS : n;
		char *name = site_index_part_name(l, from, to);
		char *path = text_format("%s/data/%s", o->out, name);

		json_array_append_new(parts, json_string(name));
		if (o->again || access(path, R_OK)) {
			json_t *part = site_index_part(o->out, l, from, to);

			rc = site_index_write(path, "kduelPart", name, part, err);
			json_decref(part);
		}
		free(name);
		free(path);
	}
	return rc;
}

/* --- the index ------------------------------------------------------------------------- */

/* The trends without what only the next run needs. */
static json_t *site_index_trends(const json_t *trends)
{
	json_t *list = json_array(), *t, *j;
	size_t i;

	json_array_foreach(trends, i, t) {
		j = json_copy(t);
		json_object_del(j, "window");
		json_object_del(j, "n");
		json_array_append_new(list, j);
	}
	return list;
}

static int site_index_index(const struct site_options *o, json_t *head, json_t *bad,
			    struct err *err)
{
	char *path = text_format("%s/data/index.js", o->out);
	json_t *names = json_array(), *j;
	int rc;

	for (enum verdict v = VERDICT_NONE; v <= VERDICT_NOT_COMPARABLE; v++)
		json_array_append_new(names, json_string(verdict_name(v)));
	j = json_pack("{s:s, s:I, s:i, s:o, s:o, s:O, s:o, s:O}", "version", KDUEL_VERSION,
		      "made", (json_int_t)time(NULL), "min_segment",
		      (int)(o->min_segment ? o->min_segment : STATS_SEGMENT), "verdicts", names,
		      "trends", site_index_trends(json_object_get(head, "trends")), "parts",
		      json_object_get(head, "parts"), "controls",
		      site_control_rates(json_object_get(head, "controls")), "unread", bad);
	rc = site_index_write(path, "kduelIndex", NULL, j, err);
	json_decref(j);
	free(path);
	return rc;
}

/* What the head keeps under `key` of the campaigns before, or an empty list. */
static json_t *site_index_kept(const struct site_list *l, const char *key)
{
	json_t *j = l->kept ? json_object_get(l->known->head, key) : NULL;

	return json_is_array(j) ? json_incref(j) : json_array();
}

static void site_index_remove(const struct site_options *o, const char *name)
{
	char *path = text_format("%s/data/%s", o->out, name);

	unlink(path);
	free(path);
}

int site_publish(const struct site_options *o, const struct site_list *l, json_t *bad,
		 json_t **parts, struct err *err)
{
	json_t *head = json_object(), *trends = site_index_kept(l, "trends");
	json_t *controls = site_index_kept(l, "controls"), *part = NULL;
	int rc;

	*parts = site_index_kept(l, "parts");
	if (l->kept % PART_CAMPAIGNS) {	/* the last part was not full */
		part = json_incref(json_array_get(*parts, json_array_size(*parts) - 1));
		json_array_remove(*parts, json_array_size(*parts) - 1);
	}
	site_trends(trends, l, o);
	site_controls(controls, l->fresh);
	json_put(head, "trends", trends);
	json_put(head, "controls", controls);
	rc = site_index_parts(o, l, *parts, err);
	json_object_set(head, "parts", *parts);
	if (!rc)
		rc = site_index_index(o, head, bad, err);
	if (!rc)
		rc = site_known_keep(l, o, head, err);
	if (!rc && part && json_array_size(l->fresh))
		site_index_remove(o, json_string_value(part));
	json_decref(part);
	json_decref(head);
	return rc;
}
