/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which functions make a difference: planted ones must be found, to the instruction. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "file.h"
#include "kallsyms-blob.h"
#include "why/difference.h"
#include "why/profile.h"
#include "why/symbols.h"

static const char folder[] = "/tmp";

static int read_text(struct profile *p, const char *text, struct err *err)
{
	char path[64];
	int ret;

	snprintf(path, sizeof(path), "%s/kduel-test-why-%d", folder, (int)getpid());
	assert_int_equal(file_publish(path, text, strlen(text), NULL), 0);
	ret = profile_read(p, path, err);
	unlink(path);
	return ret;
}

/* --- what the plugin wrote ------------------------------------------------------------ */

static const char good[] =
	"kduel-why 3 vcpus 1\nstart\nstarted\ncounting\n"
	"phase firmware 0 0\nm fffffff0 1 1 aa\nend 1\n"
	"here 555555557010\n"
	"region 20003 1 7\n"
	"m ffffffff81000010 4 1000 1 5312\n"
	"g ffffffff81000010 2 50 1\n"
	"g 555555556000 3 10 deadbeef\n"
	"end 4130\nclock 4126\nthings 10\n"
	"region 20004 2 0\nx 3 2\nx 1 7\nend 34\n"
	"region 20005 3 0\nm ffffffff81000010 4 1";

static void reads_what_the_plugin_wrote(void **state)
{
	struct err err = ERR_INIT;
	struct profile p;

	(void)state;
	assert_int_equal(read_text(&p, good, &err), 0);
	/* The last region has no end: QEMU was ended first. */
	assert_int_equal(p.n_regions, 3);
	assert_string_equal(p.regions[0].phase, "firmware");
	assert_null(p.regions[1].phase);
	assert_true(!p.regions[0].here && p.regions[1].here == 0x555555557010);
	assert_int_equal(p.regions[1].segments[0].sizes, 0x5312);
	assert_int_equal(p.regions[1].segments[1].sizes, 0);	/* by an older plugin */
	assert_int_equal(p.regions[1].series, 2);
	assert_int_equal(p.regions[1].sample, 3);
	assert_int_equal(p.regions[1].entries, 7);
	assert_int_equal(p.regions[1].things, 10);
	assert_int_equal(p.regions[1].total, 4130);
	assert_int_equal(p.regions[1].clock, 4126);
	assert_int_equal(p.regions[1].n, 3);
	assert_true(p.regions[1].segments[2].guest);
	assert_int_equal(p.regions[1].segments[2].vaddr, 0x555555556000);
	/* By the numbers of their lines, of which the phase had the first. */
	assert_int_equal(p.regions[2].n, 2);
	assert_int_equal(p.regions[2].total, 34);
	assert_true(p.regions[2].segments[0].guest);
	assert_int_equal(p.regions[2].segments[0].vaddr, 0x555555556000);
	assert_int_equal(p.regions[2].segments[0].times, 2);
	assert_int_equal(p.regions[2].segments[1].sizes, 0x5312);
	profile_release(&p);
}

static void reads_call_stacks(void **state)
{
	static const char text[] =
		"kduel-why 5 vcpus 1\nnode 3 1 m ffffffff81000010\nnode 4 3 m ffffffff81000100\n"
		"node 5 2 g ffffffff81000020\nregion 0 0 0\nm ffffffff81000010 5 2 1\n"
		"g ffffffff81000020 1 3 1\ng 555555556000 9 1 1\ns 3 4\ns 4 13\ns 5 3\n"
		"rest m 7\nend 22\n";
	struct err err = ERR_INIT;
	struct profile p;

	(void)state;
	if (read_text(&p, text, &err))
		fail_msg("%s", err.text);
	assert_int_equal(p.n_nodes, 3);
	assert_int_equal(p.nodes[0].parent, PROFILE_ROOT);
	assert_int_equal(p.nodes[1].parent, 0);
	assert_true(p.nodes[2].guest);
	assert_int_equal(p.regions[0].n_stacks, 3);
	assert_int_equal(p.regions[0].stacks[1].node, 1);
	assert_int_equal(p.regions[0].stacks[1].insns, 13);
	assert_int_equal(p.regions[0].rest[0], 7);
	assert_int_equal(p.regions[0].rest[1], 0);
	profile_release(&p);
}

/* Loads and stores are compared like instructions, and only where they were counted. */
static void tells_loads_from_stores(void **state)
{
	static const char text[] =
		"kduel-why 3 vcpus 1\nregion 0 0 0\nm ffffffff81000010 5 2 1\n"
		"l m ffffffff81000010 6\nw m ffffffff81000010 1\nw m ffffffff81000014 2\nmemory g 72 2\n"
		"end 10\nthings 1\nregion 1 1 0\nm ffffffff81000010 5 2 1\nend 10\nthings 1\n";
	static const double wanted[] = { 10, 6, 3 };
	struct symbols none = SYMBOLS_INIT;
	struct why_symbols s = { .mut = &none, .guest = &none };
	struct err err = ERR_INIT;
	struct profile p;

	(void)state;
	if (read_text(&p, text, &err))
		fail_msg("%s", err.text);
	assert_true(p.regions[0].memory);
	assert_false(p.regions[1].memory);
	assert_int_equal(p.regions[0].bytes[1], 72);
	assert_int_equal(p.regions[0].pages[1], 2);
	for (int what = PROFILE_RUN; what <= PROFILE_STORES; what++) {
		struct why w;

		assert_int_equal(why_init(&w, 1, NULL), 0);
		w.what = what;
		assert_int_equal(why_add(&w, WHY_BASE, 0, &s, &p.regions[0], NULL), 0);
		assert_int_equal(why_add(&w, WHY_OTHER, 0, &s, &p.regions[0], NULL), 0);
		assert_int_equal(why_judge(&w, NULL), 0);
		assert_true(w.whole.mean[WHY_OTHER] == wanted[what]);
		err = (struct err)ERR_INIT;
		assert_int_equal(why_add(&w, WHY_BASE, 0, &s, &p.regions[1], &err),
				 what ? -EINVAL : 0);
		why_release(&w);
	}
	assert_non_null(strstr(err.text, "stores were not counted"));
	profile_release(&p);
}

