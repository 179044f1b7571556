/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const struct machine_kind_ops *const kinds[] = {
	[MACHINE_VM] = &mut_vm,
	[MACHINE_HOST] = &mut_host,
	[MACHINE_SSH] = &mut_ssh,
	[MACHINE_FAKE] = &mut_fake,
};

int machine_init(struct machine *m, const struct plan *plan,
		 struct loop *loop, struct err *err)
{
	enum machine_kind kind = plan->machine.kind;

	*m = (struct machine){ .plan = plan, .loop = loop, .proc = PROC_INIT,
			       .link_in = -1, .link_out = -1, .console = -1 };
	if (kind >= sizeof(kinds) / sizeof(*kinds) || !kinds[kind])
		return err_config(err, "machine.kind: not known");
	m->ops = kinds[kind];
	return 0;
}

int machine_prepare(struct machine *m, const char *guest_kernel,
		    struct err *err)
{
	return m->ops->prepare(m, guest_kernel, err);
}

int machine_boot(struct machine *m, const struct machine_boot *b,
		 struct err *err)
{
	int ret = m->ops->boot(m, b, err);

	if (!ret)
		ret = m->ops->link(m, b, err);
	if (ret)
		machine_stop(m);
	return ret;
}

static void close_one(int *fd)
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
		close_one(&m->link_out);
	m->link_out = -1;
	close_one(&m->link_in);
	close_one(&m->console);
}

void machine_release(struct machine *m)
{
	if (!m->ops)
		return;
	machine_stop(m);
	boot_images_release(&m->images);
}

const char *machine_domain(const struct machine *m)
{
	if (m->ops == &mut_fake)
		return "fake";
	if (m->ops != &mut_vm)
		return "hardware";
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

bool machine_disposable(const struct machine *m)
{
	return m->ops == &mut_vm || m->ops == &mut_fake;
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
