/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contents of the files that a plan's cells carry into the guest, kept in the
 * cache by their SHA-256: a plan names them, and a campaign that goes on after they
 * were changed still runs what it began with.
 */
#ifndef KDUEL_PLAN_FILES_H
#define KDUEL_PLAN_FILES_H

#include "file.h"
#include "plan.h"

/* Hashes a file and keeps its content, if that is not kept already. */
int plan_files_keep(const char *path, char hash[static FILE_HASH_MAX], struct err *err);

/* Calls `fn` for each file of each cell, until one fails: where its content is, its
 * path in the guest, and its mode. Content that is gone or was changed is an error. */
typedef int (*plan_files_fn)(const char *from, const char *as, unsigned mode, void *arg,
			     struct err *err);
int plan_files_each(const struct plan *p, plan_files_fn fn, void *arg, struct err *err);

/*
 * A folder of links to them, with paths as in the guest, for a machine that is none;
 * `*root` is the caller's, and NULL where there are no files.
 */
int plan_files_tree(const struct plan *p, char **root, struct err *err);

#endif
