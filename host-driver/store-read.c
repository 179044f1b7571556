/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "index.h"
#include "record.h"
#include "store-impl.h"

/* How many blocks and boots the campaigns before one had. */
#define BLOCK_OF(s, campaign, block) (((campaign) - 1) * (s)->plan->n_blocks + (block))
#define BOOT_OF(s, campaign, boot) (((campaign) - 1) * (s)->plan->n_boots + (boot))

/* Of boots that have ended. */
#define ENDED " JOIN boot USING(run) WHERE boot.class IS NOT NULL "

static int no_memory(struct err *err)
{
	return err_sys(err, ENOMEM, "cannot read the results");
}

static int failed(struct store *s, struct err *err)
{
	return index_error(s->db, s->index_path, err);
}

static const char *text_at(struct store *s, sqlite3_stmt *q, int column)
{
	return pool_text(&s->pool, (const char *)sqlite3_column_text(q, column));
}

static double real_at(sqlite3_stmt *q, int column)
{
	return sqlite3_column_type(q, column) == SQLITE_NULL
		       ? NAN
		       : sqlite3_column_double(q, column);
}

/* JSON that stays as long as the store; NULL for null. */
static json_t *json_at(struct store *s, sqlite3_stmt *q, int column)
{
	const char *text = (const char *)sqlite3_column_text(q, column);
	json_t *json = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;

	if (json && json_array_append_new(s->keep, json))
		return NULL;
	return json;
}

/*
 * Runs a query into a list of items of `size`, each filled by `fill`; once:
 * the list stays. The query must not bind.
 */
static int read_list(struct store *s, struct store_list *list, size_t size,
		     const char *sql,
		     void (*fill)(struct store *, sqlite3_stmt *, void *),
		     struct err *err)
{
	size_t room = 0;
	char *items = NULL, *more;
	sqlite3_stmt *q;
	int rc;

	if (list->read)
		return 0;
	if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL))
		return failed(s, err);
	list->n = 0;
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		if (list->n == room) {
			room = room ? 2 * room : 64;
			more = realloc(items, room * size);
			if (!more)
				break;
			items = more;
		}
		memset(items + list->n * size, 0, size);
		fill(s, q, items + list->n++ * size);
	}
	sqlite3_finalize(q);
	/* Moved into the pool: it then lives as long as the store. */
	list->items = pool_alloc(&s->pool, list->n * size + 1);
	if (list->items && list->n)
		memcpy(list->items, items, list->n * size);
	free(items);
	if (rc == SQLITE_ROW || !list->items)
		return no_memory(err);
	list->read = rc == SQLITE_DONE;
	return list->read ? 0 : failed(s, err);
}

/* An index into the plan. The database may come with the folder: a wrong one
 * gives wrong results, but no access out of bounds. */
static unsigned index_at(sqlite3_stmt *q, int column, size_t limit)
{
	int64_t i = sqlite3_column_int64(q, column);

	return i >= 0 && (size_t)i < limit ? i : 0;
}

static unsigned arm_at(struct store *s, sqlite3_stmt *q, int column)
{
	return index_at(q, column, s->plan->n_arms);
}

static const char *cell_at(struct store *s, sqlite3_stmt *q, int column)
{
	return s->plan->cells[index_at(q, column, s->plan->n_cells)].id;
}

/* --- boots, cells, environments, notes -------------------------------------------- */

static void fill_boot(struct store *s, sqlite3_stmt *q, void *item)
{
	struct store_boot *b = item;
	int64_t campaign = sqlite3_column_int64(q, 0);

	b->boot = BOOT_OF(s, campaign, sqlite3_column_int64(q, 1));
	b->block = BLOCK_OF(s, campaign, sqlite3_column_int64(q, 2));
	b->order = sqlite3_column_int64(q, 3);
	b->attempt = sqlite3_column_int64(q, 4);
	b->arm = arm_at(s, q, 5);
	b->class = text_at(s, q, 6);
	b->text = text_at(s, q, 7);
	b->ok = b->class && !strcmp(b->class, "ok");
	b->begun = real_at(q, 8);
	b->ended = real_at(q, 9);
	b->phases = json_at(s, q, 10);
	b->console = json_at(s, q, 11);
}

int store_boots(struct store *s, const struct store_boot **list, size_t *n,
		struct err *err)
{
	int ret = read_list(s, &s->boots, sizeof(**list),
			    "SELECT campaign, boot, block, ord, attempt, arm, "
			    "class, text, begun, ended, phases, console "
			    "FROM boot WHERE class IS NOT NULL "
			    "ORDER BY campaign, boot, run", fill_boot, err);

	*list = s->boots.items;
	*n = s->boots.n;
	return ret;
}

static void fill_cell(struct store *s, sqlite3_stmt *q, void *item)
{
	struct store_cell *c = item;
	int64_t campaign = sqlite3_column_int64(q, 0);

	c->boot = BOOT_OF(s, campaign, sqlite3_column_int64(q, 1));
	c->block = BLOCK_OF(s, campaign, sqlite3_column_int64(q, 2));
	c->arm = arm_at(s, q, 3);
	c->cell = cell_at(s, q, 4);
	c->process = sqlite3_column_int64(q, 5);
	c->class = text_at(s, q, 6);
	c->text = text_at(s, q, 7);
}

