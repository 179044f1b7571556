/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unmap.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"
#include "pages.h"
#include "params.h"

/* --- the operations --- */

static int unmap_protect(void *addr, size_t len)
{
	return mprotect(addr, len, PROT_READ);
}

static int unmap_dontneed(void *addr, size_t len)
{
	return madvise(addr, len, MADV_DONTNEED);
}

/* Removes the file's blocks, as truncating it does, and with them all their mappings. */
static int unmap_remove(void *addr, size_t len)
{
	return madvise(addr, len, MADV_REMOVE);
}

int unmap_truncate(int fd, size_t len, size_t call)
{
	while (len) {
		len -= len < call ? len : call;
		if (ftruncate(fd, len))
			return errno;
	}
	return 0;
}

static size_t unmap_still_mapped(const void *addr, size_t len, size_t page)
{
	unsigned char in_core;
	size_t missed = 0;

	for (size_t i = 0; i < len; i += page)
		if (!mincore((char *)addr + i, 4096, &in_core) || errno != ENOMEM)
			missed += page;
	return missed;
}

/* The kernel writes for us: where we may not, it answers EFAULT. */
static size_t unmap_still_writable(const void *addr, size_t len, size_t page)
{
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	size_t missed = 0;

	for (size_t i = 0; i < len; i += page)
		if (read(zero, (char *)addr + i, 1) >= 0 || errno != EFAULT)
			missed += page;
	close(zero);
	return missed;
}

static size_t unmap_still_present(const void *addr, size_t len, size_t page)
{
	struct page_bytes p = { 0 };

	(void)page;
	if (pages_read(0, (uintptr_t)addr, len, &p, NULL))
		return 0;
	return p.b4k + p.b2m + p.b1g;
}

const struct unmap_op unmap_ops[] = {
	{ "munmap", munmap, unmap_still_mapped, false },
	{ "mprotect", unmap_protect, unmap_still_writable, false },
	{ "dontneed", unmap_dontneed, unmap_still_present, false },
	{ "remove", unmap_remove, unmap_still_present, true },
	{ "truncate", NULL, unmap_still_present, true },
	{ 0 },
};

int unmap_check(const struct unmap_op *op, const void *addr, size_t len,
		size_t page, struct err *err)
{
	size_t missed = op->missed(addr, len, page);

	if (!missed)
		return 0;
	return err_set(err, EXIT_MACHINE, -EBADMSG,
		       "unmap: %s was not done to %zu of %zu bytes, so its time is worth "
		       "nothing", op->name, missed, len);
}

/* --- the workload --- */

struct unmap {
	struct buffer *buf;
	struct team *team;	/* NULL while one thread is measured */
	const struct unmap_op *op;	/* the last one, when all are done */
	size_t call;		/* bytes a call */
	atomic_int failed;	/* errno of a call that failed */
	atomic_bool quiet;
	atomic_uint watching;
	bool running;
	bool all;		/* every thread calls, on its own part; nobody watches */
	bool untouched;		/* the base: calls over pages that nobody has */
};

static const struct workload_metric metrics[] = {
	{ "ns_per_page", "ns", KIND_TIME, BETTER_LOWER,
	  .points = "op,call,threads", .axis = "call",
	  .help = "time of the calls over the pages of the source that they were for" },
	{ 0 },
};

#define PARAMS_BASE								\
	{ "op", PARAM_CHOICE, "all", "all|munmap|mprotect|dontneed|remove|truncate", \
	  "what is done to the pages; remove and truncate, which take them out of their "	\
	  "file, are not part of all", 0, 0 },					\
	{ "size", PARAM_SIZE, "4M", NULL, "bytes of the buffer", 4096, 1ULL << 40 }, \
	{ "call", PARAM_RANGE, "", NULL,					\
	  "pages a call, each step 8 times the last (default: 1..512, or to the "	\
	  "buffer's pages)", 1, 1ULL << 28 }

static const struct param params_base[] = { PARAMS_BASE, { 0 } };

