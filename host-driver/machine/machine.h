/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine under test. Its kinds differ only in how they get a kernel
 * running and a stream to the node's agent open; each is a table of functions
 * in a file of its own (mut-vm.c, mut-host.c, mut-ssh.c, mut-fake.c), and
 * nothing outside those files knows which one it has.
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
#include "lib/err.h"
#include "lib/loop.h"
#include "lib/proc.h"
#include "lib/qemu.h"
#include "plan/plan.h"

/*
 * The two initramfs images of a campaign: the guest's (the agent alone) and
 * the node's (the agent, QEMU, mkfs, and at /guest the guest's kernel and
 * image). Both are the same for all arms.
 */

#define BOOT_DISKS_MAX 8
#define BOOT_IMAGES_DISKS "/guest/rootfs-"	/* where the node's image has them */

/* A cell's root file system that is a disk of the guest's. */
struct boot_disk {
	char id[EXEC_ROOTFS_ID + 1];	/* its serial number */
	char *path;		/* in the cache */
};

struct boot_images {
	char *agent;		/* kduel-agent on this machine */
	bool shell;		/* with busybox, for kduel shell */
	const char *guest_config;	/* of the guest's kernel; NULL: not known */
	struct boot_disk disks[BOOT_DISKS_MAX];
	unsigned n_disks;
	char *guest, *node;	/* paths in the cache */
	uint64_t guest_size, node_size;	/* bytes */
};

#define BOOT_IMAGES_INIT { 0 }

/* $KDUEL_AGENT, beside this program, or in PATH; the caller frees it. */
char *boot_images_agent(struct err *err);

/*
 * b->shell and b->guest_config count, all else of `b` is filled in.
 * Makes both, or takes them from the cache; the guest's has the plan's files, too, and
 * root file systems that it cannot have as disks. The node's has the disks.
 * `guest_kernel` is a bzImage; NULL where the node is not a machine of ours and needs
 * no image.
 */
int boot_images_ensure(struct boot_images *b, const struct plan *p, const char *guest_kernel,
		       struct err *err);
void boot_images_release(struct boot_images *b);

/* "" or "the guest's kernel lacks CONFIG_...": why it cannot have a root file system as a disk. */
const char *boot_rootfs_lacks(const char *config, char text[static 200]);

/*
 * Every root file system of the plan's becomes one of b->disks, or, where the guest
 * cannot have it as one and it is small, goes behind the guest's image.
 */
int boot_rootfs_place(struct boot_images *b, const struct plan *p, struct err *err);

/*
 * The node's image with the archive `modules` behind it, as the kernel unpacks
 * one after the other; in the cache, `*path` is the caller's.
 */
int boot_images_join(const struct boot_images *b, const char *modules, char **path,
		     struct err *err);

struct machine;

/* What one boot needs to know. Everything is borrowed. */
struct machine_boot {
	const struct plan_arm *arm;
	const char *kernel;	/* bzImage; NULL for kinds that build none */
	const char *modules;	/* archive to put behind the initramfs; NULL: none */
	const char *release;	/* what uname -r will say; "" if not known */
	unsigned boot, block;	/* which one; for faults that are planted in some blocks */
	uint64_t nonce;
	const char *profile;	/* the plugin appends counts to this file; NULL: no plugin */
	bool profile_boot;	/* of the boot's phases, too */
	bool profile_memory;	/* and loads and stores */
};

struct machine_kind_ops {
	const char *name;	/* of vocab/words.h */
	bool boots_image;	/* runs kernels that kduel built: they must be there */
	bool runs_qemu;		/* in the driver's process group, from its PATH */
	bool disposable;	/* dies with its process: need not be tidied up */
	/* Memory that it takes from the driver's machine, in bytes. */
	uint64_t (*memory)(const struct plan *p);
	/* Where its times come from: "hardware", "nested", "emulated", "instructions", "fake". */
	const char *(*domain)(const struct machine *m);
	/* `guest_kernel`, a bzImage, must stay valid. */
	int (*prepare)(struct machine *m, const char *guest_kernel,
		       struct err *err);
	/* Gets the kernel running: fills m->proc and m->console. */
	int (*boot)(struct machine *m, const struct machine_boot *b,
		    struct err *err);
	/* Opens the stream: fills m->link_in and m->link_out. */
	int (*link)(struct machine *m, const struct machine_boot *b,
		    struct err *err);
	/* Beyond ending m->proc and closing the streams; may be NULL. */
	void (*stop)(struct machine *m);
	/* Is there room for machine_boot_ahead()? NULL: never. */
	bool (*has_room)(const struct machine *m);
};

extern const struct machine_kind_ops mut_vm, mut_host, mut_ssh, mut_fake;

/* Those of the plan's kind; machine-table.c. */
const struct machine_kind_ops *machine_ops(const struct plan *p);

struct machine {
	const struct machine_kind_ops *ops;
	const struct plan *plan;
	struct loop *loop;
	enum qemu_accel accel;		/* of a VM, after machine_prepare() */
	char accel_why[256];		/* what was taken and why; "" for others */
	struct boot_images images;
	/* Where the node finds the guest's; NULL: in its own image. */
	const char *guest_kernel, *guest_initrd;
	const char *guest_disks;	/* a disk is this and its id; NULL: where the driver has it */
	const char *guest_config;	/* of its kernel; NULL; set before machine_prepare() */
	const char *local_guest_kernel;	/* to be copied there */
	const char *guest_cmdline;	/* the guest's kernel needs it here; or NULL */

	bool shell;		/* its images hold a shell; set before machine_prepare() */
	const char *gdb;	/* QEMU's -gdb; NULL: none */
	bool stays;		/* a kernel that panics leaves it stopped, not gone */
	char *files_root;		/* where a guest's files are here, if there is no guest */

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
 * Takes the machine that was booted ahead, if it is this boot: then b->nonce is the one
 * it was given, and `*ahead` the seconds since it was powered on; else 0.
 */
int machine_boot(struct machine *m, struct machine_boot *b, double *ahead,
		 struct err *err);
void machine_stop(struct machine *m);
void machine_release(struct machine *m);

/*
 * Gets the kernel of the next boot running beside the machine that is used, where
 * the kind has room for it; it then waits with its agent's first word. To be called
 * while nothing is timed, as the caller must see to it that nothing is until
 * machine_is_settled(). What fails here will fail in its turn, and be told then.
 */
void machine_boot_ahead(struct machine *m, const struct machine_boot *next);

/* Nothing was booted ahead, or it has spoken, or ended; `m` is a struct machine. */
bool machine_is_settled(void *m);

/* Ends what was booted ahead: it boots in its turn. */
void machine_drop_ahead(struct machine *m);

static inline const char *machine_domain(const struct machine *m)
{
	return m->ops->domain(m);
}

/* What a real machine's times are. */
const char *machine_is_hardware(const struct machine *m);

/* QEMU beside its guest's memory: translated code, images in its page cache. */
#define MACHINE_QEMU_MEMORY (384ull << 20)
/* The driver and the processes of a fake machine. */
#define MACHINE_DRIVER_MEMORY (64ull << 20)

/*
 * Runs `argv` as the machine's process: stdin and stdout are the stream,
 * stderr the console. For the kinds whose agent is a plain process.
 */
int machine_spawn_agent(struct machine *m, const char *const argv[],
			struct err *err);

#endif
