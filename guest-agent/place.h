/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a workload's source or command asks of its machine before it can start: a place
 * on the guest's own NVDIMM, made ready by the code that makes the node's persistent
 * memory ready for backings (backing/pmem.h, fs.h), or a root file system.
 */
#ifndef KDUEL_PLACE_H
#define KDUEL_PLACE_H

#include <jansson.h>

#include "bench/exec.h"
#include "bench/source.h"
#include "err.h"

/*
 * Makes `s->place` ready; if it is already, what it holds stays. Nothing is done for a
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
