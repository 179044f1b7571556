/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan-files.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proc.h"
#include "safe.h"

#define IMAGE_SECONDS 1800

/* What a running system has there is mounted by the agent, where there is a folder. */
static const struct {
	const char *path;
	unsigned mode;
} needed[] = {
	{ "proc", 0555 }, { "sys", 0555 }, { "dev", 0755 }, { "run", 0755 }, { "tmp", 01777 },
};
#define NEEDED (sizeof(needed) / sizeof(needed[0]))

/* --- what is in it ------------------------------------------------------------- */

struct tree {
	const char *folder;
	FTS *walk;
	FTSENT *at;		/* what rootfs_next() came to */
	const char *name;	/* its path, below the folder */
	uint64_t bytes;
	unsigned long names;
};

static int rootfs_by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int rootfs_open(struct tree *t, const char *folder, struct err *err)
{
	char *const roots[] = { (char *)folder, NULL };
	struct stat st;

	*t = (struct tree){ .folder = folder };
	if (stat(folder, &st))
		return err_config(err, "%s: %s", folder, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return err_config(err, "%s is no folder", folder);
	t->walk = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, rootfs_by_name);
	return t->walk ? 0 : err_sys(err, errno, "%s", folder);
}

static void rootfs_close(struct tree *t)
{
	if (t->walk)
		fts_close(t->walk);
}

/* 1: there is another one, 0: there is none, or an error. In the order of names. */
static int rootfs_next(struct tree *t, struct err *err)
{
	errno = 0;
	while ((t->at = fts_read(t->walk))) {
		const FTSENT *e = t->at;

		if (e->fts_info == FTS_DP || !e->fts_level || e->fts_info == FTS_DC ||
		    (e->fts_info == FTS_DEFAULT && S_ISSOCK(e->fts_statp->st_mode)))
			continue;
		if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR || e->fts_info == FTS_NS)
			return err_config(err, "%s: %s", e->fts_path, strerror(e->fts_errno));
		t->name = e->fts_path + strlen(t->folder);
		t->name += strspn(t->name, "/");
		if (e->fts_info == FTS_F)
			t->bytes += (uint64_t)e->fts_statp->st_size;
		if (++t->names > PLAN_ROOTFS_MOST)
			return err_config(err, "%s has more than %d names", t->folder,
					  PLAN_ROOTFS_MOST);
		return 1;
	}
	return errno ? err_config(err, "%s: %s", t->folder, strerror(errno)) : 0;
}

static int rootfs_target(const struct tree *t, char target[static PATH_MAX], struct err *err)
{
	ssize_t n = readlink(t->at->fts_accpath, target, PATH_MAX - 1);

	target[n > 0 ? n : 0] = '\0';
	return n > 0 ? 0 : err_config(err, "%s: %s", t->at->fts_path, strerror(errno));
}

/* A record of its own: names may hold any byte but NUL. */
static int rootfs_list(const struct tree *t, FILE *list, struct err *err)
{
	const struct stat *st = t->at->fts_statp;
	char hash[FILE_HASH_MAX] = "", target[PATH_MAX] = "";
	int ret = 0;

	if (S_ISREG(st->st_mode))
		ret = file_hash(t->at->fts_accpath, hash, err);
	else if (S_ISLNK(st->st_mode))
		ret = rootfs_target(t, target, err);
	fprintf(list, "%s%c%o %lx %s%s%c", t->name, 0, (unsigned)st->st_mode,
		S_ISBLK(st->st_mode) || S_ISCHR(st->st_mode) ? (unsigned long)st->st_rdev : 0,
		hash, target, 0);
	return ret;
}

static int rootfs_read(const char *folder, struct plan_rootfs *r, unsigned long *names,
		       struct err *err)
{
	char *text = NULL;
	size_t len;
	FILE *list = open_memstream(&text, &len);
	struct tree t = { .walk = NULL };
	int ret = list ? rootfs_open(&t, folder, err) : err_sys(err, ENOMEM, "%s", folder);
	int more = 0;

	while (!ret && (more = rootfs_next(&t, err)) > 0)
		ret = rootfs_list(&t, list, err);
	ret = more < 0 ? more : ret;
	if (list && fclose(list) && !ret)
		ret = err_sys(err, ENOMEM, "%s", folder);
	if (!ret && !t.names)
		ret = err_config(err, "%s is empty", folder);
	if (!ret) {
		data_hash(text, len, r->hash);
		snprintf(r->id, sizeof(r->id), "%.*s", EXEC_ROOTFS_ID, r->hash);
		r->bytes = t.bytes;
		*names = t.names;
	}
	rootfs_close(&t);
	free(text);
	return ret;
}

/* --- as a disk --------------------------------------------------------------------- */

