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
	struct view_doc doc;	/* scratch: the document of the current record */
	struct record record;	/* scratch: the current record */

	/* STORE_APPEND */
	struct journal *journal;

	/* reading */
	struct journal_reader *reader;
	uint64_t torn;
	json_t *keep;		/* array: owns the JSON that lists point to */
	const json_t **identities;	/* by arm */
	COLUMN(struct store_boot) boots;
	COLUMN(struct store_cell) cells;
	COLUMN(struct store_env) envs;
	COLUMN(struct store_series) series;
	COLUMN(struct store_missing) missing;
	COLUMN(struct store_proof) proofs;
	COLUMN(struct store_reading) readings;
};

/* Block and boot numbers that continue over merged campaigns. */
#define BLOCK_OF(s, campaign, block) (((campaign) - 1) * (s)->plan->n_blocks + (block))
#define BOOT_OF(s, campaign, boot) (((campaign) - 1) * (s)->plan->n_boots + (boot))

int store_new(struct store **s, const char *folder, struct err *err);
void store_release_lists(struct store *s);

/* The record whose frame begins at `at`; valid until the next one is read. */
int store_read_at(struct store *s, uint64_t at, struct record *r,
		  struct err *err);

#endif
