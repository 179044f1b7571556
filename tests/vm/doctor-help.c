/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests/vm/test-doctor, linked statically:
 *	doctor-help no-thp PROGRAM ARGUMENTS	runs it with PR_SET_THP_DISABLE
 *	doctor-help touch MIB	writes to so much memory, and keeps it
 *	doctor-help execute MIB	the same, and executes a piece of each 2M, and writes again
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define M2 (2ul << 20)

static void touch(size_t mib, int execute)
{
	size_t size = mib << 20;
	char *p = mmap(NULL, size + M2, PROT_READ | PROT_WRITE | PROT_EXEC,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		exit(2);
	p += M2 - (unsigned long)p % M2;
	madvise(p, size, MADV_HUGEPAGE);
	memset(p, 0xc3, size);	/* each byte returns */
	for (size_t at = 0; execute && at < size; at += M2)
		((void (*)(void))(p + at))();
	if (execute)
		memset(p, 0xc3, size);
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "no-thp")) {
		prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
		execvp(argv[2], argv + 2);
		return 2;
	}
	if (argc != 3)
		return 2;
	touch(strtoul(argv[2], NULL, 10), !strcmp(argv[1], "execute"));
	puts("touched");
	fflush(stdout);
	for (;;)
		pause();
}
