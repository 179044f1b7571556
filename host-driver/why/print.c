/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of functions, and the sentence above it. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "difference.h"

#define MOST_OF_IT 0.95
#define HOT_LINES 8	/* of a function */
#define CLOCK_READINGS 10	/* instructions of a region before and after them */
#define DECIMALS 3	/* at least */
#define FIVE_DIGITS 10000
#define SIX_DIGITS 1e5
#define NUMBER_TEXT 40
#define NUMBER_WIDTH 12	/* of a column */

static void print_plural(const char *thing, char *text, size_t size)
{
	snprintf(text, size, "%s%s", thing, thing[strlen(thing) - 1] == 's' ? "es" : "s");
}

struct why_scale why_scale_of(const struct why *w, const char *thing)
{
	static const char *const of[] = { "", "thousand ", "million ", "billion " };
	struct why_scale s = { .times = 1 };
	char things[64];
	double most = 0;
	size_t i = 0;

	for (size_t k = 0; k < w->n && k < WHY_FIRST; k++)
		for (int a = 0; a < WHY_ARMS; a++)
			most = fmax(most, w->v[k].mean[a]);
	for (; most > 0 && most * s.times < 1 && i < 3; i++)
		s.times *= 1000;
	for (most *= s.times; s.decimals < 4 && most < FIVE_DIGITS; most *= 10)
		s.decimals++;
	print_plural(thing, things, sizeof(things));
	snprintf(s.of, sizeof(s.of), "%s%s", of[i], i ? things : thing);
	return s;
}

static bool print_is_whole(double v)
{
	return fabs(v - round(v)) < 1e-9 * fmax(1, fabs(v));
}

/* Of a table's column: a whole number without decimals, and none that is not 0 as 0. */
static const char *print_text(const struct why_scale *s, double v, char text[NUMBER_TEXT])
{
	int decimals = s->decimals < DECIMALS ? DECIMALS : s->decimals;
	double least = pow(10, -decimals);

	v *= s->times;
	if (fabs(v) >= SIX_DIGITS || print_is_whole(v))
		decimals = 0;
	if (decimals && fabs(v) < least / 2)
		snprintf(text, NUMBER_TEXT, "%s%.*f", v < 0 ? "> -" : "< ", decimals, least);
	else
		snprintf(text, NUMBER_TEXT, "%.*f", decimals, v);
	return text;
}

/* Of a sentence: six digits, and no exponent. */
static const char *print_in_words(const struct why_scale *s, double v, char text[NUMBER_TEXT])
{
	v *= s->times;
	if (fabs(v) >= SIX_DIGITS)
		snprintf(text, NUMBER_TEXT, "%.0f", v);
	else if (v && fabs(v) < 1e-4)
		snprintf(text, NUMBER_TEXT, "%.9f", v);
	else
		snprintf(text, NUMBER_TEXT, "%.6g", v);
	return text;
}

/* How many functions, the largest first, make up 95% of the difference. */
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

static const char *print_verb(const struct why *w, bool one)
{
	return *w->event ? (one ? "has" : "have") : one ? "executes" : "execute";
}

static void print_sampled(const struct why *w, FILE *to)
{
	if (*w->event)
		fprintf(to, " Sampled by perf (%s a second), not counted.", w->event);
}

/* Five digits of an end, and no exponent. */
static void print_end(const struct why_scale *s, double v, char text[NUMBER_TEXT])
{
	v *= s->times;
	if (!v || fabs(v) >= 9999.95)
		snprintf(text, NUMBER_TEXT, "%+.0f", v);
	else if (fabs(v) < 1e-3)
		snprintf(text, NUMBER_TEXT, "%+.6f", v);
	else
		snprintf(text, NUMBER_TEXT, "%+#.5g", v);
}

