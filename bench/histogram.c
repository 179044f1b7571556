/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "histogram.h"

#include <math.h>

static uint64_t histogram_low_end(unsigned i)
{
	unsigned shift;

	if (i < 2 * HISTOGRAM_STEPS)
		return i;
	shift = i / HISTOGRAM_STEPS - 1;
	return (uint64_t)(i % HISTOGRAM_STEPS + HISTOGRAM_STEPS) << shift;
}

/* Whole nanoseconds stand for themselves, wider buckets for their middle. */
static double histogram_middle(unsigned i)
{
	return (histogram_low_end(i) + histogram_low_end(i + 1) - 1) / 2.0;
}

void histogram_merge(struct histogram *h, const struct histogram *from)
{
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		h->bucket[i] += from->bucket[i];
	h->count += from->count;
	h->over += from->over;
	h->sum += from->sum;
	if (from->max > h->max)
		h->max = from->max;
}

double histogram_quantile(const struct histogram *h, double q)
{
	uint64_t want = ceil(q * h->count), seen = 0;

	if (!h->count)
		return 0;
	if (want < 1)
		want = 1;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS - (h->over ? 1 : 0); i++) {
		seen += h->bucket[i];
		if (seen >= want)
			return fmin(histogram_middle(i), h->max);
	}
	return h->max;
}

json_t *histogram_json(const struct histogram *h)
{
	json_t *buckets = json_array();

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		if (h->bucket[i])
			json_array_append_new(buckets,
				json_pack("[I, I]", (json_int_t)histogram_low_end(i),
					  (json_int_t)h->bucket[i]));
	return json_pack("{s:I, s:f, s:f, s:f, s:f, s:f, s:I, s:I, s:f, s:o}",
			 "count", (json_int_t)h->count,
			 "mean", h->count ? h->sum / h->count : 0.0,
			 "p50", histogram_quantile(h, 0.5),
			 "p90", histogram_quantile(h, 0.9),
			 "p99", histogram_quantile(h, 0.99),
			 "p999", histogram_quantile(h, 0.999),
			 "max", (json_int_t)h->max, "over", (json_int_t)h->over,
			 "error", HISTOGRAM_ERROR, "buckets", buckets);
}
