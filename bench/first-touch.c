/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "clock.h"
#include "harness.h"
#include "histogram.h"
#include "model.h"
#include "params.h"
#include "size.h"

#define PAGE 4096UL
#define WORDS (PAGE / sizeof(uint64_t))

struct touch {
	struct buffer *buf;
	size_t slice;		/* bytes, a multiple of the source's page */
	unsigned slices;
	uint64_t tag;		/* what page i gets: tag + i */
	struct histogram *first, *again;
	struct team *team;	/* NULL: one thread */
	struct histogram *parts;	/* of the team's members, for one slice */
	unsigned at;		/* the team's slice */
};

static const struct workload_figure figure = {
	.name = "first-touch", .shape = FIGURE_ROWS,
	.title = "First touch: cost of a page's first write",
	.text = "Cost of a page's first write", .value = "per page",
};

static const struct workload_figure figure_rate = {
	.name = "touch-rate", .shape = FIGURE_ROWS,
	.title = "First touch: pages a second, all threads together",
	.text = "Pages touched first in a second", .value = "pages a second",
};

static const struct workload_figure figure_next = {
	.name = "next-touch", .shape = FIGURE_ROWS,
	.title = "Next touch: cost of a write to a page that was written before",
	.text = "Cost of a page's next write", .value = "per page",
};

static const struct workload_figure figure_pages = {
	.name = "first-touch-pages", .shape = FIGURE_SHARES,
	.title = "First touch: what single pages cost",
	.text = "Share of pages whose first write took no more than so long",
	.value = "share of pages", .axis = "first write to a page", .derived = "first",
};

enum { FIRST, AGAIN, RATE };

static const struct workload_metric metrics[] = {
	[FIRST] = { "ns_per_page", "ns", KIND_TIME, BETTER_LOWER, .figure = &figure,
		    .second = &figure_pages, .help = "first write to a 4 KiB page" },
	[AGAIN] = { "ns_per_page_again", "ns", KIND_TIME, BETTER_LOWER,
		    .help = "second write to it, which causes no fault" },
	[RATE] = { "pages_per_s", "pages/s", KIND_RATE, BETTER_HIGHER, .figure = &figure_rate,
		   .help = "first writes to 4 KiB pages per second, by all threads together; "
			   "only with threads" },
	{ 0 },
};

static const struct workload_metric metrics_next[] = {
	[FIRST] = { "ns_per_page", "ns", KIND_TIME, BETTER_LOWER, .figure = &figure_next,
		    .help = "next write to a 4 KiB page that set-up wrote to" },
	[AGAIN] = { "ns_per_page_again", "ns", KIND_TIME, BETTER_LOWER,
		    .help = "the write after it, which causes no fault" },
	{ 0 },
};

#define PARAM_SIZE_OF_ALL							\
	{ "size", PARAM_SIZE, "128M", NULL,					\
	  "bytes touched in all", PAGE, 1ULL << 46 }

static const struct param params[] = {
	PARAM_SIZE_OF_ALL,
	{ "threads", PARAM_COUNT, "", NULL,
	  "threads that touch at once, each its own part of every sample (default: 1)", 1, 1024 },
	{ 0 },
};

static const struct param params_next[] = {
	PARAM_SIZE_OF_ALL,
	{ "execute", PARAM_FLAG, "false", NULL,
	  "set-up executes an instruction in each 2M of the buffer, too", 0, 0 },
	{ "again", PARAM_FLAG, "false", NULL,
	  "set-up maps the buffer's file again, so that each page is faulted in a second time", 0, 0 },
	{ 0 },
};

/* Whole pages of the source in each slice, and in each thread's part of one. */
static uint64_t touch_pages_of(const struct params *p, uint64_t page)
{
	const struct value *threads = params_find(p, "threads");
	uint64_t pages = (params_number(p, "size") + page - 1) / page;

	return threads && threads->lo ? pages / threads->lo : pages;
}

static int touch_check(const struct bench_asked *a, char *field, struct err *err)
{
	const struct value *threads = params_find(a->params, "threads");
	uint64_t need = a->samples * a->page * (threads && threads->lo ? threads->lo : 1);
	char least[SIZE_TEXT_MAX];

	if (a->samples <= touch_pages_of(a->params, a->page))
		return 0;
	return params_wrong(field, "size", err, "%u samples need at least %s: a page for each "
		"sample and thread",
			    a->samples, size_format(need, least));
}

