/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver's part of a profile file: what the plugin, which appends to the
 * same file, cannot know.
 *
 *	kernel m|g SHA256 PATH		first: the machine's, the guest's image
 *	start				the plugin is to begin counting
 *	run PROCESS CELL		the regions that follow are of this process
 *
 * Written while the plugin writes nothing: before QEMU starts, before it
 * counts, and between two processes.
 */
#ifndef KDUEL_WHY_PROFILE_WRITE_H
#define KDUEL_WHY_PROFILE_WRITE_H

#include "err.h"

/* Makes `path` and its folder anew. */
int profile_begin(const char *path, const char *mut_image, const char *guest_image,
		  struct err *err);

/*
 * With the plugin's wait=on: begin counting. It takes a few entries into a
 * guest until it does; profile_wait() waits for that, at most so many seconds.
 */
int profile_start(const char *path, struct err *err);
int profile_wait(const char *path, double seconds, struct err *err);

int profile_run(const char *path, unsigned process, const char *cell, struct err *err);

#endif
