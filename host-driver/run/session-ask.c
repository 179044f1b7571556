/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a boot and its cells share: asking the agents, and handing out records. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
