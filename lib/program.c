/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "program.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static void program_hold_stdio(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static void program_forget(const char *prefix)
{
	size_t len = strlen(prefix), i = 0;
	char name[128];

	while (environ && environ[i]) {
		size_t n = strcspn(environ[i], "=");

		if (strncmp(environ[i], prefix, len) || n >= sizeof(name)) {
			i++;
			continue;
		}
		memcpy(name, environ[i], n);
		name[n] = '\0';
		unsetenv(name);	/* the next one moves into its place */
	}
}

void program_begin(void)
{
	program_hold_stdio();
	program_forget("HWLOC_");
	program_forget("LIBPFM_");
	program_forget("PAPI_");
	program_forget("ARGP_HELP_FMT=");
	/* A write beyond `ulimit -f` then says so, and the file's writer tidies up. */
	signal(SIGXFSZ, SIG_IGN);
}
