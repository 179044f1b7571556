/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel-source.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel-debian.h"
#include "proc.h"

#define GIT_SECONDS 600.0
#define HASH_SHOWN 16		/* digits of the hash in a folder's name */
/* A compressed kernel source grows by about 11 when it is unpacked. */
#define UNPACK_FACTOR 12
#define FETCH_ROOM (300ULL << 20)

static const char *const kinds[] = { "debian", "tarball", "git", "image" };

static char *cache_path(const char *fmt, const char *name)
{
	char below[400];

	snprintf(below, sizeof(below), fmt, name);
	return file_cache_path(below);
}

static int set_facts(struct kernel_tree *t, json_t *facts, struct err *err)
{
	json_decref(t->facts);
	t->facts = facts;
	return facts ? 0 : err_sys(err, ENOMEM, "source");
}

/* --- what a Debian package name stands for -------------------------------- */

static char *pin_path(const struct kernel_source *s)
{
	char name[300];

	snprintf(name, sizeof(name), "%s_%s", s->debian, s->suite);
	return cache_path("sources/%s.json", name);
}

static int identify_debian(const struct kernel_source *s,
			   struct kernel_tree *t, struct err *err)
{
	char *path = pin_path(s);
	json_t *pin = path ? json_load_file(path, 0, NULL) : NULL;
	const char *hash, *version;
	int ret = -ENOENT;

	free(path);
	if (json_unpack(pin, "{s:s, s:s}", "hash", &hash, "version",
			&version) == 0 && strlen(hash) == FILE_HASH_MAX - 1 &&
	    (!s->version || !strcmp(s->version, version))) {
		strcpy(t->hash, hash);
		ret = set_facts(t, json_incref(pin), err);
	}
	json_decref(pin);
	return ret;
}

static int write_pin(const struct kernel_source *s, const struct kernel_tree *t,
		     struct err *err)
{
	char *path = pin_path(s), *text;
	int ret = -ENOMEM;

	text = json_dumps(t->facts, JSON_INDENT(2) | JSON_SORT_KEYS);
	if (path && text)
		ret = file_publish(path, text, strlen(text), err);
	free(path);
	free(text);
	return ret == -ENOMEM ? err_sys(err, ENOMEM, "%s", s->debian) : ret;
}

/* --- the others -------------------------------------------------------------- */

static int identify_file(const char *path, enum kernel_source_kind kind,
			 struct kernel_tree *t, struct err *err)
{
	int ret = file_hash(path, t->hash, err);

	if (ret)
		return ret;
	return set_facts(t, json_pack("{s:s, s:s, s:s}", "kind", kinds[kind],
				      "hash", t->hash, "path", path), err);
}

static int identify_git(const struct kernel_source *s, struct kernel_tree *t,
			struct err *err)
{
	char *what = NULL, *commit = NULL;
	const char *argv[] = { "git", "-C", s->git, "rev-parse", "--verify",
			       "--quiet", "--end-of-options", NULL, NULL };
	int ret;

	if (asprintf(&what, "%s^{commit}", s->revision) < 0)
		return err_sys(err, ENOMEM, "%s", s->git);
	argv[7] = what;
	ret = proc_run(argv, GIT_SECONDS, &commit, err);
	free(what);
	if (ret) {
		err_prefix(err, "%s has no revision %s", s->git, s->revision);
		return ret;
	}
	commit[strcspn(commit, "\n")] = '\0';
	snprintf(t->hash, sizeof(t->hash), "%s", commit);
	free(commit);
	return set_facts(t, json_pack("{s:s, s:s, s:s, s:s}", "kind", "git",
				      "hash", t->hash, "path", s->git,
				      "revision", s->revision), err);
}

int kernel_source_identify(const struct kernel_spec *spec,
			   struct kernel_tree *t, struct err *err)
{
	switch (spec->kind) {
	case SOURCE_DEBIAN:
		return identify_debian(&spec->source, t, err);
	case SOURCE_TARBALL:
		return identify_file(spec->source.tarball, spec->kind, t, err);
	case SOURCE_IMAGE:
		return identify_file(spec->source.image, spec->kind, t, err);
	case SOURCE_GIT:
		return identify_git(&spec->source, t, err);
	}
	return -EINVAL;
}

/* --- unpacking ----------------------------------------------------------------- */

/* Unpacks `tarball` into <dir>/tree, without the folder that all is in. */
static int untar(struct kernel_job *job, const char *tarball, const char *dir,
		 bool strip, struct err *err)
{
	const char *argv[] = { "env", "XZ_DEFAULTS=-T0", "tar", "-xf", tarball,
			       "-C", NULL, "--no-same-owner",
			       strip ? "--strip-components=1" : NULL, NULL };
	char *tree = NULL;
	int ret;

	if (asprintf(&tree, "%s/tree", dir) < 0)
		return err_sys(err, ENOMEM, "%s", dir);
	argv[6] = tree;
	ret = file_mkdirs(tree, err);
	if (!ret)
		ret = job_run(job, NULL, argv, err);
	free(tree);
	return ret;
}

