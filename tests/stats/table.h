/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table that check-stats prints: Markdown, one line a check. */
#ifndef KDUEL_TEST_TABLE_H
#define KDUEL_TEST_TABLE_H

#include <stdbool.h>

void table_head(void);
/* `figure` and `error` as they are to stand there; `error` may be "". */
void table_row(const char *check, const char *bound, const char *figure,
	       const char *error, bool ok);
/* Prints how many rows there were; how many of them were outside their bound. */
unsigned table_end(void);

#endif
