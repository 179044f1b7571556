/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The second level: what keeps KVM from huge entries where QEMU's table is good. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "doctor.h"

/* With more 4K pages than this for each fault, they were split from huge ones. */
#define PAGES_A_FAULT 10
/* Since this version KVM walks the page table; before, it tested a flag that DAX pages lack. */
#define WALKS_MAJOR 5
#define WALKS_MINOR 6

bool cause_emulated(const struct doctor_case *c, struct doctor_finding *f)
{
	if (!c->pid || c->ram.kvm)
		return false;
	return doctor_found(f, DOCTOR_PROVED, "-accel kvm",
			    "this QEMU emulates its guest: there is no second level at all");
}

bool cause_no_paging(const struct doctor_case *c, struct doctor_finding *f)
{
	const char *name = c->second.module && strstr(c->second.module, "intel") ? "ept" : "npt";
	char mend[200];

	if (c->second.paging != DOCTOR_NO)
		return false;
	snprintf(mend, sizeof(mend), "modprobe -r %s; modprobe %s %s=1   (no guest may run)",
		 c->second.module, c->second.module, name);
	return doctor_found(f, DOCTOR_PROVED, mend, "%s runs with %s=0: shadow page tables, as small as the guest's own",
			    c->second.module, name);
}

bool cause_confidential(const struct doctor_case *c, struct doctor_finding *f)
{
	if (!c->ram.confidential)
		return false;
	return doctor_found(f, DOCTOR_LIKELY, "none on this kernel: guest_memfd has 4K pages "
		"only; an ordinary guest can have huge ones",
			    "this is a confidential guest (SEV-SNP or TDX): its private memory is not mapped from QEMU's page table"
			    " (this rule was tried only on such guests' command lines, on no processor that runs them)");
}

bool cause_slot_edge(const struct doctor_case *c, struct doctor_finding *f)
{
	const struct doctor_ram *r = &c->ram;

	if (doctor_is_huge(c) == DOCTOR_YES || !r->known)
		return false;
	if (r->below_4g && r->below_4g < r->wanted && r->below_4g % CAUSE_M2)
		return doctor_found(f, DOCTOR_PROVED, "-machine max-ram-below-4g=<a multiple of 2M>",
				    "the guest's RAM is split at %" PRIu64 " KiB, which is not "
				    "a multiple of 2M: what lies above 4G is %" PRIu64 " KiB "
				    "off QEMU's addresses", r->below_4g >> 10,
				    r->below_4g % CAUSE_M2 >> 10);
	if (r->wanted % CAUSE_M2 && r->wanted < 64ULL << 20)
		return doctor_found(f, DOCTOR_LIKELY, "-m <a multiple of 2M>",
				    "the guest has %" PRIu64 " KiB of RAM, which is not a "
				    "multiple of 2M: its last slot ends in the middle of a page",
				    r->wanted >> 10);
	return false;
}

static bool cause_kvm_second_is_small(const struct doctor_case *c)
{
	return c->second.known && doctor_is_huge(c) == DOCTOR_NO;
}

bool cause_nx_split(const struct doctor_case *c, struct doctor_finding *f)
{
	const struct doctor_second *s = &c->second;
	uint64_t split = s->nx_splits * CAUSE_M2;

	if (!s->known || s->nx_huge_pages != DOCTOR_YES || split * 2 < s->b4k || !split ||
	    doctor_is_huge(c) == DOCTOR_YES)
		return false;
	return doctor_found(f, DOCTOR_PROVED,
			    "echo never > /sys/module/kvm/parameters/nx_huge_pages   (where the processor is not affected by iTLB multihit, or its guests are trusted)",
			    "nx_huge_pages is on, and %" PRIu64 " huge pages were split because the guest executes what is in them",
			    s->nx_splits);
}

/* Could the file and QEMU's table be mapped huge, as far as they are known? */
static bool cause_kvm_below_is_good(const struct doctor_case *c)
{
	struct doctor_finding f;

	if (c->second.paging == DOCTOR_NO || cause_slot_edge(c, &f) || cause_ns_align(c, &f))
		return false;
	if (cause_is_dax(c)) {
		if (!cause_map_is_good(c))
			return false;
		if (c->place.is_file && c->place.pages.b2m < c->place.size / 2)
			return false;
	} else if (c->memory == DOCTOR_MEMORY_FILE) {
		return false;
	}
	/* Where the page table is known, it decides. */
	return !c->ram.huge_known || !c->ram.known || c->ram.huge * 10 > c->ram.rss * 9;
}

static bool cause_kvm_was_split(const struct doctor_second *s)
{
	return s->b4k >> 12 > s->faults * PAGES_A_FAULT;
}

bool cause_dirty_log(const struct doctor_case *c, struct doctor_finding *f)
{
	const char *mend = "let the migration end, or cancel it (migrate_cancel); then huge pages come back as the guest touches them";

	if (!cause_kvm_second_is_small(c))
		return false;
	if (c->ram.migrating)
		return doctor_found(f, DOCTOR_PROVED, mend,
				    "a migration (or a dirty-rate measurement) of this guest is "
				    "running: writes are logged by pages of 4K");
	if (!cause_kvm_below_is_good(c) || !cause_kvm_was_split(&c->second))
		return false;
	return doctor_found(f, DOCTOR_LIKELY, mend, "%" PRIu64 " pages of 4K came from only "
		"%" PRIu64
			    " faults: huge pages were split, as dirty logging does",
			    c->second.b4k >> 12, c->second.faults);
}

bool cause_old_kernel(const struct doctor_case *c, struct doctor_finding *f)
{
	const int *v = c->set.kernel;

	if (!cause_is_dax(c) || !v[0] || !c->pid || v[0] > WALKS_MAJOR ||
	    (v[0] == WALKS_MAJOR && v[1] >= WALKS_MINOR))
		return false;
	return doctor_found(f, DOCTOR_PROVED, "boot Linux 5.6 or later",
			    "KVM of Linux %d.%d takes DAX pages for small ones: it asks whether "
			    "they are compound pages",
			    v[0], v[1]);
}

bool cause_zone_device(const struct doctor_case *c, struct doctor_finding *f)
{
	const struct doctor_second *s = &c->second;

	if (!cause_is_dax(c) || !cause_kvm_second_is_small(c) || !cause_kvm_below_is_good(c) ||
	    cause_kvm_was_split(s) || c->ram.migrating)
		return false;
	/* If some are huge, it is not the kernel, or not the kernel alone. */
	return doctor_found(f, s->huge * 20 < s->b4k ? DOCTOR_LIKELY : DOCTOR_POSSIBLE,
			    "boot a kernel whose KVM maps ZONE_DEVICE pages huge (upstream does since 5.6)",
			    "file and mapping allow 2M, and %" PRIu64 " pages of 4K came from "
			    "%" PRIu64
			    " faults, one by one: this KVM does not map device memory huge",
			    s->b4k >> 12, s->faults);
}
