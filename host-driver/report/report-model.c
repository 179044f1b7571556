/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report-model.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/model.h"
#include "bench/registry.h"
#include "bench/cpu-events.h"
#include "report-env.h"

/* Of a processor's page sizes, one arm and one cell: what the rows are about. */
struct subject {
	struct report *r;
	const struct cpu *cpu;
	const struct plan_cell *cell;
	size_t arm;
	struct model_in in;
	struct model_out out;
};

static void add_row(const struct subject *s, const char *quantity, double expected,
		    double measured, double least, double most)
{
	struct report *r = s->r;
	struct report_model_row *more =
		realloc(r->model, (r->n_model + 1) * sizeof(*more));

	if (!more)
		abort();
	r->model = more;
	more[r->n_model++] = (struct report_model_row){
		report_format("%s", s->cell->id), report_format("%s", r->c->arms[s->arm].name),
		report_format("%s", quantity), expected, measured, least, most };
}

/* The size of page that most bytes of the second level were mapped with. */
static uint64_t proved_page(const struct comparison *c, size_t arm,
			    const char *cell)
{
	for (size_t i = 0; i < c->n_proofs; i++) {
		const struct compare_proof *p = &c->proofs[i];
		const struct compare_pages *a = &p->after;

		if (p->arm != arm || !p->cell || strcmp(p->cell, cell) ||
		    strcmp(p->layer, "second-level") || !a->readings)
			continue;
		if (a->bytes_1g >= a->bytes_2m && a->bytes_1g >= a->bytes_4k)
			return 1ULL << 30;
		return a->bytes_2m >= a->bytes_4k ? 2ULL << 20 : 4096;
	}
	return 0;
}

/* Times tell of a processor's TLBs only where a processor ran the guest. */
static bool times_count(const struct comparison *c)
{
	return !strcmp(c->domain, "hardware") || !strcmp(c->domain, "nested");
}

/* The name of the cell's metric that says this of the model; NULL: it has none. */
static const char *metric_of(const struct plan_cell *cell, enum metric_role role)
{
	const struct workload *w;
	const struct workload_metric *m;

	if (workload_find(cell->workload, &w, NULL))
		return NULL;
	m = workload_role(w, role);
	return m ? m->name : NULL;
}

/* The arm's measured change of what a walk costs. */
static double measured_change(const struct comparison *c, const struct plan_cell *cell,
			      size_t arm)
{
	const char *metric = metric_of(cell, ROLE_WALK_COST);
	const struct compare_series *s = metric ? compare_find(c, cell->id, metric, NULL) : NULL;

	if (!s || !s->vs[arm].e.n || s->vs[arm].e.absolute || !times_count(c))
		return NAN;
	return 1 + s->vs[arm].e.effect;
}

/* --- counters --- */

/* The upper end of a ladder of the pattern's own stride, of which the model speaks. */
static double rung_of(const struct subject *s, const struct compare_series *series)
{
	const json_t *pages = json_object_get(series->point, "pages");
	json_int_t stride = json_integer_value(json_object_get(series->point, "stride"));

	if (pages && (uint64_t)(stride ? stride : 4096) != s->in.spacing)
		return -1;
	return json_number_value(pages ? pages : json_object_get(series->point, "size"));
}

static bool is_of(const struct subject *s, const struct compare_series *series)
{
	const char *metric = metric_of(s->cell, ROLE_ACCESS);

	return series->counter && metric && !strcmp(series->metric, metric) &&
	       !strcmp(series->cell, s->cell->id);
}

static double upper_end(const struct subject *s)
{
	const struct comparison *c = s->r->c;
	double end = -1;

	for (size_t i = 0; i < c->n_series; i++)
		if (is_of(s, &c->series[i]))
			end = fmax(end, rung_of(s, &c->series[i]));
	return end;
}

/* A part of the sum that could not be had leaves no sum. */
static bool lacks(const struct comparison *c, bool (*part)(const char *))
{
	for (size_t i = 0; i < c->n_missing; i++)
		if (part(c->missing[i].counter))
			return true;
	return false;
}

/* Per access, of all counters that are parts of it; NAN if not counted. */
static double counted(const struct subject *s, bool (*part)(const char *))
{
	const struct comparison *c = s->r->c;
	double end = upper_end(s), sum = NAN;

	if (lacks(c, part))
		return NAN;
	for (size_t i = 0; i < c->n_series; i++) {
		const struct compare_series *series = &c->series[i];

		if (is_of(s, series) && part(series->counter) &&
		    rung_of(s, series) == end && series->est[s->arm].boots)
			sum = (isnan(sum) ? 0 : sum) + series->est[s->arm].value;
	}
	return sum;
}

/* --- rows --- */

static int expect(struct subject *s, struct err *err)
{
	uint64_t page = proved_page(s->r->c, s->arm, s->cell->id);
	int ret;

	if (!page)
		return -ENOTSUP;
	ret = model_of_workload(s->cell->workload, s->cell->source, s->cell->params,
				page, &s->in);
	return ret ? ret : model_expect(&s->cpu->f.tlb.first, &s->cpu->f.tlb.second,
					&s->in, &s->out, err);
}