int store_cells(struct store *s, const struct store_cell **list, size_t *n,
		struct err *err)
{
	int ret = read_list(s, &s->cells, sizeof(**list),
			    "SELECT campaign, boot, block, arm, cell, process, "
			    "cell.class, cell.text FROM cell" ENDED
			    "ORDER BY run, cell.rowid", fill_cell, err);

	*list = s->cells.items;
	*n = s->cells.n;
	return ret;
}

static void fill_env(struct store *s, sqlite3_stmt *q, void *item)
{
	struct store_env *e = item;

	e->where = text_at(s, q, 0);
	e->facts = json_at(s, q, 1);
	e->arm = -1;
	if (sqlite3_column_type(q, 2) == SQLITE_NULL)
		return;
	e->boot = BOOT_OF(s, sqlite3_column_int64(q, 2),
			  sqlite3_column_int64(q, 3));
	e->arm = arm_at(s, q, 4);
}

int store_envs(struct store *s, const struct store_env **list, size_t *n,
	       struct err *err)
{
	int ret = read_list(s, &s->envs, sizeof(**list),
			    "SELECT place, facts, campaign, boot, arm FROM env "
			    "LEFT JOIN boot USING(run) "
			    "WHERE run = 0 OR boot.class IS NOT NULL "
			    "ORDER BY env.rowid", fill_env, err);

	*list = s->envs.items;
	*n = s->envs.n;
	return ret;
}

static void fill_note(struct store *s, sqlite3_stmt *q, void *item)
{
	*(const char **)item = text_at(s, q, 0);
}

int store_notes(struct store *s, const char *const **list, size_t *n,
		struct err *err)
{
	int ret = read_list(s, &s->notes, sizeof(**list),
			    "SELECT text FROM note ORDER BY rowid", fill_note,
			    err);

	*list = s->notes.items;
	*n = s->notes.n;
	return ret;
}

static int read_identities(struct store *s)
{
	sqlite3_stmt *q;

	s->identities = calloc(s->plan->n_arms, sizeof(*s->identities));
	if (!s->identities ||
	    sqlite3_prepare_v2(s->db, "SELECT arm, identity FROM arm "
			       "ORDER BY rowid", -1, &q, NULL))
		return -EIO;
	while (sqlite3_step(q) == SQLITE_ROW)
		if (!s->identities[arm_at(s, q, 0)])
			s->identities[arm_at(s, q, 0)] = json_at(s, q, 1);
	sqlite3_finalize(q);
	for (size_t i = 0; i < s->plan->n_arms; i++) {
		if (s->identities[i])
			continue;
		s->identities[i] = json_object();
		json_array_append_new(s->keep, s->identities[i]);
	}
	return 0;
}

const json_t *store_identity(struct store *s, unsigned arm)
{
	if (!s->identities && read_identities(s))
		return NULL;
	return s->identities[arm];
}

/* --- measurements ----------------------------------------------------------------- */

static void fill_series(struct store *s, sqlite3_stmt *q, void *item)
{
	struct store_series *r = item;

	r->id = sqlite3_column_int64(q, 0);
	r->cell = cell_at(s, q, 1);
	r->metric = text_at(s, q, 2);
	r->counter = text_at(s, q, 3);
	r->provider = text_at(s, q, 4);
	r->point = json_at(s, q, 5);
	r->point_text = text_at(s, q, 6);
	r->unit = text_at(s, q, 7);
	r->kind = text_at(s, q, 8);
	r->better = text_at(s, q, 9);
}

int store_series(struct store *s, const struct store_series **list, size_t *n,
		 struct err *err)
{
	/* One that only boots have which never ended, nobody has seen. */
	int ret = read_list(s, &s->series, sizeof(**list),
			    "SELECT id, cell, metric, counter, provider, point, "
			    "point_text, unit, kind, better FROM series "
			    "WHERE EXISTS(SELECT 1 FROM value JOIN boot USING(run) "
			    " WHERE series = id AND boot.class IS NOT NULL) "
			    "ORDER BY cell, id", fill_series, err);

	*list = s->series.items;
	*n = s->series.n;
	return ret;
}

static void fill_value(struct store *s, sqlite3_stmt *q,
		       struct store_value *v)
{
	int64_t campaign = sqlite3_column_int64(q, 0);

	v->boot = BOOT_OF(s, campaign, sqlite3_column_int64(q, 1));
	v->block = BLOCK_OF(s, campaign, sqlite3_column_int64(q, 2));
	v->arm = arm_at(s, q, 3);
	v->process = sqlite3_column_int64(q, 4);
	v->n = sqlite3_column_int64(q, 5);
	v->rejected = sqlite3_column_int64(q, 6);
	v->steady = sqlite3_column_int(q, 7);
	v->median = real_at(q, 8);
	v->mean = real_at(q, 9);
	v->sd = real_at(q, 10);
	v->min = real_at(q, 11);
	v->max = real_at(q, 12);
	v->p10 = real_at(q, 13);
	v->p90 = real_at(q, 14);
	v->void_reason = text_at(s, q, 15);
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
	size_t room = 0;
	struct store_value *more;
	sqlite3_stmt *q;
	int rc;

