/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver's part of a profile file: what the plugin, which appends to the
 * same file, cannot know.
 *
 *	kernel m|g SHA256 PATH		first: the machine's, the guest's image
 *	program g SHA256 PATH		what runs the workloads in the guest
 *	start				the plugin is to begin counting
 *	run PROCESS CELL		the regions that follow are of this process
 *
 * Where perf sampled (a machine that is no emulated VM) no plugin writes, and all of the file is
 * the driver's:
 *
 *	kduel-why 3 vcpus 0
 *	run PROCESS CELL
 *	sampled EVENT HZ
 *	region 0 SEQ 0
 *	f m|g k|p SAMPLES NAME		a function of a kernel, or of programs
 *	end SAMPLES			their sum
 *	things 1
 *
 * Written while the plugin writes nothing: before QEMU starts, before it
 * counts, and between two processes.
 */
#ifndef KDUEL_WHY_PROFILE_WRITE_H
#define KDUEL_WHY_PROFILE_WRITE_H

#include <stdbool.h>

#include "err.h"
#include "view.h"

/* Makes `path` and its folder anew. `mut_image` NULL: perf will sample; `program` NULL: not known. */
int profile_begin(const char *path, const char *mut_image, const char *guest_image,
		  const char *program, struct err *err);

/*
 * With the plugin's wait=on: begin counting, which the plugin is told within so many
 * seconds. From then on it takes code that is new and a few entries into a guest until
 * it counts, which profile_counts() tells.
 */
int profile_start(const char *path, double seconds, struct err *err);
int profile_counts(const char *path, bool *counts, struct err *err);

/* What a node answered to `sample-stop`, as region `seq`, from 0. -EINVAL: it is no such answer. */
int profile_sampled(const char *path, unsigned seq, const struct view *reply, struct err *err);

/* The regions that follow belong to this process of this cell. */
int profile_run(const char *path, unsigned process, const char *cell, struct err *err);

#endif
