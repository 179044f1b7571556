/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A filesystem on persistent memory, made so that a large file can be mapped
 * with huge pages, mounted with DAX, and asked whether that took effect.
 */
#ifndef KDUEL_FS_H
#define KDUEL_FS_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct fs_kind {
	const char *type;		/* "xfs" */
	const char *const *mkfs;	/* command up to the device, NULL-terminated */
	/*
	 * More options where it lives for minutes, or NULL: mkfs.xfs writes zeros over a log of 64M,
	 * a fifth of all that a boot writes, and calls less unsupported.
	 */
	const char *mkfs_scratch;
	const char *mount_options;
	const char *config;		/* what the kernel needs */
};

/* Ends with a NULL type. */
extern const struct fs_kind fs_kinds[];

/* `extra` (may be NULL): more options for mkfs, separated by blanks. */
int fs_make(const struct fs_kind *k, const char *device, const char *extra,
	    struct err *err);
int fs_mount(const struct fs_kind *k, const char *device, const char *where,
	     struct err *err);
void fs_unmount(const char *where);

/*
 * Makes the file `path` of `size` bytes, all of it allocated, none of it
 * written. Returns its descriptor.
 */
int fs_allocate(const char *path, uint64_t size, struct err *err);

/*
 * Writes to each page of the file through a mapping: what a filesystem does at
 * a first write (zeroing, a transaction) is done then, and not when the guest
 * first touches its memory.
 */
int fs_write_through(int fd, uint64_t size, struct err *err);

/*
 * Fails unless the kernel says that this file is accessed by DAX: a mount
 * with "dax" may succeed without it, and one without leaves it to each folder.
 */
int fs_check_dax(const char *path, struct err *err);

/* --- fs-mounted.c --- */

/*
 * Is `folder` on a file system of this type (else EXIT_CONFIG, saying what it is), with
 * `size` bytes free? It only reads, and does not say whether files there are accessed by DAX.
 */
int fs_mounted_check(const char *folder, const char *type, uint64_t size, struct err *err);

/* In words, "xfs of /dev/pmem0, 512 MiB free", or why that is not known. It only reads. */
void fs_mounted_describe(const char *folder, char *text, size_t size);

/*
 * The physical address of the first byte of the device that a folder's file system is on, a
 * namespace of persistent memory or a partition of one, and the device as the mount names it.
 */
int fs_mounted_base(const char *folder, uint64_t *base, char *source, size_t size,
		    struct err *err);

#endif
