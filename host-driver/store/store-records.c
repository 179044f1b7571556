/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "record.h"
#include "store-impl.h"

/* The state of a walk: the current campaign and boot. */
struct walk {
	struct store *s;
	store_record_fn each;
	void *arg;
	size_t run;
	struct store_place at, boot;
	bool in_boot;
};

static void records_enter_boot(struct walk *w, const struct record *r)
{
	const struct plan *p = w->s->plan;
	unsigned before = w->at.campaign - 1;

	w->run++;
	w->in_boot = true;
	w->boot = w->at;
	w->boot.boot = before * p->n_boots + r->boot;
	w->boot.block = before * p->n_blocks + r->block;
	w->boot.arm = plan_arm(p, r->arm);
	w->boot.class = w->run <= w->s->columns.runs.n
				? w->s->columns.runs.items[w->run - 1].class : NULL;
}

static int records_visit(struct walk *w, const struct record *r,
			 const struct store_place *raw, struct err *err)
{
	struct store_place at;
	bool of_boot;

	if (r->type == RECORD_CAMPAIGN) {
		w->at.campaign++;
		w->in_boot = false;
	}
	if (r->type == RECORD_BOOT)
		records_enter_boot(w, r);
	of_boot = w->in_boot && r->boot;
	if (of_boot && !w->boot.class)
		return 0;
	if (r->type == RECORD_BOOT_END)
		w->in_boot = false;
	at = of_boot ? w->boot : w->at;
	at.offset = raw->offset;
	at.text = raw->text;
	at.len = raw->len;
	return w->each(w->arg, r, &at, err);
}

int store_records(struct store *s, store_record_fn each, void *arg,
		  struct err *err)
{
	struct walk w = { .s = s, .each = each, .arg = arg,
			  .at = { .arm = -1 } };
	struct journal_reader *r;
	struct store_place raw;
	struct record rec = { .of = NULL };
	int ret = journal_reader_open(&r, s->journal_path, err);

	if (ret)
		return ret;
	while ((ret = journal_next(r, &raw.text, &raw.len, &raw.offset,
				   err)) > 0) {
		ret = record_read(&s->doc, raw.text, raw.len, &rec, err);
		if (!ret)
			ret = records_visit(&w, &rec, &raw, err);
		if (ret)
			break;
	}
	journal_reader_close(r);
	return ret;
}

int store_cell_ends(struct store *s, store_record_fn each, void *arg, struct err *err)
{
	const struct columns *c = &s->columns;
	struct record r;
	int ret = 0;

	for (size_t i = 0; !ret && i < c->cells.n; i++) {
		const struct column_cell *cell = &c->cells.items[i];
		const struct column_run *run = &c->runs.items[cell->run - 1];
		const struct store_place at = {
			.campaign = run->campaign, .boot = BOOT_OF(s, run->campaign, run->boot),
			.block = BLOCK_OF(s, run->campaign, run->block), .arm = (int)run->arm,
			.class = run->class, .offset = cell->at,
		};

		if (!run->ok || strcmp(cell->class, "ok"))
			continue;
		ret = store_read_at(s, cell->at, &r, err);
		if (!ret)
			ret = each(arg, &r, &at, err);
	}
	return ret;
}
