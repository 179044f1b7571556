/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Backings in ordinary memory: hugetlb pages, THP or its absence. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backing.h"
#include "file.h"
#include "loop.h"
#include "pages.h"
#include "proc.h"

#define THP_ENABLED "/sys/kernel/mm/transparent_hugepage/enabled"
#define SHMEM_ENABLED "/sys/kernel/mm/transparent_hugepage/shmem_enabled"
#define KVM_DEVICE "/dev/kvm"
#define CAP_GUEST_MEMFD 234	/* KVM_CAP_GUEST_MEMFD, Linux 6.8 */
#define CAP_GUEST_MEMFD_FLAGS 244	/* KVM_CAP_GUEST_MEMFD_FLAGS, Linux 6.18 */
#define HELP_LIMIT_S 10

/* Pages that are free are taken first: of 1G a machine may have no others. */
static int backing_memory_pool_grow(struct backing *b, struct err *err)
{
	uint64_t want = (b->size + b->nvdimm.size) / b->kind->page;
	struct huge_pool pool;
	int ret = huge_pool_read(b->kind->page, &pool, err);

	if (ret)
		return ret;
	if (!b->hugepages_taken)
		b->hugepages_before = pool.pages;
	b->hugepages_taken = true;
	return pool.free >= want ? 0 :
	       huge_pool_resize(b->kind->page, pool.pages + want - pool.free, err);
}

static int backing_memory_hugetlb_prepare(struct backing *b, const json_t *params, struct err *err)
{
	(void)params;
	return BACKING_PHASE(b, "reserve", backing_memory_pool_grow(b, err));
}

/* QEMU makes its memory itself, when it starts; until then that of the RAM is free as well. */
static int backing_memory_hugetlb_guest_pmem(struct backing *b, struct err *err)
{
	return backing_memory_pool_grow(b, err);
}

static int backing_memory_anon_guest_pmem(struct backing *b, struct err *err)
{
	(void)b;
	(void)err;
	return 0;
}

static void backing_memory_hugetlb_release(struct backing *b)
{
	if (b->hugepages_taken)
		huge_pool_resize(b->kind->page, b->hugepages_before, NULL);
}

/* The word in brackets: "always [madvise] never". */
static void backing_memory_chosen(const char *text, char *word, size_t size)
{
	const char *from = strchr(text, '[');
	const char *to = from ? strchr(from, ']') : NULL;

	word[0] = '\0';
	if (to)
		snprintf(word, size, "%.*s", (int)(to - from - 1), from + 1);
}

static int backing_memory_anon_prepare(struct backing *b, const json_t *params, struct err *err)
{
	char *text;
	int ret;

	(void)params;
	if (file_read(THP_ENABLED, &text, NULL, NULL)) {
		if (!strcmp(b->kind->variant, "never"))
			return 0;	/* a kernel without THP has 4K pages only */
		return err_machine(err, "this kernel has no transparent huge pages "
				   "(CONFIG_TRANSPARENT_HUGEPAGE)");
	}
	backing_memory_chosen(text, b->thp_before, sizeof(b->thp_before));
	free(text);
	ret = file_poke(THP_ENABLED, b->kind->variant, err);
	if (!ret)
		json_object_set_new(b->facts, "thp", json_string(b->kind->variant));
	return ret;
}

static void backing_memory_anon_release(struct backing *b)
{
	if (b->thp_before[0])
		file_poke(THP_ENABLED, b->thp_before, NULL);
}

/* --- shared memory with huge pages ---------------------------------------------- */

/*
 * QEMU maps a memfd of its own at any multiple of 4K, where no huge page fits;
 * for a file it takes an alignment.
 */
static int backing_memory_memfd_make(uint64_t size, int *fd, char *path, size_t room,
				     struct err *err)
{
	*fd = memfd_create("guest-ram", MFD_CLOEXEC);
	if (*fd < 0 || ftruncate(*fd, (off_t)size))
		return err_sys(err, errno, "cannot make a memfd of %" PRIu64 " MiB", size >> 20);
	snprintf(path, room, "/proc/%d/fd/%d", (int)getpid(), *fd);
	return 0;
}

static int backing_memory_memfd_prepare(struct backing *b, const json_t *params, struct err *err)
{
	(void)params;
	return backing_memory_memfd_make(b->size, &b->fd, b->path, sizeof(b->path), err);
}

static int backing_memory_memfd_guest_pmem(struct backing *b, struct err *err)
{
	struct backing_file *f = &b->nvdimm;

	return backing_memory_memfd_make(f->size, &f->fd, f->path, sizeof(f->path), err);
}

static int backing_memory_shmem_prepare(struct backing *b, const json_t *params, struct err *err)
{
	char *text;
	int ret;

	if (file_read(SHMEM_ENABLED, &text, NULL, NULL))
		return err_machine(err, "this kernel has no huge pages for shared memory "
				   "(CONFIG_TRANSPARENT_HUGEPAGE and CONFIG_SHMEM)");
	backing_memory_chosen(text, b->thp_before, sizeof(b->thp_before));
	free(text);
	ret = file_poke(SHMEM_ENABLED, b->kind->variant, err);
	if (ret)
		return ret;
	json_object_set_new(b->facts, "shmem_enabled", json_string(b->kind->variant));
	return backing_memory_memfd_prepare(b, params, err);
}

