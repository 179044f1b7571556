/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life cycle of one run, in this process. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "context.h"
#include "marker.h"
#include "workload.h"

#define SAMPLES_MOST 1000000u

/* A path that nothing would use is a mistake: the user means another source. */
static int run_check_path(const struct source *s, const struct params *p, char *field,
			  struct err *err)
{
	const struct value *v = params_find(p, common_params[0].name);

	if (s->path && !v->given)
		return params_wrong(field, "path", err, "source %s: say where with --path, in a config with guest.pmem or params: { path: ... }",
				    s->name);
	if (v->param != &common_params[0] || !v->given || s->path)
		return 0;
	return params_wrong(field, "path", err, "source %s takes none; it is for fsdax and devdax",
			    s->name);
}

int bench_check_asked(const struct workload *w, const struct source *s,
		      const struct bench_asked *a, char *field, struct err *err)
{
	int ret = run_check_path(s, a->params, field, err);

	return ret || !w->check ? ret : w->check(a, field, err);
}

static int run_check_params(const struct bench *b, struct err *err)
{
	const struct bench_asked a = {
		.params = &b->params, .page = b->source->page, .samples = bench_samples(b),
	};
	char field[PARAM_FIELD_MAX] = "";
	int ret = bench_check_asked(b->w, b->source, &a, field, err);

	if (ret && *field)
		err_prefix(err, "parameter %s", field);
	return ret;
}

/* Everything that can be refused without mapping memory or pinning. */
static int run_prepare(struct bench *b, const struct workload *w,
		       const struct bench_request *rq, const struct bench_hooks *hooks,
		       struct err *err)
{
	int ret;

	memset(b, 0, sizeof(*b));
	b->rq = rq;
	b->w = w;
	b->hooks = hooks;
	b->derived = json_object();
	b->labels = json_array();
	b->validated = json_array();
	if (rq->samples > SAMPLES_MOST)
		return err_config(err, "%u samples: at most %u", rq->samples, SAMPLES_MOST);
	ret = source_find(rq->source ? rq->source : w->sourceless ? "own" : "anon-4k", &b->source,
			  err);
	if (!ret && w->sourceless != !b->source->map)
		ret = err_config(err, w->sourceless ? "workload %s takes the source own only"
				 : "workload %s: the source own is for commands", w->name);
	if (!ret)
		ret = params_init(&b->params, b->w, err);
	if (!ret)
		ret = params_set_json(&b->params, rq->params, err);
	if (!ret)
		ret = run_check_params(b, err);
	if (!ret)
		ret = topology_new(&b->topo, err);
	if (ret)
		return ret;
	b->cpu = rq->cpu >= 0 ? rq->cpu : topology_first_cpu(b->topo);
	b->node = rq->node >= 0 ? rq->node : topology_node(b->topo, b->cpu);
	if (rq->node >= 0 && !topology_has_node(b->topo, rq->node))
		return err_config(err, "this machine has no memory node %d", rq->node);
	return 0;
}

static void run_release(struct bench *b)
{
	bench_free_buffers(b);
	bench_free_series(b);
	counters_free(b->counters);
	params_release(&b->params);
	topology_free(b->topo);
	json_decref(b->derived);
	json_decref(b->labels);
	json_decref(b->validated);
	json_decref(b->proof_before);
	json_decref(b->proof_after);
	json_decref(b->placement);
}

static int run_step(int (*fn)(struct bench *, struct err *), struct bench *b,
		    struct err *err)
{
	return fn ? fn(b, err) : 0;
}

static int run_check_cpu(struct bench *b, int *seen, struct err *err)
{
	*seen = topology_last_cpu(b->topo);
	if (*seen < 0 || *seen == b->cpu)
		return 0;
	return err_machine(err, "pinned to CPU %d, but found on CPU %d", b->cpu, *seen);
}

static int run_timed_part(struct bench *b, struct err *err)
{
	struct err pages = ERR_INIT;
	int ret;

	b->proof_before = bench_proof(b);
	if (b->hooks && b->hooks->hold) {
		ret = b->hooks->hold(b->hooks->arg, b->proof_before, err);
		if (ret)
			return ret;
	}
	ret = run_check_cpu(b, &b->cpu_before, err);
	marker_number((uintptr_t)bench_begin);
	marker(MARKER_HERE);
	if (!ret)
		ret = b->w->run(b, err);
	if (!ret)
		ret = run_check_cpu(b, &b->cpu_after, err);
	if (ret)
		return ret;
	b->proof_after = bench_proof(b);
	b->placement = bench_placement(b);
	/* It is measured: whoever reads it judges by the proof. */
	if (bench_check_pages(b, &pages))
		bench_label(b, "pages: after the run, %s", pages.text);
	return 0;
}

/* [{"name","native"}] of the request, after the software events. */
static int run_add_requested(const json_t *events, struct counter_event *ev, size_t *n,
			     struct err *err)
{
	size_t i;
	json_t *item;

