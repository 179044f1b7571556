/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device, its filesystem, the file: what a huge entry needs of them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "proc.h"
#include "size.h"

static bool cause_file_on_pmem(const struct doctor_case *c)
{
	return c->has_place && c->place.nd[0];
}

static bool cause_file_on_fs(const struct doctor_case *c)
{
	return cause_file_on_pmem(c) && c->place.fs[0];
}

/* Is less than 95% of a file in 2M pieces, and so worth reporting? */
static bool cause_file_is_small(const struct doctor_case *c)
{
	const struct doctor_place *p = &c->place;
	uint64_t whole = p->size / CAUSE_M2 * CAUSE_M2;

	return p->is_file && whole && p->pages.b2m < whole - whole / 20;
}

static const char *cause_file_device_of(const struct doctor_place *p)
{
	return p->block[0] ? p->block : p->nd;
}

bool cause_no_pmem(const struct doctor_case *c, struct doctor_finding *f)
{
	if (!c->backing || !c->backing->pmem || c->has_place)
		return false;
	return doctor_found(f, DOCTOR_PROVED,
		"give the machine an NVDIMM, or boot its kernel with memmap=<size>!<start>",
		"the kernel lists no namespace of persistent memory, and backing %s needs one",
		c->backing->name);
}

/* A device's size is known before it has been made what the backing needs. */
bool cause_pmem_small(const struct doctor_case *c, struct doctor_finding *f)
{
	const struct doctor_place *p = &c->place;
	uint64_t need;

	if (!c->backing || !c->backing->pmem || !c->has_place || !p->size)
		return false;
	need = c->ram.wanted > c->backing->pmem_least ? c->ram.wanted : c->backing->pmem_least;
	if (p->size >= need)
		return false;
	return doctor_found(f, DOCTOR_PROVED,
			    "take a larger namespace, make guest.memory smaller, or boot with memmap=<size>!<start>",
			    "%s has %" PRIu64 " MiB, and backing %s needs at least %" PRIu64 " MiB (%" PRIu64 " more)",
			    p->nd, p->size >> 20, c->backing->name, need >> 20,
			    (need - p->size + (1 << 20) - 1) >> 20);
}

bool cause_ns_used(const struct doctor_case *c, struct doctor_finding *f)
{
	const struct doctor_place *p = &c->place;
	const char *const argv[] = { "umount", p->mounted, NULL };
	char *mend;

	if (!c->backing || !p->mounted[0])
		return false;
	mend = proc_command_text(argv);
	doctor_found(f, DOCTOR_PROVED, mend ? mend : "", "%s is in use: it is mounted on %s",
		     p->namespace, p->mounted);
	free(mend);
	return true;
}

/* "safe" is a sector device. Devdax may be what the user wants, and is not reported. */
bool cause_ns_mode(const struct doctor_case *c, struct doctor_finding *f)
{
	const struct doctor_place *p = &c->place;
	char mend[300];

	if (!cause_file_on_pmem(c) || c->backing || (strcmp(p->mode, "raw") && strcmp(p->mode, "safe")))
		return false;
	snprintf(mend, sizeof(mend), "ndctl create-namespace -f -e %s -m fsdax -a 2M   (what it holds is lost)",
		 p->namespace);
	return doctor_found(f, DOCTOR_PROVED, mend, "%s (%s) is in mode %s", p->namespace,
			    cause_file_device_of(p), strcmp(p->mode, "safe") ? "raw" : "sector");
}

bool cause_ns_align(const struct doctor_case *c, struct doctor_finding *f)
{
	const struct doctor_place *p = &c->place;
	bool small = p->align && p->align < CAUSE_M2;
	char mend[300], size[SIZE_TEXT_MAX];

	if (!cause_file_on_pmem(c) || (!small && p->base % CAUSE_M2 == 0))
		return false;
	snprintf(mend, sizeof(mend), "ndctl create-namespace -f -e %s -m %s -a 2M   (what it holds is lost)",
		 p->namespace, c->memory == DOCTOR_MEMORY_DEVDAX ? "devdax" : "fsdax");
	/* With an alignment of 4K the data may still lie well; then only devdax suffers. */
	if (p->base % CAUSE_M2 == 0 && c->memory != DOCTOR_MEMORY_DEVDAX)
		return false;
	if (p->base % CAUSE_M2)
		return doctor_found(f, DOCTOR_PROVED, mend, "the data of %s begin at 0x%" PRIx64
				    ", %" PRIu64 " KiB after a 2M boundary", p->namespace, p->base,
				    p->base % CAUSE_M2 >> 10);
	return doctor_found(f, DOCTOR_PROVED, mend, "%s was made with an alignment of %s",
			    p->namespace, size_format(p->align, size));
}

