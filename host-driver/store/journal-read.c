/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "frame.h"
#include "journal.h"

#define CHUNK (1u << 20)
#define CHUNK_AT (16u << 10)	/* bytes, when reading single records */
/* Bytes checksummed at most, so that a hostile file cannot make the search endless. */
#define SEARCH_MAX (1ull << 30)

struct journal_reader {
	int fd;
	char *path;
	uint64_t end;		/* the file's size when it was opened */
	uint64_t base;		/* file offset of buf[0] */
	uint64_t good;		/* where the last good frame ends */
	bool torn;
	uint8_t *buf;
	size_t room, have, pos;
	size_t chunk;		/* bytes to read at once, at least */
};

static uint32_t journal_read_get_le32(const uint8_t *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Checks the first `n` bytes of a file; the last but one is the format's version. */
static int journal_read_check_magic(const char *path, const char *magic, size_t n,
				    struct err *err)
{
	static const char want[] = JOURNAL_MAGIC;

	if (n < JOURNAL_MAGIC_LEN && !memcmp(magic, want, n))
		return err_set(err, EXIT_CONFIG, -EBADMSG,
			       "%s: is %s; nothing was recorded, remove the folder and run it again",
			       path, n ? "truncated in its first bytes" : "empty");
	if (n == JOURNAL_MAGIC_LEN && !memcmp(magic, want, n))
		return 0;
	if (n == JOURNAL_MAGIC_LEN && !memcmp(magic, want, n - 2) &&
	    magic[n - 1] == '\n')
		return err_set(err, EXIT_CONFIG, -EPROTONOSUPPORT,
			       "%s: is a journal of format '%c'; this kduel (" KDUEL_VERSION ") reads format %c",
			       path, magic[n - 2], want[n - 2]);
	if (n == JOURNAL_MAGIC_LEN && !memcmp(magic, want, n - 1) && magic[n - 1] == '\r')
		return err_set(err, EXIT_CONFIG, -EBADMSG,
			       "%s: a transfer as text turned its LF bytes into CR LF, which damaged it; copy it again as a binary file",
			       path);
	return err_set(err, EXIT_CONFIG, -EBADMSG,
		       "%s: is not a kduel journal (it does not begin with KDUELJ1)",
		       path);
}

static int journal_read_damaged(const struct journal_reader *r, uint64_t offset,
				const char *what, struct err *err)
{
	return err_set(err, EXIT_CONFIG, -EBADMSG,
		       "%s: damaged at byte %llu: %s; nothing after it can be trusted, restore the file from a copy",
		       r->path, (unsigned long long)offset, what);
}

int journal_reader_open(struct journal_reader **out, const char *path,
			struct err *err)
{
	struct journal_reader *r = calloc(1, sizeof(*r));
	char magic[JOURNAL_MAGIC_LEN];
	struct stat st;
	ssize_t n;
	int ret;

	if (!r)
		return err_sys(err, ENOMEM, "cannot open %s", path);
	r->path = strdup(path);
	/* O_NONBLOCK: opening a pipe without a writer would wait for one. */
	r->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (r->fd < 0 || !r->path || fstat(r->fd, &st)) {
		ret = err_sys(err, errno, "cannot open %s", path);
		goto fail;
	}
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
		ret = err_config(err, "%s: is not a regular file, so it is not a journal", path);
		goto fail;
	}
	n = pread(r->fd, magic, sizeof(magic), 0);
	ret = n < 0 ? err_sys(err, errno, "cannot read %s", path)
		    : journal_read_check_magic(path, magic, n, err);
	if (ret)
		goto fail;
	r->end = st.st_size;
	r->base = r->good = JOURNAL_MAGIC_LEN;
	r->chunk = CHUNK;
	*out = r;
	return 0;
fail:
	journal_reader_close(r);
	return ret;
}

void journal_reader_close(struct journal_reader *r)
{
	if (!r)
		return;
	if (r->fd >= 0)
		close(r->fd);
	free(r->path);
	free(r->buf);
	free(r);
}

/* Makes room for `need` bytes at pos, moving unread bytes to the front. */
static int journal_read_make_room(struct journal_reader *r, size_t need)
{
	uint8_t *buf;

	if (r->pos) {
		memmove(r->buf, r->buf + r->pos, r->have - r->pos);
		r->base += r->pos;
		r->have -= r->pos;
		r->pos = 0;
	}
	if (need <= r->room)
		return 0;
	need = need > r->chunk ? need : r->chunk;
	buf = realloc(r->buf, need);
	if (!buf)
		return ENOMEM;
	r->buf = buf;
	r->room = need;
	return 0;
}

