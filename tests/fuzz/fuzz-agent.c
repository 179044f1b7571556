/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text as what a guest's agent answers. Whatever the check
 * lets pass is recorded as a session does, and then every reader takes it.
 */
#include "fuzz-results.h"

#include "host-driver/run/measure-records.h"
#include "store/record.h"

static void must_append(struct store *s, json_t *record)
{
	struct err err = ERR_INIT;

	must(store_append(s, record, &err), &err);
}

static void record_boot(struct store *s, const struct plan_boot *b,
			const struct record_text *t)
{
	struct err err = ERR_INIT;
	const char *line;
	size_t at = 0, len;

	must_append(s, json_pack("{s:s, s:i, s:i, s:i, s:i, s:s}", "t", "boot", "boot", b->boot,
				 "block", b->block, "order", b->order, "attempt", 1, "arm",
				 plan->arms[b->arm].name));
	while ((line = record_text_next(t, &at, &len)))
		must(store_append_text(s, line, len, &err), &err);
	must_append(s, json_pack("{s:s, s:i, s:s}", "t", "boot-end", "boot", b->boot, "class",
				 "ok"));
}

static void record_result(const struct view *result)
{
	struct measure m = { .plan = plan, .cell = &plan->cells[0], .process = 1,
			     .domain = "emulated", .counters = json_object() };
	struct err err = ERR_INIT;
	struct store *s;

	put(head, head_len, "", 0);
	must(store_open(&s, folder, STORE_APPEND, &err), &err);
	for (size_t i = 0; i < plan->n_boots; i++) {
		struct record_text t = RECORD_TEXT_INIT;

		m.boot = &plan->boots[i];
		must(measure_samples(&m, result, NULL, &t, &err), &err);
		measure_end(&m, "ok", "", result, &t);
		record_boot(s, m.boot, &t);
		record_text_release(&t);
	}
	store_close(s);
	json_decref(m.counters);
	must(store_open(&s, folder, STORE_READ, &err), &err);
	read_all(s);
	store_close(s);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct view_doc doc = VIEW_DOC_INIT;
	const struct view *root;

	if (!view_parse(&doc, (const char *)data, size, &root, NULL) &&
	    !record_check_result(root, NULL))
		record_result(root);
	view_release(&doc);
}
