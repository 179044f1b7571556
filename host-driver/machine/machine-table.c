/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kinds of machine under test, one line each. */
#include <string.h>

#include "machine.h"

#define KINDS(kind)	\
	kind(vm)	\
	kind(host)	\
	kind(ssh)	\
	kind(fake)

#define DECLARE(name) extern const struct machine_kind_ops mut_##name;
#define ENTRY(name) &mut_##name,
KINDS(DECLARE)
static const struct machine_kind_ops *const kinds[] = { KINDS(ENTRY) };

const struct machine_kind_ops *machine_ops(const struct plan *p)
{
	size_t i = 0;

	/* Ends: every kind of a plan is in the table (tests/unit/test-machine-kinds.c). */
	while (strcmp(kinds[i]->name, p->machine.kind->name))
		i++;
	return kinds[i];
}
