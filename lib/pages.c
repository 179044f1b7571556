/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pages.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <numaif.h>

#include "file.h"

#define K4 4096ULL
#define M2 (2ULL << 20)
#define G1 (1ULL << 30)

/* The interface of Linux 6.7, spelled out: Debian 12's headers are older. */
struct scan_region {
	uint64_t start, end, categories;
};

struct scan_arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};

#define SCAN_IOCTL _IOWR('f', 16, struct scan_arg)
#define SCAN_PRESENT (1ULL << 3)
#define SCAN_HUGE (1ULL << 6)

/* One mapping of smaps. */
struct vma {
	uint64_t start, end;
	uint64_t page_kb, rss_kb, anon_huge_kb, shmem_huge_kb;
	bool anon_or_shmem;
};

static uint64_t pages_min64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void pages_add(struct page_bytes *p, uint64_t page, uint64_t bytes)
{
	if (page >= G1)
		p->b1g += bytes;
	else if (page >= M2)
		p->b2m += bytes;
	else
		p->b4k += bytes;
}

static int pages_scan(int fd, uint64_t start, uint64_t end, struct page_bytes *p)
{
	struct scan_region regions[512] = { 0 };
	uint64_t found = 0, at = start;

	while (at < end) {
		struct scan_arg arg = {
			.size = sizeof(arg), .start = at, .end = end,
			.vec = (uintptr_t)regions, .vec_len = 512,
			.category_mask = SCAN_PRESENT,
			.return_mask = SCAN_PRESENT | SCAN_HUGE,
		};
		int n = ioctl(fd, SCAN_IOCTL, &arg);

		if (n < 0)
			return -errno;
		for (int i = 0; i < n; i++) {
			uint64_t bytes = regions[i].end - regions[i].start;

			pages_add(p, regions[i].categories & SCAN_HUGE ? M2 : K4, bytes);
			found += bytes;
		}
		if (arg.walk_end <= at)
			return -EIO;
		at = arg.walk_end;
	}
	p->absent += end - start - found;
	return 0;
}

/* Present pages of a range, from the pagemap's bit 63. */
static int pages_present(int fd, uint64_t start, uint64_t end, uint64_t *bytes)
{
	uint64_t entry[512];

	*bytes = 0;
	while (start < end) {
		size_t n = pages_min64((end - start) / K4, 512);
		ssize_t got = pread(fd, entry, n * 8, start / K4 * 8);

		if (got < 8)
			return got < 0 ? -errno : -EIO;
		for (ssize_t i = 0; i < got / 8; i++)
			*bytes += entry[i] >> 63 ? K4 : 0;
		start += got / 8 * K4;
	}
	return 0;
}

static int pages_read_vma(const struct vma *v, int fd, uint64_t start, uint64_t end,
			  struct page_bytes *p, struct err *err)
{
	uint64_t bytes, huge;
	int ret;

	if (v->page_kb * 1024 > K4) {
		p->method = "mapping's page size, pagemap";
		ret = pages_present(fd, start, end, &bytes);
		if (ret)
			return err_sys(err, -ret, "cannot read pagemap");
		pages_add(p, v->page_kb * 1024, bytes);
		p->absent += end - start - bytes;
		return 0;
	}
	p->method = "PAGEMAP_SCAN";
	ret = pages_scan(fd, start, end, p);
	if (!ret)
		return 0;
	if (ret != -ENOTTY && ret != -EINVAL)
		return err_sys(err, -ret, "PAGEMAP_SCAN failed");
	if (!v->anon_or_shmem)
		return err_machine(err, "the page table of a mapped file can be read only from "
			"Linux 6.7 on (PAGEMAP_SCAN)");
	if (start != v->start || end != v->end)
		return err_machine(err, "smaps covers whole mappings only, and this kernel "
			"lacks PAGEMAP_SCAN (Linux 6.7)");
	p->method = "smaps";
	huge = (v->anon_huge_kb + v->shmem_huge_kb) * 1024;
	p->b2m += huge;
	p->b4k += v->rss_kb * 1024 - pages_min64(huge, v->rss_kb * 1024);
	p->absent += end - start - pages_min64(v->rss_kb * 1024, end - start);
	return 0;
}

static bool pages_parse_head(const char *line, struct vma *v)
{
	uint64_t start, end;
	unsigned long inode;
	char path[256] = "";

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*s %*s %lu %255s",
		   &start, &end, &inode, path) < 3)
		return false;
	memset(v, 0, sizeof(*v));
	v->start = start;
	v->end = end;
	v->anon_or_shmem = !inode || !strncmp(path, "/memfd:", 7) ||
			   !strncmp(path, "/dev/zero", 9) ||
			   !strncmp(path, "/dev/shm/", 9);
	return true;
}

static void pages_parse_field(const char *line, struct vma *v)
{
	static const struct {
		const char *key;
		size_t offset;
	} fields[] = {
		{ "KernelPageSize:", offsetof(struct vma, page_kb) },
		{ "Rss:", offsetof(struct vma, rss_kb) },
		{ "AnonHugePages:", offsetof(struct vma, anon_huge_kb) },
		{ "ShmemPmdMapped:", offsetof(struct vma, shmem_huge_kb) },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		size_t n = strlen(fields[i].key);

		if (!strncmp(line, fields[i].key, n))
			*(uint64_t *)((char *)v + fields[i].offset) =
				strtoull(line + n, NULL, 10);
	}
}

