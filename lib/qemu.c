/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qemu.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proc.h"

#define ALIGN_2M (2ULL << 20)
#define LOW_HOLE 0xb0000000ULL
#define LOW_WITH_HIGH 0x80000000ULL
#define LOW_SHIFTED (64ULL << 20)	/* room for a guest's kernel and initrd */

/*
 * Every kernel's command line. A panic ends the machine at once, so that it is
 * seen as one. The rest saves boot time where a virtual machine needs no
 * probing: one serial port, no check that the timer works, no selftests.
 * trace_eval_init() spends 220 million instructions on writing the values of
 * enums into the texts by which programs print trace events; events are
 * recorded without it, and their fields are read as numbers here. No device
 * here needs a bounce buffer, whose 64 MiB are cleared byte by byte in a machine
 * with memory beyond 4G, as a MUT's pmem is. Machines without such memory are
 * told as well, so that a guest whose memory is shifted there differs in that alone.
 */
static const char cmdline_common[] =
	"console=ttyS0 quiet panic=-1 8250.nr_uarts=1 no_timer_check "
	"tsc=reliable cryptomgr.notests random.trust_cpu=on "
	"initcall_blacklist=trace_eval_init "
	"swiotlb=noforce";

const char *qemu_binary(void)
{
	const char *wish = getenv("KDUEL_QEMU");

	return wish && *wish ? wish : "qemu-system-x86_64";
}

unsigned qemu_version(void)
{
	const char *argv[] = { qemu_binary(), "--version", NULL }, *at;
	unsigned major = 0, minor = 0;
	char *text;

	if (proc_run(argv, 20, &text, NULL))
		return 0;
	at = strstr(text, "version ");
	if (!at || sscanf(at, "version %3u.%3u", &major, &minor) != 2)
		major = minor = 0;
	free(text);
	return major * 1000 + minor;
}

const char *qemu_accel_name(enum qemu_accel accel)
{
	static const char *const names[] = {
		[QEMU_TCG] = "emulation",
		[QEMU_ICOUNT] = "emulation, counting instructions",
		[QEMU_KVM] = "hardware",
	};

	return names[accel];
}

bool qemu_one_timer(enum qemu_accel accel, unsigned cpus)
{
	return accel != QEMU_KVM && cpus == 1;
}

char *qemu_cmdline(const struct qemu_vm *vm)
{
	char *text = NULL;

	if (asprintf(&text, "%s%s%s%s%s", cmdline_common,
		     vm->accel == QEMU_ICOUNT ? " " QEMU_CMDLINE_FIXED : "",
		     qemu_one_timer(vm->accel, vm->cpus) ? " " QEMU_CMDLINE_ONE : "",
		     vm->append ? " " : "", vm->append ? vm->append : "") < 0)
		return NULL;
	return text;
}

/* As q35 lays out RAM: what does not fit below a hole for devices lies above 4G. */
uint64_t qemu_low_memory(const struct qemu_vm *vm)
{
	uint64_t most = vm->memory < LOW_HOLE ? vm->memory : LOW_WITH_HIGH;

	return vm->shift ? LOW_SHIFTED + vm->shift : most;
}

static int qemu_check(const struct qemu_vm *vm, struct err *err)
{
	if (!vm->cpus)
		return err_config(err, "cpus: a machine needs at least 1");
	if (!vm->memory || vm->memory % ALIGN_2M)
		return err_config(err, "memory: %" PRIu64 " bytes is not a multiple of 2M",
				  vm->memory);
	if (vm->pmem % ALIGN_2M || vm->pmem_next % ALIGN_2M)
		return err_config(err, "pmem: %" PRIu64 " bytes is not a multiple of 2M",
				  vm->pmem % ALIGN_2M ? vm->pmem : vm->pmem_next);
	if (vm->shift % 4096 || vm->shift >= ALIGN_2M ||
	    (vm->shift && vm->memory <= 2 * LOW_SHIFTED))
		return err_config(err, "shift: %" PRIu64 " bytes: needs a multiple of 4K below "
			"2M, and a guest of more than 128M", vm->shift);
	if (vm->accel == QEMU_ICOUNT && vm->cpus != 1)
		return err_config(err, "cpus: counting instructions needs 1, not %u",
				  vm->cpus);
	if (vm->ram == QEMU_RAM_FILE && !vm->ram_path)
		return err_config(err, "memory in a file needs the file's path");
	if (vm->ram == QEMU_RAM_HUGETLB &&
	    (!vm->ram_page || vm->memory % vm->ram_page))
		return err_config(err, "memory: %" PRIu64 " bytes is not a multiple of the huge page",
				  vm->memory);
	return 0;
}

