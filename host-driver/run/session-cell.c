/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session-cell.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "measure-records.h"
#include "rng.h"
#include "why/profile.h"

struct cell_run {
	struct session *s;
	struct measure m;
	struct call run;
	struct proof proof;
	struct record_text proofs[WHENS][LAYERS];	/* their records */
	struct timeline line;
	struct message counted;	/* by the node; may be empty */
	bool open;		/* `run` is in the list of calls */
};

static bool session_cell_ready_or_over(void *arg)
{
	const struct call *c = arg;

	return c->ready.root || c->reply.root;
}

static bool session_cell_over(void *arg)
{
	return ((struct call *)arg)->reply.root;
}

static int session_cell_take_layer(struct cell_run *c, enum when when, const struct view *layer)
{
	struct err err = ERR_INIT;
	struct record_text *t;

	if (!layer || layer->type == JSON_NULL)
		return 0;
	if (proof_take(&c->proof, when, layer, &err))
		return wire_fail(&c->s->wire, "protocol", "%s", err.text);
	t = &c->proofs[when][layer_find(view_get(layer, "layer")->text)];
	record_text_release(t);	/* the last reading counts */
	measure_proof(&c->m, when, layer, t);
	return 0;
}

/* The layers that the node reads now, and the file's from when it was prepared. */
static int session_cell_node_proof(struct cell_run *c, enum when when)
{
	const struct view *layers, *v;
	struct message reply;
	struct err err = ERR_INIT;
	int ret = session_must(c->s, FRAME_NODE, "proof",
			       session_proof_arguments(c->s, c->m.cell), c->s->o->limits.proof,
			       &reply);

	if (ret)
		return ret;
	ret = session_cell_take_layer(c, when, view_get(c->s->prepared.root, "proof"));
	if (!ret && view_list(reply.root, "layers", JSON_ARRAY, &layers, &err))
		ret = wire_fail(&c->s->wire, "protocol", "proof: %.300s", err.text);
	if (!ret) {
		view_each(v, layers) {
			if (!ret)
				ret = session_cell_take_layer(c, when, v);
		}
	}
	message_release(&reply);
	return ret;
}

/* Random choices that differ between blocks, but not between the arms of a block. */
static void session_cell_add_chance(const struct cell_run *c, json_t *args)
{
	struct rng rng;

	rng_init(&rng, c->s->plan->seed + c->m.boot->block);
	if (session_align(c->s, args, rng_below(&rng, SESSION_ALIGN_NS)))
		json_object_set_new(args, "stagger",
				    json_integer(rng_below(&rng, SESSION_STAGGER)));
}

static json_t *session_cell_run_arguments(const struct cell_run *c)
{
	const struct plan_cell *cell = c->m.cell;
	json_int_t seed = (c->s->plan->seed + c->m.process) & INT64_MAX;
	json_t *a = json_pack("{s:s, s:s, s:O, s:I, s:i, s:b, s:I}",
			      "workload", cell->workload, "source", cell->source,
			      "params", cell->params, "seed", seed,
			      "process", (int)c->m.process,
			      "allow_small", (int)cell->allow_small, "limit",
			      (json_int_t)(c->s->o->limits.run + 1));

	if (cell->samples)
		json_object_set_new(a, "samples", json_integer(cell->samples));
	session_cell_add_chance(c, a);
	if (c->s->count[FRAME_GUEST].events) {
		json_object_set_new(a, "counters", json_true());
		json_object_set(a, "events", c->s->count[FRAME_GUEST].events);
	}
	return a;
}

