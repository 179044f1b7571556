/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The folder of the page: what lies in it, what goes, and who may write it; and what the
 * page reads first, parts (campaigns in order of time) and the index.
 */
#include "site.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "data.h"
#include "file.h"
#include "report/report.h"
#include "safe.h"
#include "stats/stats.h"

/* Has `path` these bytes already? Then it costs no write, and no wait for a disk. */
static bool site_folder_is(const char *path, const char *text, size_t len)
{
	size_t have;
	char *is;
	bool same = !file_read(path, &is, &have, NULL);

	if (same) {
		same = have == len && !memcmp(is, text, len);
		free(is);
	}
	return same;
}

static int site_folder_copy(const char *out, const char *name, bool built, struct err *err)
{
	char *below = text_format("dashboard/%s", name), *from, *to, *text;
	size_t len;
	int rc = built ? data_built(below, &from, err) : data_path(below, &from, err);

	if (!rc)
		rc = file_read(from, &text, &len, err);
	if (!rc) {
		to = text_format("%s/%s", out, name);
		if (!site_folder_is(to, text, len))
			rc = file_publish(to, text, len, err);
		free(to);
		free(text);
	}
	free(below);
	free(from);
	return rc;
}

int site_copy(const char *out, struct err *err)
{
	static const struct { const char *name; bool built; } files[] = {
		{ "uPlot.iife.min.js", true }, { "uPlot.min.css", true },
		{ "uPlot-LICENSE.txt", true }, { "app.css", false }, { "app.js", false },
		{ "index.html", false },
	};
	int rc = 0;

	for (size_t i = 0; !rc && i < sizeof(files) / sizeof(files[0]); i++)
		rc = site_folder_copy(out, files[i].name, files[i].built, err);
	return rc;
}

/* Removes the files of `below` whose names have this form and are not among `names`. */
static void site_folder_remove_others(const char *out, const char *below, const json_t *names,
				      const char *begin)
{
	char *folder = text_format("%s/%s", out, below);
	DIR *d = opendir(folder);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.' && !strncmp(e->d_name, begin, strlen(begin)) &&
		    !json_object_get(names, e->d_name))
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	free(folder);
}

void site_remove_old(const char *out, const struct site_list *l, const json_t *parts)
{
	json_t *names = json_object(), *none = json_object(), *part;
	size_t i;

	json_array_foreach(parts, i, part)
		json_object_set_new(names, json_string_value(part), json_true());
	for (i = 0; i < site_list_size(l); i++) {
		char *name = text_format("%s.js", site_digest_key(site_list_at(l, i)));

		json_object_set_new(names, name, json_true());
		free(name);
	}
	site_folder_remove_others(out, "data", names, "p-");
	site_folder_remove_others(out, "data", none, "c-");	/* where other versions have them */
	site_folder_remove_others(out, "data/c", names, "");
	json_decref(names);
	json_decref(none);
}

size_t site_count(const char *out, const char *below, const char *begin)
{
	char *folder = text_format("%s/%s", out, below);
	DIR *d = opendir(folder);
	struct dirent *e;
	size_t n = 0;

	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.' && !strncmp(e->d_name, begin, strlen(begin));
	if (d)
		closedir(d);
	free(folder);
	return n;
}

int site_lock(const char *out, struct err *err)
{
	char *data = text_format("%s/data", out), *below = text_format("%s/c", data);
	int fd = file_mkdirs(below, err) ? -1 : open(data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		flock(fd, LOCK_EX);	/* a file system without locks has to do without */
	else if (!err->code)
		err_sys(err, errno, "cannot open %s", data);
	free(below);
	free(data);
	return fd;
}

#define PART_CAMPAIGNS 32	/* per part; adding a campaign rewrites one part */

/* --- the order of time ------------------------------------------------------------ */

static int site_folder_by_time(const void *a, const void *b)
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
	qsort(v, n, sizeof(json_t *), site_folder_by_time);
	json_array_clear(list);
	for (i = 0; i < n; i++)
		json_array_append_new(list, v[i]);
	free(v);
}

/* --- parts ---------------------------------------------------------------------------- */

