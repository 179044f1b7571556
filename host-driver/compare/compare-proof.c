/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page sizes by layer and arm, for each backing and source, and for each cell. */
#include "compare-memory.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "store/store.h"
#include "vocab/words.h"

/* Adds up; proof_mean() divides once all is read. */
static void proof_add(struct compare_pages *to, const struct store_proof *p)
{
	to->bytes_4k += (double)p->bytes_4k;
	to->bytes_2m += (double)p->bytes_2m;
	to->bytes_1g += (double)p->bytes_1g;
	to->readings++;
}

static void proof_add_faults(struct compare_pages *to, const struct store_proof *p)
{
	if (isnan(p->faults))
		return;
	to->faults += p->faults;
	to->counted++;
}

static void proof_mean(struct compare_pages *p)
{
	double n = p->readings ? p->readings : NAN;

	p->bytes_4k /= n;
	p->bytes_2m /= n;
	p->bytes_1g /= n;
	p->faults /= p->counted ? p->counted : NAN;
}

/* The row that a reading belongs to: its cell's, or that of its backing and source. */
struct proof_key {
	unsigned arm;
	const char *layer, *backing, *source, *cell;
	unsigned place;		/* in the plan, of the cell or the first one alike */
};

static bool proof_is(const struct compare_proof *p, const struct proof_key *k)
{
	return p->arm == k->arm && !p->cell == !k->cell &&
	       !strcmp(p->layer, k->layer) && !strcmp(p->backing, k->backing) &&
	       !strcmp(p->source, k->source) && (!p->cell || !strcmp(p->cell, k->cell));
}

static struct compare_proof *proof_row(struct comparison *c, const struct proof_key *k)
{
	struct compare_proof *list, *p;

	for (size_t i = 0; i < c->n_proofs; i++)
		if (proof_is(&c->proofs[i], k))
			return &c->proofs[i];
	list = compare_grow(c, c->proofs, &c->n_proofs, sizeof(*list));
	if (!list)
		return NULL;
	c->proofs = list;
	p = &list[c->n_proofs - 1];
	*p = (struct compare_proof){
		.arm = k->arm,
		.place = k->place,
		.layer = compare_text(c, "%s", k->layer),
		.backing = compare_text(c, "%s", k->backing),
		.source = compare_text(c, "%s", k->source),
		.cell = k->cell ? compare_text(c, "%s", k->cell) : NULL,
		.method = compare_text(c, "%s", ""),
		.unavailable = compare_text(c, "%s", ""),
		.huge_least = NAN, .huge_most = NAN,
		.block = compare_alloc(c, c->n_block_ids, sizeof(*p->block)),
	};
	return p->block ? p : NULL;
}

static void proof_range(struct compare_proof *p, const struct store_proof *from)
{
	double huge = (double)from->bytes_2m + (double)from->bytes_1g;
	double all = huge + (double)from->bytes_4k;

	if (!(all > 0))
		return;
	p->huge_least = fmin(p->huge_least, huge / all);	/* fmin() ignores NaN */
	p->huge_most = fmax(p->huge_most, huge / all);
}

static int proof_take(struct comparison *c, const struct store_proof *from,
		      const struct proof_key *k)
{
	struct compare_proof *p = proof_row(c, k);
	bool in_block = !from->before && from->block && from->block <= c->n_block_ids;

	if (!p)
		return -ENOMEM;
	proof_add_faults(from->before ? &p->before : &p->after, from);
	if (in_block)
		proof_add_faults(&p->block[from->block - 1], from);
	if (from->unavailable) {
		if (!*p->unavailable)
			p->unavailable = compare_text(c, "%s", from->unavailable);
		return 0;
	}
	if (!*p->method)
		p->method = compare_text(c, "%s", from->method);
	proof_add(from->before ? &p->before : &p->after, from);
	if (from->before)
		return 0;
	proof_range(p, from);
	if (in_block)
		proof_add(&p->block[from->block - 1], from);
	return 0;
}

/* The first cell with the same backing, its parameters too, and source. */
static unsigned proof_first_alike(const struct plan *plan, const struct plan_cell *is)
{
	const struct plan_cell *c = plan->cells;

	while (!plan_same_backing(c, is) || strcmp(c->source, is->source))
		c++;
	return (unsigned)(c - plan->cells);
}