bool cause_part_align(const struct doctor_case *c, struct doctor_finding *f)
{
	const struct doctor_place *p = &c->place;
	char mend[300];

	if (!cause_file_on_pmem(c) || !p->partition || p->partition_start % CAUSE_M2 == 0)
		return false;
	snprintf(mend, sizeof(mend), "parted -a none /dev/%s unit MiB mkpart <name> 2 100%%   (a new partition; what the old one holds is lost)",
		 p->disk);
	return doctor_found(f, DOCTOR_PROVED, mend, "partition %s begins %" PRIu64
			    " KiB into %s, which is not a multiple of 2M", p->block,
			    p->partition_start >> 10, p->disk);
}

bool cause_lvm_align(const struct doctor_case *c, struct doctor_finding *f)
{
	const struct doctor_place *p = &c->place;
	char mend[300];

	if (!cause_file_on_pmem(c) || !p->volume || p->volume_start % CAUSE_M2 == 0)
		return false;
	snprintf(mend, sizeof(mend), "pvcreate --dataalignment 2M /dev/%s   (before vgcreate and lvcreate; what it holds is lost)",
		 p->disk);
	return doctor_found(f, DOCTOR_PROVED, mend, "volume %s begins %" PRIu64
			    " KiB into %s, which is not a multiple of 2M", p->block,
			    p->volume_start >> 10, p->disk);
}

static bool cause_file_in_page_cache(const struct doctor_case *c)
{
	return c->memory == DOCTOR_MEMORY_FILE && c->has_place && !c->place.nd[0];
}

bool cause_runtime_cache(const struct doctor_case *c, struct doctor_finding *f)
{
	if (!cause_file_in_page_cache(c) || !c->ram.container)
		return false;
	return doctor_found(f, DOCTOR_PROVED,
		"put the runtime's file_mem_backend (and its volumes) on a filesystem mounted with dax on pmem, or give the guest hugepages",
		"a container runtime started this guest with its memory in %s, on %s%s%s: pages of the page cache",
		c->place.path, c->place.fs, c->place.block[0] ? " on " : "", c->place.block);
}

bool cause_page_cache(const struct doctor_case *c, struct doctor_finding *f)
{
	if (!cause_file_in_page_cache(c) || c->ram.container)
		return false;
	return doctor_found(f, DOCTOR_PROVED,
		"put the file on a filesystem mounted with dax on persistent memory, or use memory-backend-memfd,hugetlb=on",
		"%s lies on %s%s%s, which is not persistent memory: the guest's RAM is in the "
		"page cache",
		c->place.path, c->place.fs, c->place.block[0] ? " on " : "", c->place.block);
}

static bool cause_file_mount_says(const struct doctor_place *p, const char *option)
{
	return strstr(p->options, option);
}

static bool cause_file_mount_is_dax(const struct doctor_place *p)
{
	return cause_file_mount_says(p, ",dax,") || cause_file_mount_says(p, ",dax=always,");
}

bool cause_mount_no_dax(const struct doctor_case *c, struct doctor_finding *f)
{
	const struct doctor_place *p = &c->place;
	bool inode = cause_file_mount_says(p, ",dax=inode,");
	char mend[600];

	if (!cause_file_on_fs(c) || p->dax == DOCTOR_YES || inode || p->dax_flag == DOCTOR_YES)
		return false;
	if (cause_file_mount_is_dax(p) && p->dax == DOCTOR_UNKNOWN)
		return false;
	snprintf(mend, sizeof(mend), "umount it, then mount -o dax /dev/%s ...; if the kernel refuses, dmesg says why",
		 p->block);
	if (cause_file_mount_is_dax(p))
		return doctor_found(f, DOCTOR_PROVED, mend, "%s on %s is mounted with dax, but the kernel "
				    "does not access %s by it: it silently uses the page cache",
				    p->fs, p->block, p->path);
	return doctor_found(f, p->dax == DOCTOR_NO ? DOCTOR_PROVED : DOCTOR_LIKELY, mend,
			    "%s on %s is mounted without dax: its files are in the page cache",
			    p->fs, p->block);
}

bool cause_guest_dax(const struct doctor_case *c, struct doctor_finding *f)
{
	const struct doctor_place *p = &c->place;

	if (!c->guest || !c->has_place || cause_file_mount_is_dax(p))
		return false;
	return doctor_found(f, DOCTOR_PROVED,
			    "mount -o remount,dax=always cannot change it: unmount it and mount "
			    "it with dax; an image needs its data 2M-aligned and a device with "
			    "page structs",
			    "in the guest %s on %s at %s is mounted without dax: its files are in the guest's page cache",
			    p->fs, p->block, p->path);
}

