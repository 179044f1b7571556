/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel-watch.h"

#include <stdio.h>
#include <string.h>

#define QUIET 20.0	/* seconds between plain lines of a long phase */

void kernel_watch_text(const struct kernel_progress *p, char *text, size_t size)
{
	int n = snprintf(text, size, "%s: %s", p->kernel, p->text);

	if (n < 0 || (size_t)n >= size || p->phase != KERNEL_COMPILE)
		return;
	if (p->expected)
		snprintf(text + n, size - n, ", %u of about %u files", p->done,
			 p->expected > p->done ? p->expected : p->done);
	else if (p->done)
		snprintf(text + n, size - n, ", %u file%s", p->done,
			 p->done == 1 ? "" : "s");
}

bool kernel_watch_due(struct kernel_watch *w, const struct kernel_progress *p)
{
	char now[sizeof(w->last)];

	snprintf(now, sizeof(now), "%s: %s", p->kernel, p->text);
	/* Someone else's build may take long, and there is nothing new to say of it. */
	if (!strcmp(now, w->last) &&
	    (p->phase == KERNEL_WAIT || p->seconds - w->shown < QUIET))
		return false;
	memcpy(w->last, now, sizeof(now));
	w->shown = p->seconds;
	return true;
}
