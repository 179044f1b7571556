/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dax.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "file.h"

#define BATCH 128
#define M2 (2ULL << 20)

static int dax_extent_append(struct extent **v, size_t *n, const struct fiemap *map)
{
	struct extent *more = realloc(*v, (*n + map->fm_mapped_extents) * sizeof(**v));

	if (!more)
		return -ENOMEM;
	*v = more;
	for (unsigned i = 0; i < map->fm_mapped_extents; i++) {
		const struct fiemap_extent *e = &map->fm_extents[i];

		more[(*n)++] = (struct extent){ e->fe_logical, e->fe_physical,
						e->fe_length };
	}
	return 0;
}

static int dax_extent_read_from(int fd, struct fiemap *map, uint64_t start, bool *last)
{
	unsigned n;

	map->fm_start = start;
	map->fm_length = FIEMAP_MAX_OFFSET - start;
	/* No FIEMAP_FLAG_SYNC: it writes back, which unmaps DAX pages. */
	map->fm_flags = 0;
	map->fm_extent_count = BATCH;
	map->fm_mapped_extents = 0;
	if (ioctl(fd, FS_IOC_FIEMAP, map))
		return -errno;
	n = map->fm_mapped_extents;
	*last = !n || map->fm_extents[n - 1].fe_flags & FIEMAP_EXTENT_LAST;
	return 0;
}

int extent_read(int fd, struct extent **v, size_t *n, struct err *err)
{
	struct fiemap *map = calloc(1, sizeof(*map) +
				    BATCH * sizeof(struct fiemap_extent));
	uint64_t start = 0;
	bool last = false;
	int ret = map ? 0 : -ENOMEM;

	*v = NULL;
	*n = 0;
	while (!ret && !last) {
		ret = dax_extent_read_from(fd, map, start, &last);
		if (!ret && map->fm_mapped_extents)
			ret = dax_extent_append(v, n, map);
		if (!ret && *n)
			start = (*v)[*n - 1].logical + (*v)[*n - 1].length;
	}
	free(map);
	if (!ret)
		return 0;
	free(*v);
	*v = NULL;
	return err_sys(err, -ret, "cannot read the file's extents (FIEMAP)");
}

static bool dax_extent_follows(const struct extent *a, const struct extent *b)
{
	return a->logical + a->length == b->logical &&
	       a->physical + a->length == b->physical;
}

/* The bytes of one run, cut at `size`, that lie in whole aligned 2M pieces. */
static uint64_t dax_extent_huge_bytes(const struct extent *run, uint64_t base, uint64_t end)
{
	uint64_t first = (run->logical + M2 - 1) / M2 * M2;
	uint64_t last = end / M2 * M2;

	if ((run->logical - (base + run->physical)) % M2)
		return 0;
	return last > first ? last - first : 0;
}

void extent_pages(const struct extent *v, size_t n, uint64_t base,
		  uint64_t size, struct page_bytes *p)
{
	uint64_t covered = 0;

	p->method = "FIEMAP";
	for (size_t i = 0; i < n && v[i].logical < size;) {
		struct extent run = v[i++];
		uint64_t end, huge;

		while (i < n && dax_extent_follows(&run, &v[i]))
			run.length += v[i++].length;
		end = run.logical + run.length;
		if (end > size)
			end = size;
		huge = dax_extent_huge_bytes(&run, base, end);
		p->b2m += huge;
		p->b4k += end - run.logical - huge;
		covered += end - run.logical;
	}
	p->absent += size - covered;
}

/* The bits of `result` are the kernel's enum vm_fault_reason. */
static const struct {
	const char *event, *filter;
} events[] = {
	{ "dax_pmd_fault_done", "result & 0x100" },	/* VM_FAULT_NOPAGE: done */
	{ "dax_pmd_fault_done", "result & 0x800" },	/* VM_FAULT_FALLBACK */
	{ "dax_pte_fault_done", "result & 0x100" },
};

#define EVENTS (sizeof(events) / sizeof(events[0]))

struct dax_trace {
	int cpus;
	int *fd;	/* [cpus][EVENTS], -1: not open */
};

static int dax_trace_event_id(const char *name, uint64_t *id, struct err *err)
{
	static const char *const roots[] = {
		"/sys/kernel/tracing", "/sys/kernel/debug/tracing",
	};

	for (int i = 0; i < 2; i++) {
		char path[128], *text;

		snprintf(path, sizeof(path), "%s/events/fs_dax/%s/id", roots[i], name);
		if (file_read(path, &text, NULL, NULL))
			continue;
		*id = strtoull(text, NULL, 10);
		free(text);
		return 0;
	}
	return err_machine(err, "tracepoint fs_dax:%s is not available (it needs CONFIG_FS_DAX, "
		"CONFIG_FTRACE and root)",
			   name);
}

static int dax_trace_open_event(uint64_t id, const char *filter, int cpu, struct err *err)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = id,
	};
	int fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return err_sys(err, errno, "cannot count a tracepoint of fs_dax");
	if (!ioctl(fd, PERF_EVENT_IOC_SET_FILTER, filter))
		return fd;
	err_sys(err, errno, "cannot filter a tracepoint of fs_dax by '%s'", filter);
	close(fd);
	return err ? err->code : -EINVAL;
}

static int dax_trace_open_all(struct dax_trace *t, uint64_t inode, struct err *err)
{
	char filter[80];

	for (size_t e = 0; e < EVENTS; e++) {
		uint64_t id = 0;
		int ret = dax_trace_event_id(events[e].event, &id, err);

		snprintf(filter, sizeof(filter), "ino == %" PRIu64 " && (%s)", inode,
			 events[e].filter);
		for (int cpu = 0; !ret && cpu < t->cpus; cpu++) {
			int fd = dax_trace_open_event(id, filter, cpu, err);

			t->fd[cpu * EVENTS + e] = fd;
			ret = fd < 0 ? fd : 0;
		}
		if (ret)
			return ret;
	}
	return 0;
}

int dax_trace_new(struct dax_trace **trace, uint64_t inode, struct err *err)
{
	struct dax_trace *t = calloc(1, sizeof(*t));
	int ret = -ENOMEM;

	if (!t)
		return err_sys(err, ENOMEM, "cannot count faults");
	t->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	t->fd = malloc(t->cpus * EVENTS * sizeof(*t->fd));
	if (!t->fd) {
		err_sys(err, ENOMEM, "cannot count faults");
		goto fail;
	}
	memset(t->fd, -1, t->cpus * EVENTS * sizeof(*t->fd));
	ret = dax_trace_open_all(t, inode, err);
	if (ret)
		goto fail;
	*trace = t;
	return 0;
fail:
	dax_trace_free(t);
	return ret;
}

void dax_trace_free(struct dax_trace *t)
{
	if (!t)
		return;
	for (size_t i = 0; t->fd && i < t->cpus * EVENTS; i++) {
		if (t->fd[i] >= 0)
			close(t->fd[i]);
	}
	free(t->fd);
	free(t);
}

int dax_trace_read(const struct dax_trace *t, struct dax_counts *c,
		   struct err *err)
{
	uint64_t sum[EVENTS] = { 0 };

	for (size_t i = 0; i < t->cpus * EVENTS; i++) {
		uint64_t n;

		if (read(t->fd[i], &n, sizeof(n)) != sizeof(n))
			return err_sys(err, errno, "cannot read a count of faults");
		sum[i % EVENTS] += n;
	}
	c->pmd_mapped = sum[0];
	c->pmd_fallback = sum[1];
	c->pte_mapped = sum[2];
	return 0;
}
