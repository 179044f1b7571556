/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page sizes per arm and layer, over all cells and for each. */
#include "compare-memory.h"
#include "vocab/words.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "store/store.h"



/* Sums now, means when all is read. */
static void add(struct compare_pages *to, const struct store_proof *p)
{
	to->bytes_4k += (double)p->bytes_4k;
	to->bytes_2m += (double)p->bytes_2m;
	to->bytes_1g += (double)p->bytes_1g;
	to->faults += p->faults;
	to->readings++;
}

static void finish(struct compare_pages *p)
{
	double n = p->readings ? p->readings : NAN;

	p->bytes_4k /= n;
	p->bytes_2m /= n;
	p->bytes_1g /= n;
	p->faults /= n;
}

static struct compare_proof *find(struct comparison *c, unsigned arm,
				  const char *layer, const char *cell)
{
	for (size_t i = 0; i < c->n_proofs; i++) {
		struct compare_proof *p = &c->proofs[i];

		if (p->arm == arm && !strcmp(p->layer, layer) &&
		    !p->cell == !cell && (!cell || !strcmp(p->cell, cell)))
			return p;
	}
	return NULL;
}

static struct compare_proof *make(struct comparison *c, unsigned arm,
				  const char *layer, const char *cell)
{
	struct compare_proof *list, *p = find(c, arm, layer, cell);

	if (p)
		return p;
	list = compare_grow(c, c->proofs, &c->n_proofs, sizeof(*list));
	if (!list)
		return NULL;
	c->proofs = list;
	p = &list[c->n_proofs - 1];
	*p = (struct compare_proof){
		.arm = arm,
		.layer = compare_text(c, "%s", layer),
		.cell = cell ? compare_text(c, "%s", cell) : NULL,
		.method = compare_text(c, "%s", ""),
		.unavailable = compare_text(c, "%s", ""),
		.block = compare_alloc(c, c->n_block_ids, sizeof(*p->block)),
	};
	return p->block ? p : NULL;
}

static int take(struct comparison *c, const struct store_proof *from,
		const char *cell)
{
	struct compare_proof *p = make(c, from->arm, from->layer, cell);

	if (!p)
		return -ENOMEM;
	if (from->unavailable) {
		if (!*p->unavailable)
			p->unavailable = compare_text(c, "%s", from->unavailable);
		return 0;
	}
	if (!*p->method)
		p->method = compare_text(c, "%s", from->method);
	add(from->before ? &p->before : &p->after, from);
	if (!from->before && from->block && from->block <= c->n_block_ids)
		add(&p->block[from->block - 1], from);
	return 0;
}

static int layer_rank(const struct compare_proof *p)
{
	size_t i = 0;

	while (i < LAYERS && strcmp(p->layer, layer_names[i]))
		i++;
	return (int)i;
}

/* By arm, layer, all cells before each; stable, so cells keep their order. */
static bool after(const struct compare_proof *a, const struct compare_proof *b)
{
	if (a->arm != b->arm)
		return a->arm > b->arm;
	if (layer_rank(a) != layer_rank(b))
		return layer_rank(a) > layer_rank(b);
	return a->cell && !b->cell;
}

static void sort(struct compare_proof *list, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct compare_proof p = list[i];
		size_t k = i;

		for (; k && after(&list[k - 1], &p); k--)
			list[k] = list[k - 1];
		list[k] = p;
	}
}

/* The samples of a boot that failed are left out, and so are its proofs. */
static bool boot_is_ok(const struct store_boot *list, size_t n, unsigned boot)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].boot == boot)
			return list[i].ok;
	return false;
}

static int take_all(struct comparison *c, struct store *s, struct err *err)
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
			ok = boot_is_ok(boots, n_boots, list[i].boot);
		if (ok && (take(c, &list[i], NULL) || take(c, &list[i], list[i].cell)))
			rc = err_sys(err, ENOMEM, "cannot compare");
	}
	return rc;
}

int compare_proofs(struct comparison *c, struct store *s, struct err *err)
{
	int rc = take_all(c, s, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < c->n_proofs; i++) {
		struct compare_proof *p = &c->proofs[i];

		finish(&p->before);
		finish(&p->after);
		for (size_t b = 0; b < c->n_block_ids; b++)
			finish(&p->block[b]);
		if (p->after.readings || p->before.readings)
			p->unavailable = compare_text(c, "%s", "");
	}
	sort(c->proofs, c->n_proofs);
	return 0;
}
