/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "site.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data.h"
#include "file.h"
#include "report/report.h"
#include "safe.h"
#include "store/store.h"

#define SITE_DEEPEST 4		/* nesting of folders that are searched */

struct site {
	const struct site_options *o;
	struct site_made *made;
	json_t *campaigns, *bad;	/* digests; {folder, error} */
	json_t *known, *ids;		/* kept from the last run; folder by campaign id */
	json_t *names;			/* "c-<key>.js": true */
	struct err *err;		/* an error that ends the run */
};

/* --- one campaign ------------------------------------------------------------ */

/* The key of the journal as it is now; -errno if it cannot be read. */
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

/* Atomic, but not synced: what a power cut destroys is made again. */
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
		     json_t **digest, struct err *err)
{
	json_t *summary, *detail;
	int rc = site_campaign(folder, &summary, &detail, err);

	if (!rc) {
		json_put(summary, "key", json_string(key));
		rc = site_write(path, key, summary, detail, err);
	}
	if (!rc)
		*digest = site_digest(summary);
	json_decref(summary);
	json_decref(detail);
	s->made->fresh += !rc;
	return rc;
}

/* A campaign's digest if its file exists: the kept one, else from the file; or NULL. */
static json_t *site_have(struct site *s, const char *key, const char *path)
{
	json_t *known = json_object_get(json_object_get(s->known, "by_key"), key);
	json_t *asked, *summary, *digest;

	if (s->o->again || access(path, R_OK))
		return NULL;
	if (known)
		return json_incref(known);
	asked = json_pack("{s:s}", "key", key);
	summary = site_summary(s->o->out, asked);
	digest = summary ? site_digest(summary) : NULL;
	json_decref(summary);
	json_decref(asked);
	return digest;
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
static bool site_is_copy(const struct site *s, const json_t *digest, char **of)
{
	const char *id = json_string_value(json_object_get(digest, "id"));
	const char *folder = json_string_value(json_object_get(s->ids, id ? id : ""));

	if (folder)
		*of = text_format("is a copy of %s, which is shown already", folder);
	return folder;
}

static void site_take(struct site *s, const char *name, json_t *digest)
{
	const char *id = json_string_value(json_object_get(digest, "id"));

	json_object_set_new(s->names, name, json_true());
	json_object_set(s->ids, id ? id : "", json_object_get(digest, "folder"));
	json_array_append(s->campaigns, digest);
	s->made->campaigns++;
}

static void site_add(struct site *s, const char *folder)
{
	char key[17], *name = NULL, *path = NULL, *copy, *why;
	struct err err = ERR_INIT;
	json_t *digest = NULL;

	if (site_key(folder, key)) {
		site_bad(s, folder, "its journal cannot be read");
		return;
	}
	name = text_format("c-%s.js", key);
	path = text_format("%s/data/%s", s->o->out, name);
	digest = site_have(s, key, path);
	if (!digest && site_read(s, folder, key, path, &digest, &err)) {
		site_bad(s, folder, err.text);
	} else if (site_is_copy(s, digest, &copy)) {
		why = text_format("%s: %s", folder, copy);
		site_bad(s, folder, why);
		free(why);
		free(copy);
	} else {
		site_take(s, name, digest);
	}
	json_decref(digest);
	free(name);
	free(path);
}

static bool site_is_folder(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISDIR(st.st_mode);
}

/* Adds results folders in the order of their names; returns how many there are. */
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

/* --- the page itself ----------------------------------------------------------- */

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

/* Removes files of campaigns and parts that have changed or are no longer shown. */
static void site_remove_old(const struct site *s)
{
	char *folder = text_format("%s/data", s->o->out);
	DIR *d = opendir(folder);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char *path = text_format("%s/%s", folder, e->d_name);

		if ((!strncmp(e->d_name, "c-", 2) || !strncmp(e->d_name, "p-", 2)) &&
		    !json_object_get(s->names, e->d_name))
			unlink(path);
		free(path);
	}
	if (d)
		closedir(d);
	free(folder);
}

/* Checks first: the folders must exist, and `out` must not be a results folder. */
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
			  .ids = json_object(), .names = json_object(), .err = err };
	char *data = text_format("%s/data", o->out);
	int rc = site_check(folders, n, o->out, err);

	if (!rc)
		rc = file_mkdirs(data, err);
	*made = (struct site_made){ .campaigns = 0 };
	s.known = o->again ? json_object() : site_known(o->out);
	if (!rc)
		rc = site_copy_all(&s);
	for (size_t i = 0; !rc && i < n; i++)
		if (store_has_journal(folders[i]))
			site_add(&s, folders[i]);
		else if (!site_add_below(&s, folders[i], SITE_DEEPEST))
			rc = err_config(err, "%s: contains no results folder", folders[i]);
	if (!rc)
		rc = site_publish(o, s.campaigns, s.bad, s.known, s.names, err);
	if (!rc)
		site_remove_old(&s);
	json_decref(s.campaigns);
	json_decref(s.bad);
	json_decref(s.known);
	json_decref(s.ids);
	json_decref(s.names);
	free(data);
	return rc;
}