/*
 * Under emulated SVM the deadline timer of a guest never fires: the first sleep is
 * the last. The APIC's own works everywhere. And where interrupts must be followed by
 * an exit, they are not acknowledged without one.
 */
static const char *qemu_guest_cpu(const struct qemu_vm *vm)
{
	return vm->append && strstr(vm->append, QEMU_CMDLINE_EXIT)
		? "host,tsc-deadline=off,kvm-pv-eoi=off" : "host,tsc-deadline=off";
}

static void qemu_add_accel(const struct qemu_vm *vm, struct args *a)
{
	switch (vm->accel) {
	case QEMU_KVM:
		args_add_all(a, "-accel", "kvm", "-cpu",
			     vm->role == QEMU_GUEST ? qemu_guest_cpu(vm) : "host", NULL);
		return;
	case QEMU_ICOUNT:
		/*
		 * Even the wall clock follows the count, and RDRAND a seed, so
		 * that two boots see the same.
		 */
		args_add_all(a, "-accel", "tcg,thread=single",
			     "-icount", "shift=0,sleep=off", "-seed", "1",
			     "-rtc", "base=2018-10-01T00:00:00,clock=vm", NULL);
		break;
	case QEMU_TCG:
		args_add_all(a, "-accel", "tcg,thread=multi", NULL);
		break;
	}
	/* Of the processors that TCG emulates, the one with nested paging. */
	args_add_all(a, "-cpu",
		     vm->role == QEMU_MUT ? "EPYC,svm=on,npt=on" : "max", NULL);
}

/* A devdax node of a greater alignment is mapped at that, or not at all. */
static uint64_t qemu_file_align(const struct qemu_vm *vm)
{
	return vm->ram_page > ALIGN_2M ? vm->ram_page : ALIGN_2M;
}

static void qemu_add_memory(const struct qemu_vm *vm, struct args *a)
{
	args_add(a, "-m");
	if (vm->pmem)
		args_addf(a, "%" PRIu64 "M,slots=%d,maxmem=%" PRIu64 "M", vm->memory >> 20,
			  vm->pmem_next ? 2 : 1, (vm->memory + vm->pmem + vm->pmem_next) >> 20);
	else
		args_addf(a, "%" PRIu64 "M", vm->memory >> 20);
	if (vm->shift) {
		args_add(a, "-machine");
		args_addf(a, "max-ram-below-4g=%" PRIu64, qemu_low_memory(vm));
	}
	if (vm->ram == QEMU_RAM_ANON)
		return;
	args_add(a, "-object");
	switch (vm->ram) {
	case QEMU_RAM_FILE:
		args_addf(a, "memory-backend-file,id=ram,mem-path=%s,size=%" PRIu64
			  ",share=on,align=%" PRIu64 "M", vm->ram_path, vm->memory,
			  qemu_file_align(vm) >> 20);
		break;
	case QEMU_RAM_HUGETLB:
		args_addf(a, "memory-backend-memfd,id=ram,size=%" PRIu64
			  ",share=on,hugetlb=on,hugetlbsize=%" PRIu64,
			  vm->memory, vm->ram_page);
		break;
	default:
		args_addf(a, "memory-backend-memfd,id=ram,size=%" PRIu64 ",share=on%s", vm->memory,
			  vm->ram == QEMU_RAM_GUEST_MEMFD ? "," QEMU_GUEST_MEMFD "=on" : "");
	}
	args_add_all(a, "-machine", "memory-backend=ram", NULL);
}

/*
 * A machine's NVDIMM is anonymous memory: it need not outlive the machine, leaves
 * no file behind, and this host may map it huge. A guest's lies where its RAM does.
 */
static void qemu_add_pmem(const struct qemu_vm *vm, struct args *a)
{
	if (!vm->pmem)
		return;
	if (!vm->pmem_virtio)
		args_add_all(a, "-machine", "nvdimm=on", NULL);
	args_add(a, "-object");
	if (vm->pmem_path)
		args_addf(a, "memory-backend-file,id=pmem,mem-path=%s,size=%" PRIu64
			  ",share=on,align=%" PRIu64 "M", vm->pmem_path, vm->pmem,
			  qemu_file_align(vm) >> 20);
	else if (vm->ram == QEMU_RAM_HUGETLB)
		args_addf(a, "memory-backend-memfd,id=pmem,size=%" PRIu64
			  ",share=on,hugetlb=on,hugetlbsize=%" PRIu64, vm->pmem, vm->ram_page);
	else
		args_addf(a, "memory-backend-ram,id=pmem,size=%" PRIu64, vm->pmem);
	args_add_all(a, "-device", vm->pmem_virtio ? "virtio-pmem-pci,id=nvdimm0,memdev=pmem" :
		     "nvdimm,id=nvdimm0,memdev=pmem", NULL);
	if (!vm->pmem_next)
		return;
	args_add(a, "-object");
	args_addf(a, "memory-backend-ram,id=pmem1,size=%" PRIu64, vm->pmem_next);
	args_add_all(a, "-device", "nvdimm,id=nvdimm1,memdev=pmem1", NULL);
}

