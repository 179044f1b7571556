/* SPDX-License-Identifier: GPL-2.0-or-later */
/* O_DIRECT by io_uring: rate and latency by queue depth, every block proved. */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "histogram.h"
#include "pmem-io.h"

#define BATCH_NS 10e6
#define WARMUP_MOST 12

const char *const pmem_queue_names[] = { "read", "write", "ring" };

struct slot {
	size_t block;
	uint32_t generation;
	uint64_t t0;
	char *data;
};

struct queue {
	struct pmem *p;
	struct io_uring ring;
	int fd;
	enum pmem_queue op;
	unsigned depth;
	struct slot *slots;
	char *data;
	bool *busy;		/* blocks in flight: none is there twice */
	struct histogram *batch, *all;
};

static void pmem_uring_close_queue(struct queue *q)
{
	if (q->depth)
		io_uring_queue_exit(&q->ring);
	if (q->fd >= 0)
		close(q->fd);
	free(q->slots);
	free(q->data);
	free(q->busy);
	free(q->batch);
	free(q->all);
}

/* A descriptor of its own: O_DIRECT is a property of the open file. */
static int pmem_uring_open_direct(struct queue *q, struct err *err)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", q->p->file->fd);
	q->fd = open(path, (q->op == PMEM_WRITE ? O_RDWR : O_RDONLY) | O_DIRECT | O_CLOEXEC);
	if (q->fd < 0)
		return err_sys(err, errno, "cannot open the file with O_DIRECT");
	return 0;
}

static int pmem_uring_open_queue(struct queue *q, unsigned depth, struct err *err)
{
	int ret = pmem_uring_open_direct(q, err);

	if (ret)
		return ret;
	q->slots = calloc(depth, sizeof(*q->slots));
	q->busy = calloc(q->p->blocks, sizeof(*q->busy));
	q->batch = calloc(1, sizeof(*q->batch));
	q->all = calloc(1, sizeof(*q->all));
	q->data = aligned_alloc(4096, depth * q->p->block);
	if (!q->slots || !q->busy || !q->batch || !q->all || !q->data)
		return err_sys(err, ENOMEM, "a queue of %u", depth);
	for (unsigned i = 0; i < depth; i++)
		q->slots[i].data = q->data + i * q->p->block;
	ret = io_uring_queue_init(depth, &q->ring, 0);
	if (ret)
		return err_sys(err, -ret, "io_uring%s", ret == -EPERM
			       ? " (/proc/sys/kernel/io_uring_disabled)" : "");
	q->depth = depth;
	return 0;
}

/* A random block that is not in flight: there are at least twice as many. */
static size_t pmem_uring_pick(struct queue *q)
{
	size_t block;

	do
		block = rng_below(&q->p->rng, q->p->blocks);
	while (q->busy[block]);
	q->busy[block] = true;
	return block;
}

static void pmem_uring_submit(struct queue *q, struct slot *s)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&q->ring);

	s->block = pmem_uring_pick(q);
	s->generation = q->p->generation[s->block] + (q->op == PMEM_WRITE);
	if (q->op != PMEM_READ)
		pmem_fill(q->p, s->data, s->block, s->generation);
	if (q->op == PMEM_READ)
		io_uring_prep_read(sqe, q->fd, s->data, q->p->block, s->block * q->p->block);
	else if (q->op == PMEM_WRITE)
		io_uring_prep_write(sqe, q->fd, s->data, q->p->block, s->block * q->p->block);
	else
		io_uring_prep_nop(sqe);
	io_uring_sqe_set_data(sqe, s);
	s->t0 = clock_ticks();
	io_uring_submit(&q->ring);
}

static int pmem_uring_complete(struct queue *q, struct slot **out, struct err *err)
{
	struct io_uring_cqe *cqe;
	struct slot *s;
	int ret;

	do
		ret = io_uring_wait_cqe(&q->ring, &cqe);
	while (ret == -EINTR);
	if (ret)
		return err_sys(err, -ret, "io_uring");
	s = io_uring_cqe_get_data(cqe);
	histogram_add(q->batch, clock_ns(clock_ticks() - s->t0));
	ret = cqe->res;
	io_uring_cqe_seen(&q->ring, cqe);
	q->busy[s->block] = false;
	*out = s;
	if (ret < 0)
		return err_sys(err, -ret, "%s of block %zu", pmem_queue_names[q->op], s->block);
	if ((size_t)ret != q->p->block && q->op != PMEM_RING)
		return err_machine(err, "%s of block %zu: %d of %zu bytes",
				   pmem_queue_names[q->op], s->block, ret, q->p->block);
	if (q->op == PMEM_WRITE)
		q->p->generation[s->block] = s->generation;
	else if (!pmem_is_block(q->p, s->data, s->block))
		return err_set(err, EXIT_MACHINE, -EBADMSG, "pmem-io: a read of block %zu "
			       "returned other data than it holds", s->block);
	return 0;
}