static void backing_memory_shmem_release(struct backing *b)
{
	if (b->fd >= 0)
		close(b->fd);
	if (b->nvdimm.fd >= 0)
		close(b->nvdimm.fd);
	if (b->thp_before[0])
		file_poke(SHMEM_ENABLED, b->thp_before, NULL);
}

static int backing_memory_no_file(const struct backing *b, struct page_bytes *p, struct err *err)
{
	(void)b;
	(void)p;
	return err_machine(err, "this memory is not in a file on a device");
}

/* --- guest_memfd ------------------------------------------------------------------ */

static int backing_memory_qemu_knows(struct err *err)
{
	const char *const argv[] = { qemu_binary(), "-object", "memory-backend-memfd,help", NULL };
	char *text;
	int ret = proc_run(argv, HELP_LIMIT_S, &text, err);
	bool knows = !ret && strstr(text, QEMU_GUEST_MEMFD);

	if (!ret)
		free(text);
	if (ret || knows)
		return ret;
	return err_machine(err, "this kernel's KVM has guest_memfd, but the memory-backend-memfd of this "
			   "QEMU (%s) has no option " QEMU_GUEST_MEMFD ", by which a newer QEMU gives it "
			   "to an ordinary guest (its manual's page guest-memfd); name such a QEMU by "
			   "KDUEL_QEMU, or take memfd, the nearest backing", qemu_binary());
}

/* Says which is missing: the kernel's side, or QEMU's. */
static int backing_memory_guest_memfd_prepare(struct backing *b, const json_t *params,
					      struct err *err)
{
	int kvm = open(KVM_DEVICE, O_RDWR | O_CLOEXEC);
	int has = kvm < 0 ? 0 : ioctl(kvm, KVM_CHECK_EXTENSION, CAP_GUEST_MEMFD);
	int flags = kvm < 0 ? 0 : ioctl(kvm, KVM_CHECK_EXTENSION, CAP_GUEST_MEMFD_FLAGS);

	(void)b;
	(void)params;
	if (kvm < 0)
		return err_sys(err, errno, "cannot open " KVM_DEVICE);
	close(kvm);
	if (has <= 0)
		return err_machine(err, "this kernel's KVM has no guest_memfd for ordinary guests "
				   "(Linux 6.8 and later, with CONFIG_KVM_SW_PROTECTED_VM)");
	if (flags <= 0)
		return err_machine(err, "this kernel's KVM has guest_memfd, but QEMU cannot map it, which "
				   "an ordinary guest's firmware and devices need (Linux 6.18 and later)");
	return backing_memory_qemu_knows(err);
}

const struct backing_kind backing_hugetlb_2m = {
	.name = "hugetlb-2m", .help = "2M pages reserved beforehand",
	.ram = QEMU_RAM_HUGETLB, .page = 2ULL << 20, .file_page = PAGE_SIZES,
	.prepare = backing_memory_hugetlb_prepare,
	.guest_pmem = backing_memory_hugetlb_guest_pmem, .release = backing_memory_hugetlb_release,
};

const struct backing_kind backing_hugetlb_1g = {
	.name = "hugetlb-1g", .help = "1G pages reserved beforehand",
	.ram = QEMU_RAM_HUGETLB, .page = 1ULL << 30, .file_page = PAGE_SIZES,
	.prepare = backing_memory_hugetlb_prepare,
	.guest_pmem = backing_memory_hugetlb_guest_pmem, .release = backing_memory_hugetlb_release,
};

const struct backing_kind backing_thp = {
	.name = "thp", .help = "anonymous memory, transparent huge pages on",
	.ram = QEMU_RAM_ANON, .variant = "always", .file_page = PAGE_SIZES,
	.prepare = backing_memory_anon_prepare,
	.guest_pmem = backing_memory_anon_guest_pmem, .release = backing_memory_anon_release,
};

const struct backing_kind backing_anon_4k = {
	.name = "anon-4k", .help = "anonymous memory, transparent huge pages off",
	.ram = QEMU_RAM_ANON, .variant = "never", .file_page = PAGE_SIZES,
	.prepare = backing_memory_anon_prepare,
	.guest_pmem = backing_memory_anon_guest_pmem, .release = backing_memory_anon_release,
};

const struct backing_kind backing_memfd = {
	.name = "memfd",
	.help = "a shared file in memory, with the kernel's own setting for huge pages",
	.ram = QEMU_RAM_FILE, .file_page = PAGE_SIZES,
	.prepare = backing_memory_memfd_prepare,
	.guest_pmem = backing_memory_memfd_guest_pmem, .file_pages = backing_memory_no_file,
	.release = backing_memory_shmem_release,
};

const struct backing_kind backing_shmem_thp = {
	.name = "shmem-thp",
	.help = "a shared file in memory, huge pages for shared memory on",
	.ram = QEMU_RAM_FILE, .variant = "always", .file_page = PAGE_SIZES,
	.prepare = backing_memory_shmem_prepare,
	.guest_pmem = backing_memory_memfd_guest_pmem, .file_pages = backing_memory_no_file,
	.release = backing_memory_shmem_release,
};

const struct backing_kind backing_guest_memfd = {
	.name = "guest-memfd",
	.help = "memory that KVM alone maps; refused, with the reason, where it is not available",
	.ram = QEMU_RAM_GUEST_MEMFD, .file_page = PAGE_SIZES,
	.prepare = backing_memory_guest_memfd_prepare,
};
