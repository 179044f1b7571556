/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table.h"

#include <stdio.h>

static unsigned rows, failed;

void table_head(void)
{
	printf("| %-58s | %-12s | %-8s | %-5s|      |\n", "check", "bound", "figure", "+-");
	printf("|%.60s|%.14s|----------|------|------|\n",
	       "------------------------------------------------------------",
	       "--------------");
}

void table_row(const char *check, const char *bound, const char *figure,
	       const char *error, bool ok)
{
	rows++;
	failed += !ok;
	printf("| %-58s | %-12s | %8s | %4s | %s |\n", check, bound, figure, error,
	       ok ? "pass" : "FAIL");
	fflush(stdout);
}

unsigned table_end(void)
{
	printf("\n%u rows, %u outside their bound\n", rows, failed);
	return failed;
}