static size_t first_touch_page_of_source(struct bench *b)
{
	const struct source *s;

	return source_find(bench_source(b), &s, NULL) ? PAGE : s->page;
}

static int first_touch_team(struct bench *b, struct touch *t, unsigned threads,
			    struct err *err)
{
	int ret = bench_team(b, threads, &t->team, err);

	if (ret)
		return ret;
	t->parts = calloc(threads, sizeof(*t->parts));
	return t->parts ? 0 : err_sys(err, ENOMEM, "first-touch");
}

static int touch_set_up(struct bench *b, unsigned threads, unsigned flags, struct err *err)
{
	struct touch *t = calloc(1, sizeof(*t));
	size_t page = first_touch_page_of_source(b), pages;
	int ret;

	if (!t)
		return err_sys(err, ENOMEM, "first-touch");
	bench_set_state(b, t);
	t->first = calloc(1, sizeof(*t->first));
	t->again = calloc(1, sizeof(*t->again));
	if (!t->first || !t->again)
		return err_sys(err, ENOMEM, "first-touch");
	pages = touch_pages_of(bench_values(b), page);
	t->slices = bench_samples(b);
	ret = threads ? first_touch_team(b, t, threads, err) : 0;
	if (ret)
		return ret;
	page *= threads ? threads : 1;
	t->slice = pages / t->slices * page;
	if (pages % t->slices)
		bench_label(b, "size: %zu of %zu pages of %zu KiB are used, so that all %u "
			    "samples are alike", pages / t->slices * t->slices, pages,
			    page >> 10, t->slices);
	t->tag = bench_seed(b) * 0x9e3779b97f4a7c15ULL;
	return bench_buffer(b, t->slice * t->slices, flags, &t->buf, err);
}

static int first_touch_setup(struct bench *b, struct err *err)
{
	unsigned threads = bench_given(b, "threads") ? bench_number(b, "threads") : 0;

	return touch_set_up(b, threads, BUFFER_UNTOUCHED, err);
}

#define RETURN 0xc3		/* one instruction */
#define EXECUTED_EVERY (2UL << 20)

/* In the second word of a page, of which the first is timed. */
static int next_touch_execute(const struct touch *t, struct err *err)
{
	size_t bytes = t->slice * t->slices;
	char *at = t->buf->addr;

	if (mprotect(at, bytes, PROT_READ | PROT_WRITE | PROT_EXEC))
		return err_sys(err, errno, "cannot make the buffer executable");
	for (size_t i = 0; i < bytes; i += EXECUTED_EVERY) {
		volatile unsigned char *code = (unsigned char *)at + i + sizeof(uint64_t);

		*code = RETURN;
		((void (*)(void))(uintptr_t)code)();
	}
	return 0;
}

/* What was written stays in the file, and the kernel knows the pages already. */
static int next_touch_map_again(struct touch *t, struct err *err)
{
	if (t->buf->fd < 0)
		return err_config(err, "parameter again: needs a buffer in a file: source fsdax "
			"or devdax");
	return source_renew(t->buf, err);
}

static int next_touch_setup(struct bench *b, struct err *err)
{
	int ret = touch_set_up(b, 0, 0, err);

	if (!ret && bench_flag(b, "execute"))
		ret = next_touch_execute(bench_state(b), err);
	return !ret && bench_flag(b, "again") ? next_touch_map_again(bench_state(b), err) : ret;
}

/*
 * One write a page, one reading of the clock a page: the end of one page's
 * time is the start of the next's. The write is the page's number, so that
 * what was timed can be proved afterwards.
 */
