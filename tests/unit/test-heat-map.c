/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The heat map of a made-up campaign: its tiles, when there is none, and its drawing. */
#include <math.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host-driver/report/plot.h"
#include "proc.h"
#include "safe.h"
#include "vocab/words.h"

#define ARMS 3
#define CELLS 7
#define METRICS 2
#define MANY 300
#define SERIES (CELLS * METRICS)

/* One cell each: what the second level maps huge in the arms, and the verdicts of arm 1. */
static const struct {
	const char *cell;
	double huge[ARMS], effect;
	enum verdict verdict;
} cells[CELLS] = {
	{ "fsdax-xfs/anon-4k/first-touch", { 0, 1, 0.9996 }, -0.9, VERDICT_IMPROVED },
	{ "fsdax-xfs/thp/first-touch", { 0, 1, 1 }, 0.3, VERDICT_REGRESSED },
	{ "memfd/anon-4k/first-touch", { 0, 0, 0 }, 0.001, VERDICT_NOT_WORSE },
	{ "memfd/thp/first-touch", { 0, 0, 0 }, 0.02, VERDICT_INCONCLUSIVE },
	{ "thp/anon-4k/first-touch", { 1, 1, 1 }, -0.04, VERDICT_UNSTABLE },
	{ "devdax/anon-4k/first-touch?align=4K", { 0, NAN, 0 }, NAN, VERDICT_NOT_COMPARABLE },
	{ "devdax/anon-4k/first-touch?align=2M", { 0, 0.5, 1 }, NAN, VERDICT_NOT_COMPARABLE },
};

struct campaign {
	struct comparison c;
	struct compare_arm arms[ARMS];
	struct compare_series series[SERIES];
	struct compare_estimate est[SERIES][ARMS];
	struct compare_result vs[SERIES][ARMS];
	struct compare_proof proofs[CELLS * ARMS];
};

static void campaign_series(struct campaign *x, unsigned i, unsigned metric)
{
	unsigned at = x->c.n_series++;
	double e = cells[i].effect;

	x->series[at] = (struct compare_series){
		.cell = (char *)cells[i].cell, .backing = (char *)"b", .source = (char *)"s",
		.workload = (char *)"first-touch", .unit = (char *)"ns",
		.metric = (char *)(metric ? "ns_per_page_again" : "ns_per_page"),
		.gate = !metric, .est = x->est[at], .vs = x->vs[at] };
	for (unsigned a = 1; a < ARMS; a++) {
		x->vs[at][a] = (struct compare_result){
			.verdict = a == 1 ? cells[i].verdict : VERDICT_INCONCLUSIVE,
			.e = { .n = isnan(e) ? 0 : 5, .effect = e, .lo = e - 0.01, .hi = e + 0.01 } };
		x->est[at][a].voids = i == CELLS - 1;	/* and the reason that it has no effect */
	}
}

static void campaign_init(struct campaign *x)
{
	static const char *const names[] = { "6.1-nodaxhuge", "6.1", "6.1-rfc" };

	memset(x, 0, sizeof(*x));
	for (unsigned metric = 0; metric < METRICS; metric++)
		for (unsigned i = 0; i < CELLS; i++)
			campaign_series(x, i, metric);
	for (unsigned k = 0; k < CELLS * ARMS; k++) {
		double huge = cells[k / ARMS].huge[k % ARMS];

		x->proofs[k] = (struct compare_proof){
			.arm = k % ARMS, .cell = (char *)cells[k / ARMS].cell, .layer = (char *)"second-level",
			.after = { .bytes_4k = 1e9 * (1 - huge), .bytes_2m = 1e9 * huge,
				   .readings = !isnan(huge) } };
	}
	for (unsigned a = 0; a < ARMS; a++)
		x->arms[a].name = (char *)names[a];
	x->c.domain = (char *)"emulated";
	x->c.arms = x->arms;
	x->c.n_arms = ARMS;
	x->c.series = x->series;
	x->c.proofs = x->proofs;
	x->c.n_proofs = CELLS * ARMS;
	x->c.alpha = 0.05;
}

static char *data_of(const struct figure *f)
{
	char *text = NULL;
	size_t len;
	FILE *out = text_open(&text, &len);

	figure_write_data(f, out);
	text_close(out);
	return text;
}

/* The rows of a series are in the data, from its header to the next. */
static void has_rows(const char *data, const char *series, const char *rows)
{
	const char *at = strstr(data, series);

	if (!at)
		fail_msg("no series '%s' in\n%s", series, data);
	at = strstr(at, "label\n") + strlen("label\n");
	if (strncmp(at, rows, strlen(rows)) || at[strlen(rows)] != '\n')
		fail_msg("series '%s' has not\n%sbut\n%.300s", series, rows, at);
}

