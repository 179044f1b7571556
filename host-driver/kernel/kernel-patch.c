/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel-patch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel-job.h"

#define ORIGINAL "refs/kduel/original"	/* the tree object of the original */

/* --- the content of files -------------------------------------------------------- */

/* The type of `path` in the tree: S_IFREG, S_IFLNK; 0: neither, or it is below a link. */
static mode_t patch_kind(const char *source, const char *path)
{
	char full[8300];
	struct stat st;
	size_t n = snprintf(full, sizeof(full), "%s/tree/", source);

	if (n + strlen(path) >= sizeof(full))
		return 0;
	for (const char *slash = path; (slash = strchr(slash, '/')); slash++) {
		snprintf(full + n, sizeof(full) - n, "%.*s",
			 (int)(slash - path), path);
		if (lstat(full, &st) || !S_ISDIR(st.st_mode))
			return 0;
	}
	snprintf(full + n, sizeof(full) - n, "%s", path);
	if (lstat(full, &st) || !(S_ISREG(st.st_mode) || S_ISLNK(st.st_mode)))
		return 0;
	return st.st_mode & S_IFMT;
}

/* Writes the paths of `from` that are in the tree (`links`: only symlinks) to `f`. */
static void patch_pick(const char *source, const struct kernel_bytes *from,
		       bool links, FILE *f)
{
	const char *p = from->data, *end = p + from->len;

	for (; p < end; p += strlen(p) + 1) {
		mode_t kind = patch_kind(source, p);

		if (links ? kind == S_IFLNK : kind != 0)
			fwrite(p, strlen(p) + 1, 1, f);
	}
}

/* Stores the present content of `paths` in the repository. */
static int patch_keep(struct kernel_job *job, const char *source, const struct kernel_bytes *paths,
		      struct err *err)
{
	const char *const argv[] = { "git", "update-index", "--add", "-z",
				     "--stdin", NULL };
	struct kernel_git g;
	int ret;

	kernel_git_init(&g, job, source, "touched");
	unlink(strchr(g.index, '=') + 1);
	ret = kernel_git_run(&g, argv, paths, NULL, err);
	unlink(strchr(g.index, '=') + 1);
	return ret;
}

/*
 * Stores the original content of the files that a series touches, while the tree
 * still has it. A file that the last series changed was stored before that one.
 */
static int patch_keep_touched(struct kernel_job *job, const char *source,
			      const struct kernel_series *s, struct err *err)
{
	struct kernel_bytes all = { NULL, 0 };
	FILE *f = open_memstream(&all.data, &all.len);
	int ret;

	for (size_t i = 0; f && i < s->n; i++)
		patch_pick(source, &s->v[i].paths, false, f);
	ret = !f || fclose(f) ? err_sys(err, ENOMEM, "%s", source)
			      : patch_keep(job, source, &all, err);
	free(all.data);
	return ret;
}

/* Stores all symlinks: git reads their content to see whether one changed. */
static int patch_keep_links(const char *source, const struct kernel_git *g,
			    struct err *err)
{
	const char *const list[] = { "git", "ls-files", "-z", NULL };
	struct kernel_bytes names, links = { NULL, 0 };
	int ret = kernel_git_run(g, list, NULL, &names, err);
	FILE *f;

	if (ret)
		return ret;
	f = open_memstream(&links.data, &links.len);
	if (f)
		patch_pick(source, &names, true, f);
	ret = !f || fclose(f) ? err_sys(err, ENOMEM, "%s", source)
			      : patch_keep(g->job, source, &links, err);
	free(names.data);
	free(links.data);
	return ret;
}

/* --- the original ------------------------------------------------------------- */

bool kernel_patch_imported(const char *source)
{
	char path[4300];

	snprintf(path, sizeof(path), "%s/git/" ORIGINAL, source);
	return !access(path, F_OK);
}

/* Writes the index of `g` as a tree object; `id` is its name, without a newline. */
static int patch_write_tree(const struct kernel_git *g, struct kernel_bytes *id,
			    struct err *err)
{
	const char *const argv[] = { "git", "write-tree", "--missing-ok", NULL };
	int ret = kernel_git_run(g, argv, NULL, id, err);

	if (!ret)
		id->data[strcspn(id->data, "\n")] = '\0';
	return ret;
}

/* Adds all files of the tree to the index by their hashes, without storing content. */
static int patch_enter_all(const struct kernel_git *g, struct err *err)
{
	const char *const list[] = { "git", "ls-files", "-o", "-z", NULL };
	const char *const enter[] = { "git", "update-index", "--add",
				      "--info-only", "-z", "--stdin", NULL };
	struct kernel_bytes names;
	int ret = kernel_git_run(g, list, NULL, &names, err);

	if (ret)
		return ret;
	ret = kernel_git_run(g, enter, &names, NULL, err);
	free(names.data);
	return ret;
}

int kernel_patch_import(struct kernel_job *job, const char *source,
			bool listed, struct err *err)
{
	struct kernel_git g;
	struct kernel_bytes id = { NULL, 0 };
	const char *name[] = { "git", "update-ref", ORIGINAL, NULL, NULL };
	int ret = job_phase(job, KERNEL_UNPACK, err, "listing the source");

	kernel_git_init(&g, job, source, "index");
	if (!ret && !listed)
		ret = patch_enter_all(&g, err);
	if (!ret)
		ret = patch_keep_links(source, &g, err);
	if (!ret)
		ret = patch_write_tree(&g, &id, err);
	name[3] = id.data;
	if (!ret)
		ret = kernel_git_run(&g, name, NULL, NULL, err);
	free(id.data);
	return ret;
}

