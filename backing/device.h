/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the user may name as the place of a backing in persistent memory, and what has to
 * be asked before it is used. By its form a name is one of these:
 *
 *	namespace0.0	a namespace, which is brought into the mode that the backing needs
 *	/dev/pmem0	the block device of one: the same as its namespace
 *	/dev/dax0.0	a DAX device, for devdax: used as it is
 *	/mnt/pmem	a folder of a file system that is mounted with DAX: a file is made there
 *
 * The user has to consent: whatever the first three hold is lost, and a folder gets a file as
 * large as the guest's memory.
 */
#ifndef KDUEL_DEVICE_H
#define KDUEL_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backing.h"

#define DEVICE_NAME_MAX 64	/* characters of a name */

enum device_kind {
	DEVICE_NAMESPACE,
	DEVICE_BLOCK,
	DEVICE_DAX,
	DEVICE_FOLDER,
};

/* Which of them a name is; it may be another machine's. EXIT_CONFIG, listing them, if none. */
int device_parse(const char *name, enum device_kind *kind, struct err *err);

/* Can the backing `k` lie there? EXIT_CONFIG, saying what it takes, if not. */
int device_suits(const struct backing_kind *k, const char *name, struct err *err);

/* May a backing be made there: is it `own` (may be NULL), of which the user said so? */
bool device_is_granted(const char *name, const char *own);
/* EXIT_CONFIG for one that is not; `holds` is what is there, from device_describe(). */
int device_refuse(const struct backing_kind *k, const char *name, const char *own,
		  const char *holds, struct err *err);

/* Is it on this machine? EXIT_CONFIG or EXIT_MACHINE if not. It only reads. */
int device_find(const char *name, struct err *err);

/*
 * Is it there, and can `size` bytes of backing `k` be had on it without taking it from
 * somebody who uses it? It only reads.
 */
int device_check(const struct backing_kind *k, const char *name, uint64_t size,
		 struct err *err);

/* What this machine has there, in words: pmem_describe() of any name. It only reads. */
void device_describe(const char *name, char *text, size_t size);

/* The namespace of a name of the first two kinds. */
int device_namespace(const char *name, char *namespace, size_t size, struct err *err);

/* --- device-dax.c --- */

/* A DAX device as it is; EXIT_CONFIG if there is none. */
int device_dax_find(const char *node, struct pmem *p, struct err *err);
/* The same, and EXIT_MACHINE if somebody uses it. */
int device_dax_open(const char *node, struct pmem *p, struct err *err);

/* Where the kernel shows its DAX devices; tests put a made-up tree here. */
extern const char *device_dax_sysfs;

#endif
