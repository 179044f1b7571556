/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checks of the table in causes.c, in the file of the layer that they are about. */
#ifndef KDUEL_CAUSES_H
#define KDUEL_CAUSES_H

#include "doctor.h"

#define CAUSE_M2 ((uint64_t)2 << 20)

typedef bool cause_fn(const struct doctor_case *c, struct doctor_finding *f);

/* cause-file.c */
cause_fn cause_no_pmem, cause_pmem_small, cause_ns_used, cause_ns_mode, cause_ns_align, cause_part_align, cause_lvm_align,
	 cause_runtime_cache, cause_page_cache, cause_mount_no_dax, cause_guest_dax,
	 cause_dax_inode, cause_fs_hints, cause_extents, cause_file_size;
/* cause-memory.c */
cause_fn cause_map_private, cause_map_align, cause_guest_memfd, cause_thp_off, cause_thp_prctl, cause_thp_advice,
	 cause_shmem_off, cause_pool_empty, cause_pool_node, cause_cgroup, cause_fragmented,
	 cause_touched_small, cause_guest_thp;
/* cause-kvm.c */
cause_fn cause_emulated, cause_no_paging, cause_confidential, cause_slot_edge, cause_nx_split,
	 cause_dirty_log, cause_old_kernel, cause_zone_device;

/* Does the memory lie on persistent memory that DAX could map huge? */
bool cause_is_dax(const struct doctor_case *c);
/* Is the mapping in QEMU as it should be for huge pages of the second level? */
bool cause_map_is_good(const struct doctor_case *c);

#endif
