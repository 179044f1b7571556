/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Persistent memory: a namespace of the kernel's nvdimm subsystem, made usable
 * for DAX.
 *
 * A namespace without a header is "raw": its block device has no struct pages
 * and cannot be mapped by DAX. Claimed by a "pfn" device it becomes a block
 * device for filesystems (fsdax), by a "dax" device a character device
 * (devdax); in either case a header is written, 2M at the start are lost, and
 * the pages' descriptors live in ordinary memory, or, if ndctl makes it, on the device.
 */
#ifndef KDUEL_PMEM_H
#define KDUEL_PMEM_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

#define PMEM_NODE_MAX 80

enum pmem_mode {
	PMEM_FSDAX,
	PMEM_DEVDAX,
};

struct pmem {
	char node[PMEM_NODE_MAX];	/* "/dev/pmem0", "/dev/dax0.0" */
	char namespace[32];	/* "namespace0.0" */
	uint64_t base;		/* physical address of the node's first byte */
	uint64_t size, align;	/* bytes */
	int made;		/* 0: it was in this mode already */
};

/* Where the kernel shows its devices; tests put a made-up tree here. */
extern const char *pmem_sysfs, *pmem_dev;

/*
 * Brings a namespace into `mode`: the one called `namespace`, or, if NULL, the
 * first there is. What it held is lost, unless it is in that mode already; one that is in
 * use is refused.
 *
 * This is for machines of ours, which have no labels, no udev and nothing to lose, and
 * writes to sysfs. libndctl would do the same, but costs each boot several percent of
 * its time to the first sample, or as a program of its own one or two (figures are in
 * docs/adding-a-backing.md).
 */
int pmem_setup(enum pmem_mode mode, const char *namespace, uint64_t align,
	       struct pmem *p, struct err *err);

/*
 * The same for a namespace of a real machine, by the program ndctl: labels, sectors, BTTs,
 * bad blocks and udev are what it knows. Its complaints are in the error; EXIT_MACHINE, with
 * the name of its package, if it is needed and not installed.
 */
int pmem_setup_by_ndctl(enum pmem_mode mode, const char *namespace, uint64_t align,
			struct pmem *p, struct err *err);

/*
 * The namespace after `name` in the order of names, of those that have a size, into
 * `next`; EXIT_MACHINE if there is none.
 */
int pmem_next_namespace(const char *name, char *next, size_t size, struct err *err);

/* Is there a namespace of this name? EXIT_CONFIG if not, EXIT_MACHINE if there is none at all. */
int pmem_find(const char *name, struct err *err);

/*
 * The same, and does nobody use it? EXIT_MACHINE: who does, as far as that can be seen (the
 * processes of others are root's to see). It only reads.
 */
int pmem_check(const char *namespace, struct err *err);
/* The second half of it. */
int pmem_check_unused(const char *namespace, struct err *err);
/* The same of a DAX device's node. */
int pmem_check_node(const char *node, struct err *err);

/*
 * What a namespace holds, in words, for whoever is about to lose it: "16 GiB,
 * /dev/pmem0 with ext4 'data', mounted on /mnt". It only reads. The text is printable
 * ASCII whatever is on the device.
 */
void pmem_describe(const char *namespace, char *text, size_t size);
/* The same for the first 128 KiB of a block device: "xfs 'data'"; "" if they are not known. */
void pmem_signature(const unsigned char *head, size_t len, char *text, size_t size);

#endif