/* `n` requests. None is under way when it returns: the kernel has their memory. */
static int pmem_uring_requests(struct queue *q, uint64_t n, struct err *err)
{
	uint64_t sent = 0, done = 0;
	int ret = 0;

	for (; sent < q->depth && sent < n; sent++)
		pmem_uring_submit(q, &q->slots[sent]);
	while (done < sent) {
		struct slot *s = NULL;
		int now = pmem_uring_complete(q, &s, err);

		if (!s)
			return now;
		ret = ret ? ret : now;
		done++;
		if (!ret && sent < n) {
			pmem_uring_submit(q, s);
			sent++;
		}
	}
	return ret;
}

static int pmem_uring_batch(struct bench *b, struct queue *q, uint64_t n, struct series *s,
			    double *ns, struct err *err)
{
	int ret;

	memset(q->batch, 0, sizeof(*q->batch));
	bench_begin(b, s);
	ret = pmem_uring_requests(q, n, err);
	*ns = bench_end(b, s, n);
	return ret;
}

static json_t *pmem_uring_point(const struct queue *q)
{
	return json_pack("{s:s, s:i}", "op", pmem_queue_names[q->op], "depth",
			 (int)q->depth);
}

/* Until the rate is steady. The batch, `n`, is sized by what the second one took. */
static int pmem_uring_warm_up(struct bench *b, struct queue *q, struct series *rate, uint64_t *n,
			      struct err *err)
{
	bool steady = false;
	double ns;

	*n = 16 * q->depth;
	for (unsigned i = 0; i < WARMUP_MOST && !steady; i++) {
		int ret = pmem_uring_batch(b, q, *n, NULL, &ns, err);

		if (ret)
			return ret;
		series_reject(rate, ns > 0 ? *n * q->p->block / ns : 0);
		if (i == 1 && ns > 0 && ns < BATCH_NS)
			*n *= BATCH_NS / ns + 1;
		steady = series_settled(rate);
	}
	return 0;
}

static int pmem_uring_measure(struct bench *b, struct queue *q, struct err *err)
{
	struct series *rate = bench_series(b, &pmem_metrics[IO_RATE], pmem_uring_point(q));
	struct series *p50 = bench_series(b, &pmem_metrics[IO_P50], pmem_uring_point(q));
	struct series *p99 = bench_series(b, &pmem_metrics[IO_P99], pmem_uring_point(q));
	uint64_t n;
	char key[32];
	double ns;
	int ret = pmem_uring_warm_up(b, q, rate, &n, err);

	for (unsigned i = 0; !ret && i < bench_samples(b); i++) {
		ret = pmem_uring_batch(b, q, n, rate, &ns, err);
		series_push(rate, ns > 0 ? n * q->p->block / ns : 0);
		series_push(p50, histogram_quantile(q->batch, 0.5) * pmem_metrics[IO_P50].scale);
		series_push(p99, histogram_quantile(q->batch, 0.99) * pmem_metrics[IO_P99].scale);
		histogram_merge(q->all, q->batch);
	}
	snprintf(key, sizeof(key), "%s_ns_depth_%u", pmem_queue_names[q->op], q->depth);
	if (!ret)
		bench_derive(b, key, histogram_json(q->all));
	return ret;
}

int pmem_uring(struct bench *b, struct pmem *p, enum pmem_queue op, unsigned depth,
	       struct err *err)
{
	struct queue q = { .p = p, .op = op, .fd = -1 };
	int ret = pmem_uring_open_queue(&q, depth, err);

	if (!ret)
		ret = pmem_uring_measure(b, &q, err);
	pmem_uring_close_queue(&q);
	return ret;
}
