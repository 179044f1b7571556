/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "site.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "data.h"
#include "file.h"
#include "report/report.h"
#include "safe.h"
#include "stats/stats.h"
#include "store/store.h"

#define SITE_FORMAT 1		/* of data/c-*.js: another one is made anew */
#define SITE_DEEPEST 4		/* folders of folders of ... */
#define SITE_JSON (JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(6))

struct site {
	const struct site_options *o;
	struct site_made *made;
	json_t *campaigns, *bad;	/* summaries; {folder, error} */
	json_t *keys;			/* "c-<key>.js": true */
	struct err *err;		/* what ends it all */
};

/* --- one campaign ------------------------------------------------------------ */

/* Of the journal as it is now; -errno if there is none. */
static int site_key(const char *folder, char key[static 17])
{
	char *journal = text_format("%s/journal.kdj", folder), hex[FILE_HASH_MAX], *text;
	struct stat st;
	int rc = stat(journal, &st) ? -errno : 0;

	if (!rc) {
		text = text_format("%d %s %s %lu %lu %lld %lld.%09ld", SITE_FORMAT, KDUEL_VERSION,
				   journal, (unsigned long)st.st_dev, (unsigned long)st.st_ino,
				   (long long)st.st_size, (long long)st.st_mtim.tv_sec,
				   st.st_mtim.tv_nsec);
		data_hash(text, strlen(text), hex);
		snprintf(key, 17, "%.16s", hex);
		free(text);
	}
	free(journal);
	return rc;
}

/* The second line of data/c-<key>.js; NULL where there is none. */
static json_t *site_cached(const char *path)
{
	char *text, *from, *to;
	json_t *j = NULL;
	size_t len;

	if (file_read(path, &text, &len, NULL))
		return NULL;
	from = strchr(text, '\n');
	to = from ? strchr(from + 1, '\n') : NULL;
	if (to && to[-1] == ',')
		j = json_loadb(from + 1, (size_t)(to - from) - 2, 0, NULL);
	free(text);
	return j;
}

/* Whole or not there, but not synced: what a power cut takes is made anew. */
static int site_write(const char *path, const char *key, const json_t *summary,
		      const json_t *detail, struct err *err)
{
	char *tmp = text_format("%s.tmp", path);
	FILE *out = fopen(tmp, "we");
	bool bad = !out;

	if (out) {
		fprintf(out, "kduelCampaign(\"%s\",\n", key);
		json_dumpf(summary, out, SITE_JSON);
		fputs(",\n", out);
		json_dumpf(detail, out, SITE_JSON);
		fputs(");\n", out);
		bad = ferror(out);
		bad |= fclose(out) != 0;
		bad = bad || rename(tmp, path);
	}
	if (bad)
		err_sys(err, errno, "cannot write %s", path);
	free(tmp);
	return bad ? -EIO : 0;
}

static int site_read(struct site *s, const char *folder, const char *key, const char *path,
		     json_t **summary, struct err *err)
{
	json_t *detail;
	int rc = site_campaign(folder, summary, &detail, err);

	if (!rc) {
		json_put(*summary, "key", json_string(key));
		rc = site_write(path, key, *summary, detail, err);
	}
	if (rc) {
		json_decref(*summary);
		*summary = NULL;
	}
	json_decref(detail);
	s->made->fresh += !rc;
	return rc;
}

static void site_bad(struct site *s, const char *folder, const char *why)
{
	json_array_append_new(s->bad, json_pack("{s:o, s:o}", "folder", json_safe(folder), "error",
						json_safe(why)));
	s->made->unread++;
	if (s->o->said)
		fprintf(s->o->said, "left out: %s\n", why);
}

/* The same campaign is shown once, wherever its copies are. */
static bool site_is_copy(const struct site *s, const json_t *summary, char **of)
{
	const json_t *id = json_object_get(summary, "id"), *c;
	size_t i;

	json_array_foreach(s->campaigns, i, c)
		if (json_equal(json_object_get(c, "id"), id)) {
			*of = text_format("is a copy of %s, and counts once",
					  json_string_value(json_object_get(c, "folder")));
			return true;
		}
	return false;
}

