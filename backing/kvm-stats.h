/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The second-level page table of one guest, by KVM's own statistics: a folder
 * of debugfs for each VM, named after QEMU's pid.
 *
 * pages_4k, pages_2m and pages_1g count entries that exist now (Linux 5.15);
 * older kernels count large entries only (largepages), so that 4K is unknown
 * there. Faults count from the guest's start.
 *
 * KVM_GET_STATS_FD gives the same numbers, but only to the process that made
 * the VM: KVM refuses its descriptor, passed on by pidfd_getfd(), to another
 * address space.
 */
#ifndef KDUEL_KVM_STATS_H
#define KDUEL_KVM_STATS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "pages.h"

/*
 * The object of layer `second-level` for the VM of this process, with
 * "faults", "exits" and "zapped" where the kernel counts them.
 * `root` is KVM's folder in debugfs, NULL for the usual one.
 */
json_t *kvm_stats_proof(const char *root, pid_t qemu);

/*
 * The folder of this process's VM, into `dir` (size bytes): 0, -ENOENT where KVM
 * has none for it, or a negative errno where the search fails.
 */
int kvm_stats_find_vm(const char *root, pid_t qemu, char *dir, size_t size);
/* One statistic of such a folder; false if this kernel has none of that name. */
bool kvm_stats_number(const char *dir, const char *name, uint64_t *value);
/* What is mapped now, by the size of entries; false if this kernel does not count all sizes. */
bool kvm_stats_pages(const char *dir, struct page_bytes *p);

#endif
