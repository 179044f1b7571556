/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults on purpose: an agent that crashes, hangs or lies at a chosen request,
 * so that tests can see what becomes of the run. "panic@run", "hang@hello".
 */
#ifndef KDUEL_FAULT_H
#define KDUEL_FAULT_H

#include <stdbool.h>

#include "err.h"
#include "link.h"

enum fault_kind {
	FAULT_NONE,
	FAULT_PANIC,	/* PID 1's kernel crashes; a plain process aborts */
	FAULT_HANG,	/* never answers nor reads again */
	FAULT_GARBAGE,	/* bytes that are not a frame, then goes on */
	FAULT_FLOOD,	/* writes to the console for ever */
	FAULT_EXIT,	/* exits with status 1 */
	FAULT_KINDS
};

struct fault {
	enum fault_kind kind;
	char op[32];
};

/* "<kind>@<op>"; "" means no fault. */
int fault_parse(struct fault *f, const char *text, struct err *err);

/* Acts if `op` is the chosen request. Most kinds do not return. */
void fault_at(const struct fault *f, const char *op, struct link *l, bool pid1);

#endif