static int unpack_debian(struct kernel_job *job, const char *deb,
			 const char *dir, struct err *err)
{
	const char *argv[] = { "dpkg-deb", "-x", deb, NULL, NULL };
	char *out = NULL, *pattern = NULL;
	glob_t found = { 0 };
	int ret;

	if (asprintf(&out, "%s/package", dir) < 0 ||
	    asprintf(&pattern, "%s/usr/src/linux-source-*.tar.*", out) < 0) {
		free(out);
		return err_sys(err, ENOMEM, "%s", dir);
	}
	argv[3] = out;
	ret = job_run(job, NULL, argv, err);
	if (!ret && glob(pattern, 0, NULL, &found))
		ret = err_machine(err, "%s holds no usr/src/linux-source-*.tar.*",
				  deb);
	if (!ret) {
		ret = untar(job, found.gl_pathv[0], dir, true, err);
		globfree(&found);
	}
	if (!ret)
		ret = file_remove_tree(out, err);
	free(pattern);
	free(out);
	return ret;
}

static int unpack_git(struct kernel_job *job, const struct kernel_source *s,
		      const char *commit, const char *dir, struct err *err)
{
	const char *argv[] = { "git", "-C", s->git, "archive", "--format=tar",
			       "-o", NULL, commit, NULL };
	char *tarball = NULL;
	int ret;

	if (asprintf(&tarball, "%s/archive.tar", dir) < 0)
		return err_sys(err, ENOMEM, "%s", dir);
	argv[6] = tarball;
	ret = job_run(job, NULL, argv, err);
	if (!ret)
		ret = untar(job, tarball, dir, false, err);
	unlink(tarball);
	free(tarball);
	return ret;
}

static uint64_t unpacked_size(const char *archive)
{
	struct stat st;

	return stat(archive, &st) ? 0 : (uint64_t)st.st_size * UNPACK_FACTOR;
}

/* `archive` is the package or tarball; NULL for git. */
static int unpack(struct kernel_job *job, const struct kernel_spec *spec,
		  const struct kernel_tree *t, const char *archive,
		  const char *dir, struct err *err)
{
	int ret = 0;

	if (archive)
		ret = job_need_disk(dir, unpacked_size(archive),
				    "unpacking the kernel's source", err);
	if (!ret)
		ret = job_phase(job, KERNEL_UNPACK, err, "unpacking the source");
	if (ret)
		return ret;
	switch (spec->kind) {
	case SOURCE_DEBIAN:
		return unpack_debian(job, archive, dir, err);
	case SOURCE_TARBALL:
		return untar(job, archive, dir, true, err);
	case SOURCE_GIT:
		return unpack_git(job, &spec->source, t->hash, dir, err);
	case SOURCE_IMAGE:
		break;
	}
	return -EINVAL;
}

/* --- getting it ----------------------------------------------------------------- */

static int fetch(struct kernel_job *job, const struct kernel_source *s,
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
	if (!ret)
		ret = set_facts(t, json_pack("{s:s, s:s, s:s, s:s, s:s}",
					     "kind", "debian", "hash", t->hash,
					     "package", s->debian, "suite",
					     s->suite, "version", version),
				err);
	free(version);
	return ret;
}

/* Sets t->dir; 1 if it is there already. */
static int settle(struct kernel_tree *t, struct err *err)
{
	char name[HASH_SHOWN + 1], path[4096];

	snprintf(name, sizeof(name), "%.*s", HASH_SHOWN, t->hash);
	free(t->dir);
	t->dir = cache_path("sources/%s", name);
	if (!t->dir)
		return err_sys(err, ENOMEM, "source");
	snprintf(path, sizeof(path), "%s/tree/Makefile", t->dir);
	return !access(path, F_OK);
}

static int publish(const char *from, const struct kernel_tree *t,
		   struct err *err)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/tree/Makefile", from);
	if (access(path, F_OK))
		return err_config(err, "the source has no Makefile on top: it is no Linux source tree");
	if (rename(from, t->dir))
		return err_sys(err, errno, "cannot rename %s to %s", from,
			       t->dir);
	return 0;
}

/* In `dir`, a new empty folder that is removed afterwards. */
static int get_in(struct kernel_job *job, const struct kernel_spec *spec,
		  bool fetch_it, const char *dir, struct kernel_tree *t,
		  struct err *err)
{
	char *deb = NULL, *fresh = NULL;
	const char *archive = spec->source.tarball;
	int ret = 0;

	if (asprintf(&fresh, "%s/fresh", dir) < 0)
		return err_sys(err, ENOMEM, "%s", dir);
	if (fetch_it) {
		ret = fetch(job, &spec->source, dir, t, &deb, err);
		archive = deb;
	}
	if (!ret)
		ret = settle(t, err);
	if (!ret) {
		ret = file_mkdirs(fresh, err);
		if (!ret)
			ret = unpack(job, spec, t, archive, fresh, err);
		if (!ret)
			ret = publish(fresh, t, err);
	}
	if (ret >= 0 && spec->kind == SOURCE_DEBIAN)
		ret = write_pin(&spec->source, t, err);
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

	if (!ret && settle(t, err) == 1)
		return 0;
	if (ret && ret != -ENOENT)
		return ret;
	/* A package whose tree was removed from the cache is fetched again. */
	dir = file_cache_path("sources/.new");
	if (!dir)
		return err_sys(err, ENOMEM, "source");
	ret = file_remove_tree(dir, err);
	if (!ret)
		ret = file_mkdirs(dir, err);
	if (!ret)
		ret = get_in(job, spec, debian, dir, t, err);
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
