/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernels: what kernels/<name>.yaml says, built or taken from the cache.
 *
 *	struct kernel k = KERNEL_INIT;
 *
 *	if (!kernel_resolve("6.1-rfc", NULL, &k, err) &&	// reads and checks files
 *	    !kernel_ensure(&k, progress, arg, err))	// builds if need be
 *		printf("%s is %s\n", k.image, k.release);
 *	kernel_free(&k);
 *
 * A finished kernel is one folder of the cache, kernels/<key>/, named by the
 * hash of everything that goes into it: the source's hash, the fragments, the
 * patches, the compiler, the layout. It is published by renaming a complete
 * folder, so that whatever bears a key is finished and is what the key says.
 * See docs/adding-a-kernel.md for the files and for what the cache holds.
 */
#ifndef KDUEL_KERNEL_H
#define KDUEL_KERNEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "file.h"

struct kernel_spec;

struct kernel {
	char *asked;		/* as it was asked for: a name or a path */
	char *name;		/* without the path's folders */
	char *layout;		/* "": the compiler's default; "32": see kernel_set_layout() */
	struct kernel_spec *spec;	/* the file's content; kernel-spec.h */

	/* After kernel_ensure(): */
	bool cached;		/* nothing had to be built */
	char key[FILE_HASH_MAX];
	char *image;		/* the bzImage */
	char *modules;		/* an archive to boot it with (kernel-modules.h); NULL: none */
	char *config;		/* its .config; NULL for a ready image without one */
	char *release;		/* its uname -r; "" if unknown */
	int held;		/* the image, locked against kduel prune; -1: not held */
	json_t *modules_facts;	/* what is recorded about the modules; NULL: none */
	json_t *identity;	/* {name, key, release, source, patches, config, ...} */
};

#define KERNEL_INIT { .cached = false, .key = "", .held = -1 }

enum kernel_phase {
	KERNEL_WAIT,		/* for another kduel that builds */
	KERNEL_FETCH,		/* the source package */
	KERNEL_UNPACK,
	KERNEL_PATCH,
	KERNEL_CONFIGURE,
	KERNEL_COMPILE,
	KERNEL_DONE,
};

struct kernel_progress {
	const char *kernel;	/* name */
	enum kernel_phase phase;
	unsigned done;		/* KERNEL_COMPILE: files compiled so far */
	unsigned expected;	/* about so many; 0 = unknown */
	double seconds;		/* since kernel_ensure() began */
	const char *text;	/* the phase in words, with what it works on */
};

/*
 * Called at each phase's start and a few times a second while a program runs.
 * Returns 0, or anything else to stop the build: kernel_ensure() then ends
 * the programs it started and fails with -EINTR.
 */
typedef int (*kernel_progress_fn)(const struct kernel_progress *p, void *arg);

struct kernel_options {
	bool force;		/* build even if it is in the cache */
	bool update;		/* look up the current source package again */
};

/*
 * Finds (lib/data.h), reads and checks the kernel `name`, a word or the path
 * of its YAML, with its fragments and patches. `beside` is the folder of the
 * file that names it, or NULL. Errors of the user's files are EXIT_CONFIG,
 * with file, line and field. No network, no build.
 */
int kernel_resolve(const char *name, const char *beside, struct kernel *k,
		   struct err *err);

/*
 * Will the kernel have `symbol` ("CONFIG_KVM") built in? If not, the error (EXIT_CONFIG) says
 * that `who` ("a guest") needs it. Of a ready image nothing is known, so that it may.
 */
int kernel_check_has(const struct kernel *k, const char *symbol, const char *who,
		     struct err *err);

/*
 * Do the patches `more` apply on top of the kernel's own? If not, the error
 * (EXIT_CONFIG) shows the rejected hunk. -ENOENT, without an error text, if the
 * source is not in the cache. Waits for a running build, which
 * `fn` (may be NULL) is told; changes nothing.
 */
struct kernel_text;
int kernel_applies(struct kernel *k, const struct kernel_text *more, size_t n,
		   kernel_progress_fn fn, void *arg, struct err *err);

/* Checks that these are well-formed patches or mailboxes, whatever they apply to. */
int kernel_check_series(const struct kernel_text *patches, size_t n,
			struct err *err);

/* What a bzImage says about itself: see kernel-cache.h. */
int kernel_image_release(const char *path, char **release, struct err *err);

/*
 * Asks for another layout of the same code: "default", or functions aligned
 * to "16", "32", "64" or "128" bytes. Before kernel_ensure().
 */
int kernel_set_layout(struct kernel *k, const char *layout, struct err *err);

/*
 * Takes the kernel from the cache, or fetches, unpacks, patches, configures,
 * compiles and checks it. One build at a time: others wait for its lock. All
 * programs it starts end with it. `fn` may be NULL.
 */
int kernel_ensure(struct kernel *k, kernel_progress_fn fn, void *arg,
		  struct err *err);
int kernel_ensure_with(struct kernel *k, const struct kernel_options *o,
		       kernel_progress_fn fn, void *arg, struct err *err);

/* Is the kernel, as now described, in the cache? Never builds or downloads. */
bool kernel_is_cached(struct kernel *k);

/* Frees what `k` owns; `k` can be used again. */
void kernel_free(struct kernel *k);

/*
 * A kernel's build as a user sees it: one wording for every verb. Without a
 * terminal there is a line when the phase changes and every 20 seconds during it,
 * so that the log of a long build is never silent.
 */

struct kernel_watch {		/* starts as zeros */
	char last[256];		/* the kernel and phase of the last line */
	double shown;		/* when it was due, seconds */
};

/* "6.1: compiling, 120 of about 1300 files" */
void kernel_watch_text(const struct kernel_progress *p, char *text, size_t size);

/* Is a plain line due? To be asked at each progress. */
bool kernel_watch_due(struct kernel_watch *w, const struct kernel_progress *p);

#endif