static void site_add(struct site *s, const char *folder)
{
	char key[17], *name = NULL, *path = NULL, *copy, *why;
	struct err err = ERR_INIT;
	json_t *summary = NULL;

	if (site_key(folder, key)) {
		site_bad(s, folder, "its journal cannot be read");
		return;
	}
	name = text_format("c-%s.js", key);
	path = text_format("%s/data/%s", s->o->out, name);
	if (!s->o->again)
		summary = site_cached(path);
	if (!summary && site_read(s, folder, key, path, &summary, &err)) {
		site_bad(s, folder, err.text);
	} else if (site_is_copy(s, summary, &copy)) {
		why = text_format("%s: %s", folder, copy);
		site_bad(s, folder, why);
		free(why);
		free(copy);
		json_decref(summary);
	} else {
		json_object_set_new(s->keys, name, json_true());
		json_array_append_new(s->campaigns, summary);
		s->made->campaigns++;
	}
	free(name);
	free(path);
}

static bool site_is_folder(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISDIR(st.st_mode);
}

/* Results folders in the order of their names. How many there are. */
static size_t site_add_below(struct site *s, const char *folder, int depth)
{
	struct dirent **list;
	int n = depth ? scandir(folder, &list, NULL, alphasort) : -1;
	size_t found = 0;

	for (int i = 0; i < n; i++) {
		char *path = text_format("%s/%s", folder, list[i]->d_name);

		if (list[i]->d_name[0] != '.' && store_has_journal(path)) {
			site_add(s, path);
			found++;
		} else if (list[i]->d_name[0] != '.' && site_is_folder(path)) {
			found += site_add_below(s, path, depth - 1);
		}
		free(path);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return found;
}

/* --- all of them -------------------------------------------------------------- */

static int site_by_time(const void *a, const void *b)
{
	double x = json_number_value(json_object_get(*(json_t *const *)a, "begun"));
	double y = json_number_value(json_object_get(*(json_t *const *)b, "begun"));

	return (x > y) - (x < y);
}

static void site_sort(json_t *list)
{
	size_t n = json_array_size(list), i;
	json_t **v = calloc(n + 1, sizeof(json_t *)), *j;

	if (!v)
		abort();
	json_array_foreach(list, i, j)
		v[i] = json_incref(j);
	qsort(v, n, sizeof(json_t *), site_by_time);
	json_array_clear(list);
	for (i = 0; i < n; i++)
		json_array_append_new(list, v[i]);
	free(v);
}

/* A campaign's rows name its own series by place; after this those of `all`. */
static void site_number(json_t *campaign, json_t *index, json_t *all)
{
	json_t *own = json_object_get(campaign, "series"), *j, *row;
	size_t i, n = json_array_size(own);
	json_t **place = calloc(n + 1, sizeof(json_t *));

	if (!place)
		abort();
	json_array_foreach(own, i, j) {
		char *key = json_dumps(j, JSON_COMPACT);

		place[i] = key ? json_object_get(index, key) : NULL;
		if (!place[i]) {
			place[i] = json_integer((json_int_t)json_array_size(all));
			json_object_set_new(index, key, place[i]);
			json_array_append(all, j);
		}
		free(key);
	}
	json_array_foreach(json_object_get(campaign, "rows"), i, row) {
		json_int_t k = json_integer_value(json_array_get(row, 0));

		if (k >= 0 && (size_t)k < n) {
			json_array_append_new(row, json_integer(k));	/* its own place */
			json_array_set(row, 0, place[k]);
		}
	}
	json_object_del(campaign, "series");
	free(place);
}

static json_t *site_index(struct site *s)
{
	json_t *index = json_object(), *series = json_array(), *names = json_array(), *c, *j;
	size_t i;

	site_sort(s->campaigns);
	json_array_foreach(s->campaigns, i, c)
		site_number(c, index, series);
	for (enum verdict v = VERDICT_NONE; v <= VERDICT_NOT_COMPARABLE; v++)
		json_array_append_new(names, json_string(verdict_name(v)));
	j = json_pack("{s:s, s:I, s:i, s:o, s:O, s:o, s:O, s:o, s:O}", "version", KDUEL_VERSION,
		      "made", (json_int_t)time(NULL), "min_segment",
		      (int)(s->o->min_segment ? s->o->min_segment : STATS_SEGMENT), "verdicts", names,
		      "series", series, "trends",
		      site_trends(s->campaigns, series, s->o->min_segment), "campaigns", s->campaigns,
		      "controls", site_controls(s->campaigns), "unread", s->bad);
	json_decref(series);
	json_decref(index);
	return j;
}

static int site_write_index(struct site *s)
{
	char *path = text_format("%s/data/index.js", s->o->out);
	json_t *j = site_index(s);
	struct file_out out;
	int rc = file_begin(&out, path, s->err);

	if (!rc) {
		fputs("kduelIndex(", out.to);
		json_dumpf(j, out.to, SITE_JSON);
		fputs(");\n", out.to);
		rc = file_commit(&out, s->err);
	}
	json_decref(j);
	free(path);
	return rc;
}

/* --- what is not data ---------------------------------------------------------- */

static int site_copy(const struct site *s, const char *name, bool built)
{
	char *below = text_format("dashboard/%s", name), *from, *to, *text;
	size_t len;
	int rc = built ? data_built(below, &from, s->err) : data_path(below, &from, s->err);

	if (!rc)
		rc = file_read(from, &text, &len, s->err);
	if (!rc) {
		to = text_format("%s/%s", s->o->out, name);
		rc = file_publish(to, text, len, s->err);
		free(to);
		free(text);
	}
	free(below);
	free(from);
	return rc;
}

static int site_copy_all(const struct site *s)
{
	static const struct { const char *name; bool built; } files[] = {
		{ "uPlot.iife.min.js", true }, { "uPlot.min.css", true },
		{ "uPlot-LICENSE.txt", true }, { "app.css", false }, { "app.js", false },
		{ "index.html", false },
	};
	int rc = 0;

	for (size_t i = 0; !rc && i < sizeof(files) / sizeof(files[0]); i++)
		rc = site_copy(s, files[i].name, files[i].built);
	return rc;
}

/* Files of campaigns that have changed since, or are not asked for any more. */
static void site_remove_old(const struct site *s)
{
	char *folder = text_format("%s/data", s->o->out);
	DIR *d = opendir(folder);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char *path = text_format("%s/%s", folder, e->d_name);

		if (!strncmp(e->d_name, "c-", 2) && !json_object_get(s->keys, e->d_name))
			unlink(path);
		free(path);
	}
	if (d)
		closedir(d);
	free(folder);
}

