/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An argument list that grows. Every string is copied and owned by the list;
 * running out of memory is remembered and reported once, at the end, by args_done().
 *
 *	struct args a = ARGS_INIT;
 *
 *	args_add(&a, "qemu-system-x86_64");
 *	args_add(&a, "-m");
 *	args_addf(&a, "%uM", n);
 *	ret = args_done(&a, err);
 *	if (!ret)
 *		proc_options.argv = args_argv(&a);	// NULL-terminated
 *	args_release(&a);
 */
#ifndef KDUEL_ARGS_H
#define KDUEL_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

struct args {
	char **v;	/* NULL-terminated once anything was added */
	size_t n;
	bool failed;	/* out of memory: the list is not complete */
};

#define ARGS_INIT { NULL, 0, false }

void args_add(struct args *a, const char *word);
void args_addf(struct args *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Adds each word up to a NULL: args_add_all(a, "-serial", "null", NULL). */
void args_add_all(struct args *a, ...) __attribute__((sentinel));

/* 0, or -ENOMEM if any of the above failed. */
int args_done(const struct args *a, struct err *err);

static inline const char *const *args_argv(const struct args *a)
{
	return (const char *const *)a->v;
}

void args_release(struct args *a);

#endif
