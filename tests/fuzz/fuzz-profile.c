/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a profile: read, judged and shown in every form, or refused. Regions go
 * to both arms in turn, so that one file has differences.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "file.h"
#include "target.h"
#include "why/difference.h"

#define BLOCKS 2

static char fuzz_folder[] = "/tmp/kduel-fuzz-XXXXXX", fuzz_file[64];
static FILE *nowhere;

static void fuzz_end(void)
{
	file_remove_tree(fuzz_folder, NULL);
}

void fuzz_begin(void)
{
	nowhere = fopen("/dev/null", "w");
	if (!nowhere || scratch_make(fuzz_folder, NULL) < 0)
		abort();
	atexit(fuzz_end);
	snprintf(fuzz_file, sizeof(fuzz_file), "%s/f", fuzz_folder);
}

/* What has been read adds up, in numbers that do not wrap. */
static void check(const struct profile *p)
{
	for (size_t i = 0; i < p->n_regions; i++) {
		const struct profile_region *r = &p->regions[i];
		double sum = 0, stacked = 0;

		for (size_t k = 0; k < r->n; k++)
			if (r->segments[k].what == PROFILE_RUN)
				sum += (double)r->segments[k].insns * r->segments[k].times;
		for (size_t k = 0; k < r->n_functions; k++)
			sum += r->functions[k].samples;
		for (size_t k = 0; k < r->n_stacks; k++)
			stacked += r->stacks[k].insns;
		if (sum > 1.0001 * r->total + 1 || r->rest[0] + (double)r->rest[1] > 1.0001 * stacked + 1)
			abort();
	}
}

static void show(struct why *w)
{
	static const struct why_words words = { .arm = { "a", "b" }, .thing = "page", .most = 3 };
	const struct calls_words drawn = { .arm = { "a", "b" }, .what = "x", .thing = "page",
					   .unit = why_unit(w) };

	why_print(w, nowhere, &words);
	calls_write_svg(&w->calls, &drawn, nowhere);
	calls_write_folded(&w->calls, "x", nowhere);
	for (int arm = 0; arm < CALLS_ARMS; arm++)
		calls_write_callgrind(&w->calls, arm, &drawn, nowhere);
	if (calls_write_pprof(&w->calls, &drawn, nowhere))
		abort();
}

static void judge(const struct profile *p, enum profile_what what)
{
	static const struct why_symbols none = { .mut = NULL };
	struct why w;
	int ret = why_init(&w, BLOCKS, NULL);

	if (ret)
		abort();
	w.what = what;
	w.n_hot = 2;
	for (size_t i = 0; i < p->n_regions && !ret; i++)
		ret = why_add(&w, i % WHY_ARMS, i / 2 % BLOCKS, &none, &p->regions[i], NULL);
	if (!ret && !why_judge(&w, NULL)) {
		why_find_hottest(&w, &(struct why_debug){ .guest = NULL });
		show(&w);
	}
	why_release(&w);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	FILE *to = fopen(fuzz_file, "w");
	struct profile p;

	if (!to || (size && fwrite(data, size, 1, to) != 1) || fclose(to))
		abort();
	if (profile_read(&p, fuzz_file, NULL))
		return;
	check(&p);
	for (int what = PROFILE_RUN; what <= PROFILE_STORES; what++)
		judge(&p, what);
	profile_release(&p);
}