static void refuses_damage(void **state)
{
	static const char *const bad[][2] = {
		{ "", "line 0: this is nothing" },
		{ "hello\n", "line 1: this is nothing" },
		{ "kduel-why 1 vcpus 1\n", "version 1 of the plugin" },
		{ "kduel-why 3 vcpus 1\nm 1 2 3 4\n", "line 2: a segment outside" },
		{ "kduel-why 3 vcpus 1\nregion 0 0 0\nm 1 2 3 4\nend 7\n", "line 4: the region's lines do not add up" },
		{ "kduel-why 3 vcpus 1\nregion 0 0 0\nm 1 2 -3 4\n", "line 3: malformed segment" },
		{ "kduel-why 3 vcpus 1\nregion 0 0 0\nm 1 2 3\n", "line 3: malformed segment" },
		{ "kduel-why 3 vcpus 1\nregion 0 0 0\nm 1 17 3 4 5\n", "line 3: malformed segment" },
		{ "kduel-why 3 vcpus 1\nregion 0 1 0\n", "line 2: regions are missing" },
		{ "kduel-why 3 vcpus 1\nregion 0 0 0\nregion 0 0 0\n", "begins within" },
		{ "kduel-why 3 vcpus 1\nend 0\n", "line 2: an end without a region" },
		{ "kduel-why 3 vcpus 1\nthings 5\n", "line 2: no region did" },
		{ "kduel-why 3 vcpus 1\nclock 5\n", "line 2: no region took" },
		{ "kduel-why 3 vcpus 1\nnode 4 1 m 5\n", "line 2: a node is out of" },
		{ "kduel-why 3 vcpus 1\nnode 3 3 m 5\n", "line 2: a node is out of" },
		{ "kduel-why 3 vcpus 1\nnode 3 2 m 5\n", "line 2: a node is out of" },
		{ "kduel-why 3 vcpus 1\nnode 3 1 x 5\n", "line 2: malformed node" },
		{ "kduel-why 3 vcpus 1\nregion 0 0 0\ns 3 1\n", "line 3: malformed stack" },
		{ "kduel-why 3 vcpus 1\nnode 3 1 m 5\nregion 0 0 0\nm ffffffff81000010 5 2 1\n"
		  "s 3 9\nend 10\n", "line 6: the region's call stacks do not add up" },
		{ "kduel-why 5 vcpus 1\nnode 3 1 m 5\nregion 0 0 0\nm ffffffff81000010 5 2 1\n"
		  "s 3 12\nrest m 1\nend 10\n", "line 7: the region's call stacks do not add up" },
		/* 18446744073709551611 is -5: 12 - (-5) would be 17. */
		{ "kduel-why 5 vcpus 1\nnode 3 1 m 5\nregion 0 0 0\nm ffffffff81000010 17 1 1\n"
		  "s 3 12\nrest m 18446744073709551611\nend 17\n", "line 7: the region's call stacks do not add up" },
		{ "kduel-why 5 vcpus 1\nregion 0 0 0\nm ffffffff81000010 17 1 1\nrest g 5\nend 17\n",
		  "line 5: the region's call stacks do not add up" },
		{ "kduel-why 5 vcpus 1\nnode 3 1 m 5\nregion 0 0 0\nm ffffffff81000010 10 1 1\n"
		  "s 3 12\nrest m 2\nrest m 2\nend 10\n", "line 8: the region's call stacks do not add up" },
		{ "kduel-why 5 vcpus 1\nregion 0 0 0\nrest m 9\nrest m 18446744073709551615\n",
		  "line 4: more than can be counted" },
		{ "kduel-why 5 vcpus 1\nregion 0 0 0\nm 1 4 4611686018427387905 1\nend 4\n",
		  "line 3: more than can be counted" },
		{ "kduel-why 5 vcpus 1\nregion 0 0 0\nm 1 1 18446744073709551615 1\nm 1 1 5 1\nend 4\n",
		  "line 4: more than can be counted" },
		{ "kduel-why 5 vcpus 1\nnode 3 1 m 5\nregion 0 0 0\ns 3 18446744073709551615\ns 3 1\nend 0\n",
		  "line 5: more than can be counted" },
		{ "kduel-why 5 vcpus 0\nsampled cycles 99\nregion 0 0 0\nf m k 18446744073709551615 a\nf m k 8 b\nend 7\n",
		  "line 5: more than can be counted" },
		{ "kduel-why 5 vcpus 1\nrest m 1\n", "line 2: malformed rest" },
		{ "kduel-why 5 vcpus 1\nregion 0 0 0\nrest x 1\n", "line 3: malformed rest" },
		{ "kduel-why 5 vcpus 1\nregion 0 0 0\nrest m -1\n", "line 3: malformed rest" },
		{ "kduel-why 3 vcpus 1\nl m 1 2\n", "line 2: malformed memory accesses" },
		{ "kduel-why 3 vcpus 1\nregion 0 0 0\nw x 1 2\n", "line 3: malformed memory accesses" },
		{ "kduel-why 3 vcpus 1\nregion 0 0 0\nmemory m 1\n", "line 3: malformed memory: must be m|g" },
		{ "kduel-why 4 vcpus 1\nregion 0 0 0\nm 1 2 3 4\nx 1 2\n", "line 4: malformed repetition" },
		{ "kduel-why 4 vcpus 1\nregion 0 0 0\nm 1 2 3 4\nend 6\nx 0 2\n", "line 5: malformed repetition" },
		{ "kduel-why 4 vcpus 1\nregion 0 0 0\nm 1 2 3 4\nx 0\n", "line 4: malformed repetition" },
		{ "kduel-why 6 vcpus 1\n", "version 6 of the plugin" },
		{ "kduel-why 4 vcpus 1\nrun 1 \x1b[2J\n", "line 2: malformed run" },
		{ "kduel-why 4 vcpus 1\nphase a\x1b 0 0\n", "line 2: malformed region" },
		{ "kduel-why 4 vcpus 0\nsampled \x1b 99\n", "line 2: malformed event" },
		{ "kduel-why 4 vcpus 0\nsampled cycles 99\nregion 0 0 0\nf m k 5 a\x1b[0m\n",
		  "line 4: malformed function" },
		{ "kduel-why 3 vcpus 1\nregion\n", "unknown kind" },
		{ "kduel-why 3 vcpus 1\nregion 0 0 0\nm 1 2 99999999999999999999 4\n", "line 3" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct err err = ERR_INIT;
		struct profile p;

		assert_int_equal(read_text(&p, bad[i][0], &err), -EINVAL);
		if (!strstr(err.text, bad[i][1]))
			fail_msg("'%s' is not in: %s", bad[i][1], err.text);
	}
}

/* What a byte of 0 hides would be left out without a word. */
static void refuses_what_is_no_text(void **state)
{
	static const char text[] = "kduel-why 5 vcpus 1\nregion 0 0 0\nend 0\n\0region 0 1 0\nend 0\n";
	struct err err = ERR_INIT;
	char path[64];
	struct profile p;

	(void)state;
	snprintf(path, sizeof(path), "%s/kduel-test-why-%d", folder, (int)getpid());
	assert_int_equal(file_publish(path, text, sizeof(text) - 1, NULL), 0);
	assert_int_equal(profile_read(&p, path, &err), -EINVAL);
	assert_non_null(strstr(err.text, "a byte of 0"));
	unlink(path);
}

/* --- planted differences --------------------------------------------------------------- */

static struct symbols kernel(const char *const *names)
{
	struct symbols s = SYMBOLS_INIT;

	for (int i = 0; names[i]; i++)
		assert_int_equal(symbols_add(&s, BASE + 0x100 * i, names[i], strlen(names[i])), 0);
	symbols_sort(&s);
	s.end = BASE + 0x10000;
	return s;
}

/* A region of `pages` pages that executes counts[i] instructions in function i. */
static void plant(struct why *w, enum why_arm arm, unsigned block, const struct symbols *s,
		  const uint64_t *counts, uint64_t pages)
{
	struct profile_segment g[16] = { 0 };
	struct profile_region r = { .things = pages, .segments = g };
	struct why_symbols names = { .mut = s, .guest = NULL };
	struct err err = ERR_INIT;

	for (size_t i = 0; i < s->n; i++) {
		g[r.n++] = (struct profile_segment){ .vaddr = s->v[i].addr + 8, .insns = 1, .sizes = 1,
						     .times = counts[i] };
		r.total += counts[i];
	}
	r.clock = r.total - (block == 1 ? 9 : 4);
	assert_int_equal(why_add(w, arm, block, &names, &r, &err), 0);
}

static char *printed(struct why *w)
{
	struct why_words words = { { "old", "new" }, "page", 20 };
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	why_print(w, f, &words);
	fclose(f);
	return text;
}

static void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in:\n%s", part, text);
}

