/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which of a processor's events an agent counts: agents know no processors,
 * they are told names. The processor is the one that the agent's `env`
 * describes; its names are in configs/cpus, and where no file there describes
 * it, the kernel's generic events are asked for.
 */
#ifndef KDUEL_CPU_EVENTS_H
#define KDUEL_CPU_EVENTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "cpu.h"

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
