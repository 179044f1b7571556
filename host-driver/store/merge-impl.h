/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of a merge, for merge*.c only.
 */
#ifndef KDUEL_MERGE_IMPL_H
#define KDUEL_MERGE_IMPL_H

#include <sha256.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "pool.h"
#include "store.h"

/* A record where it lies. */
struct place {
	size_t folder;
	uint64_t offset;
};

/*
 * A boot with all its records, or a record of no boot: what is kept or left
 * out as one, and told from others by its content.
 */
struct item {
	size_t campaign;	/* index into merge.campaigns */
	unsigned boot;		/* 0: of no boot; sorted before the boots */
	unsigned attempt;
	double at;
	bool head;		/* the campaign record itself */
	bool ok;
	struct place *places;
	size_t n, room;
	SHA2_CTX sha;
	char hash[SHA256_DIGEST_STRING_LENGTH];
};

struct campaign {
	char id[256];
	double at;
};

struct merge {
	struct store **stores;
	size_t n_stores;
	struct item *items;
	size_t n_items, room;
	struct campaign *campaigns;
	size_t n_campaigns;
	size_t folder;		/* being read */
	size_t campaign;	/* of the records being read */
	size_t boot;		/* item of the boot being read */
};

/* Writes the items, in their order, as the journal of `to`. */
int merge_write(struct merge *m, const char *to, struct err *err);

#endif
