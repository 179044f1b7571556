/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A virtual machine on this host (QEMU) as the machine under test. */
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/source.h"
#include "clock.h"
#include "machine.h"
#include "preflight.h"

#define PROBE_SECONDS 20
#define RATE_MAX 40

/*
 * A guest in emulated SVM: its TSC deadline timer never fires, so that it would sleep
 * for ever; and it can enable XSAVE without its KVM noticing, so that it finds sizes
 * that do not match and fills its log with warnings. Each workload is a process of its
 * own, of the same program.
 */
#define EMULATED_GUEST "lapic=notscdeadline noxsave " QEMU_CMDLINE_FIXED

/* Without the APIC timer the guest uses one that KVM emulates itself, not QEMU's HPET. */
#define ONE_TIMER " hpet=disable " QEMU_CMDLINE_ONE
#define COUNTED " " QEMU_CMDLINE_EXIT

static const char *mut_vm_guest_cmdline(enum qemu_accel mut, unsigned guest_cpus)
{
	bool one = qemu_one_timer(mut, guest_cpus);

	if (mut == QEMU_ICOUNT)
		return one ? EMULATED_GUEST ONE_TIMER COUNTED : EMULATED_GUEST COUNTED;
	return one ? EMULATED_GUEST ONE_TIMER : EMULATED_GUEST;
}

/* Starts QEMU with both streams; its own messages go to the console. */
static int mut_vm_start(struct machine *m, struct qemu_vm *vm, struct err *err)
{
	struct args a = ARGS_INIT;
	int console[2] = { -1, -1 }, link[2] = { -1, -1 };
	int keep[3] = { -1, -1, -1 };
	struct proc_options o = { .keep = keep };
	int ret = proc_socketpair(console, err);

	if (!ret)
		ret = proc_socketpair(link, err);
	if (!ret) {
		vm->console_fd = keep[0] = o.err = console[1];
		vm->link_fd = keep[1] = link[1];
		ret = qemu_args(vm, &a, err);
	}
	if (!ret) {
		o.argv = args_argv(&a);
		ret = proc_spawn(&m->proc, &o, err);
	}
	close(console[1]);
	close(link[1]);
	args_release(&a);
	if (ret) {
		close(console[0]);
		close(link[0]);
		return ret;
	}
	m->console = console[0];
	m->link_in = m->link_out = link[0];
	return 0;
}

struct probe {
	struct machine *m;
	const char *guest_kernel;
};

static bool mut_vm_has_spoken(void *arg)
{
	struct pollfd fd = { .fd = *(int *)arg, .events = POLLIN };

	return poll(&fd, 1, 0) > 0 && (fd.revents & POLLIN);
}

/* Boots the guest's kernel and image with hardware: the agent must say hello. */
static int mut_vm_probe_boot(void *arg, struct err *err)
{
	struct probe *p = arg;
	struct machine *m = p->m;
	struct qemu_vm vm = {
		.role = QEMU_GUEST, .accel = QEMU_KVM, .cpus = 1,
		.memory = 256u << 20, .kernel = p->guest_kernel,
		.initrd = m->images.guest,
		.append = "kduel.role=guest kduel.nonce=1",
	};
	int ret = mut_vm_start(m, &vm, err);

	if (ret)
		return ret;
	if (loop_run_until(m->loop, mut_vm_has_spoken, &m->link_in, PROBE_SECONDS))
		ret = err_machine(err, "its agent did not say hello within %d s",
				  PROBE_SECONDS);
	machine_stop(m);
	return ret;
}

static int mut_vm_prepare(struct machine *m, const char *guest_kernel,
			  struct err *err)
{
	struct probe p = { m, guest_kernel };
	struct accel_probe probe = { .boot = mut_vm_probe_boot, .arg = &p };
	char *qemu = proc_find(qemu_binary());
	int ret;

	if (!qemu)
		return err_machine(err, "QEMU was not found: %s is not in PATH; install qemu-system-x86",
				   qemu_binary());
	free(qemu);
	m->images.shell = m->shell;
	m->images.guest_config = m->guest_config;
	m->guest_disks = BOOT_IMAGES_DISKS;
	ret = boot_images_ensure(&m->images, m->plan, guest_kernel, err);
	if (ret)
		return ret;
	ret = accel_decide(m->plan->machine.accel, m->plan->clock, &probe,
			   &m->accel, m->accel_why, sizeof(m->accel_why), err);
	if (!ret && m->accel != QEMU_KVM)
		m->guest_cmdline = mut_vm_guest_cmdline(m->accel, m->plan->guest.cpus);
	return ret;
}

/* The plugin: beside this program, or in PREFIX/lib/kduel for PREFIX/bin/kduel. */
static char *mut_vm_plugin_path(struct err *err)
{
	static const char *const places[] = { "", "/../lib/kduel" };
	const char *wish = getenv("KDUEL_PLUGIN"), *folder;
	char self[PATH_MAX], *path = NULL;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (wish && *wish)
		return strdup(wish);
	self[n > 0 ? n : 0] = '\0';
	folder = dirname(self);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (asprintf(&path, "%s%s/kduel-why.so", folder, places[i]) < 0)
			return NULL;
		if (!access(path, R_OK))
			return path;
		free(path);
	}
	err_machine(err, "kduel-why.so is neither in %s nor in %s/../lib/kduel; build or install it",
		    folder, folder);
	return NULL;
}

