/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page sizes around a guest's disturbances, and over time. */
#include "compare-memory.h"

#include <errno.h>
#include <string.h>

#include "store/store.h"

static int timeline_add(struct comparison *c, const struct store_reading *from)
{
	struct compare_reading *list = compare_grow(c, c->timeline, &c->n_timeline, sizeof(*list));
	struct compare_reading *to;

	if (!list)
		return -ENOMEM;
	c->timeline = list;
	to = &list[c->n_timeline - 1];
	*to = (struct compare_reading){
		.arm = from->arm, .block = from->block,
		.cell = compare_text(c, "%s", from->cell), .apart = from->apart,
		.step = (enum run_step)step_find(from->step),
		.layer = from->layer ? layer_find(from->layer) : -1,
		.event = from->event ? compare_text(c, "%s", from->event) : NULL,
		.seconds = from->seconds, .faults = from->faults,
	};
	memcpy(to->bytes, from->bytes, sizeof(to->bytes));
	return 0;
}

int compare_timelines(struct comparison *c, struct store *s, struct err *err)
{
	const struct store_reading *list;
	size_t n;
	int rc = store_timeline(s, &list, &n, err);

	for (size_t i = 0; !rc && i < n; i++)
		if (list[i].ok && timeline_add(c, &list[i]))
			rc = err_sys(err, ENOMEM, "cannot compare");
	return rc;
}
