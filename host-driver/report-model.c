/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report-model.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bench/model.h"

static char *__attribute__((format(printf, 1, 2))) text(const char *fmt, ...)
{
	char *s = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&s, fmt, args) < 0)
		abort();
	va_end(args);
	return s;
}

static void add_row(struct report *r, const char *cell, size_t arm,
		    const char *quantity, double expected, double measured)
{
	struct report_model_row *more =
		realloc(r->model, (r->n_model + 1) * sizeof(*more));

	if (!more)
		abort();
	r->model = more;
	more[r->n_model++] = (struct report_model_row){
		text("%s", cell), text("%s", r->c->arms[arm].name),
		text("%s", quantity), expected, measured };
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

/*
 * The arm's measured change of what a walk costs; times tell of a processor's
 * TLBs only where a processor ran the guest.
 */
static double measured_change(const struct comparison *c, const char *cell,
			      size_t arm)
{
	const struct compare_series *s = compare_find(c, cell, "walk_cost", NULL);

	if (!s || !s->vs[arm].e.n || s->vs[arm].e.absolute ||
	    (strcmp(c->domain, "hardware") && strcmp(c->domain, "nested")))
		return NAN;
	return 1 + s->vs[arm].e.effect;
}

/*
 * Walks per access as counted at the ladder's upper end, of which the model
 * speaks; NAN without a counter.
 */
static double measured_walks(const struct comparison *c, const char *cell,
			     size_t arm)
{
	double most = -1, walks = NAN;

	for (size_t i = 0; i < c->n_series; i++) {
		const struct compare_series *s = &c->series[i];
		double pages = json_number_value(json_object_get(s->point, "pages"));

		if (!s->counter || strcmp(s->counter, "dtlb_load_walks") ||
		    strcmp(s->cell, cell) || strcmp(s->metric, "ns_per_access") ||
		    !s->est[arm].boots || pages <= most)
			continue;
		most = pages;
		walks = s->est[arm].value;
	}
	return walks;
}

static int expect(const struct cpu *cpu, const struct comparison *c, size_t arm,
		  const struct plan_cell *cell, struct model_out *out,
		  struct err *err)
{
	uint64_t page = proved_page(c, arm, cell->id);
	struct model_in in;
	int ret;

	if (!page)
		return -ENOTSUP;
	ret = model_of_workload(cell->workload, cell->source, cell->params, page,
				&in);
	return ret ? ret : model_expect(&cpu->f->tlb.first, &cpu->f->tlb.second,
					&in, out, err);
}

static int add_cell(struct report *r, const struct cpu *cpu,
		    const struct plan_cell *cell, struct err *err)
{
	const struct comparison *c = r->c;
	struct model_out base, out;
	int has_base = expect(cpu, c, c->baseline, cell, &base, err);

	if (has_base && has_base != -ENOTSUP)
		return has_base;
	for (size_t a = 0; a < c->n_arms; a++) {
		struct model_change change;
		int ret = expect(cpu, c, a, cell, &out, err);

		if (ret == -ENOTSUP)
			continue;
		if (ret)
			return ret;
		add_row(r, cell->id, a, "walks per access", out.walks,
			measured_walks(c, cell->id, a));
		add_row(r, cell->id, a, "references per walk, at most",
			out.references, NAN);
		if (has_base || a == c->baseline)
			continue;
		model_compare(&base, &out, &change);
		if (isfinite(change.references))
			add_row(r, cell->id, a, "walk cost, times the baseline's",
				change.references,
				measured_change(c, cell->id, a));
	}
	return 0;
}

/*
 * The processor: the user's word, or the one that the guest ran on where this
 * machine still is that one.
 */
static struct cpu *choose_cpu(struct report *r, const char *name,
			      struct err *err)
{
	const char *domain = r->c->domain;
	struct err none = ERR_INIT;
	struct cpu *cpu = NULL;

	if (!name && strcmp(domain, "hardware") && strcmp(domain, "nested")) {
		r->model_reason = text("no processor's TLBs were measured; "
				       "kduel report --cpu-model NAME shows what is "
				       "expected of one");
		return NULL;
	}
	if (cpu_load(name, &cpu, name ? err : &none) && !name)
		r->model_reason = text("%s; --cpu-model NAME chooses a processor",
				       none.text);
	return cpu;
}

int report_model(struct report *r, const char *cpu_model, struct err *err)
{
	struct cpu *cpu = choose_cpu(r, cpu_model, err);
	int ret = 0;

	if (!cpu) {
		r->model_cpu = text("%s", "");
		if (!r->model_reason)
			r->model_reason = text("%s", "");
		return err && err->code ? err->code : 0;
	}
	r->model_cpu = text("%s", cpu->f->title ? cpu->f->title : cpu->name);
	for (size_t i = 0; i < r->plan->n_cells && !ret; i++)
		ret = add_cell(r, cpu, &r->plan->cells[i], err);
	r->model_reason = text("%s", r->n_model ? "" :
			       "no cell with a model has a proof of its page sizes");
	cpu_free(cpu);
	return ret;
}
