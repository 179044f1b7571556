/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Histograms of single pages and the like, from cell-ends. */
#include "compare-memory.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "store/record.h"
#include "store/store.h"

#define BUCKETS_MAX 4096	/* a histogram of ours has 1152 */

/* One bucket of [[nanoseconds, count], ...], in ascending order. */
static bool spread_bucket(const struct view *v, double last, struct compare_bucket *to)
{
	const struct view *at = v->type == JSON_ARRAY && v->n == 2 ? v + 1 : NULL;
	const struct view *n = at ? at + at->skip : NULL;

	if (!view_is_number(at) || !view_is_number(n) || !(at->real > last) ||
	    !(at->real < RECORD_VALUE_MAX) || !(n->real > 0) || !(n->real < RECORD_VALUE_MAX))
		return false;
	*to = (struct compare_bucket){ at->real, n->real };
	return true;
}

/* Ignores what is not a valid histogram: guests are not trusted. */
static int spread_take(struct comparison *c, const struct record *r,
		       const struct store_place *at, const struct view *derived)
{
	const struct view *list = derived->type == JSON_OBJECT ? view_get(derived, "buckets")
							       : NULL, *v;
	struct compare_spread *all, s = { .arm = (unsigned)at->arm, .block = at->block };

	if (!list || list->type != JSON_ARRAY || !list->n || list->n > BUCKETS_MAX)
		return 0;
	s.bucket = compare_alloc(c, list->n, sizeof(*s.bucket));
	if (!s.bucket)
		return -ENOMEM;
	view_each(v, list) {
		if (!spread_bucket(v, s.n ? s.bucket[s.n - 1].at : -1, &s.bucket[s.n]))
			return 0;
		s.n++;
	}
	s.cell = compare_text(c, "%s", r->cell);
	s.name = compare_text(c, "%s", derived->key);
	all = compare_grow(c, c->spreads, &c->n_spreads, sizeof(*all));
	if (!all)
		return -ENOMEM;
	c->spreads = all;
	all[c->n_spreads - 1] = s;
	return 0;
}

static int spread_record(void *arg, const struct record *r, const struct store_place *at,
			 struct err *err)
{
	struct comparison *c = arg;
	const struct view *derived, *v;

	if (!r->object || compare_odd_boot(c, at->boot))
		return 0;
	derived = view_get(r->object, "derived");
	if (!derived || derived->type != JSON_OBJECT)
		return 0;
	view_each(v, derived)
		if (spread_take(c, r, at, v))
			return err_sys(err, ENOMEM, "cannot compare");
	return 0;
}

int compare_spreads(struct comparison *c, struct store *s, struct err *err)
{
	c->n_spreads = 0;
	return store_cell_ends(s, spread_record, c, err);
}