/* In QEMU's options a comma in a value is written as two. */
static int mut_vm_plugin(const struct machine *m, const struct machine_boot *b,
			 char option[2 * PATH_MAX], struct err *err)
{
	char *path, *to;

	if (m->accel == QEMU_KVM)
		return err_machine(err, "functions are counted by the emulator's plugin, but this machine would run on virtualization hardware; use machine: { accel: emulation }");
	path = mut_vm_plugin_path(err);
	if (!path)
		return err_sys(err, ENOMEM, "kduel-why.so");
	to = option + sprintf(option, "%.*s,%s%sout=", PATH_MAX / 2, path,
			      b->profile_boot ? "boot=on," : "wait=on,",
			      b->profile_memory ? "memory=on," : "");
	for (const char *c = b->profile; *c && to < option + 2 * PATH_MAX - 3; c++) {
		if (*c == ',')
			*to++ = ',';
		*to++ = *c;
	}
	*to = '\0';
	free(path);
	return 0;
}

/*
 * An emulated machine reads this machine's time-stamp counter, and its kernel takes some
 * milliseconds to measure how fast it counts. On a busy machine that measurement can be wrong,
 * and the time of the whole boot with it: so the kernel is told. In whole MHz, which are the
 * same for each boot; kernels refine it by their own means.
 */
static void mut_vm_tell_rate(const struct machine *m, char word[static RATE_MAX])
{
	*word = '\0';
	if (m->accel != QEMU_TCG)
		return;
	clock_init();
	if (clock_facts.tsc)
		snprintf(word, RATE_MAX, " tsc_early_khz=%ld",
			 1000 * lround(1000 / clock_facts.ns_per_tick));
}

static int mut_vm_boot(struct machine *m, const struct machine_boot *b,
		       struct err *err)
{
	const struct plan_machine *pm = &m->plan->machine;
	struct qemu_vm vm = {
		.role = QEMU_MUT, .accel = m->accel,
		.cpus = m->accel == QEMU_ICOUNT ? 1 : pm->cpus,
		.memory = pm->memory, .pmem = pm->pmem, .pmem_next = plan_next_pmem(m->plan),
		.kernel = b->kernel, .initrd = m->images.node,
	};
	char *append, plugin[2 * PATH_MAX], rate[RATE_MAX], *joined = NULL;
	int ret = b->profile ? mut_vm_plugin(m, b, plugin, err) : 0;

	if (!ret && b->modules)
		ret = boot_images_join(&m->images, b->modules, &joined, err);
	if (ret) {
		free(joined);
		return ret;
	}
	if (joined)
		vm.initrd = joined;
	vm.plugin = b->profile ? plugin : NULL;
	vm.gdb = m->gdb;
	vm.stays = m->stays;
	mut_vm_tell_rate(m, rate);
	if (asprintf(&append, "kduel.role=node kduel.nonce=%016" PRIx64 "%s%s%s", b->nonce, rate,
		     *b->arm->cmdline ? " " : "", b->arm->cmdline) < 0)
		append = NULL;
	vm.append = append;
	ret = append ? mut_vm_start(m, &vm, err)
		     : err_sys(err, ENOMEM, "cannot start QEMU");
	free(joined);
	free(append);
	return ret;
}

/* The stream is a socket to QEMU and has been open since it started. */
static int mut_vm_link(struct machine *m, const struct machine_boot *b,
		       struct err *err)
{
	(void)m;
	(void)b;
	(void)err;
	return 0;
}

static uint64_t mut_vm_memory(const struct plan *p)
{
	return p->machine.memory + p->machine.pmem + plan_next_pmem(p) + MACHINE_QEMU_MEMORY;
}

/*
 * An emulated machine that waits is idle on another processor. With hardware, it would
 * disturb real times; with the instruction clock, the clock of an idle machine runs ahead.
 */
static bool mut_vm_has_room(const struct machine *m)
{
	cpu_set_t cpus;

	return m->accel == QEMU_TCG && !sched_getaffinity(0, sizeof(cpus), &cpus) &&
	       CPU_COUNT(&cpus) >= 2 * (int)m->plan->machine.cpus &&
	       source_memory(NULL) >= 2 * mut_vm_memory(m->plan);
}

static const char *mut_vm_domain(const struct machine *m)
{
	switch (m->accel) {
	case QEMU_ICOUNT:
		return "instructions";
	case QEMU_TCG:
		return "emulated";
	case QEMU_KVM:
		break;
	}
	return "nested";
}

const struct machine_kind_ops mut_vm = {
	.name = "vm",
	.boots_image = true,
	.runs_qemu = true,
	.disposable = true,
	.memory = mut_vm_memory,
	.domain = mut_vm_domain,
	.prepare = mut_vm_prepare,
	.boot = mut_vm_boot,
	.link = mut_vm_link,
	.has_room = mut_vm_has_room,
};