static void tiles(void **state)
{
	static struct campaign x;
	struct figure f = { .name = "heat-map", .script = "heat-map" };
	char *data;

	(void)state;
	campaign_init(&x);
	assert_null(figure_heat_map(&x.c, &f));
	data = data_of(&f);
	has_rows(data, ": 6.1-nodaxhuge, second level in huge pages",
		 "0 0 0 0 \"0% s\"\n1 0 0 0 \"0% s\"\n2 0 0 0 \"0% s\"\n3 0 0 0 \"0% s\"\n"
		 "4 1 1 1 \"100% s\"\n5 0 0 0 \"0% s\"\n6 0 0 0 \"0% s\"\n");
	has_rows(data, ": 6.1, second level in huge pages",
		 "0 1 1 1 \"100% s\"\n1 1 1 1 \"100% s\"\n2 0 0 0 \"0% s\"\n3 0 0 0 \"0% s\"\n"
		 "4 1 1 1 \"100% s\"\n5 0 0 0 \"- .\"\n6 0.5 0.5 0.5 \"50.0% s\"\n");
	has_rows(data, ": 6.1, effect on ns_per_page\n",
		 "0 0.1 0.09 0.11 \"x0.100 +\"\n1 1.3 1.29 1.31 \"+30.0% -\"\n"
		 "2 1.001 0.991 1.011 \"+0.1% =\"\n3 1.02 1.01 1.03 \"+2.0% ?\"\n"
		 "4 0.96 0.95 0.97 \"-4.0% U\"\n5 1 1 1 \" N\"\n6 1 1 1 \" V\"\n");
	assert_null(strstr(data, ": 6.1-nodaxhuge, effect"));
	assert_non_null(strstr(data, "\n0 \"fsdax-xfs/anon-4k\"\n"));
	assert_non_null(strstr(data, "\n5 \"devdax/anon-4k?align=4K\"\n"));
	assert_non_null(strstr(f.title, "first-touch against 6.1-nodaxhuge"));
	assert_non_null(strstr(f.subtitle, "V: void; U: unstable; N: not comparable"));
	assert_int_equal(f.n_panels, 3);
	free(data);
	figure_release(&f);
}

/* Which campaigns have one, and what of it. */
static void panels(void **state)
{
	static struct campaign x;
	struct figure f = { 0 };

	(void)state;
	campaign_init(&x);
	x.c.n_proofs = 0;
	x.c.n_series = CELLS;
	assert_null(figure_heat_map(&x.c, &f));
	assert_int_equal(f.n_panels, 1);	/* page sizes alone are no condition */
	figure_release(&f);

	f = (struct figure){ 0 };
	x.c.n_proofs = CELLS * ARMS;
	x.c.refused = (char *)"another guest kernel";
	assert_null(figure_heat_map(&x.c, &f));
	assert_int_equal(f.n_panels, 1);
	assert_string_equal(f.panel[0], "second level in huge pages");
	figure_release(&f);

	f = (struct figure){ 0 };
	x.c.n_proofs = 0;
	assert_string_equal(figure_heat_map(&x.c, &f),
			    "no page sizes, and no metric that four cells have");
	figure_release(&f);

	f = (struct figure){ 0 };
	x.c.refused = NULL;
	x.c.n_series = 3;
	assert_string_equal(figure_heat_map(&x.c, &f), "the campaign has fewer than four cells");
	figure_release(&f);
}

/* What has no room is left out, and nothing of it is drawn. */
static void many_cells(void **state)
{
	static struct campaign x;
	static struct compare_proof proofs[MANY * ARMS];
	static char names[MANY][24];
	struct figure f = { 0 };

	(void)state;
	campaign_init(&x);
	x.c.n_series = 0;
	for (unsigned k = 0; k < MANY * ARMS; k++) {
		snprintf(names[k / ARMS], sizeof(names[0]), "cell-%u", k / ARMS);
		proofs[k] = x.proofs[0];
		proofs[k].arm = k % ARMS;
		proofs[k].cell = names[k / ARMS];
	}
	x.c.proofs = proofs;
	x.c.n_proofs = MANY * ARMS;
	assert_null(figure_heat_map(&x.c, &f));
	assert_int_equal(f.n_rows, 96);
	assert_string_equal(f.row[95], "cell-95");
	assert_int_equal(f.series[ARMS - 1].n, 96);
	assert_non_null(strstr(f.subtitle, "the first 96 cells"));
	figure_release(&f);
}