static void finds_a_loop_that_was_added(void **state)
{
	static const char *const names[] = { "fault", "walk", "entry", NULL };
	struct symbols s = kernel(names);
	struct err err = ERR_INIT;
	struct why w;
	char *text;

	(void)state;
	assert_int_equal(why_init(&w, 3, &err), 0);
	for (unsigned b = 0; b < 3; b++) {
		/* A tick hits some blocks; the loop is the same in each. */
		plant(&w, WHY_BASE, b, &s, (uint64_t[]){ 1000, 5000, 77 + 3 * b }, 10);
		plant(&w, WHY_OTHER, b, &s, (uint64_t[]){ 1000, 5390, 80 }, 10);
	}
	assert_int_equal(why_judge(&w, &err), 0);
	assert_string_equal(w.v[0].name, "walk");
	assert_true(w.v[0].diff == 39 && w.v[0].lo == 39 && w.v[0].hi == 39);
	assert_string_equal(w.v[1].name, "entry");
	assert_true(fabs(w.v[1].diff) < 1e-9 && w.v[1].lo < 0 && w.v[1].hi > 0);
	assert_true(fabs(w.whole.diff - 39) < 1e-9 && w.whole.lo < 39);
	text = printed(&w);
	has(text, "new executes 39 more instructions per page than old (647 against 608); "
		  "100% of the difference is in walk of the machine's kernel.");
	has(text, "exact");
	free(text);
	symbols_release(&s);
	why_release(&w);
}

