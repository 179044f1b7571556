/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "database.h"

#include <errno.h>
#include <math.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "export-values.h"
#include "file.h"
#include "safe.h"
#include "store/record.h"

#define APPLICATION 0x6b64756c	/* "kdul" */
#define VERSION 1		/* of the tables; another one is refused */
#define PATIENCE 60000		/* ms, for another writer */
#define COLUMNS_MAX 32

/* Readers may rely on these: names and meanings do not change while user_version is 1. */
static const char tables[] =
	"CREATE TABLE IF NOT EXISTS campaign ("
	" id TEXT PRIMARY KEY, name TEXT NOT NULL, question TEXT, folder TEXT NOT NULL,"
	" domain TEXT NOT NULL, plan TEXT NOT NULL, begun REAL, ended REAL,"
	" boots INTEGER NOT NULL, blocks INTEGER NOT NULL, blocks_planned INTEGER NOT NULL,"
	" baseline TEXT NOT NULL, margin REAL, alpha REAL, refused TEXT);"
	"CREATE TABLE IF NOT EXISTS arm ("
	" campaign TEXT NOT NULL REFERENCES campaign(id) ON DELETE CASCADE, arm TEXT NOT NULL,"
	" kernel TEXT NOT NULL, release TEXT, is_baseline INTEGER NOT NULL,"
	" is_control INTEGER NOT NULL, boots INTEGER NOT NULL, failed INTEGER NOT NULL,"
	" failures TEXT, PRIMARY KEY (campaign, arm)) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS boot ("
	" campaign TEXT NOT NULL REFERENCES campaign(id) ON DELETE CASCADE, boot INTEGER NOT NULL,"
	" attempt INTEGER NOT NULL, block INTEGER NOT NULL, arm TEXT NOT NULL, class TEXT NOT NULL,"
	" begun REAL, ended REAL, text TEXT, PRIMARY KEY (campaign, boot, attempt)) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS effect ("
	" campaign TEXT NOT NULL REFERENCES campaign(id) ON DELETE CASCADE, cell TEXT NOT NULL,"
	" metric TEXT NOT NULL, counter TEXT NOT NULL, point TEXT NOT NULL, arm TEXT NOT NULL,"
	" unit TEXT NOT NULL, kind TEXT NOT NULL, better TEXT NOT NULL, gate INTEGER NOT NULL,"
	" boots INTEGER NOT NULL, value REAL, value_lo REAL, value_hi REAL, verdict TEXT,"
	" reason TEXT, n INTEGER, effect REAL, lo REAL, hi REAL, absolute INTEGER, method TEXT,"
	" sde REAL, p REAL, p_adjusted REAL,"
	" PRIMARY KEY (campaign, cell, metric, counter, point, arm)) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS value ("
	" campaign TEXT NOT NULL REFERENCES campaign(id) ON DELETE CASCADE, cell TEXT NOT NULL,"
	" metric TEXT NOT NULL, counter TEXT NOT NULL, point TEXT NOT NULL, arm TEXT NOT NULL,"
	" block INTEGER NOT NULL, value REAL NOT NULL,"
	" PRIMARY KEY (campaign, cell, metric, counter, point, arm, block)) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS claim ("
	" campaign TEXT NOT NULL REFERENCES campaign(id) ON DELETE CASCADE, number INTEGER NOT NULL,"
	" text TEXT NOT NULL, says TEXT, outcome TEXT NOT NULL, detail TEXT,"
	" PRIMARY KEY (campaign, number)) WITHOUT ROWID;"
	"CREATE INDEX IF NOT EXISTS effect_series ON effect (metric, cell, arm, point);"
	"CREATE VIEW IF NOT EXISTS effect_over_time AS"
	" SELECT c.begun AS time, strftime('%Y-%m-%dT%H:%M:%SZ', c.begun, 'unixepoch') AS time_text,"
	" c.name AS campaign_name, c.domain, e.cell || ' ' || e.metric || CASE e.point WHEN '' THEN ''"
	" ELSE ' ' || e.point END AS series, e.arm, 1 + e.effect AS ratio, 1 + e.lo AS ratio_lo,"
	" 1 + e.hi AS ratio_hi, e.n AS blocks, e.verdict, e.gate, e.better, c.id AS campaign"
	" FROM effect e JOIN campaign c ON c.id = e.campaign"
	" WHERE e.effect IS NOT NULL AND NOT e.absolute AND e.counter = '';"
	"CREATE VIEW IF NOT EXISTS regression AS"
	" SELECT * FROM effect_over_time WHERE verdict = 'regressed' ORDER BY time DESC, gate DESC;"
	"CREATE VIEW IF NOT EXISTS false_alarm AS"
	" SELECT c.domain, count(*) AS tests, sum(e.verdict IN ('regressed', 'improved')) AS alarms,"
	" sum(e.p <= c.alpha) AS nominal FROM effect e"
	" JOIN arm a ON a.campaign = e.campaign AND a.arm = e.arm JOIN campaign c ON c.id = e.campaign"
	" WHERE a.is_control AND e.p IS NOT NULL AND e.better != 'none' GROUP BY c.domain;"
	"CREATE VIEW IF NOT EXISTS failed_boot AS"
	" SELECT c.name AS campaign_name, b.* FROM boot b JOIN campaign c ON c.id = b.campaign"
	" WHERE b.class != 'ok' ORDER BY b.begun DESC;";