static void print_doubt(const struct why *w, FILE *to, const struct why_scale *s)
{
	char lo[NUMBER_TEXT], hi[NUMBER_TEXT];

	print_end(s, w->whole.lo, lo);
	print_end(s, w->whole.hi, hi);
	fputs(", which may be chance: ", to);
	if (w->doubt == WHY_HOLDS_0)
		fprintf(to, "the 95%% interval [%s, %s] holds 0", lo, hi);
	else if (w->doubt == WHY_TINY)
		fprintf(to, "it is less than %g%% of the whole, and one block does not tell how far "
			"boots are apart", 100 * WHY_LEAST);
	else
		fprintf(to, "so many samples of one block are as far apart");
	fputs(". So no function has a share of it.", to);
}

static void print_most_of_it(const struct why *w, FILE *to)
{
	double share;
	size_t n = print_enough(w, &share);

	fprintf(to, "; %.0f%% of the difference is in %s", 100 * share, n == 1 ? w->v[0].name : "");
	if (n > 1)
		fprintf(to, "%zu functions", n);
	if (print_one_side(w, n))
		fprintf(to, " of the %s", why_side_name(w->v[0].side));
	fputc('.', to);
}

void why_print_sentence(const struct why *w, FILE *to, const struct why_words *words)
{
	struct why_scale s = why_scale_of(w, words->thing);
	char diff[NUMBER_TEXT], mean[WHY_ARMS][NUMBER_TEXT];

	print_in_words(&s, fabs(w->whole.diff), diff);
	for (int a = 0; a < WHY_ARMS; a++)
		print_in_words(&s, w->whole.mean[a], mean[a]);
	if (w->doubt == WHY_EQUAL) {
		fprintf(to, "Both arms %s the same number of %s per %s: %s.", print_verb(w, false),
			why_unit(w), s.of, mean[WHY_BASE]);
		print_sampled(w, to);
		return;
	}
	fprintf(to, "%s %s %s %s %s per %s than %s (%s against %s)", words->arm[WHY_OTHER],
		print_verb(w, true), diff, w->whole.diff > 0 ? "more" : "fewer", why_unit(w), s.of,
		words->arm[WHY_BASE], mean[WHY_OTHER], mean[WHY_BASE]);
	if (w->doubt)
		print_doubt(w, to, &s);
	else
		print_most_of_it(w, to);
	print_sampled(w, to);
}

static void print_wide(FILE *to, const struct why_scale *s, double v, int width)
{
	char text[NUMBER_TEXT];

	fprintf(to, "  %*s", width, print_text(s, v, text));
}

/* As wide as the arms' names, which may only differ in their last letters. */
static int print_width(const struct why_words *words)
{
	size_t width = NUMBER_WIDTH;

	for (int a = 0; a < WHY_ARMS; a++)
		if (strlen(words->arm[a]) > width)
			width = strlen(words->arm[a]);
	return width;
}

static void print_numbers(FILE *to, const struct why_scale *s, const double mean[WHY_ARMS],
			  double diff, const struct why_words *words)
{
	for (int a = 0; a < WHY_ARMS; a++)
		print_wide(to, s, mean[a], print_width(words));
	print_wide(to, s, diff, NUMBER_WIDTH);
}

static void print_interval(FILE *to, const struct why_scale *s, const struct why_function *f)
{
	char text[2 * NUMBER_TEXT + 8], lo[NUMBER_TEXT], hi[NUMBER_TEXT];

	print_end(s, f->lo, lo);
	print_end(s, f->hi, hi);
	if (!isfinite(f->lo))
		snprintf(text, sizeof(text), "one block");
	else if (f->lo == f->hi)
		snprintf(text, sizeof(text), "exact");
	else
		snprintf(text, sizeof(text), "[%s, %s]", lo, hi);
	fprintf(to, "  %-26s", text);
}

static const char *print_share(double share, char text[NUMBER_TEXT])
{
	if (isnan(share))
		snprintf(text, NUMBER_TEXT, "-");
	else
		snprintf(text, NUMBER_TEXT, "%.1f%%", 100 * share);
	return text;
}