	json_array_foreach((json_t *)events, i, item) {
		struct counter_event *e = &ev[*n];

		if (*n == COUNTERS_MOST)
			return err_config(err, "more than %d counters", COUNTERS_MOST);
		e->name = json_string_value(json_object_get(item, "name"));
		e->native = json_string_value(json_object_get(item, "native"));
		e->hardware = true;
		if (!e->name || !e->native)
			return err_config(err, "counter %zu: needs name and native", i + 1);
		(*n)++;
	}
	return 0;
}

static int run_open_counters(struct bench *b, struct err *err)
{
	struct counter_event ev[COUNTERS_MOST];
	struct counters_options o = { .events = ev, .multiplex = b->rq->multiplex,
				      .inherit = b->w->children };
	size_t software = counters_software_n * sizeof(ev[0]);
	int ret = 0;

	memcpy(ev, counters_software, software);
	o.n = counters_software_n;
	if (b->rq->counters && b->rq->events) {
		ret = run_add_requested(b->rq->events, ev, &o.n, err);
	} else if (b->rq->counters) {
		memcpy(ev + o.n, counters_generic, counters_generic_n * sizeof(ev[0]));
		o.n += counters_generic_n;
	}
	return ret ? ret : counters_new(&b->counters, &o, err);
}

static int run_life(struct bench *b, struct err *err)
{
	int ret;

	if (sched_getaffinity(0, sizeof(b->cpus), b->cpus.set))
		return err_sys(err, errno, "cannot read which CPUs are ours");
	ret = topology_pin(b->topo, b->cpu, err);
	if (ret)
		return ret;
	clock_init();
	ret = run_open_counters(b, err);
	if (!ret)
		ret = run_step(b->w->validate, b, err);
	if (!ret)
		ret = run_check_params(b, err);	/* with what it has decided */
	if (ret)
		return ret;
	ret = run_step(b->w->setup, b, err);
	if (!ret)
		ret = run_step(b->w->verify_before, b, err);
	if (!ret)
		ret = run_timed_part(b, err);
	if (!ret)
		ret = run_step(b->w->verify_after, b, err);
	if (b->w->teardown)
		b->w->teardown(b);
	return ret;
}

static json_t *run_timer_json(struct bench *b)
{
	return json_pack("{s:s, s:s, s:f, s:f, s:f, s:f}", "clock", clock_facts.name,
			 "why", clock_facts.why, "ns_per_tick", clock_facts.ns_per_tick,
			 "resolution_ns", clock_facts.resolution_ns,
			 "overhead_ns", clock_facts.overhead_ns,
			 "counters_overhead_ns", counters_overhead(b->counters));
}

static json_t *run_result_json(struct bench *b)
{
	json_t *metrics = json_array();

	label_proportions(b);
	for (size_t i = 0; i < b->n_series; i++)
		json_array_append_new(metrics, series_json(b, b->series[i]));
	return json_pack("{s:s, s:s, s:o, s:I, s:O, s:o, s:O, s:o, s:{s:O, s:O}, s:O, s:O, s:o}",
			 "workload", b->w->name, "source", b->source->name,
			 "params", params_json(&b->params),
			 "seed", (json_int_t)b->rq->seed, "labels", b->labels,
			 "metrics", metrics, "derived", b->derived,
			 "providers", counters_providers_json(b->counters),
			 "proof", "before", b->proof_before, "after", b->proof_after,
			 "placement", b->placement, "validated", b->validated,
			 "timer", run_timer_json(b));
}

int bench_run_workload(const struct workload *w, const struct bench_request *rq,
		       const struct bench_hooks *hooks, json_t **result,
		       struct err *err)
{
	struct bench b;
	int ret = run_prepare(&b, w, rq, hooks, err);

	if (!ret)
		ret = run_life(&b, err);
	if (!ret) {
		*result = run_result_json(&b);
		if (!*result)
			ret = err_sys(err, ENOMEM, "result of %s", b.w->name);
	}
	run_release(&b);
	return ret;
}

int bench_run(const struct bench_request *rq, const struct bench_hooks *hooks,
	      json_t **result, struct err *err)
{
	const struct workload *w;
	int ret = workload_find(rq->workload ? rq->workload : "", &w, err);

	return ret ? ret : bench_run_workload(w, rq, hooks, result, err);
}

int bench_run_text(const struct bench_request *rq, const struct bench_hooks *hooks,
		   char **text, struct err *err)
{
	json_t *result = NULL;
	int ret = bench_run(rq, hooks, &result, err);

	if (ret)
		return ret;
	*text = json_dumps(result, JSON_COMPACT);
	json_decref(result);
	/* NaN and infinity cannot be written. */
	return *text ? 0 : err_machine(err, "the result of %s cannot be written as JSON: a value "
				       "is not a number", rq->workload);
}

int bench_check(const struct bench_request *rq, struct err *err)
{
	const struct workload *w;
	struct bench b;
	int ret = workload_find(rq->workload ? rq->workload : "", &w, err);

	if (ret)
		return ret;
	ret = run_prepare(&b, w, rq, NULL, err);
	run_release(&b);
	return ret;
}
