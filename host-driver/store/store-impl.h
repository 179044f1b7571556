/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of a store; for store*.c only.
 */
#ifndef KDUEL_STORE_IMPL_H
#define KDUEL_STORE_IMPL_H

#include "columns.h"
#include "journal.h"
#include "store.h"
#include "view.h"

struct store {
	char *folder, *journal_path;
	char *id, *domain;
	struct plan *plan;
	struct columns columns;
	struct view_doc doc;	/* scratch: the record at hand */
	struct record record;	/* of it */

	/* STORE_APPEND */
	struct journal *journal;

	/* reading */
	struct journal_reader *reader;
	uint64_t torn;
	json_t *keep;		/* array: what lists point to */
	const json_t **identities;	/* by arm */
	COLUMN(struct store_boot) boots;
	COLUMN(struct store_cell) cells;
	COLUMN(struct store_env) envs;
	COLUMN(struct store_series) series;
	COLUMN(struct store_missing) missing;
	COLUMN(struct store_proof) proofs;
	COLUMN(struct store_reading) readings;
};

/* How many blocks and boots the campaigns before one had. */
#define BLOCK_OF(s, campaign, block) (((campaign) - 1) * (s)->plan->n_blocks + (block))
#define BOOT_OF(s, campaign, boot) (((campaign) - 1) * (s)->plan->n_boots + (boot))

int store_new(struct store **s, const char *folder, struct err *err);
void store_release_lists(struct store *s);

/* The record whose frame begins at `at`; good until the next one is read. */
int store_read_at(struct store *s, uint64_t at, struct record *r,
		  struct err *err);

#endif
