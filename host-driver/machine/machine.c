/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine.h"

#include <stdlib.h>
#include <unistd.h>

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
	machine_stop(m);
	free(m->files_root);
	m->files_root = NULL;
	boot_images_release(&m->images);
}

const char *machine_is_hardware(const struct machine *m)
{
	(void)m;
	return "hardware";
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
