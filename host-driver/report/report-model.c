/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report-parts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cpu.h"
#include "bench/model.h"
#include "bench/workload.h"
#include "safe.h"

/* What rows of the model are about: one processor, arm and cell, and its page sizes. */
struct subject {
	struct report *r;
	const struct cpu *cpu;
	const struct plan_cell *cell;
	size_t arm;
	struct model_in in;
	struct model_out out;
};

static void model_row(const struct subject *s, const char *quantity, double expected,
		      double measured, double least, double most)
{
	struct report *r = s->r;
	struct report_model_row *more =
		realloc(r->model, (r->n_model + 1) * sizeof(*more));

	must_have(more);
	r->model = more;
	more[r->n_model++] = (struct report_model_row){
		text_format("%s", s->cell->id), text_format("%s", r->c->arms[s->arm].name),
		text_format("%s", quantity), expected, measured, least, most };
}

/* Times reflect a processor's TLBs only if a processor ran the guest. */
static bool model_times_count(const struct comparison *c)
{
	const struct domain_word *d = domain_find(c->domain);

	return d && d->walks;
}

/* The cell's metric with this role in the model; NULL: it has none. */
static const char *model_metric_of(const struct plan_cell *cell, enum metric_role role)
{
	const struct workload *w;
	const struct workload_metric *m;

	if (workload_find(cell->workload, &w, NULL))
		return NULL;
	m = workload_role(w, role);
	return m ? m->name : NULL;
}

/* The arm's measured change of the cost of a walk. */
static double model_measured_change(const struct comparison *c, const struct plan_cell *cell,
				    size_t arm)
{
	const char *metric = model_metric_of(cell, ROLE_WALK_COST);
	const struct compare_series *s = metric ? compare_find(c, cell->id, metric, NULL) : NULL;

	if (!s || !s->vs[arm].e.n || s->vs[arm].e.absolute || !model_times_count(c))
		return NAN;
	return 1 + s->vs[arm].e.effect;
}

/* --- counters --- */

/* The rung of a series, in pages or bytes; -1 if its stride is not the pattern's. */
static double model_rung(const struct subject *s, const struct compare_series *series)
{
	const json_t *pages = json_object_get(series->point, "pages");
	json_int_t stride = json_integer_value(json_object_get(series->point, "stride"));

	if (pages && (uint64_t)(stride ? stride : 4096) != s->in.spacing)
		return -1;
	return json_number_value(pages ? pages : json_object_get(series->point, "size"));
}

static bool model_counts(const struct subject *s, const struct compare_series *series)
{
	const char *metric = model_metric_of(s->cell, ROLE_ACCESS);

	return series->counter && metric && !strcmp(series->metric, metric) &&
	       !strcmp(series->cell, s->cell->id);
}

static double model_upper_end(const struct subject *s)
{
	const struct comparison *c = s->r->c;
	double end = -1;

	for (size_t i = 0; i < c->n_series; i++)
		if (model_counts(s, &c->series[i]))
			end = fmax(end, model_rung(s, &c->series[i]));
	return end;
}

/* If a part of the sum is unavailable, so is the sum. */
static bool model_lacks(const struct comparison *c, bool (*part)(const char *))
{
	for (size_t i = 0; i < c->n_missing; i++)
		if (part(c->missing[i].counter))
			return true;
	return false;
}

/* The sum per access of all counters that are parts of it; NaN if not counted. */
static double model_counted(const struct subject *s, bool (*part)(const char *))
{
	const struct comparison *c = s->r->c;
	double end = model_upper_end(s), sum = NAN;

	if (model_lacks(c, part))
		return NAN;
	for (size_t i = 0; i < c->n_series; i++) {
		const struct compare_series *series = &c->series[i];

		if (model_counts(s, series) && part(series->counter) &&
		    model_rung(s, series) == end && series->est[s->arm].boots)
			sum = (isnan(sum) ? 0 : sum) + series->est[s->arm].value;
	}
	return sum;
}

/* --- rows --- */

