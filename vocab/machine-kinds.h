/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kinds of machine under test, as a config names them: what each is, and which
 * of a config's keys it takes. What they do is in host-driver/machine, a table
 * of functions of the same name; nobody else asks which kind it is.
 *
 * A new kind is one line here, one in machine-table.c, and its mut-<name>.c.
 */
#ifndef KDUEL_MACHINE_KINDS_H
#define KDUEL_MACHINE_KINDS_H

#include <stdbool.h>

struct machine_kind {
	const char *name;
	const char *help;
	bool sized;		/* takes accel, cpus, memory, pmem: it is made for the campaign */
	bool has_host;		/* needs host: which machine it is */
	bool has_device;	/* takes device: its backings overwrite that, and nothing else */
	bool has_kernel;	/* runs the arms' kernels; without it all of it is made up */
	bool is_driver;		/* the driver runs on it: its own kernel is under test */
};

/* Ends with a NULL name; the first is the default. */
extern const struct machine_kind machine_kinds[];
/* Their names, in the same order; ends with NULL. */
extern const char *const machine_kind_names[];

/* NULL if there is none of this name. */
const struct machine_kind *machine_kind_find(const char *name);

#endif