/* The table sums up to the whole, whatever is shown. */
static void sums_up(void **state)
{
	static const char *const names[] = { "a", "b", "c", "d", NULL };
	struct symbols s = kernel(names);
	struct err err = ERR_INIT;
	double mean = 0, diff = 0, share = 0;
	struct why w;
	char *text;

	(void)state;
	assert_int_equal(why_init(&w, 2, &err), 0);
	for (unsigned b = 0; b < 2; b++) {
		plant(&w, WHY_BASE, b, &s, (uint64_t[]){ 10, 20, 30, 40 }, 5);
		plant(&w, WHY_OTHER, b, &s, (uint64_t[]){ 15, 10, 30, 90 + b }, 5);
	}
	assert_int_equal(why_judge(&w, &err), 0);
	for (size_t i = 0; i < w.n; i++) {
		mean += w.v[i].mean[WHY_OTHER];
		diff += w.v[i].diff;
		share += w.v[i].share;
	}
	assert_true(fabs(mean - w.whole.mean[WHY_OTHER]) < 1e-9);
	assert_true(fabs(diff - w.whole.diff) < 1e-9);
	assert_true(fabs(share - 1) < 1e-9);
	/* The fixture's clock is 4 behind each region, and 9 in the last block. */
	assert_int_equal(w.n_clocked, 4);
	assert_int_equal(w.above_least, 4);
	assert_int_equal(w.above_most, 9);
	text = printed(&w);
	has(text, "Each of 4 regions sums up to its count by the instruction clock and 4 to 9\n"
		  "  more: readings of the clock at its markers.\n");
	free(text);
	symbols_release(&s);
	why_release(&w);
}

/*
 * A block that did a hundred times as much, and one whose other boot failed: call stacks and
 * lines are the table's mean over blocks all the same.
 */
static void weighs_blocks_the_same(void **state)
{
	static const char *const names[] = { "walk", "rest", NULL };
	struct symbols s = kernel(names);
	struct why_debug debug = { .symbols = { { .mut = &s }, { .mut = &s } } };
	struct err err = ERR_INIT;
	struct why w;
	char *text;

	(void)state;
	assert_int_equal(why_init(&w, 3, &err), 0);
	w.n_hot = 1;
	plant(&w, WHY_BASE, 0, &s, (uint64_t[]){ 100, 50 }, 10);
	plant(&w, WHY_OTHER, 0, &s, (uint64_t[]){ 300, 50 }, 10);
	plant(&w, WHY_BASE, 1, &s, (uint64_t[]){ 30000, 5000 }, 1000);
	plant(&w, WHY_OTHER, 1, &s, (uint64_t[]){ 50, 5 }, 1);
	plant(&w, WHY_BASE, 2, &s, (uint64_t[]){ 77777, 7 }, 3);
	assert_int_equal(why_judge(&w, &err), 0);
	why_find_hottest(&w, &debug);
	assert_true(w.v[0].mean[WHY_BASE] == 20 && w.v[0].mean[WHY_OTHER] == 40);
	for (int a = 0; a < WHY_ARMS; a++)
		assert_true(fabs(w.calls.v[0].all[a] / w.calls.things[a] - w.whole.mean[a]) < 1e-9);
	text = printed(&w);
	has(text, "            20            40            20   100.0%  +0x8\n");
	free(text);
	why_release(&w);
	symbols_release(&s);
}

/* What is equal in both arms is in the order of its size; long names of arms stand whole. */
static void lists_what_is_equal_by_size(void **state)
{
	static const char *const names[] = { "a", "b", "c", "d", NULL };
	struct why_words words = { { "6.12-nodaxhuge", "6.12-with-folios" }, "page", 3 };
	struct symbols s = kernel(names);
	struct err err = ERR_INIT;
	struct why w;
	char *text;
	size_t size;
	FILE *f;

	(void)state;
	assert_int_equal(why_init(&w, 2, &err), 0);
	for (unsigned b = 0; b < 2; b++)
		for (int arm = 0; arm < WHY_ARMS; arm++)
			plant(&w, arm, b, &s, (uint64_t[]){ 20, 10, 40, 30 + arm }, 1);
	assert_int_equal(why_judge(&w, &err), 0);
	f = open_memstream(&text, &size);
	why_print(&w, f, &words);
	fclose(f);
	has(text, "\n    6.12-nodaxhuge  6.12-with-folios    difference  95% interval ");
	has(text, "\n                40                40             0  exact ");
	has(text, "  1 other function\n");
	assert_string_equal(w.v[0].name, "d");
	assert_string_equal(w.v[1].name, "c");
	assert_string_equal(w.v[2].name, "a");
	assert_string_equal(w.v[3].name, "b");
	free(text);
	why_release(&w);
	symbols_release(&s);
}