static void qemu_add_streams(const struct qemu_vm *vm, struct args *a)
{
	if (vm->console_fd >= 0) {
		args_add(a, "-chardev");
		args_addf(a, "socket,id=console,fd=%d", vm->console_fd);
		args_add_all(a, "-serial", "chardev:console", NULL);
	} else {
		args_add_all(a, "-serial", "null", NULL);
	}
	if (vm->monitor_fd > 0) {
		args_add(a, "-chardev");
		args_addf(a, "socket,id=monitor,fd=%d", vm->monitor_fd);
		args_add_all(a, "-mon", "chardev=monitor,mode=control", NULL);
	}
	if (vm->link_fd < 0)
		return;
	args_add(a, "-chardev");
	args_addf(a, "socket,id=link,fd=%d", vm->link_fd);
	args_add_all(a, "-device", "virtio-serial-pci,max_ports=2", "-device",
		     "virtserialport,chardev=link,name=" QEMU_LINK_NAME, NULL);
}

/* As JSON, since a path may hold commas. */
static void qemu_add_disks(const struct qemu_vm *vm, struct args *a)
{
	for (unsigned i = 0; i < vm->n_disks; i++) {
		json_t *o = json_pack("{s:s, s:o, s:b, s:{s:s, s:s}}", "driver", "raw", "node-name",
				      json_sprintf("disk%u", i), "read-only", 1, "file", "driver",
				      "file", "filename", vm->disks[i].path);
		char *text = json_dumps(o, JSON_COMPACT);

		args_add(a, "-blockdev");
		args_addf(a, "%s", text ? text : "");
		a->failed |= !text;
		args_add(a, "-device");
		args_addf(a, "virtio-blk-pci,drive=disk%u,serial=%s", i, vm->disks[i].serial);
		free(text);
		json_decref(o);
	}
}

static void qemu_add_kernel(const struct qemu_vm *vm, struct args *a)
{
	char *cmdline = qemu_cmdline(vm);

	if (!vm->kernel) {
		free(cmdline);
		return;
	}
	args_add_all(a, "-kernel", vm->kernel, NULL);
	if (vm->initrd)
		args_add_all(a, "-initrd", vm->initrd, NULL);
	args_add(a, "-append");
	args_addf(a, "%s", cmdline ? cmdline : "");
	a->failed |= !cmdline;
	free(cmdline);
}

int qemu_args(const struct qemu_vm *vm, struct args *a, struct err *err)
{
	int ret = qemu_check(vm, err);

	if (ret)
		return ret;
	args_add(a, vm->binary ? vm->binary : qemu_binary());
	if (vm->firmware)
		args_add_all(a, "-L", vm->firmware, NULL);
	args_add_all(a, "-nodefaults", "-no-user-config", "-display", "none",
		     "-no-reboot", "-machine",
		     "q35,usb=off,vmport=off,sata=off,smbus=off", NULL);
	/*
	 * The small firmware halves the time to a guest's kernel. It leaves the
	 * MTRRs, and so PAT, off, which a MUT's KVM needs to map pmem. The
	 * node's agent finds the vCPUs by their threads' names.
	 */
	if (vm->role == QEMU_GUEST)
		args_add_all(a, "-bios", "qboot.rom",
			     "-name", "guest,debug-threads=on", NULL);
	qemu_add_accel(vm, a);
	/* Fewer interrupts: a tick that came too late is not made up for (docs/emulator.md). */
	if (vm->role == QEMU_GUEST && vm->accel == QEMU_KVM)
		args_add_all(a, "-global", "kvm-pit.lost_tick_policy=discard", NULL);
	args_add(a, "-smp");
	args_addf(a, "%u", vm->cpus);
	qemu_add_memory(vm, a);
	qemu_add_pmem(vm, a);
	qemu_add_streams(vm, a);
	qemu_add_disks(vm, a);
	qemu_add_kernel(vm, a);
	if (vm->plugin)
		args_add_all(a, "-plugin", vm->plugin, NULL);
	if (vm->gdb)
		args_add_all(a, "-gdb", vm->gdb, NULL);
	if (vm->stays)
		args_add(a, "-no-shutdown");
	return args_done(a, err);
}