/* Not compressed: what is read in a timed run is not unpacked in it. */
static void rootfs_image_words(const char *folder, const char *to, struct args *a)
{
	args_add_all(a, "mksquashfs", folder, to, "-noappend", "-no-progress", "-processors", "1",
		     "-all-root", "-no-xattrs", "-mkfs-time", "0", "-all-time", "0", "-comp", "gzip",
		     "-noI", "-noD", "-noF", "-noX", NULL);
	for (size_t i = 0; i < NEEDED; i++) {
		char *path = text_format("%s/%s", folder, needed[i].path);
		struct stat st;

		if (lstat(path, &st)) {
			args_add(a, "-p");
			args_addf(a, "%s d %o 0 0", needed[i].path, needed[i].mode);
		}
		free(path);
	}
}

/* `to` is absent or complete. */
static int rootfs_make_image(const char *folder, const char *to, struct err *err)
{
	char *begun = text_format("%s.%d", to, (int)getpid()), *said = NULL;
	/* With it mksquashfs refuses to be told a time. */
	struct proc_options o = { .clean = true };
	struct args a = ARGS_INIT;
	int ret;

	rootfs_image_words(folder, begun, &a);
	ret = args_done(&a, err);
	o.argv = args_argv(&a);
	if (!ret)
		ret = proc_capture(&o, IMAGE_SECONDS, &said, NULL, err);
	if (!ret && rename(begun, to))
		ret = err_sys(err, errno, "%s", to);
	unlink(begun);
	args_release(&a);
	free(said);
	free(begun);
	return ret;
}

/* --- as an archive ------------------------------------------------------------------- */

static int rootfs_write_content(struct archive *a, const struct tree *t, struct err *err)
{
	char *data;
	size_t len;
	int ret = file_read(t->at->fts_accpath, &data, &len, err);

	if (ret)
		return ret;
	if (len != (size_t)t->at->fts_statp->st_size)
		ret = err_config(err, "%s changed while it was read", t->at->fts_path);
	else if (archive_write_data(a, data, len) != (la_ssize_t)len)
		ret = err_set(err, EXIT_MACHINE, -EIO, "cannot write the archive of %s: %s",
			      t->folder, archive_error_string(a));
	free(data);
	return ret;
}

static int rootfs_write(struct archive *a, const char *path, unsigned mode, const struct tree *t,
			struct err *err)
{
	struct archive_entry *e = archive_entry_new();
	char target[PATH_MAX];
	int ret = e ? 0 : err_sys(err, ENOMEM, "an archive");

	if (ret)
		return ret;
	archive_entry_set_pathname(e, path);
	archive_entry_set_mode(e, mode);
	archive_entry_set_mtime(e, 0, 0);
	archive_entry_set_nlink(e, 1);
	archive_entry_set_ino64(e, t ? (int64_t)t->names + 1 : 1);	/* of the folders above: no matter */
	archive_entry_set_size(e, t && S_ISREG(mode) ? t->at->fts_statp->st_size : 0);
	if (t && (S_ISBLK(mode) || S_ISCHR(mode)))
		archive_entry_set_rdev(e, t->at->fts_statp->st_rdev);
	if (t && S_ISLNK(mode)) {
		ret = rootfs_target(t, target, err);
		archive_entry_set_symlink(e, target);
	}
	if (!ret && archive_write_header(a, e) != ARCHIVE_OK)
		ret = err_set(err, EXIT_MACHINE, -EIO, "cannot write the archive of %s: %s", path,
			      archive_error_string(a));
	if (!ret && t && S_ISREG(mode))
		ret = rootfs_write_content(a, t, err);
	archive_entry_free(e);
	return ret;
}

/* All of it lies below EXEC_ROOTFS/<id> there. */
static int rootfs_write_all(struct archive *a, const char *folder, const char *id, struct err *err)
{
	const char *below = EXEC_ROOTFS + 1;
	char *root = text_format("%s/%s", below, id);
	struct tree t = { .walk = NULL };
	int ret = rootfs_open(&t, folder, err), more = 0;

	if (!ret)
		ret = rootfs_write(a, below, S_IFDIR | 0755, NULL, err);
	if (!ret)
		ret = rootfs_write(a, root, S_IFDIR | 0755, NULL, err);
	while (!ret && (more = rootfs_next(&t, err)) > 0) {
		char *path = text_format("%s/%s", root, t.name);

		ret = rootfs_write(a, path, t.at->fts_statp->st_mode, &t, err);
		free(path);
	}
	rootfs_close(&t);
	free(root);
	return more < 0 ? more : ret;
}

