/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * This host as the machine under test: the agent is a plain process. The kernel is
 * the one that is running; an arm with another kernel is refused, and the campaign
 * can be resumed after a reboot into it.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "backing/device.h"
#include "file.h"
#include "machine.h"
#include "vocab/domain.h"

static int host_prepare(struct machine *m, const char *guest_kernel,
			struct err *err)
{
	int ret;

	if (geteuid())
		return err_machine(err, "machine.kind: host needs root, to create namespaces and file systems; use sudo");
	m->guest_kernel = guest_kernel;
	m->images.guest_config = m->guest_config;
	ret = boot_images_ensure(&m->images, m->plan, NULL, err);
	m->guest_initrd = m->images.guest;
	return ret;
}

/* Does this word stand on the command line of the kernel that runs? */
static bool host_has_word(const char *cmdline, const char *word, size_t len)
{
	for (const char *at = cmdline; (at = memmem(at, strlen(at), word, len)); at += len)
		if ((at == cmdline || isspace((unsigned char)at[-1])) &&
		    (!at[len] || isspace((unsigned char)at[len])))
			return true;
	return false;
}

static int host_check_words(const struct plan_arm *arm, struct err *err)
{
	char *cmdline;
	size_t n;
	int ret = file_read("/proc/cmdline", &cmdline, NULL, err);

	if (ret)
		return ret;
	for (const char *word = arm->cmdline; !ret && *word; word += n ? n : 1) {
		n = strcspn(word, " ");
		if (n && !host_has_word(cmdline, word, n))
			ret = err_machine(err, "arm %s needs '%.*s' on the kernel's command line, where it is not; boot with it, then kduel run --resume",
					  arm->name, (int)n, word);
	}
	free(cmdline);
	return ret;
}

/* Says which image would be right: the one that is installed, else the cache's. */
static int host_refuse_kernel(const struct machine_boot *b, const char *runs, struct err *err)
{
	char installed[sizeof(((struct utsname *)NULL)->release) + 16];
	const char *image = b->kernel;

	snprintf(installed, sizeof(installed), "/boot/vmlinuz-%s", b->release);
	if (!access(installed, R_OK))
		image = installed;
	if (!image)
		return err_machine(err, "arm %s needs kernel %s, but %s is running, and /boot has no vmlinuz-%s; install and boot it, then kduel run --resume",
				   b->arm->name, b->release, runs, b->release);
	return err_machine(err, "arm %s needs kernel %s, but %s is running; boot %s (now: kexec -l %s --reuse-cmdline%s%s && systemctl kexec), then kduel run --resume",
			   b->arm->name, b->release, runs, image, image,
			   image == installed ? " --initrd=/boot/initrd.img-" : "",
			   image == installed ? b->release : "");
}

static int host_boot(struct machine *m, const struct machine_boot *b,
		     struct err *err)
{
	struct utsname u;

	(void)m;
	if (!uname(&u) && *b->release && strcmp(u.release, b->release))
		return host_refuse_kernel(b, u.release, err);
	return host_check_words(b->arm, err);
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

/* A host may be a virtual machine itself: then its times are not those of a processor. */
static const char *host_domain(const struct machine *m)
{
	(void)m;
	return domain_words[domain_here()].name;
}

static void host_describe(const struct plan *p, const char *device, char *text, size_t size)
{
	(void)p;
	device_describe(device, text, size);
}

static uint64_t host_memory(const struct plan *p)
{
	return p->guest.memory + MACHINE_QEMU_MEMORY;
}

const struct machine_kind_ops mut_host = {
	.name = "host",
	.memory = host_memory,
	.domain = host_domain,
	.describe = host_describe,
	.prepare = host_prepare,
	.boot = host_boot,
	.link = host_link,
};
