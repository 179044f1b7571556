/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an agent says, checked before any of it is written: the same checks,
 * by the same functions, as a reader of the journal makes. Whatever passes
 * here can be recorded; whatever does not is the boot's own failure (class
 * `protocol`), and costs no other boot.
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
 * Errors are -EPROTO and name the metric and the field; their text is short,
 * printable ASCII but for what it quotes: print it as any foreign text.
 */
#ifndef KDUEL_RECORD_AGENT_H
#define KDUEL_RECORD_AGENT_H

#include "err.h"
#include "view.h"

/*
 * What keeps every record of a result, and all of them together, far below what
 * a journal's record may hold: each sample repeats labels and the void reason.
 */
#define RECORD_METRICS_MAX 4096u	/* of a result */
#define RECORD_VALUES_MAX 131072u	/* of a series, with the rejected */
#define RECORD_COUNTERS_MAX 1024u	/* of a series */

/*
 * A workload's result, docs/bench-result.md: at least one metric, each as a
 * sample wants it, none given twice, no counter of one given twice; labels
 * and the rest of it of a bearable size.
 */
int record_check_result(const struct view *result, struct err *err);

/* What `count-stop` answers: "seconds" and "counters". */
int record_check_counted(const struct view *reply, struct err *err);

/* A layer of a proof, as docs/record-format.md has it: its "layer" is known. */
int record_check_layer(const struct view *layer, struct err *err);

#endif
