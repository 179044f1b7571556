/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine under test. Its kinds differ only in how they boot a kernel and open a
 * stream to the node's agent; each is a table of functions in a file of its own
 * (mut-vm.c, mut-host.c, mut-ssh.c, mut-fake.c), and nothing outside those files
 * knows which one it has.
 *
 *	struct machine_boot boot = { .arm = &plan->arms[0], .kernel = path };
 *	struct machine m;
 *	double ahead;
 *
 *	machine_init(&m, machine_ops(plan), plan, loop);
 *	ret = machine_prepare(&m, path, err);	// once: images, accelerator
 *	for (i = 0; !ret && i < plan->n_boots; i++) {
 *		ret = machine_boot(&m, &boot, &ahead, err);	// a kernel runs:
 *		...	// m.link_in, m.link_out, m.console, m.proc
 *		machine_stop(&m);	// at once, always
 *	}
 *	machine_release(&m);
 */
#ifndef KDUEL_MACHINE_H
#define KDUEL_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/exec.h"
#include "err.h"
#include "loop.h"
#include "plan/plan.h"
#include "proc.h"
#include "qemu.h"

/*
 * The two initramfs images of a campaign: the guest's (the agent and the plan's
 * files) and the node's (the agent, QEMU, mkfs, and in /guest the guest's kernel and
 * image). Both are the same for all arms.
 */

#define BOOT_DISKS_MAX 8
#define BOOT_IMAGES_DISKS "/guest/rootfs-"	/* where the node's image has them */

/* A cell's root file system, as a disk of the guest. */
struct boot_disk {
	char id[EXEC_ROOTFS_ID + 1];	/* its serial number */
	char *path;		/* in the cache */
};

struct boot_images {
	char *agent;		/* path of kduel-agent on this machine */
	bool shell;		/* with busybox, for kduel shell */
	const char *guest_config;	/* of the guest's kernel; NULL: not known */
	struct boot_disk disks[BOOT_DISKS_MAX];
	unsigned n_disks;
	char *guest, *node;	/* paths in the cache */
	uint64_t guest_size, node_size;	/* bytes */
};

#define BOOT_IMAGES_INIT { 0 }

/*
 * Makes both images, or takes them from the cache. b->shell and b->guest_config are
 * inputs, everything else in `b` is filled in. The guest's image also has the plan's
 * files and the root file systems that cannot be disks; the node's has the disks.
 * `guest_kernel` is a bzImage; NULL if the node is a real machine and needs no image.
 */
int boot_images_ensure(struct boot_images *b, const struct plan *p, const char *guest_kernel,
		       struct err *err);
void boot_images_release(struct boot_images *b);

/*
 * Keeps both images and `modules` (NULL: none) in the cache; each boot calls it, since a
 * campaign may run for days.
 */
void boot_images_used(const struct boot_images *b, const char *modules);

/* Why a root file system cannot be a disk: "the guest's kernel lacks CONFIG_...", or "". */
const char *boot_rootfs_lacks(const char *config, char text[static 200]);

/*
 * The node's image with the archive `modules` appended, which the kernel unpacks as
 * well. It is in the cache; the caller frees `*path`.
 */
int boot_images_join(const struct boot_images *b, const char *modules, char **path,
		     struct err *err);

struct machine;

/* What one boot needs to know. Everything is borrowed. */
struct machine_boot {
	const struct plan_arm *arm;
	const char *kernel;	/* bzImage; NULL for kinds that build none */
	const char *modules;	/* archive to append to the initramfs; NULL: none */
	const char *release;	/* the kernel's uname -r; "" if unknown */
	unsigned boot, block;	/* their numbers, for faults planted in some blocks */
	uint64_t nonce;
	const char *profile;	/* the file of counts, made anew at power-on; NULL: none */
	const char *guest_kernel;	/* its image, which that file names; NULL */
	bool profile_boot;	/* count in the boot's phases as well */
	bool profile_memory;	/* count loads and stores as well */
};

