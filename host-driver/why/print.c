/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of functions, and the sentence above it. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "difference.h"

#define MOST_OF_IT 0.95
#define CLOCK_READINGS 10	/* instructions of a region before and after them */

/* So many functions, the largest first, make up 95% of the difference. */
static size_t print_enough(const struct why *w, double *share)
{
	size_t n = 0;

	*share = 0;
	while (n < w->n && *share < MOST_OF_IT)
		*share += w->v[n++].share;
	return n;
}

static bool print_one_side(const struct why *w, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (w->v[i].side != w->v[0].side)
			return false;
	return n > 0;
}

void why_print_sentence(const struct why *w, FILE *to, const struct why_words *words)
{
	double share;
	size_t n = print_enough(w, &share);

	if (!w->whole.diff || !n) {
		fprintf(to, "Both arms execute the same number of %s a %s: %.6g.",
			why_unit(w), words->thing, w->whole.mean[WHY_BASE]);
		return;
	}
	fprintf(to, "%s executes %.6g %s a %s %s than %s (%.6g against %.6g); "
		"%.0f%% of the difference is in %s",
		words->arm[WHY_OTHER], fabs(w->whole.diff), why_unit(w), words->thing,
		w->whole.diff > 0 ? "more" : "fewer", words->arm[WHY_BASE],
		w->whole.mean[WHY_OTHER], w->whole.mean[WHY_BASE], 100 * share,
		n == 1 ? w->v[0].name : "");
	if (n > 1)
		fprintf(to, "these %zu functions", n);
	if (print_one_side(w, n))
		fprintf(to, " of the %s", why_side_name(w->v[0].side));
	fputc('.', to);
}

static void print_number(FILE *to, double v)
{
	if (fabs(v) >= 1e5 || v == floor(v))
		fprintf(to, "  %12.0f", v);
	else
		fprintf(to, "  %12.3f", v);
}

static void print_interval(FILE *to, const struct why_function *f)
{
	char text[64];

	if (!isfinite(f->lo))
		snprintf(text, sizeof(text), "one block");
	else if (f->lo == f->hi)
		snprintf(text, sizeof(text), "exact");
	else
		snprintf(text, sizeof(text), "[%+.5g, %+.5g]", f->lo, f->hi);
	fprintf(to, "  %-26s", text);
}

static void print_row(const struct why_function *f, FILE *to, const char *name,
		      const char *side, const struct why_words *words)
{
	print_number(to, f->mean[WHY_BASE]);
	print_number(to, f->mean[WHY_OTHER]);
	print_number(to, f->diff);
	print_interval(to, f);
	fprintf(to, "  %6.1f%%  %s  %s", 100 * f->share, side, name);
	for (int a = 0; a < WHY_ARMS; a++)
		if (f->only[a] && f->name)
			fprintf(to, "  (only %s)", words->arm[a]);
	fputc('\n', to);
}

/* What the lines left out come to, so that the table sums up to the whole. */
static void print_rest(const struct why *w, size_t from, FILE *to)
{
	struct why_function rest = { 0 };
	char name[64];

	for (size_t i = from; i < w->n; i++) {
		for (int a = 0; a < WHY_ARMS; a++)
			rest.mean[a] += w->v[i].mean[a];
		rest.diff += w->v[i].diff;
		rest.share += w->v[i].share;
	}
	snprintf(name, sizeof(name), "%zu other functions", w->n - from);
	print_number(to, rest.mean[WHY_BASE]);
	print_number(to, rest.mean[WHY_OTHER]);
	print_number(to, rest.diff);
	fprintf(to, "  %-26s  %6.1f%%  %-18s  %s\n", "", 100 * rest.share, "", name);
}

/* What the whole is worth: the emulator's own clock counted the same regions. */
static void print_clock(const struct why *w, FILE *to)
{
	if (!w->n_clocked)
		return;
	fprintf(to, "\n  Each of %zu regions sums up to what the instruction clock says of it and ",
		w->n_clocked);
	if (w->above_least != w->above_most)
		fprintf(to, "%" PRId64 " to ", w->above_least);
	fprintf(to, "%" PRId64 "\n  more: readings of the clock at its markers%s.\n",
		w->above_most, w->above_most < CLOCK_READINGS ? "" :
		", and instructions that a fault or an\n  exit interrupted, which begin twice");
}

static void print_beside(const struct why *w, FILE *to, const char *what, double base, double other)
{
	fprintf(to, "  %12.6g  %12.6g  %s\n", base / w->n_things[WHY_BASE],
		other / w->n_things[WHY_OTHER], what);
}

/* What is known of whole regions, not of functions; exact, too. */
static void print_regions(const struct why *w, FILE *to, const struct why_words *words)
{
	fprintf(to, "\n  A %s in these regions took\n", words->thing);
	print_beside(w, to, "entries into the guest", w->entries[WHY_BASE], w->entries[WHY_OTHER]);
	for (int guest = 0; guest < 2 && w->memory; guest++) {
		print_beside(w, to, guest ? "bytes loaded and stored by the guest" :
			     "bytes loaded and stored by the machine",
			     w->bytes[WHY_BASE][guest], w->bytes[WHY_OTHER][guest]);
		print_beside(w, to, guest ? "pages of memory touched by the guest" :
			     "pages of memory touched by the machine",
			     w->pages[WHY_BASE][guest], w->pages[WHY_OTHER][guest]);
	}
}

void why_print(const struct why *w, FILE *to, const struct why_words *words)
{
	size_t shown = words->most && words->most < w->n ? words->most : w->n;
	struct why_function whole = w->whole;
	char side[32];

	why_print_sentence(w, to, words);
	fprintf(to, "\n\n  %12.12s  %12.12s  %12s  %-26s  %7s  %-18s  function\n",
		words->arm[WHY_BASE], words->arm[WHY_OTHER], "difference", "95% interval",
		"share", "whose");
	for (size_t i = 0; i < shown; i++) {
		snprintf(side, sizeof(side), "%-18s", why_side_name(w->v[i].side));
		print_row(&w->v[i], to, w->v[i].name, side, words);
	}
	if (shown < w->n)
		print_rest(w, shown, to);
	whole.share = w->whole.diff ? 1 : 0;
	snprintf(side, sizeof(side), "%-18s", "");
	print_row(&whole, to, "all", side, words);
	print_regions(w, to, words);
	print_clock(w, to);
}
