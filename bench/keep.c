/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness.h"

#define PAGE 4096UL
#define WORDS (PAGE / sizeof(uint64_t))
#define SCRATCH_PIECE (16 * PAGE)
#define SCRATCH_INDEX (1ULL << 40)	/* no word of the buffer has one as high */

/* A device whose bytes may be lost meanwhile, but never become another's. */
struct keep_scratch {
	int fd;			/* -1: none */
	uint64_t size;
	uint64_t *piece;	/* what is read and written at once */
	unsigned pass;		/* that was written last; 0: none yet */
};

struct keep {
	struct buffer *buf;
	size_t pages, step;	/* words from one that is used to the next */
	uint64_t tag;
	unsigned pass;		/* that was written last */
	struct keep_scratch scratch;
};

static const struct workload_metric metrics[] = {
	{ "ns_per_page_kept", "ns", KIND_TIME, BETTER_LOWER,
	  .help = "checking what was written to a 4 KiB page, and writing it again" },
	{ 0 },
};

static const struct param params[] = {
	{ "size", PARAM_SIZE, "64M", NULL, "bytes that are kept", PAGE, 1ULL << 46 },
	{ "words", PARAM_COUNT, "8", NULL, "words of a page that are written and looked at, evenly spread",
	  1, WORDS },
	{ "scratch", PARAM_PATH, "", NULL, "a block device of zeros, of which `size` bytes are written and "
	  "read between passes, and may lose bytes but gain none", 0, 0 },
	{ 0 },
};

/* No two words of any pass are alike, and none is zero. */
static uint64_t keep_value(const struct keep *k, unsigned pass, uint64_t index)
{
	return (k->tag + index + ((uint64_t)pass << 44)) * 0x9e3779b97f4a7c15ULL | 1;
}

static void keep_write(struct keep *k, unsigned pass)
{
	volatile uint64_t *at = k->buf->addr;

	for (uint64_t i = 0; i < k->pages * WORDS; i += k->step)
		at[i] = keep_value(k, pass, i);
	k->pass = pass;
}

/* What is in the word that should not be: where it could have come from. */
static const char *keep_origin(const struct keep *k, uint64_t found, uint64_t index)
{
	if (!found)
		return "lost: it is zero";
	for (unsigned p = 0; p < k->pass; p++)
		if (found == keep_value(k, p, index))
			return "lost: an earlier pass wrote it there";
	for (uint64_t i = 0; i < k->pages * WORDS; i += k->step)
		if (found == keep_value(k, k->pass, i))
			return "foreign: it belongs to another place of this memory";
	return "foreign: nobody wrote it here";
}

static int keep_wrong(struct bench *b, const struct keep *k, uint64_t index, uint64_t found,
		      struct err *err)
{
	return bench_corrupt(b, err, "pass %u, page %" PRIu64 ", byte %" PRIu64 ": %016" PRIx64
			     " was written, %016" PRIx64 " is there; %s", k->pass, index / WORDS,
			     index % WORDS * 8, keep_value(k, k->pass, index), found,
			     keep_origin(k, found, index));
}

/* Each word is looked at, then written as the next pass has it. */
static int keep_pass(struct bench *b, struct keep *k, struct err *err)
{
	volatile uint64_t *at = k->buf->addr;
	unsigned next = k->pass + 1;

	for (uint64_t i = 0; i < k->pages * WORDS; i += k->step) {
		uint64_t found = at[i];

		if (found != keep_value(k, k->pass, i))
			return keep_wrong(b, k, i, found, err);
		at[i] = keep_value(k, next, i);
	}
	k->pass = next;
	return 0;
}

static int keep_scratch_wrong(struct bench *b, const struct keep *k, uint64_t byte, uint64_t found,
			      struct err *err)
{
	if (!k->scratch.pass)
		return err_config(err, "scratch: byte %" PRIu64 " of %s is not zero: it holds "
				  "something, and all of it would be overwritten", byte,
				  bench_text(b, "scratch"));
	return bench_corrupt(b, err, "pass %u, byte %" PRIu64 " of %s: %016" PRIx64 " is neither zero "
			     "nor what was written last; foreign: it belongs to another place or time",
			     k->scratch.pass, byte, bench_text(b, "scratch"), found);
}

/* Each word is zero, or as it was written last; then it is written anew. */
static int keep_scratch_piece(struct bench *b, const struct keep *k, uint64_t at, struct err *err)
{
	const struct keep_scratch *s = &k->scratch;
	const uint64_t first = at / sizeof(uint64_t) + SCRATCH_INDEX;

	if (pread(s->fd, s->piece, SCRATCH_PIECE, (off_t)at) != (ssize_t)SCRATCH_PIECE)
		return err_sys(err, errno ? errno : EIO, "cannot read %s", bench_text(b, "scratch"));
	for (uint64_t i = 0; i < SCRATCH_PIECE / sizeof(uint64_t); i++) {
		if (s->piece[i] && (!s->pass || s->piece[i] != keep_value(k, s->pass, first + i)))
			return keep_scratch_wrong(b, k, at + i * sizeof(uint64_t), s->piece[i], err);
		s->piece[i] = keep_value(k, s->pass + 1, first + i);
	}
	if (pwrite(s->fd, s->piece, SCRATCH_PIECE, (off_t)at) != (ssize_t)SCRATCH_PIECE)
		return err_sys(err, errno ? errno : EIO, "cannot write %s", bench_text(b, "scratch"));
	return 0;
}