static int model_expects(struct subject *s, struct err *err)
{
	int size = report_page_of(s->r->c, s->arm, s->cell->id, LAYER_SECOND);
	uint64_t page = size < 0 ? 0 : page_words[size].bytes;
	int ret;

	if (!page)
		return -ENOTSUP;
	ret = model_of_workload(s->cell->workload, s->cell->source, s->cell->params,
				page, &s->in);
	return ret ? ret : model_expect(&s->cpu->f.tlb.first, &s->cpu->f.tlb.second,
					&s->in, &s->out, err);
}

/* A knee that a ladder found, in pages, if the ladder reaches that far. */
static void model_add_knee(const struct subject *s, enum metric_role role, const char *quantity,
			   unsigned entries, double least, double most)
{
	const struct comparison *c = s->r->c;
	const char *metric = model_metric_of(s->cell, role);
	const struct compare_series *found;

	if (!metric || !entries || s->out.pages <= entries)
		return;
	found = compare_find(c, s->cell->id, metric, NULL);
	model_row(s, quantity, model_lines(&s->in, &s->out, entries),
		found && model_times_count(c) ? found->est[s->arm].value : NAN, least, most);
}

static void model_add_arm(const struct subject *s)
{
	const struct model_out *o = &s->out;
	bool judged = model_metric_of(s->cell, ROLE_ACCESS) && model_judges_walks(o);
	double walks = model_counted(s, model_is_walk);

	model_row(s, "first-level misses", o->first_misses,
		walks + model_counted(s, model_is_hit), NAN, NAN);
	model_row(s, "walks per access", o->walks, walks, judged ? MODEL_WALKS_LEAST : NAN,
		judged ? MODEL_WALKS_MOST : NAN);
	model_row(s, "references per walk, at most", o->references, NAN, NAN, NAN);
	model_add_knee(s, ROLE_FIRST_KNEE, "first-level knee", o->first,
		 MODEL_KNEE_LEAST, MODEL_KNEE_MOST);
	model_add_knee(s, ROLE_SECOND_HALF, "second-level half", o->second,
		 MODEL_HALF_LEAST, MODEL_HALF_MOST);
}

static void model_add_change(const struct subject *base, const struct subject *s)
{
	const struct comparison *c = s->r->c;
	struct model_change change;

	model_compare(&base->out, &s->out, &change);
	if (isfinite(change.walks))
		model_row(s, "walks, times the baseline's", change.walks,
			model_counted(s, model_is_walk) / model_counted(base, model_is_walk), NAN, NAN);
	if (isfinite(change.references))
		model_row(s, "walk cost, times the baseline's", change.references,
			model_measured_change(c, s->cell, s->arm), NAN, NAN);
}

static int model_add_cell(struct report *r, const struct cpu *cpu,
			  const struct plan_cell *cell, struct err *err)
{
	struct subject base = { .r = r, .cpu = cpu, .cell = cell, .arm = r->c->baseline };
	int has_base = model_expects(&base, err);

	if (has_base && has_base != -ENOTSUP)
		return has_base;
	for (size_t a = 0; a < r->c->n_arms; a++) {
		struct subject s = { .r = r, .cpu = cpu, .cell = cell, .arm = a };
		int ret = model_expects(&s, err);

		if (ret == -ENOTSUP)
			continue;
		if (ret)
			return ret;
		model_add_arm(&s);
		if (!has_base && a != r->c->baseline)
			model_add_change(&base, &s);
	}
	return 0;
}

/* The processor that the agent or driver recorded, from the flattened facts. */
static int model_load_of(const struct report *r, const char *where, struct cpu **cpu,
			 struct err *err)
{
	json_t *facts = json_pack("{s:{s:s, s:s, s:s, s:s}}", "cpu",
				  "vendor", report_env_fact(r->env, where, "cpu.vendor"),
				  "family", report_env_fact(r->env, where, "cpu.family"),
				  "model_number",
				  report_env_fact(r->env, where, "cpu.model_number"),
				  "stepping", report_env_fact(r->env, where, "cpu.stepping"));
	struct cpu_id id;
	bool known = events_identify(facts, &id);