static int rootfs_make_archive(const char *folder, const char *id, const char *to, struct err *err)
{
	struct archive *a = archive_write_new();
	struct file_out o;
	int ret = a ? file_begin(&o, to, err) : err_sys(err, ENOMEM, "%s", to);

	if (ret) {
		archive_write_free(a);
		return ret;
	}
	archive_write_set_format_cpio_newc(a);
	archive_write_add_filter_none(a);
	if (archive_write_open_fd(a, fileno(o.to)) != ARCHIVE_OK)
		ret = err_sys(err, EIO, "%s", to);
	if (!ret)
		ret = rootfs_write_all(a, folder, id, err);
	if (archive_write_close(a) != ARCHIVE_OK && !ret)
		ret = err_sys(err, EIO, "%s", to);
	archive_write_free(a);
	if (!ret)
		return file_commit(&o, err);
	file_drop(&o);
	return ret;
}

/* --- the cache ----------------------------------------------------------------------- */

static char *rootfs_path(const struct plan_rootfs *r, const char *suffix)
{
	char *below = text_format("files/%s.%s", r->hash, suffix);
	char *path = file_cache_path(below);

	free(below);
	return path;
}

static char *rootfs_if_there(char *path)
{
	if (path && !access(path, R_OK))
		return path;
	free(path);
	return NULL;
}

char *plan_rootfs_image(const struct plan_rootfs *r)
{
	return rootfs_if_there(rootfs_path(r, "squashfs"));
}

char *plan_rootfs_archive(const struct plan_rootfs *r)
{
	return rootfs_if_there(rootfs_path(r, "cpio"));
}

static int rootfs_make_folder(const char *path, struct err *err)
{
	char *copy = text_format("%s", path);
	int ret = file_mkdirs(dirname(copy), err);

	free(copy);
	return ret;
}

int plan_rootfs_keep(const char *folder, struct plan_rootfs *r, struct err *err)
{
	unsigned long names = 0;
	int ret = rootfs_read(folder, r, &names, err);
	char *tool = proc_find("mksquashfs"), *image, *archive;
	bool small = r->bytes <= PLAN_ROOTFS_SMALL && names <= PLAN_ROOTFS_FEW;

	if (!ret && !tool && !small)
		ret = err_config(err, "%s has %llu MiB in %lu names, too much for a guest's memory (%llu MiB, %d names); for a disk install mksquashfs (Debian package squashfs-tools)",
				 folder, (unsigned long long)(r->bytes >> 20), names,
				 PLAN_ROOTFS_SMALL >> 20, PLAN_ROOTFS_FEW);
	image = ret ? NULL : rootfs_path(r, "squashfs");
	archive = ret ? NULL : rootfs_path(r, "cpio");
	if (!ret && (!image || !archive))
		ret = err_machine(err, "there is no cache folder to keep %s in; set XDG_CACHE_HOME",
				  folder);
	if (!ret)
		ret = rootfs_make_folder(image, err);
	if (!ret && tool && access(image, R_OK))
		ret = rootfs_make_image(folder, image, err);
	if (!ret && small && access(archive, R_OK))
		ret = rootfs_make_archive(folder, r->id, archive, err);
	free(tool);
	free(image);
	free(archive);
	return ret;
}

/* --- of a plan --------------------------------------------------------------------------- */

/* A plan may come from anywhere. */
static int rootfs_of_cell(const struct plan_cell *c, struct plan_rootfs *r, struct err *err)
{
	const json_t *o = json_object_get(c->params, "rootfs");
	const char *hash = json_string_value(json_object_get(o, "sha256"));
	const char *bytes = json_string_value(json_object_get(o, "bytes"));

	if (!hash || !exec_is_hash(hash) || !bytes)
		return err_config(err, "rootfs: without sha256 or bytes");
	snprintf(r->hash, sizeof(r->hash), "%s", hash);
	snprintf(r->id, sizeof(r->id), "%.*s", EXEC_ROOTFS_ID, hash);
	r->bytes = strtoull(bytes, NULL, 10);
	return 0;
}

static bool rootfs_is_new(const struct plan *p, size_t cell, const struct plan_rootfs *r)
{
	struct plan_rootfs other;

	for (size_t i = 0; i < cell; i++)
		if (json_object_get(p->cells[i].params, "rootfs") &&
		    !rootfs_of_cell(&p->cells[i], &other, NULL) && !strcmp(other.hash, r->hash))
			return false;
	return true;
}

int plan_rootfs_each(const struct plan *p, plan_rootfs_fn fn, void *arg, struct err *err)
{
	struct plan_rootfs r;
	int ret = 0;

	for (size_t i = 0; !ret && i < p->n_cells; i++) {
		if (!json_object_get(p->cells[i].params, "rootfs"))
			continue;
		ret = rootfs_of_cell(&p->cells[i], &r, err);
		if (!ret && rootfs_is_new(p, i, &r))
			ret = fn(&r, arg, err);
	}
	return ret;
}
