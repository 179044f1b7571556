/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which functions make the difference, if they were counted (why/gather.h). */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "report-parts.h"
#include "safe.h"
#include "vocab/number.h"
#include "why/gather.h"

struct report_why {
	struct gather *begun;	/* NULL: nothing is left to be done */
	struct why_groups groups;
	char *none;		/* why there are no tables, or NULL */
};

/* If the counts can no longer be explained, the report is made without them. */
void report_gather_why(struct report *r, struct store *s)
{
	static const struct why_request all = { .cell = NULL };
	struct err err = ERR_INIT;

	if (!r->plan || !r->plan->profile)
		return;
	r->why = calloc(1, sizeof(*r->why));
	must_have(r->why);
	if (why_gather_begin(&r->why->begun, s, &all, &err))
		r->why->none = text_format("%s", err.text);
}

void report_explain_why(const struct report *r)
{
	struct err err = ERR_INIT;
	struct gather *begun = r->why ? r->why->begun : NULL;

	if (!begun)
		return;
	r->why->begun = NULL;
	if (why_gather_end(begun, &r->why->groups, &err))
		r->why->none = text_format("%s", err.text);
}

static const struct why_groups *why_groups_of(const struct report *r)
{
	report_explain_why(r);
	return &r->why->groups;
}

void report_release_why(struct report *r)
{
	if (!r->why)
		return;
	if (r->why->begun)
		why_gather_drop(r->why->begun);
	why_groups_release(&r->why->groups);
	free(r->why->none);
	free(r->why);
}

static struct why_words why_words_of(const struct report *r, const struct why_group *g)
{
	return (struct why_words){ .arm = { plan_baseline(r->plan)->name,
					    r->plan->arms[g->arm].name },
				   .thing = g->thing };
}

/* What the writer prints, as a text that the caller frees. */
static char *why_text(const struct report *r, const struct why_group *g, bool drawing)
{
	struct why_words words = why_words_of(r, g);
	struct calls_words drawn = { .arm = { words.arm[0], words.arm[1] },
				     .thing = g->thing, .unit = why_unit(&g->why) };
	char what[640], *text = NULL;
	size_t len;
	FILE *f = text_open(&text, &len);

	snprintf(what, sizeof(what), "%s %s", g->what, g->metric);
	drawn.what = what;
	if (drawing)
		calls_write_svg(&g->why.calls, &drawn, f);
	else
		why_print_sentence(&g->why, f, &words);
	text_close(f);
	return text;
}

static void why_put_functions(struct doc *d, const struct report *r, const struct why_group *g)
{
	struct why_words words = why_words_of(r, g);
	struct why_scale s = why_scale_of(&g->why, g->thing);
	bool scaled = s.times != 1;
	char *columns = text_format("=function%s%s|whose|#%s|#%s|#difference|#share",
				    scaled ? ", per " : "", scaled ? s.of : "",
				    words.arm[WHY_BASE], words.arm[WHY_OTHER]);

	doc_table(d, columns);
	free(columns);
	for (size_t i = 0; i < g->why.n && i < WHY_FIRST; i++) {
		const struct why_function *f = &g->why.v[i];

		if (!f->diff)
			break;
		doc_row(d);
		doc_cell(d, DOC_ID, 0, "%s", f->name);
		doc_cell(d, DOC_WORDS, 0, "%s", why_side_name(f->side));
		for (int a = 0; a < WHY_ARMS; a++)
			doc_cell(d, DOC_NUMBER, 0, "%.*f", s.decimals, s.times * f->mean[a]);
		doc_cell(d, DOC_EFFECT, 0, "%+.*f", s.decimals, s.times * f->diff);
		if (g->why.doubt)
			doc_cell(d, DOC_NUMBER, 0, "-");
		else
			doc_cell(d, DOC_NUMBER, 0, "%.1f%%", 100 * f->share);
	}
}

struct why_put {
	struct doc *d;
	const struct why *w;
};

static void why_put_beside(void *arg, const char *what, double base, double other)
{
	const struct why_put *p = arg;
	const double v[WHY_ARMS] = { base / p->w->n_things[WHY_BASE],
				     other / p->w->n_things[WHY_OTHER] };
	char text[NUMBER_MAX];
	struct doc *d = p->d;

	doc_row(d);
	doc_cell(d, DOC_WORDS, 0, "%s", what);
	for (int a = 0; a < WHY_ARMS; a++)
		if (isnan(v[a]))
			doc_cell(d, DOC_NUMBER, 0, "not known");
		else
			doc_cell(d, DOC_NUMBER, 0, "%s", number_value(v[a], "count", text));
}

