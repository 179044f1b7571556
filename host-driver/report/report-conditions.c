/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The conditions of a campaign, and the limits of its report. */
#include <stdlib.h>
#include <string.h>

#include "report-parts.h"
#include "safe.h"

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
