/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report-parts.h"
#include "safe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FACT_MAX 400	/* bytes of a fact; a longer one is a log, not a condition */
#define VALUES_MAX 8	/* different values kept of one fact */

/* Removes the nonce: what is random in every boot is not a condition. */
static json_t *env_without_nonce(const char *value)
{
	char *copy = strdup(value), *at = copy ? strstr(copy, "kduel.nonce=") : NULL;
	json_t *text;

	if (at) {
		size_t len = strcspn(at, " ");

		len += strspn(at + len, " ");
		memmove(at, at + len, strlen(at + len) + 1);
	}
	text = json_string(copy);
	free(copy);
	return text;
}

/* A value as text; a new reference, or NULL if it is too long. */
static json_t *env_text(const json_t *value)
{
	char *text;
	json_t *result = NULL;

	if (json_is_string(value))
		return json_string_length(value) > FACT_MAX
			? NULL : env_without_nonce(json_string_value(value));
	text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
	if (text && strlen(text) <= FACT_MAX)
		result = json_string(text);
	free(text);
	return result;
}

/* Adds a value to those of one arm unless it is there already. */
static void env_add(json_t *facts, const char *name, const char *arm,
		      json_t *text)
{
	json_t *by_arm = json_object_get(facts, name), *seen, *old;
	size_t i;

	if (!by_arm) {
		by_arm = json_object();
		json_object_set_new(facts, name, by_arm);
	}
	seen = json_object_get(by_arm, arm);
	if (!seen) {
		seen = json_array();
		json_object_set_new(by_arm, arm, seen);
	}
	json_array_foreach(seen, i, old)
		if (json_equal(old, text))
			return;
	if (json_array_size(seen) < VALUES_MAX)
		json_array_append(seen, text);
}

static void env_flatten(json_t *facts, const char *prefix, const char *arm,
		    const json_t *value)
{
	const char *key;
	json_t *child, *text;

	if (json_is_object(value)) {
		json_object_foreach((json_t *)value, key, child) {
			char *name = text_format("%s%s%s", prefix, *prefix ? "." : "", key);

			env_flatten(facts, name, arm, child);
			free(name);
		}
		return;
	}
	text = env_text(value);
	if (text)
		env_add(facts, prefix, arm, text);
	json_decref(text);
}

/* The distinct values of all arms. */
static json_t *env_distinct(const json_t *by_arm)
{
	json_t *all = json_object(), *list, *value;
	const char *arm;
	size_t i;

	json_object_foreach((json_t *)by_arm, arm, list)
		json_array_foreach(list, i, value)
			env_add(all, "", "", value);
	list = json_incref(json_object_get(json_object_get(all, ""), ""));
	json_decref(all);
	return list;
}

/* A single value; or one per arm; or else the list of all values. */
static json_t *env_reduced(const json_t *by_arm)
{
	json_t *all = env_distinct(by_arm), *result, *list;
	const char *arm;

	if (json_array_size(all) == 1) {
		result = json_incref(json_array_get(all, 0));
		json_decref(all);
		return result;
	}
	result = json_object();
	json_object_foreach((json_t *)by_arm, arm, list) {
		if (json_array_size(list) != 1 || !*arm) {
			json_decref(result);
			return all;
		}
		json_object_set(result, arm, json_array_get(list, 0));
	}
	json_decref(all);
	return result;
}

json_t *report_env(const struct store_env *envs, size_t n,
		   const struct plan *plan)
{
	json_t *all = json_object(), *facts, *by_arm;
	const char *where, *name;

	for (size_t i = 0; i < n; i++) {
		facts = json_object_get(all, envs[i].where);
		if (!facts) {
			facts = json_object();
			json_object_set_new(all, envs[i].where, facts);
		}
		env_flatten(facts, "", envs[i].arm < 0 ? "" :
			plan->arms[envs[i].arm].name, envs[i].facts);
	}
	json_object_foreach(all, where, facts)
		json_object_foreach(facts, name, by_arm)
			json_object_set_new(facts, name, env_reduced(by_arm));
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
		return json_is_string(value) ? json_string_value(value) : "";
	}
	return "";
}
