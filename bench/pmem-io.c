/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pmem-io.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "params.h"

static const struct param params[] = {
	{ "path", PARAM_PATH, "", NULL,
	  "a folder on a DAX file system, a file in one or a DAX device; what it holds is overwritten",
	  0, 0 },
	{ "op", PARAM_CHOICE, "all", "all|load|store|copy|read|write|ring",
	  "what is measured", 0, 0 },
	{ "size", PARAM_SIZE, "", NULL,
	  "bytes of the file that are used (default: 4 times the last-level cache, at least 64M)",
	  64 << 10, 1ULL << 46 },
	{ "block", PARAM_SIZE, "4K", NULL, "bytes of a read or write, a power of two", 512, 16 << 20 },
	{ "depth", PARAM_RANGE, "1..32", NULL,
	  "reads or writes in flight, each step 4 times the last; at most half the "
	  "blocks", 1, 4096 },
	{ "flush", PARAM_CHOICE, "auto", "auto|clwb|clflushopt|clflush",
	  "how stores are written back", 0, 0 },
	{ "ordinary", PARAM_FLAG, "false", NULL,
	  "take a file that is not on DAX, and label the result so", 0, 0 },
	{ 0 },
};

/* A file that stays in the cache says nothing about what is behind it. */
static int pmem_io_choose_size(struct bench *b, struct err *err)
{
	uint64_t llc = bench_llc(b);
	const char *op = bench_text(b, "op");

	if (!bench_given(b, "size"))
		return bench_set_number(b, "size", 4 * llc > 64 << 20 ? 4 * llc : 64 << 20, err);
	if (!strcmp(op, "read") || !strcmp(op, "write") || !strcmp(op, "ring"))
		return 0;	/* these go past it */
	return bench_at_least(b, "a file", bench_number(b, "size"), 2 * llc,
			      "half of it may stay in the last-level cache", err);
}

/* Reads and writes in flight, each step 4 times the last. */
static size_t pmem_io_depths(const struct params *p, uint64_t *depths)
{
	const struct value *v = params_get(p, "depth");
	size_t n = 0;

	for (uint64_t d = v->lo; d <= v->hi; d = d < v->hi && d * 4 > v->hi ? v->hi : d * 4)
		depths[n++] = d;
	return n;
}

static size_t pmem_io_rungs(const struct bench_asked *a, const char *key, uint64_t *rungs)
{
	return strcmp(key, "depth") ? 0 : pmem_io_depths(a->params, rungs);
}

static int pmem_io_check(const struct bench_asked *a, char *field, struct err *err)
{
	const struct params *p = a->params;
	uint64_t size = params_number(p, "size"), block = params_number(p, "block");
	uint64_t most = params_get(p, "depth")->hi;

	if (!params_get(p, "path")->text)
		return params_wrong(field, "path", err, "say which DAX file, folder or device with --path, in a config with params: { path: ... }");
	if (block & (block - 1))
		return params_wrong(field, "block", err, "%" PRIu64 " is not a power of two", block);
	if (!size)
		return 0;	/* chosen when the caches are known */
	if (size % block)
		return params_wrong(field, "size", err, "%" PRIu64 " is not a multiple of the block, %"
				    PRIu64, size, block);
	if (most > size / block / 2)
		return params_wrong(field, "depth", err, "%" PRIu64 " in flight need at least %"
				    PRIu64 " blocks, the file has %" PRIu64, most, 2 * most,
				    size / block);
	return 0;
}

static int pmem_io_validate(struct bench *b, struct err *err)
{
	const struct source *s;

	if (source_find(bench_source(b), &s, err) || s->path)
		return err_config(err, "pmem-io: source %s: the file is at --path already; --source "
				  "is the memory that copies come from and go to", bench_source(b));
	return pmem_io_choose_size(b, err);
}

static int pmem_io_map_path(struct bench *b, struct buffer *buf, struct err *err)
{
	const char *path = bench_text(b, "path");
	const struct source *s;
	struct stat st;
	struct err why = ERR_INIT;
	size_t size = bench_number(b, "size");
	int ret;

	if (stat(path, &st))
		return err_sys(err, errno, "pmem-io: %s", path);
	ret = source_find(S_ISCHR(st.st_mode) ? "devdax" : "fsdax", &s, err);
	if (ret)
		return ret;
	ret = source_map(s, size, 0, path, buf, &why);
	if (!ret)
		return 0;
	if (!bench_flag(b, "ordinary") || S_ISCHR(st.st_mode))
		return err_set(err, why.exit, why.code, "%s%s", why.text,
			       S_ISCHR(st.st_mode) ? "" : "\n  --ordinary takes any file, and says so");
	bench_label(b, "ordinary: %s is not on DAX; loads, stores and copies go to the page "
		    "cache, and nothing here says anything about pmem", path);
	return source_map_file(path, size, buf, err);
}