static void print_row(const struct why_function *f, FILE *to, const struct why_scale *s,
		      const char *name, const char *side, const struct why_words *words)
{
	char share[NUMBER_TEXT];

	print_numbers(to, s, f->mean, f->diff, words);
	print_interval(to, s, f);
	fprintf(to, "  %7s  %s  %s", print_share(f->share, share), side, name);
	for (int a = 0; a < WHY_ARMS; a++)
		if (f->only[a] && f->name)
			fprintf(to, "  (only %s)", words->arm[a]);
	fputc('\n', to);
}

/* The sum of the lines that are left out, so that the table adds up. */
static void print_rest(const struct why *w, size_t from, FILE *to, const struct why_scale *s,
		       const struct why_words *words)
{
	struct why_function rest = { 0 };
	char name[64], share[NUMBER_TEXT];

	for (size_t i = from; i < w->n; i++) {
		for (int a = 0; a < WHY_ARMS; a++)
			rest.mean[a] += w->v[i].mean[a];
		rest.diff += w->v[i].diff;
		rest.share += w->v[i].share;
	}
	snprintf(name, sizeof(name), "%zu other function%s", w->n - from, w->n - from > 1 ? "s" : "");
	print_numbers(to, s, rest.mean, rest.diff, words);
	fprintf(to, "  %-26s  %7s  %-18s  %s\n", "", print_share(rest.share, share), "", name);
}

/* A check of the sums: the emulator's own clock counted the same regions. */
static void print_clock(const struct why *w, FILE *to)
{
	if (!w->n_clocked)
		return;
	fprintf(to, "\n  Each of %zu regions sums up to its count by the instruction clock and ",
		w->n_clocked);
	if (w->above_least != w->above_most)
		fprintf(to, "%" PRId64 " to ", w->above_least);
	fprintf(to, "%" PRId64 "\n  more: readings of the clock at its markers%s.\n",
		w->above_most, w->above_most < CLOCK_READINGS ? "" :
		", and instructions that a fault or an\n  exit interrupted, which begin twice");
}

static void print_each_exit(const struct why *w, why_beside_fn fn, void *arg)
{
	const struct exits *base = &w->exits[WHY_BASE], *other = &w->exits[WHY_OTHER];
	double left[WHY_ARMS] = { exits_others(base, w->entries[WHY_BASE]),
				  exits_others(other, w->entries[WHY_OTHER]) };
	char what[128];

	for (int i = 0; i < EXITS_CAUSES; i++) {
		if (!base->n[i] && !other->n[i])
			continue;
		snprintf(what, sizeof(what), "%s%s", exits_causes[i].fault ?
			 "second-level faults " : "exits: ", exits_causes[i].what);
		fn(arg, what, base->known[i] ? base->n[i] : NAN,
		   other->known[i] ? other->n[i] : NAN);
	}
	if (left[WHY_BASE] || left[WHY_OTHER])
		fn(arg, "exits: of other causes", left[WHY_BASE], left[WHY_OTHER]);
}

void why_each_beside(const struct why *w, why_beside_fn fn, void *arg)
{
	if (*w->event)
		return;
	fn(arg, "entries into the guest", w->entries[WHY_BASE], w->entries[WHY_OTHER]);
	if (w->exits[WHY_BASE].looked && w->exits[WHY_OTHER].looked)
		print_each_exit(w, fn, arg);
	if (w->rest[WHY_BASE] || w->rest[WHY_OTHER])
		fn(arg, "instructions in call stacks only: rests of blocks that were left",
		   w->rest[WHY_BASE], w->rest[WHY_OTHER]);
	for (int guest = 0; guest < 2 && w->memory; guest++) {
		fn(arg, guest ? "bytes loaded and stored by the guest" :
		   "bytes loaded and stored by the machine",
		   w->bytes[WHY_BASE][guest], w->bytes[WHY_OTHER][guest]);
		fn(arg, guest ? "pages of memory touched by the guest" :
		   "pages of memory touched by the machine",
		   w->pages[WHY_BASE][guest], w->pages[WHY_OTHER][guest]);
	}
}

struct print_beside {
	FILE *to;
	int width;
};

