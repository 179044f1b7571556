/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contents of the files that a plan's cells bring into the guest, kept in the
 * cache by their SHA-256. The plan names them, so that a campaign resumed after
 * the files have changed still runs what it began with.
 */
#ifndef KDUEL_PLAN_FILES_H
#define KDUEL_PLAN_FILES_H

#include "file.h"
#include "plan.h"

/* Hashes a file and keeps its content, if that is not kept already. */
int plan_files_keep(const char *path, char hash[static FILE_HASH_MAX], struct err *err);

/*
 * Calls `fn` for each file of each cell, until one call fails: with the path of its
 * content, its path in the guest, and its mode. Missing or changed content is an error.
 */
typedef int (*plan_files_fn)(const char *from, const char *as, unsigned mode, void *arg,
			     struct err *err);
int plan_files_each(const struct plan *p, plan_files_fn fn, void *arg, struct err *err);

/*
 * A folder of links to the files, with paths as in the guest, for machines that are
 * not VMs. The caller frees `*root`; it is NULL if there are no files.
 */
int plan_files_tree(const struct plan *p, char **root, struct err *err);

#endif