static const struct param params[] = {
	PARAMS_BASE,
	{ "threads", PARAM_COUNT, "", NULL,
	  "threads that share the memory, in a second round (default: one per core; 1: no second round)",
	  1, 1024 },
	{ "callers", PARAM_CHOICE, "one", "one|all",
	  "who calls in the second round: one thread, while the others watch, or all at once, each for its own part of the buffer", 0, 0 },
	{ 0 },
};

static uint64_t unmap_pages(const struct params *p, uint64_t page)
{
	return (params_number(p, "size") + page - 1) / page;
}

/* Pages a call: from one to many, each step 8 times the last. */
static size_t unmap_calls(const struct params *p, uint64_t page, uint64_t *calls)
{
	const struct value *asked = params_get(p, "call");
	uint64_t most = unmap_pages(p, page);
	uint64_t lo = 1, hi = most < 512 ? most : 512;
	size_t n = 0;

	if (asked->text) {
		lo = asked->lo;
		hi = asked->hi;
	}
	for (; lo <= hi; lo = lo < hi && lo * 8 > hi ? hi : lo * 8)
		calls[n++] = lo;
	return n;
}

static size_t unmap_rungs(const struct bench_asked *a, const char *key, uint64_t *rungs)
{
	const struct value *threads = params_find(a->params, "threads");
	size_t n = 0;

	if (!strcmp(key, "call"))
		return unmap_calls(a->params, a->page, rungs);
	if (strcmp(key, "threads"))
		return 0;
	rungs[n++] = 1;
	if (!threads)
		return n;	/* the base has no second round */
	rungs[n] = threads->text ? threads->lo : a->cpus;
	return rungs[n] ? n + (rungs[n] > 1) : 0;
}

/* Only the pages of a file can be taken out of it. */
static int unmap_check_file(const struct unmap *u, const char *wanted, struct err *err)
{
	for (const struct unmap_op *op = unmap_ops; op->name; op++)
		if (op->file && !strcmp(op->name, wanted) && u->buf->fd < 0)
			return err_config(err, "parameter op: %s is for buffers in a file: source fsdax",
					  wanted);
	return 0;
}

static int unmap_check_asked(const struct bench_asked *a, char *field, struct err *err)
{
	const struct value *call = params_get(a->params, "call");
	const struct value *callers = params_find(a->params, "callers");
	uint64_t most = unmap_pages(a->params, a->page);

	if (callers && !strcmp(callers->text, "all") &&
	    !strcmp(params_get(a->params, "op")->text, "truncate"))
		return params_wrong(field, "callers", err,
				    "all, but a file is shortened by one thread at a time");
	if (!call->text || call->hi <= most)
		return 0;
	return params_wrong(field, "call", err, "%" PRIu64 " pages a call, but the buffer has %" PRIu64,
			    call->hi, most);
}

static int unmap_set_up(struct bench *b, unsigned flags, struct err *err)
{
	struct unmap *u = calloc(1, sizeof(*u));
	int ret;

	if (!u)
		return err_sys(err, ENOMEM, "unmap");
	bench_set_state(b, u);
	u->untouched = flags & BUFFER_UNTOUCHED;
	ret = bench_buffer(b, bench_number(b, "size"), flags, &u->buf, err);
	return ret ? ret : unmap_check_file(u, bench_text(b, "op"), err);
}

static int unmap_setup(struct bench *b, struct err *err)
{
	unsigned threads = bench_given(b, "threads") ? bench_number(b, "threads") : 0;
	int ret = unmap_set_up(b, 0, err);
	struct unmap *u = bench_state(b);

	if (ret || threads == 1)
		return ret;
	u->all = !strcmp(bench_text(b, "callers"), "all");
	return bench_team(b, threads, &u->team, err);
}

static int unmap_setup_base(struct bench *b, struct err *err)
{
	return unmap_set_up(b, BUFFER_UNTOUCHED, err);
}

/* Spins in user mode: its CPU has our page table, and must be told. */
static void unmap_watch(void *arg, unsigned member)
{
	struct unmap *u = arg;

	(void)member;
	atomic_fetch_add(&u->watching, 1);
	while (!atomic_load_explicit(&u->quiet, memory_order_relaxed))
		;
}