/* Reads until `need` bytes are at pos or the end is reached. */
static int journal_fill(struct journal_reader *r, size_t need, struct err *err)
{
	int error;

	if (r->have - r->pos >= need)
		return 0;
	error = journal_read_make_room(r, need);
	while (!error && r->have < need) {
		uint64_t at = r->base + r->have;
		size_t want = r->room - r->have;
		ssize_t n;

		if (at >= r->end)
			break;
		if (want > r->chunk && r->have + r->chunk >= need)
			want = r->chunk;
		if (want > r->end - at)
			want = r->end - at;
		n = pread(r->fd, r->buf + r->have, want, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			error = errno;
		if (n <= 0)
			break;
		r->have += n;
	}
	return error ? err_sys(err, error, "cannot read %s", r->path) : 0;
}

static bool journal_read_is_frame(const uint8_t *p, uint64_t left, uint64_t *work)
{
	uint32_t len;

	if (left < JOURNAL_FRAME_HEAD + 2)
		return false;
	len = journal_read_get_le32(p);
	if (len < 2 || len > left - JOURNAL_FRAME_HEAD ||
	    len > JOURNAL_PAYLOAD_MAX)
		return false;
	if (p[JOURNAL_FRAME_HEAD] != '{' ||
	    p[JOURNAL_FRAME_HEAD + len - 1] != '}')
		return false;
	*work += len;
	return crc32c(0, p + JOURNAL_FRAME_HEAD, len) == journal_read_get_le32(p + 4);
}

/*
 * The rest of the file does not begin with a complete, valid frame. Is it what a
 * kill or a power cut leaves? Then no complete frame follows further on, the
 * payload is not complete with only its length wrong, and either the file is too
 * short for the frame or its last blocks were never written.
 */
static bool journal_read_is_torn(const uint8_t *p, uint64_t left)
{
	uint64_t reach = left, work = 0;
	uint32_t len;

	if (left < JOURNAL_FRAME_HEAD)
		return true;
	len = journal_read_get_le32(p);
	if (len > JOURNAL_PAYLOAD_MAX)
		return false;
	if (len <= left - JOURNAL_FRAME_HEAD && p[left - 1] != 0)
		return false;
	if (left > JOURNAL_FRAME_HEAD &&
	    crc32c(0, p + JOURNAL_FRAME_HEAD, left - JOURNAL_FRAME_HEAD) ==
		    journal_read_get_le32(p + 4))
		return false;
	if (reach > JOURNAL_PAYLOAD_MAX + JOURNAL_FRAME_HEAD)
		reach = JOURNAL_PAYLOAD_MAX + JOURNAL_FRAME_HEAD;
	for (uint64_t i = 1; i < reach; i++)
		if (journal_read_is_frame(p + i, left - i, &work) || work > SEARCH_MAX)
			return false;
	return true;
}

/* There is no valid frame at pos: is that the torn end, or damage? */
static int journal_read_judge_rest(struct journal_reader *r, const char *what,
				   struct err *err)
{
	uint64_t offset = r->base + r->pos;
	size_t slack = offset % sysconf(_SC_PAGESIZE);
	size_t len = r->end - offset + slack;
	uint8_t *map = mmap(NULL, len, PROT_READ, MAP_PRIVATE, r->fd,
			    offset - slack);
	bool torn;

	if (map == MAP_FAILED)
		return err_sys(err, errno, "cannot read %s", r->path);
	torn = journal_read_is_torn(map + slack, len - slack);
	munmap(map, len);
	if (!torn)
		return journal_read_damaged(r, offset, what, err);
	r->torn = true;
	return 0;
}

int journal_next(struct journal_reader *r, const char **text, size_t *len,
		 uint64_t *offset, struct err *err)
{
	uint64_t at = r->base + r->pos;
	const uint8_t *p;
	uint32_t n;
	int ret;

	if (r->torn || at >= r->end)
		return 0;
	ret = journal_fill(r, JOURNAL_FRAME_HEAD, err);
	if (ret)
		return ret;
	if (r->have - r->pos < JOURNAL_FRAME_HEAD)
		return journal_read_judge_rest(r, "an incomplete frame header", err);
	n = journal_read_get_le32(r->buf + r->pos);
	if (n < 2 || n > JOURNAL_PAYLOAD_MAX)
		return journal_read_judge_rest(r, "an impossible length", err);
	ret = journal_fill(r, JOURNAL_FRAME_HEAD + (size_t)n, err);
	if (ret)
		return ret;
	if (r->have - r->pos < JOURNAL_FRAME_HEAD + (size_t)n)
		return journal_read_judge_rest(r, "a frame longer than the file", err);
	p = r->buf + r->pos;
	if (crc32c(0, p + JOURNAL_FRAME_HEAD, n) != journal_read_get_le32(p + 4))
		return journal_read_judge_rest(r, "the record's checksum is wrong", err);
	r->pos += JOURNAL_FRAME_HEAD + n;
	r->good = at + JOURNAL_FRAME_HEAD + n;
	*text = (const char *)p + JOURNAL_FRAME_HEAD;
	*len = n;
	*offset = at;
	return 1;
}

int journal_read_at(struct journal_reader *r, uint64_t offset,
		    const char **text, size_t *len, struct err *err)
{
	uint64_t at;
	int ret;

	if (offset >= r->base && offset - r->base <= r->have) {
		r->pos = offset - r->base;
	} else {
		r->base = offset;
		r->have = r->pos = 0;
	}
	r->torn = false;
	r->chunk = CHUNK_AT;
	ret = journal_next(r, text, len, &at, err);
	if (ret == 0)
		return err_set(err, EXIT_CONFIG, -EBADMSG,
			       "%s: no record begins at byte %llu", r->path,
			       (unsigned long long)offset);
	return ret < 0 ? ret : 0;
}

uint64_t journal_good(const struct journal_reader *r)
{
	return r->good;
}

uint64_t journal_torn(const struct journal_reader *r)
{
	return r->torn ? r->end - r->good : 0;
}
