/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "huge-pool.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "file.h"

#define PATH_SIZE 512

const char *huge_pool_folder = "/sys/kernel/mm/hugepages";

static void huge_pool_path(uint64_t page, const char *name, char path[PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "%s/hugepages-%" PRIu64 "kB/%s", huge_pool_folder,
		 page >> 10, name);
}

static int huge_pool_number(uint64_t page, const char *name, uint64_t *n)
{
	char path[PATH_SIZE], *text;
	int ret;

	huge_pool_path(page, name, path);
	ret = file_read(path, &text, NULL, NULL);
	if (ret)
		return ret;
	*n = strtoull(text, NULL, 10);
	free(text);
	return 0;
}

int huge_pool_read(uint64_t page, struct huge_pool *pool, struct err *err)
{
	uint64_t promised;

	if (huge_pool_number(page, "nr_hugepages", &pool->pages) ||
	    huge_pool_number(page, "free_hugepages", &pool->free) ||
	    huge_pool_number(page, "resv_hugepages", &promised))
		return err_set(err, EXIT_MACHINE, -ENOENT, "this kernel has no huge pages of %"
			       PRIu64 " kB (CONFIG_HUGETLBFS and the processor decide)",
			       page >> 10);
	pool->free -= promised < pool->free ? promised : pool->free;
	return 0;
}

int huge_pool_resize(uint64_t page, uint64_t pages, struct err *err)
{
	char path[PATH_SIZE], text[32];
	uint64_t have = 0;
	int ret;

	huge_pool_path(page, "nr_hugepages", path);
	snprintf(text, sizeof(text), "%" PRIu64, pages);
	ret = file_poke(path, text, err);
	if (ret)
		return ret;
	huge_pool_number(page, "nr_hugepages", &have);
	if (have >= pages)
		return 0;
	return err_machine(err, "only %" PRIu64 " of %" PRIu64 " huge pages of %" PRIu64
			   "M are available: give the machine more memory, or reserve "
			   "them on its kernel's command line", have, pages, page >> 20);
}
