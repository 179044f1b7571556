/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * This machine: its shape, and the conditions of a measurement that is made on it. Two
 * arms are compared by these; what cannot be read is absent, never guessed.
 */
#ifndef KDUEL_ENV_H
#define KDUEL_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "err.h"

/* The object `facts` of docs/protocol.md; with `node`, KVM's too. */
json_t *env_capture(bool node);

/*
 * Does KVM hand the processor's counters over to guests (mediated PMU)? Then
 * the host's perf refuses to count what guests do.
 */
bool env_mediated_pmu(void);

/*
 * The words of a kernel command line that set a parameter which its module does
 * not show, though it shows others: the kernel ignores them silently.
 */
json_t *env_unknown_parameters(const char *cmdline);

/*
 * Put in front of the paths of files that are read whole, so that a test can use a tree of
 * its own.
 */
extern const char *env_root;

/* The compiler that a /proc/version names; NULL if none. */
json_t *env_compiler(const char *version);

/* The value of the first "key : value" line of a /proc/cpuinfo; NULL if none. */
json_t *env_cpuinfo(const char *cpuinfo, const char *key);

/* --- topology.c --- */

/*
 * The machine as hwloc sees it: cores, caches, nodes, and which CPU a thread
 * really runs on. All CPU numbers are the kernel's.
 */
struct topology;

int topology_new(struct topology **t, struct err *err);
void topology_free(struct topology *t);

/* The first CPU this process may run on. */
int topology_first_cpu(const struct topology *t);

/*
 * One CPU of each core we may run on, in order, `first`'s core first. Fills
 * at most `max` and returns how many cores there are.
 */
int topology_cores(const struct topology *t, int first, int *cpus, int max);

/* Bytes of the data cache of this level that serves `cpu`; 0 = none known. */
uint64_t topology_cache(const struct topology *t, int cpu, unsigned level);
/* Bytes of the last-level cache that serves `cpu`; 0 = none known. */
uint64_t topology_llc(const struct topology *t, int cpu);

/* NUMA node of `cpu`, -1 if the machine has none. */
int topology_node(const struct topology *t, int cpu);
/* Is there such a node? */
int topology_has_node(const struct topology *t, int node);

/* Pins the calling thread. EXIT_CONFIG if `cpu` is not ours to pin to. */
int topology_pin(struct topology *t, int cpu, struct err *err);

/* The CPU the calling thread last ran on, by hwloc; -1 if it cannot tell. */
int topology_last_cpu(struct topology *t);

/*
 * The shape in a line, "1 Package, 1 L3 (260M), 2 Core, 2 PU, 1 NUMANode": the
 * same on machines that only differ in names, devices and free memory.
 */
void topology_text(const struct topology *t, char *buf, size_t size);

/* The whole as hwloc XML; the caller frees it. */
int topology_xml(struct topology *t, char **xml, struct err *err);

#endif
