/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel-source.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel-patch.h"

#define FETCH_ROOM (300ULL << 20)

static const char *const kinds[] = { "debian", "tarball", "git", "image" };

static char *source_cache_path(const char *fmt, const char *name)
{
	char below[400];

	snprintf(below, sizeof(below), fmt, name);
	return file_cache_path(below);
}

static void source_set_place(struct kernel_tree *t, const char *hash)
{
	snprintf(t->place, sizeof(t->place), "%.16s", hash);
}

static int source_set_facts(struct kernel_tree *t, json_t *facts,
			    struct err *err)
{
	json_decref(t->facts);
	t->facts = facts;
	return facts ? 0 : err_sys(err, ENOMEM, "source");
}

/* --- what a Debian package name stands for -------------------------------- */

static char *source_pin_path(const struct kernel_source *s)
{
	char name[300];

	snprintf(name, sizeof(name), "%s_%s", s->debian, s->suite);
	return source_cache_path("sources/%s.json", name);
}

static int source_identify_debian(const struct kernel_source *s,
				  struct kernel_tree *t, struct err *err)
{
	char *path = source_pin_path(s);
	json_t *pin = path ? json_load_file(path, 0, NULL) : NULL;
	const char *hash, *version;
	int ret = -ENOENT;

	free(path);
	if (json_unpack(pin, "{s:s, s:s}", "hash", &hash, "version",
			&version) == 0 && strlen(hash) == FILE_HASH_MAX - 1 &&
	    (!s->version || !strcmp(s->version, version))) {
		strcpy(t->hash, hash);
		source_set_place(t, hash);
		ret = source_set_facts(t, json_incref(pin), err);
	}
	json_decref(pin);
	return ret;
}

static int source_write_pin(const struct kernel_source *s,
			    const struct kernel_tree *t,
			    struct err *err)
{
	char *path = source_pin_path(s), *text;
	int ret = -ENOMEM;

	text = json_dumps(t->facts, JSON_INDENT(2) | JSON_SORT_KEYS);
	if (path && text)
		ret = file_publish(path, text, strlen(text), err);
	free(path);
	free(text);
	return ret == -ENOMEM ? err_sys(err, ENOMEM, "%s", s->debian) : ret;
}

/* --- the others -------------------------------------------------------------- */

static int source_identify_file(const char *path, enum kernel_source_kind kind,
				struct kernel_tree *t, struct err *err)
{
	int ret = file_hash(path, t->hash, err);

	if (ret)
		return ret;
	source_set_place(t, t->hash);
	return source_set_facts(t, json_pack("{s:s, s:s, s:s}", "kind", kinds[kind],
					     "hash", t->hash, "path", path), err);
}

static int source_identify_git(const struct kernel_source *s,
			       struct kernel_tree *t,
			       struct err *err)
{
	struct kernel_repository r;
	char *commit = NULL, hash[FILE_HASH_MAX];
	int ret = kernel_repository_open(s->git, &r, err);

	if (!ret) {
		data_hash(r.objects, strlen(r.objects), hash);
		source_set_place(t, hash);
	}
	kernel_repository_release(&r);
	if (!ret)
		ret = kernel_repository_commit(s->git, s->revision, &commit,
					       err);
	if (ret)
		return ret;
	snprintf(t->hash, sizeof(t->hash), "%s", commit);
	free(commit);
	return source_set_facts(t, json_pack("{s:s, s:s, s:s, s:s}", "kind", "git",
					     "hash", t->hash, "path", s->git,
					     "revision", s->revision), err);
}

int kernel_source_identify(const struct kernel_spec *spec,
			   struct kernel_tree *t, struct err *err)
{
	switch (spec->kind) {
	case SOURCE_DEBIAN:
		return source_identify_debian(&spec->source, t, err);
	case SOURCE_TARBALL:
		return source_identify_file(spec->source.tarball, spec->kind, t,
					    err);
	case SOURCE_IMAGE:
		return source_identify_file(spec->source.image, spec->kind, t,
					    err);
	case SOURCE_GIT:
		return source_identify_git(&spec->source, t, err);
	}
	return -EINVAL;
}

/* --- getting it ----------------------------------------------------------------- */

static int source_fetch(struct kernel_job *job, const struct kernel_source *s,
			const char *dir, struct kernel_tree *t, char **deb,
			struct err *err)
{
	char *version = NULL;
	int ret;

	ret = job_need_disk(dir, FETCH_ROOM, "fetching the kernel's source",
			    err);
	if (!ret)
		ret = debian_fetch(job, s, dir, deb, &version, err);
	if (!ret)
		ret = file_hash(*deb, t->hash, err);
	source_set_place(t, t->hash);
	if (!ret)
		ret = source_set_facts(t, json_pack("{s:s, s:s, s:s, s:s, s:s}",
						    "kind", "debian", "hash", t->hash,
						    "package", s->debian, "suite",
						    s->suite, "version", version),
				       err);
	free(version);
	return ret;
}

/* Sets t->dir; 1 if the folder exists already. */
static int source_settle(struct kernel_tree *t, struct err *err)
{
	free(t->dir);
	t->dir = source_cache_path("sources/%s", t->place);
	if (!t->dir)
		return err_sys(err, ENOMEM, "source");
	return kernel_patch_imported(t->dir);
}

bool kernel_source_is_here(const struct kernel_tree *t)
{
	char *dir = source_cache_path("sources/%s", t->place);
	bool is = dir && kernel_patch_imported(dir);

	free(dir);
	return is;
}

