/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of a processor: its TLBs and the names of its events, from
 * configs/cpus/<name>.yaml. Chosen by CPUID, or by the user's word
 * (--cpu-model) when the model has to speak for a processor that is not here.
 *
 *	struct cpu *cpu = NULL;
 *
 *	ret = cpu_load("cascadelake", &cpu, err);	// NULL = this machine's
 *	...
 *	cpu_free(cpu);
 *
 * Needs the data folder: it is for kduel-bench and the driver.
 * An agent gets the events it shall count in its request.
 */
#ifndef KDUEL_CPU_H
#define KDUEL_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "err.h"

struct conf;

/* Entries by size of page; 0 = none, or not known. */
struct tlb {
	unsigned e4k, e2m, e1g;
};

struct cpu_event {
	char *name;	/* ours, the same for all processors that have such a thing */
	char *native;	/* libpfm4's, "PMU" in place of the unit's name */
};

struct cpu_match {
	unsigned family, model, model_to, stepping_from, stepping_to;
	char *pmu;	/* of this model, where it is not the file's; else NULL */
};

struct cpu_file {
	char *title, *vendor;
	struct cpu_match *match;
	unsigned n_match;
	char *pmu;		/* libpfm4's name of the core unit; NULL = unknown to it */
	struct {
		struct tlb first, second;
	} tlb;
	struct cpu_event *events;	/* the most telling first: few batches reach no others */
	unsigned n_events;
};

struct cpu {
	char name[64];		/* the file's, without .yaml */
	struct cpu_file f;
	struct conf *conf;	/* owns what is in f */
	const char *pmu;	/* of the model that was found by CPUID, else the file's; "" */
};

struct cpu_id {
	char vendor[16];
	unsigned family, model, stepping;
};

/*
 * The processor `name`, or with NULL the one of this machine. Unknown names
 * are EXIT_CONFIG, with the known ones; a machine that no file matches is
 * EXIT_MACHINE.
 */
int cpu_load(const char *name, struct cpu **cpu, struct err *err);
/* The same for CPUID values. */
int cpu_load_id(const struct cpu_id *id, struct cpu **cpu, struct err *err);
void cpu_free(struct cpu *cpu);

/* Names of all files, sorted; free each and the array. */
int cpu_names(char ***names, size_t *n, struct err *err);

/* Event i's name for libpfm4, with cpu->pmu filled in. The caller frees it. */
char *cpu_event_native(const struct cpu *cpu, unsigned i);

/* [{"name","native"}] for bench_request.events. */
json_t *cpu_events_json(const struct cpu *cpu);

/* --- the events that an agent counts --- */

/*
 * Which of a processor's events an agent counts: agents know no processors,
 * they are told names. The processor is the one that the agent's `env`
 * describes; its names are in configs/cpus, and where no file there describes
 * it, the kernel's generic events are asked for.
 */
#define EVENTS_TABLE_MAX 256

/* The CPUID that these facts hold; false if they hold none. */
bool events_identify(const json_t *facts, struct cpu_id *id);

/*
 * [{"name","native"}] for the processor of these facts, a new reference; NULL
 * without memory. `table` says whose they are: "cascadelake", or
 * "generic: <why no other>".
 */
json_t *events_of(const json_t *facts, char table[static EVENTS_TABLE_MAX]);

/*
 * On the machine under test one group is counted at a time, for a whole run.
 * Returns group `turn` (modulo their number) of these events: "instructions",
 * which the others are divided by, and the next three of the table.
 */
json_t *events_turn(const json_t *events, unsigned turn);

/* How many groups there are. */
unsigned events_turns(const json_t *events);

#endif