/* Foreign names reach neither gnuplot nor the page as anything but text. */
static void drawing(void **state)
{
	static struct campaign x;
	struct figure f = { .name = "heat-map", .script = "heat-map" };
	char *gnuplot = proc_find("gnuplot"), *page = NULL;
	size_t len;
	FILE *out;

	(void)state;
	if (!gnuplot)
		skip();
	free(gnuplot);
	campaign_init(&x);
	x.arms[1].name = (char *)"a-`id`-<b>%d-very-long-name-of-an-arm\"";
	for (unsigned i = 0; i < METRICS; i++)
		x.series[i * CELLS].cell = (char *)"%s/`id`/<script>\n\"";
	assert_null(figure_heat_map(&x.c, &f));
	f.left = figure_room_for_rows(&f);
	figure_draw(&f, NULL);
	if (!f.svg || !f.narrow_svg)
		fail_msg("%s", f.not_drawn);
	out = text_open(&page, &len);
	assert_int_equal(figure_write_inline(&f, out), 0);
	text_close(out);
	for (size_t i = 0; i < CELLS - 1; i++)
		assert_non_null(strstr(page, ((const char *[]){ "x0.100", "+30.0%", "+0.1%", "+2.0%",
								"-4.0% U", ">N<" })[i]));
	assert_null(strstr(page, "<script"));
	free(page);
	figure_release(&f);
}

/* The figure of a campaign, drawn; the caller releases it. */
static void draw(struct campaign *x, struct figure *f)
{
	char *gnuplot = proc_find("gnuplot");

	if (!gnuplot)
		skip();
	free(gnuplot);
	*f = (struct figure){ .name = "heat-map", .script = "heat-map" };
	assert_null(figure_heat_map(&x->c, f));
	f->left = figure_room_for_rows(f);
	figure_draw(f, NULL);
	if (!f->svg)
		fail_msg("%s", f->not_drawn);
}

/* A line parts backings of several rows; where each has one there is nothing to part. */
static void lines_part_groups(void **state)
{
	static const char line[] = "stroke=\"rgb(107, 114, 123)\" stroke-width=\"0.60\"";
	static const char *const single[CELLS] = { "fsdax-xfs/s", "fsdax-ext4/s", "devdax/s", "memfd/s",
						   "thp/s", "anon-4k/s", "hugetlb-2m/s" };
	static struct campaign x;
	struct figure f;

	(void)state;
	campaign_init(&x);
	draw(&x, &f);
	assert_non_null(strstr(f.svg, line));
	figure_release(&f);
	for (unsigned i = 0; i < SERIES; i++)
		x.series[i].cell = (char *)single[i % CELLS];
	for (unsigned i = 0; i < CELLS * ARMS; i++)
		x.proofs[i].cell = (char *)single[i / ARMS];
	draw(&x, &f);
	assert_null(strstr(f.svg, line));
	figure_release(&f);
}

/* The smallest letters of a drawing, in points. */
static double smallest(const char *svg)
{
	static const char size[] = "font-size=\"";
	double least = 1000;

	for (const char *at = svg; (at = strstr(at, size)); at += sizeof(size))
		least = fmin(least, atof(at + strlen(size)));
	return least;
}

/* What is too long is cut, and shrinks no number; but a number is never cut. */
static void long_labels_are_cut(void **state)
{
	static const char cell[] = "fsdax-xfs?mkfs=-m reflink=0,align=2M/anon-4k/first-touch?order=random-line,pages=65536";
	static struct campaign x;
	struct figure f;

	(void)state;
	campaign_init(&x);
	x.series[3].vs[1].e.absolute = true;
	x.series[3].vs[1].e.effect = 143612;
	x.series[3].unit = (char *)"second-level-faults per million pages";
	x.series[0].cell = x.series[CELLS].cell = (char *)cell;
	for (unsigned a = 0; a < ARMS; a++)
		x.proofs[a].cell = (char *)cell;
	draw(&x, &f);
	assert_non_null(strstr(f.svg, "+143,612 "));
	assert_non_null(strstr(f.svg, "…"));
	assert_null(strstr(f.svg, "per million"));
	assert_true(smallest(f.svg) >= 11);
	assert_string_equal(f.row[0], "fsdax-xfs?mkfs=-m\u00a0refli...ne,pages=65536");
	assert_true(f.left < 330);
	figure_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tiles),
		cmocka_unit_test(panels),
		cmocka_unit_test(many_cells),
		cmocka_unit_test(drawing),
		cmocka_unit_test(lines_part_groups),
		cmocka_unit_test(long_labels_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
