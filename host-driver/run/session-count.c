/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session-count.h"

#include <string.h>

#include "count-records.h"

/* Boots of a block take the same turn, since they are compared with each other. */
static unsigned session_count_turn_of(const struct measure *m)
{
	return (m->boot->block - 1) * m->cell->processes + m->process - 1;
}

static const json_t *session_count_events_here(const struct session *s)
{
	return s->count[FRAME_NODE].events;
}

int session_count_start(struct session *s, const struct measure *m)
{
	if (!session_count_events_here(s))
		return 0;
	return session_must(
		s, FRAME_NODE, "count",
		json_pack("{s:o}", "events",
			  events_turn(session_count_events_here(s), session_count_turn_of(m))),
		s->o->limits.proof, NULL);
}

int session_count_stop(struct session *s, struct message *counted)
{
	if (!session_count_events_here(s))
		return 0;
	return session_must(s, FRAME_NODE, "count-stop", NULL, s->o->limits.proof,
			    counted);
}

/* Reports the events that get no turn in any block and process of this campaign. */
static void session_count_without_turn(const struct session *s, const struct measure *m)
{
	unsigned turns = s->plan->n_blocks * m->cell->processes;

	for (unsigned t = turns; t < events_turns(session_count_events_here(s)); t++) {
		json_t *group = events_turn(session_count_events_here(s), t), *e;
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
		       const struct message *counted, const char *void_reason,
		       struct record_text *t, struct err *err)
{
	int ret = counted->root
			  ? measure_counted(m, counted->root, void_reason, t, err) : 0;

	if (counted->root && !ret)
		session_count_without_turn(s, m);
	return ret;
}