struct database {
	sqlite3 *db;
	char *path;
};

static int database_trouble(struct database *d, struct err *err)
{
	int code = sqlite3_extended_errcode(d->db) & 0xff;

	if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT)
		return err_config(err, "%s: not an SQLite database, or a damaged one", d->path);
	return err_set(err, EXIT_MACHINE, -EIO, "%s: %s%s", d->path, sqlite3_errmsg(d->db),
		       code == SQLITE_BUSY ? ": another program holds it" : "");
}

static int database_do(struct database *d, const char *sql, struct err *err)
{
	return sqlite3_exec(d->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0
		: database_trouble(d, err);
}

/* A statement's first column as a whole number. */
static int database_number(struct database *d, const char *sql, sqlite3_int64 *n, struct err *err)
{
	sqlite3_stmt *s;
	int got;

	if (sqlite3_prepare_v2(d->db, sql, -1, &s, NULL) != SQLITE_OK)
		return database_trouble(d, err);
	got = sqlite3_step(s);
	*n = got == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
	sqlite3_finalize(s);
	return got == SQLITE_ROW ? 0 : database_trouble(d, err);
}

/* --- opening ----------------------------------------------------------------- */

static int database_check(struct database *d, struct err *err)
{
	sqlite3_int64 application, version, n;
	int ret = database_number(d, "PRAGMA application_id", &application, err);

	if (!ret)
		ret = database_number(d, "PRAGMA user_version", &version, err);
	if (!ret)
		ret = database_number(d, "SELECT count(*) FROM sqlite_master", &n, err);
	if (ret || (!n && !application))
		return ret;	/* an empty database becomes ours */
	if (application != APPLICATION)
		return err_config(err, "%s: is another program's database", d->path);
	return version == VERSION ? 0 :
		err_config(err, "%s: has tables of version %lld, but this kduel writes %d; remove it and make it again from the journals",
			   d->path, (long long)version, VERSION);
}

static int database_make(struct database *d, struct err *err)
{
	char pragmas[96];
	int ret = database_do(d, "PRAGMA foreign_keys = ON; BEGIN IMMEDIATE", err);

	if (ret)
		return ret;
	ret = database_check(d, err);
	if (!ret)
		ret = database_do(d, tables, err);
	snprintf(pragmas, sizeof(pragmas), "PRAGMA application_id = %d; PRAGMA user_version = %d;",
		 APPLICATION, VERSION);
	if (!ret)
		ret = database_do(d, pragmas, err);
	if (!ret)
		return database_do(d, "COMMIT", err);
	database_do(d, "ROLLBACK", NULL);
	return ret;
}

int database_open(struct database **out, const char *path, struct err *err)
{
	struct database *d = calloc(1, sizeof(*d));
	int ret;

	*out = NULL;
	if (!d)
		return err_sys(err, ENOMEM, "cannot open %s", path);
	d->path = text_format("%s", path);
	if (sqlite3_open(path, &d->db) != SQLITE_OK) {
		ret = d->db ? database_trouble(d, err) : err_sys(err, ENOMEM, "cannot open %s", path);
	} else {
		sqlite3_busy_timeout(d->db, PATIENCE);
		ret = database_make(d, err);
	}
	if (ret)
		database_close(d);
	else
		*out = d;
	return ret;
}

void database_close(struct database *d)
{
	if (!d)
		return;
	sqlite3_close(d->db);
	free(d->path);
	free(d);
}

/* --- rows ---------------------------------------------------------------------- */

/* Makes the text safe; an empty one becomes NULL if it is optional ("o"). */
static void database_bind_text(sqlite3_stmt *s, int at, const char *text, bool optional)
{
	char *safe = safe_text(text);

	if (optional && !*safe)
		sqlite3_bind_null(s, at);
	else
		sqlite3_bind_text(s, at, safe, -1, SQLITE_TRANSIENT);
	free(safe);
}

/*
 * INSERT INTO `table`; `types` has a letter for each column: t text, o optional text,
 * i int, u unsigned, d double (NULL if not finite).
 */
static int database_insert(struct database *d, struct err *err, const char *table,
			   const char *types, ...)
{
	char sql[64 + 2 * COLUMNS_MAX];
	size_t n = strlen(types), used;
	sqlite3_stmt *s;
	va_list ap;
	int ret = 0;

	used = (size_t)snprintf(sql, sizeof(sql), "INSERT INTO %s VALUES (", table);
	for (size_t i = 0; i < n; i++)
		used += (size_t)snprintf(sql + used, sizeof(sql) - used, i ? ",?" : "?");
	strcpy(sql + used, ")");
	if (sqlite3_prepare_v2(d->db, sql, -1, &s, NULL) != SQLITE_OK)
		return database_trouble(d, err);
	va_start(ap, types);
	for (int i = 1; *types; types++, i++) {
		double v;

		if (*types == 't' || *types == 'o') {
			database_bind_text(s, i, va_arg(ap, const char *), *types == 'o');
		} else if (*types == 'i') {
			sqlite3_bind_int(s, i, va_arg(ap, int));
		} else if (*types == 'u') {
			sqlite3_bind_int64(s, i, va_arg(ap, unsigned));
		} else {
			v = va_arg(ap, double);
			if (isfinite(v))
				sqlite3_bind_double(s, i, v);
		}
	}
	va_end(ap);
	if (sqlite3_step(s) != SQLITE_DONE)
		ret = database_trouble(d, err);
	sqlite3_finalize(s);
	return ret;
}

static int database_add_boots(struct database *d, const char *id, struct store *s, struct err *err)
{
	const struct store_boot *b;
	size_t n;
	int ret = store_boots(s, &b, &n, err);

	for (; !ret && n; b++, n--)
		ret = database_insert(d, err, "boot", "tuuuttddo", id, b->boot, b->attempt,
				      b->block, store_plan(s)->arms[b->arm].name, b->class,
				      b->begun, b->ended, b->text);
	return ret;
}

/* "" if it was not recorded. */
static const char *database_release(const struct compare_arm *a)
{
	const char *release = json_string_value(json_object_get(compare_arm_kernel(a), "release"));

	return release ? release : "";
}

static int database_add_arms(struct database *d, const char *id, const struct comparison *c,
			     struct err *err)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < c->n_arms; i++) {
		const struct compare_arm *a = &c->arms[i];

		ret = database_insert(d, err, "arm", "tttoiiuuo", id, a->name, a->kernel,
				      database_release(a), a->baseline, a->control, a->boots,
				      a->failed, a->failures);
	}
	return ret;
}

