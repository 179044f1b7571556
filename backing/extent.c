/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "extent.h"

#include <errno.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#define BATCH 128
#define M2 (2ULL << 20)

static int extent_append(struct extent **v, size_t *n, const struct fiemap *map)
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

static int extent_read_from(int fd, struct fiemap *map, uint64_t start, bool *last)
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
		ret = extent_read_from(fd, map, start, &last);
		if (!ret && map->fm_mapped_extents)
			ret = extent_append(v, n, map);
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

static bool extent_follows(const struct extent *a, const struct extent *b)
{
	return a->logical + a->length == b->logical &&
	       a->physical + a->length == b->physical;
}

/* The bytes of one run, cut at `size`, that lie in whole aligned 2M pieces. */
static uint64_t extent_huge_bytes(const struct extent *run, uint64_t base, uint64_t end)
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

		while (i < n && extent_follows(&run, &v[i]))
			run.length += v[i++].length;
		end = run.logical + run.length;
		if (end > size)
			end = size;
		huge = extent_huge_bytes(&run, base, end);
		p->b2m += huge;
		p->b4k += end - run.logical - huge;
		covered += end - run.logical;
	}
	p->absent += size - covered;
}