static void unmap_stop_watching(struct unmap *u)
{
	if (!u->running)
		return;
	atomic_store(&u->quiet, true);
	team_join(u->team);
	u->running = false;
}

static void unmap_touch(void *arg, unsigned member)
{
	struct unmap *u = arg;
	volatile char *p = u->buf->addr;

	for (size_t i = 0; i < u->buf->mapped; i += 4096) {
		if (!member)
			p[i] = 1;
		else
			(void)p[i];
	}
}

/* A thread's part of the buffer: whole calls, the last one has the rest. */
static void unmap_part(const struct unmap *u, unsigned member, unsigned of, char **from,
		       char **to)
{
	size_t calls = u->buf->mapped / u->call, each = calls / of;

	*from = (char *)u->buf->addr + member * each * u->call;
	*to = member + 1 == of ? (char *)u->buf->addr + u->buf->mapped : *from + each * u->call;
}

static void unmap_touch_part(void *arg, unsigned member)
{
	const struct unmap *u = arg;
	char *from, *to;

	unmap_part(u, member, team_size(u->team), &from, &to);
	for (volatile char *p = from; p < to; p += 4096)
		*p = 1;
}

/* Every page mapped afresh and seen by every thread; then the others watch. */
static int unmap_renew(void *arg, uint64_t n, struct err *err)
{
	struct unmap *u = arg;
	int ret;

	(void)n;
	unmap_stop_watching(u);
	ret = u->op->file ? posix_fallocate(u->buf->fd, 0, u->buf->mapped) : 0;
	ret = ret ? err_sys(err, ret, "cannot allocate the file again") : source_renew(u->buf, err);
	if (ret || u->untouched)
		return ret;
	if (!u->team || team_size(u->team) < 2) {
		unmap_touch(u, 0);
		return 0;
	}
	team_run(u->team, u->all ? unmap_touch_part : unmap_touch, u);
	if (u->all)
		return 0;
	atomic_store(&u->quiet, false);
	atomic_store(&u->watching, 0);
	team_start(u->team, unmap_watch, u);
	u->running = true;
	while (atomic_load(&u->watching) < team_size(u->team) - 1)
		;
	return 0;
}

static void unmap_call_for(struct unmap *u, char *p, char *end)
{
	if (!u->op->call) {
		atomic_store(&u->failed, unmap_truncate(u->buf->fd, end - p, u->call));
		return;
	}
	for (; p < end; p += u->call) {
		size_t len = (size_t)(end - p) < u->call ? (size_t)(end - p) : u->call;

		if (u->op->call(p, len))
			atomic_store(&u->failed, errno);
	}
}

static void unmap_call_part(void *arg, unsigned member)
{
	struct unmap *u = arg;
	char *from, *to;

	unmap_part(u, member, team_size(u->team), &from, &to);
	unmap_call_for(u, from, to);
}

static void unmap_call_all(void *arg, uint64_t n)
{
	struct unmap *u = arg;

	(void)n;
	if (u->team && u->all)
		team_run(u->team, unmap_call_part, u);
	else
		unmap_call_for(u, u->buf->addr, (char *)u->buf->addr + u->buf->mapped);
}

static json_t *unmap_point_of(const struct unmap *u, unsigned threads)
{
	return json_pack("{s:s, s:I, s:i}", "op", u->op->name,
			 "call", (json_int_t)(u->call / u->buf->page),
			 "threads", (int)threads);
}

static int unmap_measure(struct bench *b, struct unmap *u, struct err *err)
{
	unsigned threads = u->team ? team_size(u->team) : 1;
	const struct measure m = {
		.metric = metrics, .point = unmap_point_of(u, threads),
		.body = unmap_call_all, .prepare = unmap_renew, .arg = u, .iterations = 1,
		.per_iteration = u->buf->mapped / u->buf->page, .warmup = 6,
	};
	int ret;

	bench_progress(b, "unmap: %s, %zu pages a call, %u threads", u->op->name,
		       u->call / u->buf->page, threads);
	ret = bench_measure(b, &m, NULL, err);
	unmap_stop_watching(u);
	if (!ret && u->failed)
		ret = err_sys(err, u->failed, "%s failed", u->op->name);
	if (!ret)
		ret = unmap_check(u->op, u->buf->addr, u->buf->mapped, u->buf->page, err);
	return ret;
}