/* --- the series --------------------------------------------------------------------- */

/* The hunk that git's "error: patch failed: <path>:<line>" is about. */
static const char *patch_rejected(const struct kernel_piece *p,
				  const char *said, int *len)
{
	const char *at = strstr(said, "patch failed: "), *colon, *hunk;
	char path[4200];
	size_t n = 0;

	*len = 0;
	if (!at)
		return "";
	at += strlen("patch failed: ");
	colon = memrchr(at, ':', strcspn(at, "\n"));
	if (!colon)
		return "";
	snprintf(path, sizeof(path), "%.*s", (int)(colon - at), at);
	hunk = kernel_diff_hunk(p->diff.data, path, strtoul(colon + 1, NULL,
							    10),
				&n);
	*len = n > 2000 ? 2000 : (int)n;
	return hunk ? hunk : "";
}

static int patch_failed(const struct kernel_piece *p, const char *said,
			struct err *err)
{
	char name[4200];
	const char *hunk;
	const char *hint = "";
	int len;

	if (memchr(p->diff.data, '\r', p->diff.len))
		hint = "\n(some of its lines end in CR LF, and only match a file with such line ends)";
	else if (strstr(said, "does not exist in index"))
		hint = "\n(the first folder of a path in a patch is stripped, as with patch -p1: a/kernel/fork.c)";
	hunk = patch_rejected(p, said, &len);
	err_config(err, "%s does not apply; rejected:\n%.*s%.1000s%s",
		   kernel_piece_text(p, name, sizeof(name)), len, hunk, said,
		   hint);
	return -EINVAL;
}

static int patch_apply(const struct kernel_git *g, const struct kernel_piece *p,
		       struct err *err)
{
	static const char *const argv[] = {
		"git", "apply", "-p1", "--cached", "--whitespace=nowarn", NULL,
	};
	struct err cause = ERR_INIT;
	int ret = kernel_git_run(g, argv, &p->diff, NULL, &cause);

	if (!ret)
		return 0;
	if (ret == -EINTR)
		return err_set(err, cause.exit, ret, "%s", cause.text);
	return patch_failed(p, cause.text, err);
}

/* Applies the series in an index of its own; `id` is the resulting tree object. */
static int patch_series(struct kernel_job *job, const char *source, const struct kernel_series *s,
			struct kernel_bytes *id, struct err *err)
{
	static const char *const start[] = { "git", "read-tree", ORIGINAL, NULL };
	struct kernel_git g;
	int ret;

	kernel_git_init(&g, job, source, "series");
	ret = kernel_git_run(&g, start, NULL, NULL, err);
	for (size_t i = 0; i < s->n && !ret; i++)
		ret = patch_apply(&g, &s->v[i], err);
	if (!ret)
		ret = patch_write_tree(&g, id, err);
	unlink(strchr(g.index, '=') + 1);
	return ret;
}

/* Removes what a killed git left behind; the caller holds the build's lock. */
static void patch_clear(const char *source)
{
	static const char *const left[] = { "index", "series", "touched" };
	char path[4300];

	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
		snprintf(path, sizeof(path), "%s/git/%s.lock", source, left[i]);
		unlink(path);
		snprintf(path, sizeof(path), "%s/git/%s", source, left[i]);
		if (i)
			unlink(path);
	}
}

int kernel_patch_check_out(struct kernel_job *job, const char *source, const char *id,
			   struct err *err)
{
	const char *const go[] = { "git", "read-tree", "--reset", "-u", id, NULL };
	static const char *const refresh[] = { "git", "update-index", "-q",
					       "--refresh", NULL };
	static const char *const clean[] = { "git", "clean", "-ffdxq", NULL };
	struct kernel_git g;
	int ret;

	patch_clear(source);
	kernel_git_init(&g, job, source, "index");
	/* In a copied cache inodes and times differ, but not the files. */
	kernel_git_run(&g, refresh, NULL, NULL, NULL);
	ret = kernel_git_run(&g, go, NULL, NULL, err);
	if (!ret)
		ret = kernel_git_run(&g, clean, NULL, NULL, err);
	if (ret && ret != -EINTR)
		err_prefix(err, "%s/tree was modified or is damaged; remove %s, and it will be made again",
			   source, source);
	return ret;
}

/* The tree object `id` of the tree with the patches. Files are not touched. */
static int patch_make(struct kernel_job *job, const char *source,
		      const struct kernel_text *patches, size_t n, struct kernel_bytes *id,
		      struct err *err)
{
	struct kernel_series s;
	int ret = kernel_series_read(patches, n, &s, err);

	if (ret)
		return ret;
	patch_clear(source);
	ret = patch_keep_touched(job, source, &s, err);
	if (!ret)
		ret = patch_series(job, source, &s, id, err);
	kernel_series_release(&s);
	return ret;
}

int kernel_patch_check(struct kernel_job *job, const char *source,
		       const struct kernel_text *patches, size_t n, struct err *err)
{
	struct kernel_bytes id = { NULL, 0 };
	int ret = patch_make(job, source, patches, n, &id, err);

	free(id.data);
	return ret;
}

int kernel_patch_tree(struct kernel_job *job, const char *source,
		      const struct kernel_text *patches, size_t n,
		      struct err *err)
{
	struct kernel_bytes id = { NULL, 0 };
	int ret = job_phase(job, KERNEL_PATCH, err, "applying %zu patch%s", n,
			    n == 1 ? "" : "es");

	if (!ret)
		ret = patch_make(job, source, patches, n, &id, err);
	if (!ret)
		ret = kernel_patch_check_out(job, source, id.data, err);
	free(id.data);
	return ret;
}
