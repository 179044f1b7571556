/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int set(struct err *err, enum kduel_exit exit, int code, int sys,
	       const char *fmt, va_list ap)
{
	size_t n;

	if (!err || err->code)
		return code;
	err->code = code;
	err->exit = exit;
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	n = strlen(err->text);
	if (sys)
		snprintf(err->text + n, sizeof(err->text) - n, ": %s",
			 strerror(sys));
	return code;
}

int err_config(struct err *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(err, EXIT_CONFIG, -EINVAL, 0, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

int err_machine(struct err *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(err, EXIT_MACHINE, -ENOTSUP, 0, fmt, ap);
	va_end(ap);
	return -ENOTSUP;
}

int err_sys(struct err *err, int error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(err, EXIT_MACHINE, -error, error, fmt, ap);
	va_end(ap);
	return -error;
}

int err_set(struct err *err, enum kduel_exit exit, int code,
	    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(err, exit, code, 0, fmt, ap);
	va_end(ap);
	return code;
}

void err_prefix(struct err *err, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	size_t n;
	va_list ap;

	if (!err || !err->code)
		return;
	memcpy(text, err->text, sizeof(text));
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	n = strlen(err->text);
	snprintf(err->text + n, sizeof(err->text) - n, ": %s", text);
}
