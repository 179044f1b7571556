/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "split.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backing/backing.h"
#include "inject.h"
#include "loop.h"
#include "message.h"
#include "proc.h"
#include "rng.h"

#define M2 (2ULL << 20)
#define PAGE 4096ULL
#define TAIL (4 * M2)		/* of the file, beyond the guest's end */
#define PIECES 4		/* of the RAM, a round */
#define WAIT_S 10		/* for a round to end */
#define LINES_MOST 40
#define LINE_MOST 300

enum { DONTNEED, PROTECT, REMAP, WRITE_BACK, HOLE, TRUNCATE, OTHER_MAP, REFLINK, NO_REFLINK, GUEST_HOLE,
       GUEST_TRUNCATE, OPERATIONS };

static const char *const names[OPERATIONS] = {
	[DONTNEED] = "dontneed", [PROTECT] = "mprotect", [REMAP] = "remap", [WRITE_BACK] = "write-back",
	[HOLE] = "hole", [TRUNCATE] = "truncate-extend", [OTHER_MAP] = "other-mapping",
	[REFLINK] = "reflink", [NO_REFLINK] = "reflink-refused",
	[GUEST_HOLE] = "hole-mapped", [GUEST_TRUNCATE] = "truncate-extend-mapped",
};

/* What both processes see. */
struct shared {
	atomic_bool stop;
	atomic_uint_fast64_t rounds, done[OPERATIONS];
	char failure[300];	/* why the rounds ended by themselves; "" */
};

struct split {
	struct shared *shared;
	struct proc proc;
	int log;		/* the kernel's, from the start on; -1 */
	int fd;			/* the file, of the backing */
	int qemu_fd;		/* the same as QEMU has it open */
	char path[96];
	pid_t qemu;
	uint64_t start, size;	/* of the RAM in QEMU */
	struct split_scratch scratch;
	struct rng rng;
	struct inject in;
};

/* --- the rounds, in the other process ------------------------------------------------ */

static bool split_failed(struct split *s, const char *what, long code)
{
	snprintf(s->shared->failure, sizeof(s->shared->failure), "%s: %s", what,
		 strerror((int)(code < 0 ? -code : code)));
	return false;
}

static bool split_in_qemu(struct split *s, int op, long nr, uint64_t at, uint64_t len, uint64_t how)
{
	long got = inject_call(&s->in, nr, at, len, how);

	if (got)
		return split_failed(s, names[op], got);
	s->shared->done[op]++;
	return true;
}

/* Takes a huge page away, and splits one by making a page in it executable and undoing that. */
static bool split_piece(struct split *s)
{
	uint64_t huge = s->start + rng_below(&s->rng, s->size / M2) * M2;
	uint64_t page = s->start + rng_below(&s->rng, s->size / PAGE) * PAGE;

	return split_in_qemu(s, DONTNEED, SYS_madvise, huge, M2, MADV_DONTNEED) &&
	       split_in_qemu(s, PROTECT, SYS_mprotect, page, PAGE,
			     PROT_READ | PROT_WRITE | PROT_EXEC) &&
	       split_in_qemu(s, PROTECT, SYS_mprotect, page, PAGE, PROT_READ | PROT_WRITE);
}

/*
 * A piece of the mapping is replaced by a new one of the same place of the file: the old is
 * unmapped, and with it the page tables by which a piece that was split stays 4K, for
 * MADV_DONTNEED leaves them. There is no time at which nothing is mapped.
 */
static bool split_remap(struct split *s)
{
	uint64_t off = rng_below(&s->rng, s->size / M2) * M2, at = s->start + off;
	const uint64_t args[6] = { at, M2, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
				   (uint64_t)s->qemu_fd, off };
	long got = inject_call6(&s->in, SYS_mmap, args);

	if (got != (long)at)
		return split_failed(s, names[REMAP], got < 0 ? got : -EFAULT);
	s->shared->done[REMAP]++;
	return true;
}

static bool split_ram(struct split *s)
{
	struct err err = ERR_INIT;
	bool good = true;

	if (inject_open(&s->in, s->qemu, &err)) {
		snprintf(s->shared->failure, sizeof(s->shared->failure), "%.290s", err.text);
		return false;
	}
	for (int i = 0; good && i < PIECES; i++)
		good = split_piece(s) && split_remap(s) && split_remap(s);
	/* The advice is QEMU's own: with it the pieces are one mapping again. */
	if (good) {
		inject_call(&s->in, SYS_madvise, s->start, s->size, MADV_HUGEPAGE);
		inject_call(&s->in, SYS_madvise, s->start, s->size, MADV_DONTFORK);
	}
	/* All of it at once, now and then. */
	if (good && s->shared->rounds % 16 == 15)
		good = split_in_qemu(s, DONTNEED, SYS_madvise, s->start, s->size, MADV_DONTNEED);
	inject_close(&s->in);
	return good;
}