/* What a ladder found, in pages, if it reaches so far. */
static void add_knee(const struct subject *s, enum metric_role role, const char *quantity,
		     unsigned entries, double least, double most)
{
	const struct comparison *c = s->r->c;
	const char *metric = metric_of(s->cell, role);
	const struct compare_series *found;

	if (!metric || !entries || s->out.pages <= entries)
		return;
	found = compare_find(c, s->cell->id, metric, NULL);
	add_row(s, quantity, model_lines(&s->in, &s->out, entries),
		found && times_count(c) ? found->est[s->arm].value : NAN, least, most);
}

static void add_arm(const struct subject *s)
{
	const struct model_out *o = &s->out;
	bool judged = metric_of(s->cell, ROLE_ACCESS) && model_judges_walks(o);
	double walks = counted(s, model_is_walk);

	add_row(s, "first-level misses", o->first_misses,
		walks + counted(s, model_is_hit), NAN, NAN);
	add_row(s, "walks per access", o->walks, walks, judged ? MODEL_WALKS_LEAST : NAN,
		judged ? MODEL_WALKS_MOST : NAN);
	add_row(s, "references per walk, at most", o->references, NAN, NAN, NAN);
	add_knee(s, ROLE_FIRST_KNEE, "first-level knee", o->first,
		 MODEL_KNEE_LEAST, MODEL_KNEE_MOST);
	add_knee(s, ROLE_SECOND_HALF, "second-level half", o->second,
		 MODEL_HALF_LEAST, MODEL_HALF_MOST);
}

static void add_change(const struct subject *base, const struct subject *s)
{
	const struct comparison *c = s->r->c;
	struct model_change change;

	model_compare(&base->out, &s->out, &change);
	if (isfinite(change.walks))
		add_row(s, "walks, times the baseline's", change.walks,
			counted(s, model_is_walk) / counted(base, model_is_walk), NAN, NAN);
	if (isfinite(change.references))
		add_row(s, "walk cost, times the baseline's", change.references,
			measured_change(c, s->cell, s->arm), NAN, NAN);
}

static int add_cell(struct report *r, const struct cpu *cpu,
		    const struct plan_cell *cell, struct err *err)
{
	struct subject base = { .r = r, .cpu = cpu, .cell = cell, .arm = r->c->baseline };
	int has_base = expect(&base, err);

	if (has_base && has_base != -ENOTSUP)
		return has_base;
	for (size_t a = 0; a < r->c->n_arms; a++) {
		struct subject s = { .r = r, .cpu = cpu, .cell = cell, .arm = a };
		int ret = expect(&s, err);

		if (ret == -ENOTSUP)
			continue;
		if (ret)
			return ret;
		add_arm(&s);
		if (!has_base && a != r->c->baseline)
			add_change(&base, &s);
	}
	return 0;
}

/* The processor that the guest's agent named, from the flattened facts. */
static int load_guests(const struct report *r, struct cpu **cpu, struct err *err)
{
	json_t *facts = json_pack("{s:{s:s, s:s, s:s, s:s}}", "cpu",
				  "vendor", report_env_fact(r->env, "guest", "cpu.vendor"),
				  "family", report_env_fact(r->env, "guest", "cpu.family"),
				  "model_number",
				  report_env_fact(r->env, "guest", "cpu.model_number"),
				  "stepping", report_env_fact(r->env, "guest", "cpu.stepping"));
	struct cpu_id id;
	bool known = events_identify(facts, &id);

	json_decref(facts);
	return known ? cpu_load_id(&id, cpu, err)
		     : err_machine(err, "the results do not say on which processor the guest ran");
}

/* The user's word, or the one that the guest ran on. */
static struct cpu *choose_cpu(struct report *r, const char *name,
			      struct err *err)
{
	struct err none = ERR_INIT;
	struct cpu *cpu = NULL;

	if (name) {
		cpu_load(name, &cpu, err);
		return cpu;
	}
	if (!times_count(r->c))
		r->model_reason = report_format("no processor's TLBs were measured; "
						"kduel report --cpu-model NAME shows what is "
						"expected of one");
	else if (load_guests(r, &cpu, &none))
		r->model_reason = report_format("%.*s; --cpu-model NAME chooses a processor",
						(int)strcspn(none.text, ";"), none.text);
	return cpu;
}

int report_model(struct report *r, const char *cpu_model, struct err *err)
{
	struct cpu *cpu = choose_cpu(r, cpu_model, err);
	int ret = 0;

	if (!cpu) {
		r->model_cpu = report_format("%s", "");
		if (!r->model_reason)
			r->model_reason = report_format("%s", "");
		return err && err->code ? err->code : 0;
	}
	r->model_cpu = report_format("%s", cpu->f.title ? cpu->f.title : cpu->name);
	for (size_t i = 0; i < r->plan->n_cells && !ret; i++)
		ret = add_cell(r, cpu, &r->plan->cells[i], err);
	r->model_reason = report_format("%s", r->n_model ? "" :
					"no cell with a model has a proof of its page sizes");
	cpu_free(cpu);
	return ret;
}
