/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine under test that is this host: the agent is a plain process. The
 * kernel is the one that runs; an arm that wants another one is refused, and
 * the campaign can be resumed after a reboot into it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "machine.h"

static int host_prepare(struct machine *m, const char *guest_kernel,
			struct err *err)
{
	int ret;

	if (geteuid())
		return err_machine(err, "machine.kind: host needs root: it makes namespaces and filesystems; use sudo");
	m->guest_kernel = guest_kernel;
	m->images.guest_config = m->guest_config;
	ret = boot_images_ensure(&m->images, m->plan, NULL, err);
	m->guest_initrd = m->images.guest;
	return ret;
}

static int host_boot(struct machine *m, const struct machine_boot *b,
		     struct err *err)
{
	struct utsname u;

	(void)m;
	if (uname(&u) || !*b->release || !strcmp(u.release, b->release))
		return 0;
	return err_machine(err, "arm %s wants kernel %s, but %s runs here; boot it and resume",
			   b->arm->name, b->release, u.release);
}

static int host_link(struct machine *m, const struct machine_boot *b,
		     struct err *err)
{
	char nonce[40];
	const char *argv[] = { m->images.agent, "--role=node", "--stdio", nonce,
			       NULL };

	snprintf(nonce, sizeof(nonce), "--nonce=%016" PRIx64, b->nonce);
	return machine_spawn_agent(m, argv, err);
}

static uint64_t host_memory(const struct plan *p)
{
	return p->guest.memory + MACHINE_QEMU_MEMORY;
}

const struct machine_kind_ops mut_host = {
	.name = "host",
	.memory = host_memory,
	.domain = machine_is_hardware,
	.prepare = host_prepare,
	.boot = host_boot,
	.link = host_link,
};
