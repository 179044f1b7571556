/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rows.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 65536

static const char *const sql[ROWS_TABLES] = {
	[ROWS_CAMPAIGN] = "INSERT INTO campaign VALUES(?,?,?)",
	[ROWS_BOOT] = "INSERT INTO boot(run,campaign,boot,block,ord,arm,attempt,"
		      "begun) VALUES(?,?,?,?,?,?,?,?)",
	[ROWS_BOOT_END] = "UPDATE boot SET class=?2, text=?3, ended=?4,"
			  " phases=?5, console=?6 WHERE run=?1",
	[ROWS_SERIES] = "INSERT INTO series VALUES(?,?,?,?,?,?,?,?,?,?,?)",
	[ROWS_VALUE] = "INSERT INTO value VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
	[ROWS_CELL] = "INSERT INTO cell VALUES(?,?,?,?,?)",
	[ROWS_PROOF] = "INSERT INTO proof VALUES(?,?,?,?,?,?,?,?,?,?,?)",
	[ROWS_ENV] = "INSERT INTO env VALUES(?,?,?)",
	[ROWS_ARM] = "INSERT INTO arm VALUES(?,?,?)",
	[ROWS_NOTE] = "INSERT INTO note VALUES(?)",
	[ROWS_MISSING] = "INSERT INTO missing VALUES(?1,?2,?3,?4)"
			 " ON CONFLICT DO UPDATE SET samples=samples+?4",
};

int rows_init(struct rows *r, sqlite3 *db)
{
	memset(r, 0, sizeof(*r));
	r->db = db;
	for (int i = 0; i < ROWS_TABLES; i++) {
		if (sqlite3_prepare_v3(db, sql[i], -1, SQLITE_PREPARE_PERSISTENT,
				       &r->q[i], NULL)) {
			rows_release(r);
			return 1;
		}
	}
	return 0;
}

void rows_release(struct rows *r)
{
	for (int i = 0; i < ROWS_TABLES; i++)
		sqlite3_finalize(r->q[i]);
	free(r->batch);
	pool_release(&r->texts);
	memset(r, 0, sizeof(*r));
}

static int failed(struct rows *r, struct err *err)
{
	return err_set(err, EXIT_MACHINE, -EIO, "cannot write the index: %s",
		       sqlite3_errmsg(r->db));
}

int rows_add(struct rows *r, enum rows_table table, struct err *err,
	     const char *types, ...)
{
	sqlite3_stmt *q = r->q[table];
	va_list ap;
	int rc;

	va_start(ap, types);
	for (int i = 1; *types; types++, i++) {
		if (*types == 'i')
			sqlite3_bind_int64(q, i, va_arg(ap, int64_t));
		else if (*types == 'd')
			sqlite3_bind_double(q, i, va_arg(ap, double));
		else
			sqlite3_bind_text(q, i, va_arg(ap, const char *), -1,
					  SQLITE_STATIC);
	}
	va_end(ap);
	rc = sqlite3_step(q);
	sqlite3_reset(q);
	return rc == SQLITE_DONE ? 0 : failed(r, err);
}

static int compare(const void *a, const void *b)
{
	const struct rows_value *x = a, *y = b;

	if (x->series != y->series)
		return x->series < y->series ? -1 : 1;
	if (x->run != y->run)
		return x->run < y->run ? -1 : 1;
	return (x->process > y->process) - (x->process < y->process);
}

/* NaN becomes null, and null NaN again when it is read. */
static int write_value(struct rows *r, const struct rows_value *v,
		       struct err *err)
{
	sqlite3_stmt *q = r->q[ROWS_VALUE];
	int rc;

	sqlite3_bind_int64(q, 1, v->series);
	sqlite3_bind_int64(q, 2, v->run);
	sqlite3_bind_int64(q, 3, v->process);
	sqlite3_bind_int64(q, 4, v->s.n);
	sqlite3_bind_int64(q, 5, v->rejected);
	sqlite3_bind_int64(q, 6, v->steady);
	sqlite3_bind_double(q, 7, v->s.median);
	sqlite3_bind_double(q, 8, v->s.mean);
	sqlite3_bind_double(q, 9, v->s.sd);
	sqlite3_bind_double(q, 10, v->s.min);
	sqlite3_bind_double(q, 11, v->s.max);
	sqlite3_bind_double(q, 12, v->s.p10);
	sqlite3_bind_double(q, 13, v->s.p90);
	sqlite3_bind_text(q, 14, v->void_reason, -1, SQLITE_STATIC);
	sqlite3_bind_int64(q, 15, v->offset);
	rc = sqlite3_step(q);
	sqlite3_reset(q);
	if (rc == SQLITE_DONE)
		return 0;
	if ((sqlite3_errcode(r->db) & 0xff) != SQLITE_CONSTRAINT)
		return failed(r, err);
	return err_config(err, "sample: the one at byte %lld is there twice: same boot, cell, process, metric and point",
			  (long long)v->offset);
}

int rows_flush(struct rows *r, struct err *err)
{
	int ret = 0;

	if (r->n)
		qsort(r->batch, r->n, sizeof(*r->batch), compare);
	for (size_t i = 0; !ret && i < r->n; i++)
		ret = write_value(r, &r->batch[i], err);
	r->n = 0;
	pool_release(&r->texts);
	return ret;
}

int rows_add_value(struct rows *r, const struct rows_value *v, struct err *err)
{
	struct rows_value *to;

	if (!r->batch)
		r->batch = malloc(BATCH * sizeof(*r->batch));
	if (!r->batch)
		return err_sys(err, ENOMEM, "cannot write the index");
	to = &r->batch[r->n];
	*to = *v;
	to->void_reason = pool_text(&r->texts, v->void_reason);
	if (v->void_reason && !to->void_reason)
		return err_sys(err, ENOMEM, "cannot write the index");
	return ++r->n == BATCH ? rows_flush(r, err) : 0;
}
