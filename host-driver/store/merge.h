/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Merges several results folders of one plan into one.
 *
 * The same plan run twice gives twice the blocks. Copies of one campaign that
 * were continued in different places contribute each boot once. Merging is
 * idempotent and the order of the folders does not matter: the same inputs
 * give the same bytes, and a folder that is merged in again changes nothing.
 */
#ifndef KDUEL_MERGE_H
#define KDUEL_MERGE_H

#include <stddef.h>

#include "err.h"

struct merge_result {
	unsigned campaigns, boots;
	unsigned repeated;	/* boots that were in more than one folder */
};

/*
 * Merges `folders` into `to`, which is created if need be. Results of the plan that
 * `to` already holds are merged as well. EXIT_CONFIG for different plans, mixed
 * domains, and two outcomes of one boot.
 */
int merge_folders(const char *const *folders, size_t n, const char *to,
		  struct merge_result *result, struct err *err);

#endif