/* Beyond the guest's end: punches a hole, then truncates the file and extends it again. */
static bool split_tail(struct split *s)
{
	if (fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)s->size, TAIL / 2))
		return split_failed(s, names[HOLE], errno);
	s->shared->done[HOLE]++;
	if (ftruncate(s->fd, (off_t)s->size) || ftruncate(s->fd, (off_t)(s->size + TAIL)) ||
	    fallocate(s->fd, 0, (off_t)s->size, TAIL))
		return split_failed(s, names[TRUNCATE], errno);
	s->shared->done[TRUNCATE]++;
	return true;
}

/* Reads through a mapping of its own, of which parts are protected, moved and unmapped. */
static bool split_other(struct split *s)
{
	uint64_t len = 4 * M2, at = rng_below(&s->rng, (s->size - len) / M2 + 1) * M2;
	char *map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, (off_t)at), *moved;

	if (map == MAP_FAILED)
		return split_failed(s, names[OTHER_MAP], errno);
	for (uint64_t i = 0; i < len; i += M2)
		(void)*(volatile char *)(map + i);
	moved = map;
	if (!mprotect(map + PAGE, PAGE, PROT_READ) && !munmap(map + M2 + PAGE, PAGE))
		moved = mremap(map + 2 * M2, M2, M2, MREMAP_MAYMOVE);
	if (moved == MAP_FAILED || moved == map)
		return split_failed(s, names[OTHER_MAP], errno);
	(void)*(volatile char *)moved;
	munmap(moved, M2);
	munmap(map, len);
	s->shared->done[OTHER_MAP]++;
	return true;
}

/* A copy that shares the file's blocks; a guest that writes gets others, until it is removed. */
static bool split_reflink(struct split *s, bool remove)
{
	char path[112];
	int copy;

	snprintf(path, sizeof(path), "%s.copy", s->path);
	if (remove)
		return !unlink(path) || errno == ENOENT || split_failed(s, names[REFLINK], errno);
	copy = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (copy < 0)
		return split_failed(s, names[REFLINK], errno);
	s->shared->done[ioctl(copy, FICLONE, s->fd) ? NO_REFLINK : REFLINK]++;
	close(copy);
	return true;
}

/* What the guest has mapped and may lose. */
static bool split_scratch(struct split *s)
{
	uint64_t at = rng_below(&s->rng, s->scratch.size / M2) * M2;
	int ret;

	if (s->scratch.fd < 0)
		return true;
	ret = split_scratch_hole(&s->scratch, at);
	if (ret == -EBADSLT) {
		snprintf(s->shared->failure, sizeof(s->shared->failure), "blocks that were taken from "
			 "the guest's NVDIMM and given to another file were written to by a stranger");
		return false;
	}
	if (ret)
		return split_failed(s, names[GUEST_HOLE], ret);
	s->shared->done[GUEST_HOLE]++;
	if (s->shared->rounds % 8 != 5)
		return true;
	ret = split_scratch_truncate(&s->scratch, at + PAGE);
	if (ret)
		return split_failed(s, names[GUEST_TRUNCATE], ret);
	s->shared->done[GUEST_TRUNCATE]++;
	return true;
}

static bool split_round(struct split *s)
{
	if (!split_ram(s) || !split_scratch(s))
		return false;
	switch (s->shared->rounds % 4) {
	case 0:
		if (fsync(s->fd))
			return split_failed(s, names[WRITE_BACK], errno);
		s->shared->done[WRITE_BACK]++;
		return true;
	case 1:
		return split_tail(s);
	case 2:
		return split_other(s);
	default:
		return s->shared->rounds % 16 != 3 || split_reflink(s, s->shared->rounds % 32 != 3);
	}
}

static int split_rounds(void *arg)
{
	struct split *s = arg;
	const bool alone = sysconf(_SC_NPROCESSORS_ONLN) == 1;

	/* On a single processor the guest gets as long again: it would otherwise get nowhere. */
	while (!s->shared->stop) {
		double start = loop_now();

		if (!split_round(s))
			break;
		s->shared->rounds++;
		if (alone)
			usleep((useconds_t)((loop_now() - start) * 1e6));
	}
	split_reflink(s, true);
	return 0;
}

/* --- the kernel's log ------------------------------------------------------------------ */

