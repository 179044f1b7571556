/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "index.h"
#include "store-impl.h"

static int no_memory(struct err *err)
{
	return err_sys(err, ENOMEM, "cannot read the results");
}

int store_failed(struct store *s, struct err *err)
{
	return index_error(s->db, s->index_path, err);
}

const char *store_text_at(struct store *s, sqlite3_stmt *q, int column)
{
	return pool_text(&s->pool, (const char *)sqlite3_column_text(q, column));
}

double store_real_at(sqlite3_stmt *q, int column)
{
	return sqlite3_column_type(q, column) == SQLITE_NULL
		       ? NAN
		       : sqlite3_column_double(q, column);
}

json_t *store_json_at(struct store *s, sqlite3_stmt *q, int column)
{
	const char *text = (const char *)sqlite3_column_text(q, column);
	json_t *json = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;

	if (json && json_array_append_new(s->keep, json))
		return NULL;
	return json;
}

int store_read_list(struct store *s, struct store_list *list, size_t size,
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
		return store_failed(s, err);
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
	return list->read ? 0 : store_failed(s, err);
}

static unsigned index_at(sqlite3_stmt *q, int column, size_t limit)
{
	int64_t i = sqlite3_column_int64(q, column);

	return i >= 0 && (size_t)i < limit ? i : 0;
}

unsigned store_arm_at(struct store *s, sqlite3_stmt *q, int column)
{
	return index_at(q, column, s->plan->n_arms);
}

const char *store_cell_at(struct store *s, sqlite3_stmt *q, int column)
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
	b->arm = store_arm_at(s, q, 5);
	b->class = store_text_at(s, q, 6);
	b->text = store_text_at(s, q, 7);
	b->ok = b->class && !strcmp(b->class, "ok");
	b->begun = store_real_at(q, 8);
	b->ended = store_real_at(q, 9);
	b->phases = store_json_at(s, q, 10);
	b->console = store_json_at(s, q, 11);
}

int store_boots(struct store *s, const struct store_boot **list, size_t *n,
		struct err *err)
{
	int ret = store_read_list(s, &s->boots, sizeof(**list),
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
	c->arm = store_arm_at(s, q, 3);
	c->cell = store_cell_at(s, q, 4);
	c->process = sqlite3_column_int64(q, 5);
	c->class = store_text_at(s, q, 6);
	c->text = store_text_at(s, q, 7);
}

int store_cells(struct store *s, const struct store_cell **list, size_t *n,
		struct err *err)
{
	int ret = store_read_list(s, &s->cells, sizeof(**list),
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

	e->where = store_text_at(s, q, 0);
	e->facts = store_json_at(s, q, 1);
	e->arm = -1;
	if (sqlite3_column_type(q, 2) == SQLITE_NULL)
		return;
	e->boot = BOOT_OF(s, sqlite3_column_int64(q, 2),
			  sqlite3_column_int64(q, 3));
	e->arm = store_arm_at(s, q, 4);
}

int store_envs(struct store *s, const struct store_env **list, size_t *n,
	       struct err *err)
{
	int ret = store_read_list(s, &s->envs, sizeof(**list),
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
	*(const char **)item = store_text_at(s, q, 0);
}

int store_notes(struct store *s, const char *const **list, size_t *n,
		struct err *err)
{
	int ret = store_read_list(s, &s->notes, sizeof(**list),
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
		if (!s->identities[store_arm_at(s, q, 0)])
			s->identities[store_arm_at(s, q, 0)] = store_json_at(s, q, 1);
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