static int keep_scratch_pass(struct bench *b, struct keep *k, struct err *err)
{
	int ret = 0;

	if (k->scratch.fd < 0)
		return 0;
	for (uint64_t at = 0; !ret && at < k->scratch.size; at += SCRATCH_PIECE)
		ret = keep_scratch_piece(b, k, at, err);
	k->scratch.pass++;
	return ret;
}

/* O_EXCL: a device that is mounted, or used by another, is refused. O_DIRECT: no page cache. */
static int keep_scratch_open(struct bench *b, struct keep *k, struct err *err)
{
	struct keep_scratch *s = &k->scratch;
	const char *path = bench_text(b, "scratch");
	off_t size;

	if (!path || !*path)
		return 0;
	s->fd = open(path, O_RDWR | O_EXCL | O_DIRECT | O_CLOEXEC);
	if (s->fd < 0)
		return err_sys(err, errno, "scratch: cannot open %s", path);
	size = lseek(s->fd, 0, SEEK_END);
	if (size < (off_t)SCRATCH_PIECE)
		return err_config(err, "scratch: %s is no block device of %lu bytes and more", path,
				  SCRATCH_PIECE);
	s->size = (uint64_t)size < k->pages * PAGE ? (uint64_t)size : k->pages * PAGE;
	s->size = s->size / SCRATCH_PIECE * SCRATCH_PIECE;
	if (posix_memalign((void **)&s->piece, PAGE, SCRATCH_PIECE))
		return err_sys(err, ENOMEM, "scratch");
	return keep_scratch_pass(b, k, err);
}

static int keep_setup(struct bench *b, struct err *err)
{
	struct keep *k = calloc(1, sizeof(*k));
	int ret;

	if (!k)
		return err_sys(err, ENOMEM, "keep");
	k->scratch.fd = -1;
	bench_set_state(b, k);
	k->pages = bench_number(b, "size") / PAGE;
	k->step = WORDS / bench_number(b, "words");
	k->tag = bench_seed(b) * 0x9e3779b97f4a7c15ULL;
	ret = bench_buffer(b, k->pages * PAGE, 0, &k->buf, err);
	if (!ret)
		keep_write(k, 0);
	return ret ? ret : keep_scratch_open(b, k, err);
}

static int keep_run(struct bench *b, struct err *err)
{
	struct keep *k = bench_state(b);
	struct series *s = bench_series(b, metrics, NULL);
	int ret = 0;

	for (unsigned i = 0; !ret && i < bench_samples(b); i++) {
		bench_begin(b, s);
		ret = keep_pass(b, k, err);
		series_push(s, bench_end(b, s, k->pages) / k->pages);
		if (!ret)
			ret = keep_scratch_pass(b, k, err);
	}
	return ret;
}

static int keep_verify_after(struct bench *b, struct err *err)
{
	struct keep *k = bench_state(b);
	const volatile uint64_t *at = k->buf->addr;

	for (uint64_t i = 0; i < k->pages * WORDS; i += k->step)
		if (at[i] != keep_value(k, k->pass, i))
			return keep_wrong(b, k, i, at[i], err);
	bench_validated(b, "%zu words of %zu pages were found as they were written, in %u passes and after",
			k->pages * WORDS / k->step, k->pages, k->pass);
	return 0;
}

static void keep_teardown(struct bench *b)
{
	struct keep *k = bench_state(b);

	if (k && k->scratch.fd >= 0)
		close(k->scratch.fd);
	if (k)
		free(k->scratch.piece);
	free(k);
}

extern const struct workload keep_workload;

const struct workload keep_workload = {
	.abi = WORKLOAD_ABI,
	.name = "keep",
	.help = "does memory keep what is written to it, whatever is done to its mappings?",
	.unit = "ns per 4 KiB page",
	.metrics = metrics,
	.method = "Writes words to every 4 KiB page of a buffer, each with a value of its own. "
		"A pass looks at "
		  "each word, which must be as the pass before wrote it, and writes a new one; a "
		  "sample is a pass. The first word that is not is the end: it was lost (zero, or "
		  "of an earlier pass) or is foreign (of another page, or nobody's), and the cell "
		  "fails with the class corrupt. `disturb: split` in a campaign takes huge mappings "
		  "away meanwhile. A device named by `scratch` may lose bytes, which are then zero, "
		  "but another's must never be there. There is no warm-up.",
	.params = params,
	.samples = 64,
	.setup = keep_setup,
	.run = keep_run,
	.verify_after = keep_verify_after,
	.teardown = keep_teardown,
};
