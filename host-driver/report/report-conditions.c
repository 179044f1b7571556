/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The conditions of a campaign, and the limits of its report. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report-parts.h"
#include "safe.h"

#define FACT_MAX 400	/* bytes of a fact; a longer one is a log, not a condition */
#define VALUES_MAX 8	/* different values kept of one fact */

/* Removes the nonce: what is random in every boot is not a condition. */
static json_t *conditions_env_without_nonce(const char *value)
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
static json_t *conditions_env_text(const json_t *value)
{
	char *text;
	json_t *result = NULL;

	if (json_is_string(value))
		return json_string_length(value) > FACT_MAX
			? NULL : conditions_env_without_nonce(json_string_value(value));
	text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
	if (text && strlen(text) <= FACT_MAX)
		result = json_string(text);
	free(text);
	return result;
}

/* Adds a value to those of one arm unless it is there already. */
static void conditions_env_add(json_t *facts, const char *name, const char *arm,
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

static void conditions_env_flatten(json_t *facts, const char *prefix, const char *arm,
				   const json_t *value)
{
	const char *key;
	json_t *child, *text;

	if (json_is_object(value)) {
		json_object_foreach((json_t *)value, key, child) {
			char *name = text_format("%s%s%s", prefix, *prefix ? "." : "", key);

			conditions_env_flatten(facts, name, arm, child);
			free(name);
		}
		return;
	}
	text = conditions_env_text(value);
	if (text)
		conditions_env_add(facts, prefix, arm, text);
	json_decref(text);
}

/* The distinct values of all arms. */
static json_t *conditions_env_distinct(const json_t *by_arm)
{
	json_t *all = json_object(), *list, *value;
	const char *arm;
	size_t i;

	json_object_foreach((json_t *)by_arm, arm, list)
		json_array_foreach(list, i, value)
			conditions_env_add(all, "", "", value);
	list = json_incref(json_object_get(json_object_get(all, ""), ""));
	json_decref(all);
	return list;
}

/* A single value; or one per arm; or else the list of all values. */
static json_t *conditions_env_reduced(const json_t *by_arm)
{
	json_t *all = conditions_env_distinct(by_arm), *result, *list;
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
		conditions_env_flatten(facts, "", envs[i].arm < 0 ? "" :
			plan->arms[envs[i].arm].name, envs[i].facts);
	}
	json_object_foreach(all, where, facts)
		json_object_foreach(facts, name, by_arm)
			json_object_set_new(facts, name, conditions_env_reduced(by_arm));
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

/* --- as a part of the document ----------------------------------------------- */

#define SHOWN_MAX 3	/* values shown of a fact that differs between boots */
#define FOLD_LEAST 3	/* fewest facts of one value that share a line */

static void conditions_list(FILE *out, const json_t *list)
{
	size_t n = json_array_size(list);

	for (size_t i = 0; i < n && i < SHOWN_MAX; i++)
		fprintf(out, "%s%s", i ? " | " : "",
			json_string_value(json_array_get(list, i)));
	if (n > SHOWN_MAX)
		fprintf(out, " | and %zu more", n - SHOWN_MAX);
	fputs(" (differs between boots)", out);
}

static void conditions_value(FILE *out, const char *name, const json_t *value)
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
		conditions_list(out, value);
	} else if (!strncmp(last, "memory", 6) && *text &&
		   text[strspn(text, "0123456789")] == '\0') {
		fputs(number_bytes(strtoull(text, NULL, 10), bytes), out);
	} else {
		fputs(text, out);
	}
}

/* How many facts of the same group ("mitigations.") have this value. */
static size_t conditions_alike(const json_t *facts, const char *name, const json_t *value)
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

/* Writes "mitigations: Not affected" and the names it applies to, once. */
static void conditions_fold(struct doc *d, const json_t *facts, const char *name,
			    const json_t *value)
{
	size_t prefix = (size_t)(strchr(name, '.') - name) + 1, len;
	char *names = NULL;
	FILE *out = text_open(&names, &len);
	const char *other;
	json_t *its;

	json_object_foreach((json_t *)facts, other, its) {
		if (strncmp(other, name, prefix) || !json_equal(its, value))
			continue;
		if (!ftell(out) && strcmp(other, name))	/* not the first of them */
			break;
		fprintf(out, "%s%s", ftell(out) ? ", " : "", other + prefix);
	}
	text_close(out);
	if (*names) {
		doc_row(d);
		doc_cell(d, DOC_ID, 0, "%.*s: %s", (int)prefix - 1, name,
			 json_string_value(value));
		doc_cell(d, DOC_WORDS, 0, "%s", names);
	}
	free(names);
}