	*list = NULL;
	*n = 0;
	if (sqlite3_prepare_v2(s->db,
			       "SELECT campaign, boot, block, arm, process, n, "
			       "rejected, steady, median, mean, sd, min, max, "
			       "p10, p90, void FROM value JOIN boot USING(run) "
			       "WHERE series = ? AND boot.class = 'ok'", -1, &q,
			       NULL))
		return failed(s, err);
	sqlite3_bind_int64(q, 1, series->id);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		if (*n == room) {
			room = room ? 2 * room : 64;
			more = realloc(*list, room * sizeof(*more));
			if (!more)
				break;
			*list = more;
		}
		fill_value(s, q, &(*list)[(*n)++]);
	}
	sqlite3_finalize(q);
	if (rc != SQLITE_DONE) {
		free(*list);
		*list = NULL;
		return rc == SQLITE_ROW ? no_memory(err) : failed(s, err);
	}
	if (*n)
		qsort(*list, *n, sizeof(**list), compare_values);
	return 0;
}

static int find_offset(struct store *s, const struct store_series *series,
		       unsigned boot, unsigned process, int64_t *offset,
		       struct err *err)
{
	unsigned n = s->plan->n_boots;
	sqlite3_stmt *q;
	int rc;

	if (sqlite3_prepare_v2(s->db,
			       "SELECT offset FROM value JOIN boot USING(run) "
			       "WHERE series = ? AND process = ? AND boot = ? "
			       "AND campaign = ? AND boot.class = 'ok'", -1, &q,
			       NULL))
		return failed(s, err);
	sqlite3_bind_int64(q, 1, series->id);
	sqlite3_bind_int64(q, 2, process);
	sqlite3_bind_int64(q, 3, (boot - 1) % n + 1);
	sqlite3_bind_int64(q, 4, (boot - 1) / n + 1);
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW)
		*offset = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	if (rc == SQLITE_DONE)
		return err_config(err, "%s: boot %u, process %u has no %s of %s",
				  s->folder, boot, process, series->metric,
				  series->cell);
	return rc == SQLITE_ROW ? 0 : failed(s, err);
}

static int copy_values(const char *text, size_t len, double **values,
		       size_t *n, struct err *err)
{
	json_t *json = json_loadb(text, len, 0, NULL);
	struct record r;
	int ret = json ? record_read(json, &r, err) : no_memory(err);

	if (!ret && r.type != RECORD_SAMPLE)
		ret = err_config(err, "is no sample");
	if (!ret) {
		*n = json_array_size(r.values);
		*values = malloc((*n + 1) * sizeof(**values));
		if (!*values)
			ret = no_memory(err);
	}
	for (size_t i = 0; !ret && i < *n; i++)
		(*values)[i] = json_number_value(json_array_get(r.values, i));
	json_decref(json);
	return ret;
}

int store_raw(struct store *s, const struct store_series *series,
	      unsigned boot, unsigned process, double **values, size_t *n,
	      struct err *err)
{
	int64_t offset = 0;
	const char *text;
	size_t len;
	int ret = find_offset(s, series, boot, process, &offset, err);

	if (!ret && !s->raw)
		ret = journal_reader_open(&s->raw, s->journal_path, err);
	if (!ret)
		ret = journal_read_at(s->raw, offset, &text, &len, err);
	return ret ? ret : copy_values(text, len, values, n, err);
}

static void fill_missing(struct store *s, sqlite3_stmt *q, void *item)
{
	struct store_missing *m = item;

	m->counter = text_at(s, q, 0);
	m->reason = text_at(s, q, 1);
	m->samples = sqlite3_column_int64(q, 2);
}

int store_missing(struct store *s, const struct store_missing **list,
		  size_t *n, struct err *err)
{
	int ret = read_list(s, &s->missing, sizeof(**list),
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
	p->arm = arm_at(s, q, 3);
	p->cell = cell_at(s, q, 4);
	p->process = sqlite3_column_int64(q, 5);
	p->before = sqlite3_column_int(q, 6);
	p->layer = text_at(s, q, 7);
	p->method = text_at(s, q, 8);
	p->unavailable = text_at(s, q, 9);
	p->bytes_4k = sqlite3_column_int64(q, 10);
	p->bytes_2m = sqlite3_column_int64(q, 11);
	p->bytes_1g = sqlite3_column_int64(q, 12);
	p->faults = real_at(q, 13);
}

int store_proofs(struct store *s, const struct store_proof **list, size_t *n,
		 struct err *err)
{
	int ret = read_list(s, &s->proofs, sizeof(**list),
			    "SELECT campaign, boot, block, arm, cell, process, "
			    "before, layer, method, unavailable, b4k, b2m, b1g, "
			    "faults FROM proof" ENDED
			    "ORDER BY run, proof.rowid", fill_proof, err);

	*list = s->proofs.items;
	*n = s->proofs.n;
	return ret;
}
