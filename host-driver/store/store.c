/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record.h"
#include "store-impl.h"

int store_new(struct store **out, const char *folder, struct err *err)
{
	struct store *s = calloc(1, sizeof(*s));

	if (!s)
		return pool_no_memory(err);
	s->folder = strdup(folder);
	if (asprintf(&s->journal_path, "%s/journal.kdj", folder) < 0)
		s->journal_path = NULL;
	s->keep = json_array();
	if (!s->folder || !s->journal_path || !s->keep) {
		store_close(s);
		return pool_no_memory(err);
	}
	*out = s;
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	journal_close(s->journal);
	journal_reader_close(s->reader);
	store_release_lists(s);
	columns_release(&s->columns);
	view_release(&s->doc);
	plan_free(s->plan);
	free(s->folder);
	free(s->journal_path);
	free(s->id);
	free(s->domain);
	free(s);
}

const char *store_folder(const struct store *s)
{
	return s->folder;
}

const struct plan *store_plan(const struct store *s)
{
	return s->plan;
}

const char *store_domain(const struct store *s)
{
	return s->domain;
}

unsigned store_blocks(const struct store *s)
{
	return s->columns.campaigns * s->plan->n_blocks;
}

const char *store_journal(const struct store *s)
{
	return s->journal_path;
}

uint64_t store_samples(const struct store *s)
{
	return s->columns.samples;
}

uint64_t store_torn(const struct store *s)
{
	return s->torn;
}

const char *store_id(const struct store *s)
{
	return s->id;
}

/* --- opening ---------------------------------------------------------------------- */

/* The plan, from the campaign record. */
static int store_read_plan(struct store *s, const struct record *r, struct err *err)
{
	int ret = plan_from_view(r->plan, &s->plan, err);

	if (ret)
		err_prefix(err, "campaign: plan");
	else if (strcmp(s->plan->hash, r->plan_hash))
		ret = err_config(err, "campaign: plan_hash: does not match the plan");
	return ret;
}

/* The first record tells which campaign and plan this is. */
static int store_open_campaign(struct store *s, const struct record *r, struct err *err)
{
	int ret;

	if (r->type != RECORD_CAMPAIGN)
		return err_config(err, "is not a campaign record, which must come first");
	ret = store_read_plan(s, r, err);
	if (ret)
		return ret;
	s->id = strdup(r->id);
	s->domain = strdup(r->domain);
	if (!s->id || !s->domain)
		return pool_no_memory(err);
	return columns_init(&s->columns, s->plan, err);
}

static int store_open_record(struct store *s, const char *text, size_t len, uint64_t at,
			     struct err *err)
{
	struct record *r = &s->record;
	int ret = record_read(&s->doc, text, len, r, err);

	if (!ret && !s->plan)
		ret = store_open_campaign(s, r, err);
	if (!ret)
		ret = columns_take(&s->columns, r, at, err);
	if (ret)
		err_prefix(err, "%s: record at byte %" PRIu64, s->journal_path, at);
	return ret;
}

/* Reads the whole journal into columns. */
static int store_open_journal(struct store *s, struct err *err)
{
	const char *text;
	uint64_t at;
	size_t len;
	int ret = journal_reader_open(&s->reader, s->journal_path, err);

	if (ret)
		return ret;
	while ((ret = journal_next(s->reader, &text, &len, &at, err)) > 0) {
		ret = store_open_record(s, text, len, at, err);
		if (ret)
			return ret;
	}
	s->torn = journal_torn(s->reader);
	if (!ret && !s->plan)
		ret = err_config(err, "%s: has no campaign record; nothing was run there, remove the folder and run it again",
				 s->journal_path);
	return ret;
}

static int store_open_append(struct store *s, struct err *err)
{
	uint64_t cut = 0;
	int ret = journal_open(&s->journal, s->journal_path, &cut, err);

	if (!ret)
		ret = store_open_journal(s, err);
	s->torn = cut;
	if (!ret && s->columns.campaigns > 1)
		ret = err_config(err, "%s: was merged from several campaigns and cannot be continued; continue one of those",
				 s->folder);
	return ret;
}

static int store_refuse_no_results(const char *folder, const char *journal,
				   struct err *err)
{
	bool is_file;

	if (!access(journal, F_OK))
		return 0;
	if (errno != ENOENT && errno != ENOTDIR)
		return err_sys(err, errno, "cannot open %s", journal);
	is_file = errno == ENOTDIR;
	if (access(folder, F_OK))
		return err_config(err, "%s: there is no such folder", folder);
	return err_config(err, is_file
			  ? "%s: not a results folder but a file; name the folder that has its journal.kdj in it"
			  : "%s: not a results folder (it has no journal.kdj)", folder);
}

int store_open(struct store **out, const char *folder, enum store_mode mode,
	       struct err *err)
{
	struct store *s;
	int ret = store_new(&s, folder, err);

	if (ret)
		return ret;
	ret = store_refuse_no_results(folder, s->journal_path, err);
	if (!ret)
		ret = mode == STORE_APPEND ? store_open_append(s, err) : store_open_journal(s, err);
	if (ret)
		store_close(s);
	else
		*out = s;
	return ret;
}

/* --- its records --------------------------------------------------------------- */

/* The state of a walk: the current campaign and boot. */
struct walk {
	struct store *s;
	store_record_fn each;
	void *arg;
	size_t run;
	struct store_place at, boot;
	bool in_boot;
};

static void store_enter_boot(struct walk *w, const struct record *r)
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

static int store_visit(struct walk *w, const struct record *r,
		       const struct store_place *raw, struct err *err)
{
	struct store_place at;
	bool of_boot;

	if (r->type == RECORD_CAMPAIGN) {
		w->at.campaign++;
		w->in_boot = false;
	}
	if (r->type == RECORD_BOOT)
		store_enter_boot(w, r);
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
			ret = store_visit(&w, &rec, &raw, err);
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
