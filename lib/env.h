/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The conditions of a measurement, as seen by the machine it is made on. Two
 * arms are compared by these; what cannot be read is absent, never guessed.
 */
#ifndef KDUEL_ENV_H
#define KDUEL_ENV_H

#include <jansson.h>
#include <stdbool.h>

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

#endif