/* The last field of a mapping is VmFlags: then all is known about it. */
static int pages_read_smaps(FILE *smaps, int fd, uint64_t addr, uint64_t end,
			    struct page_bytes *p, struct err *err)
{
	uint64_t seen = 0;
	struct vma v = { 0 };
	char *line = NULL;
	size_t room = 0;
	int ret = 0;

	while (!ret && getline(&line, &room, smaps) > 0) {
		uint64_t s, e;

		if (pages_parse_head(line, &v))
			continue;
		pages_parse_field(line, &v);
		if (strncmp(line, "VmFlags:", 8) || v.end <= addr || v.start >= end)
			continue;
		s = v.start > addr ? v.start : addr;
		e = pages_min64(v.end, end);
		ret = pages_read_vma(&v, fd, s, e, p, err);
		seen += e - s;
	}
	free(line);
	p->absent += ret ? 0 : end - addr - seen;
	return ret;
}

int pages_read(pid_t pid, uint64_t addr, uint64_t len, struct page_bytes *p,
	       struct err *err)
{
	char path[64], who[32] = "self";
	FILE *smaps;
	int fd, ret;

	if (pid)
		snprintf(who, sizeof(who), "%d", (int)pid);
	snprintf(path, sizeof(path), "/proc/%s/smaps", who);
	smaps = fopen(path, "re");
	if (!smaps)
		return err_sys(err, errno, "cannot open %s", path);
	snprintf(path, sizeof(path), "/proc/%s/pagemap", who);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		ret = err_sys(err, errno, "cannot open %s", path);
		goto close_smaps;
	}
	ret = pages_read_smaps(smaps, fd, addr, addr + len, p, err);
	close(fd);
close_smaps:
	fclose(smaps);
	return ret;
}

#define PAGE 4096UL
#define MOST 4096

int placement_bind(void *addr, size_t len, int node, struct err *err)
{
	unsigned long mask[PLACEMENT_NODES / 64 + 1] = { 0 };

	if (node < 0)
		return 0;
	if (node >= PLACEMENT_NODES)
		return err_config(err, "node %d: at most %d nodes are known",
				  node, PLACEMENT_NODES);
	mask[node / 64] = 1UL << (node % 64);
	if (!mbind(addr, len, MPOL_BIND, mask, PLACEMENT_NODES + 1, 0))
		return 0;
	/* A kernel without NUMA has one node, and no mbind. */
	if (errno == ENOSYS && node == 0)
		return 0;
	return err_sys(err, errno, "cannot bind memory to node %d", node);
}

int placement_read(const void *addr, size_t len, struct placement *p,
		   struct err *err)
{
	size_t pages = len / PAGE, n = pages < MOST ? pages : MOST;
	void *at[MOST];
	int status[MOST];

	memset(p, 0, sizeof(*p));
	for (size_t i = 0; i < n; i++)
		at[i] = (char *)(uintptr_t)addr + i * pages / n * PAGE;
	if (move_pages(0, n, at, NULL, status, 0))
		return err_sys(err, errno, "cannot query the NUMA nodes of memory (move_pages)");
	p->asked = n;
	for (size_t i = 0; i < n; i++) {
		if (status[i] >= 0 && status[i] < PLACEMENT_NODES)
			p->on[status[i]]++;
		else if (status[i] == -ENOENT)
			p->absent++;
		else
			p->unknown++;
	}
	return 0;
}

int placement_verify(const struct placement *p, int node, struct err *err)
{
	for (int i = 0; node >= 0 && i < PLACEMENT_NODES; i++)
		if (i != node && p->on[i])
			return err_machine(err, "memory was wanted on node %d, but %zu of %zu "
					   "pages are on node %d", node, p->on[i],
					   p->asked, i);
	return 0;
}

#define PATH_SIZE 512

const char *huge_pool_folder = "/sys/kernel/mm/hugepages";

static void pages_pool_path(uint64_t page, const char *name, char path[PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "%s/hugepages-%" PRIu64 "kB/%s", huge_pool_folder,
		 page >> 10, name);
}

static int pages_pool_number(uint64_t page, const char *name, uint64_t *n)
{
	char path[PATH_SIZE], *text;
	int ret;

	pages_pool_path(page, name, path);
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

	if (pages_pool_number(page, "nr_hugepages", &pool->pages) ||
	    pages_pool_number(page, "free_hugepages", &pool->free) ||
	    pages_pool_number(page, "resv_hugepages", &promised))
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

	pages_pool_path(page, "nr_hugepages", path);
	snprintf(text, sizeof(text), "%" PRIu64, pages);
	ret = file_poke(path, text, err);
	if (ret)
		return ret;
	pages_pool_number(page, "nr_hugepages", &have);
	if (have >= pages)
		return 0;
	return err_machine(err, "only %" PRIu64 " of %" PRIu64 " huge pages of %" PRIu64
			   "M are available: give the machine more memory, or reserve "
			   "them on its kernel's command line", have, pages, page >> 20);
}

json_t *pages_proof(const char *layer, const struct page_bytes *p)
{
	return json_pack("{s:s, s:{s:I, s:I, s:I}, s:s}", "layer", layer, "bytes",
			 "4k", (json_int_t)p->b4k, "2m", (json_int_t)p->b2m,
			 "1g", (json_int_t)p->b1g, "method", p->method);
}

json_t *pages_no_proof(const char *layer, const char *reason)
{
	return json_pack("{s:s, s:s}", "layer", layer, "unavailable", reason);
}
