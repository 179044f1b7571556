/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "safe.h"
#include "vocab/words.h"

#define BOOT_MAX 10000000
#define TEXT_MAX 65536
#define BYTES_MAX (1ull << 60)	/* the sum of three still fits */
#define AT_MAX 1e11		/* seconds: some three thousand years */

static const char *const wheres[] = { "driver", "node", "guest", NULL };

static int record_read_choice(const struct view *o, const char *key,
			      const char *const *choices, const char **value,
			      struct err *err)
{
	unsigned i;
	int ret = view_choice(o, key, choices, &i, err);

	if (!ret)
		*value = choices[i];
	return ret;
}

static int record_read_whole(const struct view *v, const char *key, unsigned least,
			     unsigned *value, struct err *err)
{
	uint64_t n;
	int ret = view_count_of(v, key, BOOT_MAX, &n, err);

	if (ret)
		return ret;
	if (n < least)
		return err_config(err, "%s: is %" PRIu64 "; it must be at least %u",
				  key, n, least);
	*value = n;
	return 0;
}

static int record_read_number(const struct view *o, const char *key, unsigned least,
			      unsigned *value, struct err *err)
{
	return record_read_whole(view_get(o, key), key, least, value, err);
}

static int record_read_time(const struct view *v, struct record *r, struct err *err)
{
	if (!view_is_number(v))
		return err_config(err, "at: is %s; it must be a number", view_type_text(v));
	r->at = v->real;
	r->at_value = v;
	if (r->at < 0 || r->at > AT_MAX)
		return err_config(err, "at: is %g; it must be 0 to %g", r->at, AT_MAX);
	return 0;
}

static int record_read_text(const struct view *o, const char *key, const char **value,
			    struct err *err)
{
	int ret = view_string_or(o, key, "", value, err);

	if (!ret && strlen(*value) > TEXT_MAX)
		return err_config(err, "%s: is longer than %d bytes", key,
				  TEXT_MAX);
	return ret;
}

static int record_read_campaign(const struct view *o, struct record *r, struct err *err)
{
	int ret = view_name(o, "id", &r->id, err);

	if (!ret)
		ret = view_name(o, "plan_hash", &r->plan_hash, err);
	if (!ret)
		ret = record_read_choice(o, "domain", domain_names, &r->domain, err);
	return ret ? ret : view_list(o, "plan", JSON_OBJECT, &r->plan, err);
}

static int record_read_arm(const struct view *o, struct record *r, struct err *err)
{
	int ret = view_name(o, "arm", &r->arm, err);

	return ret ? ret : view_list(o, "identity", JSON_OBJECT, &r->object, err);
}

static int record_read_env(const struct view *o, struct record *r, struct err *err)
{
	uint64_t boot;
	int ret = record_read_choice(o, "where", wheres, &r->where, err);

	if (!ret)
		ret = view_count_or(o, "boot", BOOT_MAX, 0, &boot, err);
	if (!ret)
		r->boot = boot;
	return ret ? ret : view_list(o, "facts", JSON_OBJECT, &r->object, err);
}

static int record_read_boot(const struct view *o, struct record *r, struct err *err)
{
	int ret = record_read_number(o, "boot", 1, &r->boot, err);

	if (!ret)
		ret = record_read_number(o, "block", 1, &r->block, err);
	if (!ret)
		ret = record_read_number(o, "order", 1, &r->order, err);
	if (!ret)
		ret = record_read_number(o, "attempt", 1, &r->attempt, err);
	return ret ? ret : view_name(o, "arm", &r->arm, err);
}

/* JSON numbers are finite; negative ones are refused unless they are counts. */
static int record_check_values(const struct view *array, const char *key,
			       bool negative, struct err *err)
{
	const struct view *v;
	unsigned i = 0;

	view_each(v, array) {
		if (!view_is_number(v))
			return err_config(err, "%s[%u]: is %s; it must be a number",
					  key, i, view_type_text(v));
		if (fabs(v->real) >= RECORD_VALUE_MAX)
			return err_config(err, "%s[%u]: is %g; it must be less than %g",
					  key, i, v->real, RECORD_VALUE_MAX);
		if (v->real < 0 && !negative)
			return err_config(err, "%s[%u]: is %g; a time or rate cannot be negative",
					  key, i, v->real);
		i++;
	}
	return 0;
}

static int record_read_place(const struct view *o, struct record *r, struct err *err)
{
	int ret = record_read_number(o, "boot", 1, &r->boot, err);

	if (!ret)
		ret = view_name(o, "cell", &r->cell, err);
	return ret ? ret : record_read_number(o, "process", 1, &r->process, err);
}

int record_check_text(const char *key, const char *text, size_t max,
		      struct err *err)
{
	if (strlen(text) > max)
		return err_config(err, "%s: is longer than %zu bytes", key, max);
	if (!safe_is_plain(text))
		return err_config(err, "%s: holds a control character", key);
	return 0;
}

