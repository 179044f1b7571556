/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's RAM in QEMU, and the memory of a guest from the inside. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "proc.h"
#include "size.h"

#define SLACK (4ULL << 20)	/* of 4K pages that any guest has: firmware, video, edges */
#define FEW_BLOCKS (32ULL << 20)

static bool cause_memory_of_thp(const struct doctor_case *c)
{
	return c->memory == DOCTOR_MEMORY_ANON;
}

/* Is QEMU's own page table known to have more than a few 4K entries? */
static bool cause_memory_map_is_small(const struct doctor_case *c)
{
	const struct doctor_ram *r = &c->ram;

	return r->known && r->huge_known && r->rss > r->huge + SLACK + r->rss / 20;
}

bool cause_map_is_good(const struct doctor_case *c)
{
	const struct doctor_ram *r = &c->ram;

	return r->known && r->shared && r->start % CAUSE_M2 == 0 &&
	       (r->start - r->offset) % CAUSE_M2 == 0;
}

bool cause_map_private(const struct doctor_case *c, struct doctor_finding *f)
{
	if (!c->ram.known || c->ram.shared || !cause_is_dax(c))
		return false;
	return doctor_found(f, DOCTOR_PROVED, "-object memory-backend-file,...,share=on",
			    "QEMU has mapped %s privately: what the guest writes is copied to pages of 4K",
			    c->place.path);
}

bool cause_map_align(const struct doctor_case *c, struct doctor_finding *f)
{
	const struct doctor_ram *r = &c->ram;
	bool shared = c->memory == DOCTOR_MEMORY_SHARED;
	bool file = c->memory == DOCTOR_MEMORY_FILE || c->memory == DOCTOR_MEMORY_DEVDAX;

	if (!r->known || (!file && !shared) || r->start % CAUSE_M2 == 0)
		return false;
	return doctor_found(f, DOCTOR_PROVED, shared ?
			    "-object "
			    "memory-backend-file,mem-path=/dev/shm/ram,...,share=on,align=2M on "
			    "a tmpfs mounted with huge=always, or "
			    "memory-backend-memfd,hugetlb=on (a memfd takes no align)" :
			    "-object memory-backend-file,...,align=2M",
			    "QEMU has mapped %s at 0x%" PRIx64 ", %" PRIu64
			    " KiB after a 2M boundary (align= %s)", shared ? "shared memory" : c->place.path,
			    r->start, r->start % CAUSE_M2 >> 10,
			    r->align ? "was given, but is too small" : "was not given");
}

bool cause_guest_memfd(const struct doctor_case *c, struct doctor_finding *f)
{
	if (!c->backing || c->backing->ram != QEMU_RAM_GUEST_MEMFD)
		return false;
	return doctor_found(f, DOCTOR_PROVED, "take another backing: shmem-thp, or hugetlb-2m",
			    "backing %s is memory of KVM's own, which is a control of 4K until a kernel gives it huge pages",
			    c->backing->name);
}

bool cause_thp_off(const struct doctor_case *c, struct doctor_finding *f)
{
	if (!cause_memory_of_thp(c) || c->guest || (c->set.thp[0] && strcmp(c->set.thp, "never")))
		return false;
	if (!c->set.thp[0])
		return doctor_found(f, DOCTOR_PROVED, "boot a kernel with CONFIG_TRANSPARENT_HUGEPAGE",
				    "this kernel has no transparent huge pages");
	return doctor_found(f, DOCTOR_PROVED,
			    "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled, then start the guest again",
			    "transparent_hugepage/enabled is set to never on the machine");
}

bool cause_thp_prctl(const struct doctor_case *c, struct doctor_finding *f)
{
	if (c->ram.process_thp != DOCTOR_NO || (!cause_memory_of_thp(c) && c->memory != DOCTOR_MEMORY_SHARED))
		return false;
	return doctor_found(f, DOCTOR_PROVED,
			    "start QEMU without prctl(PR_SET_THP_DISABLE); children inherit it, so look at who starts it",
			    "THP_enabled is 0 in /proc/%d/status", (int)c->pid);
}

bool cause_thp_advice(const struct doctor_case *c, struct doctor_finding *f)
{
	if (!c->ram.known || !c->ram.forbidden || !cause_memory_of_thp(c))
		return false;
	return doctor_found(f, DOCTOR_PROVED,
			    "start the guest again; a migration that copies on demand (postcopy) sets this until it ends",
			    "QEMU has told the kernel not to map its guest's RAM huge (MADV_NOHUGEPAGE)");
}

bool cause_shmem_off(const struct doctor_case *c, struct doctor_finding *f)
{
	if (c->memory != DOCTOR_MEMORY_SHARED || !c->set.shmem[0] ||
	    (strcmp(c->set.shmem, "never") && strcmp(c->set.shmem, "deny")))
		return false;
	return doctor_found(f, DOCTOR_PROVED,
			    "echo advise > /sys/kernel/mm/transparent_hugepage/shmem_enabled, then start the guest again",
			    "shmem_enabled is %s: memfd and /dev/shm have pages of 4K", c->set.shmem);
}

/* The size of page that a hugetlb subject wants. */
static enum page_size cause_memory_pool_of(const struct doctor_case *c)
{
	return c->backing && c->backing->page >= 1u << 30 ? PAGE_1G : PAGE_2M;
}

static bool cause_memory_wants_pool(const struct doctor_case *c)
{
	/* A running guest has its pages already. */
	return c->memory == DOCTOR_MEMORY_HUGETLB && !c->pid;
}