struct machine_kind_ops {
	const char *name;	/* as in vocab/words.h */
	bool boots_image;	/* boots kernels of kduel's cache, which must exist */
	bool runs_qemu;		/* as a child of the driver, from its PATH */
	bool disposable;	/* ends with its process, and needs no tidying up */
	/* Memory that it takes from the driver's machine, in bytes. */
	uint64_t (*memory)(const struct plan *p);
	/* Where its times come from: "hardware", "nested", "emulated", "instructions", "fake". */
	const char *(*domain)(const struct machine *m);
	/*
	 * What one of its devices holds, in words, before anything is begun; NULL for kinds
	 * that have no device of the user's.
	 */
	void (*describe)(const struct plan *p, const char *device, char *text, size_t size);
	/* `guest_kernel`, a bzImage, must stay valid. */
	int (*prepare)(struct machine *m, const char *guest_kernel,
		       struct err *err);
	/* Gets the kernel running: fills m->proc and m->console. */
	int (*boot)(struct machine *m, const struct machine_boot *b,
		    struct err *err);
	/* Opens the stream: fills m->link_in and m->link_out. */
	int (*link)(struct machine *m, const struct machine_boot *b,
		    struct err *err);
	/* What has to be done besides ending m->proc and closing the streams; may be NULL. */
	void (*stop)(struct machine *m);
	/* Can another machine boot beside it (machine_boot_ahead())? NULL: never. */
	bool (*has_room)(const struct machine *m);
};

/* The functions of the plan's kind, mut_<kind> of mut-<kind>.c; machine-table.c. */
const struct machine_kind_ops *machine_ops(const struct plan *p);

struct machine {
	const struct machine_kind_ops *ops;
	const struct plan *plan;
	struct loop *loop;
	enum qemu_accel accel;		/* of a VM, after machine_prepare() */
	char accel_why[256];		/* which and why; "" for other kinds */
	struct boot_images images;
	/* The guest's kernel and initramfs as paths on the node; NULL: in its image. */
	const char *guest_kernel, *guest_initrd;
	const char *guest_disks;	/* path of a disk there, without its id; NULL: disk.path */
	const char *guest_config;	/* of its kernel, or NULL; set before machine_prepare() */
	const char *local_guest_kernel;	/* to be copied there */
	const char *domain;		/* as its agent told; NULL: not asked */
	const char *guest_cmdline;	/* words that the guest's kernel needs here; or NULL */

	bool shell;		/* its images hold a shell; set before machine_prepare() */
	const char *gdb;	/* argument of QEMU's -gdb; NULL: none */
	bool stays;		/* after a panic QEMU stops instead of exiting */
	char *files_root;	/* where the plan's files are, if there is no real guest */

	struct proc proc;		/* QEMU, the agent, or ssh */
	int link_in, link_out;		/* -1 when there is none */
	int console;

	struct machine_ahead *ahead;	/* NULL: none was booted ahead */
};

void machine_init(struct machine *m, const struct machine_kind_ops *ops,
		  const struct plan *plan, struct loop *loop);
int machine_prepare(struct machine *m, const char *guest_kernel,
		    struct err *err);
/*
 * Boots, or takes the machine that was booted ahead for this boot: then b->nonce becomes
 * that machine's, and `*ahead` the seconds since its power-on; else `*ahead` is 0.
 */
int machine_boot(struct machine *m, struct machine_boot *b, double *ahead,
		 struct err *err);
void machine_stop(struct machine *m);
void machine_release(struct machine *m);

/*
 * Boots the next boot's kernel beside the machine in use, if the kind has room for
 * it; it then waits once its agent has said hello. The caller must not time anything
 * until machine_is_settled(). A failure here is not reported: the boot will fail again
 * in its turn.
 */
void machine_boot_ahead(struct machine *m, const struct machine_boot *next);

/* Is no machine still booting ahead (none, or it has said hello, or ended)? */
bool machine_is_settled(void *m);

/* Ends the machine that was booted ahead, and its file of counts; it boots again in its turn. */
void machine_drop_ahead(struct machine *m);

static inline const char *machine_domain(const struct machine *m)
{
	return m->ops->domain(m);
}

/* Bytes that QEMU takes besides its guest's memory: translated code, cached images. */
#define MACHINE_QEMU_MEMORY (384ull << 20)
/* Bytes for the driver and the processes of a fake machine. */
#define MACHINE_DRIVER_MEMORY (64ull << 20)

/*
 * For kinds whose agent is a plain process: runs `argv`, with stdin and stdout as the
 * stream and stderr as the console.
 */
int machine_spawn_agent(struct machine *m, const char *const argv[],
			struct err *err);

#endif
