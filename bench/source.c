/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "pages.h"
#include "source-map.h"

#define SOURCES_MOST 32
#define MAP_HUGE_FLAG(shift) (MAP_HUGETLB | (shift) << 26)

static int source_check_memory(const struct buffer *buf, const char *path, struct err *err)
{
	bool limited;
	uint64_t have = source_memory(&limited), want = buf->mapped + buf->others;

	(void)path;
	if (want <= have && want >= buf->others)
		return 0;
	return err_machine(err, "source %s: %" PRIu64 " MiB are needed in all, %" PRIu64 " MiB "
		"of memory are available%s", buf->source->name, want >> 20,
			   have >> 20, limited ? " in this control group" : "");
}

static int source_check_thp(const struct buffer *buf, const char *path, struct err *err)
{
	static const char file[] = "/sys/kernel/mm/transparent_hugepage/enabled";
	char *text;
	bool never;

	if (file_read(file, &text, NULL, NULL))
		return err_machine(err, "source thp: this kernel has no transparent huge "
				   "pages (CONFIG_TRANSPARENT_HUGEPAGE)");
	never = strstr(text, "[never]");
	free(text);
	if (never)
		return err_machine(err, "source thp: transparent huge pages are switched off; "
				   "allow them with: echo madvise > %s", file);
	return source_check_memory(buf, path, err);
}

bool source_reserves;

/* What other buffers have mapped is reserved for them, so it is not free. */
static int source_check_hugetlb(const struct buffer *buf, const char *path, struct err *err)
{
	const struct source *s = buf->source;
	uint64_t want = buf->mapped / s->page, kb = s->page / 1024, total;
	struct huge_pool pool;
	int ret = huge_pool_read(s->page, &pool, err);

	(void)path;
	if (!ret && pool.free >= want)
		return 0;
	/* Those in use stay in use: the new total counts them too. */
	total = ret ? 0 : pool.pages + want - pool.free;
	if (!ret && source_reserves)
		ret = huge_pool_resize(s->page, total, err);
	else if (!ret)
		return err_machine(err, "source %s: %" PRIu64 " free huge pages of %" PRIu64
				   " kB are needed, there are %" PRIu64 "; reserve them with:\n"
				   "  echo %" PRIu64 " > /sys/kernel/mm/hugepages/hugepages-%" PRIu64
				   "kB/nr_hugepages\nor at boot: hugepagesz=%s hugepages=%" PRIu64,
				   s->name, want, kb, pool.free, total, kb,
				   s->page == G1 ? "1G" : "2M", total);
	if (ret)
		err_prefix(err, "source %s", s->name);
	return ret;
}

static int source_map_anon(const struct source *s, const char *path,
			   struct buffer *buf, struct err *err)
{
	int advice = s->page == M2 ? MADV_HUGEPAGE : MADV_NOHUGEPAGE;
	int ret;

	(void)path;
	ret = source_reserve(buf, M2, err);
	if (!ret)
		ret = source_map_into(buf, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, advice, err);
	return ret;
}

static int source_map_hugetlb(const struct source *s, const char *path,
			      struct buffer *buf, struct err *err)
{
	int shift = __builtin_ctzl(s->page), ret;

	(void)path;
	ret = source_reserve(buf, s->page, err);
	if (!ret)
		ret = source_map_into(buf, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGE_FLAG(shift),
			       0, err);
	return ret;
}

static int source_check_own(const struct buffer *buf, const char *path, struct err *err)
{
	(void)path;
	return err_config(err, "source %s has no memory to give: it is for the workload exec",
			  buf->source->name);
}

const struct source sources[] = {
	{ "anon-4k", "anonymous memory, huge pages refused (MADV_NOHUGEPAGE)",
	  K4, SOURCE_EVERY, false, NULL, source_check_memory, source_map_anon },
	{ "thp", "anonymous memory, transparent 2M pages (MADV_HUGEPAGE)",
	  M2, SOURCE_MOST, false, NULL, source_check_thp, source_map_anon },
	{ "hugetlb-2m", "reserved huge pages of 2M (MAP_HUGETLB)",
	  M2, SOURCE_MOST, false, NULL, source_check_hugetlb, source_map_hugetlb },
	{ "hugetlb-1g", "reserved huge pages of 1G (MAP_HUGETLB)",
	  G1, SOURCE_MOST, false, NULL, source_check_hugetlb, source_map_hugetlb },
	{ "fsdax", "a file on a DAX file system, at --path (MAP_SYNC); 2M pages where its extents allow",
	  M2, SOURCE_ANY, true, "/run/guest-pmem", source_check_fsdax, source_map_fsdax },
	{ "devdax", "a DAX device, at --path; pages of the device's alignment",
	  M2, SOURCE_ANY, true, "/dev/dax0.0", source_check_devdax, source_map_devdax },
	{ "own", "the memory of a command, with the pages that it asks for itself (workload exec)",
	  K4, SOURCE_ANY, false, NULL, source_check_own, NULL },
	{ 0 },
};

int source_find(const char *name, const struct source **s, struct err *err)
{
	const char *names[SOURCES_MOST];
	size_t n = 0;

	for (const struct source *i = sources; i->name && n < SOURCES_MOST; i++) {
		if (!strcmp(i->name, name)) {
			*s = i;
			return 0;
		}
		names[n++] = i->name;
	}
	return err_unknown(err, "source", name, names, n);
}

int source_map(const struct source *s, size_t size, size_t others, const char *path,
	       struct buffer *buf, struct err *err)
{
	int ret;

	memset(buf, 0, sizeof(*buf));
	buf->fd = -1;
	buf->source = s;
	buf->size = size;
	buf->others = others;
	buf->page = s->page;
	buf->mapped = source_round(size, s->page);
	if (!size || buf->mapped < size)
		return err_config(err, "a buffer of %zu bytes is not possible", size);
	ret = s->check(buf, path, err);
	if (!ret)
		ret = s->map(s, path, buf, err);
	if (ret)
		source_unmap(buf);
	return ret;
}
