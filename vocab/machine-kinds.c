/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine-kinds.h"

#include <stddef.h>
#include <string.h>

const struct machine_kind machine_kinds[] = {
	{ .name = "vm", .help = "a virtual machine that kduel boots for the campaign",
	  .sized = true, .has_kernel = true },
	{ .name = "host", .help = "this machine, with the kernel that runs",
	  .has_device = true, .has_kernel = true, .is_driver = true },
	{ .name = "ssh", .help = "another machine, rebooted by kexec through ssh",
	  .has_host = true, .has_device = true, .has_kernel = true },
	{ .name = "fake", .help = "none: a process that answers like one, for trying things out" },
	{ .name = NULL },
};

/* One name a line above. */
const char *const machine_kind_names[] = { "vm", "host", "ssh", "fake", NULL };

const struct machine_kind *machine_kind_find(const char *name)
{
	for (const struct machine_kind *k = machine_kinds; k->name; k++) {
		if (!strcmp(k->name, name))
			return k;
	}
	return NULL;
}