static void print_beside(void *arg, const char *what, double base, double other)
{
	const double v[WHY_ARMS] = { base, other };
	const struct print_beside *b = arg;
	FILE *to = b->to;

	for (int a = 0; a < WHY_ARMS; a++)
		if (isnan(v[a]))
			fprintf(to, "  %*s", b->width, "not known");
		else
			fprintf(to, "  %*.0f", b->width, v[a]);
	fprintf(to, "  %s\n", what);
}

/* Why the places of a side are no lines, unless both arms' debug information told them. */
static void print_untold(const struct why *w, enum why_side side, FILE *to,
			 const struct why_words *words)
{
	bool guest = side != WHY_MUT_KERNEL;

	for (int a = 0; a < WHY_ARMS; a++)
		if (w->hot[a][side].n && !w->told[a][side]) {
			fprintf(to, "    offsets into the function: no debug information of the %s%s%s",
				why_side_name(side), guest ? "" : " of ", guest ? "" : words->arm[a]);
			if (side == WHY_GUEST_PROGRAMS)
				fputc('\n', to);
			else
				fprintf(to, "; --vmlinux %s=FILE\n", guest ? "guest" : words->arm[a]);
			if (guest)
				return;
		}
}

static void print_hot_line(const struct why *w, const struct hottest_line *l, FILE *to,
			   const struct why_scale *s, const struct why_words *words)
{
	double mean[WHY_ARMS], diff;
	char share[NUMBER_TEXT];

	for (int a = 0; a < WHY_ARMS; a++)
		mean[a] = l->n[a] / w->calls.things[a];
	diff = mean[WHY_OTHER] - mean[WHY_BASE];
	print_numbers(to, s, mean, diff, words);
	fprintf(to, "  %7s  %s\n", print_share(w->doubt ? NAN : diff / w->whole.diff, share),
		l->where);
}

static void print_hottest(const struct why *w, FILE *to, const struct why_scale *s,
			  const struct why_words *words)
{
	if (w->n_hot)
		fprintf(to, w->n_hot > 1 ? "\n  The hottest lines of the first %zu functions\n" :
			"\n  The hottest lines of the first function\n", w->n_hot);
	for (size_t i = 0; i < w->n_hot; i++) {
		const struct why_function *f = &w->v[i];

		fprintf(to, "\n  %s  %s\n", f->name, why_side_name(f->side));
		if (f->hot.n)
			print_untold(w, f->side, to, words);
		else
			fputs("    no symbols tell where its instructions are\n", to);
		for (size_t k = 0; k < f->hot.n && k < HOT_LINES; k++)
			print_hot_line(w, &f->hot.line[k], to, s, words);
	}
}

void why_print(const struct why *w, FILE *to, const struct why_words *words)
{
	size_t shown = words->most && words->most < w->n ? words->most : w->n;
	struct why_scale s = why_scale_of(w, words->thing);
	struct print_beside beside = { to, print_width(words) };
	char side[32], things[64];

	why_print_sentence(w, to, words);
	fprintf(to, "\n\n  %*s  %*s  %*s  %-26s  %7s  %-18s  function\n", beside.width,
		words->arm[WHY_BASE], beside.width, words->arm[WHY_OTHER], NUMBER_WIDTH, "difference",
		"95% interval", "share", "whose");
	for (size_t i = 0; i < shown; i++) {
		snprintf(side, sizeof(side), "%-18s", why_side_name(w->v[i].side));
		print_row(&w->v[i], to, &s, w->v[i].name, side, words);
	}
	if (shown < w->n)
		print_rest(w, shown, to, &s, words);
	snprintf(side, sizeof(side), "%-18s", "");
	print_row(&w->whole, to, &s, "all", side, words);
	if (*w->event) {
		fputs("\n  From go to the result, with all that the guest's QEMU did. An interval is at least\n"
		      "  what chance makes of so many samples.\n", to);
		return;
	}
	print_plural(words->thing, things, sizeof(things));
	fputs("\n  In all regions of these boots\n", to);
	print_beside(&beside, things, w->n_things[WHY_BASE], w->n_things[WHY_OTHER]);
	why_each_beside(w, print_beside, &beside);
	print_clock(w, to);
	print_hottest(w, to, &s, words);
}
