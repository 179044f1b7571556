/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks what an agent says before any of it is written: the same checks, by the
 * same functions, that a reader of the journal makes. Whatever passes here can be
 * recorded; anything else fails this boot (class `protocol`) and no other.
 *
 *	struct view_doc doc = VIEW_DOC_INIT;
 *	const struct view *root, *result;
 *
 *	if (view_parse(&doc, frame->payload, frame->len, &root, err) ||
 *	    view_list(root, "result", JSON_OBJECT, &result, err) ||
 *	    record_check_result(result, err))
 *		ret = err->code;
 *	view_release(&doc);
 *
 * Errors are -EPROTO and name the metric and the field. Their text quotes the agent:
 * print it as foreign text.
 */
#ifndef KDUEL_RECORD_AGENT_H
#define KDUEL_RECORD_AGENT_H

#include "err.h"
#include "view.h"

/*
 * Limits that keep every record made of a result far below the size that a journal's
 * record may have: each sample repeats the labels and the void reason.
 */
#define RECORD_METRICS_MAX 4096u	/* of a result */
#define RECORD_VALUES_MAX 131072u	/* of a series, with the rejected ones */
#define RECORD_COUNTERS_MAX 1024u	/* of a series */

/*
 * A workload's result (docs/bench-result.md): at least one metric, each valid as a
 * sample; no metric and no counter of one is given twice; labels and the other
 * parts are of limited size.
 */
int record_check_result(const struct view *result, struct err *err);

/* The reply to `count-stop`: "seconds" and "counters". */
int record_check_counted(const struct view *reply, struct err *err);

/* A layer of a proof (docs/record-format.md); "layer" must be a known one. */
int record_check_layer(const struct view *layer, struct err *err);

#endif