/* Runs up to `ready`, with the proof of the buffer; or up to a refusal. */
static int session_cell_set_up(struct cell_run *c)
{
	struct session *s = c->s;
	int ret = wire_send(&s->wire, &c->run, FRAME_GUEST, "run", session_cell_run_arguments(c));

	c->open = true;
	c->run.may_be_ready = true;
	if (!ret)
		ret = timeline_wait(&c->line, STEP_SETUP, session_cell_ready_or_over, &c->run,
				    s->o->limits.ready, "the workload's set-up");
	if (ret || !c->run.ready.root)
		return ret;
	ret = session_cell_take_layer(c, WHEN_BEFORE, view_get(c->run.ready.root, "proof"));
	if (!ret && (c->line.apart || c->line.disturb))
		ret = timeline_layer(&c->line, STEP_READY, view_get(c->run.ready.root, "proof"));
	if (!ret)
		ret = timeline_disturb(&c->line);
	return ret ? ret : session_cell_node_proof(c, WHEN_BEFORE);
}

/* Nothing may be timed while another kernel boots. */
static int session_cell_settle(struct session *s)
{
	int ret = wire_wait_for(&s->wire, machine_is_settled, s->o->machine, s->o->limits.hello);

	if (ret == -ETIME)
		machine_drop_ahead(s->o->machine);
	return ret == -ETIME ? 0 : ret;
}

/*
 * Functions are counted from here on, that is as late as can be: all code is translated
 * anew, and what is done up to here takes no part in a region. The plugin begins with
 * code that is new, best of the machine's, and then an entry into the guest: answers need both.
 */
static int session_cell_count(struct session *s)
{
	double until = loop_now() + s->o->limits.proof;
	int ret;

	if (!SESSION_PROFILE_WAITS(s) || s->counting)
		return 0;
	ret = s->fatal = profile_start(s->o->profile, s->o->limits.proof, s->err);
	while (!ret && !s->counting && loop_now() < until) {
		ret = session_must(s, FRAME_NODE, "ping", NULL, s->o->limits.proof, NULL);
		if (!ret)
			ret = session_must(s, FRAME_GUEST, "ping", NULL, s->o->limits.proof, NULL);
		if (!ret)
			ret = s->fatal = profile_counts(s->o->profile, &s->counting, s->err);
	}
	if (!ret && !s->counting)
		ret = s->fatal = err_machine(s->err, "the emulator's plugin did not begin to count within %.0f s",
					     s->o->limits.proof);
	return ret;
}

/* Instead, where perf samples: all from `go` to the result. */
static int session_cell_sample(struct session *s)
{
	if (!s->o->profile || !plan_is_sampled(s->plan))
		return 0;
	return session_must(s, FRAME_NODE, "sample", NULL, s->o->limits.proof, NULL);
}

static int session_cell_sampled(struct session *s)
{
	struct message reply;
	int ret;

	if (!s->o->profile || !plan_is_sampled(s->plan))
		return 0;
	ret = session_must(s, FRAME_NODE, "sample-stop", NULL, s->o->limits.run, &reply);
	if (ret)
		return ret;
	ret = profile_sampled(s->o->profile, s->sampled++, reply.root, s->err);
	message_release(&reply);
	return s->fatal = ret;
}

/* Up to the result: -EIO if the session failed, else 0 with c->run.reply. */
static int session_cell_measure(struct cell_run *c)
{
	struct session *s = c->s;
	enum message_class class;
	int ret = session_cell_set_up(c);

	if (!ret && c->run.ready.root && !c->run.reply.root)
		ret = session_cell_count(s);
	if (!ret && c->run.ready.root && !c->run.reply.root && !c->line.apart)
		ret = session_count_start(s, &c->m);
	if (!ret && c->run.reply.root && wire_is_ok(&c->run.reply, &class))
		ret = wire_fail(&s->wire, "protocol", "%s: a result before go", c->m.cell->id);
	if (ret || c->run.reply.root)
		return ret;
	ret = session_cell_settle(s);
	if (!ret && s->o->profile)
		ret = s->fatal = profile_run(s->o->profile, c->m.process, c->m.cell->id, s->err);
	if (ret)
		return ret;
	ret = session_cell_sample(s);
	if (ret)
		return ret;
	if (!s->r->first_sample)
		s->r->first_sample = loop_now() - s->power_on;
	ret = timeline_go(&c->line);
	if (ret)
		return ret;
	ret = session_must(s, FRAME_GUEST, "go",
			   json_pack("{s:I}", "run", (json_int_t)c->run.id),
			   s->o->limits.proof, NULL);
	if (!ret)
		ret = timeline_wait(&c->line, STEP_RUN, session_cell_over, &c->run,
				    s->o->limits.run, "the workload");
	if (ret)
		timeline_tell(&c->line);
	if (!ret && !c->line.apart)
		ret = session_count_stop(s, &c->counted);
	if (!ret)
		ret = session_cell_sampled(s);
	if (!ret)
		ret = timeline_calm(&c->line);
	if (!ret)
		ret = session_cell_node_proof(c, WHEN_AFTER);
	return ret ? ret : timeline_restore(&c->line);
}

