/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two campaigns side by side, on a terminal and as JSON. */

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "doc.h"
#include "report-parts.h"
#include "report.h"

static void shift_effect_cell(struct doc *d, const struct compare_series *s, size_t arm)
{
	struct number_effect e;

	compare_effect(s, &s->vs[arm].e, &e);
	doc_cell(d, DOC_EFFECT, 0, "%s", s->vs[arm].e.n ? e.effect : "-");
}

static void shift_row(struct doc *d, const struct shift *s, const struct shift_row *r)
{
	struct number_effect e;

	compare_effect(r->a, &r->e, &e);
	doc_row(d);
	doc_cell(d, DOC_WORDS, 0, "%s", s->a->arms[r->arm_a].name);
	shift_effect_cell(d, r->a, r->arm_a);
	shift_effect_cell(d, r->b, r->arm_b);
	doc_cell(d, DOC_EFFECT, 0, "%s", r->e.n ? e.effect : "-");
	doc_cell(d, DOC_NUMBER, 0, "%s", r->e.n ? e.interval : "");
	doc_cell(d, DOC_VERDICT, report_tone(r->verdict), "%s", verdict_name(r->verdict));
	doc_cell(d, DOC_WORDS, 0, "%s", r->reason);
}

/* Counters and metrics that are never judged are only in the JSON. */
static bool shift_shows(const struct shift_row *r, bool gates)
{
	return r->a->gate == gates && !r->a->counter && r->a->better != STATS_NEITHER;
}

static void shift_part(struct doc *d, const struct shift *s, bool gates)
{
	unsigned tests = gates ? s->gate_tests : s->other_tests;
	const struct compare_series *last = NULL;
	char name[512];

	for (size_t i = 0; i < s->n; i++) {
		const struct shift_row *r = &s->rows[i];

		if (!shift_shows(r, gates))
			continue;
		if (!last)
			doc_part(d, gates ? "Gates (Holm over %u test%s)"
					  : "Other metrics (Benjamini-Hochberg over %u test%s)",
				 tests, tests == 1 ? "" : "s");
		if (r->a != last) {
			compare_series_name(r->a, name, sizeof(name));
			doc_group(d, name, "%s", r->a->cell);
		}
		last = r->a;
		shift_row(d, s, r);
	}
}

static void shift_about(struct doc *d, const char *which, const struct comparison *c,
			const char *folder, double begun)
{
	time_t at = (time_t)begun;
	char date[32] = "";
	struct tm tm;

	if (begun > 0 && gmtime_r(&at, &tm))
		strftime(date, sizeof(date), ", %Y-%m-%d %H:%M UTC", &tm);
	doc_put(d, DOC_SAY, "%s: %s%s, %u of %u blocks.", which, folder, date, c->blocks,
		c->blocks_planned);
	if (c->refused)
		doc_put(d, DOC_SAY, "%s has no verdicts: %s", which, c->refused);
}

void report_shift_print(FILE *out, const struct shift *s, const char *const folder[2],
			const double begun[2])
{
	struct doc *d = doc_new();

	shift_about(d, "A", s->a, folder[0], begun[0]);
	shift_about(d, "B", s->b, folder[1], begun[1]);
	doc_put(d, DOC_SAY, "Each against its own baseline, %s; domain %s.",
		s->a->arms[s->a->baseline].name, s->a->domain);
	doc_table(d, "arm|#A|#B|#change|=interval|verdict|!reason");
	shift_part(d, s, true);
	shift_part(d, s, false);
	doc_put(d, DOC_SMALL, "The change is the arm's ratio to its baseline in B over that in A: "
		"if it were +5%% in A and +8%% in B, 1.08 / 1.05, +2.9%%. Its %.4g%% interval is Welch's, since the blocks of two "
		"campaigns are not paired. The verdict is about the change alone, corrected for "
		"the number of tests.", 100 * (1 - s->alpha));
	if (s->only_a || s->only_b)
		doc_put(d, DOC_SAY, "Only in A: %zu, only in B: %zu rows.", s->only_a, s->only_b);
	doc_print_text(d, out, doc_wants_colour(out));
	doc_free(d);
}

/* --- JSON ------------------------------------------------------------------------ */

static json_t *shift_effect_json(const struct stats_effect *e)
{
	json_t *j = json_object();

	json_put(j, "n", json_integer(e->n));
	json_put(j, "effect", json_known(e->n ? e->effect : NAN));
	json_put(j, "lo", json_known(e->n ? e->lo : NAN));
	json_put(j, "hi", json_known(e->n ? e->hi : NAN));
	return j;
}

static json_t *shift_row_json(const struct shift *s, const struct shift_row *r)
{
	json_t *j = json_object(), *change = shift_effect_json(&r->e);

	json_put(j, "cell", json_safe(r->a->cell));
	json_put(j, "metric", json_safe(r->a->metric));
	json_put(j, "counter", json_safe_or_null(r->a->counter));
	json_object_set(j, "point", r->a->point);
	json_put(j, "gate", json_boolean(r->a->gate));
	json_put(j, "arm", json_safe(s->a->arms[r->arm_a].name));
	json_put(j, "a", shift_effect_json(&r->a->vs[r->arm_a].e));
	json_put(j, "b", shift_effect_json(&r->b->vs[r->arm_b].e));
	json_put(change, "p", json_known(r->e.n ? r->e.p : NAN));
	json_put(change, "p_adjusted", json_known(r->p_adjusted));
	json_put(change, "sde", json_known(r->e.n ? r->e.sde : NAN));
	json_put(change, "verdict", json_safe(verdict_name(r->verdict)));
	json_put(change, "reason", json_safe_or_null(r->reason));
	json_put(j, "change", change);
	return j;
}

json_t *report_shift_json(const struct shift *s, const char *const folder[2],
			  const double begun[2])
{
	json_t *all = json_object(), *rows = json_array(), *sides = json_array();

	for (int i = 0; i < 2; i++) {
		const struct comparison *c = i ? s->b : s->a;
		json_t *j = json_object();

		json_put(j, "folder", json_safe(folder[i]));
		json_put(j, "begun", json_known(begun[i] > 0 ? begun[i] : NAN));
		json_put(j, "blocks", json_integer(c->blocks));
		json_put(j, "refused", json_safe_or_null(c->refused));
		json_array_append_new(sides, j);
	}
	for (size_t i = 0; i < s->n; i++)
		json_array_append_new(rows, shift_row_json(s, &s->rows[i]));
	json_put(all, "campaigns", sides);
	json_put(all, "domain", json_safe(s->a->domain));
	json_put(all, "baseline", json_safe(s->a->arms[s->a->baseline].name));
	json_put(all, "gate_tests", json_integer(s->gate_tests));
	json_put(all, "other_tests", json_integer(s->other_tests));
	json_put(all, "rows", rows);
	return all;
}
