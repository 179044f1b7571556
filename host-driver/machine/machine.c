/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "why/profile.h"

/* A machine that was booted ahead and waits for its turn. */
struct machine_ahead {
	struct machine_boot boot;
	struct proc proc;
	int link_in, link_out, console;
	double power_on;
	int64_t watch;		/* loop id: waits for its first message, or its end */
	char *profile;		/* of `boot`, to be removed if its turn never comes; NULL */
};

void machine_init(struct machine *m, const struct machine_kind_ops *ops,
		  const struct plan *plan, struct loop *loop)
{
	*m = (struct machine){ .ops = ops, .plan = plan, .loop = loop,
			       .proc = PROC_INIT, .link_in = -1, .link_out = -1,
			       .console = -1 };
}

int machine_prepare(struct machine *m, const char *guest_kernel,
		    struct err *err)
{
	return m->ops->prepare(m, guest_kernel, err);
}

/* Swaps the running machine and the waiting one. */
static void machine_swap(struct machine *m, struct machine_ahead *a)
{
	struct machine_ahead was = { .proc = m->proc, .link_in = m->link_in,
				     .link_out = m->link_out, .console = m->console };

	m->proc = a->proc;
	m->link_in = a->link_in;
	m->link_out = a->link_out;
	m->console = a->console;
	a->proc = was.proc;
	a->link_in = was.link_in;
	a->link_out = was.link_out;
	a->console = was.console;
}

static bool machine_take_ahead(struct machine *m, struct machine_boot *b, double *since)
{
	struct machine_ahead *a = m->ahead;

	if (!a || a->boot.boot != b->boot)
		return false;
	m->ahead = NULL;
	loop_remove(m->loop, a->watch);
	machine_swap(m, a);
	b->nonce = a->boot.nonce;
	*since = loop_now() - a->power_on;
	free(a->profile);
	free(a);
	return true;
}

/* The driver's part of the file comes first: the plugin appends to it. */
static int machine_begin_profile(const struct machine *m, const struct machine_boot *b,
				 struct err *err)
{
	if (plan_is_sampled(m->plan))
		return profile_begin(b->profile, NULL, b->guest_kernel, NULL, err);
	return profile_begin(b->profile, b->kernel, b->guest_kernel, m->images.agent, err);
}

static int machine_power_on(struct machine *m, const struct machine_boot *b, struct err *err)
{
	int ret = b->profile ? machine_begin_profile(m, b, err) : 0;

	boot_images_used(&m->images, b->modules);
	if (!ret)
		ret = m->ops->boot(m, b, err);
	if (!ret)
		ret = m->ops->link(m, b, err);
	if (ret)
		machine_stop(m);
	return ret;
}

int machine_boot(struct machine *m, struct machine_boot *b, double *ahead,
		 struct err *err)
{
	*ahead = 0;
	if (machine_take_ahead(m, b, ahead))
		return 0;
	machine_drop_ahead(m);
	return machine_power_on(m, b, err);
}

static void machine_on_word(struct loop *l, int fd, unsigned events, void *arg)
{
	struct machine_ahead *a = arg;

	(void)fd;
	(void)events;
	loop_remove(l, a->watch);
	a->watch = 0;
}

void machine_boot_ahead(struct machine *m, const struct machine_boot *next)
{
	struct machine_ahead *a;
	bool failed;

	if (m->ahead || !m->ops->has_room || !m->ops->has_room(m))
		return;
	a = calloc(1, sizeof(*a));
	if (!a)
		return;
	*a = (struct machine_ahead){ .boot = *next, .proc = PROC_INIT, .link_in = -1,
				     .link_out = -1, .console = -1, .power_on = loop_now() };
	a->profile = next->profile ? strdup(next->profile) : NULL;
	machine_swap(m, a);
	failed = getrandom(&a->boot.nonce, sizeof(a->boot.nonce), 0) != sizeof(a->boot.nonce) ||
		 (next->profile && !a->profile) || machine_power_on(m, &a->boot, NULL);
	machine_swap(m, a);
	m->ahead = a;
	if (!failed)
		a->watch = loop_add_fd(m->loop, a->link_in, POLLIN, machine_on_word, a);
	if (failed || a->watch < 0)
		machine_drop_ahead(m);
}

bool machine_is_settled(void *arg)
{
	const struct machine *m = arg;

	return !m->ahead || !m->ahead->watch;
}

void machine_drop_ahead(struct machine *m)
{
	struct machine_ahead *a = m->ahead;

	if (!a)
		return;
	m->ahead = NULL;
	loop_remove(m->loop, a->watch);
	machine_swap(m, a);
	machine_stop(m);
	machine_swap(m, a);
	if (a->profile)
		unlink(a->profile);
	free(a->profile);
	free(a);
}

static void machine_close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void machine_stop(struct machine *m)
{
	if (m->ops->stop)
		m->ops->stop(m);
	proc_release(&m->proc);
	if (m->link_out != m->link_in)
		machine_close_one(&m->link_out);
	m->link_out = -1;
	machine_close_one(&m->link_in);
	machine_close_one(&m->console);
}

void machine_release(struct machine *m)
{
	if (!m->ops)
		return;
	machine_drop_ahead(m);
	machine_stop(m);
	free(m->files_root);
	m->files_root = NULL;
	boot_images_release(&m->images);
}

int machine_spawn_agent(struct machine *m, const char *const argv[],
			struct err *err)
{
	struct proc_options o = { .argv = argv, .in = PROC_PIPE,
				  .out = PROC_PIPE, .err = PROC_PIPE };
	int ret = proc_spawn(&m->proc, &o, err);

	if (ret)
		return ret;
	m->link_in = m->proc.out;
	m->link_out = m->proc.in;
	m->console = m->proc.err;
	m->proc.in = m->proc.out = m->proc.err = -1;
	return 0;
}
