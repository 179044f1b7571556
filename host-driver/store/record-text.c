/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record-text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pool.h"

static double record_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

void record_text_release(struct record_text *t)
{
	free(t->text);
	*t = (struct record_text)RECORD_TEXT_INIT;
}

/* Room for `n` more bytes; NULL if out of memory. */
static char *text_room(struct record_text *t, size_t n)
{
	if (!t->failed && pool_grow(&t->text, t->len + n, &t->room, 1, NULL))
		t->failed = true;
	return t->failed ? NULL : t->text + t->len;
}

static void text_put_bytes(struct record_text *t, const char *from, size_t n)
{
	char *to = text_room(t, n);

	if (!to)
		return;
	memcpy(to, from, n);
	t->len += n;
}

static void text_put_char(struct record_text *t, char c)
{
	text_put_bytes(t, &c, 1);
}

/* The one place that escapes a text for JSON. */
static void text_put_string(struct record_text *t, const char *text)
{
	char *to = text_room(t, 6 * strlen(text) + 2);

	if (!to)
		return;
	*to++ = '"';
	for (; *text; text++) {
		if ((unsigned char)*text < ' ') {
			to += sprintf(to, "\\u%04x", (unsigned)*text);
			continue;
		}
		if (*text == '"' || *text == '\\')
			*to++ = '\\';
		*to++ = *text;
	}
	*to++ = '"';
	t->len = to - t->text;
}

static void text_put_key(struct record_text *t, const char *key)
{
	if (t->len && !strchr("{[\n", t->text[t->len - 1]))
		text_put_char(t, ',');
	if (!key)
		return;
	text_put_string(t, key);
	text_put_char(t, ':');
}

/* A value without white space between its tokens: a record is one line. */
static void text_put_value(struct record_text *t, const struct view *v)
{
	char *to = text_room(t, v->json_len);
	bool in_string = false;

	if (!to)
		return;
	for (const char *c = v->json; c < v->json + v->json_len; c++) {
		if (in_string && *c == '\\')
			*to++ = *c++;
		else if (*c == '"')
			in_string = !in_string;
		else if (!in_string && strchr(" \t\r\n", *c))
			continue;
		*to++ = *c;
	}
	t->len = to - t->text;
}

void record_text_begin(struct record_text *t, enum record_type type)
{
	char at[64];

	text_put_char(t, '{');
	record_text_string(t, "t", record_type_name(type));
	text_put_key(t, "at");
	text_put_bytes(t, at, sprintf(at, "%.17g", record_now()));
}

void record_text_end(struct record_text *t)
{
	text_put_bytes(t, "}\n", 2);
}

void record_text_string(struct record_text *t, const char *key, const char *text)
{
	text_put_key(t, key);
	if (text)
		text_put_string(t, text);
	else
		text_put_bytes(t, "null", 4);
}

void record_text_whole(struct record_text *t, const char *key, unsigned n)
{
	char digits[16];

	text_put_key(t, key);
	text_put_bytes(t, digits, sprintf(digits, "%u", n));
}

void record_text_bool(struct record_text *t, const char *key, bool yes)
{
	text_put_key(t, key);
	text_put_bytes(t, yes ? "true" : "false", yes ? 4 : 5);
}

void record_text_value(struct record_text *t, const char *key, const struct view *v)
{
	if (!v)
		return;
	text_put_key(t, key);
	text_put_value(t, v);
}

void record_text_json(struct record_text *t, const char *key, const json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));

	if (text) {
		text_put_key(t, key);
		text_put_bytes(t, text, strlen(text));
	} else {
		t->failed = true;
	}
	free(text);
}

void record_text_open(struct record_text *t, const char *key, char bracket)
{
	text_put_key(t, key);
	text_put_char(t, bracket);
}

void record_text_close(struct record_text *t, char bracket)
{
	text_put_char(t, bracket);
}

const char *record_text_next(const struct record_text *t, size_t *at, size_t *len)
{
	const char *line = t->text + *at;

	if (*at == t->len)
		return NULL;
	*len = (const char *)memchr(line, '\n', t->len - *at) - line;
	*at += *len + 1;
	return line;
}

char *record_dump(json_t *record)
{
	char *text;

	if (!record)
		return NULL;
	if (!json_object_get(record, "at"))
		json_object_set_new(record, "at", json_real(record_now()));
	text = json_dumps(record, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
	json_decref(record);
	return text;
}
