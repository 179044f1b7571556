/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session-count.h"

#include <string.h>

#include "count-records.h"

/* Boots of a block take the same turn: they are compared with each other. */
static unsigned turn_of(const struct measure *m)
{
	return (m->boot->block - 1) * m->cell->processes + m->process - 1;
}

static const json_t *events_here(const struct session *s)
{
	return s->count[FRAME_NODE].events;
}

int session_count_start(struct session *s, const struct measure *m)
{
	json_t *reply;
	int ret;

	if (!events_here(s))
		return 0;
	ret = session_must(s, FRAME_NODE, "count",
			   json_pack("{s:o}", "events",
				     events_turn(events_here(s), turn_of(m))),
			   s->o->limits.proof, &reply);
	if (!ret)
		json_decref(reply);
	return ret;
}

int session_count_stop(struct session *s, json_t **counted)
{
	*counted = NULL;
	if (!events_here(s))
		return 0;
	return session_must(s, FRAME_NODE, "count-stop", NULL, s->o->limits.proof,
			    counted);
}

/* Events that no block and process of this campaign has a turn for. */
static void without_turn(const struct session *s, const struct measure *m)
{
	unsigned turns = s->plan->n_blocks * m->cell->processes;

	for (unsigned t = turns; t < events_turns(events_here(s)); t++) {
		json_t *group = events_turn(events_here(s), t), *e;
		size_t i;

		json_array_foreach(group, i, e) {
			const char *name = json_string_value(json_object_get(e, "name"));

			if (strcmp(name, "instructions"))
				count_unavailable(m->counters, COUNTER_VCPU, name,
						  "the campaign has fewer blocks and processes "
						  "than there are groups of events, which take "
						  "turns in the order of the table", 1);
		}
		json_decref(group);
	}
}

int session_count_keep(struct session *s, const struct measure *m,
		       const json_t *counted, const char *void_reason,
		       json_t *records, struct err *err)
{
	json_t *counters = json_object_get(counted, "counters");
	json_t *seconds = json_object_get(counted, "seconds"), *result;
	int ret;

	if (!counted)
		return 0;
	result = json_pack("{s:[{s:s, s:{}, s:s, s:s, s:s, s:[O?], s:[], s:b, s:O?}]}",
			   "metrics", "metric", "go_to_result", "point", "unit", "s",
			   "better", "none", "kind", "time", "values", seconds,
			   "rejected", "steady", 1, "counters", counters);
	ret = measure_samples(m, result, COUNTER_VCPU, void_reason, records, err);
	json_decref(result);
	if (!ret)
		without_turn(s, m);
	return ret;
}
