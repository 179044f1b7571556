/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel shell: boots an arm to look around in. */
#include <argp.h>
#include <string.h>

#include "command.h"
#include "options.h"
#include "plan/plan.h"
#include "run/keep.h"

#define USUAL "dax-huge"

struct options {
	const char *arm, *config, *machine;
	bool guest, gdb, verbose;
};

enum { OPT_GDB = 256, OPT_MACHINE };

static const struct argp_option option_table[] = {
	{ "guest", 'g', NULL, 0, "in the guest, not in the machine under test", 0 },
	{ "gdb", OPT_GDB, NULL, 0, "open the gdb stub of the machine under test's QEMU, and print the gdb command", 0 },
	{ "machine", OPT_MACHINE, "KIND", 0, "another kind of machine than the config's: vm", 0 },
	{ "verbose", 'v', NULL, 0, "also show the machine's console", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t shell_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'g': o->guest = true; return 0;
	case OPT_GDB: o->gdb = true; return 0;
	case OPT_MACHINE: o->machine = arg; return 0;
	case 'v': o->verbose = true; return 0;
	case ARGP_KEY_ARG:
		if (o->arm)
			command_operand(state, &o->config, arg, "campaign ");
		else
			o->arm = arg;
		return 0;
	case ARGP_KEY_END:
		if (!o->arm)
			argp_error(state, "which arm? e.g. kduel shell 6.1");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	option_table, shell_parse, "ARM [CONFIG]",
	"Boots an arm as its campaign (" USUAL " if none is named) would, up to the "
	"prepared memory, and opens a shell there. Nothing is left when it ends.",
	NULL, NULL, NULL,
};

int cmd_shell(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct options o = { .config = NULL };
	struct plan_options how = { .blocks = 1 };
	struct shell_options so;
	struct plan *p;
	int ret;

	options_parse(&argp, argc, argv, 0, &o);
	how.machine = o.machine;
	if (plan_load(o.config ? o.config : USUAL, &how, &p, &err))
		return command_fail(&err);
	ret = plan_check_arm(p, o.arm, &err);
	so = (struct shell_options){ .plan = p, .in_guest = o.guest, .gdb = o.gdb,
				     .console = o.verbose };
	for (size_t i = 0; !ret && i < p->n_arms; i++)
		if (!strcmp(p->arms[i].name, o.arm))
			so.arm = &p->arms[i];
	if (!ret)
		ret = shell_run(&so, &err);
	plan_free(p);
	return ret ? command_fail(&err) : EXIT_DONE;
}
