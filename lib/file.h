/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole files: read, publish, hash. A published file is either absent, the
 * old one, or the new one in full: it is written without a name (where the file
 * system can, else beside its place), synced, named and renamed, and the folder is
 * synced after. What is not a regular file (a device, a pipe, /dev/stdout) is
 * written to directly, and a symbolic link stays one: its target is replaced.
 */
#ifndef KDUEL_FILE_H
#define KDUEL_FILE_H

#include <stddef.h>
#include <stdio.h>

#include "err.h"

#define FILE_HASH_MAX 65	/* SHA-256 in hex and its NUL */

/*
 * Reads `path` whole. `*data` gets a NUL after its `*len` bytes and is the
 * caller's to free. `len` may be NULL. Works for /proc and /sys files.
 */
int file_read(const char *path, char **data, size_t *len, struct err *err);
/* The same for a file that the user named: failing to read it is EXIT_CONFIG. */
int file_read_named(const char *path, char **data, size_t *len, struct err *err);

/*
 * A file that appears when it is complete:
 *
 *	struct file_out o;
 *
 *	if (file_begin(&o, path, err))
 *		return err->code;
 *	fprintf(o.to, "%s\n", text);
 *	return file_commit(&o, err);	// or file_drop(&o), and nothing has happened
 *
 * `path` must stay valid until then. file_commit() reports a write that failed;
 * what has gone into a device or pipe cannot be taken back.
 */
struct file_out {
	FILE *to;
	const char *asked;
	char *path, *tmp;
};
int file_begin(struct file_out *o, const char *path, struct err *err);
int file_commit(struct file_out *o, struct err *err);
void file_drop(struct file_out *o);

/* Publishes `len` bytes as `path`, with the permissions that the umask gives. */
int file_publish(const char *path, const void *data, size_t len,
		 struct err *err);

/*
 * Removes what kills have left in a folder of files that were being written: those
 * that nobody holds any more. Publishing a file does it for that name.
 */
void file_sweep(const char *folder);

/* Writes into an existing file (sysfs, procfs) with one write(2). */
int file_poke(const char *path, const char *text, struct err *err);

/* Length of `path` without the slashes that end it; "/" keeps one. */
size_t file_path_len(const char *path);

/* mkdir -p. A link that leads nowhere is EXIT_CONFIG. */
int file_mkdirs(const char *path, struct err *err);

/* What to do if a folder below the cache cannot be made, as the end of an error; else "". */
const char *file_cache_hint(const char *path);

/* rm -r, staying below `path`, not following links. An absent path is not an error. */
int file_remove_tree(const char *path, struct err *err);

/*
 * ${XDG_CACHE_HOME:-~/.cache}/kduel/<below>; the caller frees it. NULL if the
 * user has no home folder and no XDG_CACHE_HOME either.
 */
char *file_cache_path(const char *below);

/* --- scratch.c --- */

/*
 * Temporary folders of which nothing stays, even after a kill: whoever makes
 * one holds a lock on it (flock(2)), and the next one of the same name and user
 * removes those that are no longer locked.
 *
 *	char folder[] = "/tmp/kduel-example-XXXXXX";
 *	int held = scratch_make(folder, err);
 *
 *	if (held < 0)
 *		return held;
 *	puts(folder);
 *	scratch_remove(folder, held);
 */

/*
 * Makes a folder as mkdtemp(3) does, for its owner alone, after removing
 * abandoned ones. Returns the descriptor that holds it, not inherited by
 * programs that are started, or a negative errno.
 */
int scratch_make(char *template, struct err *err);

/* Removes the folder with all that is in it, and unlocks it. */
void scratch_remove(const char *folder, int held);

/* TMPDIR, where that is an absolute path, else /tmp. */
const char *scratch_place(void);

/* --- file-hash.c --- */

/*
 * The SHA-256 of a regular file, in hex; -EINVAL for a pipe, a device or a folder. The last
 * few are remembered by inode, size and time of change, so that asking again costs nothing;
 * what is written through a shared mapping is seen when the kernel notes that time.
 */
int file_hash(const char *path, char hex[static FILE_HASH_MAX],
	      struct err *err);

/* The SHA-256 of a buffer, in hex. */
void data_hash(const void *data, size_t len, char hex[static FILE_HASH_MAX]);

#endif
