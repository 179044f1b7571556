/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ingest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ingest-impl.h"

int ingest_no_memory(struct ingest *in)
{
	return err_sys(in->err, ENOMEM, "cannot make the index");
}

/* --- going on where the index ends -------------------------------------------- */

/* Texts and their numbers, which count from 1. */
static int load_ids(struct ingest *in, const char *sql, json_t *ids)
{
	sqlite3_stmt *q;
	int rc;

	if (sqlite3_prepare_v2(in->db, sql, -1, &q, NULL))
		return 1;
	while ((rc = sqlite3_step(q)) == SQLITE_ROW)
		json_object_set_new(ids,
				    (const char *)sqlite3_column_text(q, 0),
				    json_integer(sqlite3_column_int64(q, 1)));
	sqlite3_finalize(q);
	return rc != SQLITE_DONE;
}

static int load_boots(struct ingest *in)
{
	sqlite3_stmt *q;
	int rc;

	if (sqlite3_prepare_v2(in->db, "SELECT boot, class, at FROM boot "
			       "WHERE campaign = ? ORDER BY run", -1, &q, NULL))
		return 1;
	sqlite3_bind_int64(q, 1, in->campaigns);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		const char *class = (const char *)sqlite3_column_text(q, 1);

		in->now.boot = sqlite3_column_int64(q, 0);
		in->now.open = !class;
		in->now.at = sqlite3_column_int64(q, 2);
		if (class && !strcmp(class, "ok") && in->now.boot &&
		    in->now.boot <= in->plan->n_boots)
			in->ok[in->now.boot - 1] = true;
	}
	sqlite3_finalize(q);
	return rc != SQLITE_DONE;
}

static int load_domain(struct ingest *in)
{
	sqlite3_stmt *q;

	if (sqlite3_prepare_v2(in->db, "SELECT domain FROM campaign WHERE "
			       "campaign = ?", -1, &q, NULL))
		return 1;
	sqlite3_bind_int64(q, 1, in->campaigns);
	if (sqlite3_step(q) == SQLITE_ROW)
		snprintf(in->domain, sizeof(in->domain), "%s",
			 (const char *)sqlite3_column_text(q, 0));
	sqlite3_finalize(q);
	return 0;
}

int ingest_new(sqlite3 *db, const struct plan *plan, int64_t run,
	       int64_t campaign, struct ingest **out, struct err *err)
{
	struct ingest *in = calloc(1, sizeof(*in));
	int ret;

	if (!in)
		return err_sys(err, ENOMEM, "cannot make the index");
	in->db = db;
	in->plan = plan;
	in->runs = run;
	in->campaigns = campaign;
	in->err = err;
	in->series = json_object();
	in->reasons = json_object();
	in->missing = json_object();
	in->ok = calloc(plan->n_boots, sizeof(*in->ok));
	if (!in->series || !in->reasons || !in->missing || !in->ok) {
		ret = ingest_no_memory(in);
		ingest_free(in);
		return ret;
	}
	ret = rows_init(&in->rows, db);
	if (!ret)
		ret = load_ids(in, "SELECT identity, id FROM series",
			       in->series);
	if (!ret)
		ret = load_ids(in, "SELECT text, id FROM reason", in->reasons);
	if (!ret)
		ret = load_boots(in);
	if (!ret)
		ret = load_domain(in);
	if (ret) {
		ingest_free(in);
		return ret;
	}
	*out = in;
	return 0;
}

void ingest_free(struct ingest *in)
{
	rows_release(&in->rows);
	json_decref(in->series);
	json_decref(in->reasons);
	json_decref(in->missing);
	free(in->ok);
	free(in->pending);
	free(in->values);
	free(in->key);
	free(in);
}

/* --- what a record must fit ----------------------------------------------------- */

int ingest_check_boot(struct ingest *in, unsigned boot)
{
	if (in->now.open && boot == in->now.boot)
		return 0;
	return err_config(in->err, "boot: %u is not the boot under way", boot);
}

/* Mostly it is that of the record before. */
int ingest_find_cell(struct ingest *in, const char *id, int64_t *cell)
{
	if (strcmp(in->plan->cells[in->cell].id, id)) {
		int found = plan_cell(in->plan, id);

		if (found < 0)
			return err_config(in->err, "cell: '%s' is none of the plan's",
					  id);
		in->cell = found;
	}
	*cell = in->cell;
	return 0;
}

static int find_place(struct ingest *in, const struct record *r, int64_t *cell)
{
	int ret = ingest_check_boot(in, r->boot);

	return ret ? ret : ingest_find_cell(in, r->cell, cell);
}

/* --- records ---------------------------------------------------------------------- */

static int take_campaign(struct ingest *in, const struct record *r)
{
	if (strcmp(r->plan_hash, in->plan->hash))
		return err_config(in->err, "plan_hash: is of another plan than the first campaign's");
	if (in->campaigns && strcmp(r->domain, in->domain))
		return err_config(in->err, "domain: is %s, but the first campaign's is %s; they cannot be compared",
				  r->domain, in->domain);
	snprintf(in->domain, sizeof(in->domain), "%s", r->domain);
	in->now.open = false;
	ingest_drop_samples(in);
	memset(in->ok, 0, in->plan->n_boots * sizeof(*in->ok));
	in->campaigns++;
	return rows_add(&in->rows, ROWS_CAMPAIGN, in->err, "itt",
			in->campaigns, r->id, r->domain);
}

