/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ingest.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "rows.h"

struct ingest {
	sqlite3 *db;
	const struct plan *plan;
	struct rows rows;
	int64_t campaigns, runs, samples, n_series;
	char domain[16];	/* of the campaign */
	struct {		/* the boot under way */
		bool open;
		unsigned boot;
	} now;
	json_t *series;		/* identity -> id */
	json_t *missing;	/* counter US reason -> samples, of this boot */
	bool *ok;		/* boots of this campaign that ended ok */
	double *values;		/* scratch */
	size_t room;
	uint64_t offset;	/* of the record at hand */
	struct err *err;
};

#define US "\x1f"		/* between the parts of a key */

static int no_memory(struct ingest *in)
{
	return err_sys(in->err, ENOMEM, "cannot make the index");
}

/* --- going on where the index ends -------------------------------------------- */

static int load_series(struct ingest *in)
{
	sqlite3_stmt *q;
	int rc;

	if (sqlite3_prepare_v2(in->db, "SELECT identity, id FROM series", -1,
			       &q, NULL))
		return 1;
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		json_object_set_new(in->series,
				    (const char *)sqlite3_column_text(q, 0),
				    json_integer(sqlite3_column_int64(q, 1)));
		in->n_series++;
	}
	sqlite3_finalize(q);
	return rc != SQLITE_DONE;
}

static int load_boots(struct ingest *in)
{
	sqlite3_stmt *q;
	int rc;

	if (sqlite3_prepare_v2(in->db, "SELECT boot, class, domain FROM boot "
			       "JOIN campaign USING(campaign) "
			       "WHERE campaign = ? ORDER BY run", -1, &q, NULL))
		return 1;
	sqlite3_bind_int64(q, 1, in->campaigns);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		const char *class = (const char *)sqlite3_column_text(q, 1);

		in->now.boot = sqlite3_column_int64(q, 0);
		in->now.open = !class;
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
	in->missing = json_object();
	in->ok = calloc(plan->n_boots, sizeof(*in->ok));
	if (!in->series || !in->missing || !in->ok) {
		ret = no_memory(in);
		ingest_free(in);
		return ret;
	}
	ret = rows_init(&in->rows, db);
	if (!ret)
		ret = load_series(in);
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
	json_decref(in->missing);
	free(in->ok);
	free(in->values);
	free(in);
}

/* --- what a record must fit ----------------------------------------------------- */

static int check_boot(struct ingest *in, unsigned boot)
{
	if (in->now.open && boot == in->now.boot)
		return 0;
	return err_config(in->err, "boot: %u is not the boot under way", boot);
}

static int find_cell(struct ingest *in, const char *id, int64_t *cell)
{
	*cell = plan_cell(in->plan, id);
	if (*cell >= 0)
		return 0;
	return err_config(in->err, "cell: '%s' is none of the plan's", id);
}

static int find_place(struct ingest *in, const struct record *r, int64_t *cell)
{
	int ret = check_boot(in, r->boot);

	return ret ? ret : find_cell(in, r->cell, cell);
}

/* --- records ---------------------------------------------------------------------- */

static int flush_missing(struct ingest *in)
{
	const char *key;
	json_t *count;
	int ret = 0;

	json_object_foreach(in->missing, key, count) {
		size_t name = strcspn(key, US);
		char *counter = strndup(key, name);

		if (!counter)
			return no_memory(in);
		ret = rows_add(&in->rows, ROWS_MISSING, in->err, "itti",
			       in->runs, counter, key + name + 1,
			       (int64_t)json_integer_value(count));
		free(counter);
		if (ret)
			return ret;
	}
	json_object_clear(in->missing);
	return 0;
}

static int take_campaign(struct ingest *in, const struct record *r)
{
	if (strcmp(r->plan_hash, in->plan->hash))
		return err_config(in->err, "plan_hash: is of another plan than the first campaign's");
	if (in->campaigns && strcmp(r->domain, in->domain))
		return err_config(in->err, "domain: is %s, but the first campaign's is %s; they cannot be compared",
				  r->domain, in->domain);
	snprintf(in->domain, sizeof(in->domain), "%s", r->domain);
	in->now.open = false;
	memset(in->ok, 0, in->plan->n_boots * sizeof(*in->ok));
	in->campaigns++;
	return rows_add(&in->rows, ROWS_CAMPAIGN, in->err, "itt",
			in->campaigns, r->id, r->domain);
}

