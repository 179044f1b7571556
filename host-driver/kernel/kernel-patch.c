/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel-patch.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proc.h"

#define PATCH_SECONDS 60.0

/* A set of paths below the tree, as text: one a line, as in orig/.list. */
struct paths {
	char *text;
	size_t len;
};

/* --- what a patch touches --------------------------------------------------- */

static int add_path(struct paths *p, const char *path)
{
	size_t n = strlen(path);
	char *more = realloc(p->text, p->len + n + 2);

	if (!more)
		return -ENOMEM;
	p->text = more;
	memcpy(p->text + p->len, path, n);
	p->len += n;
	memcpy(p->text + p->len, "\n", 2);
	p->len++;
	return 0;
}

/* Iterates: `*at` starts as the text; `path` gets each line. */
static bool next_path(const char **at, char path[PATH_MAX])
{
	size_t n = *at ? strcspn(*at, "\n") : 0;

	if (!n)
		return false;
	snprintf(path, PATH_MAX, "%.*s", (int)n, *at);
	*at += n + ((*at)[n] == '\n');
	return true;
}

static bool has_path(const struct paths *p, const char *path)
{
	const char *at = p->text;
	char have[PATH_MAX];

	while (next_path(&at, have))
		if (!strcmp(have, path))
			return true;
	return false;
}

/* The path in "--- a/x/y\t2018-..." without its first folder. */
static int path_of(const char *line, char path[PATH_MAX])
{
	size_t n = strcspn(line + 4, "\t\n");
	const char *slash = memchr(line + 4, '/', n);

	snprintf(path, PATH_MAX, "%.*s", (int)n, line + 4);
	if (!strcmp(path, "/dev/null"))
		return 1;
	if (!slash || slash == line + 4)
		return -EINVAL;
	n -= slash + 1 - (line + 4);
	snprintf(path, PATH_MAX, "%.*s", (int)n, slash + 1);
	if (!n || *path == '/' || !strncmp(path, "../", 3) ||
	    strstr(path, "/../"))
		return -EINVAL;
	return 0;
}

static int touch_one(const struct kernel_text *patch, const char *line,
		     struct paths *p, struct err *err)
{
	char path[PATH_MAX];

	switch (path_of(line, path)) {
	case 1:
		return 0;
	case 0:
		break;
	default:
		return err_config(err, "%s: '%.*s' is no path inside the kernel's tree",
				  patch->path, (int)strcspn(line, "\n"), line);
	}
	if (!has_path(p, path) && add_path(p, path))
		return err_sys(err, ENOMEM, "%s", patch->path);
	return 0;
}

/* "--- " alone may be a removed line: a header has "+++ " and "@@ " after. */
static int touched(const struct kernel_text *patch, struct paths *p,
		   struct err *err)
{
	const char *line = patch->text, *plus, *hunk;
	int ret = 0;

	for (; line && !ret; line = plus) {
		plus = strchr(line, '\n');
		plus += plus != NULL;
		hunk = plus ? strchr(plus, '\n') : NULL;
		if (!hunk || strncmp(line, "--- ", 4) ||
		    strncmp(plus, "+++ ", 4) || strncmp(hunk + 1, "@@ ", 3))
			continue;
		ret = touch_one(patch, line, p, err);
		if (!ret)
			ret = touch_one(patch, plus, p, err);
	}
	return ret;
}

int kernel_patch_files(const struct kernel_text *patch, char **files,
		       struct err *err)
{
	struct paths p = { NULL, 0 };
	int ret = touched(patch, &p, err);

	if (!ret && !p.len)
		ret = err_config(err, "%s: no unified diff in it", patch->path);
	for (size_t i = 0; i < p.len; i++)
		if (p.text[i] == '\n')
			p.text[i] = '\0';
	if (ret)
		free(p.text);
	*files = ret ? NULL : p.text;
	return ret;
}

/* --- files of the tree --------------------------------------------------------- */

static char *join(const char *dir, const char *sub, const char *path)
{
	char *full;

	return asprintf(&full, "%s/%s/%s", dir, sub, path) < 0 ? NULL : full;
}

/* Copies with its mode; a `from` that is absent makes `to` absent. */
static int copy(const char *from, const char *to, struct err *err)
{
	char *data, *folder;
	struct stat st;
	size_t len;
	int ret;

	if (stat(from, &st)) {
		if (errno == ENOENT && (!unlink(to) || errno == ENOENT))
			return 0;
		return err_sys(err, errno, "cannot copy %s", from);
	}
	folder = strdup(to);
	if (!folder || !strrchr(folder, '/')) {
		free(folder);
		return err_sys(err, ENOMEM, "%s", to);
	}
	*strrchr(folder, '/') = '\0';
	ret = file_mkdirs(folder, err);
	free(folder);
	if (!ret)
		ret = file_read(from, &data, &len, err);
	if (ret)
		return ret;
	ret = file_publish(to, data, len, err);
	free(data);
	if (!ret && chmod(to, st.st_mode & 0777))
		ret = err_sys(err, errno, "cannot write %s", to);
	return ret;
}

