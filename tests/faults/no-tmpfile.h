/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * open() in place of the C library's: on a file system where no file is without
 * a name, while `names_only`. For the one file of a program, or of a library that is
 * preloaded, which includes it.
 */
#ifndef KDUEL_TESTS_NO_TMPFILE_H
#define KDUEL_TESTS_NO_TMPFILE_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool names_only;

int open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if (flags & (O_CREAT | O_TMPFILE))
		mode = va_arg(ap, mode_t);
	va_end(ap);
	if (!names_only || (flags & O_TMPFILE) != O_TMPFILE)
		return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
	errno = EOPNOTSUPP;
	return -1;
}

#endif
