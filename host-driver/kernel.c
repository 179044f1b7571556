/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data.h"
#include "kernel-build.h"
#include "kernel-image.h"
#include "kernel-job.h"
#include "kernel-patch.h"
#include "kernel-source.h"
#include "kernel-spec.h"
#include "nearest.h"

/* Counts up when the same input would be built in another way. */
#define RECIPE 1
#define KEY_SHOWN 32		/* digits of the key in a folder's name */
#define SUFFIX_DIGITS 8		/* and in uname -r */

static const char *const layouts[] = { "default", "16", "32", "64", "128" };

/* --- descriptions --------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_name(char ***names, size_t *n, const char *file)
{
	const char *end = strrchr(file, '.');
	char **more;

	if (!end || end == file || strcmp(end, ".yaml"))
		return 0;
	more = realloc(*names, (*n + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	*names = more;
	more[*n] = strndup(file, end - file);
	*n += more[*n] != NULL;
	return more[*n - 1] ? 0 : -ENOMEM;
}

static int list_names(const char *folder, char ***names, size_t *n,
		      struct err *err)
{
	DIR *dir = opendir(folder);
	struct dirent *e;
	int ret = 0;

	*names = NULL;
	*n = 0;
	if (!dir)
		return err_sys(err, errno, "cannot read %s", folder);
	while (!ret && (e = readdir(dir)))
		ret = add_name(names, n, e->d_name);
	closedir(dir);
	if (ret) {
		kernel_names_free(*names, *n);
		return err_sys(err, -ret, "cannot read %s", folder);
	}
	if (*n)
		qsort(*names, *n, sizeof(**names), compare_names);
	return 0;
}

int kernel_names(char ***names, size_t *n, struct err *err)
{
	char *folder;
	int ret = data_path("kernels", &folder, err);

	if (!ret)
		ret = list_names(folder, names, n, err);
	free(folder);
	return ret;
}

void kernel_names_free(char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

static int known(const char *folder, const char *name, struct err *err)
{
	const char *near;
	char **names;
	size_t n;
	int ret = list_names(folder, &names, &n, err);

	if (ret)
		return ret;
	ret = -EINVAL;
	for (size_t i = 0; i < n; i++)
		if (!strcmp(names[i], name))
			ret = 0;
	near = nearest_word(name, (const char *const *)names, n);
	if (ret && near)
		err_config(err, "unknown kernel '%s'; did you mean '%s'?", name,
			   near);
	else if (ret)
		err_config(err, "unknown kernel '%s': there is no %s/%s.yaml; kduel build --list shows all",
			   name, folder, name);
	kernel_names_free(names, n);
	return ret;
}

/* What can be known to be wrong before anything is fetched. */
static int check_patches(const struct kernel_spec *spec, struct err *err)
{
	for (size_t i = 0; i < spec->n_patches; i++) {
		char *files;
		int ret = kernel_patch_files(&spec->patches[i], &files, err);

		if (ret)
			return ret;
		free(files);
	}
	return 0;
}

int kernel_resolve(const char *name, struct kernel *k, struct err *err)
{
	char *folder;
	int ret;

	*k = (struct kernel)KERNEL_INIT;
	ret = data_path("kernels", &folder, err);
	if (ret)
		return ret;
	ret = known(folder, name, err);
	if (!ret)
		ret = kernel_spec_read(folder, name, &k->spec, err);
	free(folder);
	if (!ret)
		ret = check_patches(k->spec, err);
	if (!ret) {
		k->name = strdup(name);
		k->layout = strdup("");
		if (!k->name || !k->layout)
			ret = err_sys(err, ENOMEM, "%s", name);
	}
	if (ret)
		kernel_free(k);
	return ret;
}

int kernel_set_layout(struct kernel *k, const char *layout, struct err *err)
{
	const size_t n = sizeof(layouts) / sizeof(layouts[0]);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(layouts[i], layout))
			continue;
		if (i && k->spec->kind == SOURCE_IMAGE)
			return err_config(err, "%s: a ready image has no other layout",
					  k->spec->path);
		free(k->layout);
		k->layout = strdup(i ? layout : "");
		return k->layout ? 0 : err_sys(err, ENOMEM, "%s", layout);
	}
	return err_config(err, "layout '%s': must be default, 16, 32, 64 or 128 (the alignment of functions in bytes)",
			  layout);
}

/* --- the key and the record ------------------------------------------------------- */

static json_t *hashes_of(const struct kernel_text *texts, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < n; i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "name",
						      texts[i].name, "sha256",
						      texts[i].hash));
	return list;
}

