/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal: checksummed frames in an append-only file, in the format of
 * docs/record-format.md. It knows frames, not their contents.
 *
 * Writing: one writer at a time, held by a lock on the file. Every append is
 * one write(2), so killing the driver loses nothing that was appended;
 * journal_sync() makes it survive a power cut. After a failed write or fsync
 * the journal refuses everything: the kernel may have dropped the pages, and
 * a second fsync that succeeds would prove nothing.
 *
 * Reading: journal_next() returns one record after the other, each of them
 * checked. A torn tail (what a kill or a power cut leaves) counts as the end;
 * damage anywhere else is an error that names the byte offset.
 */
#ifndef KDUEL_JOURNAL_H
#define KDUEL_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

#define JOURNAL_MAGIC "KDUELJ1\n"
#define JOURNAL_MAGIC_LEN 8
#define JOURNAL_FRAME_HEAD 8		/* length and CRC */
#define JOURNAL_PAYLOAD_MAX (16u << 20)

struct journal;
struct journal_reader;

/* Creates a new, empty journal; an existing file is an error. */
int journal_create(struct journal **j, const char *path, struct err *err);

/*
 * Begins a journal that appears at `path` only with journal_publish(), when all it
 * must contain is in it. Until then it is <path>.part, and closing it removes it;
 * what a killed process left of it is removed by the next journal_begin().
 */
int journal_begin(struct journal **j, const char *path, struct err *err);
/* Syncs it and gives it its name; an existing file of that name is an error. */
int journal_publish(struct journal *j, struct err *err);

/*
 * Opens for appending: takes the lock, checks every frame, cuts off a torn
 * tail. `*cut` (may be NULL) gets the number of bytes cut.
 */
int journal_open(struct journal **j, const char *path, uint64_t *cut,
		 struct err *err);

/* Appends one record: `len` bytes of JSON, an object on one line. */
int journal_append(struct journal *j, const char *text, size_t len,
		   struct err *err);

/* fdatasync. */
int journal_sync(struct journal *j, struct err *err);

/* Where the next frame will begin. */
uint64_t journal_size(const struct journal *j);

void journal_close(struct journal *j);	/* NULL is fine */

/*
 * Replaces a journal: fill() appends to <path>.part, which is renamed once it is
 * complete and synced. An existing journal is locked meanwhile, since a driver may
 * be writing to it.
 */
typedef int (*journal_fill_fn)(struct journal *to, void *arg, struct err *err);
int journal_replace(const char *path, journal_fill_fn fill, void *arg,
		    struct err *err);

int journal_reader_open(struct journal_reader **r, const char *path,
			struct err *err);

/*
 * The next record: 1 and `*text` (valid until the next call, without a NUL), 0
 * at the end, or a negative errno. `*offset` is where its frame begins.
 */
int journal_next(struct journal_reader *r, const char **text, size_t *len,
		 uint64_t *offset, struct err *err);

/* The record whose frame begins at `offset`; an error if none begins there. */
int journal_read_at(struct journal_reader *r, uint64_t offset,
		    const char **text, size_t *len, struct err *err);

/* Where the frames read so far end. */
uint64_t journal_good(const struct journal_reader *r);
/* After the end was reached: the length of the torn tail in bytes. */
uint64_t journal_torn(const struct journal_reader *r);

void journal_reader_close(struct journal_reader *r);	/* NULL is fine */

#endif
