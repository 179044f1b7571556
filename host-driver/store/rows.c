/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rows.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "view.h"

static const char *const sql[ROWS_TABLES] = {
	[ROWS_CAMPAIGN] = "INSERT INTO campaign VALUES(?,?,?)",
	[ROWS_BOOT] = "INSERT INTO boot(run,campaign,boot,block,ord,arm,attempt,"
		      "begun,at) VALUES(?,?,?,?,?,?,?,?,?)",
	[ROWS_BOOT_END] = "UPDATE boot SET class=?2, text=?3, ended=?4,"
			  " phases=?5, console=?6 WHERE run=?1",
	[ROWS_SERIES] = "INSERT INTO series VALUES(?,?,?,?,?,?,?,?,?,?,?)",
	[ROWS_VALUE] = "INSERT INTO value VALUES(?,?,?)",
	[ROWS_REASON] = "INSERT INTO reason VALUES(?,?)",
	[ROWS_CELL] = "INSERT INTO cell VALUES(?,?,?,?,?)",
	[ROWS_PROOF] = "INSERT INTO proof VALUES(?,?,?,?,?,?,?,?,?,?,?)",
	[ROWS_ENV] = "INSERT INTO env VALUES(?,?,?)",
	[ROWS_ARM] = "INSERT INTO arm VALUES(?,?,?)",
	[ROWS_NOTE] = "INSERT INTO note VALUES(?)",
	[ROWS_MISSING] = "INSERT INTO missing VALUES(?,?,?,?)",
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
	memset(r, 0, sizeof(*r));
}

static int failed(struct rows *r, struct err *err)
{
	return err_set(err, EXIT_MACHINE, -EIO, "cannot write the index: %s",
		       sqlite3_errmsg(r->db));
}

static void bind_view(sqlite3_stmt *q, int i, const struct view *v)
{
	if (v)
		sqlite3_bind_text(q, i, v->json, v->json_len, SQLITE_STATIC);
	else
		sqlite3_bind_null(q, i);
}

static void bind(sqlite3_stmt *q, int i, char type, va_list *ap)
{
	const void *blob;

	switch (type) {
	case 'i':
		sqlite3_bind_int64(q, i, va_arg(*ap, int64_t));
		break;
	case 'd':
		sqlite3_bind_double(q, i, va_arg(*ap, double));
		break;
	case 'j':
		bind_view(q, i, va_arg(*ap, const struct view *));
		break;
	case 'b':
		blob = va_arg(*ap, const void *);
		sqlite3_bind_blob64(q, i, blob, va_arg(*ap, size_t),
				    SQLITE_STATIC);
		break;
	default:
		sqlite3_bind_text(q, i, va_arg(*ap, const char *), -1,
				  SQLITE_STATIC);
	}
}

int rows_add(struct rows *r, enum rows_table table, struct err *err,
	     const char *types, ...)
{
	sqlite3_stmt *q = r->q[table];
	va_list ap;
	int rc;

	va_start(ap, types);
	for (int i = 1; *types; types++, i++)
		bind(q, i, *types, &ap);
	va_end(ap);
	rc = sqlite3_step(q);
	sqlite3_reset(q);
	return rc == SQLITE_DONE ? 0 : failed(r, err);
}
