/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "safe.h"

/* The shortest member is "=1" and a separator. */
#define MEMBERS_MAX (RECORD_POINT_MAX / 3)

/* A value as text, in `buf` or in place; whole numbers keep their spelling. */
static const char *record_point_value_text(const struct view *v, char buf[32])
{
	switch (v->type) {
	case JSON_STRING:
		return v->text;
	case JSON_REAL:
		snprintf(buf, 32, "%.17g", v->real);
		return buf;
	default:
		return v->type == JSON_TRUE ? "true" : "false";
	}
}

int record_check_point(const struct view *point, struct err *err)
{
	const struct view *v;
	size_t len = 1;
	char buf[32];

	view_each(v, point) {
		if (!safe_is_plain(v->key) ||
		    (v->type == JSON_STRING && !safe_is_plain(v->text)))
			return err_config(err, "point: holds a control character");
		if (v->type == JSON_OBJECT || v->type == JSON_ARRAY ||
		    v->type == JSON_NULL)
			return err_config(err, "point.%.80s: is %s; it must be one value",
					  v->key, view_type_text(v));
		len += strlen(v->key) + 2 + (v->type == JSON_INTEGER ? v->json_len
					     : strlen(record_point_value_text(v, buf)));
	}
	if (len > RECORD_POINT_MAX)
		return err_config(err, "point: is longer than %d bytes",
				  RECORD_POINT_MAX - 1);
	return 0;
}

static void record_point_put(const struct view *const *members, size_t n, char part,
			     char *to)
{
	char buf[32];

	for (size_t i = 0; i < n; i++) {
		const struct view *v = members[i];

		if (i)
			*to++ = part;
		to = stpcpy(to, v->key);
		*to++ = '=';
		to = v->type == JSON_INTEGER ? mempcpy(to, v->json, v->json_len)
					     : stpcpy(to, record_point_value_text(v, buf));
	}
	*to = '\0';
}

static size_t record_point_members_of(const struct view *point,
				      const struct view *members[MEMBERS_MAX])
{
	const struct view *v;
	size_t n = 0;

	view_each(v, point)
		members[n++] = v;
	return n;
}

static int record_point_by_key(const void *a, const void *b)
{
	return strcmp((*(const struct view *const *)a)->key,
		      (*(const struct view *const *)b)->key);
}

void record_point_text(const struct view *point, record_point text)
{
	const struct view *members[MEMBERS_MAX];

	record_point_put(members, record_point_members_of(point, members), ',', text);
}

void record_point_key(const struct view *point, record_point key)
{
	const struct view *members[MEMBERS_MAX];
	size_t n = record_point_members_of(point, members);

	if (n > 1)
		qsort(members, n, sizeof(*members), record_point_by_key);
	record_point_put(members, n, '\x1e', key);	/* cannot occur: the check refuses it */
}
