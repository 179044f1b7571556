/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "field.h"

#include <math.h>
#include <string.h>

#define NAME_MAX_LEN 255

const char *field_type_text(json_type type)
{
	static const char *const text[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list",
		[JSON_STRING] = "a text", [JSON_INTEGER] = "a whole number",
		[JSON_REAL] = "a real number", [JSON_TRUE] = "true",
		[JSON_FALSE] = "false", [JSON_NULL] = "null",
	};

	return text[type];
}

const char *json_type_text(const json_t *value)
{
	return value ? field_type_text(json_typeof(value)) : "missing";
}

static bool absent(const json_t *value)
{
	return !value || json_is_null(value);
}

static int wrong(const char *key, const json_t *value, const char *wanted,
		 struct err *err)
{
	return err_config(err, "%s: is %s; it must be %s", key,
			  json_type_text(value), wanted);
}

int field_string(const json_t *o, const char *key, const char **value,
		 struct err *err)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_string(v))
		return wrong(key, v, "a text", err);
	*value = json_string_value(v);
	return 0;
}

int field_string_or(const json_t *o, const char *key, const char *fallback,
		    const char **value, struct err *err)
{
	if (absent(json_object_get(o, key))) {
		*value = fallback;
		return 0;
	}
	return field_string(o, key, value, err);
}

int field_check_name(const char *key, const char *text, struct err *err)
{
	size_t len = strlen(text);

	if (!len || len > NAME_MAX_LEN)
		return err_config(err, "%s: has %zu characters; it must have 1 to %d",
				  key, len, NAME_MAX_LEN);
	for (const char *p = text; *p; p++)
		if (*p < ' ' || *p > '~')
			return err_config(err, "%s: holds the byte 0x%02x; only printable ASCII is allowed",
					  key, (unsigned char)*p);
	return 0;
}

int field_name(const json_t *o, const char *key, const char **value,
	       struct err *err)
{
	int ret = field_string(o, key, value, err);

	return ret ? ret : field_check_name(key, *value, err);
}

int field_check_choice(const char *key, const char *text,
		       const char *const *choices, unsigned *value,
		       struct err *err)
{
	char known[256] = "";
	size_t used = 0;

	for (unsigned i = 0; choices[i]; i++) {
		if (!strcmp(text, choices[i])) {
			*value = i;
			return 0;
		}
		if (used < sizeof(known))
			used += snprintf(known + used, sizeof(known) - used,
					 "%s%s", i ? ", " : "", choices[i]);
	}
	return err_config(err, "%s: '%s' is not known; it must be one of %s",
			  key, text, known);
}

int field_choice(const json_t *o, const char *key, const char *const *choices,
		 unsigned *value, struct err *err)
{
	const char *text = NULL;
	int ret = field_name(o, key, &text, err);

	return ret ? ret : field_check_choice(key, text, choices, value, err);
}

int field_check_count(const char *key, json_int_t i, uint64_t max,
		      struct err *err)
{
	if (i >= 0 && (uint64_t)i <= max)
		return 0;
	return err_config(err, "%s: is %" JSON_INTEGER_FORMAT "; it must be 0 to %llu",
			  key, i, (unsigned long long)max);
}

int field_count(const json_t *o, const char *key, uint64_t max,
		uint64_t *value, struct err *err)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_integer(v))
		return wrong(key, v, "a whole number", err);
	*value = json_integer_value(v);
	return field_check_count(key, json_integer_value(v), max, err);
}

int field_count_or(const json_t *o, const char *key, uint64_t max,
		   uint64_t fallback, uint64_t *value, struct err *err)
{
	if (absent(json_object_get(o, key))) {
		*value = fallback;
		return 0;
	}
	return field_count(o, key, max, value, err);
}

int field_real(const json_t *o, const char *key, double *value,
	       struct err *err)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_number(v))
		return wrong(key, v, "a number", err);
	*value = json_number_value(v);
	if (!isfinite(*value))
		return err_config(err, "%s: is not finite", key);
	return 0;
}

int field_bool(const json_t *o, const char *key, bool *value, struct err *err)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_boolean(v))
		return wrong(key, v, "true or false", err);
	*value = json_is_true(v);
	return 0;
}

int field_bool_or(const json_t *o, const char *key, bool fallback,
		  bool *value, struct err *err)
{
	if (absent(json_object_get(o, key))) {
		*value = fallback;
		return 0;
	}
	return field_bool(o, key, value, err);
}

int field_object(const json_t *o, const char *key, json_t **value,
		 struct err *err)
{
	*value = json_object_get(o, key);
	return json_is_object(*value) ? 0
				      : wrong(key, *value, "an object", err);
}

int field_array(const json_t *o, const char *key, json_t **value,
		struct err *err)
{
	*value = json_object_get(o, key);
	return json_is_array(*value) ? 0 : wrong(key, *value, "a list", err);
}

int field_object_or(const json_t *o, const char *key, json_t **value,
		    struct err *err)
{
	if (!absent(json_object_get(o, key)))
		return field_object(o, key, value, err);
	*value = NULL;
	return 0;
}

int field_array_or(const json_t *o, const char *key, json_t **value,
		   struct err *err)
{
	if (!absent(json_object_get(o, key)))
		return field_array(o, key, value, err);
	*value = NULL;
	return 0;
}