	json_decref(facts);
	return known ? cpu_load_id(&id, cpu, err)
		     : err_machine(err, "the results do not say on which processor the guest ran");
}

/* The processor that the user names, or else the one that the guest ran on. */
static struct cpu *model_choose_cpu(struct report *r, const char *name,
				    struct err *err)
{
	struct err none = ERR_INIT;
	struct cpu *cpu = NULL;

	if (name) {
		cpu_load(name, &cpu, err);
		return cpu;
	}
	if (!model_times_count(r->c))
		r->model_reason = text_format("no processor's TLBs were measured; "
						"kduel report --cpu-model NAME shows what the "
						"model expects of one");
	else if (model_load_of(r, "guest", &cpu, &none))
		r->model_reason = text_format("%.*s; --cpu-model NAME chooses a processor",
						(int)strcspn(none.text, ";"), none.text);
	return cpu;
}

/* --- named processors, if no processor was measured --- */

static struct report_expected *model_expected_of(struct report *r, const char *what,
						 const char *arm)
{
	struct report_expected *list;

	for (size_t i = 0; i < r->n_expected; i++)
		if (!strcmp(r->expected[i].what, what) && !strcmp(r->expected[i].arm, arm))
			return &r->expected[i];
	list = realloc(r->expected, (r->n_expected + 1) * sizeof(*list));
	must_have(list);
	r->expected = list;
	list += r->n_expected++;
	*list = (struct report_expected){ .what = text_format("%s", what),
					  .arm = text_format("%s", arm) };
	for (int i = 0; i < REPORT_CPUS; i++)
		list->walks[i] = NAN;
	return list;
}

static void model_expect_cpu(struct report *r, const struct cpu *cpu, unsigned which)
{
	const struct workload *w;

	for (size_t i = 0; i < r->plan->n_cells; i++)
		for (size_t a = 0; a < r->c->n_arms; a++) {
			struct subject s = { .r = r, .cpu = cpu, .cell = &r->plan->cells[i],
					     .arm = a };
			struct report_expected *e;

			if (workload_find(s.cell->workload, &w, NULL) || !w->memory ||
			    model_expects(&s, NULL))
				continue;
			e = model_expected_of(r, s.cell->id, r->c->arms[a].name);
			e->references = s.out.references;
			e->walks[which] = s.out.walks;
		}
}

/* The driver's own processor, if it is known, and two common ones. */
static void model_expect_named(struct report *r)
{
	static const char *const others[] = { "cascadelake", "zen4" };
	struct cpu *cpu;
	char own[64] = "";
	unsigned n = 0;

	for (int i = -1; i < 2; i++) {
		bool known = i < 0 ? !model_load_of(r, "driver", &cpu, NULL)
				   : strcmp(others[i], own) && !cpu_load(others[i], &cpu, NULL);

		if (!known)
			continue;
		if (i < 0)
			snprintf(own, sizeof(own), "%s", cpu->name);
		r->expected_cpu[n] = text_format("%s%s", cpu->f.title ? cpu->f.title : cpu->name,
						 i < 0 ? ", this one" : "");
		model_expect_cpu(r, cpu, n++);
		cpu_free(cpu);
	}
}

int report_model(struct report *r, const char *cpu_model, struct err *err)
{
	struct cpu *cpu = model_choose_cpu(r, cpu_model, err);
	int ret = 0;

	if (!cpu) {
		r->model_cpu = text_format("%s", "");
		if (!r->model_reason)
			r->model_reason = text_format("%s", "");
		if (!model_times_count(r->c) && !cpu_model)
			model_expect_named(r);
		return err && err->code ? err->code : 0;
	}
	r->model_cpu = text_format("%s", cpu->f.title ? cpu->f.title : cpu->name);
	for (size_t i = 0; i < r->plan->n_cells && !ret; i++)
		ret = model_add_cell(r, cpu, &r->plan->cells[i], err);
	r->model_reason = text_format("%s", r->n_model ? "" :
					"no cell with a model has a proof of its page sizes");
	cpu_free(cpu);
	return ret;
}
