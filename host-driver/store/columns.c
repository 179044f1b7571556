/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "columns.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "order.h"

int columns_init(struct columns *c, const struct plan *plan, struct err *err)
{
	*c = (struct columns){ .plan = plan };
	c->ok = calloc(plan->n_boots, sizeof(*c->ok));
	c->identity_at = calloc(plan->n_arms, sizeof(*c->identity_at));
	if (c->ok && c->identity_at)
		return 0;
	columns_release(c);
	return pool_no_memory(err);
}

void columns_release(struct columns *c)
{
	for (size_t i = 0; i < c->series.n; i++)
		free(c->series.items[i].values.items);
	free(c->ok);
	free(c->identity_at);
	free(c->runs.items);
	free(c->cells.items);
	free(c->envs.items);
	free(c->proofs.items);
	free(c->readings.items);
	free(c->missing.items);
	free(c->notes.items);
	free(c->series.items);
	free(c->scratch.items);
	free(c->key.items);
	free(c->last_missing.items);
	texts_release(&c->series_keys);
	texts_release(&c->reasons);
	texts_release(&c->words);
	texts_release(&c->missing_what);
	pool_release(&c->pool);
	*c = (struct columns){ .plan = NULL };
}

/* --- consistency with earlier records ------------------------------------------- */

static int columns_check_boot(const struct columns *c, unsigned boot, struct err *err)
{
	if (c->open && boot == c->runs.items[c->runs.n - 1].boot)
		return 0;
	return err_config(err, "boot: %u is not the boot in progress", boot);
}

/* The cell is mostly that of the previous record. */
static int columns_find_place(struct columns *c, const struct record *r, struct err *err)
{
	int found, ret = columns_check_boot(c, r->boot, err);

	if (ret || !strcmp(c->plan->cells[c->cell].id, r->cell))
		return ret;
	found = plan_cell(c->plan, r->cell);
	if (found < 0)
		return err_config(err, "cell: '%s' is not one of the plan's cells", r->cell);
	c->cell = found;
	return 0;
}

/* Keeps one copy of a text that is repeated often; NULL for NULL. */
static int columns_keep_word(struct columns *c, const char *text, const char **kept,
			     struct err *err)
{
	unsigned id;

	*kept = NULL;
	if (!text)
		return 0;
	id = texts_put(&c->words, &c->pool, text, strlen(text));
	if (!id)
		return pool_no_memory(err);
	*kept = texts_get(&c->words, id);
	return 0;
}

/* --- records ---------------------------------------------------------------------- */

static int columns_campaign(struct columns *c, const struct record *r, uint64_t at,
			    struct err *err)
{
	(void)at;
	if (strcmp(r->plan_hash, c->plan->hash))
		return err_config(err, "plan_hash: differs from the first campaign's; the plans are different");
	if (c->campaigns && strcmp(r->domain, c->domain))
		return err_config(err, "domain: is %s, but the first campaign's is %s; they cannot be compared",
				  r->domain, c->domain);
	snprintf(c->domain, sizeof(c->domain), "%s", r->domain);
	c->open = false;
	memset(c->ok, 0, c->plan->n_boots * sizeof(*c->ok));
	c->campaigns++;
	return 0;
}

static int columns_arm(struct columns *c, const struct record *r, uint64_t at,
		       struct err *err)
{
	int arm = plan_arm(c->plan, r->arm);

	if (arm < 0)
		return err_config(err, "arm: '%s' is not one of the plan's arms", r->arm);
	if (!c->identity_at[arm])
		c->identity_at[arm] = at;
	return 0;
}

static int columns_env(struct columns *c, const struct record *r, uint64_t at,
		       struct err *err)
{
	int ret = r->boot ? columns_check_boot(c, r->boot, err) : 0;

	if (!ret)
		ret = COLUMN_ADD(c->envs, err);
	if (ret)
		return ret;
	c->envs.items[c->envs.n++] = (struct column_env){
		.run = r->boot ? c->runs.n : 0, .where = r->where, .at = at,
	};
	return 0;
}

static int columns_boot(struct columns *c, const struct record *r, uint64_t at,
			struct err *err)
{
	const struct plan_boot *b;

	(void)at;
	if (r->boot > c->plan->n_boots)
		return err_config(err, "boot: %u is not in the plan, which has %zu",
				  r->boot, c->plan->n_boots);
	b = &c->plan->boots[r->boot - 1];
	if (r->block != b->block || r->order != b->order ||
	    strcmp(r->arm, c->plan->arms[b->arm].name))
		return err_config(err, "boot: %u has another block, order or arm than in the plan",
				  r->boot);
	if (c->ok[r->boot - 1])
		return err_config(err, "boot: %u has already ended ok", r->boot);
	if (COLUMN_ADD(c->runs, err))
		return -ENOMEM;
	c->runs.items[c->runs.n++] = (struct column_run){
		.campaign = c->campaigns, .boot = r->boot, .block = r->block,
		.order = r->order, .arm = b->arm, .attempt = r->attempt,
		.begun = r->at,
	};
	c->open = true;
	return 0;
}

static int columns_boot_end(struct columns *c, const struct record *r, uint64_t at,
			    struct err *err)
{
	struct column_run *run;
	int ret = columns_check_boot(c, r->boot, err);

	if (ret)
		return ret;
	run = &c->runs.items[c->runs.n - 1];
	run->text = pool_text(&c->pool, r->text);
	if (!run->text)
		return pool_no_memory(err);
	run->class = r->class;
	run->ok = !strcmp(r->class, "ok");
	run->ended = r->at;
	run->end_at = at;
	c->ok[r->boot - 1] |= run->ok;
	c->open = false;
	return 0;
}

