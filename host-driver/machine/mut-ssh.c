/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine under test reached by ssh: the agent's stream is ssh's stdin and stdout.
 * kduel-agent and the arms' kernels (/boot/vmlinuz-<release>) must be installed
 * there. Every boot is a kexec into the arm's kernel, even if it is running already:
 * boots are the unit of comparison.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine.h"
#include "vocab/domain.h"
#include "proc.h"

#define COMMAND_SECONDS 60
#define DISK_SECONDS 900
#define REBOOT_SECONDS 600
#define RETRY_SECONDS 2

/* Where the guest's kernel and image are copied to; /run is empty after a boot. */
#define GUEST_KERNEL "/run/kduel-guest-kernel"
#define GUEST_INITRD "/run/kduel-guest-initrd"
#define GUEST_DISKS "/run/kduel-rootfs-"

/* What stands before an arm's own words on the kernel's command line. */
#define ARM_WORD "kduel.arm"

static void mut_ssh_add(const struct machine *m, struct args *a)
{
	/* Nobody can type a password, and a dead host must be noticed. */
	args_add_all(a, "ssh", "-T", "-o", "BatchMode=yes",
		     "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=5",
		     m->plan->machine.host, NULL);
}

/* Runs one command there; `*output` may be NULL. */
static int ssh_there(const struct machine *m, const char *command, char **output,
		     struct err *err)
{
	struct args a = ARGS_INIT;
	int ret;

	mut_ssh_add(m, &a);
	args_add(&a, command);
	ret = args_done(&a, err);
	if (!ret)
		ret = proc_run(args_argv(&a), COMMAND_SECONDS, output, err);
	args_release(&a);
	return ret;
}

/* Copies a file there, with ssh as well. */
static int ssh_send_file(const struct machine *m, const char *from,
			 const char *remote, double seconds, struct err *err)
{
	int fd = open(from, O_RDONLY | O_CLOEXEC), status = 0, ret;
	struct proc_options o = { .in = fd };
	struct args a = ARGS_INIT;
	struct proc p = PROC_INIT;

	if (fd < 0)
		return err_sys(err, errno, "cannot open %s", from);
	mut_ssh_add(m, &a);
	args_addf(&a, "cat > %s", remote);
	ret = args_done(&a, err);
	o.argv = args_argv(&a);
	if (!ret)
		ret = proc_spawn(&p, &o, err);
	if (!ret)
		ret = proc_wait(&p, seconds, &status);
	proc_release(&p);
	if (status || ret == -ETIME)
		ret = err_machine(err, "%s: cannot copy %s to %s there",
				  m->plan->machine.host, from, remote);
	args_release(&a);
	close(fd);
	return ret;
}

static int ssh_send_disks(const struct machine *m, struct err *err)
{
	int ret = 0;

	for (unsigned i = 0; !ret && i < m->images.n_disks; i++) {
		const struct boot_disk *d = &m->images.disks[i];
		char remote[sizeof(GUEST_DISKS) + sizeof(d->id)];

		snprintf(remote, sizeof(remote), GUEST_DISKS "%s", d->id);
		ret = ssh_send_file(m, d->path, remote, DISK_SECONDS, err);
	}
	return ret;
}

/* Its agent knows whether the machine is a virtual one. */
static int ssh_ask_domain(struct machine *m, struct err *err)
{
	const struct domain_word *word;
	char *text = NULL;
	int ret = ssh_there(m, "kduel-agent --domain", &text, err);

	if (ret)
		return ret;
	text[strcspn(text, "\n")] = '\0';
	word = domain_find(text);
	free(text);
	if (!word)
		return err_machine(err, "%s: its kduel-agent knows no --domain; install this version's there",
				   m->plan->machine.host);
	m->domain = word->name;
	return 0;
}

static const char *ssh_domain(const struct machine *m)
{
	return m->domain ? m->domain : domain_words[DOMAIN_HARDWARE].name;
}

/* A plan's device has no character that a shell would see. */
static void ssh_describe(const struct plan *p, const char *device, char *text, size_t size)
{
	const struct machine m = { .plan = p };
	char command[120], *holds = NULL;

	snprintf(command, sizeof(command), "kduel-agent --device=%s", device);
	if (ssh_there(&m, command, &holds, NULL))
		snprintf(text, size, "on %.80s; what it holds is unknown here: see lsblk -f and "
			 "ndctl list there", p->machine.host);
	else
		snprintf(text, size, "on %.80s: %.*s", p->machine.host, (int)strcspn(holds, "\n"), holds);
	free(holds);
}

static int ssh_prepare(struct machine *m, const char *guest_kernel,
		       struct err *err)
{
	struct err cause = ERR_INIT;
	int ret;