static uint64_t touch_pages(const struct touch *t, uint64_t index, size_t pages,
			    uint64_t bump, struct histogram *h)
{
	volatile uint64_t *at = (uint64_t *)t->buf->addr + index * WORDS;
	volatile uint64_t *end = at + pages * WORDS;
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

static uint64_t touch_slice(const struct touch *t, unsigned slice, uint64_t bump,
			    struct histogram *h)
{
	size_t pages = t->slice / PAGE;

	return touch_pages(t, slice * pages, pages, bump, h);
}

static void touch_part(void *arg, unsigned member)
{
	struct touch *t = arg;
	size_t pages = t->slice / PAGE, part = pages / team_size(t->team);

	touch_pages(t, t->at * pages + member * part, part, 0, &t->parts[member]);
}

/*
 * All threads at once: the time is the wall's, from the first start to the last
 * end, over the pages of all; each thread pays for its own readings of the clock.
 */
static void first_touch_pass_team(struct bench *b, struct touch *t, unsigned slice,
				  struct series *s, struct series *rate)
{
	size_t pages = t->slice / PAGE, part = pages / team_size(t->team);
	double ns;

	t->at = slice;
	bench_begin(b, s);
	team_run(t->team, touch_part, t);
	ns = bench_end(b, s, pages) - part * clock_facts.overhead_ns;
	ns = ns > 1 ? ns : 1;
	series_push(s, ns / pages);
	series_push(rate, pages / ns * 1e9);
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

static int touch_run(struct bench *b, const struct workload_metric *m)
{
	struct touch *t = bench_state(b);
	struct series *first = bench_series(b, &m[FIRST], NULL);
	struct series *again = bench_series(b, &m[AGAIN], NULL);
	struct series *rate = t->team ? bench_series(b, &m[RATE], NULL) : NULL;

	for (unsigned i = 0; i < t->slices; i++) {
		if (t->team)
			first_touch_pass_team(b, t, i, first, rate);
		else
			first_touch_pass(b, t, i, first);
	}
	for (unsigned i = 0; t->team && i < team_size(t->team); i++)
		histogram_merge(t->first, &t->parts[i]);
	for (unsigned i = 0; i < t->slices; i++)
		first_touch_again(b, t, i, again);
	for (unsigned i = 0; i < t->slices; i++)
		touch_slice(t, i, 2, t->again);
	bench_derive(b, "first", histogram_json(t->first));
	bench_derive(b, "again", histogram_json(t->again));
	return 0;
}

static int first_touch_run(struct bench *b, struct err *err)
{
	(void)err;
	return touch_run(b, metrics);
}

static int next_touch_run(struct bench *b, struct err *err)
{
	(void)err;
	return touch_run(b, metrics_next);
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
	team_free(t->team);
	free(t->parts);
	free(t);
}

extern const struct workload first_touch_workload, next_touch_workload;

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
		  "the control: it causes no faults, and all pages of a slice are timed at "
		  "once, since "
		  "it is cheaper than a reading of the clock; its histogram is of a third touch. With huge pages one write in 512 (or "
		  "262144) pays for all. Percentiles are from a log-bucket histogram with an "
		  "error of at most 1.6%; a fault is not timed apart from its write. With threads, "
		  "all touch at once, each its own part of every slice, and the time of a slice "
		  "is the wall's over the pages of all threads.",
	.params = params,
	.pattern = first_touch_pattern,
	.samples = 16,
	.check = touch_check,
	.setup = first_touch_setup,
	.run = first_touch_run,
	.verify_after = first_touch_verify_after,
	.teardown = first_touch_teardown,
};

const struct workload next_touch_workload = {
	.abi = WORKLOAD_ABI,
	.name = "next-touch",
	.help = "what the next write to pages costs that were written before",
	.unit = "ns per 4 KiB page",
	.metrics = metrics_next,
	.method = "The timed passes of first-touch over a buffer that set-up has written to: "
		  "every page is there in the guest, and was in the second level. What the first "
		  "timed write to a page costs is what somebody did to its second-level entry "
		  "meanwhile: `disturb: dirty-log` in a campaign, say. The second is the control. "
		  "There is no warm-up, which would be the next touch. With execute, set-up has also "
		  "executed a return instruction in each 2M: KVM splits pages that a guest executes "
		  "where nx_huge_pages is on. With again, set-up has taken the mapping of the file away and "
		  "made a new one: the first timed write to a page then pays a second fault of this kernel.",
	.params = params_next,
	.pattern = first_touch_pattern,
	.samples = 16,
	.check = touch_check,
	.setup = next_touch_setup,
	.run = next_touch_run,
	.verify_after = first_touch_verify_after,
	.teardown = first_touch_teardown,
};
