/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the index holds of a sample or a counter: those of one series in one
 * boot are one blob, in order of process. An index never leaves the kind of
 * machine that made it: another one would find that it does not fit.
 */
#ifndef KDUEL_INDEX_VALUE_H
#define KDUEL_INDEX_VALUE_H

#include <stdint.h>

struct index_value {
	uint32_t process;
	uint32_t n;		/* iterations kept */
	uint32_t steady;
	uint32_t reason;	/* why it is void: a row's id; 0 if it is not */
	double median;		/* NaN if n is 0 */
};

#endif
