/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A team's history: one SQLite file of all campaigns, with plain columns and views
 * (docs/exports.md). It is an export: made of journals, never read back by kduel, and
 * it can be thrown away and made again.
 *
 *	struct database *d;
 *	enum database_did did;
 *
 *	if (database_open(&d, "history.db", err))
 *		return err->code;
 *	ret = database_add(d, "results/a", &did, err);
 *	database_close(d);
 *
 * A campaign is known by its own id, a merged one by those of all its parts: adding
 * it again changes nothing, adding it with more boots takes the place of what was there. Each
 * is added as a whole or not at all; other writers wait for up to a minute.
 */
#ifndef KDUEL_DATABASE_H
#define KDUEL_DATABASE_H

#include "err.h"

struct database;

enum database_did { DATABASE_ADDED, DATABASE_REPLACED, DATABASE_KNOWN };

/* Made if it is not there. A file that is another program's is refused: EXIT_CONFIG. */
int database_open(struct database **d, const char *path, struct err *err);
int database_add(struct database *d, const char *folder, enum database_did *did,
		 struct err *err);
void database_close(struct database *d);	/* NULL is fine */

#endif