/* Everything that goes in; names do not count, only what they stand for. */
static int make_key(struct kernel *k, const struct kernel_tree *t,
		    const char *compiler, struct err *err)
{
	const struct kernel_spec *s = k->spec;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return err_sys(err, ENOMEM, "%s", k->name);
	fprintf(f, "recipe %d\nsource %s\n", RECIPE, t->hash);
	if (s->kind != SOURCE_IMAGE)
		fprintf(f, "compiler %s\nlayout %s\n", compiler, k->layout);
	for (size_t i = 0; i < s->n_fragments; i++)
		fprintf(f, "fragment %s\n", s->fragments[i].hash);
	for (size_t i = 0; i < s->n_patches; i++)
		fprintf(f, "patch %s\n", s->patches[i].hash);
	if (fclose(f)) {
		free(text);
		return err_sys(err, ENOMEM, "%s", k->name);
	}
	data_hash(text, size, k->key);
	free(text);
	return 0;
}

static int make_identity(struct kernel *k, const struct kernel_tree *t,
			 const char *compiler, struct err *err)
{
	char hash[FILE_HASH_MAX];
	json_t *id;
	int ret = file_hash(k->image, hash, err);

	if (ret)
		return ret;
	id = json_pack("{s:s, s:s, s:s, s:s, s:O, s:s}", "name", k->name,
		       "title", k->spec->title, "key", k->key, "release",
		       k->release, "source", t->facts, "image_sha256", hash);
	if (id && k->spec->kind != SOURCE_IMAGE)
		ret = json_object_set_new(id, "compiler", json_string(compiler)) |
		      json_object_set_new(id, "layout", json_string(
				*k->layout ? k->layout : "default")) |
		      json_object_set_new(id, "fragments", hashes_of(
				k->spec->fragments, k->spec->n_fragments)) |
		      json_object_set_new(id, "patches", hashes_of(
				k->spec->patches, k->spec->n_patches));
	if (id && k->config) {
		ret = file_hash(k->config, hash, err);
		if (!ret)
			ret = json_object_set_new(id, "config_sha256",
						  json_string(hash));
	}
	json_decref(k->identity);
	k->identity = id;
	return id && !ret ? 0 : err_sys(err, ENOMEM, "%s", k->name);
}

/* --- the cache --------------------------------------------------------------------- */

static char *cache_folder(const struct kernel *k)
{
	char below[80];

	snprintf(below, sizeof(below), "kernels/%.*s", KEY_SHOWN, k->key);
	return file_cache_path(below);
}

static int set_path(char **path, const char *folder, const char *file,
		    struct err *err)
{
	free(*path);
	if (asprintf(path, "%s/%s", folder, file) >= 0)
		return 0;
	*path = NULL;
	return err_sys(err, ENOMEM, "%s", file);
}

/* Is the image in `folder` the one that was published there? */
static bool is_whole(const char *folder, const char *image)
{
	char path[4200], have[FILE_HASH_MAX], *want;
	bool whole;

	snprintf(path, sizeof(path), "%s/bzImage.sha256", folder);
	if (file_read(path, &want, NULL, NULL))
		return false;
	whole = !file_hash(image, have, NULL) &&
		!strncmp(want, have, FILE_HASH_MAX - 1);
	free(want);
	return whole;
}

/* Fills in what is there: 0, or -ENOENT if the cache has not got it. */
static int take_cached(struct kernel *k, const struct kernel_tree *t,
		       const char *compiler, struct err *err)
{
	char *folder = cache_folder(k);
	int ret;

	if (!folder)
		return err_sys(err, ENOMEM, "%s", k->name);
	ret = set_path(&k->image, folder, "bzImage", err);
	if (!ret)
		ret = set_path(&k->config, folder, "config", err);
	if (!ret && !is_whole(folder, k->image))
		ret = -ENOENT;
	free(folder);
	free(k->release);
	k->release = NULL;
	if (!ret)
		ret = kernel_image_release(k->image, &k->release, err);
	return ret ? ret : make_identity(k, t, compiler, err);
}

static int take_image(struct kernel *k, const struct kernel_tree *t,
		      struct err *err)
{
	int ret;

	k->image = strdup(k->spec->source.image);
	if (!k->image)
		return err_sys(err, ENOMEM, "%s", k->name);
	ret = kernel_image_release(k->image, &k->release, err);
	k->cached = true;
	return ret ? ret : make_identity(k, t, "", err);
}

/* The rename is what makes a kernel finished. */
static int publish(const char *fresh, const struct kernel *k,
		   const char *log_path, struct err *err)
{
	char *folder = cache_folder(k), path[4200], hash[FILE_HASH_MAX];
	char *log = NULL;
	size_t len;
	int ret = folder ? 0 : err_sys(err, ENOMEM, "%s", k->name);

	snprintf(path, sizeof(path), "%s/bzImage", fresh);
	if (!ret)
		ret = file_hash(path, hash, err);
	snprintf(path, sizeof(path), "%s/bzImage.sha256", fresh);
	if (!ret)
		ret = file_publish(path, hash, strlen(hash), err);
	snprintf(path, sizeof(path), "%s/build.log", fresh);
	if (!ret)
		ret = file_read(log_path, &log, &len, err);
	if (!ret)
		ret = file_publish(path, log, len, err);
	if (!ret)
		ret = file_remove_tree(folder, err);
	if (!ret && rename(fresh, folder))
		ret = err_sys(err, errno, "cannot rename %s to %s", fresh,
			      folder);
	free(log);
	free(folder);
	return ret;
}

