/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel's description: kernels/<name>.yaml with the full text of its
 * fragments and patches. The source is only named; kernel-source.h gets it.
 *
 *	title: Linux 6.1 without huge DAX mappings in KVM
 *	source: { debian: linux-source-6.1, suite: bookworm }
 *	config: [base, kvm, pmem]		fragments/<name>.config, in order
 *	patches: [6.1/nodaxhuge]		patches/<name>.patch, in order
 *
 *	config-file: ../my.config		instead of tinyconfig; `config` is then
 *	add-needed: true			what it must contain, or what is added
 *
 * Fragments and patches are found as lib/data.h says, beside the YAML first.
 */
#ifndef KDUEL_KERNEL_SPEC_H
#define KDUEL_KERNEL_SPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "file.h"

enum kernel_source_kind {
	SOURCE_DEBIAN,		/* package `debian` of `suite` */
	SOURCE_TARBALL,		/* file `tarball` */
	SOURCE_GIT,		/* `revision` of the local repository `git` */
	SOURCE_IMAGE,		/* nothing to build: the bzImage `image` */
};

/* As in the file; what was not given is NULL. Paths are absolute. */
struct kernel_source {
	char *debian, *suite, *version;
	char *tarball;
	char *git, *revision;
	char *image;
	char *modules;		/* of an image: the folder that has its modules.dep */
};

/* A fragment or a patch. */
struct kernel_text {
	char *name;		/* "base", "6.1/rfc" */
	char *path;
	char *text;
	size_t len;
	char hash[FILE_HASH_MAX];
};

struct kernel_spec {
	char *path;		/* of the YAML */
	char *title;
	enum kernel_source_kind kind;
	struct kernel_source source;
	struct kernel_text *fragments;
	size_t n_fragments;
	struct kernel_text *patches;
	size_t n_patches;
	/*
	 * The user's own .config; NULL: the fragments on top of tinyconfig. With one,
	 * the fragments are what it must contain or, with `add_needed`, what is added.
	 */
	struct kernel_text *config_file;
	bool add_needed;
};

/* Reads the YAML `path`; `name` serves as the title if the file gives none. */
int kernel_spec_read(const char *path, const char *name,
		     struct kernel_spec **spec, struct err *err);
void kernel_spec_free(struct kernel_spec *spec);

/* One file; `t` is to be released by kernel_texts_free() or is part of a spec. */
int kernel_text_read(struct kernel_text *t, const char *name, const char *path,
		     struct err *err);
/* Frees an array of them. */
void kernel_texts_free(struct kernel_text *texts, size_t n);

/* "Debian's linux-source-6.1 of bookworm"; caller frees. */
char *kernel_source_text(const struct kernel_spec *spec);

#endif
