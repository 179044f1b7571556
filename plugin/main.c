/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plugin: counts every instruction that the emulator executes and writes,
 * for each region between two markers, what was executed where.
 *
 *	qemu-system-x86_64 ... -plugin build/kduel-why.so,out=FILE[,boot=on|,wait=on][,memory=on]
 *
 * FILE is appended to. Its lines are written at the end of each region, since a
 * QEMU that is killed runs nothing at its end:
 *
 *	kduel-why 5 vcpus N			once, first
 *	started					with wait=on: new code begins it
 *	counting				and from here on
 *	node NODE PARENT m|g ADDR		a call stack: a function that holds ADDR,
 *						called by PARENT's (stack.h); numbered
 *						from 3, 1 and 2 are the roots
 *	region TAG SEQ ENTRIES			a region ends: its tag (hex), its
 *						number from 0, entries into the guest
 *	here ADDR				the program has MARKER_PLACE there (hex)
 *	m|g VADDR INSNS TIMES HASH SIZES	a segment of the machine, or of its
 *						guest, with TIMES > 0; numbers but
 *						INSNS and TIMES are hex; SIZES: a
 *						digit an instruction, the first last
 *	x LINE TIMES				the segment of an earlier such line, which
 *						are numbered from 0 in all of FILE
 *	l m|g VADDR N				with memory=on: loads of such a segment, and
 *	w m|g VADDR N				stores; also of several with one VADDR
 *	memory m|g BYTES PAGES			what these went to, without devices: pages of 4 KiB
 *						of the machine's memory, each counted once
 *	s NODE INSTRUCTIONS			a call stack, of the kernel's instructions
 *	rest m|g INSTRUCTIONS			so many in these stacks were not executed:
 *						the rest of blocks that were left half-way
 *	end INSTRUCTIONS			the sum of INSNS x TIMES
 *	clock N					the same by the region's own clock
 *	things N				how many things the region did, if it says so
 *
 * With boot=on, `phase NAME SEQ ENTRIES` in place of `region` ends each phase
 * of the boot, which lasts up to the first code of: the machine's kernel, its
 * programs, its guest, the guest's kernel, the guest's programs, the first
 * region.
 *
 * With wait=on nothing is counted, and nothing costs, until `start` is written
 * into FILE by whoever started QEMU: a machine's boot then takes the time that
 * it takes without the plugin. See guest.c.
 *
 * An instruction is counted when it begins: one that a fault interrupts counts
 * again when it is restarted. Loads and stores are counted when done, without
 * those of page walks and instruction fetches; memory=on is for one processor.
 * With one virtual processor the translated code itself adds to the counters;
 * with several, a call does, which costs more.
 */
#include "why.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int qemu_plugin_version = QEMU_API_VERSION;

struct why why = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int why_arguments(int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "out=", 4))
			why.path = strdup(argv[i] + 4);
		else if (!strcmp(argv[i], "boot=on"))
			why.boot = true;
		else if (!strcmp(argv[i], "wait=on"))
			why.wait = true;
		else if (!strcmp(argv[i], "memory=on"))
			why.memory = true;
		else
			return fprintf(stderr, "kduel-why: unknown argument '%s'; known: "
				"out=FILE, boot=on, wait=on, memory=on\n",
				       argv[i]), -1;
	}
	if (!why.path)
		return fprintf(stderr, "kduel-why: nowhere to write; give out=FILE\n"), -1;
	why.out = fopen(why.path, "ae");
	if (!why.out)
		return fprintf(stderr, "kduel-why: cannot write %s: %s\n", why.path,
			       strerror(errno)), -1;
	return 0;
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
			char **argv)
{
	if (strcmp(info->target_name, "x86_64") || !info->system_emulation)
		return fprintf(stderr, "kduel-why: knows x86_64 machines only, not %s\n",
			       info->target_name), -1;
	if (why_arguments(argc, argv))
		return -1;
	why.inline_adds = info->system.smp_vcpus == 1;
	why.id = id;
	stacks_init(&why.stacks);
	why_first_line(info->system.smp_vcpus);
	return why_start(why_on_translation);
}
