/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page sizes over the course of a workload process, and its guest's disturbances. */
#include <errno.h>
#include <string.h>

#include "bench/source.h"
#include "session-cell.h"
#include "store/record-text.h"
#include "store/record.h"

/* Readings of each state in a separate run. */
#define TIMELINE_READINGS 10
#define TELL_LIMIT_S 10

void timeline_begin(struct timeline *t, struct session *s, const struct plan_cell *cell,
		    unsigned process, bool apart)
{
	*t = (struct timeline){ .s = s, .cell = cell, .process = process, .apart = apart,
				.disturb = s->arm->control == CONTROL_DIRTY_LOG
					   ? DISTURB_DIRTY_LOG_ON : cell->disturb,
				.begin = loop_now() };
}

static void timeline_record(struct timeline *t, enum run_step step, struct record_text *r)
{
	json_t *seconds = json_real(loop_now() - t->begin);

	record_text_begin(r, RECORD_TIMELINE);
	record_text_whole(r, "boot", t->s->o->boot->boot);
	record_text_string(r, "cell", t->cell->id);
	record_text_whole(r, "process", t->process);
	record_text_json(r, "seconds", seconds);
	record_text_string(r, "step", step_words[step].name);
	record_text_bool(r, "apart", t->apart);
	json_decref(seconds);
}

/* Hands out the only record of `r`, and releases it. */
static int timeline_keep(struct timeline *t, struct record_text *r)
{
	struct session *s = t->s;
	size_t at = 0, len;
	const char *line;
	int ret = 0;

	record_text_end(r);
	if (r->failed)
		ret = s->fatal = err_sys(s->err, ENOMEM, "cannot record a timeline");
	while (!ret && (line = record_text_next(r, &at, &len)))
		ret = session_record_text(s, line, len);
	record_text_release(r);
	return ret;
}

int timeline_layer(struct timeline *t, enum run_step step, const struct view *layer)
{
	static const char *const copied[] = { "layer", "bytes", "method", "faults", NULL };
	struct record_text r = RECORD_TEXT_INIT;
	struct err err = ERR_INIT;

	if (!layer || layer->type == JSON_NULL)
		return 0;
	if (record_check_layer(layer, &err))
		return wire_fail(&t->s->wire, "protocol", "%s", err.text);
	if (!view_get(layer, "bytes"))
		return 0;	/* the proof has the reason */
	timeline_record(t, step, &r);
	for (const char *const *key = copied; *key; key++)
		record_text_value(&r, *key, view_get(layer, *key));
	return timeline_keep(t, &r);
}

static int timeline_event(struct timeline *t, enum run_step step, const char *event)
{
	struct record_text r = RECORD_TEXT_INIT;

	timeline_record(t, step, &r);
	record_text_string(&r, "event", event);
	return timeline_keep(t, &r);
}

/* A buffer on the guest's NVDIMM is proved by the NVDIMM's file, others by the RAM's. */
json_t *session_proof_arguments(const struct session *s, const struct plan_cell *cell)
{
	const struct source *source;

	if (!s->plan->guest.pmem || source_find(cell->source, &source, NULL) || !source->place)
		return NULL;
	return json_pack("{s:b}", "pmem", 1);
}

/* Reads the layers that the node sees. */
static int timeline_read(struct timeline *t, enum run_step step)
{
	const struct view *layers, *v;
	struct err err = ERR_INIT;
	struct message reply;
	int ret = session_must(t->s, FRAME_NODE, "proof", session_proof_arguments(t->s, t->cell),
			       t->s->o->limits.proof, &reply);

	if (ret)
		return ret;
	if (view_list(reply.root, "layers", JSON_ARRAY, &layers, &err))
		ret = wire_fail(&t->s->wire, "protocol", "proof: %.300s", err.text);
	if (!ret) {
		view_each(v, layers) {
			if (!ret)
				ret = timeline_layer(t, step, v);
		}
	}
	message_release(&reply);
	return ret;
}

int timeline_wait(struct timeline *t, enum run_step step, bool (*done)(void *arg), void *arg,
		  double limit, const char *what)
{
	double begin = loop_now(), next = begin;
	int ret = t->apart ? -ETIME : 0;

	while (ret == -ETIME && loop_now() < begin + limit) {
		next += t->cell->timeline / 1000.;
		ret = wire_wait_for(&t->s->wire, done, arg,
				    next > loop_now() ? next - loop_now() : 0);
		if (ret == -ETIME && (ret = timeline_read(t, step)) == 0)
			ret = -ETIME;
	}
	return ret && ret != -ETIME ? ret : wire_wait(&t->s->wire, done, arg,
						      begin + limit - loop_now(), FRAME_GUEST, what);
}

static bool timeline_never(void *arg)
{
	(void)arg;
	return false;
}

/* One reading in a timed run; several in a separate run. */
static int timeline_look(struct timeline *t, enum run_step step)
{
	int ret = timeline_read(t, step);

	for (int i = 1; !ret && t->apart && i < TIMELINE_READINGS; i++) {
		ret = wire_wait_for(&t->s->wire, timeline_never, NULL, t->cell->timeline / 1000.);
		if (ret == -ETIME)
			ret = timeline_read(t, step);
	}
	return ret;
}

static int timeline_log(struct timeline *t, enum run_step step, bool on)
{
	int ret = timeline_event(t, step, on ? "logging on" : "logging off");

	return ret ? ret : session_must(t->s, FRAME_NODE, "dirty-log",
					json_pack("{s:b}", "on", on),
					t->s->o->limits.prepare, NULL);
}

