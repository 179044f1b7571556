/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A histogram of fixed memory for times from 1 ns to 2^40 ns (18 minutes).
 *
 * Buckets are logarithmic with 32 linear steps in each power of two, so a
 * value read back is its bucket's middle and is off by at most 1/64 (1.6%) of
 * itself; values below 64 ns are exact to the nanosecond. Memory: 8 bytes x
 * 1152 buckets = 9 KiB, whatever is counted. Larger values go to the last
 * bucket and are counted in `over`, so that no percentile hides them: the
 * maximum is kept exactly.
 */
#ifndef KDUEL_HISTOGRAM_H
#define KDUEL_HISTOGRAM_H

#include <stdint.h>
#include <jansson.h>

#define HISTOGRAM_STEPS 32	/* per power of two */
#define HISTOGRAM_BITS 40
#define HISTOGRAM_BUCKETS (HISTOGRAM_STEPS * (HISTOGRAM_BITS - 4))
#define HISTOGRAM_ERROR (1.0 / (2 * HISTOGRAM_STEPS))

struct histogram {
	uint64_t bucket[HISTOGRAM_BUCKETS];
	uint64_t count, over, max;
	double sum;
};

static inline unsigned histogram_index(uint64_t ns)
{
	unsigned shift;

	if (ns < 2 * HISTOGRAM_STEPS)
		return ns;
	shift = 63 - __builtin_clzll(ns) - 5;
	return shift * HISTOGRAM_STEPS + (ns >> shift);
}

static inline void histogram_add(struct histogram *h, uint64_t ns)
{
	unsigned i = histogram_index(ns);

	if (i >= HISTOGRAM_BUCKETS) {
		i = HISTOGRAM_BUCKETS - 1;
		h->over++;
	}
	h->bucket[i]++;
	h->count++;
	h->sum += ns;
	if (ns > h->max)
		h->max = ns;
}

/* Adds what is in `from`. */
void histogram_merge(struct histogram *h, const struct histogram *from);

/* The value below which the share `q` (0..1) lies; 0 when empty. */
double histogram_quantile(const struct histogram *h, double q);

/*
 * {"count","mean","p50","p90","p99","p999","max","error","buckets":[[ns,count]]}
 * with the filled buckets' lower ends.
 */
json_t *histogram_json(const struct histogram *h);

#endif
