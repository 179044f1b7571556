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

/* --- what is kept for the next run ---------------------------------------------- */

json_t *site_digest(const json_t *summary)
{
	static const char *const keys[] = { "key", "id", "folder", "begun", "domain", "machine",
					    "alpha", "control" };
	json_t *j = json_object();

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		json_object_set(j, keys[i], json_object_get(summary, keys[i]));
	return j;
}

/* Reads the file's second line. */
json_t *site_summary(const char *out, const json_t *digest)
{
	char *path = text_format("%s/data/c-%s.js", out,
				 json_string_value(json_object_get(digest, "key"))), *text;
	char *from, *to;
	json_t *j = NULL;
	size_t len;
	int rc = file_read(path, &text, &len, NULL);

	free(path);
	if (rc)
		return NULL;
	from = strchr(text, '\n');
	to = from ? strchr(from + 1, '\n') : NULL;
	if (to && to[-1] == ',')
		j = json_loadb(from + 1, (size_t)(to - from) - 2, 0, NULL);
	free(text);
	return j;
}

/* A file of another format or version counts as missing. */
json_t *site_known(const char *out)
{
	char *path = text_format("%s/data/known.json", out);
	json_t *j = json_load_file(path, 0, NULL), *by_key = json_object(), *c;
	const char *version = json_string_value(json_object_get(j, "version"));
	size_t i;

	free(path);
	if (!version || strcmp(version, KDUEL_VERSION) ||
	    json_integer_value(json_object_get(j, "format")) != SITE_FORMAT) {
		json_decref(j);
		j = json_object();
	}
	json_array_foreach(json_object_get(j, "campaigns"), i, c) {
		const char *key = json_string_value(json_object_get(c, "key"));

		if (key)
			json_object_set(by_key, key, c);
	}
	json_object_set_new(j, "by_key", by_key);
	return j;
}

static const char *site_index_key(const json_t *digest)
{
	const char *key = json_string_value(json_object_get(digest, "key"));

	return key ? key : "";
}

/* --- the order of time ------------------------------------------------------------ */

static int site_index_by_time(const void *a, const void *b)
{
	const json_t *p = *(json_t *const *)a, *q = *(json_t *const *)b;
	double x = json_number_value(json_object_get(p, "begun"));
	double y = json_number_value(json_object_get(q, "begun"));

	return x != y ? (x > y) - (x < y) : strcmp(site_index_key(p), site_index_key(q));
}

static void site_index_sort(json_t *list)
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

/* How many campaigns the kept trends hold, if these are the oldest ones; else 0. */
static size_t site_index_reused(const struct site_options *o, const json_t *known,
				const json_t *campaigns)
{
	const json_t *before = json_object_get(known, "campaigns"), *c;
	size_t i;

	if (json_integer_value(json_object_get(known, "min_segment")) !=
	    (json_int_t)o->min_segment)
		return 0;
	json_array_foreach(before, i, c)
		if (strcmp(site_index_key(c), site_index_key(json_array_get(campaigns, i))))
			return 0;
	return json_array_size(before);
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

static json_t *site_index_part(const char *out, const json_t *campaigns, size_t from, size_t to)
{
	struct site_index_table t = { json_object(), json_array() };
	json_t *list = json_array();

	for (size_t i = from; i < to; i++) {
		json_t *c = site_summary(out, json_array_get(campaigns, i));

		if (!c)
			continue;
		site_index_number(c, &t);
		json_array_append_new(list, c);
	}
	json_decref(t.place);
	return json_pack("{s:o, s:o}", "series", t.all, "campaigns", list);
}

/* "p-<key>.js", where the key is a hash of its campaigns' keys. */
static char *site_index_part_name(const json_t *campaigns, size_t from, size_t to)
{
	char *keys = NULL, hex[FILE_HASH_MAX], *name;
	size_t len;
	FILE *all = text_open(&keys, &len);

	for (size_t i = from; i < to; i++)
		fprintf(all, "%s\n", site_index_key(json_array_get(campaigns, i)));
	fclose(all);
	data_hash(keys, len, hex);
	name = text_format("p-%.16s.js", hex);
	free(keys);
	return name;
}

static int site_index_parts(const struct site_options *o, const json_t *campaigns,
			    json_t *parts, json_t *names, struct err *err)
{
	size_t n = json_array_size(campaigns);
	int rc = 0;

	for (size_t from = 0; !rc && from < n; from += PART_CAMPAIGNS) {
		size_t to = from + PART_CAMPAIGNS < n ? from + PART_CAMPAIGNS : n;
		char *name = site_index_part_name(campaigns, from, to);
		char *path = text_format("%s/data/%s", o->out, name);

		json_array_append_new(parts, json_string(name));
		json_object_set_new(names, name, json_true());
		if (o->again || access(path, R_OK)) {
			json_t *part = site_index_part(o->out, campaigns, from, to);

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

static int site_index_index(const struct site_options *o, const json_t *campaigns, json_t *bad,
			    const json_t *trends, json_t *parts, struct err *err)
{
	char *path = text_format("%s/data/index.js", o->out);
	json_t *names = json_array(), *j;
	int rc;

	for (enum verdict v = VERDICT_NONE; v <= VERDICT_NOT_COMPARABLE; v++)
		json_array_append_new(names, json_string(verdict_name(v)));
	j = json_pack("{s:s, s:I, s:i, s:o, s:o, s:O, s:o, s:O}", "version", KDUEL_VERSION,
		      "made", (json_int_t)time(NULL), "min_segment",
		      (int)(o->min_segment ? o->min_segment : STATS_SEGMENT), "verdicts", names,
		      "trends", site_index_trends(trends), "parts", parts, "controls",
		      site_controls(campaigns), "unread", bad);
	rc = site_index_write(path, "kduelIndex", NULL, j, err);
	json_decref(j);
	free(path);
	return rc;
}

static int site_index_keep(const struct site_options *o, json_t *campaigns, json_t *trends,
			   struct err *err)
{
	char *path = text_format("%s/data/known.json", o->out);
	json_t *j = json_pack("{s:i, s:s, s:I, s:O, s:O}", "format", SITE_FORMAT, "version",
			      KDUEL_VERSION, "min_segment", (json_int_t)o->min_segment,
			      "campaigns", campaigns, "trends", trends);
	struct file_out out;
	int rc = file_begin(&out, path, err);

	if (!rc) {
		json_dumpf(j, out.to, SITE_JSON);
		rc = file_commit(&out, err);
	}
	json_decref(j);
	free(path);
	return rc;
}

static json_t *site_index_summary(void *out, const json_t *digest)
{
	return site_summary(out, digest);
}

int site_publish(const struct site_options *o, json_t *campaigns, json_t *bad, json_t *known,
		 json_t *names, struct err *err)
{
	json_t *trends = json_object_get(known, "trends"), *parts = json_array();
	size_t reused;
	int rc;

	site_index_sort(campaigns);
	reused = json_is_array(trends) ? site_index_reused(o, known, campaigns) : 0;
	trends = reused ? json_incref(trends) : json_array();
	site_trends(trends, campaigns, reused, o->min_segment, site_index_summary,
		    (void *)(uintptr_t)o->out);
	rc = site_index_parts(o, campaigns, parts, names, err);
	if (!rc)
		rc = site_index_index(o, campaigns, bad, trends, parts, err);
	if (!rc)
		rc = site_index_keep(o, campaigns, trends, err);
	json_decref(parts);
	json_decref(trends);
	return rc;
}
