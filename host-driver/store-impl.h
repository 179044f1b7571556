/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of a store; for store.c and store-read.c only.
 */
#ifndef KDUEL_STORE_IMPL_H
#define KDUEL_STORE_IMPL_H

#include <sqlite3.h>

#include "journal.h"
#include "pool.h"
#include "store.h"

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

	/* STORE_READ */
	sqlite3 *db;
	uint64_t samples;
	struct journal_reader *raw;
	struct pool pool;
	json_t *keep;		/* array: what lists point to */
	json_t **identities;	/* by arm */
	bool *ended;		/* by run, for store_records() */
	struct store_list boots, cells, envs, notes, series, missing, proofs;
};

#endif
