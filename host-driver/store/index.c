/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "index.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ingest.h"
#include "journal.h"
#include "record.h"

#define BUSY_MS 60000

const char index_schema[] =
	"CREATE TABLE meta(format INT, offset INT, chain INT, samples INT,"
	" run INT, campaign INT);"
	"CREATE TABLE campaign(campaign INTEGER PRIMARY KEY, id TEXT, domain TEXT);"
	"CREATE TABLE boot(run INTEGER PRIMARY KEY, campaign INT, boot INT,"
	" block INT, ord INT, arm INT, attempt INT, class TEXT, text TEXT,"
	" begun REAL, at INT, ended REAL, phases TEXT, console TEXT);"
	"CREATE TABLE series(id INTEGER PRIMARY KEY, cell INT, metric TEXT,"
	" counter TEXT, provider TEXT, point TEXT, point_text TEXT, unit TEXT,"
	" kind TEXT, better TEXT, identity TEXT);"
	"CREATE TABLE value(series INT, run INT, data BLOB,"
	" PRIMARY KEY(series, run));"
	"CREATE TABLE reason(id INTEGER PRIMARY KEY, text TEXT);"
	"CREATE TABLE cell(run INT, cell INT, process INT, class TEXT, text TEXT);"
	"CREATE TABLE proof(run INT, cell INT, process INT, before INT,"
	" layer TEXT, method TEXT, unavailable TEXT, b4k INT, b2m INT, b1g INT,"
	" faults REAL);"
	"CREATE TABLE env(run INT, place TEXT, facts TEXT);"
	"CREATE TABLE arm(arm INT, campaign INT, identity TEXT);"
	"CREATE TABLE note(text TEXT);"
	"CREATE TABLE missing(run INT, counter TEXT, reason TEXT, samples INT,"
	" PRIMARY KEY(run, counter, reason)) WITHOUT ROWID;";

int index_error(sqlite3 *db, const char *path, struct err *err)
{
	return err_set(err, EXIT_MACHINE, -EIO, "%s: %s; kduel reindex makes it again",
		       path, db ? sqlite3_errmsg(db) : "out of memory");
}

