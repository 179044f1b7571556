/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "harness.h"
#include "histogram.h"
#include "model.h"
#include "params.h"

#define PAGE 4096UL
#define WORDS (PAGE / sizeof(uint64_t))

struct touch {
	struct buffer *buf;
	size_t slice;		/* bytes, a multiple of the source's page */
	unsigned slices;
	uint64_t tag;		/* what page i gets: tag + i */
	struct histogram *first, *again;
};

static const struct workload_figure figure = {
	.name = "first-touch", .shape = FIGURE_ROWS,
	.title = "First touch: cost of a page's first write",
	.text = "Cost of a page's first write", .value = "per page",
};

enum { FIRST, AGAIN };

static const struct workload_metric metrics[] = {
	[FIRST] = { "ns_per_page", "ns", KIND_TIME, BETTER_LOWER, .figure = &figure,
		    .help = "first write to a 4 KiB page" },
	[AGAIN] = { "ns_per_page_again", "ns", KIND_TIME, BETTER_LOWER,
		    .help = "second write to it, which faults nowhere" },
	{ 0 },
};

static const struct param params[] = {
	{ "size", PARAM_SIZE, "128M", NULL,
	  "bytes touched in all", PAGE, 1ULL << 46 },
	{ 0 },
};

static size_t first_touch_page_of_source(struct bench *b)
{
	const struct source *s;

	return source_find(bench_source(b), &s, NULL) ? PAGE : s->page;
}

static int first_touch_setup(struct bench *b, struct err *err)
{
	struct touch *t = calloc(1, sizeof(*t));
	size_t page = first_touch_page_of_source(b), pages;

	if (!t)
		return err_sys(err, ENOMEM, "first-touch");
	bench_set_state(b, t);
	t->first = calloc(1, sizeof(*t->first));
	t->again = calloc(1, sizeof(*t->again));
	if (!t->first || !t->again)
		return err_sys(err, ENOMEM, "first-touch");
	/* Whole pages of the source in each slice: a page is nobody's half. */
	pages = (bench_number(b, "size") + page - 1) / page;
	t->slices = bench_samples(b);
	if (t->slices > pages)
		return err_config(err, "%u samples of a buffer of %zu pages of %zu KiB: each "
				  "sample needs a page of its own; give a larger --size or "
				  "fewer --samples", t->slices, pages, page >> 10);
	t->slice = pages / t->slices * page;
	if (pages % t->slices)
		bench_label(b, "size: %zu of %zu pages of %zu KiB are used, so that all %u "
			    "samples are alike", pages / t->slices * t->slices, pages,
			    page >> 10, t->slices);
	t->tag = bench_seed(b) * 0x9e3779b97f4a7c15ULL;
	return bench_buffer(b, t->slice * t->slices, BUFFER_UNTOUCHED, &t->buf, err);
}

/*
 * One write a page, one reading of the clock a page: the end of one page's
 * time is the start of the next's. The write is the page's number, so that
 * what was timed can be proved afterwards.
 */
static uint64_t touch_slice(const struct touch *t, unsigned slice, uint64_t bump,
			    struct histogram *h)
{
	uint64_t index = slice * (t->slice / PAGE);
	volatile uint64_t *at = (uint64_t *)t->buf->addr + index * WORDS;
	volatile uint64_t *end = at + t->slice / sizeof(*at);
	uint64_t begin = clock_ticks(), last = begin, now;

	for (; at < end; at += WORDS, index++) {
		*at = t->tag + bump + index;
		now = clock_ticks();
		histogram_add(h, clock_ns(now - last));
		/* Counting is not touching. */
		last = clock_ticks();
		begin += last - now;
	}
	return last - begin;
}

static void first_touch_pass(struct bench *b, struct touch *t, unsigned slice,
			     struct series *s)
{
	size_t pages = t->slice / PAGE;
	double ns;

