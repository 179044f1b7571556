/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A workload process: kduel-agent --workload, executed again for each and held
 * by its parent (lib/worker.h). A forked copy of the agent would inherit the
 * agent's heap, whose mappings depend on all that the agent did before and
 * when: one mapping more costs every page fault of the workload some 7
 * instructions.
 */
#ifndef KDUEL_WORK_H
#define KDUEL_WORK_H

#include <stdbool.h>

#include <jansson.h>

#include "bench/exec.h"
#include "bench/source.h"
#include "err.h"
#include "view.h"

/*
 * The process itself, from its first message to its exit code. `reserve`: huge
 * pages that its source needs are added to the kernel's pool.
 */
int work_serve(int in, int out, bool reserve);

/* Are these arguments good, before anything is started? */
int work_check(const struct view *args, struct err *err);

/* --- place.c: what its source or command asks of the machine before it can start --- */

/*
 * Makes `s->place` on the guest's own NVDIMM ready, by the code that makes the node's
 * persistent memory ready for backings (backing/pmem.h, fs.h); if it is already, what it holds stays. Nothing is done for a
 * source without one. What the NVDIMM held in another mode is lost.
 */
int place_prepare(const struct source *s, struct err *err);

/*
 * The root file system of a command: a disk, known by its serial number, or a folder
 * that the guest's image brought; and in it what a running system has in /proc, /sys,
 * /dev, /run and /tmp. It is read-only.
 */
#define ROOTFS_PATH_MAX (sizeof(EXEC_ROOTFS) + EXEC_ROOTFS_ID + 1)

/*
 * Mounts what the parameter `rootfs` of exec names, unless it is mounted
 * already; `path` gets the place. Only for a machine of ours: the mounts end
 * with it.
 */
int rootfs_prepare(const json_t *rootfs, char path[static ROOTFS_PATH_MAX], struct err *err);

#endif