static int execute(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static int connect(const char *path, sqlite3 **db)
{
	int rc = sqlite3_open_v2(path, db, SQLITE_OPEN_READWRITE |
				 SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
				 SQLITE_OPEN_NOFOLLOW, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(*db, BUSY_MS);
	if (rc == SQLITE_OK)
		rc = execute(*db, "PRAGMA trusted_schema=OFF;"
				  "PRAGMA journal_mode=WAL;"
				  "PRAGMA synchronous=NORMAL;"
				  "PRAGMA cache_size=-65536;"
				  "PRAGMA temp_store=MEMORY;");
	if (rc != SQLITE_OK) {
		sqlite3_close(*db);
		*db = NULL;
	}
	return rc;
}

static void discard(const char *path)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char name[4096];

	for (size_t i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		unlink(name);
	}
}

/* How far the index reaches; all 0 if it is new. */
struct reach {
	int64_t format, offset, chain, samples, run, campaign;
};

static int read_reach(sqlite3 *db, struct reach *r)
{
	sqlite3_stmt *q;
	int rc;

	memset(r, 0, sizeof(*r));
	if (sqlite3_prepare_v2(db, "SELECT * FROM meta", -1, &q, NULL))
		return sqlite3_errcode(db) == SQLITE_ERROR ? SQLITE_OK
							   : sqlite3_errcode(db);
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW) {
		r->format = sqlite3_column_int64(q, 0);
		r->offset = sqlite3_column_int64(q, 1);
		r->chain = sqlite3_column_int64(q, 2);
		r->samples = sqlite3_column_int64(q, 3);
		r->run = sqlite3_column_int64(q, 4);
		r->campaign = sqlite3_column_int64(q, 5);
	}
	sqlite3_finalize(q);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int write_reach(sqlite3 *db, const struct reach *r)
{
	char sql[512];

	snprintf(sql, sizeof(sql),
		 "DELETE FROM meta; INSERT INTO meta VALUES(%lld,%lld,%lld,%lld,%lld,%lld)",
		 (long long)r->format, (long long)r->offset,
		 (long long)r->chain, (long long)r->samples, (long long)r->run,
		 (long long)r->campaign);
	return execute(db, sql);
}

enum caught_up { CAUGHT_UP, DOES_NOT_FIT };

struct catch_up {
	sqlite3 *db;
	const char *journal, *path;
	const struct plan *plan;
	struct reach reach;
	uint64_t torn;
	struct err *err;
};

/* Is the journal, as far as the reader is, the one that the index is of? */
static bool at_reach(const struct reach *reach, const struct journal_reader *r)
{
	return reach->offset == 0 || ((uint64_t)reach->offset == journal_good(r) &&
				      reach->chain == journal_sum(r));
}

/* One record, taken in or, before the reach, shown again. */
static int take_record(struct catch_up *c, struct ingest *in,
		       struct view_doc *doc, const char *text, size_t len,
		       uint64_t offset)
{
	struct record rec;
	int ret = record_read(doc, text, len, &rec, c->err);

	if (!ret && offset < (uint64_t)c->reach.offset)
		return ingest_again(in, &rec, offset, c->err);
	if (!ret) {
		ret = ingest_record(in, &rec, offset, c->err);
		if (ret)
			err_prefix(c->err, "%s", record_type_name(rec.type));
	}
	if (ret)
		err_prefix(c->err, "%s: record at byte %" PRIu64, c->journal,
			   offset);
	return ret;
}

/* Reads all of the journal, taking in what lies beyond the index's reach. */
static int read_on(struct catch_up *c, struct journal_reader *r,
		   struct ingest *in, struct view_doc *doc)
{
	uint64_t known = c->reach.offset, from = known, offset;
	bool fits = false;
	const char *text;
	size_t len;
	int ret;

	if (!known || !ingest_again_from(in, &from))
		from = known;
	for (;;) {
		if (!fits && journal_good(r) >= known) {
			fits = at_reach(&c->reach, r);
			if (!fits)
				return DOES_NOT_FIT;
		}
		ret = journal_next(r, &text, &len, &offset, c->err);
		if (ret <= 0)
			break;
		if (offset < from)
			continue;
		ret = take_record(c, in, doc, text, len, offset);
		if (ret)
			break;
	}
	return ret || fits ? ret : DOES_NOT_FIT;
}

static int take_in(struct catch_up *c, struct journal_reader *r,
		   struct ingest *in)
{
	struct view_doc doc = VIEW_DOC_INIT;
	struct reach *reach = &c->reach;
	int64_t before = reach->offset;
	int ret = read_on(c, r, in, &doc);

	view_release(&doc);
	c->torn = journal_torn(r);
	if (ret || (uint64_t)before == journal_good(r))
		return ret;
	reach->offset = journal_good(r);
	reach->chain = journal_sum(r);
	ingest_reach(in, &reach->run, &reach->campaign, &reach->samples);
	return write_reach(c->db, reach) ? index_error(c->db, c->path, c->err) : 0;
}

/* Within a transaction: 0, DOES_NOT_FIT, or an error. */
static int catch_up_locked(struct catch_up *c, struct journal_reader *r)
{
	struct ingest *in;
	int ret;

	if (read_reach(c->db, &c->reach))
		return DOES_NOT_FIT;
	if (c->reach.format == 0) {
		if (execute(c->db, index_schema))
			return DOES_NOT_FIT;
		c->reach.format = INDEX_FORMAT;
	}
	if (c->reach.format != INDEX_FORMAT)
		return DOES_NOT_FIT;
	ret = ingest_new(c->db, c->plan, c->reach.run, c->reach.campaign, &in,
			 c->err);
	if (ret)
		return ret < 0 ? ret : DOES_NOT_FIT;
	ret = take_in(c, r, in);
	ingest_free(in);
	return ret;
}

static int catch_up(struct catch_up *c)
{
	struct journal_reader *r;
	int ret = journal_reader_open(&r, c->journal, c->err);

	if (ret)
		return ret;
	if (execute(c->db, "BEGIN IMMEDIATE")) {
		journal_reader_close(r);
		return sqlite3_errcode(c->db) == SQLITE_BUSY
			       ? index_error(c->db, c->path, c->err)
			       : DOES_NOT_FIT;
	}
	ret = catch_up_locked(c, r);
	if (!ret && execute(c->db, "COMMIT"))
		ret = index_error(c->db, c->path, c->err);
	if (ret)
		execute(c->db, "ROLLBACK");
	journal_reader_close(r);
	return ret;
}

/* 0, DOES_NOT_FIT (also: cannot be opened), or an error. */
static int open_once(struct catch_up *c, const char *path)
{
	int ret;

	c->path = path;
	if (connect(path, &c->db))
		return DOES_NOT_FIT;
	ret = catch_up(c);
	if (ret) {
		sqlite3_close(c->db);
		c->db = NULL;
	}
	return ret;
}

int index_open(const char *journal, const char *path, const struct plan *plan,
	       bool fresh, sqlite3 **db, struct index_found *found,
	       struct err *err)
{
	struct err local = ERR_INIT;
	struct catch_up c = { .journal = journal, .plan = plan,
			      .err = err ? err : &local };
	int ret;

	if (fresh)
		discard(path);
	ret = open_once(&c, path);
	if (ret == DOES_NOT_FIT) {
		discard(path);
		ret = open_once(&c, path);
	}
	/* The folder may be read-only, or the disk full: not our business. */
	if (ret == DOES_NOT_FIT)
		ret = open_once(&c, ":memory:");
	if (ret == DOES_NOT_FIT)
		ret = index_error(NULL, path, c.err);
	if (ret)
		return ret;
	*db = c.db;
	found->samples = c.reach.samples;
	found->torn = c.torn;
	return 0;
}
