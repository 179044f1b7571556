/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The root file system of a command: a disk, known by its serial number, or a folder
 * that the guest's image brought; and in it what a running system has in /proc, /sys,
 * /dev, /run and /tmp. It is read-only.
 */
#ifndef KDUEL_ROOTFS_H
#define KDUEL_ROOTFS_H

#include <jansson.h>

#include "bench/exec.h"
#include "err.h"

#define ROOTFS_PATH_MAX (sizeof(EXEC_ROOTFS) + EXEC_ROOTFS_ID + 1)

/*
 * Mounts what the parameter `rootfs` of exec names, unless it is mounted
 * already; `path` gets the place. Only for a machine of ours: the mounts end
 * with it.
 */
int rootfs_prepare(const json_t *rootfs, char path[static ROOTFS_PATH_MAX], struct err *err);

#endif