static int dump_row(struct ingest *in, enum rows_table table, int64_t a,
		    int64_t b, const char *c, const json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);
	int ret;

	if (!text)
		return no_memory(in);
	ret = c ? rows_add(&in->rows, table, in->err, "itt", a, c, text)
		: rows_add(&in->rows, table, in->err, "iit", a, b, text);
	free(text);
	return ret;
}

static int take_arm(struct ingest *in, const struct record *r)
{
	int arm = plan_arm(in->plan, r->arm);

	if (arm < 0)
		return err_config(in->err, "arm: '%s' is none of the plan's",
				  r->arm);
	return dump_row(in, ROWS_ARM, arm, in->campaigns, NULL, r->object);
}

static int take_env(struct ingest *in, const struct record *r)
{
	int ret = r->boot ? check_boot(in, r->boot) : 0;

	if (ret)
		return ret;
	return dump_row(in, ROWS_ENV, r->boot ? in->runs : 0, 0, r->where,
			r->object);
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
	json_object_clear(in->missing);
	return rows_add(&in->rows, ROWS_BOOT, in->err, "iiiiiiid", in->runs,
			in->campaigns, (int64_t)r->boot, (int64_t)r->block,
			(int64_t)r->order, (int64_t)b->arm,
			(int64_t)r->attempt, r->at);
}

static int take_boot_end(struct ingest *in, const struct record *r)
{
	char *phases = r->object ? json_dumps(r->object, JSON_COMPACT) : NULL;
	char *console = r->console ? json_dumps(r->console, JSON_COMPACT) : NULL;
	int ret = check_boot(in, r->boot);

	if (!ret)
		ret = flush_missing(in);
	if (!ret)
		ret = rows_add(&in->rows, ROWS_BOOT_END, in->err, "ittdtt",
			       in->runs, r->class, r->text, r->at, phases,
			       console);
	if (!ret) {
		in->now.open = false;
		in->ok[in->now.boot - 1] |= !strcmp(r->class, "ok");
	}
	free(phases);
	free(console);
	return ret;
}

static int take_proof(struct ingest *in, const struct record *r)
{
	int64_t cell;
	int ret = find_place(in, r, &cell);

	if (ret)
		return ret;
	return rows_add(&in->rows, ROWS_PROOF, in->err, "iiiitttiiid",
			in->runs, cell, (int64_t)r->process,
			(int64_t)r->before, r->layer, r->method,
			r->unavailable, (int64_t)r->bytes_4k,
			(int64_t)r->bytes_2m, (int64_t)r->bytes_1g, r->faults);
}

static int count_missing(struct ingest *in, const char *counter,
			 const char *reason, json_int_t samples)
{
	json_int_t n;
	char *key;
	int bad;

	if (asprintf(&key, "%s" US "%s", counter, reason) < 0)
		return no_memory(in);
	n = json_integer_value(json_object_get(in->missing, key));
	bad = json_object_set_new(in->missing, key, json_integer(n + samples));
	free(key);
	return bad ? no_memory(in) : 0;
}

/* [{"reason","samples":{name: number}}] */
static int take_missing(struct ingest *in, const json_t *list)
{
	const char *name;
	json_t *entry, *n;
	size_t i;
	int ret = 0;

	json_array_foreach(list, i, entry)
		json_object_foreach(json_object_get(entry, "samples"), name, n)
			if (!ret)
				ret = count_missing(in, name, json_string_value(
					json_object_get(entry, "reason")),
					json_integer_value(n));
	return ret;
}

static int take_cell_end(struct ingest *in, const struct record *r)
{
	int64_t cell;
	int ret = find_place(in, r, &cell);

	if (!ret)
		ret = take_missing(in, r->missing);
	if (ret)
		return ret;
	return rows_add(&in->rows, ROWS_CELL, in->err, "iiitt", in->runs, cell,
			(int64_t)r->process, r->class, r->text);
}

static int take_note(struct ingest *in, const struct record *r)
{
	return rows_add(&in->rows, ROWS_NOTE, in->err, "t", r->text);
}

/* --- samples ------------------------------------------------------------------------ */

struct series_key {
	int64_t cell;
	const char *counter, *provider;	/* NULL for the sample itself */
};

static int add_series(struct ingest *in, const struct record *r,
		      const struct series_key *k, const char *identity,
		      int64_t id)
{
	char *point = json_dumps(r->point, JSON_COMPACT | JSON_ENCODE_ANY);
	char *text = record_point_text(r->point);
	int ret = -ENOMEM;

	if (point && text)
		ret = rows_add(&in->rows, ROWS_SERIES, in->err, "iittttttttt",
			       id, k->cell, r->metric, k->counter, k->provider,
			       point, text, k->counter ? "" : r->unit,
			       k->counter ? "count" : r->kind,
			       k->counter ? "none" : r->better, identity);
	else
		no_memory(in);
	free(point);
	free(text);
	return ret;
}