	if (!*m->plan->machine.host)
		return err_config(err, "machine.host: missing; name the host, e.g. root@server");
	if (ssh_there(m, "command -v kduel-agent && command -v kexec && command -v qemu-system-x86_64",
		      NULL, &cause))
		return err_machine(err, "%s: ssh cannot log in as root with a key, or one of kduel-agent, kexec and qemu-system-x86_64 is not installed there\n%s",
				   m->plan->machine.host, cause.text);
	if (plan_is_sampled(m->plan) && ssh_there(m, "command -v perf", NULL, NULL))
		return err_machine(err, "profile: functions are sampled by perf on %s, which has none (Debian: linux-perf)",
				   m->plan->machine.host);
	ret = ssh_ask_domain(m, err);
	if (ret)
		return ret;
	m->local_guest_kernel = guest_kernel;
	m->guest_kernel = GUEST_KERNEL;
	m->guest_initrd = GUEST_INITRD;
	m->guest_disks = GUEST_DISKS;
	m->images.guest_config = m->guest_config;
	return boot_images_ensure(&m->images, m->plan, NULL, err);
}

/* The release becomes part of a remote shell command: only valid characters may. */
static int ssh_check_release(const char *release, struct err *err)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_+~";

	if (*release && release[strspn(release, good)] == '\0')
		return 0;
	return err_config(err, "'%s' is not a kernel release", release);
}

static bool ssh_never(void *arg)
{
	(void)arg;
	return false;
}

/*
 * The arm's words come behind one of ours, so that the next boot can leave them out. What
 * fails is said at once; what ends ssh's connection happens once it has ended. NULL: no memory.
 */
static char *ssh_boot_command(const struct machine_boot *b)
{
	char *words = proc_command_text((const char *const []){ b->arm->cmdline, NULL });
	char *command = NULL;

	if (words && asprintf(&command, "own=$(sed 's/ " ARM_WORD ".*//' /proc/cmdline) && "
			      "kexec -l /boot/vmlinuz-%s --initrd=/boot/initrd.img-%s "
			      "--command-line=\"$own " ARM_WORD " \"%s && "
			      "{ (sleep 1; systemctl kexec || kexec -e) </dev/null >/dev/null 2>&1 & }",
			      b->release, b->release, words) < 0)
		command = NULL;
	free(words);
	return command;
}

/* Is `text` a boot's id, and below it this release? */
static bool ssh_runs(const char *text, const char *release)
{
	const char *line = strchr(text, '\n');
	size_t n = strlen(release);

	return line && !strncmp(line + 1, release, n) && (!line[1 + n] || line[1 + n] == '\n');
}

/* The boot id distinguishes the new kernel from the old one, which goes down slowly. */
static int ssh_wait_for_boot(struct machine *m, const struct machine_boot *b,
			     const char *old_id, struct err *err)
{
	double end = loop_now() + REBOOT_SECONDS;

	while (loop_now() < end) {
		char *text = NULL;
		bool up = !ssh_there(m, "cat /proc/sys/kernel/random/boot_id; uname -r",
				     &text, NULL) &&
			  strncmp(text, old_id, 36);
		bool right = up && ssh_runs(text, b->release);

		free(text);
		if (right)
			return 0;
		if (up)
			return err_machine(err, "%s: came up, but not with kernel %s",
					   m->plan->machine.host, b->release);
		loop_run_until(m->loop, ssh_never, NULL, RETRY_SECONDS);
	}
	return err_machine(err, "%s: not back within %d s of the kexec into %s",
			   m->plan->machine.host, REBOOT_SECONDS, b->release);
}

static int ssh_boot(struct machine *m, const struct machine_boot *b,
		    struct err *err)
{
	char *command, *old_id = NULL;
	int ret = ssh_check_release(b->release, err);

	if (!ret)
		ret = ssh_there(m, "cat /proc/sys/kernel/random/boot_id", &old_id, err);
	if (ret)
		return ret;
	command = ssh_boot_command(b);
	ret = command ? ssh_there(m, command, NULL, err)
		      : err_sys(err, ENOMEM, "cannot boot kernel %s", b->release);
	free(command);
	if (ret)
		err_prefix(err, "%s: cannot load kernel %s, which must be installed there in /boot",
			   m->plan->machine.host, b->release);
	if (!ret)
		ret = ssh_wait_for_boot(m, b, old_id, err);
	if (!ret)
		ret = ssh_send_file(m, m->local_guest_kernel, GUEST_KERNEL, COMMAND_SECONDS, err);
	if (!ret)
		ret = ssh_send_file(m, m->images.guest, GUEST_INITRD, COMMAND_SECONDS, err);
	if (!ret)
		ret = ssh_send_disks(m, err);
	free(old_id);
	return ret;
}

static int ssh_link(struct machine *m, const struct machine_boot *b,
		    struct err *err)
{
	struct args a = ARGS_INIT;
	int ret;

	mut_ssh_add(m, &a);
	args_addf(&a, "kduel-agent --role=node --stdio --nonce=%016" PRIx64,
		  b->nonce);
	ret = args_done(&a, err);
	if (!ret)
		ret = machine_spawn_agent(m, args_argv(&a), err);
	args_release(&a);
	return ret;
}

static uint64_t ssh_memory(const struct plan *p)
{
	(void)p;
	return MACHINE_DRIVER_MEMORY;
}

const struct machine_kind_ops mut_ssh = {
	.name = "ssh",
	.memory = ssh_memory,
	.domain = ssh_domain,
	.describe = ssh_describe,
	.prepare = ssh_prepare,
	.boot = ssh_boot,
	.link = ssh_link,
};