static int database_add_effect(struct database *d, const char *id, const struct comparison *c,
			       const struct compare_series *s, size_t arm, struct err *err)
{
	const struct compare_estimate *e = &s->est[arm];
	const struct compare_result *r = &s->vs[arm];
	const char *counter = s->counter ? s->counter : "", *name = c->arms[arm].name;
	bool judged = r->verdict != VERDICT_NONE, known = judged && r->e.n;
	int ret = database_insert(d, err, "effect", "ttttttttt" "iu" "ddd" "oou" "ddd" "io" "ddd", id, s->cell,
		s->metric, counter, s->point_text, name, s->unit, s->kind,
		better_words[s->better], s->gate, e->boots, e->value, e->lo, e->hi,
		judged ? verdict_name(r->verdict) : "", judged ? r->reason : "", r->e.n,
		known ? r->e.effect : NAN, known ? r->e.lo : NAN, known ? r->e.hi : NAN,
		known && r->e.absolute, known ? stats_method_name(r->e.method) : "",
		known ? r->e.sde : NAN, known ? r->e.p : NAN, known ? r->p_adjusted : NAN);

	for (unsigned b = 0; !ret && b < c->n_block_ids; b++)
		if (!isnan(e->boot[b]))
			ret = database_insert(d, err, "value", "ttttttud", id, s->cell, s->metric,
					      counter, s->point_text, name, b + 1, e->boot[b]);
	return ret;
}

static int database_add_rest(struct database *d, const char *id, const struct comparison *c,
			     struct err *err)
{
	int ret = database_add_arms(d, id, c, err);

	for (size_t i = 0; !ret && i < c->n_series; i++)
		for (size_t a = 0; !ret && a < c->n_arms; a++)
			ret = database_add_effect(d, id, c, &c->series[i], a, err);
	for (size_t i = 0; !ret && i < c->n_claims; i++)
		ret = database_insert(d, err, "claim", "tutoto", id, (unsigned)i + 1,
				      c->claims[i].text, c->claims[i].says,
				      claim_outcome_name(c->claims[i].outcome),
				      c->claims[i].detail);
	return ret;
}

/* --- a campaign ------------------------------------------------------------------ */

struct database_ids {
	FILE *to;
	unsigned n;
};

