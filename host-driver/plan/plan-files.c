/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan-files.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/exec.h"
#include "safe.h"

static char *files_path(const char *hash)
{
	char *folder = file_cache_path("files"), *path = NULL;

	if (folder && asprintf(&path, "%s/%s", folder, hash) < 0)
		path = NULL;
	free(folder);
	return path;
}

static int files_publish(const char *path, const char *data, size_t len, struct err *err)
{
	char *copy = strdup(path);
	int ret = copy ? file_mkdirs(dirname(copy), err) : err_sys(err, ENOMEM, "%s", path);

	free(copy);
	if (!ret)
		ret = file_publish(path, data, len, err);
	/* Symlinks to it are executed. */
	if (!ret && chmod(path, 0755))
		ret = err_sys(err, errno, "%s", path);
	return ret;
}

int plan_files_keep(const char *path, char hash[static FILE_HASH_MAX], struct err *err)
{
	char *data, *kept;
	struct stat st;
	size_t len;
	int ret = file_read(path, &data, &len, err);

	if (ret)
		return ret;
	data_hash(data, len, hash);
	kept = files_path(hash);
	if (!kept)
		ret = err_machine(err, "there is no cache folder to keep %s in; set XDG_CACHE_HOME",
				  path);
	else if (stat(kept, &st) || (size_t)st.st_size != len)
		ret = files_publish(kept, data, len, err);
	free(kept);
	free(data);
	return ret;
}

/* A plan may come from anywhere: its paths and modes are not trusted. */
static int files_one(const json_t *one, plan_files_fn fn, void *arg, struct err *err)
{
	const char *as = json_string_value(json_object_get(one, "path"));
	const char *hash = json_string_value(json_object_get(one, "sha256"));
	const char *mode = json_string_value(json_object_get(one, "mode"));
	char is[FILE_HASH_MAX], *from;
	int ret;

	if (!as || *as != '/' || strstr(as, "/../") || !hash || strlen(hash) != FILE_HASH_MAX - 1 ||
	    strspn(hash, "0123456789abcdef") != FILE_HASH_MAX - 1 || !mode)
		return err_config(err, "files: an entry lacks a valid path, mode or sha256");
	from = files_path(hash);
	ret = from ? file_hash(from, is, NULL) : -ENOENT;
	if (ret || strcmp(is, hash))
		ret = err_config(err, "the content of %s (SHA-256 %.12s...) is no longer in the cache; make a new plan from the config",
				 as, hash);
	else
		ret = fn(from, as, strtoul(mode, NULL, 8) & 0777, arg, err);
	free(from);
	return ret;
}

int plan_files_each(const struct plan *p, plan_files_fn fn, void *arg, struct err *err)
{
	const json_t *one;
	size_t k;

	for (size_t i = 0; i < p->n_cells; i++) {
		const json_t *list = json_object_get(p->cells[i].params, "files");

		json_array_foreach((json_t *)list, k, one) {
			int ret = files_one(one, fn, arg, err);

			if (ret)
				return ret;
		}
	}
	return 0;
}

struct tree {
	const char *root;
	bool any;
};

static int files_link(const char *from, const char *as, unsigned mode, void *arg, struct err *err)
{
	struct tree *t = arg;
	char *path, *copy = NULL;
	int ret = asprintf(&path, "%s%s", t->root, as) < 0 ? -ENOMEM : 0;

	(void)mode;
	if (ret)
		return err_sys(err, ENOMEM, "files");
	copy = strdup(path);
	ret = copy ? file_mkdirs(dirname(copy), err) : err_sys(err, ENOMEM, "files");
	t->any = true;
	if (!ret && symlink(from, path) && errno != EEXIST)
		ret = err_sys(err, errno, "cannot make %s", path);
	free(copy);
	free(path);
	return ret;
}

/* Commands run in this folder, even if they brought no files to it. */
static int files_make_folder(const char *root, struct err *err)
{
	char *path = text_format("%s%s", root, EXEC_FOLDER);
	int ret = file_mkdirs(path, err);

	free(path);
	return ret;
}

int plan_files_tree(const struct plan *p, char **root, struct err *err)
{
	char *folder = file_cache_path("files/trees");
	struct tree t = { .any = false };
	int ret;

	*root = NULL;
	if (!folder || asprintf(root, "%s/%.16s", folder, p->hash) < 0) {
		free(folder);
		*root = NULL;
		return err_sys(err, ENOMEM, "files");
	}
	free(folder);
	t.root = *root;
	ret = plan_files_each(p, files_link, &t, err);
	if (!ret && t.any)
		ret = files_make_folder(t.root, err);
	if (ret || !t.any) {
		free(*root);
		*root = NULL;
	}
	return ret;
}