static int take_arm(struct ingest *in, const struct record *r)
{
	int arm = plan_arm(in->plan, r->arm);

	if (arm < 0)
		return err_config(in->err, "arm: '%s' is none of the plan's",
				  r->arm);
	return rows_add(&in->rows, ROWS_ARM, in->err, "iij", (int64_t)arm,
			in->campaigns, r->object);
}

static int take_env(struct ingest *in, const struct record *r)
{
	int ret = r->boot ? ingest_check_boot(in, r->boot) : 0;

	if (ret)
		return ret;
	return rows_add(&in->rows, ROWS_ENV, in->err, "itj",
			r->boot ? in->runs : 0, r->where, r->object);
}

static int take_boot(struct ingest *in, const struct record *r)
{
	const struct plan_boot *b;

	if (r->boot > in->plan->n_boots)
		return err_config(in->err, "boot: %u is not in the plan, which has %zu",
				  r->boot, in->plan->n_boots);
	b = &in->plan->boots[r->boot - 1];
	if (r->block != b->block || r->order != b->order ||
	    strcmp(r->arm, in->plan->arms[b->arm].name))
		return err_config(in->err, "boot: %u is not as the plan has it",
				  r->boot);
	if (in->ok[r->boot - 1])
		return err_config(in->err, "boot: %u has ended ok before",
				  r->boot);
	in->runs++;
	in->now.open = true;
	in->now.boot = r->boot;
	ingest_drop_samples(in);
	return rows_add(&in->rows, ROWS_BOOT, in->err, "iiiiiiidi", in->runs,
			in->campaigns, (int64_t)r->boot, (int64_t)r->block,
			(int64_t)r->order, (int64_t)b->arm,
			(int64_t)r->attempt, r->at, (int64_t)in->offset);
}

static int take_boot_end(struct ingest *in, const struct record *r)
{
	int ret = ingest_check_boot(in, r->boot);

	if (!ret)
		ret = ingest_write_samples(in);
	if (!ret)
		ret = rows_add(&in->rows, ROWS_BOOT_END, in->err, "ittdjj",
			       in->runs, r->class, r->text, r->at, r->object,
			       r->console);
	if (!ret) {
		in->now.open = false;
		in->ok[in->now.boot - 1] |= !strcmp(r->class, "ok");
	}
	return ret;
}

static int take_proof(struct ingest *in, const struct record *r)
{
	int64_t cell = 0;
	int ret = find_place(in, r, &cell);

	if (ret)
		return ret;
	return rows_add(&in->rows, ROWS_PROOF, in->err, "iiiitttiiid",
			in->runs, cell, (int64_t)r->process,
			(int64_t)r->before, r->layer, r->method,
			r->unavailable, (int64_t)r->bytes_4k,
			(int64_t)r->bytes_2m, (int64_t)r->bytes_1g, r->faults);
}

static int take_cell_end(struct ingest *in, const struct record *r)
{
	int64_t cell = 0;
	int ret = find_place(in, r, &cell);

	if (!ret)
		ret = ingest_missing(in, r->missing);
	if (ret)
		return ret;
	return rows_add(&in->rows, ROWS_CELL, in->err, "iiitt", in->runs, cell,
			(int64_t)r->process, r->class, r->text);
}

static int take_note(struct ingest *in, const struct record *r)
{
	return rows_add(&in->rows, ROWS_NOTE, in->err, "t", r->text);
}

static int take_sample(struct ingest *in, const struct record *r)
{
	in->samples++;
	return ingest_sample(in, r);
}

static int (*const take[])(struct ingest *, const struct record *) = {
	[RECORD_CAMPAIGN] = take_campaign,
	[RECORD_ARM] = take_arm,
	[RECORD_ENV] = take_env,
	[RECORD_BOOT] = take_boot,
	[RECORD_SAMPLE] = take_sample,
	[RECORD_PROOF] = take_proof,
	[RECORD_CELL_END] = take_cell_end,
	[RECORD_BOOT_END] = take_boot_end,
	[RECORD_NOTE] = take_note,
};

int ingest_record(struct ingest *in, const struct record *r, uint64_t offset,
		  struct err *err)
{
	in->err = err;
	in->offset = offset;
	if (in->campaigns == 0 && r->type != RECORD_CAMPAIGN)
		return err_config(err, "comes before the campaign record");
	return take[r->type](in, r);
}

bool ingest_again_from(const struct ingest *in, uint64_t *offset)
{
	*offset = in->now.at;
	return in->now.open;
}

int ingest_again(struct ingest *in, const struct record *r, uint64_t offset,
		 struct err *err)
{
	in->err = err;
	in->offset = offset;
	return r->type == RECORD_SAMPLE ? ingest_sample(in, r) : 0;
}

void ingest_reach(const struct ingest *in, int64_t *run, int64_t *campaign,
		  int64_t *samples)
{
	*run = in->runs;
	*campaign = in->campaigns;
	*samples += in->samples;
}