/* Three instructions in a million accesses: neither an exponent nor zeros alone. */
static void writes_small_numbers_to_be_read(void **state)
{
	static const char *const names[] = { "tick", "walk", "rare", NULL };
	struct symbols s = kernel(names);
	struct why_words words = { { "old", "new" }, "access", 20 };
	struct err err = ERR_INIT;
	struct why_scale scale;
	struct why w;
	char *text;
	size_t size;
	FILE *f;

	(void)state;
	assert_int_equal(why_init(&w, 2, &err), 0);
	for (unsigned b = 0; b < 2; b++) {
		plant(&w, WHY_BASE, b, &s, (uint64_t[]){ 120000, 2048, 0 }, 4000000);
		plant(&w, WHY_OTHER, b, &s, (uint64_t[]){ 120000, 3248, b }, 4000000);
	}
	assert_int_equal(why_judge(&w, &err), 0);
	scale = why_scale_of(&w, "access");
	assert_string_equal(scale.of, "thousand accesses");
	assert_true(scale.times == 1000 && scale.decimals == 3);
	f = open_memstream(&text, &size);
	why_print(&w, f, &words);
	fclose(f);
	has(text, "new executes 0.300125 more instructions per thousand accesses than old (30.8121 against 30.512); "
		  "100% of the difference is in walk of the machine's kernel.");
	has(text, "         0.512         0.812         0.300  exact ");
	has(text, "            30            30             0  exact ");
	has(text, "             0       < 0.001       < 0.001  [-0.001");
	has(text, "  In all regions of these boots\n       8000000       8000000  accesses\n");
	assert_null(strstr(text, "e-0"));
	free(text);
	symbols_release(&s);
	why_release(&w);
}

/* What lies below 4G is firmware until a machine's programs have begun. */
static void knows_programs_at_fixed_addresses(void **state)
{
	static const struct {
		const char *phase;
		bool guest;
		enum why_side side;
	} table[] = {
		{ "firmware", false, WHY_MUT_FIRMWARE },
		{ "kernel", false, WHY_MUT_FIRMWARE },
		{ "programs", false, WHY_MUT_PROGRAMS },
		{ "guest-kernel", false, WHY_MUT_PROGRAMS },
		{ "guest-kernel", true, WHY_GUEST_FIRMWARE },
		{ "guest-programs", true, WHY_GUEST_PROGRAMS },
		{ NULL, false, WHY_MUT_PROGRAMS },
		{ NULL, true, WHY_GUEST_PROGRAMS },
	};
	struct why_symbols none = { .mut = NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct profile_segment run = { .vaddr = 0x401000, .insns = 5, .times = 2,
					       .guest = table[i].guest };
		struct profile_region r = { .phase = table[i].phase, .segments = &run, .n = 1 };
		struct err err = ERR_INIT;
		struct why w;

		assert_int_equal(why_init(&w, 1, &err), 0);
		assert_int_equal(why_add(&w, WHY_BASE, 0, &none, &r, &err), 0);
		assert_int_equal(w.v[0].side, table[i].side);
		why_release(&w);
	}
}

/* A guest was left three times of five for a fault, once for a port and once for nobody knows what. */
static void tells_what_a_guest_was_left_for(void **state)
{
	static const char *const names[] = { "npf_interception", "io_interception.constprop.0",
					     "kvm_tdp_mmu_map", "cr_interception.cold", NULL };
	struct symbols s = kernel(names);
	struct profile_segment run[] = {
		{ .vaddr = BASE, .insns = 5, .times = 2, .hash = 1 },
		{ .vaddr = BASE, .insns = 2, .times = 1, .hash = 2 },	/* in another block */
		{ .vaddr = BASE + 2, .insns = 5, .times = 400 },	/* not its entry */
		{ .vaddr = BASE, .insns = 1, .times = 9, .guest = true },	/* not this kernel's */
		{ .vaddr = BASE + 0x100, .insns = 1, .times = 1 },
		{ .vaddr = BASE + 0x200, .insns = 1, .times = 2 },
		{ .vaddr = BASE + 0x300, .insns = 1, .times = 7 },	/* a part of it, elsewhere */
	};
	struct exits_places places;
	struct why_symbols both = { .mut = &s, .guest = &s, .exits = &places };
	struct profile_region r = { .things = 2, .entries = 5, .segments = run, .n = 7 };
	struct err err = ERR_INIT;
	struct why w;
	char *text;

	(void)state;
	assert_int_equal(why_init(&w, 1, &err), 0);
	exits_find(&places, &s);
	assert_int_equal(why_add(&w, WHY_BASE, 0, &both, &r, &err), 0);
	/* The other arm's compiler left no function for ports. */
	symbols_release(&s);
	s = kernel((const char *const[]){ "npf_interception", "svm_exit", "kvm_tdp_mmu_map", NULL });
	exits_find(&places, &s);
	assert_int_equal(why_add(&w, WHY_OTHER, 0, &both, &r, &err), 0);
	assert_int_equal(why_judge(&w, &err), 0);
	text = printed(&w);
	has(text, "             5             5  entries into the guest\n");
	has(text, "             3             3  exits: second-level fault\n");
	has(text, "             1     not known  exits: port\n");
	has(text, "             2             2  second-level faults mapped\n");
	has(text, "             1             2  exits: of other causes\n");
	assert_null(strstr(text, "control register"));
	free(text);
	symbols_release(&s);
	why_release(&w);
}

