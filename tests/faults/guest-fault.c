/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does to the machine that it runs in what a broken kernel does: guest-fault KIND.
 * test-vm-disturbed runs it as the command of a cell, as root of a guest.
 */
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static void write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		perror(path);
	close(fd);
}

/* Without end, faster than anybody reads, with escapes of terminals. */
static void flood(void)
{
	int fd = open("/dev/console", O_WRONLY);

	while (write(fd, "\033[31;1mflood\033]0;owned\007 all work and no play\n", 43) > 0)
		;
}

/* The only CPU does this and nothing else, for ever; not a word is said. */
static void hang(void)
{
	struct sched_param most = { .sched_priority = 99 };

	write_to("/proc/sys/kernel/sched_rt_runtime_us", "-1");
	if (sched_setscheduler(0, SCHED_FIFO, &most))
		perror("SCHED_FIFO");
	for (;;)
		;
}

/* The kernel cannot do without its first process, which goes on at address 0. */
static void panic(void)
{
	if (ptrace(PTRACE_ATTACH, 1, 0, 0) || waitpid(1, NULL, __WALL) != 1 ||
	    ptrace(PTRACE_POKEUSER, 1, offsetof(struct user_regs_struct, rip), 0) ||
	    ptrace(PTRACE_POKEUSER, 1, offsetof(struct user_regs_struct, orig_rax), -1) ||
	    ptrace(PTRACE_DETACH, 1, 0, 0))
		perror("ptrace");
	pause();
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "";

	if (!strcmp(kind, "flood"))
		flood();
	else if (!strcmp(kind, "hang"))
		hang();
	else if (!strcmp(kind, "panic"))
		panic();
	return strcmp(kind, "none") != 0;
}