int timeline_go(struct timeline *t)
{
	return t->apart ? timeline_event(t, STEP_RUN, "go") : 0;
}

/* The reply may be long: nothing is timed after the region's end. */
static int timeline_split(struct timeline *t, bool on, struct message *reply)
{
	const struct source *source;
	/* An NVDIMM that is no source's is the workload's to lose. */
	bool scratch = t->s->plan->guest.pmem && !source_find(t->cell->source, &source, NULL) &&
		       !source->place;

	return session_must(t->s, FRAME_NODE, "split",
			    json_pack("{s:b, s:b}", "on", on, "scratch", scratch),
			    t->s->o->limits.prepare, reply);
}

/* Which of them were done, and how often: what the rounds cover is what the machine let them. */
static int timeline_take_operations(struct timeline *t, const struct message *reply)
{
	const struct view *list, *v;
	struct err err = ERR_INIT;
	char event[RECORD_UNIT_MAX];
	uint64_t n;
	int ret = 0;

	if (view_list_or(reply->root, "operations", JSON_OBJECT, &list, &err))
		return wire_fail(&t->s->wire, "protocol", "split: %.300s", err.text);
	view_each(v, list) {
		if (ret || view_count(list, v->key, INT64_MAX, &n, NULL) || !n)
			continue;
		snprintf(event, sizeof(event), "%.30s: %llu", v->key, (unsigned long long)n);
		ret = timeline_event(t, STEP_RUN, event);
	}
	return ret;
}

/* How many rounds there were, and the first lines of the kernel's, if it had any to say. */
static int timeline_take_rounds(struct timeline *t, const struct message *reply)
{
	const struct view *log, *v;
	struct err err = ERR_INIT;
	char event[48], line[300];
	uint64_t rounds;
	size_t n = 0;
	int ret;

	if (view_count(reply->root, "rounds", INT64_MAX, &rounds, &err) ||
	    view_list(reply->root, "kernel_log", JSON_ARRAY, &log, &err))
		return wire_fail(&t->s->wire, "protocol", "split: %.300s", err.text);
	view_each(v, log) {
		if (n < sizeof(t->report))
			n += (size_t)snprintf(t->report + n, sizeof(t->report) - n, "%s%s",
					      n ? "; " : "the kernel under test reported: ",
					      message_text(v, line, sizeof(line)));
	}
	snprintf(event, sizeof(event), "split %llu times", (unsigned long long)rounds);
	ret = timeline_event(t, STEP_RUN, event);
	return ret ? ret : timeline_take_operations(t, reply);
}

int timeline_calm(struct timeline *t)
{
	struct message reply;
	int ret;

	if (t->disturb != DISTURB_SPLIT)
		return 0;
	ret = timeline_split(t, false, &reply);
	if (!ret)
		ret = timeline_take_rounds(t, &reply);
	message_release(&reply);
	return ret;
}

/* The session has failed already, and says so; a node that still answers knows more. */
void timeline_tell(struct timeline *t)
{
	struct wire *w = &t->s->wire;
	char class[sizeof(w->class)], text[sizeof(w->text)];
	struct message reply;

	if (t->disturb != DISTURB_SPLIT || t->s->fatal)
		return;
	memcpy(class, w->class, sizeof(class));
	memcpy(text, w->text, sizeof(text));
	w->class[0] = '\0';
	if (!session_must(t->s, FRAME_NODE, "split", json_pack("{s:b}", "on", 0), TELL_LIMIT_S,
			  &reply) && !timeline_take_rounds(t, &reply))
		timeline_read(t, STEP_END);
	message_release(&reply);
	if (w->class[0]) {
		char event[RECORD_UNIT_MAX];

		timeline_event(t, STEP_RUN, message_safe(w->text, event, sizeof(event)));
	}
	memcpy(w->class, class, sizeof(class));
	snprintf(w->text, sizeof(w->text), "%.200s%s%.300s", text, t->report[0] ? "; " : "", t->report);
}

/* Where an arm wants it, the second level is full before anything is timed. */
static int timeline_pre_fault(struct timeline *t)
{
	if (t->s->arm->control != CONTROL_PRE_FAULT)
		return 0;
	return session_must(t->s, FRAME_NODE, "pre-fault", NULL, t->s->o->limits.prepare, NULL);
}

int timeline_disturb(struct timeline *t)
{
	int ret = timeline_pre_fault(t);

	if (!ret && (t->apart || t->disturb))
		ret = timeline_look(t, STEP_READY);
	if (ret || !t->disturb)
		return ret;
	if (t->disturb == DISTURB_SPLIT)
		return timeline_split(t, true, NULL);
	ret = timeline_log(t, STEP_LOGGING, true);
	if (!ret)
		ret = timeline_look(t, STEP_LOGGING);
	if (ret || t->disturb == DISTURB_DIRTY_LOG_ON)
		return ret;
	ret = timeline_log(t, STEP_LOGGED, false);
	return ret ? ret : timeline_look(t, STEP_LOGGED);
}

int timeline_restore(struct timeline *t)
{
	int ret = t->apart || t->disturb ? timeline_look(t, STEP_END) : 0;

	if (!ret && t->disturb == DISTURB_DIRTY_LOG_ON)
		ret = timeline_log(t, STEP_END, false);
	return ret;
}
