/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trend.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "store/store.h"

static int trend_no_memory(struct err *err)
{
	return err_sys(err, ENOMEM, "cannot follow the trend");
}

void trend_init(struct trend *t)
{
	*t = (struct trend){ .n_series = 0 };
}

static int trend_check_new(const struct trend *t, const char *id, const char *folder,
			   struct err *err)
{
	for (size_t i = 0; i < t->n_campaigns; i++)
		if (!strcmp(t->campaign[i].id, id))
			return err_config(err, "%s: is the same campaign as %s, and would count twice",
					  folder, t->campaign[i].folder);
	return 0;
}

static int trend_leave_out(struct trend *t, const char *folder, const char *why,
			   struct err *err)
{
	char **list = realloc(t->left_out, (t->n_left_out + 1) * sizeof(*list));

	if (!list)
		return trend_no_memory(err);
	t->left_out = list;
	if (asprintf(&list[t->n_left_out], "%s: %s", folder, why) < 0)
		return trend_no_memory(err);
	t->n_left_out++;
	return 0;
}

static int trend_check_kind(struct trend *t, const struct comparison *c,
			    const char *folder, struct err *err)
{
	const char *kernel = c->arms[c->baseline].kernel;

	if (!t->domain) {
		t->domain = strdup(c->domain);
		t->baseline = strdup(kernel);
		return t->domain && t->baseline ? 0 : trend_no_memory(err);
	}
	if (strcmp(t->domain, c->domain))
		return err_config(err, "%s: its times are %s, those of %s are %s; they are never mixed",
				  folder, c->domain, t->campaign[0].folder, t->domain);
	if (strcmp(t->baseline, kernel))
		return err_config(err, "%s: its baseline is %s, that of %s is %s; ratios to different baselines make no trend; name only folders of one baseline",
				  folder, kernel, t->campaign[0].folder, t->baseline);
	return 0;
}

static struct trend_series *trend_find(struct trend *t, const char *key, const char *arm)
{
	for (size_t i = 0; i < t->n_series; i++)
		if (!strcmp(t->series[i].key, key) && !strcmp(t->series[i].arm, arm))
			return &t->series[i];
	return NULL;
}

static struct trend_series *trend_make(struct trend *t, const char *key, const char *arm,
				       enum stats_better better)
{
	struct trend_series *s = trend_find(t, key, arm), *list;

	if (s)
		return s;
	list = realloc(t->series, (t->n_series + 1) * sizeof(*list));
	if (!list)
		return NULL;
	t->series = list;
	s = &list[t->n_series];
	*s = (struct trend_series){ .key = strdup(key), .arm = strdup(arm),
				    .better = better };
	if (!s->key || !s->arm) {
		free(s->key);
		free(s->arm);
		return NULL;
	}
	t->n_series++;
	return s;
}

/* Makes room for the campaign that was just added. */
static int trend_widen_one(double **values, size_t n)
{
	bool fresh = !*values;
	double *more = realloc(*values, n * sizeof(*more));

	if (!more)
		return -ENOMEM;
	*values = more;
	for (size_t k = fresh ? 0 : n - 1; k < n; k++)
		more[k] = NAN;
	return 0;
}

static int trend_widen(struct trend *t)
{
	for (size_t i = 0; i < t->n_series; i++) {
		struct trend_series *s = &t->series[i];

		if (trend_widen_one(&s->ratio, t->n_campaigns) ||
		    trend_widen_one(&s->lo, t->n_campaigns) ||
		    trend_widen_one(&s->hi, t->n_campaigns))
			return -ENOMEM;
	}
	return 0;
}

static void trend_put(struct trend *t, struct trend_series *to, const struct stats_effect *e)
{
	to->ratio[t->n_campaigns - 1] = 1 + e->effect;
	to->lo[t->n_campaigns - 1] = 1 + e->lo;
	to->hi[t->n_campaigns - 1] = 1 + e->hi;
}

static bool trend_has_ratio(const struct comparison *c, const struct compare_series *s,
			    size_t arm)
{
	return arm != c->baseline && !c->arms[arm].control && !s->counter &&
	       s->better != STATS_NEITHER && s->vs[arm].e.n &&
	       !s->vs[arm].e.absolute;
}

static int trend_add_ratios(struct trend *t, const struct comparison *c, bool make_them)
{
	char key[512];

	for (size_t i = 0; i < c->n_series; i++)
		for (size_t a = 0; a < c->n_arms; a++) {
			const struct compare_series *s = &c->series[i];
			struct trend_series *to;

			if (!trend_has_ratio(c, s, a))
				continue;
			snprintf(key, sizeof(key), "%s %s%s%s", s->cell, s->metric,
				 *s->point_text ? " " : "", s->point_text);
			to = make_them ? trend_make(t, key, c->arms[a].name, s->better)
				       : trend_find(t, key, c->arms[a].name);
			if (!to)
				return -ENOMEM;
			if (!make_them)
				trend_put(t, to, &s->vs[a].e);
		}
	return 0;
}

static int trend_add_campaign(struct trend *t, const struct comparison *c,
			      const char *folder, const char *id, double begun,
			      struct err *err)
{
	struct trend_campaign *list;

	list = realloc(t->campaign, (t->n_campaigns + 1) * sizeof(*list));
	if (!list)
		return trend_no_memory(err);
	t->campaign = list;
	list[t->n_campaigns++] = (struct trend_campaign){
		.folder = strdup(folder), .name = strdup(c->name),
		.id = strdup(id), .begun = begun };
	if (!list[t->n_campaigns - 1].folder || !list[t->n_campaigns - 1].name ||
	    !list[t->n_campaigns - 1].id ||
	    trend_add_ratios(t, c, true) || trend_widen(t) || trend_add_ratios(t, c, false))
		return trend_no_memory(err);
	return 0;
}

