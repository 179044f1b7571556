/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why is this guest's memory not mapped huge, and is this machine fit for
 * measuring? Nothing here writes, starts or opens a device.
 *
 *	struct doctor_case c;
 *	struct doctor_report r;
 *
 *	doctor_begin(&c);
 *	if (doctor_look_at_qemu(&c, 4711, err))	// or _at_path(), _at_backing()
 *		return err->code;
 *	doctor_examine(&c, doctor_causes, &r);
 *	...	// r.finding[0] is the likeliest cause
 *	doctor_end(&c);
 *
 * What is seen goes into a struct doctor_case; a cause is one function that
 * reads it, and one line in a table (causes.c, machine.c). A layer that could
 * not be read is named in the case: no cause guesses for it.
 */
#ifndef KDUEL_DOCTOR_H
#define KDUEL_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>

#include "backing/backing.h"
#include "backing/dax.h"
#include "err.h"
#include "pages.h"
#include "vocab/words.h"

enum doctor_memory {
	DOCTOR_MEMORY_UNKNOWN,
	DOCTOR_MEMORY_ANON,
	DOCTOR_MEMORY_SHARED,	/* memfd, /dev/shm: pages of shmem */
	DOCTOR_MEMORY_HUGETLB,
	DOCTOR_MEMORY_FILE,
	DOCTOR_MEMORY_DEVDAX,
};

/* Three-valued facts: what cannot be read is neither yes nor no. */
enum doctor_answer { DOCTOR_UNKNOWN = -1, DOCTOR_NO, DOCTOR_YES };

/* The guest's RAM in QEMU, and what QEMU was told. Bytes. */
struct doctor_ram {
	bool known;		/* the mapping was found and read */
	uint64_t start, size, offset, page;
	uint64_t rss, huge;	/* mapped in QEMU at all, and by huge entries */
	bool huge_known;	/* the kernel reports `huge` for this kind of memory */
	bool shared, forbidden;	/* MAP_SHARED; MADV_NOHUGEPAGE */
	enum doctor_answer process_thp;	/* prctl(PR_SET_THP_DISABLE) was not called */
	uint64_t wanted;	/* -m; 0: not told */
	uint64_t below_4g;	/* machine option max-ram-below-4g; 0: none */
	uint64_t align;		/* of memory-backend-file; 0: none */
	int host_node;		/* policy=bind; -1: none */
	bool kvm, migrating, container;
	bool confidential;	/* SEV-SNP or TDX: private memory is not QEMU's */
	uint64_t limit;		/* least memory.max of its control groups; UINT64_MAX */
	char limit_group[200];
};

/* Where a file or device lies. Offsets and sizes are bytes. */
struct doctor_place {
	char path[256];		/* as QEMU or the user names it */
	char open[300];		/* the same file for us: QEMU's folders may be its own */
	char fs[16], options[512];	/* ",rw,dax=always,...," of the mount; "" for a device */
	char block[40];		/* "pmem0p1"; "" if the filesystem has no device */
	char disk[40];		/* the whole device below partitions and volumes */
	char nd[40];		/* what the kernel's nvdimm calls it: "pfn0.0"; "": no pmem */
	char namespace[40], mode[16];
	char mounted[200];	/* of a namespace: where it is mounted; "" */
	bool partition, volume;	/* on a partition; on a device-mapper volume */
	uint64_t volume_start;	/* of the volume in its disk; partition_start likewise */
	uint64_t partition_start;
	uint64_t base;		/* physical address of the disk's data */
	uint64_t align;		/* that the namespace was made with; 0: not known */
	enum doctor_answer dax;	/* the kernel accesses the file by DAX */
	enum doctor_answer dax_flag;	/* the inode's own flag */
	enum doctor_answer hints;	/* stripe or extent size of 2M or more */
	bool is_file;
	uint64_t size;
	struct extent *extents;
	size_t n_extents;
	struct page_bytes pages;	/* by the extents and the disk's place in memory */
};

/* The second level, by KVM's statistics. */
struct doctor_second {
	bool known;		/* 4K and large pages are counted */
	uint64_t b4k, huge;	/* bytes */
	uint64_t faults;	/* that mapped a page, whatever its size */
	uint64_t nx_splits;	/* huge pages split because the guest executes them */
	enum doctor_answer paging;	/* EPT or NPT is on */
	const char *module;	/* "kvm_intel", "kvm_amd"; NULL: neither serves */
	enum doctor_answer nx_huge_pages;
};

/* Settings of the machine; the words are those in brackets. */
struct doctor_settings {
	int kernel[2];		/* version; 0: not known */
	char thp[16], shmem[16];
	struct { uint64_t pages, free; bool known; } pool[PAGE_SIZES];
	/* free 2M pages of each node */
	struct { int id; uint64_t free; } node[16];
	size_t n_nodes;
	uint64_t largest_free;	/* bytes in free blocks of 2M or more */
};

#define DOCTOR_BLIND_MAX 8