/* "devdax?align=4K" where a campaign has devdax with other parameters, too. */
static const char *proof_backing(struct comparison *c, const struct plan *plan,
				 const struct plan_cell *cell)
{
	const char *name = cell->backing, *key;
	json_t *value;
	size_t i = 0;

	while (i < plan->n_cells && (strcmp(plan->cells[i].backing, cell->backing) ||
				     plan_same_backing(&plan->cells[i], cell)))
		i++;
	if (i == plan->n_cells)
		return name;
	json_object_foreach(cell->backing_params, key, value)
		name = !name ? NULL :
		       compare_text(c, "%s%c%s=%s", name, name == cell->backing ? '?' : ',', key,
				    json_string_value(value));
	return name;
}

/* Adds a reading to two rows: that of its backing and source, and that of its cell. */
static int proof_take_both(struct comparison *c, const struct plan *plan,
			   const struct store_proof *from)
{
	int cell = plan_cell(plan, from->cell), rc;
	struct proof_key k = { .arm = from->arm, .layer = from->layer,
			       .backing = "", .source = "" };

	if (cell >= 0) {
		k.backing = proof_backing(c, plan, &plan->cells[cell]);
		k.source = plan->cells[cell].source;
		k.place = proof_first_alike(plan, &plan->cells[cell]);
		if (!k.backing)
			return -ENOMEM;
	}
	rc = proof_take(c, from, &k);
	if (rc)
		return rc;
	k.place = cell < 0 ? 0 : (unsigned)cell;
	k.cell = from->cell;
	return proof_take(c, from, &k);
}

static bool proof_is_after(const struct compare_proof *a, const struct compare_proof *b)
{
	int la = layer_find(a->layer), lb = layer_find(b->layer);

	if (!a->cell != !b->cell)
		return a->cell;
	if (a->place != b->place)
		return a->place > b->place;
	return la != lb ? la > lb : a->arm > b->arm;
}

static void proof_sort(struct compare_proof *list, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct compare_proof p = list[i];
		size_t k = i;

		for (; k && proof_is_after(&list[k - 1], &p); k--)
			list[k] = list[k - 1];
		list[k] = p;
	}
}

/* Proofs of failed boots are left out, as their samples are. */
static bool proof_boot_ok(const struct store_boot *list, size_t n, unsigned boot)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].boot == boot)
			return list[i].ok;
	return false;
}

static int proof_take_all(struct comparison *c, struct store *s, struct err *err)
{
	const struct store_boot *boots;
	const struct store_proof *list;
	size_t n, n_boots;
	bool ok = false;
	int rc = store_boots(s, &boots, &n_boots, err);

	if (!rc)
		rc = store_proofs(s, &list, &n, err);
	for (size_t i = 0; !rc && i < n; i++) {
		if (!i || list[i].boot != list[i - 1].boot)
			ok = proof_boot_ok(boots, n_boots, list[i].boot);
		if (ok && proof_take_both(c, store_plan(s), &list[i]))
			rc = err_sys(err, ENOMEM, "cannot compare");
	}
	return rc;
}

int compare_proofs(struct comparison *c, struct store *s, struct err *err)
{
	int rc = proof_take_all(c, s, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < c->n_proofs; i++) {
		struct compare_proof *p = &c->proofs[i];

		proof_mean(&p->before);
		proof_mean(&p->after);
		for (size_t b = 0; b < c->n_block_ids; b++)
			proof_mean(&p->block[b]);
		if (p->after.readings || p->before.readings)
			p->unavailable = compare_text(c, "%s", "");
	}
	proof_sort(c->proofs, c->n_proofs);
	return 0;
}

/* --- around a guest's disturbances, and over time ----------------------------- */

static int proof_timeline_add(struct comparison *c, const struct store_reading *from)
{
	struct compare_reading *list = compare_grow(c, c->timeline, &c->n_timeline, sizeof(*list));
	struct compare_reading *to;

	if (!list)
		return -ENOMEM;
	c->timeline = list;
	to = &list[c->n_timeline - 1];
	*to = (struct compare_reading){
		.arm = from->arm, .block = from->block,
		.cell = compare_text(c, "%s", from->cell), .apart = from->apart,
		.step = (enum run_step)step_find(from->step),
		.layer = from->layer ? layer_find(from->layer) : -1,
		.event = from->event ? compare_text(c, "%s", from->event) : NULL,
		.seconds = from->seconds, .faults = from->faults,
	};
	memcpy(to->bytes, from->bytes, sizeof(to->bytes));
	return 0;
}

int compare_timelines(struct comparison *c, struct store *s, struct err *err)
{
	const struct store_reading *list;
	size_t n;
	int rc = store_timeline(s, &list, &n, err);

	for (size_t i = 0; !rc && i < n; i++)
		if (list[i].ok && proof_timeline_add(c, &list[i]))
			rc = err_sys(err, ENOMEM, "cannot compare");
	return rc;
}
