/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Backings in ordinary memory: hugetlb pages, THP or its absence. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backing.h"
#include "file.h"
#include "loop.h"

#define THP_ENABLED "/sys/kernel/mm/transparent_hugepage/enabled"

static void pool_path(const struct backing *b, char *path, size_t size)
{
	snprintf(path, size, "/sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB/nr_hugepages",
		 b->kind->page >> 10);
}

static int pool_read(const char *path, uint64_t *n, struct err *err)
{
	char *text;
	int ret = file_read(path, &text, NULL, NULL);

	if (ret)
		return err_machine(err, "this kernel has no huge pages of that size (%s)",
				   path);
	*n = strtoull(text, NULL, 10);
	free(text);
	return 0;
}

static int pool_grow(struct backing *b, const char *path, struct err *err)
{
	uint64_t need = b->size / b->kind->page, have = 0;
	char text[32];
	int ret = pool_read(path, &b->hugepages_before, err);

	if (ret)
		return ret;
	snprintf(text, sizeof(text), "%" PRIu64, b->hugepages_before + need);
	b->hugepages_taken = true;
	ret = file_poke(path, text, err);
	if (!ret)
		ret = pool_read(path, &have, err);
	if (ret)
		return ret;
	if (have >= b->hugepages_before + need)
		return 0;
	return err_machine(err, "only %" PRIu64 " of %" PRIu64 " huge pages of %" PRIu64
			   "M could be had: give the machine more memory, or reserve "
			   "them on its kernel's command line",
			   have - b->hugepages_before, need, b->kind->page >> 20);
}

static int hugetlb_prepare(struct backing *b, const json_t *params, struct err *err)
{
	char path[128];

	(void)params;
	pool_path(b, path, sizeof(path));
	return BACKING_PHASE(b, "reserve", pool_grow(b, path, err));
}

static void hugetlb_release(struct backing *b)
{
	char path[128], text[32];

	if (!b->hugepages_taken)
		return;
	pool_path(b, path, sizeof(path));
	snprintf(text, sizeof(text), "%" PRIu64, b->hugepages_before);
	file_poke(path, text, NULL);
}

/* The word in brackets: "always [madvise] never". */
static void chosen(const char *text, char *word, size_t size)
{
	const char *from = strchr(text, '[');
	const char *to = from ? strchr(from, ']') : NULL;

	word[0] = '\0';
	if (to)
		snprintf(word, size, "%.*s", (int)(to - from - 1), from + 1);
}

static int anon_prepare(struct backing *b, const json_t *params, struct err *err)
{
	char *text;
	int ret;

	(void)params;
	if (file_read(THP_ENABLED, &text, NULL, NULL)) {
		if (!strcmp(b->kind->variant, "never"))
			return 0;	/* a kernel without THP: 4K it is */
		return err_machine(err, "this kernel has no transparent huge pages "
				   "(CONFIG_TRANSPARENT_HUGEPAGE)");
	}
	chosen(text, b->thp_before, sizeof(b->thp_before));
	free(text);
	ret = file_poke(THP_ENABLED, b->kind->variant, err);
	if (!ret)
		json_object_set_new(b->facts, "thp", json_string(b->kind->variant));
	return ret;
}

static void anon_release(struct backing *b)
{
	if (b->thp_before[0])
		file_poke(THP_ENABLED, b->thp_before, NULL);
}

const struct backing_kind backing_hugetlb_2m = {
	.name = "hugetlb-2m", .help = "2M pages reserved beforehand",
	.ram = QEMU_RAM_HUGETLB, .page = 2ULL << 20, .file_page = PAGE_SIZES,
	.prepare = hugetlb_prepare, .release = hugetlb_release,
};

const struct backing_kind backing_hugetlb_1g = {
	.name = "hugetlb-1g", .help = "1G pages reserved beforehand",
	.ram = QEMU_RAM_HUGETLB, .page = 1ULL << 30, .file_page = PAGE_SIZES,
	.prepare = hugetlb_prepare, .release = hugetlb_release,
};

const struct backing_kind backing_thp = {
	.name = "thp", .help = "anonymous memory, transparent huge pages on",
	.ram = QEMU_RAM_ANON, .variant = "always", .file_page = PAGE_SIZES,
	.prepare = anon_prepare, .release = anon_release,
};

const struct backing_kind backing_anon_4k = {
	.name = "anon-4k", .help = "anonymous memory, transparent huge pages off",
	.ram = QEMU_RAM_ANON, .variant = "never", .file_page = PAGE_SIZES,
	.prepare = anon_prepare, .release = anon_release,
};

const struct backing_kind backing_memfd = {
	.name = "memfd",
	.help = "a shared file in memory, as the kernel is set for those",
	.ram = QEMU_RAM_MEMFD, .file_page = PAGE_SIZES,
};
