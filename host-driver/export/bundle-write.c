/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bundle.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "kernel/kernel-spec.h"
#include "kernel/kernel.h"
#include "safe.h"
#include "store/store.h"

#define DEPTH_MAX 8
#define CONFIG_KEY 32		/* digits of a kernel's key in the name of its cache folder */
#define ZSTD_LEVEL "9"

struct bundle_file {
	char *name;		/* below the archive's folder */
	char *path;		/* where its bytes are; NULL: `text` has them */
	char *text;
	size_t len;
	char hash[FILE_HASH_MAX];
};

struct bundle_list {
	struct bundle_file *v;
	size_t n;
	FILE *missing;
	struct err *err;
	int ret;		/* the first error */
};

void bundle_said_release(struct bundle_said *said)
{
	free(said->missing);
	*said = (struct bundle_said){ .files = 0 };
}

/* --- what goes in ---------------------------------------------------------------- */

/* Takes `name`, `path` and `text`. */
static void bundle_write_add(struct bundle_list *l, char *name, char *path, char *text, size_t len)
{
	struct bundle_file *more = realloc(l->v, (l->n + 1) * sizeof(*more));

	must_have(more);
	l->v = more;
	more[l->n++] = (struct bundle_file){ name, path, text, len, "" };
	if (!l->ret && l->n > BUNDLE_FILES_MAX)
		l->ret = err_config(l->err, "more than %d files", BUNDLE_FILES_MAX);
	if (!l->ret && strlen(name) > BUNDLE_NAME_MAX / 2)
		l->ret = err_config(l->err, "%s: its name is too long for a bundle", name);
}

/* Regular files only. Files of a running campaign begin with a dot, and are left out. */
static void bundle_write_walk(struct bundle_list *l, const char *folder, const char *below,
			      int depth)
{
	char *here = text_format("%s/%s", folder, below);
	struct dirent **list;
	int n = scandir(here, &list, NULL, alphasort);

	if (n < 0 || depth > DEPTH_MAX) {
		if (!l->ret)
			l->ret = n < 0 ? err_sys(l->err, errno, "cannot read %s", here) :
				err_config(l->err, "%s: folders are nested too deeply for a bundle", here);
		goto out;
	}
	for (int i = 0; i < n; i++) {
		char *name = text_format("%s%s%s", below, *below ? "/" : "", list[i]->d_name);
		char *path = text_format("%s/%s", folder, name);
		struct stat st;

		if (list[i]->d_name[0] == '.' || lstat(path, &st)) {
			free(name);
			free(path);
		} else if (S_ISREG(st.st_mode)) {
			bundle_write_add(l, name, path, NULL, 0);
		} else {
			if (S_ISDIR(st.st_mode))
				bundle_write_walk(l, folder, name, depth + 1);
			else
				fprintf(l->missing, "%s: is not a regular file\n", name);
			free(name);
			free(path);
		}
	}
out:
	for (int i = 0; i < n; i++)
		free(list[i]);
	if (n >= 0)
		free(list);
	free(here);
}

/* --- kernels ---------------------------------------------------------------------- */

