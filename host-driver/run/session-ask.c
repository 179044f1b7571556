/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a boot and its cells share: asking the agents, handing out records, counting. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure-records.h"
#include "session-cell.h"
#include "store/record-text.h"

int session_record_text(struct session *s, const char *text, size_t len)
{
	if (!s->fatal)
		s->fatal = s->o->calls.record(s->o->calls.arg, text, len, s->err);
	return s->fatal;
}

int session_record(struct session *s, json_t *r)
{
	char *text = record_dump(r);
	int ret = text ? session_record_text(s, text, strlen(text))
		       : (s->fatal = err_sys(s->err, ENOMEM, "cannot make a record"));

	free(text);
	return ret;
}

void session_phase(struct session *s, const char *name, const char *cell)
{
	if (s->o->calls.phase)
		s->o->calls.phase(s->o->calls.arg, name, cell);
}

int session_must(struct session *s, enum frame_channel channel, const char *op,
		 json_t *args, double limit, struct message *reply)
{
	enum message_class class;
	struct message own;
	char text[400];
	int ret = wire_call(&s->wire, channel, op, args, limit, reply ? reply : &own);

	if (!reply)
		reply = &own;
	if (!ret && !wire_is_ok(reply, &class))
		ret = wire_fail(&s->wire, "failed", "%s: %s", op,
				message_text(view_get(reply->root, "text"), text,
					     sizeof(text)));
	if (ret || reply == &own)
		message_release(reply);
	return ret;
}

/* The first finding in an agent's reply; "" if there is none. */
static void session_ask_finding(const struct message *reply, char *text, size_t size)
{
	const struct view *list, *first;
	char title[120], seen[300];

	text[0] = '\0';
	if (view_list_or(reply->root, "findings", JSON_ARRAY, &list, NULL) || !list || !list->n ||
	    list[1].type != JSON_OBJECT)
		return;
	first = list + 1;
	message_text(view_get(first, "title"), title, sizeof(title));
	message_text(view_get(first, "seen"), seen, sizeof(seen));
	if (*title)
		snprintf(text, size, "%s (%s)", title, seen);
}

int session_doctor(struct session *s, enum layer layer, char **why)
{
	struct message reply = MESSAGE_INIT;
	enum message_class class;
	char found[460] = "", *longer;
	int ret = wire_call(&s->wire, layer == LAYER_GUEST ? FRAME_GUEST : FRAME_NODE, "doctor",
			    NULL, s->o->limits.proof, &reply);

	if (!ret && wire_is_ok(&reply, &class))
		session_ask_finding(&reply, found, sizeof(found));
	message_release(&reply);
	if (ret || !*found)
		return ret;
	if (asprintf(&longer, "%s; doctor: %s", *why, found) < 0)
		return s->fatal = err_sys(s->err, ENOMEM, "cannot record a cell");
	free(*why);
	*why = longer;
	return 0;
}

bool session_align(const struct session *s, json_t *args, uint64_t phase)
{
	if (strcmp(machine_domain(s->o->machine), "instructions"))
		return false;
	json_object_set_new(args, "align", json_integer(SESSION_ALIGN_NS));
	json_object_set_new(args, "phase", json_integer(phase));
	return true;
}

/* --- counting ------------------------------------------------------------------- */

/* Boots of a block take the same turn, since they are compared with each other. */
static unsigned session_ask_turn_of(const struct measure *m)
{
	return (m->boot->block - 1) * m->cell->processes + m->process - 1;
}

static const json_t *session_ask_events_here(const struct session *s)
{
	return s->count[FRAME_NODE].events;
}

int session_count_start(struct session *s, const struct measure *m)
{
	if (!session_ask_events_here(s))
		return 0;
	return session_must(
		s, FRAME_NODE, "count",
		json_pack("{s:o}", "events",
			  events_turn(session_ask_events_here(s), session_ask_turn_of(m))),
		s->o->limits.proof, NULL);
}

int session_count_stop(struct session *s, struct message *counted)
{
	if (!session_ask_events_here(s))
		return 0;
	return session_must(s, FRAME_NODE, "count-stop", NULL, s->o->limits.proof,
			    counted);
}

/* Reports the events that get no turn in any block and process of this campaign. */
static void session_ask_without_turn(const struct session *s, const struct measure *m)
{
	unsigned turns = s->plan->n_blocks * m->cell->processes;

	for (unsigned t = turns; t < events_turns(session_ask_events_here(s)); t++) {
		json_t *group = events_turn(session_ask_events_here(s), t), *e;
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
		session_ask_without_turn(s, m);
	return ret;
}
