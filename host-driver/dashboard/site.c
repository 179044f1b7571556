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

struct site_found {
	char *folder;
	char key[17];
};

struct site {
	const struct site_options *o;
	struct site_made *made;
	struct site_known known;
	bool whole;			/* each known campaign has its file */
	struct site_found *found;	/* folders of campaigns that are not known */
	size_t n_found, seen;		/* `seen` of the known are still there */
	json_t *fresh, *bad;		/* digests; {folder, error} */
	json_t *ids;			/* of `fresh`: folder by campaign's id */
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

static bool site_has_file(const struct site *s, const char *key)
{
	char *path = site_campaign_path(s->o->out, key);
	bool has = !access(path, R_OK);

	free(path);
	return has;
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

static int site_read(struct site *s, const struct site_found *f, const char *path,
		     json_t **digest, struct err *err)
{
	json_t *summary, *detail;
	int rc = site_campaign(f->folder, &summary, &detail, err);

	if (!rc) {
		json_put(summary, "key", json_string(f->key));
		rc = site_write(path, f->key, summary, detail, err);
	}
	if (!rc)
		*digest = site_digest(summary);
	json_decref(summary);
	json_decref(detail);
	s->made->fresh += !rc;
	return rc;
}

/* A campaign's digest if its file exists; or NULL. */
static json_t *site_have(const struct site *s, const char *key)
{
	json_t *summary = s->o->again ? NULL : site_summary(s->o->out, key);
	json_t *digest = summary ? site_digest(summary) : NULL;

	json_decref(summary);
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

static void site_bad_copy(struct site *s, const char *folder, const char *of)
{
	char *why = text_format("%s: is a copy of %s, which is shown already", folder, of);

	site_bad(s, folder, why);
	free(why);
}

static const char *site_folder_of(const json_t *digest)
{
	const char *folder = json_string_value(json_object_get(digest, "folder"));

	return folder ? folder : "?";
}

/*
 * The folder of a campaign that is shown and has this id, or NULL: the same campaign is
 * shown once, wherever its copies are. With `add`, that of the same folder gives way.
 */
static const char *site_shown(struct site *s, const json_t *digest)
{
	const char *id = json_string_value(json_object_get(digest, "id")), *folder;

	for (size_t i = 0; id && i < s->known.n; i++) {
		struct site_line *l = &s->known.line[i];

		if (!l->seen || strcmp(l->id, id))
			continue;
		folder = site_folder_of(site_line_digest(l));
		if (!s->o->add || strcmp(folder, site_folder_of(digest)))
			return folder;
		l->seen = false;
		s->seen--;
	}
	return json_string_value(json_object_get(s->ids, id ? id : ""));
}

static void site_take(struct site *s, json_t *digest)
{
	const char *id = json_string_value(json_object_get(digest, "id"));

	json_object_set(s->ids, id ? id : "", json_object_get(digest, "folder"));
	json_array_append(s->fresh, digest);
}

/* Reads a campaign that is not known, or takes what a run that was killed has read. */
static void site_add(struct site *s, const struct site_found *f)
{
	char *path = site_campaign_path(s->o->out, f->key);
	json_t *digest = site_have(s, f->key);
	struct err err = ERR_INIT;
	const char *shown;

	if (!digest && site_read(s, f, path, &digest, &err)) {
		site_bad(s, f->folder, err.text);
	} else if ((shown = site_shown(s, digest))) {
		site_bad_copy(s, f->folder, shown);
		unlink(path);
	} else {
		site_take(s, digest);
	}
	json_decref(digest);
	free(path);
}

/* --- searching ----------------------------------------------------------------- */

/* Notes a results folder: a known campaign is seen, any other is to be read. */
static void site_find(struct site *s, const char *folder)
{
	struct site_found f = { .folder = strdup(folder) }, *grown;
	struct site_line *l;

	must_have(f.folder);
	if (site_key(folder, f.key)) {
		site_bad(s, folder, "its journal cannot be read");
		free(f.folder);
		return;
	}
	l = s->o->again ? NULL : site_known_find(&s->known, f.key);
	if (l && !s->whole && !site_has_file(s, f.key))
		l = NULL;
	if (l) {
		if (l->seen && !s->o->add)
			site_bad_copy(s, folder, site_folder_of(site_line_digest(l)));
		s->seen += !l->seen;
		l->seen = true;
		free(f.folder);
		return;
	}
	grown = reallocarray(s->found, s->n_found + 1, sizeof(*grown));
	must_have(grown);
	s->found = grown;
	s->found[s->n_found++] = f;
}

static bool site_is_folder(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISDIR(st.st_mode);
}

/* Finds results folders in the order of their names; returns how many there are. */
static size_t site_find_below(struct site *s, const char *folder, int depth)
{
	struct dirent **list;
	int n = depth ? scandir(folder, &list, NULL, alphasort) : -1;
	size_t found = 0;

	for (int i = 0; i < n; i++) {
		char *path = text_format("%s/%s", folder, list[i]->d_name);

		if (list[i]->d_name[0] != '.' && store_has_journal(path)) {
			site_find(s, path);
			found++;
		} else if (list[i]->d_name[0] != '.' && site_is_folder(path)) {
			found += site_find_below(s, path, depth - 1);
		}
		free(path);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return found;
}

/* --- the page --------------------------------------------------------------------- */

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

static int site_begin(struct site *s)
{
	char *index = text_format("%s/data/index.js", s->o->out);
	json_t *parts;
	int rc = 0;

	if (!s->o->again || s->o->add)
		site_known_load(&s->known, s->o->out);
	parts = json_object_get(s->known.head, "parts");
	s->whole = s->o->add || (site_count(s->o->out, "data/c", "") == s->known.n &&
				 site_count(s->o->out, "data", "p-") == json_array_size(parts));
	for (size_t i = 0; s->o->add && i < s->known.n; i++)
		s->known.line[i].seen = true;
	s->seen = s->o->add ? s->known.n : 0;
	if (s->o->add && !s->known.n && !access(index, F_OK))
		rc = err_config(s->err, "--add: %s is the page of another version, or is damaged; "
				"make it once of all campaigns, without --add", s->o->out);
	free(index);
	return rc;
}

static int site_search(struct site *s, char *const *folders, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (store_has_journal(folders[i]))
			site_find(s, folders[i]);
		else if (!site_find_below(s, folders[i], SITE_DEEPEST))
			return err_config(s->err, "%s: contains no results folder", folders[i]);
	for (size_t i = 0; i < s->n_found; i++)
		site_add(s, &s->found[i]);
	return 0;
}

/* Do the fresh campaigns only have to be added to what is known? */
static bool site_only_adds(const struct site *s)
{
	const json_t *first = json_array_get(s->fresh, 0);
	const struct site_line *last = s->known.n ? &s->known.line[s->known.n - 1] : NULL;
	double begun = json_number_value(json_object_get(first, "begun"));

	return last && s->whole && s->seen == s->known.n &&
	       json_integer_value(json_object_get(s->known.head, "min_segment")) ==
	       (json_int_t)s->o->min_segment &&
	       (!first || begun > last->begun ||
		(begun == last->begun && strcmp(site_digest_key(first), last->key) > 0));
}

/* The list of what the page shows: what is known and more, or all anew. */
static struct site_list site_list_of(struct site *s)
{
	struct site_list l = { .known = &s->known, .fresh = s->fresh };

	site_sort(s->fresh);
	if (site_only_adds(s)) {
		l.kept = s->known.n;
		return l;
	}
	for (size_t i = 0; i < s->known.n; i++)
		if (s->known.line[i].seen)
			json_array_append(s->fresh, (json_t *)site_line_digest(&s->known.line[i]));
	site_sort(s->fresh);
	return l;
}

static void site_release(struct site *s)
{
	for (size_t i = 0; i < s->n_found; i++)
		free(s->found[i].folder);
	free(s->found);
	site_known_release(&s->known);
	json_decref(s->fresh);
	json_decref(s->bad);
	json_decref(s->ids);
}

int site_make(char *const *folders, size_t n, const struct site_options *o,
	      struct site_made *made, struct err *err)
{
	struct site s = { .o = o, .made = made, .fresh = json_array(), .bad = json_array(),
			  .ids = json_object(), .err = err };
	int rc = site_check(folders, n, o->out, err), lock = rc ? -1 : site_lock(o->out, err);
	json_t *parts = NULL;
	struct site_list l;

	*made = (struct site_made){ .campaigns = 0 };
	if (!rc && lock < 0)
		rc = err->code;
	if (!rc)
		rc = site_begin(&s);
	if (!rc)
		rc = site_copy(o->out, err);
	if (!rc)
		rc = site_search(&s, folders, n);
	if (!rc) {
		l = site_list_of(&s);
		made->campaigns = site_list_size(&l);
		rc = site_publish(o, &l, s.bad, &parts, err);
		if (!rc && !l.kept)
			site_remove_old(o->out, &l, parts);
	}
	json_decref(parts);
	site_release(&s);
	if (lock >= 0)
		close(lock);
	return rc;
}
