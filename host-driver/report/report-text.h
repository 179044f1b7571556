/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of report.txt that have a file of their own. */
#ifndef KDUEL_REPORT_TEXT_H
#define KDUEL_REPORT_TEXT_H

#include <stdio.h>

#include "report.h"

void report_text_proof(const struct report *r, FILE *out);

#endif