/* Hands out all records of `t`, and releases it. */
static int session_cell_record_all(struct session *s, struct record_text *t)
{
	const char *line;
	size_t at = 0, len;
	int ret = 0;

	if (t->failed)
		ret = s->fatal = err_sys(s->err, ENOMEM, "cannot record a cell");
	while (!ret && (line = record_text_next(t, &at, &len)))
		ret = session_record_text(s, line, len);
	record_text_release(t);
	return ret;
}

/* Makes the samples of a completed cell; -EPROTO fails the session. */
static int session_cell_make_samples(struct cell_run *c, const struct view *result, const char *why,
				     struct record_text *t)
{
	struct err err = ERR_INIT;

	if (!measure_samples(&c->m, result, why, t, &err) &&
	    !session_count_keep(c->s, &c->m, &c->counted, why, t, &err))
		return 0;
	record_text_release(t);
	return wire_fail(&c->s->wire, "protocol", "%.400s", err.text);
}

static int session_cell_record_proofs(struct cell_run *c)
{
	int ret = 0;

	for (int w = 0; w < WHENS; w++)
		for (int l = 0; l < LAYERS; l++)
			if (!ret)
				ret = session_cell_record_all(c->s, &c->proofs[w][l]);
	return ret;
}

static int session_cell_record_end(struct cell_run *c, const char *class, const char *text,
				   const struct view *result)
{
	struct record_text t = RECORD_TEXT_INIT;

	measure_end(&c->m, class, text, result, &t);
	return session_cell_record_all(c->s, &t);
}

/* The cell was completed: judge its proof and record the results. */
static int session_cell_keep(struct cell_run *c, const struct view *result)
{
	struct session *s = c->s;
	const struct view *proof = result ? view_get(result, "proof") : NULL;
	struct record_text t = RECORD_TEXT_INIT;
	enum layer small;
	char *why;
	int ret = proof ? session_cell_take_layer(c, WHEN_AFTER, view_get(proof, "after")) : 0;

	if (ret)
		return ret;
	why = proof_judge(&c->proof, c->m.cell, s->arm, &small);
	if (why && small != LAYERS)
		ret = session_doctor(s, small, &why);
	if (!ret)
		ret = session_cell_make_samples(c, result, why, &t);
	if (!ret) {
		*(why ? &s->r->cells_void : &s->r->cells_ok) += 1;
		if (why && s->o->calls.log)
			s->o->calls.log(s->o->calls.arg, why);
		ret = session_cell_record_all(s, &t);
	}
	if (!ret)
		ret = session_cell_record_proofs(c);
	if (!ret)
		ret = session_cell_record_end(c, why ? "void" : "ok", why ? why : "", result);
	free(why);
	return ret;
}

/* The cell failed, but the boot continues. */
static int session_cell_keep_failure(struct cell_run *c, const char *class, const char *text)
{
	struct session *s = c->s;

	s->r->cells_failed++;
	if (s->o->calls.log)
		s->o->calls.log(s->o->calls.arg, text);
	return session_cell_record_end(c, class, text, NULL);
}