static int database_note_id(void *arg, const struct record *r, const struct store_place *at,
			    struct err *err)
{
	struct database_ids *ids = arg;

	(void)at;
	(void)err;
	if (r->type == RECORD_CAMPAIGN)
		fprintf(ids->to, "%s%s", ids->n++ ? "+" : "", r->id);
	return 0;
}

/* The campaign's id; for a merged one the hash of all its parts' ids. */
static int database_id(struct store *s, char id[static FILE_HASH_MAX], struct err *err)
{
	struct database_ids ids = { .n = 0 };
	char *text = NULL;
	size_t len;
	int ret;

	ids.to = open_memstream(&text, &len);
	if (!ids.to)
		return err_sys(err, ENOMEM, "cannot add a campaign");
	ret = store_records(s, database_note_id, &ids, err);
	if (fclose(ids.to) && !ret)
		ret = err_sys(err, ENOMEM, "cannot add a campaign");
	if (!ret && ids.n > 1)
		data_hash(text, len, id);
	else if (!ret)
		snprintf(id, FILE_HASH_MAX, "%s", store_id(s));
	free(text);
	return ret;
}

/* How many ended boots the database has of the campaign; -1: it is not in it. */
static int database_boots(struct database *d, const char *id, long *boots, struct err *err)
{
	sqlite3_stmt *s;
	int got;

	if (sqlite3_prepare_v2(d->db, "SELECT boots FROM campaign WHERE id = ?", -1, &s, NULL) !=
	    SQLITE_OK)
		return database_trouble(d, err);
	sqlite3_bind_text(s, 1, id, -1, SQLITE_TRANSIENT);
	got = sqlite3_step(s);
	*boots = got == SQLITE_ROW ? (long)sqlite3_column_int64(s, 0) : -1;
	sqlite3_finalize(s);
	return got == SQLITE_ROW || got == SQLITE_DONE ? 0 : database_trouble(d, err);
}

static int database_forget(struct database *d, const char *id, struct err *err)
{
	sqlite3_stmt *s;
	int got;

	if (sqlite3_prepare_v2(d->db, "DELETE FROM campaign WHERE id = ?", -1, &s, NULL) != SQLITE_OK)
		return database_trouble(d, err);
	sqlite3_bind_text(s, 1, id, -1, SQLITE_TRANSIENT);
	got = sqlite3_step(s);
	sqlite3_finalize(s);
	return got == SQLITE_DONE ? 0 : database_trouble(d, err);
}

static int database_put(struct database *d, struct store *s, const struct comparison *c,
			const char *id, unsigned boots, enum database_did *did, struct err *err)
{
	const char *folder = strrchr(store_folder(s), '/');
	double begun, ended;
	long known = -1;
	int ret = database_boots(d, id, &known, err);

	*did = known < 0 ? DATABASE_ADDED : known < (long)boots ? DATABASE_REPLACED : DATABASE_KNOWN;
	if (ret || *did == DATABASE_KNOWN)
		return ret;
	ret = database_forget(d, id, err);
	if (!ret)
		ret = export_times(s, &begun, &ended, err);
	if (!ret)
		ret = database_insert(d, err, "campaign", "ttotttdduuutddo", id, c->name, c->question,
			folder && folder[1] ? folder + 1 : store_folder(s), c->domain, c->plan_hash,
			begun > 0 ? begun : NAN, ended > 0 ? ended : NAN, boots, c->blocks,
			c->blocks_planned, c->arms[c->baseline].name, c->margin, c->alpha,
			c->refused ? c->refused : "");
	if (!ret)
		ret = database_add_boots(d, id, s, err);
	return ret ? ret : database_add_rest(d, id, c, err);
}

static int database_add_store(struct database *d, struct store *s, enum database_did *did,
			      struct err *err)
{
	struct compare_options o = { .allow_differences = false };
	const struct store_boot *boots;
	char id[FILE_HASH_MAX];
	struct comparison c;
	size_t n;
	int ret = store_boots(s, &boots, &n, err);

	if (!ret)
		ret = database_id(s, id, err);
	if (!ret)
		ret = compare_run(s, &o, &c, err);
	if (ret)
		return ret;
	ret = database_do(d, "BEGIN IMMEDIATE", err);
	if (!ret) {
		ret = database_put(d, s, &c, id, (unsigned)n, did, err);
		if (!ret)
			ret = database_do(d, "COMMIT", err);
		if (ret)
			database_do(d, "ROLLBACK", NULL);
	}
	comparison_release(&c);
	return ret;
}

int database_add(struct database *d, const char *folder, enum database_did *did,
		 struct err *err)
{
	struct store *s;
	int ret = store_open(&s, folder, STORE_READ, err);

	if (ret)
		return ret;
	ret = database_add_store(d, s, did, err);
	store_close(s);
	return ret;
}