/* Before anything is made: a folder that is not there, and one that is no place for a page. */
static int site_check(char *const *folders, size_t n, const char *out, struct err *err)
{
	if (store_has_journal(out))
		return err_config(err, "--out: %s is a results folder; the page needs one of its own",
				  out);
	for (size_t i = 0; i < n; i++)
		if (!site_is_folder(folders[i]))
			return err_config(err, "%s: there is no such folder", folders[i]);
	return 0;
}

int site_make(char *const *folders, size_t n, const struct site_options *o,
	      struct site_made *made, struct err *err)
{
	struct site s = { .o = o, .made = made, .campaigns = json_array(), .bad = json_array(),
			  .keys = json_object(), .err = err };
	char *data = text_format("%s/data", o->out);
	int rc = site_check(folders, n, o->out, err);

	if (!rc)
		rc = file_mkdirs(data, err);
	*made = (struct site_made){ .campaigns = 0 };
	if (!rc)
		rc = site_copy_all(&s);
	for (size_t i = 0; !rc && i < n; i++)
		if (store_has_journal(folders[i]))
			site_add(&s, folders[i]);
		else if (!site_add_below(&s, folders[i], SITE_DEEPEST))
			rc = err_config(err, "%s: no results folder is in it", folders[i]);
	if (!rc)
		rc = site_write_index(&s);
	if (!rc)
		site_remove_old(&s);
	json_decref(s.campaigns);
	json_decref(s.bad);
	json_decref(s.keys);
	free(data);
	return rc;
}
