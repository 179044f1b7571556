/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line about a boot that ended, and why if it ended badly. */
#ifndef KDUEL_TELL_BOOT_H
#define KDUEL_TELL_BOOT_H

#include "plan/plan.h"
#include "progress.h"
#include "session.h"

/* Nothing on a terminal where all went well, but with -v. */
void tell_boot(struct progress *p, const struct plan *plan,
	       const struct plan_boot *b, const struct session_result *s);

#endif