static int copy_between(const char *dir, const char *from, const char *to,
			const char *path, struct err *err)
{
	char *a = join(dir, from, path), *b = join(dir, to, path);
	int ret = a && b ? copy(a, b, err) : err_sys(err, ENOMEM, "%s", path);

	free(a);
	free(b);
	return ret;
}

/* Is the file in the scratch folder as it is in the tree (or in neither)? */
static bool same(const char *dir, const char *path)
{
	char *a = join(dir, "scratch", path), *b = join(dir, "tree", path);
	char one[FILE_HASH_MAX] = "", two[FILE_HASH_MAX] = "";

	if (a && b) {
		file_hash(a, one, NULL);
		file_hash(b, two, NULL);
	}
	free(a);
	free(b);
	return !strcmp(one, two);
}

/* --- the series ------------------------------------------------------------------ */

/* Saves what the patches touch for the first time, then says so in the list. */
static int save_originals(const char *dir, const struct kernel_text *patches,
			  size_t n, struct paths *list, struct err *err)
{
	char *path = join(dir, "orig", ".list"), one[PATH_MAX];
	struct paths all = { NULL, 0 };
	const char *at;
	int ret = path ? 0 : -ENOMEM;

	if (!ret && !access(path, F_OK))
		ret = file_read(path, &list->text, &list->len, err);
	for (size_t i = 0; i < n && !ret; i++)
		ret = touched(&patches[i], &all, err);
	for (at = all.text; !ret && next_path(&at, one);) {
		if (has_path(list, one))
			continue;
		ret = copy_between(dir, "tree", "orig", one, err);
		if (!ret)
			ret = add_path(list, one);
	}
	if (!ret && list->len) {
		char *folder = join(dir, "orig", "");

		ret = folder ? file_mkdirs(folder, err) : -ENOMEM;
		free(folder);
		if (!ret)
			ret = file_publish(path, list->text, list->len, err);
	}
	free(all.text);
	free(path);
	return ret == -ENOMEM ? err_sys(err, ENOMEM, "%s", dir) : ret;
}

static int rejected(const struct kernel_text *patch, const char *rejects,
		    struct err *cause, struct err *err)
{
	char *hunks = NULL;

	file_read(rejects, &hunks, NULL, NULL);
	if (hunks && *hunks)
		err_config(err, "%s does not apply; rejected:\n%.2500s",
			   patch->path, hunks);
	else
		err_config(err, "%s does not apply\n%.2500s", patch->path,
			   cause->text);
	free(hunks);
	return -EINVAL;
}

static int apply(const char *dir, const struct kernel_text *patch,
		 struct err *err)
{
	char *scratch = join(dir, "scratch", ""), *rejects = NULL;
	const char *argv[] = { "patch", "-p1", "-N", "-f", "-F0", "-s",
			       "--no-backup-if-mismatch", "-d", scratch, "-r",
			       NULL, "-i", patch->path, NULL };
	struct err cause = ERR_INIT;
	int ret;

	if (!scratch || asprintf(&rejects, "%s/rejects", dir) < 0) {
		free(scratch);
		return err_sys(err, ENOMEM, "%s", patch->path);
	}
	argv[10] = rejects;
	unlink(rejects);
	ret = proc_run(argv, PATCH_SECONDS, NULL, &cause);
	if (ret)
		ret = rejected(patch, rejects, &cause, err);
	unlink(rejects);
	free(rejects);
	free(scratch);
	return ret;
}

static int move_to_tree(const char *dir, const struct paths *list,
			unsigned *changed, struct err *err)
{
	const char *at = list->text;
	char path[PATH_MAX];
	int ret = 0;

	while (!ret && next_path(&at, path)) {
		if (same(dir, path))
			continue;
		ret = copy_between(dir, "scratch", "tree", path, err);
		++*changed;
	}
	return ret;
}

int kernel_patch_tree(struct kernel_job *job, const char *dir,
		      const struct kernel_text *patches, size_t n,
		      unsigned *changed, struct err *err)
{
	char *scratch = join(dir, "scratch", ""), path[PATH_MAX];
	struct paths list = { NULL, 0 };
	unsigned unused = 0;
	const char *at;
	int ret;

	changed = changed ? changed : &unused;
	*changed = 0;
	ret = scratch ? job_phase(job, KERNEL_PATCH, err, "applying %zu patch%s",
				  n, n == 1 ? "" : "es")
		      : err_sys(err, ENOMEM, "%s", dir);
	if (!ret)
		ret = file_remove_tree(scratch, err);
	if (!ret)
		ret = file_mkdirs(scratch, err);
	if (!ret)
		ret = save_originals(dir, patches, n, &list, err);
	for (at = list.text; !ret && next_path(&at, path);)
		ret = copy_between(dir, "orig", "scratch", path, err);
	for (size_t i = 0; i < n && !ret; i++)
		ret = apply(dir, &patches[i], err);
	if (!ret)
		ret = move_to_tree(dir, &list, changed, err);
	if (scratch)
		file_remove_tree(scratch, NULL);
	free(scratch);
	free(list.text);
	return ret;
}