static void joins_a_function_that_was_split(void **state)
{
	static const char *const before[] = { "do_it", "rest", NULL };
	static const char *const after[] = { "do_it_fast", "do_it_slow", "rest", NULL };
	struct symbols old = kernel(before), new = kernel(after);
	struct err err = ERR_INIT;

	(void)state;
	for (int mapped = 0; mapped < 2; mapped++) {
		struct why w;
		char *text;

		assert_int_equal(why_init(&w, 2, &err), 0);
		if (mapped)
			assert_int_equal(why_map(&w, "do_it=do_it_slow", &err), 0);
		for (unsigned b = 0; b < 2; b++) {
			plant(&w, WHY_BASE, b, &old, (uint64_t[]){ 900, 100 }, 1);
			plant(&w, WHY_OTHER, b, &new, (uint64_t[]){ 300, 620, 100 }, 1);
		}
		assert_int_equal(why_judge(&w, &err), 0);
		assert_true(w.whole.diff == 20);
		text = printed(&w);
		if (mapped) {
			has(text, "do_it_slow\n");	/* both arms have it now */
			assert_int_equal(w.n, 3);
			assert_true(w.v[1].diff == -280);
		} else {
			has(text, "do_it  (only old)");
			has(text, "do_it_fast  (only new)");
			assert_string_equal(w.v[0].name, "do_it");
			assert_true(w.v[0].diff == -900);
		}
		free(text);
		why_release(&w);
	}
	symbols_release(&old);
	symbols_release(&new);
}

/* 148.963 and 148.983 a page: 148.973 and 12.7062 / sqrt(2) standard deviations. */
static void writes_both_ends_to_five_digits(void **state)
{
	static const char *const names[] = { "f", NULL };
	struct symbols s = kernel(names);
	struct err err = ERR_INIT;
	struct why w;
	char *text;

	(void)state;
	assert_int_equal(why_init(&w, 2, &err), 0);
	for (unsigned block = 0; block < 2; block++) {
		plant(&w, WHY_BASE, block, &s, (uint64_t[]){ 1000 }, 1000);
		plant(&w, WHY_OTHER, block, &s, (uint64_t[]){ block ? 149983 : 149963 }, 1000);
	}
	assert_int_equal(why_judge(&w, &err), 0);
	text = printed(&w);
	has(text, "[+148.85, +149.10]");
	free(text);
	symbols_release(&s);
	why_release(&w);
}

/* Functions that differ by more than the whole does, which may be chance, have no share of it. */
static void gives_no_share_of_chance(void **state)
{
	static const char *const names[] = { "walk", "tick", NULL };
	struct symbols s = kernel(names);
	struct err err = ERR_INIT;
	struct why w;
	char *text;

	(void)state;
	assert_int_equal(why_init(&w, 3, &err), 0);
	for (unsigned b = 0; b < 3; b++) {
		plant(&w, WHY_BASE, b, &s, (uint64_t[]){ 5000, 2000 }, 10);
		plant(&w, WHY_OTHER, b, &s, (uint64_t[]){ 5600, 1310 + 100 * b }, 10);
	}
	assert_int_equal(why_judge(&w, &err), 0);
	assert_int_equal(w.doubt, WHY_HOLDS_0);
	assert_true(w.v[0].diff == 60 && w.v[0].lo == 60 && isnan(w.v[0].share));
	text = printed(&w);
	has(text, "new executes 1 more instructions per page than old (701 against 700), which may be chance: "
		  "the 95% interval [-23.841, +25.841] holds 0. So no function has a share of it.\n");
	has(text, "            60  exact                             -  machine's kernel    walk\n");
	has(text, "             1  [-23.841, +25.841]                -                      all\n");
	assert_null(strstr(text, "00.0%"));
	free(text);
	why_release(&w);
	symbols_release(&s);
}

/* One block has no interval: what differs by less than boots of one kernel do may be chance. */
static void one_block_leaves_a_tiny_difference_open(void **state)
{
	static const char *const names[] = { "walk", NULL };
	static const struct {
		unsigned other;
		enum why_doubt doubt;
	} table[] = { { 10000, WHY_EQUAL }, { 10049, WHY_TINY }, { 9951, WHY_TINY }, { 10060, WHY_SURE } };
	struct symbols s = kernel(names);

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct err err = ERR_INIT;
		struct why w;
		char *text;

		assert_int_equal(why_init(&w, 1, &err), 0);
		plant(&w, WHY_BASE, 0, &s, (uint64_t[]){ 10000 }, 10);
		plant(&w, WHY_OTHER, 0, &s, (uint64_t[]){ table[i].other }, 10);
		assert_int_equal(why_judge(&w, &err), 0);
		assert_int_equal(w.doubt, table[i].doubt);
		assert_true(isnan(w.v[0].share) == (table[i].doubt != WHY_SURE));
		text = printed(&w);
		if (table[i].doubt == WHY_TINY)
			has(text, ", which may be chance: it is less than 0.5% of the whole, and one block "
				  "does not tell how far boots are apart. So no function has a share of it.");
		free(text);
		why_release(&w);
	}
	symbols_release(&s);
}

