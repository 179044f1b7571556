/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PAPI. Its `perf_event` component is disabled as a whole, software events
 * included, when libpfm4 does not know the processor; the reason it gives is
 * what we pass on.
 */
#include <papi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counters-provider.h"

struct papi_group {
	int set;
	size_t n;
	bool multiplex;
};

static int component = -1;

static int counters_papi_init(char why[static WHY_MAX])
{
	const PAPI_component_info_t *info;
	int ret;

	PAPI_set_debug(PAPI_QUIET);
	ret = PAPI_library_init(PAPI_VER_CURRENT);
	if (ret != PAPI_VER_CURRENT) {
		snprintf(why, WHY_MAX, "PAPI_library_init: %s", PAPI_strerror(ret));
		return -1;
	}
	component = PAPI_get_component_index("perf_event");
	info = component >= 0 ? PAPI_get_component_info(component) : NULL;
	if (!info) {
		snprintf(why, WHY_MAX, "this PAPI has no perf_event component");
		return -1;
	}
	if (info->disabled) {
		snprintf(why, WHY_MAX, "component perf_event: %.200s", info->disabled_reason[0]
			 ? info->disabled_reason : PAPI_strerror(info->disabled));
		return -1;
	}
	/* Kernel mode too; on an event set this fails where there is no PMU. */
	PAPI_set_cmp_domain(PAPI_DOM_ALL, component);
	return 0;
}

/* PAPI takes our conditions as a suffix of the event's name. */
static void counters_papi_event_name(char *buf, size_t room, const struct group_request *rq,
				     const struct counter_event *ev)
{
	snprintf(buf, room, "%s%s", ev->native, rq->guest_only ? ":mg=1" : "");
}

static int counters_papi_fill(struct papi_group *g, const struct group_request *rq)
{
	int ret = PAPI_assign_eventset_component(g->set, component);

	if (ret == PAPI_OK && rq->multiplex) {
		PAPI_multiplex_init();
		ret = PAPI_set_multiplex(g->set);
	}
	if (ret == PAPI_OK && rq->tid)
		ret = PAPI_attach(g->set, rq->tid);
	for (size_t i = 0; i < rq->n && ret == PAPI_OK; i++) {
		char name[PAPI_MAX_STR_LEN];

		counters_papi_event_name(name, sizeof(name), rq, rq->events[i]);
		ret = PAPI_add_named_event(g->set, name);
	}
	return ret;
}

static void counters_papi_close_group(void *group)
{
	struct papi_group *g = group;

	PAPI_cleanup_eventset(g->set);
	PAPI_destroy_eventset(&g->set);
	free(g);
}

static void *counters_papi_open_group(const struct group_request *rq, char why[static WHY_MAX])
{
	struct papi_group *g = calloc(1, sizeof(*g));
	long long values[COUNTERS_MOST];
	int ret;

	if (!g) {
		snprintf(why, WHY_MAX, "out of memory");
		return NULL;
	}
	if (rq->guest_only && !rq->events[0]->hardware) {
		snprintf(why, WHY_MAX, "a software event cannot be filtered to the guest");
		free(g);
		return NULL;
	}
	if (rq->inherit) {	/* its start does not clear what children counted before */
		snprintf(why, WHY_MAX, "counts one thread without its children");
		free(g);
		return NULL;
	}
	g->set = PAPI_NULL;
	g->n = rq->n;
	g->multiplex = rq->multiplex;
	ret = PAPI_create_eventset(&g->set);
	if (ret == PAPI_OK)
		ret = counters_papi_fill(g, rq);
	/* Names and queries succeed for what cannot be counted; starting decides. */
	if (ret == PAPI_OK)
		ret = PAPI_start(g->set);
	if (ret == PAPI_OK)
		ret = PAPI_stop(g->set, values);
	if (ret != PAPI_OK) {
		snprintf(why, WHY_MAX, "%s", PAPI_strerror(ret));
		counters_papi_close_group(g);
		return NULL;
	}
	return g;
}

static void counters_papi_start(void *group)
{
	PAPI_start(((struct papi_group *)group)->set);
}

static int counters_papi_stop(void *group, uint64_t *values)
{
	struct papi_group *g = group;

	return PAPI_stop(g->set, (long long *)values) == PAPI_OK ? g->multiplex : -1;
}

const struct provider provider_papi = {
	"papi",
	true,
	true,
	counters_papi_init,
	counters_papi_open_group,
	counters_papi_start,
	counters_papi_stop,
	counters_papi_close_group,
};