/* Two points are the same whatever the order of their keys. */
static char *point_identity(const json_t *point)
{
	if (json_object_size(point) > 1)
		return json_dumps(point, JSON_SORT_KEYS | JSON_COMPACT);
	return record_point_text(point);
}

static int find_series(struct ingest *in, const struct record *r,
		       const struct series_key *k, const char *point,
		       int64_t *id)
{
	char key[1024];
	json_t *known;

	snprintf(key, sizeof(key), "%" PRId64 US "%s" US "%s" US "%s", k->cell,
		 r->metric, k->counter ? k->counter : "", point);
	known = json_object_get(in->series, key);
	if (known) {
		*id = json_integer_value(known);
		return 0;
	}
	if (strlen(key) + 1 == sizeof(key))
		return err_config(in->err, "point: is too long");
	*id = ++in->n_series;
	if (json_object_set_new(in->series, key, json_integer(*id)))
		return err_config(in->err, "point: cannot be a key");
	return add_series(in, r, k, key, *id);
}

static int take_counter(struct ingest *in, const struct record *r,
			const json_t *counter, const char *point,
			struct rows_value *v)
{
	const json_t *value = json_object_get(counter, "value");
	struct series_key k = {
		.cell = plan_cell(in->plan, r->cell),
		.counter = json_string_value(json_object_get(counter, "name")),
		.provider = json_string_value(json_object_get(counter, "provider")),
	};
	double x = json_number_value(value), things;
	int ret;

	if (!value)
		return count_missing(in, k.counter, json_string_value(
			json_object_get(counter, "unavailable")), 1);
	/* Totals of boots that did different amounts of work do not compare. */
	things = json_number_value(json_object_get(counter, "things"));
	if (things > 0)
		x /= things;
	v->s = (struct summary){ 1, x, x, NAN, x, x, x, x };
	ret = find_series(in, r, &k, point, &v->series);
	return ret ? ret : rows_add_value(&in->rows, v, in->err);
}

static int summarise(struct ingest *in, const json_t *values,
		     struct summary *s)
{
	size_t n = json_array_size(values);
	double *more;

	if (n > in->room) {
		more = realloc(in->values, 2 * n * sizeof(*more));
		if (!more)
			return no_memory(in);
		in->values = more;
		in->room = 2 * n;
	}
	for (size_t i = 0; i < n; i++)
		in->values[i] = json_number_value(json_array_get(values, i));
	summary_of(in->values, n, s);
	return 0;
}

static int take_values(struct ingest *in, const struct record *r,
		       const char *point)
{
	struct rows_value v = {
		.run = in->runs, .offset = in->offset, .process = r->process,
		.rejected = json_array_size(r->rejected), .steady = r->steady,
		.void_reason = r->void_reason,
	};
	struct series_key k = { .cell = 0 };
	const json_t *counter;
	size_t i;
	int ret = find_place(in, r, &k.cell);

	if (!ret)
		ret = find_series(in, r, &k, point, &v.series);
	if (!ret)
		ret = summarise(in, r->values, &v.s);
	if (!ret)
		ret = rows_add_value(&in->rows, &v, in->err);
	json_array_foreach(r->counters, i, counter)
		if (!ret)
			ret = take_counter(in, r, counter, point, &v);
	in->samples++;
	return ret;
}

static int take_sample(struct ingest *in, const struct record *r)
{
	char *point;
	int ret;

	if (strcmp(r->domain, in->domain))
		return err_config(in->err, "domain: is %s, but the campaign's is %s",
				  r->domain, in->domain);
	point = point_identity(r->point);
	if (!point)
		return no_memory(in);
	ret = take_values(in, r, point);
	free(point);
	return ret;
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
	int ret;

	in->err = err;
	in->offset = offset;
	if (in->campaigns == 0 && r->type != RECORD_CAMPAIGN)
		ret = err_config(err, "comes before the campaign record");
	else
		ret = take[r->type](in, r);
	if (ret)
		err_prefix(err, "record at byte %" PRIu64 ": %s", offset,
			   record_type_name(r->type));
	return ret;
}

int ingest_finish(struct ingest *in, int64_t *run, int64_t *campaign,
		  int64_t *samples, struct err *err)
{
	int ret = rows_flush(&in->rows, err);

	*run = in->runs;
	*campaign = in->campaigns;
	*samples += in->samples;
	return ret;
}