static int unmap_ladder(struct bench *b, struct unmap *u, struct err *err)
{
	uint64_t calls[RUNGS_MOST];
	size_t n = unmap_calls(bench_values(b), u->buf->page, calls);
	int ret = 0;

	for (size_t i = 0; !ret && i < n; i++) {
		u->call = calls[i] * u->buf->page;
		ret = unmap_measure(b, u, err);
	}
	return ret;
}

static int unmap_run_ops(struct bench *b, struct unmap *u, struct err *err)
{
	const char *wanted = bench_text(b, "op");
	int ret = 0;

	for (const struct unmap_op *op = unmap_ops; op->name && !ret; op++) {
		if (strcmp(wanted, op->name) && (strcmp(wanted, "all") || op->file))
			continue;
		u->op = op;
		ret = unmap_ladder(b, u, err);
	}
	return ret;
}

static int unmap_run(struct bench *b, struct err *err)
{
	struct unmap *u = bench_state(b);
	struct team *team = u->team;
	int ret;

	u->team = NULL;
	ret = unmap_run_ops(b, u, err);
	u->team = team;
	if (!ret && team && team_size(team) > 1)
		ret = unmap_run_ops(b, u, err);
	else if (!ret)
		bench_label(b, "one thread: no other CPU had to be told");
	/* The proof after the run is of the buffer as it was, not of a hole. */
	return ret ? ret : unmap_renew(u, 0, err);
}

static int unmap_run_base(struct bench *b, struct err *err)
{
	struct unmap *u = bench_state(b);
	int ret = unmap_run_ops(b, u, err);

	return ret ? ret : unmap_renew(u, 0, err);
}

static int unmap_verify_after(struct bench *b, struct err *err)
{
	(void)err;
	bench_validated(b, "after each series, every page was found unmapped, read-only or "
			"dropped, as asked");
	return 0;
}

static void unmap_teardown(struct bench *b)
{
	struct unmap *u = bench_state(b);

	if (!u)
		return;
	unmap_stop_watching(u);
	team_free(u->team);
	free(u);
}

extern const struct workload unmap_workload, unmap_base_workload;

const struct workload unmap_workload = {
	.abi = WORKLOAD_ABI,
	.name = "unmap",
	.help = "what munmap, mprotect and madvise(DONTNEED) cost per page",
	.unit = "ns per page of the source",
	.metrics = metrics,
	.method = "Maps and touches a buffer, then times a pass of calls over all of it, each "
		  "for so many pages; one pass is one batch, mapped afresh before. In the second "
		  "round the other threads have read every page and spin on their CPUs, so "
		  "each call has to flush their TLBs, too (TLB shootdown); the difference of the "
		  "rounds is its cost. With callers=all nobody watches: all threads call at "
		  "once, each for the part that it touched, and the time is the wall's over the pages of "
		  "all. mprotect takes away the right to write. remove (madvise) takes the blocks "
		  "out of the file that the buffer is, and truncate shortens the file from its end; it "
		  "gets new ones before the next pass. Pages are those of the source: 2M each for thp.",
	.params = params,
	.check = unmap_check_asked,
	.rungs = unmap_rungs,
	.setup = unmap_setup,
	.run = unmap_run,
	.verify_after = unmap_verify_after,
	.teardown = unmap_teardown,
};

const struct workload unmap_base_workload = {
	.abi = WORKLOAD_ABI,
	.name = "unmap-base",
	.help = "the calls of unmap over pages that were never touched",
	.unit = "ns per page of the source",
	.metrics = metrics,
	.method = "The passes of unmap, by one thread, over a buffer that is mapped and not "
		  "touched: entering the kernel and changing its list of mappings, with no page "
		  "to take away and no CPU to tell. What unmap takes above it is the pages'.",
	.params = params_base,
	.check = unmap_check_asked,
	.rungs = unmap_rungs,
	.setup = unmap_setup_base,
	.run = unmap_run_base,
	.verify_after = unmap_verify_after,
	.teardown = unmap_teardown,
};
