/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a program and kills it just before the Nth system call that changes
 * files: kill-at N PROGRAM ARGUMENTS... Exit 0: it was killed; 3: it ended
 * before. Calls of its children do not count.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static bool changes_files(const struct __ptrace_syscall_info *i)
{
	switch (i->entry.nr) {
	case SYS_openat:
		return i->entry.args[2] & (O_CREAT | O_TRUNC);
	case SYS_open:
		return i->entry.args[1] & (O_CREAT | O_TRUNC);
	case SYS_write: case SYS_writev: case SYS_pwrite64: case SYS_ftruncate:
	case SYS_mkdir: case SYS_rename: case SYS_renameat: case SYS_renameat2:
	case SYS_link: case SYS_linkat: case SYS_unlink: case SYS_unlinkat:
	case SYS_rmdir: case SYS_fsync: case SYS_fdatasync: case SYS_fchmod:
		return true;
	}
	return false;
}

/* 0 at the call to be killed at, 3 if there is none. */
static int follow(pid_t pid, long n)
{
	struct __ptrace_syscall_info info;
	int status;

	for (int signal = 0;;) {
		if (ptrace(PTRACE_SYSCALL, pid, 0, signal) || waitpid(pid, &status, 0) != pid ||
		    !WIFSTOPPED(status))
			return 3;
		signal = 0;
		if (WSTOPSIG(status) != (SIGTRAP | 0x80)) {
			signal = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
			continue;
		}
		if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0 &&
		    info.op == PTRACE_SYSCALL_INFO_ENTRY && changes_files(&info) && --n == 0)
			return 0;
	}
}

int main(int argc, char **argv)
{
	int ret, status;
	pid_t pid;

	if (argc < 3)
		return 2;
	pid = fork();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		execvp(argv[2], argv + 2);
		_exit(2);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL))
		return 77;
	ret = follow(pid, atol(argv[1]));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return ret;
}
