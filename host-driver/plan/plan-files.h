/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contents of the files that a plan's cells bring into the guest, kept in the
 * cache by their SHA-256. The plan names them, so that a campaign resumed after
 * the files have changed still runs what it began with.
 */
#ifndef KDUEL_PLAN_FILES_H
#define KDUEL_PLAN_FILES_H

#include <limits.h>
#include <stdint.h>

#include "bench/exec.h"
#include "file.h"
#include "plan.h"
#include "proc.h"

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

/* --- plan-rootfs.c --- */

/*
 * A folder that is the root file system of a cell's command, kept in the cache by what
 * is in it: as an image to be a disk, where mksquashfs is here, and as an archive to go
 * into the guest's memory, where it is small. Names, modes, links and contents count;
 * owners and times do not, and all is root's.
 */

/* What a guest's memory may hold of it, if it must. */
#define PLAN_ROOTFS_SMALL (64ull << 20)	/* bytes */
#define PLAN_ROOTFS_FEW 20000		/* names */
#define PLAN_ROOTFS_MOST 2000000	/* names, on a disk */

struct plan_rootfs {
	char hash[FILE_HASH_MAX];
	char id[EXEC_ROOTFS_ID + 1];	/* how the guest finds it */
	uint64_t bytes;			/* of its files */
};

/*
 * Reads all of `folder`, and keeps it unless it is kept. What cannot be read, and a tree
 * that is neither small nor can be made an image of, is an error.
 */
int plan_rootfs_keep(const char *folder, struct plan_rootfs *r, struct err *err);

/*
 * Can this command, in words, run with `folder` as its root? Links lead nowhere out of it.
 * Its program, or the interpreters of a script, must be there, and be of this
 * architecture. `in`: the folder that it runs in; NULL: the root.
 */
int plan_rootfs_check(const char *folder, const struct args *words, const char *in,
		      struct err *err);

/* Calls `fn` for each one that a plan's cells name, once, until it fails. */
typedef int (*plan_rootfs_fn)(const struct plan_rootfs *r, void *arg, struct err *err);
int plan_rootfs_each(const struct plan *p, plan_rootfs_fn fn, void *arg, struct err *err);

/* The file in the cache, the caller's; NULL if it is not there. */
char *plan_rootfs_image(const struct plan_rootfs *r);
char *plan_rootfs_archive(const struct plan_rootfs *r);

#endif
