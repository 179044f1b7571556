/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU command lines, as argument lists. The driver makes the one of the
 * machine under test, the node agent the one of the guest; both are described
 * by one struct, so that what the two differ in can be read off it.
 *
 * Byte streams are sockets that the caller made (socketpair) and hands over
 * by number: no socket files, nothing to clean up.
 *
 *	struct qemu_vm vm = {
 *		.role = QEMU_MUT, .accel = QEMU_TCG, .cpus = 2,
 *		.memory = 3ULL << 30, .pmem = 1ULL << 30,
 *		.kernel = path, .initrd = "initrd", .append = "quiet",
 *		.console_fd = 5, .link_fd = 6,
 *	};
 *	struct args a = ARGS_INIT;
 *
 *	ret = qemu_args(&vm, &a, err);
 *	...	// proc_spawn() with .keep = {5, 6, -1}
 */
#ifndef KDUEL_QEMU_H
#define KDUEL_QEMU_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "proc.h"

/* The name by which the agent finds its port: /dev/virtio-ports/<name>. */
#define QEMU_LINK_NAME "kduel.0"

/*
 * Added to a kernel's command line: its processes lie at the same addresses. Where
 * instructions are counted, two boots then execute the same ones: qemu_args() adds it
 * for QEMU_ICOUNT. The guest of any emulated machine gets it, as the emulator translates
 * a program again for each address that it lies at.
 */
#define QEMU_CMDLINE_FIXED "norandmaps"

/*
 * Added on an emulated machine of one processor, which then does not use its
 * local APIC's timer: calibrating that takes a quarter of a second, or 240
 * million instructions. And its kernel keeps the lock prefixes of its instructions:
 * to take away some 5,000 of them, as kernels of one processor do, it changes the
 * page tables twice for each, which the emulator pays for with all that it has looked
 * up. qemu_args() adds it; a guest of one processor on an emulated machine needs it too.
 */
#define QEMU_CMDLINE_ONE "nolapic_timer noreplace-smp"

/*
 * For the guest of an emulated machine that counts instructions: an exit as soon as
 * possible after each interrupt, against a fault of that emulation (docs/emulator.md).
 * The guest's kernel reads it if it has the patch 6.1/exit-at-irq; whatever kernel it
 * is, qemu_args() makes the end of an interrupt an exit if a guest's `append` has it.
 */
#define QEMU_CMDLINE_EXIT "exit_at_irq=1"

enum qemu_role {
	QEMU_MUT,	/* has pmem, can run guests of its own */
	QEMU_GUEST,	/* RAM is the memory under test */
};

/* The option of memory-backend-memfd that a QEMU of QEMU_RAM_GUEST_MEMFD knows. */
#define QEMU_GUEST_MEMFD "x-guest-memfd"

enum qemu_accel {
	QEMU_TCG,	/* emulation; a MUT gets an AMD processor with SVM and NPT */
	QEMU_ICOUNT,	/* emulation that counts instructions as time; one CPU */
	QEMU_KVM,	/* this machine's virtualization hardware */
};

/* Where the machine's RAM comes from. */
enum qemu_ram {
	QEMU_RAM_ANON,		/* anonymous; huge if the host's THP says so */
	QEMU_RAM_FILE,		/* `ram_path`, shared: a file on DAX, a devdax node, hugetlbfs */
	QEMU_RAM_MEMFD,		/* shared anonymous file */
	QEMU_RAM_HUGETLB,	/* memfd of huge pages of `ram_page` bytes */
	QEMU_RAM_GUEST_MEMFD,	/* a file of KVM's; of QEMUs that have QEMU_GUEST_MEMFD */
};

#define QEMU_DISKS_MAX 8
#define QEMU_SERIAL_MAX 20	/* characters that virtio-blk has for it */

/* A read-only virtio-blk disk. */
struct qemu_disk {
	const char *path, *serial;
};

struct qemu_vm {
	enum qemu_role role;
	enum qemu_accel accel;
	const char *binary;	/* NULL: qemu_binary() */
	const char *firmware;	/* folder of QEMU's ROMs, NULL: QEMU's own default */
	unsigned cpus;
	uint64_t memory;	/* bytes, a multiple of 2M */
	uint64_t pmem;		/* bytes of NVDIMM; 0: none */
	const char *pmem_path;	/* the file it is, shared; NULL: memory as the RAM's, or anonymous */
	uint64_t pmem_next;	/* bytes of a second NVDIMM, of memory; 0: none */
	bool pmem_virtio;	/* a virtio-pmem device instead of an NVDIMM */

	enum qemu_ram ram;
	const char *ram_path;
	uint64_t ram_page;
	/*
	 * QEMU_GUEST: how far guest-physical addresses are shifted from QEMU's
	 * own, modulo 2M. All RAM beyond the first 64M is, so that none of the
	 * machine's huge pages can be mapped huge in the second-level table. A
	 * multiple of 4K below 2M; 0: not at all.
	 */
	uint64_t shift;

	struct qemu_disk disks[QEMU_DISKS_MAX];
	unsigned n_disks;
	const char *kernel, *initrd;
	const char *append;	/* added to what this file gives; may be NULL */
	const char *plugin;	/* what -plugin is given; NULL: none */
	const char *gdb;	/* what -gdb is given; NULL: none */
	bool stays;		/* at a reset or power-off it stops, for gdb, instead of exiting */

	int console_fd;		/* ttyS0; < 0: none */
	int link_fd;		/* the port QEMU_LINK_NAME; < 0: none */
	int monitor_fd;		/* its monitor (QMP); <= 0: none */
};

/* $KDUEL_QEMU, or qemu-system-x86_64. */
const char *qemu_binary(void);

/*
 * What qemu_binary() says it is, as major * 1000 + minor: 7.2.13 is 7002. 0: it cannot be
 * run, or says something else.
 */
unsigned qemu_version(void);

/*
 * Appends the whole command line. Refuses, naming the field, what QEMU would
 * refuse less clearly: no CPU, unaligned memory, instruction counting with
 * more than one CPU, a file backing without a file.
 */
int qemu_args(const struct qemu_vm *vm, struct args *a, struct err *err);

/* Does a machine of so many processors get QEMU_CMDLINE_ONE? */
bool qemu_one_timer(enum qemu_accel accel, unsigned cpus);

/* How much of its RAM lies below 4G; the rest begins there. */
uint64_t qemu_low_memory(const struct qemu_vm *vm);

/* The kernel command line that qemu_args() uses; the caller frees it. */
char *qemu_cmdline(const struct qemu_vm *vm);

const char *qemu_accel_name(enum qemu_accel accel);

#endif