/*
 * Removes objects built from an earlier tree of this source, perhaps with patches:
 * the files of a new tree have the archive's old times, so that make would take
 * those objects to be up to date.
 */
static int source_remove_objects(const struct kernel_tree *t, struct err *err)
{
	char *pattern = source_cache_path("objects/%s-*", t->place);
	glob_t found;
	int ret = 0;

	if (!pattern)
		return err_sys(err, ENOMEM, "source");
	if (!glob(pattern, 0, NULL, &found)) {
		for (size_t i = 0; i < found.gl_pathc && !ret; i++)
			ret = file_remove_tree(found.gl_pathv[i], err);
		globfree(&found);
	}
	free(pattern);
	return ret;
}

static int source_publish(const char *from, const struct kernel_tree *t,
			  struct err *err)
{
	/* Older versions left a tree without its repository. */
	int ret = file_remove_tree(t->dir, err);

	if (!ret)
		ret = source_remove_objects(t, err);
	if (!ret && rename(from, t->dir))
		ret = err_sys(err, errno, "cannot rename %s to %s", from,
			      t->dir);
	return ret;
}

/* --- revisions of one repository ------------------------------------------------- */

/* Records the commit that the tree is at; NULL: unknown. */
static int source_set_commit(const struct kernel_tree *t, const char *commit,
			     struct err *err)
{
	char path[4300];

	snprintf(path, sizeof(path), "%s/commit", t->dir);
	if (commit)
		return file_publish(path, commit, strlen(commit), err);
	if (unlink(path) && errno != ENOENT)
		return err_sys(err, errno, "cannot remove %s", path);
	return 0;
}

static bool source_is_at_commit(const struct kernel_tree *t)
{
	char path[4300], *text;
	bool is;

	snprintf(path, sizeof(path), "%s/commit", t->dir);
	if (file_read(path, &text, NULL, NULL))
		return false;
	is = !strcmp(text, t->hash);
	free(text);
	return is;
}

/*
 * Brings the existing tree to the commit. -EAGAIN if that fails: the caller then
 * makes a new tree.
 */
static int source_move(struct kernel_job *job, const struct kernel_spec *spec,
		       struct kernel_tree *t, struct err *err)
{
	struct err cause = ERR_INIT;
	int ret;

	if (spec->kind != SOURCE_GIT || source_is_at_commit(t))
		return 0;
	ret = source_set_commit(t, NULL, err);
	if (ret)
		return ret;
	ret = kernel_unpack_update(job, spec, t->hash, t->dir, &cause);
	if (!ret)
		return source_set_commit(t, t->hash, err);
	if (ret == -EINTR || cause.exit == EXIT_CONFIG)
		return err_set(err, cause.exit, cause.code, "%s", cause.text);
	return -EAGAIN;
}

/* Works in `dir`, a new empty folder that the caller removes afterwards. */
static int source_get_in(struct kernel_job *job, const struct kernel_spec *spec,
			 bool fetch_it, const char *dir, struct kernel_tree *t,
			 struct err *err)
{
	char *deb = NULL, *fresh = NULL;
	const char *archive = spec->source.tarball;
	int ret = 0;

	if (asprintf(&fresh, "%s/fresh", dir) < 0)
		return err_sys(err, ENOMEM, "%s", dir);
	if (fetch_it) {
		ret = source_fetch(job, &spec->source, dir, t, &deb, err);
		archive = deb;
	}
	if (!ret)
		ret = source_settle(t, err);
	/* The tree may exist already, from another name of the same package. */
	if (!ret || (ret == 1 && spec->kind == SOURCE_GIT)) {
		ret = file_mkdirs(fresh, err);
		if (!ret)
			ret = kernel_unpack(job, spec, archive, t->hash, fresh,
					    err);
		if (!ret)
			ret = source_publish(fresh, t, err);
	}
	if (!ret && spec->kind == SOURCE_GIT)
		ret = source_set_commit(t, t->hash, err);
	if (ret >= 0 && spec->kind == SOURCE_DEBIAN)
		ret = source_write_pin(&spec->source, t, err);
	free(deb);
	free(fresh);
	return ret < 0 ? ret : 0;
}

int kernel_source_get(struct kernel_job *job, const struct kernel_spec *spec,
		      bool update, struct kernel_tree *t, struct err *err)
{
	bool debian = spec->kind == SOURCE_DEBIAN;
	char *dir;
	int ret = update && debian ? -ENOENT
				   : kernel_source_identify(spec, t, err);

	if (!ret && source_settle(t, err) == 1) {
		ret = source_move(job, spec, t, err);
		if (ret != -EAGAIN)
			return ret;
	} else if (ret && ret != -ENOENT) {
		return ret;
	}
	/* A package whose tree is gone from the cache is fetched again. */
	dir = file_cache_path("sources/.new");
	if (!dir)
		return err_sys(err, ENOMEM, "source");
	ret = file_remove_tree(dir, err);
	if (!ret)
		ret = file_mkdirs(dir, err);
	if (!ret)
		ret = source_get_in(job, spec, debian, dir, t, err);
	file_remove_tree(dir, NULL);
	free(dir);
	return ret;
}

void kernel_tree_release(struct kernel_tree *t)
{
	json_decref(t->facts);
	free(t->dir);
	*t = (struct kernel_tree)KERNEL_TREE_INIT;
}
