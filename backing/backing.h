/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest's RAM is on the machine under test. A kind is one file that
 * ends in its `struct backing_kind`, and one line in backing.c; everything
 * that the driver plans and judges by is in that struct.
 * docs/adding-a-backing.md shows how to add one.
 *
 * Life cycle: backing_find -> backing_prepare -> (guests run, proofs are read)
 * -> backing_release. A prepare that fails leaves nothing behind.
 */
#ifndef KDUEL_BACKING_H
#define KDUEL_BACKING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>

#include "err.h"
#include "fs.h"
#include "pages.h"
#include "pmem.h"
#include "qemu.h"
#include "vocab/words.h"

struct dax_trace;
struct backing;

struct backing_kind {
	const char *name;	/* "fsdax-xfs" */
	const char *help;
	enum qemu_ram ram;	/* what QEMU is told of it */
	uint64_t page;		/* the size of its huge pages; 0: none of its own */
	bool pmem;		/* lies on persistent memory, which the MUT must have */
	uint64_t pmem_least;	/* bytes of the smallest device it can be made on; 0: any */
	enum page_size file_page;	/* how its file lies on its device; PAGE_SIZES: any */
	const char *variant;	/* what prepare() makes of it: filesystem, THP setting */
	const char *const *params;	/* names it knows, NULL-terminated; NULL: none */

	int (*prepare)(struct backing *b, const json_t *params, struct err *err);
	/*
	 * Makes a second file of b->nvdimm.size bytes, for the guest's NVDIMM, and fills
	 * in the rest of b->nvdimm; without a path QEMU makes the memory, as it does the
	 * RAM's. NULL: it cannot.
	 */
	int (*guest_pmem)(struct backing *b, struct err *err);
	bool guest_pmem_apart;	/* which takes a namespace of its own */
	/* How the file lies on the device; NULL: there is no file. */
	int (*file_pages)(const struct backing *b, struct page_bytes *p,
			  struct err *err);
	/*
	 * How QEMU's page table maps it, where lib/pages.h cannot tell; NULL:
	 * it always can.
	 */
	int (*mut_pages)(const struct backing *b, struct page_bytes *p,
			 struct err *err);
	void (*release)(struct backing *b);	/* also after a failed prepare() */
};

struct backing_file {
	uint64_t size;		/* bytes; 0: there is none */
	char path[96];		/* "" for none */
	int fd;			/* -1: none */
	struct dax_trace *trace;	/* NULL: none */
	struct pmem pmem;	/* of a namespace of its own */
};

struct backing {
	const struct backing_kind *kind;
	uint64_t size;
	char path[96];		/* of the file or device; "" for none */
	struct backing_file nvdimm;	/* of the guest's NVDIMM */
	json_t *facts;		/* for the record */
	json_t *phases;		/* name: seconds */

	struct pmem pmem;
	int fd;			/* the file, -1: none */
	char folder[84];	/* that its files are in; "" for none */
	int held;		/* our lock on it, inside a folder of the user's; -1: a mount of ours */
	struct dax_trace *trace;	/* NULL: none */
	char thp_before[32];	/* settings to put back; "" when not touched */
	char writeback_before[32];
	uint64_t hugepages_before;
	bool hugepages_taken;
};

/* The table, in the order they are shown; ends with NULL. */
extern const struct backing_kind *const backing_kinds[];

/* -EINVAL, listing the names, if there is none. */
int backing_find(const char *name, const struct backing_kind **kind,
		 struct err *err);

/* `size` is a multiple of 2M. `params` may be NULL. */
int backing_prepare(struct backing *b, const struct backing_kind *kind,
		    uint64_t size, const json_t *params, struct err *err);
void backing_release(struct backing *b);

/* Adds a file of `size` bytes, a multiple of 64M, for the guest's NVDIMM. */
int backing_add_nvdimm(struct backing *b, uint64_t size, struct err *err);

/* The file layer's object for a reply: bytes, or why there are none. */
json_t *backing_file_proof(const struct backing *b);
/* The same for the MUT's page table of the guest's RAM in process `qemu`. */
json_t *backing_mut_proof(const struct backing *b, pid_t qemu);
/* `b` as if the file of its guest's NVDIMM were that of the RAM: for the two above alone. */
struct backing backing_of_nvdimm(const struct backing *b);

/* Runs f() and notes under `name` how long it took. For kinds' prepare(). */
#define BACKING_PHASE(b, name, call) ({					\
	double t0_ = loop_now();					\
	__typeof__(call) ret_ = (call);					\
	json_object_set_new((b)->phases, name, json_real(loop_now() - t0_)); \
	ret_; })

/*
 * The address of the guest's RAM in QEMU: the mapping of `path`, or for "" the
 * first anonymous or memfd mapping of `size` bytes, else the first that holds as many.
 */
int backing_ram_find(pid_t pid, const char *path, uint64_t size, uint64_t *start,
		     struct err *err);

/* The same in the text of a maps file. 0 or -ENOENT. */
int backing_ram_parse(char *maps, const char *path, uint64_t size, uint64_t *start);

#endif
