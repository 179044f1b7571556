/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report-env.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FACT_MAX 400	/* bytes of a fact that is a condition, not a log */
#define VALUES_MAX 8	/* different values of one fact that are kept */

/* A value as text; a new reference, or NULL where it is too long. */
static json_t *as_text(const json_t *value)
{
	char *text;
	json_t *result = NULL;

	if (json_is_string(value))
		return json_string_length(value) > FACT_MAX
			? NULL : json_string(json_string_value(value));
	text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
	if (text && strlen(text) <= FACT_MAX)
		result = json_string(text);
	free(text);
	return result;
}

/* Adds a value to a fact unless it is among its values already. */
static void add_value(json_t *facts, const char *name, json_t *text)
{
	json_t *seen = json_object_get(facts, name), *list, *old;
	size_t i;

	if (!seen) {
		json_object_set(facts, name, text);
		return;
	}
	if (json_equal(seen, text))
		return;
	if (!json_is_array(seen)) {
		list = json_array();
		json_array_append(list, seen);
		json_array_append(list, text);
		json_object_set_new(facts, name, list);
		return;
	}
	json_array_foreach(seen, i, old)
		if (json_equal(old, text))
			return;
	if (json_array_size(seen) < VALUES_MAX)
		json_array_append(seen, text);
}

static void flatten(json_t *facts, const char *prefix, const json_t *value)
{
	const char *key;
	json_t *child, *text;

	if (json_is_object(value)) {
		json_object_foreach((json_t *)value, key, child) {
			char *name = NULL;

			if (asprintf(&name, "%s%s%s", prefix, *prefix ? "." : "",
				     key) < 0)
				abort();
			flatten(facts, name, child);
			free(name);
		}
		return;
	}
	text = as_text(value);
	if (text)
		add_value(facts, prefix, text);
	json_decref(text);
}

json_t *report_env(const struct store_env *envs, size_t n)
{
	json_t *all = json_object();

	for (size_t i = 0; i < n; i++) {
		json_t *facts = json_object_get(all, envs[i].where);

		if (!facts) {
			facts = json_object();
			json_object_set_new(all, envs[i].where, facts);
		}
		flatten(facts, "", envs[i].facts);
	}
	return all;
}

const char *report_env_fact(const json_t *env, const char *where,
			    const char *name)
{
	const char *key, *dot;
	json_t *value;

	json_object_foreach(json_object_get(env, where), key, value) {
		dot = strrchr(key, '.');
		if (strcmp(key, name) && strcmp(dot ? dot + 1 : key, name))
			continue;
		if (json_is_array(value))
			value = json_array_get(value, 0);
		return json_string_value(value);
	}
	return "";
}