	bench_begin(b, s);
	ns = clock_ns(touch_slice(t, slice, 0, t->first));
	bench_end(b, s, pages);
	ns -= pages * clock_facts.overhead_ns;
	series_push(s, ns > 0 ? ns / pages : 0);
}

/*
 * The second touch is cheaper than a reading of the clock: all of a slice is
 * timed at once, or the value would be what is left of many readings.
 */
static void first_touch_again(struct bench *b, struct touch *t, unsigned slice,
			      struct series *s)
{
	size_t pages = t->slice / PAGE;
	uint64_t index = slice * pages;
	volatile uint64_t *at = (uint64_t *)t->buf->addr + index * WORDS;
	volatile uint64_t *end = at + pages * WORDS;
	uint64_t value = t->tag + 1 + index;

	bench_begin(b, s);
	for (; at < end; at += WORDS)
		*at = value++;
	series_push(s, bench_end(b, s, pages) / pages);
}

static int first_touch_run(struct bench *b, struct err *err)
{
	struct touch *t = bench_state(b);
	struct series *first = bench_series(b, &metrics[FIRST], NULL);
	struct series *again = bench_series(b, &metrics[AGAIN], NULL);

	(void)err;
	for (unsigned i = 0; i < t->slices; i++)
		first_touch_pass(b, t, i, first);
	for (unsigned i = 0; i < t->slices; i++)
		first_touch_again(b, t, i, again);
	for (unsigned i = 0; i < t->slices; i++)
		touch_slice(t, i, 2, t->again);
	bench_derive(b, "first", histogram_json(t->first));
	bench_derive(b, "again", histogram_json(t->again));
	return 0;
}

static int first_touch_verify_after(struct bench *b, struct err *err)
{
	struct touch *t = bench_state(b);
	size_t pages = t->slice / PAGE * t->slices;
	const uint64_t *at = t->buf->addr;

	for (size_t i = 0; i < pages; i++)
		if (at[i * WORDS] != t->tag + 2 + i)
			return bench_invalid(b, err, "page %zu does not hold what was "
					     "written to it", i);
	if (t->first->count != pages || t->again->count != pages)
		return bench_invalid(b, err, "%" PRIu64 " and %" PRIu64 " of %zu pages were "
				     "touched", t->first->count, t->again->count, pages);
	bench_validated(b, "all %zu pages hold what the last touch wrote", pages);
	return 0;
}

static void first_touch_pattern(const json_t *given, struct model_in *in)
{
	in->pattern = MODEL_SEQUENTIAL;
	in->span = params_most_of(given, "size", 128ULL << 20);
	in->spacing = PAGE;
}

static void first_touch_teardown(struct bench *b)
{
	struct touch *t = bench_state(b);

	if (!t)
		return;
	free(t->first);
	free(t->again);
	free(t);
}

extern const struct workload first_touch_workload;

const struct workload first_touch_workload = {
	.abi = WORKLOAD_ABI,
	.name = "first-touch",
	.help = "what the first write to each page costs",
	.unit = "ns per 4 KiB page",
	.metrics = metrics,
	.method = "Writes one word to every 4 KiB page of a fresh buffer, each page timed by "
		  "itself; the clock's own cost is taken off. The buffer is cut into as "
		  "many slices as there are samples (default 16), one slice a sample: no sample touches memory that an earlier one "
		  "has touched, because in a guest the second touch of the same guest page "
		  "finds the second-level entry in place and would measure something else. "
		  "There is no warm-up for the same reason. The second touch of each slice is "
		  "the control: it faults nowhere, and all pages of a slice are timed at once, since "
		  "it is cheaper than a reading of the clock; its histogram is of a third touch. With huge pages one write in 512 (or "
		  "262144) pays for all. Percentiles are from a log-bucket histogram with an "
		  "error of at most 1.6%; a fault is not timed apart from its write.",
	.params = params,
	.pattern = first_touch_pattern,
	.samples = 16,
	.setup = first_touch_setup,
	.run = first_touch_run,
	.verify_after = first_touch_verify_after,
	.teardown = first_touch_teardown,
};
