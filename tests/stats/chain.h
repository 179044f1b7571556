/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows of the table from real campaigns, the whole chain judged on what is
 * known to be true: equal arms, and slow-downs of known size.
 */
#ifndef KDUEL_TEST_CHAIN_H
#define KDUEL_TEST_CHAIN_H

#include "err.h"

/* Results of configs/aa-instructions.yaml: nothing may be called different. */
int chain_aa(const char *folder, struct err *err);

/*
 * Results of configs/inject.yaml: an arm "spin-N" goes N times round a loop of
 * 2 instructions at each second-level fault of a page's first touch.
 */
int chain_inject(const char *folder, struct err *err);

#endif
