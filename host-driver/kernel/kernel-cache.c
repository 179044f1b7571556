/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel-cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "kernel-spec.h"

/* To be incremented when the same input would be built differently. */
#define RECIPE 1
#define KEY_SHOWN 32		/* digits of the key in a folder's name */

/* --- the key and the record ------------------------------------------------------- */

static json_t *cache_hashes_of(const struct kernel_text *texts, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < n; i++)
		json_array_append_new(list, json_pack("{s:s, s:s}", "name",
						      texts[i].name, "sha256",
						      texts[i].hash));
	return list;
}

int kernel_cache_key(struct kernel *k, const struct kernel_tree *t,
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
	if (k->modules_facts)
		fprintf(f, "modules %s\n", json_string_value(
			json_object_get(k->modules_facts, "sha256")));
	for (size_t i = 0; i < s->n_fragments; i++)
		fprintf(f, "fragment %s\n", s->fragments[i].hash);
	if (s->config_file)
		fprintf(f, "config-file %s %s\n", s->config_file->hash,
			s->add_needed ? "with what is needed" : "alone");
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

static int cache_make_identity(struct kernel *k, const struct kernel_tree *t,
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
		      json_object_set_new(id, "fragments", cache_hashes_of(
				k->spec->fragments, k->spec->n_fragments)) |
		      json_object_set_new(id, "patches", cache_hashes_of(
				k->spec->patches, k->spec->n_patches));
	if (id && k->spec->config_file)
		ret |= json_object_set_new(id, "config_file", json_pack(
			"{s:s, s:s, s:b}", "path", k->spec->config_file->path, "sha256",
			k->spec->config_file->hash, "needed_added",
			k->spec->add_needed));
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

static int cache_set_path(char **path, const char *folder, const char *file,
			  struct err *err)
{
	free(*path);
	if (asprintf(path, "%s/%s", folder, file) >= 0)
		return 0;
	*path = NULL;
	return err_sys(err, ENOMEM, "%s", file);
}

/* Is the image in `folder` the one that was published there? */
static bool cache_is_whole(const char *folder, const char *image)
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

int kernel_cache_take(struct kernel *k, const struct kernel_tree *t,
		       const char *compiler, struct err *err)
{
	char *folder = cache_folder(k);
	int ret;

	if (!folder)
		return err_sys(err, ENOMEM, "%s", k->name);
	ret = cache_set_path(&k->image, folder, "bzImage", err);
	if (!ret)
		ret = cache_set_path(&k->config, folder, "config", err);
	if (!ret && !cache_is_whole(folder, k->image))
		ret = -ENOENT;
	free(folder);
	free(k->release);
	k->release = NULL;
	if (!ret)
		ret = kernel_image_release(k->image, &k->release, err);
	return ret ? ret : cache_make_identity(k, t, compiler, err);
}

int kernel_cache_take_image(struct kernel *k, const struct kernel_tree *t,
		      struct err *err)
{
	int ret;

	k->image = strdup(k->spec->source.image);
	if (!k->image)
		return err_sys(err, ENOMEM, "%s", k->name);
	free(k->release);
	ret = kernel_image_release(k->image, &k->release, err);
	k->cached = true;
	return ret ? ret : cache_make_identity(k, t, "", err);
}

/* Replaces `folder` by `fresh` atomically: it exists at every moment. */
static int cache_replace(const char *fresh, const char *folder, struct err *err)
{
	int ret = 0;

	if (!renameat2(AT_FDCWD, fresh, AT_FDCWD, folder, RENAME_EXCHANGE))
		return 0;
	if (errno != ENOENT)	/* a file system without RENAME_EXCHANGE */
		ret = file_remove_tree(folder, err);
	if (!ret && rename(fresh, folder))
		ret = err_sys(err, errno, "cannot rename %s to %s", fresh,
			      folder);
	return ret;
}

int kernel_cache_publish(const struct kernel *k, const char *fresh,
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
		ret = cache_replace(fresh, folder, err);
	free(log);
	free(folder);
	return ret;
}

/* Offsets of the x86 boot protocol (Documentation/x86/boot.rst). */
#define MAGIC_AT 0x202		/* "HdrS" */
#define VERSION_AT 0x20e	/* u16: version text, less 0x200 */
#define VERSION_FROM 0x200
#define VERSION_MAX 256

static int cache_release_in(const uint8_t *image, size_t len, char **release)
{
	size_t at;
	const char *text;

	if (len < VERSION_AT + 2 || memcmp(image + MAGIC_AT, "HdrS", 4))
		return -EINVAL;
	at = image[VERSION_AT] | image[VERSION_AT + 1] << 8;
	text = "";
	if (at && at + VERSION_FROM + VERSION_MAX <= len)
		text = (const char *)image + at + VERSION_FROM;
	/* "6.1.192 (user@host) #1 SMP ..."; the release ends at the first blank. */
	*release = strndup(text, strnlen(text, VERSION_MAX));
	if (!*release)
		return -ENOMEM;
	(*release)[strcspn(*release, " ")] = '\0';
	return 0;
}

int kernel_image_release(const char *path, char **release, struct err *err)
{
	size_t len;
	char *data;
	int ret;

	*release = NULL;
	ret = file_read(path, &data, &len, err);
	if (ret)
		return ret;
	ret = cache_release_in((const uint8_t *)data, len, release);
	free(data);
	if (ret == -EINVAL)
		return err_config(err, "%s is not a Linux bzImage", path);
	return ret ? err_sys(err, -ret, "%s", path) : 0;
}
