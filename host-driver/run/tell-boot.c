/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tell-boot.h"

#include <string.h>

#define WHY_LINES 3		/* a program's whole usage is in the journal */

static int widest_name(const struct plan *p)
{
	size_t width = 0;

	for (size_t i = 0; i < p->n_arms; i++)
		if (strlen(p->arms[i].name) > width)
			width = strlen(p->arms[i].name);
	return (int)width;
}

static void tell_why(struct progress *p, const char *text)
{
	for (unsigned line = 0; *text && line < WHY_LINES; line++) {
		size_t n = strcspn(text, "\n");

		progress_say(p, "  %.*s", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

void tell_boot(struct progress *p, const struct plan *plan,
	       const struct plan_boot *b, const struct session_result *s)
{
	bool well = !strcmp(s->class, "ok") && !s->cells_void && !s->cells_failed;
	char left[16], first[40] = "";

	if (p->terminal && !p->verbose && well)
		return;
	progress_time(progress_left(p), left, sizeof(left));
	if (s->first_sample > 0)
		snprintf(first, sizeof(first), ", sample at %.1f s",
			 s->first_sample);
	progress_say(p, "boot %u/%u  block %u/%u  %-*s  %s  %.1f s%s; %s left",
		     p->done, p->total, b->block, plan->n_blocks,
		     widest_name(plan), plan->arms[b->arm].name, s->class,
		     s->seconds, first, left);
	tell_why(p, s->text);
	if (s->cells_void || s->cells_failed)
		progress_say(p, "  cells: %u good, %u void, %u failed%s",
			     s->cells_ok, s->cells_void, s->cells_failed,
			     p->verbose ? "" : " (-v shows why)");
}
