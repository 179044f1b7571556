/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report-env.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vocab/number.h"

#define FACT_MAX 400	/* bytes of a fact that is a condition, not a log */
#define VALUES_MAX 8	/* different values of one fact that are kept */

/* What is random in every boot is no condition of it. */
static json_t *without_nonce(const char *value)
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

/* A value as text; a new reference, or NULL where it is too long. */
static json_t *as_text(const json_t *value)
{
	char *text;
	json_t *result = NULL;

	if (json_is_string(value))
		return json_string_length(value) > FACT_MAX
			? NULL : without_nonce(json_string_value(value));
	text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
	if (text && strlen(text) <= FACT_MAX)
		result = json_string(text);
	free(text);
	return result;
}

/* Adds a value to those of one arm unless it is among them already. */
static void add_value(json_t *facts, const char *name, const char *arm,
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

static void flatten(json_t *facts, const char *prefix, const char *arm,
		    const json_t *value)
{
	const char *key;
	json_t *child, *text;

	if (json_is_object(value)) {
		json_object_foreach((json_t *)value, key, child) {
			char *name = NULL;

			if (asprintf(&name, "%s%s%s", prefix, *prefix ? "." : "",
				     key) < 0)
				abort();
			flatten(facts, name, arm, child);
			free(name);
		}
		return;
	}
	text = as_text(value);
	if (text)
		add_value(facts, prefix, arm, text);
	json_decref(text);
}

/* All values of all arms, each once. */
static json_t *distinct(const json_t *by_arm)
{
	json_t *all = json_object(), *list, *value;
	const char *arm;
	size_t i;

	json_object_foreach((json_t *)by_arm, arm, list)
		json_array_foreach(list, i, value)
			add_value(all, "", "", value);
	list = json_incref(json_object_get(json_object_get(all, ""), ""));
	json_decref(all);
	return list;
}

/* One value; else one for each arm; else the list of them. */
static json_t *reduced(const json_t *by_arm)
{
	json_t *all = distinct(by_arm), *result, *list;
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
		flatten(facts, "", envs[i].arm < 0 ? "" :
			plan->arms[envs[i].arm].name, envs[i].facts);
	}
	json_object_foreach(all, where, facts)
		json_object_foreach(facts, name, by_arm)
			json_object_set_new(facts, name, reduced(by_arm));
	return all;
}

/* --- for a reader ---------------------------------------------------------- */

#define SHOWN_MAX 3	/* values of a fact that differs from boot to boot */
#define FOLD_LEAST 3	/* facts of one value that share a line */

static void put_list(FILE *out, const json_t *list)
{
	size_t n = json_array_size(list);

	for (size_t i = 0; i < n && i < SHOWN_MAX; i++)
		fprintf(out, "%s%s", i ? " | " : "",
			json_string_value(json_array_get(list, i)));
	if (n > SHOWN_MAX)
		fprintf(out, " | and %zu more", n - SHOWN_MAX);
	fputs(" (differs between boots)", out);
}

static void put_value(FILE *out, const char *name, const json_t *value)
{
	const char *arm, *text = json_string_value(value);
	const char *last = strrchr(name, '.') ? strrchr(name, '.') + 1 : name;
	char bytes[NUMBER_MAX];
	bool first = true;
	json_t *one;

	if (json_is_object(value)) {
		json_object_foreach((json_t *)value, arm, one) {
			fprintf(out, "%s%s: %s", first ? "" : "; ", arm,
				json_string_value(one));
			first = false;
		}
	} else if (json_is_array(value)) {
		put_list(out, value);
	} else if (!strncmp(last, "memory", 6) && *text &&
		   text[strspn(text, "0123456789")] == '\0') {
		fputs(number_bytes(strtoull(text, NULL, 10), bytes), out);
	} else {
		fputs(text, out);
	}
}

/* How many facts of the same group ("mitigations.") have this one's value. */
static size_t alike(const json_t *facts, const char *name, const json_t *value)
{
	const char *dot = strchr(name, '.'), *other;
	json_t *its;
	size_t n = 0;

	if (!dot || !json_is_string(value))
		return 1;
	json_object_foreach((json_t *)facts, other, its)
		n += !strncmp(other, name, dot - name + 1) && json_equal(its, value);
	return n;
}

/* "mitigations: Not affected" and the names it is true of. */
static void fold(const json_t *facts, const char *name, const json_t *value,
		 struct report_fact *fact)
{
	size_t prefix = strchr(name, '.') - name + 1, len;
	FILE *out = open_memstream(&fact->text, &len);
	const char *other, *sep = "";
	json_t *its;

	if (!out || asprintf(&fact->name, "%.*s: %s", (int)prefix - 1, name,
			     json_string_value(value)) < 0)
		abort();
	json_object_foreach((json_t *)facts, other, its)
		if (!strncmp(other, name, prefix) && json_equal(its, value)) {
			fprintf(out, "%s%s", sep, other + prefix);
			sep = ", ";
		}
	fclose(out);
}

static bool is_there(const struct report_facts *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (!strcmp(f->fact[i].name, name))
			return true;
	return false;
}

void report_facts_init(struct report_facts *f, const json_t *facts)
{
	const char *name;
	json_t *value;

	f->n = 0;
	f->fact = calloc(json_object_size(facts) + 1, sizeof(*f->fact));
	if (!f->fact)
		abort();
	json_object_foreach((json_t *)facts, name, value) {
		struct report_fact *fact = &f->fact[f->n];
		size_t len;
		FILE *out;

		if (alike(facts, name, value) >= FOLD_LEAST) {
			fold(facts, name, value, fact);
			if (is_there(f, fact->name)) {
				free(fact->name);
				free(fact->text);
				continue;
			}
			f->n++;
			continue;
		}
		out = open_memstream(&fact->text, &len);
		fact->name = strdup(name);
		if (!out || !fact->name)
			abort();
		put_value(out, name, value);
		fclose(out);
		f->n++;
	}
}

void report_facts_release(struct report_facts *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->fact[i].name);
		free(f->fact[i].text);
	}
	free(f->fact);
	*f = (struct report_facts){ 0 };
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