bool cause_dax_inode(const struct doctor_case *c, struct doctor_finding *f)
{
	const struct doctor_place *p = &c->place;
	char mend[400];

	if (!cause_file_on_fs(c) || p->dax == DOCTOR_YES || cause_file_mount_is_dax(p))
		return false;
	if (p->dax_flag == DOCTOR_YES)
		return doctor_found(f, DOCTOR_PROVED,
				    "close the file everywhere (or mount again): the flag takes "
				    "effect at the next first open; mount -o dax=never "
				    "overrides it",
				    "%s has the inode's dax flag, but is accessed through the page cache",
				    p->path);
	if (!cause_file_mount_says(p, ",dax=inode,"))
		return false;
	snprintf(mend, sizeof(mend), "xfs_io -c 'chattr +x' <folder>, then make the file again; "
		"or mount -o dax=always /dev/%s",
		 p->block);
	return doctor_found(f, DOCTOR_PROVED, mend,
			    "%s on %s is mounted with dax=inode, and %s lacks the flag", p->fs,
			    p->block, p->path);
}

/* A device that begins off a boundary makes each extent look bad. */
static bool cause_file_ground_is_even(const struct doctor_place *p)
{
	return (p->base + p->partition_start + p->volume_start) % CAUSE_M2 == 0;
}

bool cause_fs_hints(const struct doctor_case *c, struct doctor_finding *f)
{
	const struct doctor_place *p = &c->place;
	char mend[400], share[32];

	if (!cause_file_on_fs(c) || p->hints != DOCTOR_NO || !cause_file_is_small(c) ||
	    !cause_file_ground_is_even(p))
		return false;
	snprintf(mend, sizeof(mend), !strcmp(p->fs, "xfs") ?
		 "mkfs.xfs -f -m reflink=0 -d su=2m,sw=1,extszinherit=512 /dev/%s   (what it holds is lost)" :
		 "mkfs.ext4 -b 4096 -E stride=512,stripe_width=512 /dev/%s   (what it holds is lost)",
		 p->block);
	snprintf(share, sizeof(share), "%.0f%%", 100.0 * p->pages.b2m / p->size);
	return doctor_found(f, DOCTOR_LIKELY, mend, "%s on %s has no stripe or extent size of "
		"2M, and only %s of %s lies in aligned 2M "
		"pieces", p->fs, p->block, share, p->path);
}

bool cause_extents(const struct doctor_case *c, struct doctor_finding *f)
{
	const struct doctor_place *p = &c->place;
	uint64_t longest = 0;
	size_t crooked = 0;

	if (!cause_file_on_fs(c) || !cause_file_is_small(c) || !cause_file_ground_is_even(p) ||
	    p->hints == DOCTOR_NO)
		return false;
	for (size_t i = 0; i < p->n_extents; i++) {
		if (p->extents[i].length > longest)
			longest = p->extents[i].length;
		crooked += (p->extents[i].physical - p->extents[i].logical) % CAUSE_M2 != 0;
	}
	return doctor_found(f, DOCTOR_PROVED,
			    "make the file again at its full size on an emptier filesystem "
			    "(fallocate -l <size>), best right after mkfs",
			    "%s has %zu extents, %zu of them off a 2M boundary, the longest of %" PRIu64
			    " KiB: %.0f%% of it can be mapped huge", p->path, p->n_extents, crooked,
			    longest >> 10, 100.0 * p->pages.b2m / p->size);
}

bool cause_file_size(const struct doctor_case *c, struct doctor_finding *f)
{
	const struct doctor_place *p = &c->place;
	char mib[32], *mend;
	const char *const argv[] = { "fallocate", "-l", mib, p->path, NULL };

	if (!c->has_place || !p->is_file || !p->nd[0] || !p->size || p->size % CAUSE_M2 == 0)
		return false;
	snprintf(mib, sizeof(mib), "%" PRIu64 "M", (p->size + CAUSE_M2 - 1) / CAUSE_M2 * 2);
	mend = proc_command_text(argv);
	doctor_found(f, DOCTOR_PROVED, mend ? mend : "", "%s has %" PRIu64 " bytes, %" PRIu64
		     " KiB more than a multiple of 2M: its end is mapped with 4K", p->path,
		     p->size, p->size % CAUSE_M2 >> 10);
	free(mend);
	return true;
}

bool cause_is_dax(const struct doctor_case *c)
{
	if (!cause_file_on_pmem(c))
		return false;
	return c->memory == DOCTOR_MEMORY_DEVDAX ||
	       (c->memory == DOCTOR_MEMORY_FILE && c->place.dax != DOCTOR_NO);
}