static int columns_proof(struct columns *c, const struct record *r, uint64_t at,
			 struct err *err)
{
	struct column_proof p = {
		.run = c->runs.n, .process = r->process, .before = r->before,
		.layer = r->layer, .bytes_4k = r->bytes_4k,
		.bytes_2m = r->bytes_2m, .bytes_1g = r->bytes_1g,
		.faults = r->faults,
	};
	int ret = columns_find_place(c, r, err);

	(void)at;
	p.cell = c->cell;
	if (!ret)
		ret = columns_keep_word(c, r->method, &p.method, err);
	if (!ret)
		ret = columns_keep_word(c, r->unavailable, &p.unavailable, err);
	if (!ret)
		ret = COLUMN_ADD(c->proofs, err);
	if (!ret)
		c->proofs.items[c->proofs.n++] = p;
	return ret;
}

static int columns_timeline(struct columns *c, const struct record *r, uint64_t at,
			    struct err *err)
{
	struct column_reading e = {
		.run = c->runs.n, .process = r->process, .apart = r->apart,
		.step = r->step, .layer = r->event ? NULL : r->layer,
		.seconds = r->seconds, .faults = r->faults,
		.bytes = { (double)r->bytes_4k, (double)r->bytes_2m, (double)r->bytes_1g },
	};
	int ret = columns_find_place(c, r, err);

	(void)at;
	e.cell = c->cell;
	if (!ret)
		ret = columns_keep_word(c, r->event, &e.event, err);
	if (!ret)
		ret = COLUMN_ADD(c->readings, err);
	if (!ret)
		c->readings.items[c->readings.n++] = e;
	return ret;
}

static int columns_cell_end(struct columns *c, const struct record *r, uint64_t at,
			    struct err *err)
{
	struct column_cell e = { .run = c->runs.n, .process = r->process,
				 .class = r->class, .at = at };
	int ret = columns_find_place(c, r, err);

	e.cell = c->cell;
	if (!ret)
		ret = columns_keep_word(c, r->text, &e.text, err);
	if (!ret)
		ret = COLUMN_ADD(c->cells, err);
	if (!ret)
		ret = columns_take_missing(c, r->missing, err);
	if (!ret)
		c->cells.items[c->cells.n++] = e;
	return ret;
}

static int columns_note(struct columns *c, const struct record *r, uint64_t at,
			struct err *err)
{
	const char *text = pool_text(&c->pool, r->text);

	(void)at;
	if (!text || COLUMN_ADD(c->notes, err))
		return pool_no_memory(err);
	c->notes.items[c->notes.n++] = text;
	return 0;
}

static int columns_sample(struct columns *c, const struct record *r, uint64_t at,
			  struct err *err)
{
	int ret = columns_find_place(c, r, err);

	if (ret)
		return ret;
	if (strcmp(r->domain, c->domain))
		return err_config(err, "domain: is %s, but the campaign's is %s",
				  r->domain, c->domain);
	ret = columns_take_sample(c, r, c->cell, at, err);
	c->samples += !ret;
	return ret;
}

static int (*const columns_takes[])(struct columns *, const struct record *, uint64_t,
				    struct err *) = {
	[RECORD_CAMPAIGN] = columns_campaign,
	[RECORD_ARM] = columns_arm,
	[RECORD_ENV] = columns_env,
	[RECORD_BOOT] = columns_boot,
	[RECORD_SAMPLE] = columns_sample,
	[RECORD_PROOF] = columns_proof,
	[RECORD_TIMELINE] = columns_timeline,
	[RECORD_CELL_END] = columns_cell_end,
	[RECORD_BOOT_END] = columns_boot_end,
	[RECORD_NOTE] = columns_note,
};

int columns_take(struct columns *c, const struct record *r, uint64_t at,
		 struct err *err)
{
	int ret;

	if (c->campaigns == 0 && r->type != RECORD_CAMPAIGN)
		return err_config(err, "comes before the campaign record");
	ret = columns_takes[r->type](c, r, at, err);
	if (ret)
		err_prefix(err, "%s", record_type_name(r->type));
	return ret;
}

int columns_append(struct columns *c, struct view_doc *doc, struct record *r,
		   struct journal *j, const char *text, size_t len, struct err *err)
{
	int ret = record_read(doc, text, len, r, err);

	if (!ret)
		ret = columns_take(c, r, journal_size(j), err);
	return ret ? ret : journal_append(j, text, len, err);
}

/* --- summaries ------------------------------------------------------------------ */

/* Two passes, the mean first, so that a large offset does not cost precision. */
static void columns_moments(const double *v, size_t n, struct summary *s)
{
	double sum = 0, squares = 0;

	for (size_t i = 0; i < n; i++)
		sum += v[i];
	s->mean = sum / n;
	for (size_t i = 0; i < n; i++)
		squares += (v[i] - s->mean) * (v[i] - s->mean);
	s->sd = n > 1 ? sqrt(squares / (n - 1)) : NAN;
}

void summary_of(double *values, size_t n, struct summary *s)
{
	*s = (struct summary){ n, NAN, NAN, NAN, NAN, NAN, NAN, NAN };
	if (n == 0)
		return;
	s->median = order_median(values, n);
	columns_moments(values, n, s);
	s->min = values[0];
	s->max = values[n - 1];
	s->p10 = order_quantile(values, n, 0.1);
	s->p90 = order_quantile(values, n, 0.9);
}
