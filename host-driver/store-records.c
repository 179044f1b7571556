/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "index.h"
#include "parse.h"
#include "store-impl.h"

/* Where the walk is: the campaign, and the boot under way. */
struct walk {
	struct store *s;
	store_record_fn each;
	void *arg;
	size_t n_runs, run;
	struct store_place at, boot;
	bool in_boot;
};

/* Which boots ended, by their place in the journal. */
static int read_ended(struct store *s, size_t *n, struct err *err)
{
	sqlite3_stmt *q;
	int rc;

	*n = 0;
	if (sqlite3_prepare_v2(s->db, "SELECT class IS NOT NULL FROM boot "
			       "ORDER BY run", -1, &q, NULL))
		return index_error(s->db, s->index_path, err);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		bool *more = realloc(s->ended, (*n + 1) * sizeof(*more));

		if (!more)
			break;
		s->ended = more;
		s->ended[(*n)++] = sqlite3_column_int(q, 0);
	}
	sqlite3_finalize(q);
	if (rc == SQLITE_DONE)
		return 0;
	return rc == SQLITE_ROW ? err_sys(err, ENOMEM, "cannot read the results")
				: index_error(s->db, s->index_path, err);
}

static void enter_boot(struct walk *w, const struct record *r)
{
	const struct plan *p = w->s->plan;
	unsigned before = w->at.campaign - 1;

	w->run++;
	w->in_boot = true;
	w->boot = w->at;
	w->boot.boot = before * p->n_boots + r->boot;
	w->boot.block = before * p->n_blocks + r->block;
	w->boot.arm = plan_arm(p, r->arm);
}

static int visit(struct walk *w, const struct record *r,
		 const struct store_place *raw, struct err *err)
{
	struct store_place at;
	bool of_boot;

	if (r->type == RECORD_CAMPAIGN) {
		w->at.campaign++;
		w->in_boot = false;
	}
	if (r->type == RECORD_BOOT)
		enter_boot(w, r);
	of_boot = w->in_boot && r->boot;
	if (of_boot && (w->run > w->n_runs || !w->s->ended[w->run - 1]))
		return 0;
	if (r->type == RECORD_BOOT_END)
		w->in_boot = false;
	at = of_boot ? w->boot : w->at;
	at.offset = raw->offset;
	at.text = raw->text;
	at.len = raw->len;
	return w->each(w->arg, r, &at, err);
}

static int visit_text(struct walk *w, const struct store_place *raw,
		      struct err *err)
{
	struct record r = { .json = NULL };
	int ret = parse_record(raw->text, raw->len, &r, err);

	if (!ret)
		ret = visit(w, &r, raw, err);
	json_decref(r.json);
	return ret;
}

int store_records(struct store *s, store_record_fn each, void *arg,
		  struct err *err)
{
	struct walk w = { .s = s, .each = each, .arg = arg,
			  .at = { .arm = -1 } };
	struct journal_reader *r;
	struct store_place raw;
	int ret = read_ended(s, &w.n_runs, err);

	if (!ret)
		ret = journal_reader_open(&r, s->journal_path, err);
	if (ret)
		return ret;
	while ((ret = journal_next(r, &raw.text, &raw.len, &raw.offset,
				   err)) > 0) {
		ret = visit_text(&w, &raw, err);
		if (ret)
			break;
	}
	journal_reader_close(r);
	return ret;
}