static int split_open_log(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

/* Does this line of /dev/kmsg report a fault of the kernel's? "4,812,1234567,-;WARNING: ..." */
static bool split_complains(const char *line)
{
	static const char *const words[] = {
		"WARNING:", "BUG:", "BUG ", "Call Trace", "general protection", "Oops",
		"KASAN", "possible recursive locking", "circular locking", "Bad page",
		"bad page", "Bad rss", "soft lockup", "hung task", "rcu_", "corrupt",
		"Corrupt",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(line, words[i]))
			return true;
	return false;
}

static json_t *split_log(int fd)
{
	json_t *list = json_array();
	char record[8192], safe[LINE_MOST];
	ssize_t n;

	while (fd >= 0 && ((n = read(fd, record, sizeof(record) - 1)) > 0 || errno == EPIPE)) {
		char *text;

		if (n <= 0)
			continue;
		record[n] = '\0';
		text = strchr(record, ';');
		if (!text || !split_complains(text + 1) || json_array_size(list) >= LINES_MOST)
			continue;
		text[1 + strcspn(text + 1, "\n")] = '\0';
		json_array_append_new(list, json_string(message_safe(text + 1, safe, sizeof(safe))));
	}
	return list;
}

/* --- the agent's side -------------------------------------------------------------------- */

/* The number under which QEMU has the file open. */
static int split_find_fd(pid_t qemu, const char *path, int *fd, struct err *err)
{
	char folder[32], name[300], link[112];
	struct dirent *e;
	DIR *d;

	snprintf(folder, sizeof(folder), "/proc/%d/fd", (int)qemu);
	d = opendir(folder);
	*fd = -1;
	while (d && *fd < 0 && (e = readdir(d))) {
		ssize_t n;

		snprintf(name, sizeof(name), "%s/%s", folder, e->d_name);
		n = readlink(name, link, sizeof(link) - 1);
		link[n < 0 ? 0 : n] = '\0';
		if (!strcmp(link, path))
			*fd = atoi(e->d_name);
	}
	if (d)
		closedir(d);
	return *fd >= 0 ? 0 : err_machine(err, "QEMU has %s not open", path);
}

static int split_check(const struct backing *b, struct err *err)
{
	if (b->kind->pmem && b->kind->variant && b->fd >= 0)
		return 0;
	return err_machine(err, "backing %s is not a file on DAX, whose mappings can be "
			   "removed while its data stays; fsdax-xfs and fsdax-ext4 are", b->kind->name);
}

int split_start(struct split **out, const struct backing *b, pid_t qemu, bool scratch,
		struct err *err)
{
	struct split *s;
	int ret = split_check(b, err);

	if (ret)
		return ret;
	s = calloc(1, sizeof(*s));
	if (!s)
		return err_sys(err, ENOMEM, "cannot split");
	*s = (struct split){ .proc = PROC_INIT, .log = split_open_log(), .fd = b->fd,
			     .qemu = qemu, .size = b->size,
			     .scratch = { .fd = scratch && b->nvdimm.size ? b->nvdimm.fd : -1,
					  .size = b->nvdimm.size, .qemu = qemu } };
	snprintf(s->path, sizeof(s->path), "%s", b->path);
	snprintf(s->scratch.other, sizeof(s->scratch.other), "%s.other", b->path);
	rng_init(&s->rng, b->size);
	s->shared = mmap(NULL, sizeof(*s->shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s->shared == MAP_FAILED) {
		s->shared = NULL;
		ret = err_sys(err, ENOMEM, "cannot split");
	}
	if (!ret)
		ret = backing_ram_find(qemu, b->path, b->size, &s->start, err);
	if (!ret)
		ret = split_find_fd(qemu, b->path, &s->qemu_fd, err);
	if (!ret && fallocate(s->fd, 0, (off_t)s->size, TAIL))
		ret = err_sys(err, errno, "cannot make %s longer by %llu MiB", b->path, TAIL >> 20);
	if (!ret)
		ret = proc_fork(&s->proc, split_rounds, s, err);
	if (ret)
		split_free(s);
	else
		*out = s;
	return ret;
}

void split_free(struct split *s)
{
	int status;

	if (!s)
		return;
	if (s->shared)
		s->shared->stop = true;
	if (s->proc.pid)
		proc_wait(&s->proc, WAIT_S, &status);
	proc_release(&s->proc);
	if (s->log >= 0)
		close(s->log);
	if (s->shared)
		munmap(s->shared, sizeof(*s->shared));
	free(s);
}

uint64_t split_count(const struct split *s)
{
	return s->shared->rounds;
}

json_t *split_stop(struct split *s, struct err *err)
{
	json_t *j, *operations = json_object();
	const char *said;
	int status = 0, ret;

	s->shared->stop = true;
	ret = proc_wait(&s->proc, WAIT_S, &status);
	for (int i = 0; i < OPERATIONS; i++)
		json_object_set_new(operations, names[i],
				    json_integer((json_int_t)s->shared->done[i]));
	j = json_pack("{s:I, s:o, s:o}", "rounds", (json_int_t)s->shared->rounds,
		      "operations", operations, "kernel_log", split_log(s->log));
	if (ret || status || s->shared->failure[0]) {
		said = json_string_value(json_array_get(json_object_get(j, "kernel_log"), 0));
		err_set(err, EXIT_MACHINE, -EIO, "splitting ended after %" PRIu64 " rounds: %s%s%s",
			(uint64_t)s->shared->rounds, s->shared->failure[0] ? s->shared->failure :
			ret ? "a round does not end" : "its process died",
			said ? "; the kernel reported: " : "", said ? said : "");
		json_decref(j);
		j = NULL;
	}
	split_free(s);
	return j;
}
