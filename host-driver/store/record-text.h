/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records as text, one per line, composed of what the driver knows and what an agent
 * wrote. The agent's values are copied verbatim from its message, without a JSON tree
 * in between, so that numbers keep their last digit.
 *
 *	struct record_text t = RECORD_TEXT_INIT;
 *
 *	record_text_begin(&t, RECORD_SAMPLE);	// with the time
 *	record_text_whole(&t, "boot", 3);
 *	record_text_value(&t, "values", view_get(metric, "values"));
 *	record_text_end(&t);
 *	while ((line = record_text_next(&t, &at, &len)))
 *		ret = store_append_text(s, line, len, err);
 *	record_text_release(&t);
 *
 * Nothing is checked here: store_append_text() does that, as any reader does. If
 * memory runs out, `failed` is set and stays set; check it once at the end.
 */
#ifndef KDUEL_RECORD_TEXT_H
#define KDUEL_RECORD_TEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "record.h"
#include "view.h"

struct record_text {
	char *text;
	size_t len, room;
	bool failed;
};
#define RECORD_TEXT_INIT { NULL, 0, 0, false }

void record_text_release(struct record_text *t);

void record_text_begin(struct record_text *t, enum record_type type);
void record_text_end(struct record_text *t);

/* Members. A text of NULL is null; a value of NULL is left out. */
void record_text_string(struct record_text *t, const char *key, const char *text);
void record_text_whole(struct record_text *t, const char *key, unsigned n);
void record_text_bool(struct record_text *t, const char *key, bool yes);
void record_text_value(struct record_text *t, const char *key, const struct view *v);
void record_text_json(struct record_text *t, const char *key, const json_t *json);

/* Opens "{" or "[" as a member (`key` NULL: as an element); closes it. */
void record_text_open(struct record_text *t, const char *key, char bracket);
void record_text_close(struct record_text *t, char bracket);

/* The line at `*at`, which is 0 at first and then advances; NULL after the last line. */
const char *record_text_next(const struct record_text *t, size_t *at, size_t *len);

/*
 * The text of a record that was built as a JSON tree; adds "at" if it is missing. Takes
 * the reference; the caller frees the text. NULL if out of memory, and for NULL.
 */
char *record_dump(json_t *record);

#endif
