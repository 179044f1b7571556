/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session-cell.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "measure-records.h"
#include "rng.h"
#include "session-count.h"

struct cell_run {
	struct session *s;
	struct measure m;
	struct call run;
	struct proof proof;
	json_t *counted;	/* by the node, or NULL */
	bool open;		/* `run` is in the list of calls */
};

static bool ready_or_over(void *arg)
{
	const struct call *c = arg;

	return c->ready || c->reply;
}

static bool over(void *arg)
{
	return ((struct call *)arg)->reply;
}

static int take_layer(struct cell_run *c, enum when when, json_t *layer)
{
	struct err err = ERR_INIT;

	if (!layer || !proof_take(&c->proof, when, layer, &err))
		return 0;
	return wire_fail(&c->s->wire, "protocol", "%s", err.text);
}

/* The layers that the node sees, and the file's as it was laid out. */
static int node_proof(struct cell_run *c, enum when when)
{
	json_t *reply, *layer;
	size_t i;
	int ret = session_must(c->s, FRAME_NODE, "proof", NULL, c->s->o->limits.proof,
		       &reply);

	if (ret)
		return ret;
	ret = take_layer(c, when, c->s->file_proof);
	json_array_foreach(json_object_get(reply, "layers"), i, layer) {
		if (!ret)
			ret = take_layer(c, when, layer);
	}
	json_decref(reply);
	return ret;
}

/* What blocks differ in, and the arms of one do not. */
static void add_chance(const struct cell_run *c, json_t *args)
{
	struct rng rng;

	rng_init(&rng, c->s->plan->seed + c->m.boot->block);
	if (session_align(c->s, args, rng_below(&rng, SESSION_ALIGN_NS)))
		json_object_set_new(args, "stagger",
				    json_integer(rng_below(&rng, SESSION_STAGGER)));
}

static json_t *run_arguments(const struct cell_run *c)
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
	add_chance(c, a);
	if (c->s->count[FRAME_GUEST].events) {
		json_object_set_new(a, "counters", json_true());
		json_object_set(a, "events", c->s->count[FRAME_GUEST].events);
	}
	return a;
}

/* Up to the result: -EIO if the session failed, else 0 with c->run.reply. */
static int measure(struct cell_run *c)
{
	struct session *s = c->s;
	json_t *reply;
	int ret = wire_send(&s->wire, &c->run, FRAME_GUEST, "run",
			    run_arguments(c));

	c->open = true;
	if (!ret)
		ret = wire_wait(&s->wire, ready_or_over, &c->run,
				s->o->limits.ready, FRAME_GUEST,
				"the workload's set-up");
	if (ret || c->run.reply)
		return ret;
	ret = take_layer(c, WHEN_BEFORE, json_object_get(c->run.ready, "proof"));
	if (!ret)
		ret = node_proof(c, WHEN_BEFORE);
	if (!ret)
		ret = session_count_start(s, &c->m);
	if (!ret && !s->r->first_sample)
		s->r->first_sample = loop_now() - s->power_on;
	if (!ret)
		ret = session_must(s, FRAME_GUEST, "go",
			   json_pack("{s:I}", "run", (json_int_t)c->run.id),
			   s->o->limits.proof, &reply);
	if (ret)
		return ret;
	json_decref(reply);
	ret = wire_wait(&s->wire, over, &c->run, s->o->limits.run, FRAME_GUEST,
			"the workload");
	if (!ret)
		ret = session_count_stop(s, &c->counted);
	return ret ? ret : node_proof(c, WHEN_AFTER);
}

static int record_all(struct session *s, json_t *records)
{
	size_t i;
	json_t *r;
	int ret = 0;

	json_array_foreach(records, i, r) {
		if (!ret)
			ret = session_record(s, json_incref(r));
	}
	json_decref(records);
	return ret;
}

/* The cell was done: judge it and record what it gave. */
static int keep(struct cell_run *c, json_t *result)
{
	struct session *s = c->s;
	json_t *records = json_array();
	struct err err = ERR_INIT;
	char *why;
	int ret = take_layer(c, WHEN_AFTER,
			     json_object_get(json_object_get(result, "proof"),
					     "after"));

	if (ret) {
		json_decref(records);
		return ret;
	}
	why = proof_judge(&c->proof, c->m.cell, s->arm);
	if (measure_samples(&c->m, result, "", why, records, &err) ||
	    session_count_keep(s, &c->m, c->counted, why, records, &err)) {
		free(why);
		json_decref(records);
		return wire_fail(&s->wire, "protocol", "%s", err.text);
	}
	measure_proofs(&c->m, &c->proof, records);
	json_array_append_new(records, measure_end(&c->m, why ? "void" : "ok",
						   why ? why : "", result));
	if (why)
		s->r->cells_void++;
	else
		s->r->cells_ok++;
	if (why && s->o->calls.log)
		s->o->calls.log(s->o->calls.arg, why);
	free(why);
	return record_all(s, records);
}

/* The cell could not be done, but the boot goes on. */
static int keep_failure(struct cell_run *c, const char *class, const char *text)
{
	struct session *s = c->s;
	bool is_void = !strcmp(class, "void");

	if (!strcmp(class, "lost") || !strcmp(class, "protocol") ||
	    !strcmp(class, "timeout"))
		return wire_fail(&s->wire, class, "%s: %.400s", c->m.cell->id, text);
	if (!strcmp(class, "bad-request") || !strcmp(class, "busy"))
		return wire_fail(&s->wire, "failed", "%s: %.400s", c->m.cell->id,
				 text);
	if (is_void)
		s->r->cells_void++;
	else
		s->r->cells_failed++;
	if (s->o->calls.log)
		s->o->calls.log(s->o->calls.arg, text);
	return session_record(s, measure_end(&c->m, is_void ? "void" : "failed", text,
				     NULL));
}

/* The cell's summary of counters begins with whose event names were used. */
static json_t *counters_begin(const struct session *s)
{
	json_t *o = json_object();

	if (s->count[FRAME_GUEST].events)
		json_object_set_new(o, "guest", json_string(s->count[FRAME_GUEST].table));
	if (s->count[FRAME_NODE].events)
		json_object_set_new(o, "node", json_string(s->count[FRAME_NODE].table));
	return o;
}

int session_cell(struct session *s, const struct plan_cell *cell,
		    unsigned process)
{
	struct cell_run c = {
		.s = s,
		.m = { .plan = s->plan, .boot = s->o->boot, .cell = cell,
		       .process = process,
		       .domain = machine_domain(s->o->machine),
		       .counters = counters_begin(s) },
	};
	const char *class, *text;
	int ret;

	session_phase(s, "cell", cell->id);
	ret = measure(&c);
	if (!ret && wire_is_ok(c.run.reply, &class, &text))
		ret = keep(&c, json_object_get(c.run.reply, "result"));
	else if (!ret)
		ret = keep_failure(&c, class, text);
	if (c.open)
		wire_forget(&s->wire, &c.run);
	proof_release(&c.proof);
	json_decref(c.counted);
	json_decref(c.m.counters);
	return ret;
}