/* --- ensure ----------------------------------------------------------------------- */

static int build(struct kernel *k, struct kernel_job *job,
		 const struct kernel_tree *t, const char *compiler,
		 struct err *err)
{
	char suffix[SUFFIX_DIGITS + 3], *fresh = file_cache_path("kernels/.new");
	const struct kernel_build b = {
		.spec = k->spec, .tree = t, .compiler = compiler,
		.layout = k->layout, .suffix = suffix, .out = fresh,
	};
	int ret;

	if (!fresh)
		return err_sys(err, ENOMEM, "%s", k->name);
	snprintf(suffix, sizeof(suffix), "-k%.*s", SUFFIX_DIGITS, k->key);
	ret = file_remove_tree(fresh, err);
	if (!ret)
		ret = file_mkdirs(fresh, err);
	if (!ret)
		ret = kernel_patch_tree(job, t->dir, k->spec->patches,
					k->spec->n_patches, NULL, err);
	if (!ret)
		ret = kernel_build_run(job, &b, err);
	if (!ret)
		ret = publish(fresh, k, job->log_path, err);
	file_remove_tree(fresh, NULL);
	free(fresh);
	return ret;
}

/* Someone else may have built it while we waited for the lock. */
static int ensure_locked(struct kernel *k, const struct kernel_options *o,
			 struct kernel_job *job, struct kernel_tree *t,
			 const char *compiler, struct err *err)
{
	int ret = kernel_source_get(job, k->spec, o->update, t, err);

	if (!ret)
		ret = make_key(k, t, compiler, err);
	if (ret)
		return ret;
	if (!o->force && take_cached(k, t, compiler, NULL) == 0)
		return 0;
	ret = build(k, job, t, compiler, err);
	if (!ret)
		ret = take_cached(k, t, compiler, err);
	if (!ret)
		ret = job_phase(job, KERNEL_DONE, err, "built %s", k->release);
	return ret == -ENOENT ? err_machine(err, "%s: the cache lost what was just built",
					    k->name) : ret;
}

static int ensure(struct kernel *k, const struct kernel_options *o,
		  kernel_progress_fn fn, void *arg, struct kernel_tree *t,
		  const char *compiler, struct err *err)
{
	struct kernel_job job;
	int ret = kernel_source_identify(k->spec, t, err);

	if (ret && ret != -ENOENT)
		return ret;
	if (!ret && k->spec->kind == SOURCE_IMAGE) {
		ret = make_key(k, t, "", err);
		return ret ? ret : take_image(k, t, err);
	}
	if (!ret && !o->force && !o->update) {
		ret = make_key(k, t, compiler, err);
		if (!ret)
			ret = take_cached(k, t, compiler, err);
		k->cached = !ret;
		if (ret != -ENOENT)
			return ret;
	}
	ret = job_open(&job, k->name, fn, arg, err);
	if (!ret)
		ret = ensure_locked(k, o, &job, t, compiler, err);
	job_close(&job);
	return ret;
}

int kernel_ensure_with(struct kernel *k, const struct kernel_options *o,
		       kernel_progress_fn fn, void *arg, struct err *err)
{
	struct kernel_tree t = KERNEL_TREE_INIT;
	char *compiler = NULL;
	int ret = 0;

	if (k->spec->kind != SOURCE_IMAGE)
		ret = kernel_compiler(&compiler, err);
	if (!ret)
		ret = ensure(k, o, fn, arg, &t, compiler, err);
	kernel_tree_release(&t);
	free(compiler);
	if (ret)
		err_prefix(err, "kernel %s", k->name);
	return ret;
}

int kernel_ensure(struct kernel *k, kernel_progress_fn fn, void *arg,
		  struct err *err)
{
	const struct kernel_options o = { .force = false };

	return kernel_ensure_with(k, &o, fn, arg, err);
}

bool kernel_is_cached(struct kernel *k)
{
	struct kernel_tree t = KERNEL_TREE_INIT;
	char *compiler = NULL;
	bool cached;

	cached = !kernel_source_identify(k->spec, &t, NULL);
	if (cached && k->spec->kind != SOURCE_IMAGE)
		cached = !kernel_compiler(&compiler, NULL) &&
			 !make_key(k, &t, compiler, NULL) &&
			 !take_cached(k, &t, compiler, NULL);
	kernel_tree_release(&t);
	free(compiler);
	return cached;
}

void kernel_free(struct kernel *k)
{
	kernel_spec_free(k->spec);
	json_decref(k->identity);
	free(k->name);
	free(k->layout);
	free(k->image);
	free(k->config);
	free(k->release);
	*k = (struct kernel)KERNEL_INIT;
}