static int pmem_io_setup(struct bench *b, struct err *err)
{
	struct pmem *p = calloc(1, sizeof(*p));
	struct buffer *buf = calloc(1, sizeof(*buf));
	json_t *tried;
	int ret;

	if (!p || !buf) {
		free(p);
		free(buf);
		return err_sys(err, ENOMEM, "pmem-io");
	}
	bench_set_state(b, p);
	p->seed = bench_seed(b);
	rng_init(&p->rng, p->seed);
	p->block = bench_number(b, "block");
	p->blocks = bench_number(b, "size") / p->block;
	p->generation = calloc(p->blocks, sizeof(*p->generation));
	ret = p->generation ? pmem_io_map_path(b, buf, err) : err_sys(err, ENOMEM, "pmem-io");
	if (ret) {
		free(buf);
		return ret;
	}
	ret = bench_adopt(b, buf, err);
	if (ret)
		return ret;
	p->file = buf;
	tried = json_object();
	ret = pmem_flush_find(bench_text(b, "flush"), buf->addr, buf->size, &p->flush, tried, err);
	bench_derive(b, "flush_ns", tried);
	if (ret)
		return ret;
	for (size_t i = 0; i < p->blocks; i++)
		pmem_fill(p, (char *)buf->addr + i * p->block, i, 0);
	return bench_buffer(b, buf->size, 0, &p->dram, err);
}

static int pmem_io_verify_file(struct bench *b, struct err *err)
{
	struct pmem *p = bench_state(b);
	int ret = pmem_verify(b, p->file->addr, "the file", err);

	if (!ret)
		bench_validated(b, "all %zu blocks of the file hold what was stored last", p->blocks);
	return ret;
}

/* --- reads and writes --- */

/* Where device or kernel cannot do it: a note if all was asked for, else an error. */
static int pmem_io_run_io(struct bench *b, enum pmem_queue op, struct err *err)
{
	struct pmem *p = bench_state(b);
	bool asked = strcmp(bench_text(b, "op"), "all");
	struct err why = ERR_INIT;
	uint64_t depths[RUNGS_MOST];
	size_t n = pmem_io_depths(bench_values(b), depths);
	int ret = 0;

	for (size_t i = 0; !ret && i < n; i++) {
		bench_progress(b, "pmem-io: %s, %" PRIu64 " in flight", pmem_queue_names[op],
			       depths[i]);
		ret = pmem_uring(b, p, op, depths[i], &why);
	}
	if (!ret)
		return 0;
	if (asked || ret == -EBADMSG)
		return err_set(err, why.exit, why.code, "%s", why.text);
	bench_label(b, "%s unavailable: %s", pmem_queue_names[op], why.text);
	return 0;
}

static int pmem_io_run_read(struct bench *b, struct err *err)
{
	return pmem_io_run_io(b, PMEM_READ, err);
}

static int pmem_io_run_write(struct bench *b, struct err *err)
{
	return pmem_io_run_io(b, PMEM_WRITE, err);
}

static int pmem_io_run_ring(struct bench *b, struct err *err)
{
	return pmem_io_run_io(b, PMEM_RING, err);
}

static const struct {
	const char *op;
	int (*run)(struct bench *b, struct err *err);
} ops[] = {
	{ "load", pmem_load }, { "store", pmem_store }, { "copy", pmem_copy },
	{ "read", pmem_io_run_read }, { "write", pmem_io_run_write },
	{ "ring", pmem_io_run_ring },
};

static int pmem_io_run(struct bench *b, struct err *err)
{
	const char *wanted = bench_text(b, "op");
	int ret = 0;

	for (size_t i = 0; !ret && i < sizeof(ops) / sizeof(ops[0]); i++)
		if (!strcmp(wanted, "all") || !strcmp(wanted, ops[i].op))
			ret = ops[i].run(b, err);
	return ret;
}

static void pmem_io_teardown(struct bench *b)
{
	struct pmem *p = bench_state(b);

	if (!p)
		return;
	free(p->generation);
	free(p);
}

extern const struct workload pmem_io_workload;

const struct workload pmem_io_workload = {
	.abi = WORKLOAD_ABI,
	.name = "pmem-io",
	.help = "loads, flushed stores, copies and O_DIRECT I/O on a DAX file or device",
	.unit = "GB/s, ns, us",
	.metrics = pmem_metrics,
	.method = "load_rate: all words in order. store_rate: block after block, each line written "
		  "back, a fence a block. store_line: one line anywhere, written back and fenced. "
		  "copy_rate: memcpy from and to memory of --source, the way to the file "
		  "with write-back. io_rate, io_p50, io_p99: random blocks by io_uring with "
		  "O_DIRECT, so many in flight; filling a block before a write and proving it "
		  "after a read are part of the time. The op ring does both and queues requests "
		  "that do nothing: what of a rate or a latency is not the file's. Each word of the file tells its block and "
		  "generation; every block that is read and, after each part, the whole file are "
		  "held against that. A mapping counts as DAX because it could be made with "
		  "MAP_SYNC. GB are 10^9 bytes.",
	.params = params,
	.check = pmem_io_check,
	.rungs = pmem_io_rungs,
	.validate = pmem_io_validate,
	.setup = pmem_io_setup,
	.verify_before = pmem_io_verify_file,
	.run = pmem_io_run,
	.verify_after = pmem_io_verify_file,
	.teardown = pmem_io_teardown,
};