static int record_read_unit(const struct view *o, struct record *r, struct err *err)
{
	int ret = view_string(o, "unit", &r->unit, err);

	return ret ? ret : record_check_text("unit", r->unit, RECORD_UNIT_MAX, err);
}

static int record_read_series(const struct view *o, struct record *r, struct err *err)
{
	int ret = view_name(o, "metric", &r->metric, err);

	if (!ret)
		ret = view_list(o, "point", JSON_OBJECT, &r->point, err);
	if (!ret)
		ret = record_check_point(r->point, err);
	if (!ret)
		ret = record_read_unit(o, r, err);
	if (!ret)
		ret = record_read_choice(o, "kind", kind_words, &r->kind, err);
	return ret ? ret : record_read_choice(o, "better", better_words, &r->better, err);
}

static int record_check_sample_values(const struct record *r, struct err *err)
{
	bool negative = !strcmp(r->kind, "count");
	int ret = record_check_values(r->values, "values", negative, err);

	return ret ? ret : record_check_values(r->rejected, "rejected", negative, err);
}

static int record_read_values(const struct view *o, struct record *r, struct err *err)
{
	int ret = view_list(o, "values", JSON_ARRAY, &r->values, err);

	if (!ret)
		ret = view_list_or(o, "rejected", JSON_ARRAY, &r->rejected, err);
	return ret ? ret : record_check_sample_values(r, err);
}

int record_read_metric(const struct view *o, struct record *r, struct err *err)
{
	int ret = record_read_series(o, r, err);

	if (!ret)
		ret = record_read_values(o, r, err);
	if (!ret)
		ret = view_bool_or(o, "steady", false, &r->steady, err);
	if (!ret)
		ret = view_list_or(o, "counters", JSON_ARRAY, &r->counters, err);
	return ret ? ret : record_check_counters(r->counters, err);
}

static int record_read_sample(const struct view *o, struct record *r, struct err *err)
{
	int ret = record_read_place(o, r, err);

	r->boot_value = view_get(o, "boot");
	r->process_value = view_get(o, "process");
	if (!ret)
		ret = record_read_metric(o, r, err);
	if (!ret)
		ret = record_read_choice(o, "domain", domain_names, &r->domain, err);
	if (!ret)
		ret = view_string_or(o, "void", NULL, &r->void_reason, err);
	if (!ret && !r->void_reason && r->values->n == 0)
		ret = err_config(err, "values: is empty, but there is no void that says why");
	return ret;
}

static int record_read_bytes(const struct view *o, struct record *r, struct err *err)
{
	const struct view *bytes;
	int ret = view_list(o, "bytes", JSON_OBJECT, &bytes, err);

	if (!ret)
		ret = view_count_or(bytes, "4k", BYTES_MAX, 0, &r->bytes_4k, err);
	if (!ret)
		ret = view_count_or(bytes, "2m", BYTES_MAX, 0, &r->bytes_2m, err);
	if (!ret)
		ret = view_count_or(bytes, "1g", BYTES_MAX, 0, &r->bytes_1g, err);
	return ret;
}

int record_read_layer(const struct view *o, struct record *r, struct err *err)
{
	const struct view *faults = view_get(o, "faults");
	int ret = record_read_choice(o, "layer", layer_names, &r->layer, err);

	r->faults = view_is_number(faults) ? faults->real : NAN;
	if (!ret && fabs(r->faults) >= RECORD_VALUE_MAX)
		ret = err_config(err, "faults: is %g; it must be less than %g",
				 r->faults, RECORD_VALUE_MAX);
	if (!ret)
		ret = record_read_text(o, "method", &r->method, err);
	if (!ret)
		ret = view_string_or(o, "unavailable", NULL, &r->unavailable, err);
	if (!ret && r->unavailable && strlen(r->unavailable) > TEXT_MAX)
		ret = err_config(err, "unavailable: is longer than %d bytes", TEXT_MAX);
	return ret || r->unavailable ? ret : record_read_bytes(o, r, err);
}

static int record_read_proof(const struct view *o, struct record *r, struct err *err)
{
	const char *when = NULL;
	int ret = record_read_place(o, r, err);

	if (!ret)
		ret = record_read_choice(o, "when", when_words, &when, err);
	r->before = when == when_words[WHEN_BEFORE];
	return ret ? ret : record_read_layer(o, r, err);
}

static int record_read_timeline(const struct view *o, struct record *r, struct err *err)
{
	int ret = record_read_place(o, r, err);

	if (!ret)
		ret = record_read_choice(o, "step", step_names, &r->step, err);
	if (!ret)
		ret = view_real(o, "seconds", &r->seconds, err);
	if (!ret && !(r->seconds >= 0 && r->seconds < AT_MAX))
		ret = err_config(err, "seconds: is %g; it must be 0 to %g", r->seconds, AT_MAX);
	if (!ret)
		ret = view_bool_or(o, "apart", false, &r->apart, err);
	if (!ret)
		ret = view_string_or(o, "event", NULL, &r->event, err);
	if (!ret && r->event)
		return record_check_text("event", r->event, RECORD_UNIT_MAX, err);
	return ret ? ret : record_read_layer(o, r, err);
}