/* The workload was refused or failed: does that fail the cell, or the boot? */
static int session_cell_judge_failure(struct cell_run *c, enum message_class class)
{
	char text[4000];

	message_text(view_get(c->run.reply.root, "text"), text, sizeof(text));
	switch (class) {
	case MESSAGE_UNSUPPORTED:
	case MESSAGE_FAILED:
		return session_cell_keep_failure(c, "failed", text);
	case MESSAGE_EXIT_STATUS:
	case MESSAGE_SIGNAL:
	case MESSAGE_TIME_LIMIT:
	case MESSAGE_NO_METRIC:
	case MESSAGE_OUTPUT:
	case MESSAGE_CORRUPT:
		return session_cell_keep_failure(c, message_class_name(class), text);
	case MESSAGE_LOST:
	case MESSAGE_PROTOCOL:
	case MESSAGE_TIMEOUT:
		return wire_fail(&c->s->wire, message_class_name(class), "%s: %.400s",
				 c->m.cell->id, text);
	default:
		return wire_fail(&c->s->wire, "failed", "%s: %.400s", c->m.cell->id, text);
	}
}

/* The cell's summary of counters begins with the event tables that were used. */
static json_t *session_cell_counters_begin(const struct session *s)
{
	json_t *o = json_object();

	if (s->count[FRAME_GUEST].events)
		json_object_set_new(o, "guest", json_string(s->count[FRAME_GUEST].table));
	if (s->count[FRAME_NODE].events)
		json_object_set_new(o, "node", json_string(s->count[FRAME_NODE].table));
	return o;
}

static struct cell_run cell_begin(struct session *s, const struct plan_cell *cell,
				  unsigned process)
{
	return (struct cell_run){
		.s = s,
		.m = { .plan = s->plan, .boot = s->o->boot, .cell = cell,
		       .process = process,
		       .domain = machine_domain(s->o->machine),
		       .counters = session_cell_counters_begin(s) },
	};
}

static void session_cell_end(struct cell_run *c)
{
	if (c->open)
		wire_forget(&c->s->wire, &c->run);
	proof_release(&c->proof);
	for (int i = 0; i < WHENS * LAYERS; i++)
		record_text_release(&c->proofs[i / LAYERS][i % LAYERS]);
	message_release(&c->counted);
	json_decref(c->m.counters);
}

int session_cell_failed(struct session *s, const struct plan_cell *cell,
			unsigned process, const char *why)
{
	struct cell_run c = cell_begin(s, cell, process);
	int ret = session_cell_keep_failure(&c, "failed", why);

	json_decref(c.m.counters);
	return ret;
}

int session_cell(struct session *s, const struct plan_cell *cell,
		    unsigned process)
{
	struct cell_run c = cell_begin(s, cell, process);
	enum message_class class;
	int ret;

	session_phase(s, "cell", cell->id);
	timeline_begin(&c.line, s, cell, process, false);
	ret = session_cell_measure(&c);
	if (!ret && !wire_is_ok(&c.run.reply, &class))
		ret = session_cell_judge_failure(&c, class);
	else if (!ret && c.line.report[0])
		ret = session_cell_keep_failure(&c, "kernel-report", c.line.report);
	else if (!ret)
		ret = session_cell_keep(&c, view_get(c.run.reply.root, "result"));
	session_cell_end(&c);
	return ret;
}

int session_cell_apart(struct session *s, const struct plan_cell *cell)
{
	struct cell_run c = cell_begin(s, cell, cell->processes + 1);
	const struct view *proof;
	enum message_class class;
	int ret;

	session_phase(s, "timeline", cell->id);
	timeline_begin(&c.line, s, cell, cell->processes + 1, true);
	ret = session_cell_measure(&c);
	if (!ret && wire_is_ok(&c.run.reply, &class)) {
		proof = view_get(view_get(c.run.reply.root, "result"), "proof");
		if (proof && proof->type == JSON_OBJECT)
			ret = timeline_layer(&c.line, STEP_END, view_get(proof, "after"));
	}
	session_cell_end(&c);
	return ret;
}
