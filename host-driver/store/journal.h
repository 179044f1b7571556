/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal: checked frames in an append-only file; docs/record-format.md
 * is its format. It knows frames, not what is in them.
 *
 * Writing: one writer at a time, held by a lock on the file. Every append is
 * one write(2), so killing the driver loses nothing that was appended;
 * journal_sync() makes it survive a power cut. After a failed write or fsync
 * the journal refuses everything: the kernel may have dropped the pages, and
 * a second fsync that succeeds would prove nothing.
 *
 * Reading: journal_next() gives one record after the other, every one of them
 * checked. A torn tail (what a kill or a power cut leaves) is the end; damage
 * anywhere else is an error that names the byte offset.
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

/* Makes a new, empty journal; an existing file is an error. */
int journal_create(struct journal **j, const char *path, struct err *err);

/*
 * Begins a journal that appears, by journal_publish(), when what must be in it
 * is: until then it lies beside `path`, and is gone when it is closed. What a
 * kill leaves of such a one is thrown away by the next to begin it.
 */
int journal_begin(struct journal **j, const char *path, struct err *err);
/* Syncs it and gives it its name; a file of that name is an error. */
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
 * Writes a journal anew: fill() appends to one beside `path`, which is renamed
 * when it is whole and synced. A journal that is there is locked meanwhile: a
 * driver may be writing it.
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

/* The record whose frame begins at `offset`, which must be one's begin. */
int journal_read_at(struct journal_reader *r, uint64_t offset,
		    const char **text, size_t *len, struct err *err);

/* Where the frames read so far end, and a checksum over all of them. */
uint64_t journal_good(const struct journal_reader *r);
uint32_t journal_sum(const struct journal_reader *r);
/* After the end: how long is the torn tail that follows? */
uint64_t journal_torn(const struct journal_reader *r);

void journal_reader_close(struct journal_reader *r);	/* NULL is fine */

#endif