static int record_read_cell_end(const struct view *o, struct record *r, struct err *err)
{
	const struct view *counters = NULL;
	int ret = record_read_place(o, r, err);

	if (!ret)
		ret = record_read_choice(o, "class", cell_classes, &r->class, err);
	if (!ret)
		ret = record_read_text(o, "text", &r->text, err);
	if (!ret)
		ret = view_list_or(o, "result", JSON_OBJECT, &r->object, err);
	if (!ret && r->object)
		ret = view_list_or(r->object, "counters", JSON_OBJECT, &counters, err);
	if (!ret && counters)
		ret = view_list_or(counters, "unavailable", JSON_ARRAY, &r->missing, err);
	return ret ? ret : record_check_missing(r->missing, err);
}

/* The path of a file below the results folder, and the SHA-256 of its content. */
static int record_read_profile(const struct view *o, struct record *r, struct err *err)
{
	const struct view *p = view_get(o, "profile");
	int ret = p ? view_name(p, "file", &r->profile, err) : 0;

	if (p && !ret)
		ret = view_name(p, "sha256", &r->profile_hash, err);
	if (p && !ret && (strncmp(r->profile, "why/", 4) || strstr(r->profile, "..")))
		ret = err_config(err, "file: is '%s'; it must be below why/", r->profile);
	if (ret)
		err_prefix(err, "profile");
	return ret;
}

static int record_read_boot_end(const struct view *o, struct record *r, struct err *err)
{
	int ret = record_read_number(o, "boot", 1, &r->boot, err);

	if (!ret)
		ret = record_read_choice(o, "class", boot_classes, &r->class,
					 err);
	if (!ret)
		ret = record_read_text(o, "text", &r->text, err);
	if (!ret)
		ret = view_list_or(o, "phases", JSON_OBJECT, &r->object, err);
	if (!ret)
		ret = record_read_profile(o, r, err);
	return ret ? ret : view_list_or(o, "console", JSON_ARRAY, &r->console, err);
}

static int record_read_note(const struct view *o, struct record *r, struct err *err)
{
	return record_read_text(o, "text", &r->text, err);
}

static const struct {
	const char *name;
	int (*read)(const struct view *o, struct record *r, struct err *err);
} types[] = {
	[RECORD_CAMPAIGN] = { "campaign", record_read_campaign },
	[RECORD_ARM] = { "arm", record_read_arm },
	[RECORD_ENV] = { "env", record_read_env },
	[RECORD_BOOT] = { "boot", record_read_boot },
	[RECORD_SAMPLE] = { "sample", record_read_sample },
	[RECORD_PROOF] = { "proof", record_read_proof },
	[RECORD_TIMELINE] = { "timeline", record_read_timeline },
	[RECORD_CELL_END] = { "cell-end", record_read_cell_end },
	[RECORD_BOOT_END] = { "boot-end", record_read_boot_end },
	[RECORD_NOTE] = { "note", record_read_note },
};

const char *record_type_name(enum record_type t)
{
	return types[t].name;
}

static int record_read_head(const struct view *o, struct record *r, const char **name,
			    struct err *err)
{
	int ret = o->type == JSON_OBJECT ? view_name(o, "t", name, err)
					 : err_config(err, "is %s; it must be an object",
						      view_type_text(o));

	return ret ? ret : record_read_time(view_get(o, "at"), r, err);
}

/*
 * The previous sample differs from this one only in its numbers: names, words and
 * texts need not be checked again.
 */
static int record_read_numbers(struct record *r, struct err *err)
{
	int ret = record_read_time(r->at_value, r, err);

	if (!ret)
		ret = record_read_whole(r->boot_value, "boot", 1, &r->boot, err);
	if (!ret)
		ret = record_read_whole(r->process_value, "process", 1, &r->process, err);
	if (!ret)
		ret = record_check_point(r->point, err);
	if (!ret)
		ret = record_check_sample_values(r, err);
	if (!ret)
		ret = record_check_counters(r->counters, err);
	if (ret)
		err_prefix(err, "sample");
	return ret;
}

int record_read(struct view_doc *doc, const char *text, size_t len,
		struct record *r, struct err *err)
{
	bool again = r->of == doc && r->type == RECORD_SAMPLE;
	const struct view *o;
	const char *name;
	int ret = view_parse(doc, text, len, &o, err);

	if (!ret && again && r->shape == view_shape(doc))
		return record_read_numbers(r, err);
	memset(r, 0, sizeof(*r));
	if (!ret)
		ret = record_read_head(o, r, &name, err);
	if (ret)
		return ret;
	while (r->type < RECORD_TYPES && strcmp(types[r->type].name, name))
		r->type++;
	if (r->type == RECORD_TYPES)
		return err_config(err, "t: this kduel does not know records of type '%.80s'",
				  name);
	ret = types[r->type].read(o, r, err);
	if (ret)
		err_prefix(err, "%s", name);
	else
		r->of = doc, r->shape = view_shape(doc);
	return ret;
}
