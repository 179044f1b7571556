/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a process has mapped the guest's RAM. */
#ifndef KDUEL_RAM_MAP_H
#define KDUEL_RAM_MAP_H

#include <stdint.h>
#include <sys/types.h>

#include "err.h"

/*
 * The address of the guest's RAM in QEMU: the mapping of `path`, or for "" the
 * first anonymous or memfd mapping of `size` bytes, else the first that holds as many.
 */
int ram_map_find(pid_t pid, const char *path, uint64_t size, uint64_t *start,
		 struct err *err);

/* The same in the text of a maps file. 0 or -ENOENT. */
int ram_map_parse(char *maps, const char *path, uint64_t size, uint64_t *start);

#endif
