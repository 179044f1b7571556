/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The source trees in the cache. That of a package or tarball is named by its
 * SHA-256. A git repository has one tree for all its revisions, named by a hash
 * of the path of its objects: going from one commit to another replaces only the
 * files that differ, so that make recompiles only what they affect.
 *
 *	sources/<name>/tree/	the tree, with the patches of the last arm built
 *	sources/<name>/git/	what it was before any patch: see kernel-patch.h
 *	sources/<name>/commit	of a repository: the commit that it is at
 *	sources/<name>.json	which package a name stood for when it was fetched
 *
 * The version behind a package name is looked up once and then pinned, so that
 * arms built on different days have the same source, and nothing is downloaded
 * just to find out that a kernel is in the cache.
 */
#ifndef KDUEL_KERNEL_SOURCE_H
#define KDUEL_KERNEL_SOURCE_H

#include <jansson.h>
#include <stdbool.h>

#include "kernel-job.h"
#include "kernel-spec.h"

#define KERNEL_PLACE_MAX 17

struct kernel_tree {
	char hash[FILE_HASH_MAX];	/* of the package or tarball; the commit */
	char place[KERNEL_PLACE_MAX];	/* the name of its tree, and of objects made of it */
	json_t *facts;		/* {kind, hash, package, version, ...}: for the record */
	char *dir;		/* sources/<place>; NULL until it is unpacked */
};

#define KERNEL_TREE_INIT { "", "", NULL, NULL }

/*
 * Sets the hash and the facts without using the network: -ENOENT, without an
 * error text, for a package that was never fetched.
 */
int kernel_source_identify(const struct kernel_spec *spec,
			   struct kernel_tree *t, struct err *err);

/* Is the tree of an identified source in the cache? */
bool kernel_source_is_here(const struct kernel_tree *t);

/*
 * Makes sure that the tree is there. `update` looks up the package's current
 * version again. Call with the job's lock held.
 */
int kernel_source_get(struct kernel_job *job, const struct kernel_spec *spec,
		      bool update, struct kernel_tree *t, struct err *err);

void kernel_tree_release(struct kernel_tree *t);

/*
 * From a package, an archive or a git revision to a source tree, ready for
 * patches. The tree is byte for byte what the archive or the commit holds: git's
 * attributes, filters and line-end settings do not affect it.
 */

/*
 * Where the objects of a local git repository are, and in which format.
 * -EINVAL for a folder below a repository's top; git's own message if it is not a
 * repository or belongs to someone else.
 */
struct kernel_repository {
	char *objects;
	char format[16];	/* "sha1", "sha256" */
};

int kernel_repository_open(const char *path, struct kernel_repository *r,
			   struct err *err);
/* Does it lack history? Then a revision that is not there may exist elsewhere. */
bool kernel_repository_is_shallow(const char *path);
/* The full hash of the commit that `revision` names; the caller frees it. */
int kernel_repository_commit(const char *path, const char *revision,
			     char **commit, struct err *err);
void kernel_repository_release(struct kernel_repository *r);

/*
 * Runs git on the repository with at most 16 arguments, then NULL; the caller frees
 * `*said`, its output. Here alone the user's git configuration applies, for
 * safe.directory: do not ask for anything whose content it could change.
 */
int kernel_repository_ask(const char *path, const char *const args[], char **said,
			  struct err *err);

/*
 * Fills the empty folder `dir` with tree/ and git/. `archive` is the package
 * or tarball, NULL for git; `commit` is the git commit. EXIT_CONFIG if the result
 * is not a Linux source tree.
 */
int kernel_unpack(struct kernel_job *job, const struct kernel_spec *spec,
		  const char *archive, const char *commit, const char *dir,
		  struct err *err);

/*
 * Brings the tree of a repository, at whatever commit and with whatever patches,
 * to `commit`. After an error it is unusable until a later call succeeds.
 */
int kernel_unpack_update(struct kernel_job *job, const struct kernel_spec *spec,
			 const char *commit, const char *dir, struct err *err);

/*
 * Source packages of any Debian suite, by apt-get: from the machine's own
 * package lists if they cover the suite, else from lists in a private folder, so
 * that the machine's own are left alone. The mirror is the one the machine uses;
 * apt checks the signatures.
 */

/*
 * Downloads the package into `folder`. `*deb` is the file's path, `*version` the
 * package's version; the caller frees both.
 */
int debian_fetch(struct kernel_job *job, const struct kernel_source *s,
		 const char *folder, char **deb, char **version,
		 struct err *err);

/*
 * Picks, from the output of `apt-cache madison`, the newest version in `suite`, its
 * security or its updates suite; only `want` if that is not NULL. malloc()ed; NULL
 * if there is none.
 */
char *debian_pick(const char *madison, const char *suite, const char *want);

/*
 * A sources.list for `suite` from the lines of `apt-get indextargets
 * --format '$(CODENAME) $(REPO_URI) $(ORIGIN)'`. malloc()ed; NULL if the
 * machine has no Debian mirror configured.
 */
char *debian_sources_list(const char *targets, const char *suite,
			  const char *keyring);

#endif