static int trend_add_store(struct trend *t, struct store *s, const char *folder,
			   struct err *err)
{
	struct compare_options o = { .allow_differences = true };
	const struct store_boot *boots;
	struct comparison c;
	size_t n;
	int rc = store_boots(s, &boots, &n, err);

	if (!rc)
		rc = compare_run(s, &o, &c, err);
	if (rc)
		return rc;
	if (c.refused) {
		if (!t->n_left_out)
			t->left_out_exit = compare_exit(&c, false);
		rc = trend_leave_out(t, folder, c.refused, err);
		goto release;
	}
	for (size_t a = 0; a < c.n_arms; a++)
		t->arms |= a != c.baseline && !c.arms[a].control;
	rc = trend_check_new(t, store_id(s), folder, err);
	if (!rc)
		rc = trend_check_kind(t, &c, folder, err);
	if (!rc)
		rc = trend_add_campaign(t, &c, folder, store_id(s),
					n ? boots[0].begun : 0, err);
release:
	comparison_release(&c);
	return rc;
}

int trend_add(struct trend *t, const char *folder, struct err *err)
{
	struct store *s;
	int rc = store_open(&s, folder, STORE_READ, err);

	if (rc)
		return rc;
	rc = trend_add_store(t, s, folder, err);
	store_close(s);
	return rc;
}

static int trend_by_time(const void *a, const void *b, void *trend)
{
	const struct trend_campaign *of = ((const struct trend *)trend)->campaign;
	double x = of[*(const size_t *)a].begun, y = of[*(const size_t *)b].begun;

	return (x > y) - (x < y);
}

int trend_changes(const double *ratio, size_t n, size_t min_segment,
		  struct stats_changes *out)
{
	double *v = calloc(n + 1, sizeof(*v));
	int rc = v ? 0 : -ENOMEM;

	*out = (struct stats_changes){ .n = 0 };
	for (size_t i = 0; !rc && i < n; i++)
		v[i] = log(ratio[i]);
	if (!rc && n >= TREND_POINTS_MIN)
		rc = stats_change_points(v, n, min_segment, out);
	for (size_t i = 0; i < out->n; i++) {
		out->change[i].before = exp(out->change[i].before);
		out->change[i].after = exp(out->change[i].after);
	}
	free(v);
	return rc;
}

static int trend_judge(struct trend_series *s, const size_t *order, size_t n,
		       size_t min_segment)
{
	double *v = calloc(n + 1, sizeof(*v));
	int rc = 0;

	s->campaign = calloc(n + 1, sizeof(*s->campaign));
	if (!v || !s->campaign)
		rc = -ENOMEM;
	for (size_t i = 0; !rc && i < n; i++)
		if (!isnan(s->ratio[order[i]])) {
			v[s->points] = s->ratio[order[i]];
			s->campaign[s->points++] = order[i];
		}
	s->judged = !rc && s->points >= TREND_POINTS_MIN;
	if (!rc)
		rc = trend_changes(v, s->points, min_segment, &s->changes);
	free(v);
	return rc;
}

/*
 * All were left out: what the first says of itself is the exit code, but that of a
 * campaign which is fine for what it is, e.g. of one block.
 */
static int trend_all_left_out(const struct trend *t, struct err *err)
{
	enum kduel_exit code = t->left_out_exit == EXIT_DONE ? EXIT_CONFIG : t->left_out_exit;

	if (t->n_left_out == 1)
		return err_set(err, code, -ENODATA, "%s", t->left_out[0]);
	return err_set(err, code, -ENODATA, "none of these %zu campaigns can be followed; %s",
		       t->n_left_out, t->left_out[0]);
}

int trend_finish(struct trend *t, struct err *err)
{
	size_t *order;
	int rc = 0;

	if (!t->n_campaigns)
		return t->n_left_out ? trend_all_left_out(t, err) : err_config(err, "no campaign");
	if (!t->n_series)
		return err_set(err, t->arms ? EXIT_INCOMPLETE : EXIT_CONFIG, -ENODATA,
			       "there is nothing to follow in %zu campaign%s: %s",
			       t->n_campaigns, t->n_campaigns == 1 ? "" : "s",
			       t->arms ? "no metric has a ratio to the baseline"
				       : "every arm is a copy of the baseline");
	order = calloc(t->n_campaigns + 1, sizeof(*order));
	if (!order)
		return trend_no_memory(err);
	for (size_t i = 0; i < t->n_campaigns; i++)
		order[i] = i;
	qsort_r(order, t->n_campaigns, sizeof(*order), trend_by_time, t);
	for (size_t i = 0; !rc && i < t->n_series; i++)
		rc = trend_judge(&t->series[i], order, t->n_campaigns, t->min_segment);
	free(order);
	return rc ? trend_no_memory(err) : 0;
}

void trend_release(struct trend *t)
{
	for (size_t i = 0; i < t->n_series; i++) {
		free(t->series[i].key);
		free(t->series[i].arm);
		free(t->series[i].ratio);
		free(t->series[i].lo);
		free(t->series[i].hi);
		free(t->series[i].campaign);
		stats_changes_release(&t->series[i].changes);
	}
	for (size_t i = 0; i < t->n_campaigns; i++) {
		free(t->campaign[i].folder);
		free(t->campaign[i].name);
		free(t->campaign[i].id);
	}
	for (size_t i = 0; i < t->n_left_out; i++)
		free(t->left_out[i]);
	free(t->left_out);
	free(t->series);
	free(t->campaign);
	free(t->domain);
	free(t->baseline);
	trend_init(t);
}
