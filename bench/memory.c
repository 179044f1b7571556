/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Buffers: mapped, touched, and then believed only as far as they are seen. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "context.h"
#include "pages.h"

static const char *memory_path_of(const struct bench *b)
{
	const struct value *v = params_find(&b->params, "path");

	return v ? v->text : NULL;
}

static void memory_touch(struct buffer *buf)
{
	volatile char *p = buf->addr;

	for (size_t i = 0; i < buf->mapped; i += 4096)
		p[i] = 0;
}

static int memory_check_pages(const struct buffer *buf, struct err *err)
{
	struct page_bytes p = { 0 };
	uint64_t present, right;

	if (buf->source->share == SOURCE_ANY)
		return 0;
	/* A kernel that cannot tell is not an error: the proof says so. */
	if (pages_read(0, (uintptr_t)buf->addr, buf->mapped, &p, NULL))
		return 0;
	present = p.b4k + p.b2m + p.b1g;
	right = buf->page >= 1UL << 30 ? p.b1g : buf->page > 4096 ? p.b2m : p.b4k;
	if (right >= buf->source->share * present)
		return 0;
	return err_machine(err, "source %s: only %.1f of %.1f MiB are mapped with its pages "
			   "(by %s): memory is fragmented, or huge pages are limited",
			   buf->source->name, right / 1048576.0, present / 1048576.0,
			   p.method);
}

static int memory_check_node(const struct bench *b, const struct buffer *buf,
			     struct err *err)
{
	struct placement p;

	if (placement_read(buf->addr, buf->mapped, &p, NULL))
		return 0;
	return placement_verify(&p, b->rq->node >= 0 ? b->node : -1, err);
}

int bench_adopt(struct bench *b, struct buffer *buf, struct err *err)
{
	if (b->n_buffers == BENCH_BUFFERS) {
		source_unmap(buf);
		free(buf);
		return err_machine(err, "%s: more than %d buffers", b->w->name, BENCH_BUFFERS);
	}
	b->buffers[b->n_buffers++] = buf;
	return 0;
}

int bench_buffer(struct bench *b, size_t size, unsigned flags,
		 struct buffer **out, struct err *err)
{
	struct buffer *buf = calloc(1, sizeof(*buf));
	int ret;

	if (!buf)
		return err_sys(err, ENOMEM, "buffer");
	ret = source_map(b->source, size, b->untouched, memory_path_of(b), buf, err);
	if (ret) {
		free(buf);
		return ret;
	}
	ret = bench_adopt(b, buf, err);
	if (ret)
		return ret;
	/* Only memory can be bound; a DAX file is where its device is. */
	if (b->rq->node >= 0 && buf->fd < 0)
		ret = placement_bind(buf->addr, buf->mapped, b->node, err);
	if (flags & BUFFER_UNTOUCHED)
		b->untouched += buf->fd < 0 ? buf->mapped : 0;
	if (!ret && !(flags & BUFFER_UNTOUCHED)) {
		memory_touch(buf);
		ret = memory_check_pages(buf, err);
		if (!ret)
			ret = memory_check_node(b, buf, err);
	}
	if (!ret)
		*out = buf;
	return ret;
}

void bench_free_buffers(struct bench *b)
{
	while (b->n_buffers) {
		struct buffer *buf = b->buffers[--b->n_buffers];

		source_unmap(buf);
		free(buf);
	}
}

int bench_check_pages(struct bench *b, struct err *err)
{
	int ret = 0;

	for (unsigned i = 0; i < b->n_buffers && !ret; i++)
		ret = memory_check_pages(b->buffers[i], err);
	return ret;
}

json_t *bench_proof(struct bench *b)
{
	struct page_bytes p = { .method = "no buffer" };
	struct err err = ERR_INIT;

	if (b->pages_why && !b->pages.method)
		return json_pack("{s:s, s:s}", "layer", "guest", "unavailable", b->pages_why);
	if (b->pages_why)
		p = b->pages;

	for (unsigned i = 0; i < b->n_buffers; i++)
		if (pages_read(0, (uintptr_t)b->buffers[i]->addr, b->buffers[i]->mapped,
			       &p, &err))
			return json_pack("{s:s, s:s}", "layer", "guest",
					 "unavailable", err.text);
	return json_pack("{s:s, s:{s:I, s:I, s:I}, s:I, s:s}", "layer", "guest",
			 "bytes", "4k", (json_int_t)p.b4k, "2m", (json_int_t)p.b2m,
			 "1g", (json_int_t)p.b1g, "absent", (json_int_t)p.absent,
			 "method", p.method);
}

/* {"asked":512,"node0":512} over all buffers. */
static json_t *memory_pages_by_node(struct bench *b)
{
	json_t *out = json_object();
	struct placement sum = { 0 }, p;
	struct err err = ERR_INIT;

	for (unsigned i = 0; i < b->n_buffers; i++) {
		if (placement_read(b->buffers[i]->addr, b->buffers[i]->mapped, &p, &err)) {
			json_object_set_new(out, "unavailable", json_string(err.text));
			return out;
		}
		sum.asked += p.asked;
		sum.absent += p.absent;
		sum.unknown += p.unknown;
		for (int n = 0; n < PLACEMENT_NODES; n++)
			sum.on[n] += p.on[n];
	}
	json_object_set_new(out, "asked", json_integer(sum.asked));
	json_object_set_new(out, "absent", json_integer(sum.absent));
	json_object_set_new(out, "unknown", json_integer(sum.unknown));
	for (int n = 0; n < PLACEMENT_NODES; n++)
		if (sum.on[n]) {
			char key[16];

			snprintf(key, sizeof(key), "node%d", n);
			json_object_set_new(out, key, json_integer(sum.on[n]));
		}
	return out;
}

json_t *bench_placement(struct bench *b)
{
	return json_pack("{s:i, s:i, s:i, s:i, s:o}", "cpu", b->cpu,
			 "cpu_before", b->cpu_before, "cpu_after", b->cpu_after,
			 "node", b->node, "pages", memory_pages_by_node(b));
}
