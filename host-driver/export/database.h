/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A team's history: one SQLite file of all campaigns, with plain columns and views
 * (docs/exports.md). It is an export: made from journals, never read back by kduel,
 * and can be deleted and made again.
 *
 *	struct database *d;
 *	enum database_did did;
 *
 *	if (database_open(&d, "history.db", err))
 *		return err->code;
 *	ret = database_add(d, "results/a", &did, err);
 *	database_close(d);
 *
 * A campaign is identified by its own id, a merged one by those of all its parts:
 * adding it again changes nothing, adding it with more boots replaces it. Each is added
 * completely or not at all; a writer waits up to a minute for another one.
 */
#ifndef KDUEL_DATABASE_H
#define KDUEL_DATABASE_H

#include "err.h"

struct database;

enum database_did { DATABASE_ADDED, DATABASE_REPLACED, DATABASE_KNOWN };

/* Created if it does not exist. Another program's database is refused: EXIT_CONFIG. */
int database_open(struct database **d, const char *path, struct err *err);
int database_add(struct database *d, const char *folder, enum database_did *did,
		 struct err *err);
void database_close(struct database *d);	/* NULL is fine */

#endif
