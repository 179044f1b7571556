/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where things with names are found: kernels, patches, config fragments,
 * campaigns, claims, processors. One order serves all of them, and the first
 * one found counts; no place can be switched off:
 *
 *  1. beside the file that names it
 *  2. below the current folder:            ./kernels, ./configs
 *  3. the user's own:                      ${XDG_CONFIG_HOME:-~/.config}/kduel
 *  4. each folder of KDUEL_DATA, separated by colons
 *  5. the source tree that the running program was built in (a folder above
 *     it that has both VERSION and kernels/)
 *  6. ../share/kduel as seen from the program: what `make install` put there
 *
 *	char *path;
 *
 *	if (data_find(DATA_KERNEL, "6.1-rfc", "/home/me/campaign", &path, err))
 *		return err->code;
 *	free(path);
 */
#ifndef KDUEL_DATA_H
#define KDUEL_DATA_H

#include <stdbool.h>

#include "err.h"

enum data_kind {
	DATA_KERNEL,	/* kernels/<name>.yaml */
	DATA_PATCH,	/* kernels/patches/<name>.patch */
	DATA_FRAGMENT,	/* kernels/fragments/<name>.config */
	DATA_CONFIG,	/* configs/<name>.yaml: campaigns */
	DATA_CLAIMS,	/* configs/claims/<name>.yaml */
	DATA_CPU,	/* configs/cpus/<name>.yaml */
};

/*
 * Is `name` a path? It begins with /, ./ or ../, or ends as a file of this
 * kind does (".yaml"; a patch also in .mbox, .mbx, .diff or .eml). A path is
 * relative to the file that names it, and is looked up there alone.
 */
bool data_is_path(enum data_kind kind, const char *name);

/*
 * The file of the thing `name`, a word ("6.1-rfc"), one with folders
 * ("6.1/rfc") or a path; absolute, the caller's to free. `beside` is the folder
 * of the file that names it, NULL if a command line does: paths are then
 * relative to the current folder. EXIT_CONFIG if there is none: the error gives
 * the nearest name or the places searched.
 */
int data_find(enum data_kind kind, const char *name, const char *beside,
	      char **path, struct err *err);

struct data_item {
	char *name, *path;	/* the path as data_find() gives it */
};

struct data_list {
	struct data_item *v;	/* sorted by name, each name once */
	size_t n;
};

/* All that data_find() would find by name. `beside` may be NULL. */
void data_all(enum data_kind kind, const char *beside, struct data_list *list);
void data_list_free(struct data_list *list);

/*
 * A file or folder of the program's own, such as "plots": in a folder of
 * KDUEL_DATA, the source tree or the installed data. The caller frees `*path`.
 * Fails, naming the places searched, if it is in none of them.
 */
int data_path(const char *below, char **path, struct err *err);

/* Data that the build made: beside the running program, else as above. */
int data_built(const char *below, char **path, struct err *err);

#endif
