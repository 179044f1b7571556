/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Did the machine change while the campaign ran? For each judged series, a line
 * is fitted to the logs of the baseline's value over the blocks; Holm over the
 * series. Arms are interleaved within blocks, so a drift does not bias an effect;
 * it widens intervals, and shows that the machine was not left alone.
 */
#include "compare-memory.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct drift {
	const struct compare_series **series;
	double *slope, *p, *log;
	size_t n;
};

static void drift_release(struct drift *d)
{
	free(d->series);
	free(d->slope);
	free(d->log);
}

static int drift_init(struct drift *d, const struct comparison *c)
{
	*d = (struct drift){ .series = calloc(c->n_series + 1, sizeof(*d->series)),
			     .slope = calloc(2 * c->n_series + 1, sizeof(*d->slope)),
			     .log = calloc(c->n_block_ids + 1, sizeof(*d->log)) };
	d->p = d->slope + c->n_series;
	return d->series && d->slope && d->log ? 0 : -ENOMEM;
}

static void drift_add(struct drift *d, const struct comparison *c, const struct compare_series *s)
{
	const struct compare_estimate *e = &s->est[c->baseline];

	if (s->counter || s->better == STATS_NEITHER || !e->boots)
		return;
	for (unsigned b = 0; b < c->n_block_ids; b++)
		d->log[b] = e->boot[b] > 0 ? log(e->boot[b]) : NAN;
	stats_slope(d->log, c->n_block_ids, &d->slope[d->n], &d->p[d->n]);
	if (isfinite(d->p[d->n]))
		d->series[d->n++] = s;
}

int compare_drift(struct comparison *c, struct err *err)
{
	struct drift d;
	size_t first = 0, found = 0;
	char name[256];
	int rc = drift_init(&d, c);

	for (size_t i = 0; !rc && i < c->n_series; i++)
		drift_add(&d, c, &c->series[i]);
	if (!rc)
		rc = stats_holm(d.p, d.p, d.n);
	for (size_t i = 0; !rc && i < d.n; i++) {
		found += d.p[i] <= c->alpha;
		if (d.p[i] < d.p[first])
			first = i;
	}
	if (!rc && found) {
		compare_series_name(d.series[first], name, sizeof(name));
		c->drift = compare_text(c, "the machine drifted: %zu of %zu series of the baseline "
			"change with the block, most clearly %s, by %+.2g%% a block (p = %.2g, Holm)",
			found, d.n, name, 100 * expm1(d.slope[first]), d.p[first]);
		compare_note(c, "%s", c->drift);
	}
	c->drift_tests = (unsigned)d.n;
	drift_release(&d);
	return rc ? err_sys(err, ENOMEM, "cannot compare") : 0;
}
