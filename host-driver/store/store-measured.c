/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "index-value.h"
#include "store-impl.h"

/* --- series ----------------------------------------------------------------------- */

static void fill_series(struct store *s, sqlite3_stmt *q, void *item)
{
	struct store_series *r = item;

	r->id = sqlite3_column_int64(q, 0);
	r->cell = store_cell_at(s, q, 1);
	r->metric = store_text_at(s, q, 2);
	r->counter = store_text_at(s, q, 3);
	r->provider = store_text_at(s, q, 4);
	r->point = store_json_at(s, q, 5);
	r->point_text = store_text_at(s, q, 6);
	r->unit = store_text_at(s, q, 7);
	r->kind = store_text_at(s, q, 8);
	r->better = store_text_at(s, q, 9);
}

int store_series(struct store *s, const struct store_series **list, size_t *n,
		 struct err *err)
{
	/* One that only boots have which never ended, nobody has seen. */
	int ret = store_read_list(s, &s->series, sizeof(**list),
			    "SELECT id, cell, metric, counter, provider, point, "
			    "point_text, unit, kind, better FROM series "
			    "WHERE EXISTS(SELECT 1 FROM value WHERE series = id) "
			    "ORDER BY cell, id", fill_series, err);

	*list = s->series.items;
	*n = s->series.n;
	return ret;
}

/* --- values ----------------------------------------------------------------------- */

static void fill_reason(struct store *s, sqlite3_stmt *q, void *item)
{
	*(const char **)item = store_text_at(s, q, 0);
}

static int read_reasons(struct store *s, struct err *err)
{
	return store_read_list(s, &s->reasons, sizeof(const char *),
			       "SELECT text FROM reason ORDER BY id",
			       fill_reason, err);
}

static const char *reason_of(const struct store *s, uint32_t id)
{
	const char *const *texts = s->reasons.items;

	if (!id)
		return NULL;
	return id <= s->reasons.n && texts[id - 1] ? texts[id - 1] : "unknown";
}

struct values {
	struct store_value *list;
	size_t n, room;
};

static bool make_room(struct values *to, size_t more)
{
	struct store_value *list;
	size_t room = to->room ? to->room : 64;

	while (room < to->n + more)
		room *= 2;
	if (room == to->room)
		return true;
	list = realloc(to->list, room * sizeof(*list));
	if (!list)
		return false;
	to->list = list;
	to->room = room;
	return true;
}

/* What one boot has of a series. */
static bool add_values(struct store *s, sqlite3_stmt *q, struct values *to)
{
	int64_t campaign = sqlite3_column_int64(q, 0);
	const char *blob = sqlite3_column_blob(q, 4);
	size_t n = sqlite3_column_bytes(q, 4) / sizeof(struct index_value);
	struct index_value v;

	if (!make_room(to, n))
		return false;
	for (size_t i = 0; i < n; i++) {
		memcpy(&v, blob + i * sizeof(v), sizeof(v));
		to->list[to->n++] = (struct store_value){
			.boot = BOOT_OF(s, campaign, sqlite3_column_int64(q, 1)),
			.block = BLOCK_OF(s, campaign, sqlite3_column_int64(q, 2)),
			.arm = store_arm_at(s, q, 3),
			.process = v.process,
			.n = v.n,
			.steady = v.steady,
			.median = v.n ? v.median : NAN,
			.void_reason = reason_of(s, v.reason),
		};
	}
	return true;
}

static int compare_values(const void *a, const void *b)
{
	const struct store_value *x = a, *y = b;

	if (x->block != y->block)
		return x->block < y->block ? -1 : 1;
	if (x->arm != y->arm)
		return x->arm < y->arm ? -1 : 1;
	return (x->process > y->process) - (x->process < y->process);
}

int store_values(struct store *s, const struct store_series *series,
		 struct store_value **list, size_t *n, struct err *err)
{
	struct values found = { NULL, 0, 0 };
	sqlite3_stmt *q;
	int rc, ret = read_reasons(s, err);

	*list = NULL;
	*n = 0;
	if (ret)
		return ret;
	if (sqlite3_prepare_v2(s->db, "SELECT campaign, boot, block, arm, data "
			       "FROM value JOIN boot USING(run) "
			       "WHERE series = ? AND boot.class = 'ok'", -1, &q,
			       NULL))
		return store_failed(s, err);
	sqlite3_bind_int64(q, 1, series->id);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW)
		if (!add_values(s, q, &found))
			break;
	sqlite3_finalize(q);
	if (rc != SQLITE_DONE) {
		free(found.list);
		return rc == SQLITE_ROW ? err_sys(err, ENOMEM, "cannot read the results")
					: store_failed(s, err);
	}
	if (found.n)
		qsort(found.list, found.n, sizeof(*found.list), compare_values);
	*list = found.list;
	*n = found.n;
	return 0;
}

/* --- counters that are missing, proofs ---------------------------------------------- */

static void fill_missing(struct store *s, sqlite3_stmt *q, void *item)
{
	struct store_missing *m = item;

	m->counter = store_text_at(s, q, 0);
	m->reason = store_text_at(s, q, 1);
	m->samples = sqlite3_column_int64(q, 2);
}

int store_missing(struct store *s, const struct store_missing **list,
		  size_t *n, struct err *err)
{
	int ret = store_read_list(s, &s->missing, sizeof(**list),
			    "SELECT counter, reason, sum(samples) FROM missing"
			    ENDED "GROUP BY counter, reason", fill_missing,
			    err);

	*list = s->missing.items;
	*n = s->missing.n;
	return ret;
}

static void fill_proof(struct store *s, sqlite3_stmt *q, void *item)
{
	struct store_proof *p = item;
	int64_t campaign = sqlite3_column_int64(q, 0);

	p->boot = BOOT_OF(s, campaign, sqlite3_column_int64(q, 1));
	p->block = BLOCK_OF(s, campaign, sqlite3_column_int64(q, 2));
	p->arm = store_arm_at(s, q, 3);
	p->cell = store_cell_at(s, q, 4);
	p->process = sqlite3_column_int64(q, 5);
	p->before = sqlite3_column_int(q, 6);
	p->layer = store_text_at(s, q, 7);
	p->method = store_text_at(s, q, 8);
	p->unavailable = store_text_at(s, q, 9);
	p->bytes_4k = sqlite3_column_int64(q, 10);
	p->bytes_2m = sqlite3_column_int64(q, 11);
	p->bytes_1g = sqlite3_column_int64(q, 12);
	p->faults = store_real_at(q, 13);
}

int store_proofs(struct store *s, const struct store_proof **list, size_t *n,
		 struct err *err)
{
	int ret = store_read_list(s, &s->proofs, sizeof(**list),
			    "SELECT campaign, boot, block, arm, cell, process, "
			    "before, layer, method, unavailable, b4k, b2m, b1g, "
			    "faults FROM proof" ENDED
			    "ORDER BY run, proof.rowid", fill_proof, err);

	*list = s->proofs.items;
	*n = s->proofs.n;
	return ret;
}