struct doctor_case {
	pid_t pid;		/* QEMU's; 0: none */
	const struct backing_kind *backing;	/* NULL: none was named */
	bool guest;		/* we look at a guest from the inside */
	enum doctor_memory memory;
	bool has_place;
	struct doctor_ram ram;
	struct doctor_place place;
	struct doctor_second second;
	struct doctor_settings set;
	struct {
		const char *layer;
		char why[200];
	} blind[DOCTOR_BLIND_MAX];	/* what could not be read */
	size_t n_blind;
};

enum doctor_sure { DOCTOR_PROVED, DOCTOR_LIKELY, DOCTOR_POSSIBLE };
extern const char *const doctor_sure_words[];	/* "proved", ... */

struct doctor_finding {
	const struct doctor_cause *cause;
	enum doctor_sure sure;
	char seen[400];		/* with the figures */
	char mend[400];		/* a command, or what else to do */
};

/*
 * One cause. The check fills in `seen`, `mend` and `sure`, and returns whether
 * it found something. In a table the order counts: a cause that brings others
 * about comes before them.
 */
struct doctor_cause {
	const char *id;		/* "map-private" */
	const char *layer;	/* a name of vocab/words.h, or "machine" or "proof" */
	const char *title;	/* half a line: what is wrong */
	const char *rule;	/* what it breaks; of a machine: what it does to numbers */
	bool (*check)(const struct doctor_case *c, struct doctor_finding *f);
};

/* Why memory is small; whether a machine measures well. Each ends with a NULL id. */
extern const struct doctor_cause doctor_causes[];
extern const struct doctor_cause doctor_machine_causes[];

#define DOCTOR_FINDINGS_MAX 40

struct doctor_report {
	struct doctor_finding finding[DOCTOR_FINDINGS_MAX];
	size_t n;
};

void doctor_begin(struct doctor_case *c);
void doctor_end(struct doctor_case *c);

/* EXIT_CONFIG if there is no such process, or it is not a QEMU. */
int doctor_look_at_qemu(struct doctor_case *c, pid_t pid, struct err *err);
/*
 * A file, folder, block device or DAX device; EXIT_CONFIG if it cannot be
 * looked at, or lies where there is no DAX.
 */
int doctor_look_at_path(struct doctor_case *c, const char *path, struct err *err);
/* Could memory of this kind be huge here? `size` bytes; 0: any. */
void doctor_look_at_backing(struct doctor_case *c, const struct backing_kind *kind,
			    uint64_t size);
/* The inside of a guest, where the caller is. */
void doctor_look_at_guest(struct doctor_case *c);

/* Only what doctor_machine_causes ask for. */
void doctor_look_at_machine(struct doctor_case *c);

/* The findings, the surest first; equally sure ones in the table's order. */
void doctor_examine(const struct doctor_case *c, const struct doctor_cause *table,
		    struct doctor_report *r);

/*
 * Fills `layers` with those of which something could be read, and returns their number. A
 * process's command line and the machine's settings always can be.
 */
size_t doctor_layers_read(const struct doctor_case *c, const char *layers[LAYERS]);

/* {"findings":[{"id","layer","title","seen","rule","mend","sure"}],"unread":[...],"read":[...]} */
json_t *doctor_json(const struct doctor_case *c, const struct doctor_report *r);

/* Is most of the memory mapped huge, at the deepest layer that can be read? */
enum doctor_answer doctor_is_huge(const struct doctor_case *c);

/* For checks: fills in a finding and returns true. */
bool doctor_found(struct doctor_finding *f, enum doctor_sure sure, const char *mend,
		  const char *seen, ...) __attribute__((format(printf, 4, 5)));

/* --- the checks of causes.c, in the file of the layer that they are about --- */

#define CAUSE_M2 ((uint64_t)2 << 20)

typedef bool cause_fn(const struct doctor_case *c, struct doctor_finding *f);

/* cause-file.c */
cause_fn cause_no_pmem, cause_pmem_small, cause_ns_used, cause_ns_mode, cause_ns_align, cause_part_align, cause_lvm_align,
	 cause_runtime_cache, cause_page_cache, cause_mount_no_dax, cause_guest_dax,
	 cause_dax_inode, cause_fs_hints, cause_extents, cause_file_size;
/* cause-memory.c */
cause_fn cause_map_private, cause_map_align, cause_guest_memfd, cause_thp_off, cause_thp_prctl, cause_thp_advice,
	 cause_shmem_off, cause_pool_empty, cause_pool_node, cause_cgroup, cause_fragmented,
	 cause_touched_small, cause_guest_thp;
/* cause-kvm.c */
cause_fn cause_emulated, cause_no_paging, cause_confidential, cause_slot_edge, cause_nx_split,
	 cause_dirty_log, cause_old_kernel, cause_zone_device;

/* Does the memory lie on persistent memory that DAX could map huge? */
bool cause_is_dax(const struct doctor_case *c);
/* Is the mapping in QEMU as it should be for huge pages of the second level? */
bool cause_map_is_good(const struct doctor_case *c);

#endif
