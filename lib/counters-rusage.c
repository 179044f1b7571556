/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The provider of last resort: what the kernel accounts to every thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "counters-provider.h"

static const struct {
	const char *native;
	size_t offset;
} fields[] = {
	{ "perf::MINOR-FAULTS", offsetof(struct rusage, ru_minflt) },
	{ "perf::MAJOR-FAULTS", offsetof(struct rusage, ru_majflt) },
	{ "perf::CONTEXT-SWITCHES", 0 },	/* the sum of two fields */
};

struct rusage_group {
	size_t n;
	int field[COUNTERS_MOST];
	struct rusage before, children;
	bool inherit;
};

static int counters_rusage_init(char why[static WHY_MAX])
{
	struct rusage ru;

	if (!getrusage(RUSAGE_THREAD, &ru))
		return 0;
	snprintf(why, WHY_MAX, "getrusage does not work here");
	return -1;
}

static int counters_rusage_field_of(const char *native)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (!strcmp(fields[i].native, native))
			return i;
	return -1;
}

static void *counters_rusage_open_group(const struct group_request *rq, char why[static WHY_MAX])
{
	struct rusage_group *g = calloc(1, sizeof(*g));

	why[0] = '\0';
	if (!g || rq->tid || rq->guest_only) {
		snprintf(why, WHY_MAX, "counts the calling thread only");
		free(g);
		return NULL;
	}
	g->inherit = rq->inherit;
	for (g->n = 0; g->n < rq->n; g->n++) {
		g->field[g->n] = counters_rusage_field_of(rq->events[g->n]->native);
		if (g->field[g->n] < 0) {
			snprintf(why, WHY_MAX, "does not count this event");
			free(g);
			return NULL;
		}
	}
	return g;
}

static void counters_rusage_start(void *group)
{
	struct rusage_group *g = group;

	getrusage(RUSAGE_THREAD, &g->before);
	if (g->inherit)
		getrusage(RUSAGE_CHILDREN, &g->children);
}

static uint64_t counters_rusage_value_of(const struct rusage *ru, int field)
{
	if (!fields[field].offset)
		return ru->ru_nvcsw + ru->ru_nivcsw;
	return *(const long *)((const char *)ru + fields[field].offset);
}

static int counters_rusage_stop(void *group, uint64_t *values)
{
	struct rusage_group *g = group;
	struct rusage now, children = { 0 };

	getrusage(RUSAGE_THREAD, &now);
	if (g->inherit)
		getrusage(RUSAGE_CHILDREN, &children);
	for (size_t i = 0; i < g->n; i++) {
		values[i] = counters_rusage_value_of(&now, g->field[i]) -
			    counters_rusage_value_of(&g->before, g->field[i]);
		if (g->inherit)
			values[i] += counters_rusage_value_of(&children, g->field[i]) -
				     counters_rusage_value_of(&g->children, g->field[i]);
	}
	return 0;
}

const struct provider provider_getrusage = {
	"getrusage",
	false,
	false,
	counters_rusage_init,
	counters_rusage_open_group,
	counters_rusage_start,
	counters_rusage_stop,
	free,
};
