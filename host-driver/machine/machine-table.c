/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kinds of machine under test, one line each. */
#include <string.h>

#include "machine.h"

static const struct machine_kind_ops *const kinds[] = {
	&mut_vm,
	&mut_host,
	&mut_ssh,
	&mut_fake,
};

const struct machine_kind_ops *machine_ops(const struct plan *p)
{
	size_t i = 0;

	/* Ends: every kind of a plan is in the table (tests/unit/test-machine-kinds.c). */
	while (strcmp(kinds[i]->name, p->machine.kind->name))
		i++;
	return kinds[i];
}