/* 1,000 samples against 1,080: 80 is less than 1.96 * sqrt(2080) = 89.4. */
static void one_block_of_samples_is_as_sure_as_they_are_many(void **state)
{
	(void)state;
	for (unsigned more = 80; more <= 100; more += 20) {
		struct profile_function f = { .name = "walk", .kernel = true, .samples = 1000 };
		struct profile_region r = { .things = 10, .event = "cycles", .functions = &f,
					    .n_functions = 1 };
		struct why_symbols none = { .mut = NULL };
		struct err err = ERR_INIT;
		struct why w;

		assert_int_equal(why_init(&w, 1, &err), 0);
		assert_int_equal(why_add(&w, WHY_BASE, 0, &none, &r, &err), 0);
		f.samples += more;
		assert_int_equal(why_add(&w, WHY_OTHER, 0, &none, &r, &err), 0);
		assert_int_equal(why_judge(&w, &err), 0);
		assert_int_equal(w.doubt, more == 80 ? WHY_FEW_SAMPLES : WHY_SURE);
		why_release(&w);
	}
}

static void says_where_nothing_can_be_said(void **state)
{
	static const char *const names[] = { "f", NULL };
	struct symbols s = kernel(names);
	struct err err = ERR_INIT;
	struct why w;
	char *text;

	(void)state;
	assert_int_equal(why_init(&w, 2, &err), 0);
	assert_int_equal(why_map(&w, "f", &err), -EINVAL);
	err = (struct err)ERR_INIT;
	assert_int_equal(why_map(&w, "=f", &err), -EINVAL);
	err = (struct err)ERR_INIT;
	/* Things in one arm only, and in different blocks. */
	plant(&w, WHY_BASE, 0, &s, (uint64_t[]){ 100 }, 10);
	plant(&w, WHY_OTHER, 0, &s, (uint64_t[]){ 100 }, 0);
	plant(&w, WHY_OTHER, 1, &s, (uint64_t[]){ 100 }, 10);
	assert_int_equal(why_judge(&w, &err), -EINVAL);
	has(err.text, "in no block do both arms have");
	/* One block is no interval; no difference is no share. */
	plant(&w, WHY_BASE, 1, &s, (uint64_t[]){ 100 }, 10);
	assert_int_equal(why_judge(&w, &err), 0);
	text = printed(&w);
	has(text, "the same number of instructions per page: 10.");
	has(text, "one block");
	free(text);
	symbols_release(&s);
	why_release(&w);
}

/* --- a kernel's symbols ------------------------------------------------------------------ */

static void reads_both_layouts_of_kallsyms(void **state)
{
	(void)state;
	for (int new = 0; new < 2; new++) {
		struct symbols s = SYMBOLS_INIT;
		struct err err = ERR_INIT;
		static struct blob k;

		k = (struct blob){ .n = 0 };
		for (int i = 0; i < 999; i++)
			put_u64(&k, i * 0x123456789ULL);
		if (!new)
			put_offsets(&k, true);
		put_names(&k);
		put_tokens(&k);
		if (new)
			put_offsets(&k, false);
		put_u64(&k, ~0ULL);
		assert_int_equal(symbols_of_kernel(&s, k.b, k.n, &err), 0);
		/* The old layout's first three are per-CPU data: no functions. */
		assert_int_equal(s.n, new ? SYMS : SYMS - 3);
		assert_string_equal(symbols_find(&s, BASE + 16 * 700 + 5)->name, "f700");
		assert_string_equal(symbols_find(&s, BASE + 16 * 1499)->name, "f1499");
		assert_null(symbols_find(&s, BASE - 1));
		symbols_release(&s);
		/* Cut anywhere it is no table, and nothing beyond its end is read. */
		for (size_t cut = 8000; cut + 600 < k.n; cut += 777) {
			uint8_t *copy = malloc(cut);

			memcpy(copy, k.b, cut);
			err = (struct err)ERR_INIT;
			assert_int_equal(symbols_of_kernel(&s, copy, cut, &err), -EINVAL);
			has(err.text, "CONFIG_KALLSYMS");
			symbols_release(&s);
			free(copy);
		}
	}
}

static void one_name_an_address(void **state)
{
	struct symbols s = SYMBOLS_INIT;
	struct err err = ERR_INIT;

	(void)state;
	symbols_add(&s, 30, "c", 1);
	symbols_add(&s, 10, "first", 5);
	symbols_add(&s, 10, "alias", 5);
	symbols_add(&s, 20, "b", 1);
	symbols_sort(&s);
	s.end = 40;
	assert_int_equal(s.n, 3);
	assert_string_equal(symbols_find(&s, 15)->name, "first");
	assert_string_equal(symbols_find(&s, 39)->name, "c");
	assert_null(symbols_find(&s, 40));
	assert_null(symbols_find(&s, 9));
	symbols_release(&s);
	assert_int_equal(symbols_of_image(&s, "/proc/self/exe", &err), -EINVAL);
	has(err.text, "not a Linux bzImage");
	err = (struct err)ERR_INIT;
	assert_true(symbols_of_image(&s, "/none", &err) < 0);
}

/* --- the console of a kernel that died --------------------------------------------------- */

static const char *explained(const struct symbols *s, const char *text, const char *last,
			     const char *vmlinux)
{
	static char said[400];
	json_t *lines = json_pack("[s, s]", text, last);

	explain_lines(lines, s, vmlinux);
	snprintf(said, sizeof(said), "%s", json_string_value(json_array_get(lines, 0)));
	json_decref(lines);
	return said;
}