/* What the guest was left for, and memory where it was counted. */
static void why_put_regions(struct doc *d, const struct report *r, const struct why_group *g)
{
	struct why_words words = why_words_of(r, g);
	char *columns = text_format("of whole regions, per %s|#%s|#%s", g->thing,
				    words.arm[WHY_BASE], words.arm[WHY_OTHER]);

	doc_table(d, columns);
	free(columns);
	why_each_beside(&g->why, why_put_beside, &(struct why_put){ d, &g->why });
}

static void why_put_drawing(struct doc *d, const struct report *r, const struct why_group *g,
			    size_t i)
{
	unsigned forms = d->forms;
	char *svg = why_text(r, g, true);

	doc_put(d, DOC_SMALL, "%s per %s. Call stacks: plots/why-%zu.svg; every function: kduel why.",
		*g->why.event ? "Samples" : "Instructions", g->thing, i + 1);
	d->forms = DOC_IN_HTML;
	doc_drawing(d, svg);
	d->forms = forms;
	free(svg);
}

void report_why(struct doc *d, const struct report *r)
{
	const struct why_groups *all;

	if (!r->why)
		return;
	doc_heading(d, "why", "Where the instructions are");
	all = why_groups_of(r);
	if (r->why->none)
		doc_put(d, DOC_SAY, "No table: %s.", r->why->none);
	for (size_t i = 0; i < all->n; i++) {
		const struct why_group *g = &all->v[i];
		char *text;

		doc_put(d, DOC_SUBHEADING, "%s, %s: %s", g->what, g->metric,
			r->plan->arms[g->arm].name);
		if (g->error.code) {
			doc_put(d, DOC_SAY, "No table: %s.", g->error.text);
			continue;
		}
		text = why_text(r, g, false);
		doc_put(d, DOC_SAY, "%s", text);
		free(text);
		if (g->why.whole.diff) {
			why_put_functions(d, r, g);
			if (!*g->why.event)
				why_put_regions(d, r, g);
			why_put_drawing(d, r, g, i);
		}
	}
}

int report_draw_why(const struct report *r, const char *folder, struct err *err)
{
	const struct why_groups *all = r->why ? why_groups_of(r) : NULL;
	int ret = 0;

	for (size_t i = 0; all && i < all->n && !ret; i++) {
		const struct why_group *g = &all->v[i];
		char *path = text_format("%s/plots/why-%zu.svg", folder, i + 1);

		if (!g->error.code && g->why.whole.diff) {
			char *svg = why_text(r, g, true);

			ret = file_publish(path, svg, strlen(svg), err);
			free(svg);
		}
		free(path);
	}
	return ret;
}

struct why_add {
	json_t *regions;
	const struct why *w;
};

static void why_add_beside(void *arg, const char *what, double base, double other)
{
	const struct why_add *a = arg;
	json_t *one = json_object();

	json_put(one, "what", json_string(what));
	json_put(one, "baseline", json_known(base / a->w->n_things[WHY_BASE]));
	json_put(one, "arm", json_known(other / a->w->n_things[WHY_OTHER]));
	json_array_append_new(a->regions, one);
}

json_t *report_why_json(const struct report *r)
{
	const struct why_groups *groups = why_groups_of(r);
	json_t *all = json_array();

	for (size_t i = 0; i < groups->n; i++) {
		const struct why_group *g = &groups->v[i];
		json_t *o = json_object(), *functions = json_array();
		char *text = g->error.code ? text_format("%s", g->error.text)
					   : why_text(r, g, false);

		json_put(o, "cell", json_safe(g->what));
		json_put(o, "metric", json_safe(g->metric));
		json_put(o, "arm", json_safe(r->plan->arms[g->arm].name));
		json_put(o, "thing", json_safe(g->thing));
		json_put(o, "says", json_safe(text));
		for (size_t k = 0; k < g->why.n && k < WHY_FIRST && !g->error.code; k++) {
			const struct why_function *f = &g->why.v[k];
			json_t *one = json_object();

			json_put(one, "function", json_safe(f->name));
			json_put(one, "whose", json_safe(why_side_name(f->side)));
			json_put(one, "baseline", json_known(f->mean[WHY_BASE]));
			json_put(one, "arm", json_known(f->mean[WHY_OTHER]));
			json_put(one, "share", json_known(f->share));
			json_array_append_new(functions, one);
		}
		json_put(o, "functions", functions);
		if (!g->error.code) {
			json_t *regions = json_array();

			why_each_beside(&g->why, why_add_beside,
					&(struct why_add){ regions, &g->why });
			json_put(o, "regions", regions);
		}
		json_array_append_new(all, o);
		free(text);
	}
	return all;
}