static const char *bundle_write_text(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

/* The kernel's configuration, from the cache, if it is still the one that was used. */
static void bundle_write_config(struct bundle_list *l, const json_t *kernel, const char *below)
{
	const char *key = bundle_write_text(kernel, "key");
	const char *want = bundle_write_text(kernel, "config_sha256");
	char have[FILE_HASH_MAX], *at, *path = NULL;

	if (!*want)
		return;
	at = text_format("kernels/%.*s/config", CONFIG_KEY, key);
	if (safe_is_plain(key) && !strchr(key, '/'))
		path = file_cache_path(at);
	free(at);
	if (path && !file_hash(path, have, NULL) && !strcmp(have, want)) {
		bundle_write_add(l, text_format("%s/config", below), path, NULL, 0);
		return;
	}
	fprintf(l->missing, "%s/config: is no longer in the cache\n", below);
	free(path);
}

static void bundle_write_texts(struct bundle_list *l, const json_t *want, const char *below,
			       const char *kind, const struct kernel_text *have, size_t n)
{
	size_t at;
	json_t *one;

	json_array_foreach((json_t *)want, at, one) {
		const char *name = bundle_write_text(one, "name");
		const struct kernel_text *t = NULL;
		char *base = text_format("%zu-%s", at + 1, name);

		for (size_t i = 0; i < n && !t; i++)
			if (!strcmp(have[i].name, name) &&
			    !strcmp(have[i].hash, bundle_write_text(one, "sha256")))
				t = &have[i];
		for (char *p = base; *p; p++)
			if (*p == '/')
				*p = '-';
		if (t)
			bundle_write_add(l, text_format("%s/%s/%s", below, kind, base), NULL,
					 text_format("%.*s", (int)t->len, t->text), t->len);
		else
			fprintf(l->missing, "%s/%s/%s: this machine does not have the one that was used\n",
				below, kind, base);
		free(base);
	}
}

static void bundle_write_kernel(struct bundle_list *l, const json_t *kernel, const char *below)
{
	struct kernel k = KERNEL_INIT;
	bool known = !kernel_resolve(bundle_write_text(kernel, "name"), NULL, &k, NULL);

	bundle_write_config(l, kernel, below);
	bundle_write_texts(l, json_object_get(kernel, "fragments"), below, "fragments",
			   known ? k.spec->fragments : NULL, known ? k.spec->n_fragments : 0);
	bundle_write_texts(l, json_object_get(kernel, "patches"), below, "patches",
			   known ? k.spec->patches : NULL, known ? k.spec->n_patches : 0);
	kernel_free(&k);
}

static void bundle_write_kernels(struct bundle_list *l, struct store *s)
{
	const struct plan *p = store_plan(s);

	for (size_t a = 0; a < p->n_arms; a++) {
		const json_t *id = store_identity(s, (unsigned)a);
		const char *layout;
		json_t *kernel;
		char *below;

		json_object_foreach(json_object_get(id, "kernel"), layout, kernel) {
			below = text_format("kernels/%s/%s", p->arms[a].name, layout);
			bundle_write_kernel(l, kernel, below);
			free(below);
		}
		kernel = json_object_get(id, "guest_kernel");
		if (!a && kernel)
			bundle_write_kernel(l, kernel, "kernels/guest");
	}
}

/* --- BUNDLE and SHA256SUMS ------------------------------------------------------------ */

static int bundle_write_by_name(const void *a, const void *b)
{
	return strcmp(((const struct bundle_file *)a)->name, ((const struct bundle_file *)b)->name);
}

static void bundle_write_hash(struct bundle_list *l)
{
	for (size_t i = 0; i < l->n && !l->ret; i++) {
		if (l->v[i].path)
			l->ret = file_hash(l->v[i].path, l->v[i].hash, l->err);
		else
			data_hash(l->v[i].text, l->v[i].len, l->v[i].hash);
	}
}

static void bundle_write_about(struct bundle_list *l, struct store *s, const char *missing)
{
	char *text = text_format("kduel bundle 1\ncampaign: %s\nid: %s\nplan: %s\nwritten by: kduel "
		KDUEL_VERSION "\n\nCheck the files:          sha256sum -c SHA256SUMS\n"
		"Compute it all again:     kduel bundle --verify FILE\n%s%s",
		store_plan(s)->name, store_id(s), store_plan(s)->hash,
		*missing ? "\nNot in it:\n" : "", missing);

	bundle_write_add(l, text_format("BUNDLE"), NULL, text, strlen(text));
}

static void bundle_write_sums(struct bundle_list *l)
{
	char *text = NULL;
	size_t len;
	FILE *to = text_open(&text, &len);

	for (size_t i = 0; i < l->n; i++)
		fprintf(to, "%s  %s\n", l->v[i].hash, l->v[i].name);
	text_close(to);
	bundle_write_add(l, text_format("SHA256SUMS"), NULL, text, len);
}

/* --- the archive ------------------------------------------------------------------------- */

static int bundle_write_trouble(struct archive *a, const char *path, struct err *err)
{
	const char *text = archive_errno(a) > 0 ? strerror(archive_errno(a)) : NULL;

	if (!text)
		text = archive_error_string(a);
	return err_set(err, EXIT_MACHINE, -EIO, "cannot write %s: %s", path,
		       text ? text : "the archive failed");
}

/* Hashes what it writes: a file that changed meanwhile is an error. */
static int bundle_write_content(struct archive *a, const struct bundle_file *f, uint64_t size,
				struct err *err)
{
	char buf[65536];
	uint64_t left = size;
	FILE *from;
	size_t n;
	int ret = 0;

	if (!f->path)
		return archive_write_data(a, f->text, f->len) == (la_ssize_t)f->len ? 0 :
			bundle_write_trouble(a, "the bundle", err);
	from = fopen(f->path, "re");
	if (!from)
		return err_sys(err, errno, "cannot read %s", f->path);
	while (!ret && left &&
	       (n = fread(buf, 1, left < sizeof(buf) ? left : sizeof(buf), from)) > 0) {
		if (archive_write_data(a, buf, n) != (la_ssize_t)n)
			ret = bundle_write_trouble(a, "the bundle", err);
		left -= n;
	}
	fclose(from);
	if (!ret && left)
		ret = err_set(err, EXIT_MACHINE, -EIO, "%s: changed while it was read; is the campaign still running?",
			      f->path);
	return ret;
}

static int bundle_write_entry(struct archive *a, const char *root, const struct bundle_file *f,
			      struct bundle_said *said, struct err *err)
{
	char *name = text_format("%s/%s", root, f->name);
	struct archive_entry *e = archive_entry_new();
	struct stat st = { .st_size = (off_t)f->len };
	int ret = 0;

	must_have(e);
	if (f->path && stat(f->path, &st))
		ret = err_sys(err, errno, "cannot read %s", f->path);
	archive_entry_set_pathname(e, name);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_perm(e, 0644);
	archive_entry_set_size(e, st.st_size);
	archive_entry_set_mtime(e, 0, 0);
	if (!ret && archive_write_header(a, e) != ARCHIVE_OK)
		ret = bundle_write_trouble(a, "the bundle", err);
	if (!ret)
		ret = bundle_write_content(a, f, (uint64_t)st.st_size, err);
	said->files++;
	said->bytes += (uint64_t)st.st_size;
	archive_entry_free(e);
	free(name);
	return ret;
}

static int bundle_write_archive(const struct bundle_list *l, const char *root, int fd,
				const char *path, struct bundle_said *said, struct err *err)
{
	struct archive *a = archive_write_new();
	int ret = 0;

	if (!a)
		return err_sys(err, ENOMEM, "cannot write %s", path);
	if (archive_write_set_format_pax_restricted(a) != ARCHIVE_OK ||
	    archive_write_add_filter_zstd(a) != ARCHIVE_OK ||
	    archive_write_set_options(a, "zstd:compression-level=" ZSTD_LEVEL) != ARCHIVE_OK ||
	    archive_write_open_fd(a, fd) != ARCHIVE_OK)
		ret = bundle_write_trouble(a, path, err);
	for (size_t i = 0; i < l->n && !ret; i++)
		ret = bundle_write_entry(a, root, &l->v[i], said, err);
	if (archive_write_close(a) != ARCHIVE_OK && !ret)
		ret = bundle_write_trouble(a, path, err);
	archive_write_free(a);
	return ret;
}

static int bundle_write_file(const struct bundle_list *l, const char *root, const char *path,
			     struct bundle_said *said, struct err *err)
{
	struct file_out out;
	int ret = file_begin(&out, path, err);

	if (ret)
		return ret;
	ret = bundle_write_archive(l, root, fileno(out.to), path, said, err);
	if (!ret)
		return file_commit(&out, err);
	file_drop(&out);
	return ret;
}

/* The folder's name if it is a plain word, else "results". */
static char *bundle_write_root(const char *folder)
{
	char *full = realpath(folder, NULL), *name = full ? strrchr(full, '/') : NULL, *root;

	name = name ? name + 1 : NULL;
	root = text_format("%s", name && *name && *name != '.' && strlen(name) < 200 &&
			   safe_is_plain(name) ? name : "results");
	free(full);
	return root;
}

static int bundle_write_all(struct store *s, struct bundle_list *l, const char *path,
			    struct bundle_said *said, struct err *err)
{
	char *root = bundle_write_root(store_folder(s));
	size_t len;

	l->missing = text_open(&said->missing, &len);
	bundle_write_walk(l, store_folder(s), "", 0);
	bundle_write_kernels(l, s);
	text_close(l->missing);
	bundle_write_about(l, s, said->missing);
	qsort(l->v, l->n, sizeof(*l->v), bundle_write_by_name);
	bundle_write_hash(l);
	bundle_write_sums(l);
	if (!l->ret)
		l->ret = bundle_write_file(l, root, path, said, err);
	free(root);
	return l->ret;
}

int bundle_write(const char *folder, const char *path, struct bundle_said *said,
		 struct err *err)
{
	struct bundle_list l = { .err = err };
	struct store *s;
	int ret = store_open(&s, folder, STORE_READ, err);
	char *report;

	*said = (struct bundle_said){ .files = 0 };
	if (ret)
		return ret;
	report = text_format("%s/report.json", folder);
	if (access(report, R_OK))
		ret = err_config(err, "%s: does not exist; kduel report %s writes it", report, folder);
	else
		ret = bundle_write_all(s, &l, path, said, err);
	for (size_t i = 0; i < l.n; i++) {
		free(l.v[i].name);
		free(l.v[i].path);
		free(l.v[i].text);
	}
	free(l.v);
	free(report);
	store_close(s);
	if (ret)
		bundle_said_release(said);
	return ret;
}