static void explains_a_panic(void **state)
{
	static const char none[] = "---[ end Kernel panic ]---";
	static const char moved[] = "[ 1.0] Kernel Offset: 0x2000000 from 0xffffffff81000000";
	struct symbols s = SYMBOLS_INIT;

	(void)state;
	symbols_add(&s, 0xffffffff81000040, "startup", 7);
	symbols_add(&s, 0xffffffff81000100, "do_fault.part.0", 15);
	symbols_sort(&s);
	s.end = 0xffffffff81000200;
	assert_string_equal(explained(&s, "RAX: ffffffff81000142 RBX: 0xffffffff81000041", none, NULL),
			    "RAX: ffffffff81000142 <do_fault.part.0+0x42> RBX: 0xffffffff81000041 <startup+0x1>");
	/* Data, user space, longer numbers and names that only look like it. */
	assert_string_equal(explained(&s, "ffffffff81000300 ffffffff810001420 7ffd00000000 startup+1", none, NULL),
			    "ffffffff81000300 ffffffff810001420 7ffd00000000 startup+1");
	assert_string_equal(explained(&s, " startup+0x5/0x20", none, NULL), " startup+0x5/0x20");
	/* A kernel that lies elsewhere says so. */
	assert_string_equal(explained(&s, "ffffffff83000044", moved, NULL),
			    "ffffffff83000044 <startup+0x4>");
	assert_string_equal(explained(&s, "", none, NULL), "");
	symbols_release(&s);
}

/* Names and lines are shown on terminals, and the files that they are from may be anybody's. */
static void names_have_no_effect_on_terminals(void **state)
{
	struct symbols s = SYMBOLS_INIT;

	(void)state;
	assert_int_equal(symbols_add(&s, 1, "a\x1b[2J\nb-and-more", 7), 0);
	assert_string_equal(s.v[0].name, "a\\x1b[2J b");
	assert_int_equal(symbols_add(&s, 2, "\xc3\xa4-and-more", 2), 0);
	assert_string_equal(s.v[1].name, "\xc3\xa4");
	symbols_release(&s);
}

/* A call is of the line before its return address, what was executed of its own. */
static void explains_by_debug_information(void **state)
{
	static const char script[] = "#!/bin/sh\n[ \"$3\" = /x/vmlinux ] || exit 1\nshift 3\n"
		"for a; do case $a in *144|*80) echo \"f.c:$a\" ;; "
		"*88) printf '\\033[2J.c:7\\n' ;; *) echo '??:0' ;; esac; done\n";
	char dir[] = "/tmp/kduel-test-why-XXXXXX", path[80];
	char *was = strdup(getenv("PATH"));
	struct symbols s = SYMBOLS_INIT;

	(void)state;
	symbols_add(&s, 0xffffffff81000100, "fault", 5);
	symbols_sort(&s);
	assert_true(scratch_make(dir, NULL) >= 0);
	snprintf(path, sizeof(path), "%s/addr2line", dir);
	assert_int_equal(file_publish(path, script, strlen(script), NULL), 0);
	assert_int_equal(chmod(path, 0755), 0);
	snprintf(path, sizeof(path), "%s:/usr/bin:/bin", dir);
	setenv("PATH", path, 1);
	assert_string_equal(explained(&s, " fault+0x45/0x90 fault+0x10/0x90", "", "/x/vmlinux"),
			    " fault+0x45/0x90 (f.c:ffffffff81000144) fault+0x10/0x90");
	assert_string_equal(explained(&s, "RIP: 0010:fault+0x80/0x90", "", "/x/vmlinux"),
			    "RIP: 0010:fault+0x80/0x90 (f.c:ffffffff81000180)");
	assert_string_equal(explained(&s, "RIP: 0010:fault+0x88/0x90", "", "/x/vmlinux"),
			    "RIP: 0010:fault+0x88/0x90 (\\x1b[2J.c:7)");
	/* Without the program, or if it fails, the lines are as they were. */
	assert_string_equal(explained(&s, " fault+0x45/0x90", "", "/y"), " fault+0x45/0x90");
	setenv("PATH", was, 1);
	snprintf(path, sizeof(path), "%s/addr2line", dir);
	unlink(path);
	rmdir(dir);
	free(was);
	symbols_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_the_plugin_wrote),
		cmocka_unit_test(reads_call_stacks),
		cmocka_unit_test(tells_loads_from_stores),
		cmocka_unit_test(refuses_damage),
		cmocka_unit_test(refuses_what_is_no_text),
		cmocka_unit_test(finds_a_loop_that_was_added),
		cmocka_unit_test(sums_up),
		cmocka_unit_test(weighs_blocks_the_same),
		cmocka_unit_test(lists_what_is_equal_by_size),
		cmocka_unit_test(writes_small_numbers_to_be_read),
		cmocka_unit_test(knows_programs_at_fixed_addresses),
		cmocka_unit_test(tells_what_a_guest_was_left_for),
		cmocka_unit_test(joins_a_function_that_was_split),
		cmocka_unit_test(writes_both_ends_to_five_digits),
		cmocka_unit_test(gives_no_share_of_chance),
		cmocka_unit_test(one_block_leaves_a_tiny_difference_open),
		cmocka_unit_test(one_block_of_samples_is_as_sure_as_they_are_many),
		cmocka_unit_test(says_where_nothing_can_be_said),
		cmocka_unit_test(reads_both_layouts_of_kallsyms),
		cmocka_unit_test(one_name_an_address),
		cmocka_unit_test(explains_a_panic),
		cmocka_unit_test(names_have_no_effect_on_terminals),
		cmocka_unit_test(explains_by_debug_information),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
