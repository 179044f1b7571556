/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of a store; for store*.c only.
 */
#ifndef KDUEL_STORE_IMPL_H
#define KDUEL_STORE_IMPL_H

#include <sqlite3.h>

#include "index.h"
#include "journal.h"
#include "pool.h"
#include "store.h"
#include "view.h"

/* A list that was read once; `read` tells an empty one from none. */
struct store_list {
	void *items;
	size_t n;
	bool read;
};

struct store {
	char *folder, *journal_path, *index_path;
	char *id, *domain;
	struct plan *plan;

	/* STORE_APPEND */
	struct journal *journal;
	unsigned *attempts;	/* by boot - 1 */
	bool *done;
	unsigned under_way;	/* boot; 0: none */
	struct view_doc doc;	/* scratch: the record at hand */

	/* STORE_READ */
	sqlite3 *db;
	struct index_found found;
	struct pool pool;
	json_t *keep;		/* array: what lists point to */
	json_t **identities;	/* by arm */
	struct store_list classes;	/* of boots, by run; for store_records() */
	struct store_list boots, cells, envs, notes, series, reasons, missing,
			  proofs;
};

/* How many blocks and boots the campaigns before one had. */
#define BLOCK_OF(s, campaign, block) (((campaign) - 1) * (s)->plan->n_blocks + (block))
#define BOOT_OF(s, campaign, boot) (((campaign) - 1) * (s)->plan->n_boots + (boot))

/* Of boots that have ended. */
#define ENDED " JOIN boot USING(run) WHERE boot.class IS NOT NULL "

int store_no_memory(struct err *err);
int store_new(struct store **s, const char *folder, struct err *err);
int store_make_tables(struct store *s, struct err *err);

/* An error of the index's. */
int store_failed(struct store *s, struct err *err);

/*
 * Columns of a row. Texts and JSON stay as long as the store; NULL for null.
 * Arms and cells are of the plan. The database may come with the folder: a
 * wrong one gives wrong results, but no access out of bounds.
 */
const char *store_text_at(struct store *s, sqlite3_stmt *q, int column);
double store_real_at(sqlite3_stmt *q, int column);
json_t *store_json_at(struct store *s, sqlite3_stmt *q, int column);
unsigned store_arm_at(struct store *s, sqlite3_stmt *q, int column);
const char *store_cell_at(struct store *s, sqlite3_stmt *q, int column);

/*
 * Runs a query into a list of items of `size`, each filled by `fill`; once:
 * the list stays. The query must not bind.
 */
int store_read_list(struct store *s, struct store_list *list, size_t size,
		    const char *sql,
		    void (*fill)(struct store *, sqlite3_stmt *, void *),
		    struct err *err);

#endif