bool cause_pool_empty(const struct doctor_case *c, struct doctor_finding *f)
{
	enum page_size page = cause_memory_pool_of(c);
	uint64_t bytes = page_words[page].bytes;
	uint64_t need = c->ram.wanted ? (c->ram.wanted + bytes - 1) / bytes : 1;
	char mend[300];

	if (!cause_memory_wants_pool(c))
		return false;
	if (!c->set.pool[page].known)
		return doctor_found(f, DOCTOR_PROVED, "boot a kernel with CONFIG_HUGETLBFS; pages of 1G need a processor that has them",
				    "this kernel has no pool of %s pages", page_words[page].title);
	if (c->set.pool[page].free >= need)
		return false;
	snprintf(mend, sizeof(mend), "echo %" PRIu64 " > /sys/kernel/mm/hugepages/hugepages-%" PRIu64
		 "kB/nr_hugepages", need + c->set.pool[page].pages - c->set.pool[page].free,
		 bytes >> 10);
	return doctor_found(f, DOCTOR_PROVED, mend, "the pool of %s pages has %" PRIu64 ", %" PRIu64
			    " of them free, and %" PRIu64 " %s needed", page_words[page].title,
			    c->set.pool[page].pages, c->set.pool[page].free, need,
			    need == 1 ? "is" : "are");
}

bool cause_pool_node(const struct doctor_case *c, struct doctor_finding *f)
{
	int empty = -1, full = -1;
	char mend[200];

	if (c->memory != DOCTOR_MEMORY_HUGETLB || cause_memory_pool_of(c) != PAGE_2M || c->set.n_nodes < 2)
		return false;
	for (size_t i = 0; i < c->set.n_nodes; i++) {
		bool asked = c->ram.host_node < 0 || c->ram.host_node == c->set.node[i].id;

		if (!c->set.node[i].free && asked)
			empty = c->set.node[i].id;
		if (c->set.node[i].free)
			full = c->set.node[i].id;
	}
	if (empty < 0 || full < 0 || (c->pid && c->ram.host_node < 0))
		return false;
	snprintf(mend, sizeof(mend), "echo <pages> > /sys/devices/system/node/node%d/hugepages/hugepages-2048kB/nr_hugepages",
		 empty);
	return doctor_found(f, c->ram.host_node < 0 ? DOCTOR_POSSIBLE : DOCTOR_PROVED, mend,
			    "node %d has no free 2M page, node %d has: memory bound to node %d gets none",
			    empty, full, empty);
}

bool cause_cgroup(const struct doctor_case *c, struct doctor_finding *f)
{
	uint64_t need = c->ram.wanted > c->ram.size ? c->ram.wanted : c->ram.size;
	char path[256], *quoted, mend[600];
	const char *const argv[] = { path, NULL };

	if (c->ram.limit >= need || c->memory == DOCTOR_MEMORY_HUGETLB || cause_is_dax(c))
		return false;
	snprintf(path, sizeof(path), "/sys/fs/cgroup%s/memory.max", c->ram.limit_group);
	quoted = proc_command_text(argv);
	snprintf(mend, sizeof(mend), "echo max > %s", quoted ? quoted : "");
	free(quoted);
	return doctor_found(f, DOCTOR_LIKELY, mend, "control group %s is limited to %" PRIu64 " "
		"MiB (memory.max), and the guest's RAM is %" PRIu64 " MiB",
			    c->ram.limit_group, c->ram.limit >> 20, need >> 20);
}

bool cause_fragmented(const struct doctor_case *c, struct doctor_finding *f)
{
	if (!cause_memory_map_is_small(c) || cause_is_dax(c) || c->set.largest_free >= FEW_BLOCKS)
		return false;
	return doctor_found(f, DOCTOR_LIKELY, "echo 1 > /proc/sys/vm/compact_memory, then start the guest again",
			    "free blocks of 2M and more are %" PRIu64 " MiB in all: memory is "
			    "used up or fragmented",
			    c->set.largest_free >> 20);
}

/* Does a setting as it is now keep huge pages away? */
static bool cause_memory_is_forbidden(const struct doctor_case *c)
{
	struct doctor_finding f;

	return cause_thp_off(c, &f) || cause_thp_prctl(c, &f) || cause_thp_advice(c, &f) ||
	       cause_shmem_off(c, &f);
}

/* All is well now, and yet the pages are small: they were there before. */
bool cause_touched_small(const struct doctor_case *c, struct doctor_finding *f)
{
	const struct doctor_ram *r = &c->ram;
	bool dax = cause_is_dax(c);

	if (!cause_memory_map_is_small(c) || c->guest || cause_memory_is_forbidden(c) || (dax && !cause_map_is_good(c)) ||
	    c->memory == DOCTOR_MEMORY_HUGETLB || (!dax && c->memory == DOCTOR_MEMORY_FILE))
		return false;
	if (dax && c->place.is_file && c->place.pages.b2m < c->place.pages.b4k)
		return false;
	return doctor_found(f, DOCTOR_LIKELY, "start the guest again; nothing may touch its memory before the setting, the file and the mapping are right (no prealloc by another process)",
			    "%" PRIu64 " of %" PRIu64 " MiB are in pages of 4K in QEMU, though nothing forbids huge ones now: a small page was there first",
			    (r->rss - r->huge) >> 20, r->rss >> 20);
}

bool cause_guest_thp(const struct doctor_case *c, struct doctor_finding *f)
{
	if (!c->guest || (c->set.thp[0] && strcmp(c->set.thp, "never")))
		return false;
	return doctor_found(f, DOCTOR_PROVED,
			    "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled   (in the guest)",
			    c->set.thp[0] ? "transparent_hugepage/enabled is set to never in "
			    	"the guest"
					  : "the guest's kernel has no transparent huge pages");
}
