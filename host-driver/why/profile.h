/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads what the plugin wrote (its format: plugin/main.c): regions, each with the
 * segments executed in it. QEMU may have ended at any time, so a last region without
 * its end is left out; anything else that is wrong is an error that names the line.
 *
 *	struct profile p;
 *
 *	ret = profile_read(&p, "why/boot-1", err);
 *	for (size_t i = 0; i < p.n_regions; i++)
 *		sum += p.regions[i].total;
 *	profile_release(&p);
 */
#ifndef KDUEL_WHY_PROFILE_H
#define KDUEL_WHY_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "view.h"

#define PROFILE_VERSION 5	/* 2 to 4 are read, too: subsets of it */
#define PROFILE_OLDEST 2
#define PROFILE_SIZES 16	/* instructions whose sizes a segment has room for */

enum profile_what { PROFILE_RUN, PROFILE_LOADS, PROFILE_STORES };

struct profile_segment {
	enum profile_what what;	/* for memory accesses `times` is their number, `insns` 1 */
	uint64_t vaddr, times;
	uint32_t insns, hash;
	uint64_t sizes;		/* of instructions in bytes, 4 bits each, the first one's lowest; 0: not known */
	bool guest;
};

/* A function, called by that of its parent: a call stack. */
struct profile_node {
	uint64_t addr;		/* in the function; 0: unknown */
	uint32_t parent;	/* PROFILE_ROOT, or the index of an earlier node */
	bool guest;
};

#define PROFILE_ROOT UINT32_MAX

/* A function as perf saw it, where nothing was counted. */
struct profile_function {
	bool guest, kernel;
	uint64_t samples;
	const char *name;	/* of a guest's kernel "0x" and an address */
};

struct profile_stack {
	uint32_t node;
	uint64_t insns;
};

struct profile_region {
	const char *phase;	/* NULL: between two markers; else of the boot */
	const char *cell;	/* of the process that ran; "" before the first */
	uint64_t here;		/* where the workload's program had MARKER_PLACE; 0: not known */
	unsigned process;
	uint32_t series, sample;	/* from the tag, see lib/marker.h */
	uint64_t things;	/* how many it did; 0: not given */
	uint64_t entries;	/* into the guest */
	uint64_t total;		/* instructions */
	bool memory;		/* loads and stores were counted as well */
	uint64_t bytes[2], pages[2];	/* loaded and stored; touched: by machine, by guest */
	uint64_t clock;		/* the region's duration by its clock; 0: not given */
	const struct profile_segment *segments;
	size_t n;
	/* Of kernels: together all instructions that kernels executed, and `rest`. None: unknown. */
	const struct profile_stack *stacks;
	size_t n_stacks;
	uint64_t rest[2];	/* of blocks that a fault or an exit left: of machine, of guest */
	const struct profile_node *nodes;	/* the profile's */
	const struct profile_function *functions;	/* instead of segments */
	size_t n_functions;
	const char *event;	/* that was sampled, and how often a second; NULL: all was counted */
};

struct profile {
	unsigned vcpus;
	struct profile_region *regions;
	size_t n_regions;
	struct profile_kernel {
		const char *path, *sha256;	/* NULL: not said */
	} mut, guest, program;	/* the workload's */
	struct profile_segment *segments;	/* of all regions */
	struct profile_stack *stacks;
	struct profile_node *nodes;
	size_t n_nodes;
	struct profile_function *functions;
	char *text;
};

/* -EINVAL: not a profile, of another version, or damaged. */
int profile_read(struct profile *p, const char *path, struct err *err);
void profile_release(struct profile *p);

/* --- profile-write.c --- */

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
 *	kduel-why 5 vcpus 0
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
