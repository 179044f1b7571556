/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "field.h"
#include "size.h"
#include "view.h"

json_t *view_json(const struct view *v)
{
	return v ? json_loadb(v->json, v->json_len, JSON_DECODE_ANY, NULL) : NULL;
}

const char *view_type_text(const struct view *v)
{
	return v ? field_type_text(v->type) : "missing";
}

static bool absent(const struct view *v)
{
	return !v || v->type == JSON_NULL;
}

static int wrong(const char *key, const struct view *v, const char *wanted,
		 struct err *err)
{
	return err_config(err, "%s: is %s; it must be %s", key,
			  view_type_text(v), wanted);
}

static int string(const struct view *v, const char *key, const char **value,
		  struct err *err)
{
	if (!v || v->type != JSON_STRING)
		return wrong(key, v, "a text", err);
	*value = v->text;
	return 0;
}

int view_string(const struct view *o, const char *key, const char **value,
		struct err *err)
{
	return string(view_get(o, key), key, value, err);
}

int view_string_or(const struct view *o, const char *key, const char *fallback,
		   const char **value, struct err *err)
{
	const struct view *v = view_get(o, key);

	*value = fallback;
	return absent(v) ? 0 : string(v, key, value, err);
}

int view_name(const struct view *o, const char *key, const char **value,
	      struct err *err)
{
	int ret = string(view_get(o, key), key, value, err);

	return ret ? ret : field_check_name(key, *value, err);
}

int view_choice(const struct view *o, const char *key,
		const char *const *choices, unsigned *value, struct err *err)
{
	const char *text = NULL;
	int ret = view_name(o, key, &text, err);

	return ret ? ret : field_check_choice(key, text, choices, value, err);
}

int view_count_of(const struct view *v, const char *key, uint64_t max,
		  uint64_t *value, struct err *err)
{
	if (!v || v->type != JSON_INTEGER)
		return wrong(key, v, "a whole number", err);
	*value = v->whole;
	return field_check_count(key, v->whole, max, err);
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
	return absent(v) ? 0 : view_count_of(v, key, max, value, err);
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
		return wrong(key, v, "a number", err);
	*value = v->real;	/* finite: there are no others in JSON */
	return 0;
}

int view_bool_or(const struct view *o, const char *key, bool fallback,
		 bool *value, struct err *err)
{
	const struct view *v = view_get(o, key);

	*value = fallback;
	if (absent(v))
		return 0;
	if (v->type != JSON_TRUE && v->type != JSON_FALSE)
		return wrong(key, v, "true or false", err);
	*value = v->type == JSON_TRUE;
	return 0;
}

static int list(const struct view *v, const char *key, json_type type,
		const struct view **value, struct err *err)
{
	if (!v || v->type != type)
		return wrong(key, v, field_type_text(type), err);
	*value = v;
	return 0;
}

int view_list(const struct view *o, const char *key, json_type type,
	      const struct view **value, struct err *err)
{
	return list(view_get(o, key), key, type, value, err);
}

int view_list_or(const struct view *o, const char *key, json_type type,
		 const struct view **value, struct err *err)
{
	const struct view *v = view_get(o, key);

	*value = NULL;
	return absent(v) ? 0 : list(v, key, type, value, err);
}
