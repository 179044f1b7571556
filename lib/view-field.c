/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "size.h"
#include "view.h"

#define NAME_MOST 255

static const char *view_field_type_text(json_type type)
{
	static const char *const text[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list",
		[JSON_STRING] = "a text", [JSON_INTEGER] = "a whole number",
		[JSON_REAL] = "a real number", [JSON_TRUE] = "true",
		[JSON_FALSE] = "false", [JSON_NULL] = "null",
	};

	return text[type];
}

json_t *view_json(const struct view *v)
{
	return v ? json_loadb(v->json, v->json_len, JSON_DECODE_ANY, NULL) : NULL;
}

const char *view_type_text(const struct view *v)
{
	return v ? view_field_type_text(v->type) : "missing";
}

static bool view_field_absent(const struct view *v)
{
	return !v || v->type == JSON_NULL;
}

static int view_field_wrong(const char *key, const struct view *v, const char *wanted,
			    struct err *err)
{
	return err_config(err, "%s: is %s; it must be %s", key,
			  view_type_text(v), wanted);
}

static int view_field_string(const struct view *v, const char *key, const char **value,
			     struct err *err)
{
	if (!v || v->type != JSON_STRING)
		return view_field_wrong(key, v, "a text", err);
	*value = v->text;
	return 0;
}

int view_string(const struct view *o, const char *key, const char **value,
		struct err *err)
{
	return view_field_string(view_get(o, key), key, value, err);
}

int view_string_or(const struct view *o, const char *key, const char *fallback,
		   const char **value, struct err *err)
{
	const struct view *v = view_get(o, key);

	*value = fallback;
	return view_field_absent(v) ? 0 : view_field_string(v, key, value, err);
}

int view_check_name(const char *key, const char *text, struct err *err)
{
	size_t len = strlen(text);

	if (!len || len > NAME_MOST)
		return err_config(err, "%s: has %zu characters; it must have 1 to %d",
				  key, len, NAME_MOST);
	for (const char *p = text; *p; p++)
		if (*p < ' ' || *p > '~')
			return err_config(err, "%s: holds the byte 0x%02x; only printable ASCII is allowed",
					  key, (unsigned char)*p);
	return 0;
}

int view_name(const struct view *o, const char *key, const char **value,
	      struct err *err)
{
	int ret = view_field_string(view_get(o, key), key, value, err);

	return ret ? ret : view_check_name(key, *value, err);
}

static int view_field_check_choice(const char *key, const char *text, const char *const *choices,
				   unsigned *value, struct err *err)
{
	unsigned n = 0;

	for (; choices[n]; n++)
		if (!strcmp(text, choices[n])) {
			*value = n;
			return 0;
		}
	err_unknown(err, "value", text, choices, n);
	err_prefix(err, "%s", key);
	return -EINVAL;
}

int view_choice(const struct view *o, const char *key,
		const char *const *choices, unsigned *value, struct err *err)
{
	const char *text = NULL;
	int ret = view_name(o, key, &text, err);

	return ret ? ret : view_field_check_choice(key, text, choices, value, err);
}

static int view_field_check_count(const char *key, json_int_t i, uint64_t max, struct err *err)
{
	if (i >= 0 && (uint64_t)i <= max)
		return 0;
	return err_config(err, "%s: is %" JSON_INTEGER_FORMAT "; it must be 0 to %llu",
			  key, i, (unsigned long long)max);
}

int view_count_of(const struct view *v, const char *key, uint64_t max,
		  uint64_t *value, struct err *err)
{
	if (!v || v->type != JSON_INTEGER)
		return view_field_wrong(key, v, "a whole number", err);
	*value = v->whole;
	return view_field_check_count(key, v->whole, max, err);
}

int view_count(const struct view *o, const char *key, uint64_t max,
	       uint64_t *value, struct err *err)
{
	return view_count_of(view_get(o, key), key, max, value, err);
}

int view_count_or(const struct view *o, const char *key, uint64_t max,
		  uint64_t fallback, uint64_t *value, struct err *err)
{
	const struct view *v = view_get(o, key);

	*value = fallback;
	return view_field_absent(v) ? 0 : view_count_of(v, key, max, value, err);
}

int view_size(const struct view *o, const char *key, uint64_t *value,
	      struct err *err)
{
	const struct view *v = view_get(o, key);
	int ret;

	if (!v || v->type != JSON_STRING)
		return view_count(o, key, INT64_MAX, value, err);
	ret = size_parse(v->text, value, err);
	if (ret)
		err_prefix(err, "%s", key);
	return ret;
}

int view_real(const struct view *o, const char *key, double *value,
	      struct err *err)
{
	const struct view *v = view_get(o, key);

	if (!view_is_number(v))
		return view_field_wrong(key, v, "a number", err);
	*value = v->real;	/* finite: there are no others in JSON */
	return 0;
}

int view_bool_or(const struct view *o, const char *key, bool fallback,
		 bool *value, struct err *err)
{
	const struct view *v = view_get(o, key);

	*value = fallback;
	if (view_field_absent(v))
		return 0;
	if (v->type != JSON_TRUE && v->type != JSON_FALSE)
		return view_field_wrong(key, v, "true or false", err);
	*value = v->type == JSON_TRUE;
	return 0;
}

static int view_field_list(const struct view *v, const char *key, json_type type,
			   const struct view **value, struct err *err)
{
	if (!v || v->type != type)
		return view_field_wrong(key, v, view_field_type_text(type), err);
	*value = v;
	return 0;
}

int view_list(const struct view *o, const char *key, json_type type,
	      const struct view **value, struct err *err)
{
	return view_field_list(view_get(o, key), key, type, value, err);
}

int view_list_or(const struct view *o, const char *key, json_type type,
		 const struct view **value, struct err *err)
{
	const struct view *v = view_get(o, key);

	*value = NULL;
	return view_field_absent(v) ? 0 : view_field_list(v, key, type, value, err);
}
