/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records as text, one to a line, made of what the driver knows and of what an
 * agent wrote: its values are taken over as they stand in its message, without a
 * tree in between, so that a number is the agent's to its last digit.
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
 * Nothing here checks: store_append_text() does, as any reader. Without memory the
 * text is `failed`, and stays so; ask once at the end.
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

/* "{" or "[" as a member, or with `key` NULL as an element, and its end. */
void record_text_open(struct record_text *t, const char *key, char bracket);
void record_text_close(struct record_text *t, char bracket);

/* The line at `*at`, which begins as 0; NULL after the last one. */
const char *record_text_next(const struct record_text *t, size_t *at, size_t *len);

/*
 * The text of a record that was made as a tree, with an "at" if it has none. Takes
 * the reference; the text is the caller's. NULL without memory, and for NULL.
 */
char *record_dump(json_t *record);

#endif
