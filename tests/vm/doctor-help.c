/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests/vm/test-doctor, linked statically:
 *	doctor-help no-thp PROGRAM ARGUMENTS	runs it with PR_SET_THP_DISABLE
 *	doctor-help in-group PROGRAM ARGUMENTS	runs it in the control group vm
 *	doctor-help touch MIB	writes to so much memory, and keeps it
 *	doctor-help again MIB	the same, three times
 *	doctor-help execute MIB	the same, and executes a piece of each 2M, and writes again
 *	doctor-help fragment MIB	leaves all memory but the last MIB in pieces of less than 2M
 */
#define _GNU_SOURCE	/* F_SETPIPE_SZ */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define M2 (2ul << 20)
#define PIPE_PAGES 256
#define PIPES_MOST 4096	/* 4 GiB */

static void touch(size_t mib, int times, int execute)
{
	size_t size = mib << 20;
	char *p = mmap(NULL, size + M2, PROT_READ | PROT_WRITE | PROT_EXEC,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		exit(2);
	p += M2 - (unsigned long)p % M2;
	madvise(p, size, MADV_HUGEPAGE);
	for (int i = 0; i < times; i++)
		memset(p, 0xc3, size);	/* each byte returns */
	for (size_t at = 0; execute && at < size; at += M2)
		((void (*)(void))(p + at))();
	if (execute)
		memset(p, 0xc3, size);
}

static size_t available(void)
{
	char line[100];
	size_t kib = 0;
	FILE *f = fopen("/proc/meminfo", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %zu", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib >> 10;
}

/*
 * Fills memory with pages that nobody can move, those of pipes, and gives all back but
 * one or two of each MiB.
 */
static void fragment(size_t mib)
{
	static char page[PIPE_PAGES * 4096];
	static int pipes[PIPES_MOST][2];
	struct rlimit most = { 2 * PIPES_MOST + 20, 2 * PIPES_MOST + 20 };
	int taken = 0;

	setrlimit(RLIMIT_NOFILE, &most);
	for (; taken < PIPES_MOST && available() > mib + 2; taken++)
		if (pipe(pipes[taken]) ||
		    fcntl(pipes[taken][1], F_SETPIPE_SZ, sizeof(page)) < (int)sizeof(page) ||
		    write(pipes[taken][1], page, sizeof(page)) != (ssize_t)sizeof(page))
			exit(3);
	for (int i = 0; i < taken; i++)
		if (read(pipes[i][0], page, sizeof(page) - 4096) < 0)
			exit(4);
	printf("fragmented: %d MiB, of each of which a page is kept\n", taken);
}

static void join_group(void)
{
	FILE *f = fopen("/sys/fs/cgroup/vm/cgroup.procs", "w");

	if (!f || fprintf(f, "%d", (int)getpid()) < 0 || fclose(f))
		exit(7);
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "in-group")) {
		join_group();
		execvp(argv[2], argv + 2);
		return 2;
	}
	if (argc > 2 && !strcmp(argv[1], "no-thp")) {
		prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
		execvp(argv[2], argv + 2);
		return 2;
	}
	if (argc != 3)
		return 2;
	if (!strcmp(argv[1], "fragment"))
		fragment(strtoul(argv[2], NULL, 10));
	else
		touch(strtoul(argv[2], NULL, 10), strcmp(argv[1], "again") ? 1 : 3,
		      !strcmp(argv[1], "execute"));
	puts("touched");
	fflush(stdout);
	for (;;)
		pause();
}
