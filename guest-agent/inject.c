/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inject.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRIES 500
#define PAUSE_US 10000
#define ROOM 4096	/* below the stack, beyond its red zone of 128 bytes */
#define SYSCALL_STOP (SIGTRAP | 0x80)	/* by PTRACE_O_TRACESYSGOOD */

/* Results of system calls that the kernel restarts by itself (ERESTART...). */
#define AGAIN_FIRST 512
#define AGAIN_LAST 516

static const unsigned char syscall_bytes[] = { 0x0f, 0x05 };

/* The signal that it stopped for, or -ESRCH. */
static int inject_wait(pid_t tid)
{
	int status;

	if (waitpid(tid, &status, __WALL) != tid || !WIFSTOPPED(status))
		return -ESRCH;
	return WSTOPSIG(status);
}

static int inject_stop(pid_t tid)
{
	if (ptrace(PTRACE_INTERRUPT, tid, 0, 0))
		return -errno;
	return inject_wait(tid) < 0 ? -ESRCH : 0;
}

/* Did it stop right after a `syscall` of its own? Then calls are made from there. */
static bool inject_is_in_call(struct inject *in)
{
	unsigned char code[sizeof(long)];

	if (ptrace(PTRACE_GETREGS, in->tid, 0, &in->before))
		return false;
	in->at = in->before.rip - sizeof(syscall_bytes);
	return !inject_get(in, in->at, code, sizeof(code)) &&
	       !memcmp(code, syscall_bytes, sizeof(syscall_bytes));
}

/* Sets the registers so that the call in which it slept is made again. */
static void inject_make_again(struct user_regs_struct *r, uint64_t at)
{
	long result = (long)r->rax;

	if ((long)r->orig_rax >= 0 && result <= -AGAIN_FIRST && result >= -AGAIN_LAST) {
		r->rax = r->orig_rax;
		r->rip = at;
	}
	r->orig_rax = (unsigned long)-1;
}

int inject_open(struct inject *in, pid_t tid, struct err *err)
{
	int ret;

	*in = (struct inject){ .tid = tid };
	if (ptrace(PTRACE_SEIZE, tid, 0, PTRACE_O_TRACESYSGOOD))
		return err_sys(err, errno, "cannot stop thread %d of the guest's QEMU (ptrace)",
			       (int)tid);
	for (int i = 0; i < TRIES; i++) {
		ret = inject_stop(tid);
		if (ret)
			return err_sys(err, -ret, "cannot stop thread %d of the guest's QEMU",
				       (int)tid);
		if (inject_is_in_call(in)) {
			inject_make_again(&in->before, in->at);
			return 0;
		}
		ptrace(PTRACE_CONT, tid, 0, 0);
		usleep(PAUSE_US);
	}
	inject_stop(tid);
	ptrace(PTRACE_DETACH, tid, 0, 0);
	return err_set(err, EXIT_MACHINE, -ETIME, "thread %d of the guest's QEMU makes no system "
		       "call that could be borrowed", (int)tid);
}

/* Runs it to where a system call begins or ends; a signal is kept for inject_close(). */
static int inject_step(struct inject *in)
{
	for (;;) {
		int got;

		if (ptrace(PTRACE_SYSCALL, in->tid, 0, 0))
			return -errno;
		got = inject_wait(in->tid);
		if (got < 0 || got == SYSCALL_STOP)
			return got < 0 ? got : 0;
		in->signal = got == SIGTRAP ? in->signal : got;
	}
}

long inject_call6(struct inject *in, long nr, const uint64_t args[6])
{
	struct user_regs_struct r = in->before;
	int ret;

	r.rip = in->at;
	r.rax = (unsigned long)nr;
	r.rdi = args[0];
	r.rsi = args[1];
	r.rdx = args[2];
	r.r10 = args[3];
	r.r8 = args[4];
	r.r9 = args[5];
	ret = ptrace(PTRACE_SETREGS, in->tid, 0, &r) ? -errno : inject_step(in);
	if (!ret)
		ret = inject_step(in);
	if (!ret && ptrace(PTRACE_GETREGS, in->tid, 0, &r))
		ret = -errno;
	return ret ? ret : (long)r.rax;
}

long inject_call(struct inject *in, long nr, uint64_t a, uint64_t b, uint64_t c)
{
	return inject_call6(in, nr, (const uint64_t[]){ a, b, c, 0, 0, 0 });
}

uint64_t inject_room(const struct inject *in)
{
	return (in->before.rsp - ROOM) & ~63ULL;
}

/* Word by word: other ways depend on the kernel's configuration. */
int inject_put(const struct inject *in, uint64_t at, const void *data, size_t size)
{
	for (size_t i = 0; i < size; i += sizeof(long)) {
		long word;

		memcpy(&word, (const char *)data + i, sizeof(word));
		if (ptrace(PTRACE_POKEDATA, in->tid, at + i, word))
			return -errno;
	}
	return 0;
}

int inject_get(const struct inject *in, uint64_t at, void *data, size_t size)
{
	for (size_t i = 0; i < size; i += sizeof(long)) {
		long word;

		errno = 0;
		word = ptrace(PTRACE_PEEKDATA, in->tid, at + i, 0);
		if (errno)
			return -errno;
		memcpy((char *)data + i, &word, sizeof(word));
	}
	return 0;
}

void inject_close(struct inject *in)
{
	ptrace(PTRACE_SETREGS, in->tid, 0, &in->before);
	ptrace(PTRACE_DETACH, in->tid, 0, 0);
	if (in->signal)
		syscall(SYS_tkill, in->tid, in->signal);
	in->tid = 0;
}
