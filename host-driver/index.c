/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crc32c.h"
#include "ingest.h"
#include "journal.h"
#include "parse.h"

#define BUSY_MS 60000

const char index_schema[] =
	"CREATE TABLE meta(format INT, offset INT, chain INT, samples INT,"
	" run INT, campaign INT);"
	"CREATE TABLE campaign(campaign INTEGER PRIMARY KEY, id TEXT, domain TEXT);"
	"CREATE TABLE boot(run INTEGER PRIMARY KEY, campaign INT, boot INT,"
	" block INT, ord INT, arm INT, attempt INT, class TEXT, text TEXT,"
	" begun REAL, ended REAL, phases TEXT, console TEXT);"
	"CREATE TABLE series(id INTEGER PRIMARY KEY, cell INT, metric TEXT,"
	" counter TEXT, provider TEXT, point TEXT, point_text TEXT, unit TEXT,"
	" kind TEXT, better TEXT, identity TEXT);"
	"CREATE TABLE value(series INT, run INT, process INT, n INT,"
	" rejected INT, steady INT, median REAL, mean REAL, sd REAL, min REAL,"
	" max REAL, p10 REAL, p90 REAL, void TEXT, offset INT,"
	" PRIMARY KEY(series, run, process)) WITHOUT ROWID;"
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
	struct err *err;
};

/* A checksum over the frames so far: one wrong or missing changes it. */
static uint32_t chain_on(uint32_t chain, uint64_t offset, size_t len,
			 const char *text)
{
	uint64_t head[2] = { offset, len };

	chain = crc32c(chain, head, sizeof(head));
	return crc32c(chain, text, len);
}

static int take_record(void *arg, const struct record *r, uint64_t offset,
		       struct err *err)
{
	return ingest_record(arg, r, offset, err);
}

/* Reads the journal, taking in what lies beyond the index's reach. */
static int read_on(struct catch_up *c, struct journal_reader *r,
		   struct parse *p)
{
	struct reach *reach = &c->reach;
	uint32_t chain = 0;
	uint64_t known = reach->offset, offset;
	const char *text;
	bool fits = known == 0;
	size_t len;
	int ret;

	while ((ret = journal_next(r, &text, &len, &offset, c->err)) > 0) {
		if (!fits && offset >= known) {
			fits = offset == known && chain == reach->chain;
			if (!fits)
				return DOES_NOT_FIT;
		}
		chain = chain_on(chain, offset, len, text);
		if (offset < known)
			continue;
		ret = parse_add(p, text, len, offset, c->err);
		if (ret)
			break;
	}
	if (ret)
		return ret;
	if (!fits && (journal_good(r) != known || chain != reach->chain))
		return DOES_NOT_FIT;
	reach->offset = journal_good(r);
	reach->chain = chain;
	return parse_finish(p, c->err);
}

static int take_in(struct catch_up *c, struct journal_reader *r,
		   struct ingest *in)
{
	struct parse *p;
	int ret = parse_new(&p, take_record, in, c->err);

	if (ret)
		return ret;
	ret = read_on(c, r, p);
	parse_free(p);
	if (ret < 0 && strncmp(c->err->text, c->journal, strlen(c->journal)))
		err_prefix(c->err, "%s", c->journal);
	return ret;
}

/* Within a transaction: 0, DOES_NOT_FIT, or an error. */
static int catch_up_locked(struct catch_up *c, struct journal_reader *r)
{
	struct ingest *in;
	int64_t before;
	int ret;

	if (read_reach(c->db, &c->reach))
		return DOES_NOT_FIT;
	before = c->reach.offset;
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
	if (ret == CAUGHT_UP && c->reach.offset != before) {
		ret = ingest_finish(in, &c->reach.run, &c->reach.campaign,
				    &c->reach.samples, c->err);
		if (!ret && write_reach(c->db, &c->reach))
			ret = index_error(c->db, c->path, c->err);
	}
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
	       const struct index_options *o, sqlite3 **db, uint64_t *samples,
	       struct err *err)
{
	struct err local = ERR_INIT;
	struct catch_up c = { .journal = journal, .plan = plan,
			      .err = err ? err : &local };
	bool memory = o && o->memory;
	int ret = DOES_NOT_FIT;

	if (!memory && o && o->fresh)
		discard(path);
	if (!memory)
		ret = open_once(&c, path);
	if (ret == DOES_NOT_FIT && !memory) {
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
	if (samples)
		*samples = c.reach.samples;
	return 0;
}
