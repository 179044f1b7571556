/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disturbs the program that it is preloaded into: with DISTURB=clock the time of
 * day jumps by up to a day, back and forth, at every look at it; with DISTURB=signals
 * a signal with a handler comes every other millisecond and interrupts every system
 * call that it can; with DISTURB=names the file systems have no files without a name;
 * with DISTURB=cpus the kernel has 2,048 possible CPUs.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "no-tmpfile.h"

static int jumps, cpus;

static long step(void)
{
	static unsigned long seed = 1;

	seed = seed * 6364136223846793005ul + 1442695040888963407ul;
	return jumps ? (long)(seed >> 33) % 172800 - 86400 : 0;
}

int clock_gettime(clockid_t which, struct timespec *t)
{
	int ret = (int)syscall(SYS_clock_gettime, which, t);

	if (!ret && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
		t->tv_sec += step();
	return ret;
}

time_t time(time_t *to)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	if (to)
		*to = t.tv_sec;
	return t.tv_sec;
}

int gettimeofday(struct timeval *restrict to, void *restrict zone)
{
	struct timespec t;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &t);
	*to = (struct timeval){ t.tv_sec, t.tv_nsec / 1000 };
	return 0;
}

/* A set for fewer CPUs than are possible is refused. */
int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
	long n;

	if (cpus && size < 256) {
		errno = EINVAL;
		return -1;
	}
	memset(set, 0, size);
	n = syscall(SYS_sched_getaffinity, pid, size, set);
	return n < 0 ? -1 : 0;
}

static void nothing(int signo)
{
	(void)signo;
}

__attribute__((constructor)) static void begin(void)
{
	const char *how = getenv("DISTURB");
	struct sigaction act = { .sa_handler = nothing };	/* no SA_RESTART */
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } };

	jumps = how && !strcmp(how, "clock");
	names_only = how && !strcmp(how, "names");
	cpus = how && !strcmp(how, "cpus");
	if (!how || strcmp(how, "signals"))
		return;
	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}