static void conditions_fact(struct doc *d, const char *name, const json_t *value)
{
	char *text = NULL;
	size_t len;
	FILE *out = text_open(&text, &len);

	conditions_value(out, name, value);
	text_close(out);
	doc_row(d);
	doc_cell(d, DOC_ID, 0, "%s", name);
	doc_cell(d, DOC_WORDS, 0, "%s", text);
	free(text);
}

static void conditions_facts(struct doc *d, const json_t *facts)
{
	const char *name;
	json_t *value;

	doc_table(d, "fact|value");
	json_object_foreach((json_t *)facts, name, value)
		if (conditions_alike(facts, name, value) >= FOLD_LEAST)
			conditions_fold(d, facts, name, value);
		else
			conditions_fact(d, name, value);
}

void report_differences(struct doc *d, const struct comparison *c)
{
	if (!c->n_differences) {
		doc_put(d, DOC_SAY, "Nothing recorded differs between the arms besides the "
			"kernel under test.");
		return;
	}
	doc_put(d, DOC_SAY, "What differs between arms besides the kernel under test:");
	for (size_t i = 0; i < c->n_differences; i++) {
		const struct compare_difference *f = &c->differences[i];

		doc_put(d, DOC_ITEM, "%s: %s has '%.120s', the baseline '%.120s'", f->what,
			f->arm, f->arm_value, f->baseline_value);
	}
}

/* Is it a fact that readers of a mail ask about first, or one that differs? */
static bool conditions_in_short(const char *name, const json_t *value)
{
	static const char *const first[] = {
		"kernel.release", "compiler", "cpu.model", "cmdline", "memory",
		"accelerator", "qemu",
	};

	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		if (!strcmp(name, first[i]))
			return true;
	return !json_is_string(value);
}

static void conditions_short(struct doc *d, const json_t *env)
{
	const char *where, *name;
	json_t *facts, *value;

	doc_table(d, "fact|value");
	json_object_foreach((json_t *)env, where, facts) {
		bool told = false;

		json_object_foreach(facts, name, value) {
			if (!conditions_in_short(name, value))
				continue;
			if (!told)
				doc_group(d, where, "%s", "");
			told = true;
			conditions_fact(d, name, value);
		}
	}
	doc_put(d, DOC_SAY, "The complete record: report.html and report.json.");
}

void report_conditions(struct doc *d, const struct report *r)
{
	const char *where;
	json_t *facts;

	doc_heading(d, "conditions", "Conditions");
	report_differences(d, r->c);
	d->forms = DOC_IN_TEXT;
	if (json_object_size(r->env))
		conditions_short(d, r->env);
	d->forms = DOC_IN_HTML | DOC_IN_MARKDOWN;
	json_object_foreach(r->env, where, facts) {
		doc_put(d, DOC_FOLD, "Facts of the %s", where);
		conditions_facts(d, facts);
		doc_put(d, DOC_UNFOLD, "%s", "");
	}
	d->forms = DOC_IN_ALL;
}

static void conditions_limits_samples(const struct comparison *c, FILE *out)
{
	unsigned voids = 0, failed = 0;

	for (size_t i = 0; i < c->n_arms; i++) {
		voids += c->arms[i].voids;
		failed += c->arms[i].failed;
	}
	if (voids)
		fprintf(out, "%u void sample%s: recorded, but never averaged, because the proof "
			"contradicts the cell.\n", voids, voids == 1 ? "" : "s");
	if (failed)
		fprintf(out, "The samples of %u failed boot%s.\n", failed,
			failed == 1 ? "" : "s");
	if (c->blocks < c->blocks_planned)
		fprintf(out, "%u of the %u planned blocks: not every arm has finished them.\n",
			c->blocks_planned - c->blocks, c->blocks_planned);
}

char *report_limits(const struct report *r)
{
	const struct comparison *c = r->c;
	const struct domain_word *d = domain_find(c->domain);
	char *text = NULL;
	size_t len;
	FILE *out = text_open(&text, &len);

	if (d && *d->limit)
		fprintf(out, "%s\n", d->limit);
	conditions_limits_samples(c, out);
	if (c->n_missing)
		fprintf(out, "%zu counter%s that could not be read, listed above with the "
			"reason.\n", c->n_missing, c->n_missing == 1 ? "" : "s");
	if (*r->model_reason && !r->n_expected)
		fprintf(out, "Expected figures of a model: %s.\n", r->model_reason);
	fprintf(out, "Other machines: every interval describes repetitions on this one.\n");
	text_close(out);
	return text;
}