struct site_folder_table {
	json_t *place, *all;	/* of a series by its text; the series */
};

/* Renumbers the series in a campaign's rows from its own list to the part's. */
static void site_folder_number(json_t *campaign, struct site_folder_table *t)
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

static int site_folder_write(const char *path, const char *call, const char *name,
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

static json_t *site_folder_part(const char *out, const struct site_list *l, size_t from, size_t to)
{
	struct site_folder_table t = { json_object(), json_array() };
	json_t *list = json_array();

	for (size_t i = from; i < to; i++) {
		json_t *c = site_summary(out, site_digest_key(site_list_at(l, i)));

		if (!c)
			continue;
		site_folder_number(c, &t);
		json_array_append_new(list, c);
	}
	json_decref(t.place);
	return json_pack("{s:o, s:o}", "series", t.all, "campaigns", list);
}

/* "p-<key>.js", where the key is a hash of its campaigns' keys. */
static char *site_folder_part_name(const struct site_list *l, size_t from, size_t to)
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
static int site_folder_parts(const struct site_options *o, const struct site_list *l, json_t *parts,
			     struct err *err)
{
	size_t n = site_list_size(l);
	int rc = 0;

	for (size_t from = json_array_size(parts) * PART_CAMPAIGNS; !rc && from < n;
	     from += PART_CAMPAIGNS) {
		size_t to = from + PART_CAMPAIGNS < n ? from + PART_CAMPAIGNS : n;
		char *name = site_folder_part_name(l, from, to);
		char *path = text_format("%s/data/%s", o->out, name);

		json_array_append_new(parts, json_string(name));
		if (o->again || access(path, R_OK)) {
			json_t *part = site_folder_part(o->out, l, from, to);

			rc = site_folder_write(path, "kduelPart", name, part, err);
			json_decref(part);
		}
		free(name);
		free(path);
	}
	return rc;
}

/* --- the index ------------------------------------------------------------------------- */

/* The trends without what only the next run needs. */
static json_t *site_folder_trends(const json_t *trends)
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

static int site_folder_index(const struct site_options *o, json_t *head, json_t *bad,
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
		      "trends", site_folder_trends(json_object_get(head, "trends")), "parts",
		      json_object_get(head, "parts"), "controls",
		      site_control_rates(json_object_get(head, "controls")), "unread", bad);
	rc = site_folder_write(path, "kduelIndex", NULL, j, err);
	json_decref(j);
	free(path);
	return rc;
}

/* What the head keeps under `key` of the campaigns before, or an empty list. */
static json_t *site_folder_kept(const struct site_list *l, const char *key)
{
	json_t *j = l->kept ? json_object_get(l->known->head, key) : NULL;

	return json_is_array(j) ? json_incref(j) : json_array();
}

static void site_folder_remove(const struct site_options *o, const char *name)
{
	char *path = text_format("%s/data/%s", o->out, name);

	unlink(path);
	free(path);
}

int site_publish(const struct site_options *o, const struct site_list *l, json_t *bad,
		 json_t **parts, struct err *err)
{
	json_t *head = json_object(), *trends = site_folder_kept(l, "trends");
	json_t *controls = site_folder_kept(l, "controls"), *part = NULL;
	int rc;

	*parts = site_folder_kept(l, "parts");
	if (l->kept % PART_CAMPAIGNS) {	/* the last part was not full */
		part = json_incref(json_array_get(*parts, json_array_size(*parts) - 1));
		json_array_remove(*parts, json_array_size(*parts) - 1);
	}
	site_trends(trends, l, o);
	site_controls(controls, l->fresh);
	json_put(head, "trends", trends);
	json_put(head, "controls", controls);
	rc = site_folder_parts(o, l, *parts, err);
	json_object_set(head, "parts", *parts);
	if (!rc)
		rc = site_folder_index(o, head, bad, err);
	if (!rc)
		rc = site_known_keep(l, o, head, err);
	if (!rc && part && json_array_size(l->fresh))
		site_folder_remove(o, json_string_value(part));
	json_decref(part);
	json_decref(head);
	return rc;
}
