/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arm-kernels.h"
#include "keep.h"
#include "loop.h"
#include "machine/machine.h"
#include "proc.h"
#include "session.h"

struct visit {
	const struct shell_options *o;
	struct loop *loop;
	struct machine machine;
	struct arm_kernels kernels;
	struct kernel_watch build;
	struct keep_stub stub;
	struct keep_terminal terminal;
	const char *image;	/* of the kernel that boots */
};

static void shell_on_signal(struct loop *l, int signo, void *arg)
{
	struct visit *v = arg;

	(void)l;
	if (signo != SIGINT || !keep_interrupt(&v->terminal))
		v->terminal.stopped = true;
}

static bool shell_abandoned(void *arg)
{
	return ((struct visit *)arg)->terminal.stopped;
}

static int shell_open(void *arg, struct wire *w, enum frame_channel channel)
{
	struct visit *v = arg;

	return keep_shell(&v->terminal, w, channel, v->o->arm->name);
}

/* --- the machine ---------------------------------------------------------------- */

static int shell_on_record(void *arg, const char *text, size_t len, struct err *err)
{
	(void)arg;
	(void)text;
	(void)len;
	(void)err;
	return 0;
}

static void shell_on_phase(void *arg, const char *phase, const char *cell)
{
	struct visit *v = arg;

	if (strcmp(phase, "at"))
		fprintf(stderr, "kduel: %s%s%s\n", phase, cell ? " " : "", cell ? cell : "");
	if (!strcmp(phase, "boot") && v->machine.gdb)
		keep_stub_say(&v->stub, v->image);
}

static int shell_on_build(const struct kernel_progress *k, void *arg)
{
	struct visit *v = arg;
	char text[160];

	loop_step(v->loop, 0);
	kernel_watch_text(k, text, sizeof(text));
	if (kernel_watch_due(&v->build, k))
		fprintf(stderr, "kduel: kernel %s\n", text);
	return v->terminal.stopped;
}

static int shell_prepare(struct visit *v, struct err *err)
{
	const struct shell_options *o = v->o;
	const struct machine_kind_ops *ops = machine_ops(o->plan);
	char *busybox = proc_find("busybox");
	const struct kernel *guest;
	int ret = 0;

	machine_init(&v->machine, ops, o->plan, v->loop);
	if (!ops->boots_image)
		ret = err_config(err, "kduel shell boots a machine of its own, but this campaign's is of kind %s; add --machine vm",
				 ops->name);
	else if (!busybox)
		ret = err_machine(err, "kduel shell needs busybox (Debian package busybox-static)");
	free(busybox);
	v->machine.shell = true;
	if (!ret && o->gdb)
		ret = keep_stub_open(&v->stub, &v->machine, err);
	if (!ret)
		ret = arm_kernels_resolve(&v->kernels, o->plan, err);
	if (!ret)
		ret = arm_kernels_ensure(&v->kernels, shell_on_build, v, err);
	if (ret)
		return ret;
	guest = arm_kernels_guest(&v->kernels, o->plan);
	v->machine.guest_config = guest->config;
	return machine_prepare(&v->machine, guest->image, err);
}

static int shell_boot(struct visit *v, struct err *err)
{
	const struct shell_options *o = v->o;
	const struct kernel *k = arm_kernels_of(&v->kernels, o->arm, o->arm->layouts[0]);
	struct plan_boot boot = { .boot = 1, .block = 1, .arm = o->arm - o->plan->arms };
	struct session_options so = {
		.plan = o->plan, .boot = &boot, .attempt = 1, .machine = &v->machine,
		.kernel = k->image, .release = k->release, .modules = k->modules,
		.debug_vm = o->console,
		.visit = shell_open, .visit_arg = v, .in_guest = o->in_guest,
		.limits = session_limits(machine_domain(&v->machine), 2),
		.calls = { .record = shell_on_record, .phase = shell_on_phase,
			   .abandoned = shell_abandoned, .arg = v },
	};
	struct session_result r;
	int ret;

	v->image = k->image;
	ret = session_run(&so, &r, err);

	if (ret == -EINTR)
		return err_set(err, EXIT_INCOMPLETE, -EINTR, "left");
	if (!ret && strcmp(r.class, "ok"))
		ret = err_machine(err, "%s: %s", r.class, r.text);
	return ret;
}

int shell_run(const struct shell_options *o, struct err *err)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct visit *v = calloc(1, sizeof(*v));
	int ret = v ? loop_new(&v->loop, err) : err_sys(err, ENOMEM, "a shell");

	if (ret) {
		free(v);
		return ret;
	}
	v->o = o;
	v->terminal.loop = v->loop;
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		if (stop_hears(signals[i]))
			loop_add_signal(v->loop, signals[i], shell_on_signal, v);
	ret = shell_prepare(v, err);
	if (!ret)
		ret = shell_boot(v, err);
	machine_release(&v->machine);
	keep_stub_close(&v->stub);
	arm_kernels_release(&v->kernels);
	loop_free(v->loop);
	free(v);
	return ret;
}
