/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "count-records.h"
#include "field.h"

#define BOOT_MAX 10000000
#define TEXT_MAX 65536

const char *const record_domains[] = { "hardware", "nested", "emulated",
				       "instructions", "fake", NULL };
const char *const record_boot_classes[] = { "ok", "panic", "hang", "lost",
					    "protocol", "timeout", "failed",
					    NULL };
static const char *const cell_classes[] = { "ok", "failed", "void", NULL };
static const char *const wheres[] = { "driver", "node", "guest", NULL };
static const char *const kinds[] = { "time", "rate", "count", NULL };
static const char *const betters[] = { "lower", "higher", "none", NULL };
static const char *const layers[] = { "guest", "second-level", "mut", "file",
				      NULL };
static const char *const whens[] = { "before", "after", NULL };

static int read_choice(const json_t *o, const char *key,
		       const char *const *choices, const char **value,
		       struct err *err)
{
	unsigned i;
	int ret = field_choice(o, key, choices, &i, err);

	if (!ret)
		*value = choices[i];
	return ret;
}

static int read_number(const json_t *o, const char *key, unsigned least,
		       unsigned *value, struct err *err)
{
	uint64_t n;
	int ret = field_count(o, key, BOOT_MAX, &n, err);

	if (ret)
		return ret;
	if (n < least)
		return err_config(err, "%s: is %" PRIu64 "; it must be at least %u",
				  key, n, least);
	*value = n;
	return 0;
}

static int read_text(const json_t *o, const char *key, const char **value,
		     struct err *err)
{
	int ret = field_string_or(o, key, "", value, err);

	if (!ret && strlen(*value) > TEXT_MAX)
		return err_config(err, "%s: is longer than %d bytes", key,
				  TEXT_MAX);
	return ret;
}

static int read_campaign(json_t *o, struct record *r, struct err *err)
{
	int ret = field_name(o, "id", &r->id, err);

	if (!ret)
		ret = field_name(o, "plan_hash", &r->plan_hash, err);
	if (!ret)
		ret = read_choice(o, "domain", record_domains, &r->domain, err);
	return ret ? ret : field_object(o, "plan", &r->plan, err);
}

static int read_arm(json_t *o, struct record *r, struct err *err)
{
	int ret = field_name(o, "arm", &r->arm, err);

	return ret ? ret : field_object(o, "identity", &r->object, err);
}

static int read_env(json_t *o, struct record *r, struct err *err)
{
	uint64_t boot;
	int ret = read_choice(o, "where", wheres, &r->where, err);

	if (!ret)
		ret = field_count_or(o, "boot", BOOT_MAX, 0, &boot, err);
	if (!ret)
		r->boot = boot;
	return ret ? ret : field_object(o, "facts", &r->object, err);
}

static int read_boot(json_t *o, struct record *r, struct err *err)
{
	int ret = read_number(o, "boot", 1, &r->boot, err);

	if (!ret)
		ret = read_number(o, "block", 1, &r->block, err);
	if (!ret)
		ret = read_number(o, "order", 1, &r->order, err);
	if (!ret)
		ret = read_number(o, "attempt", 1, &r->attempt, err);
	return ret ? ret : field_name(o, "arm", &r->arm, err);
}

/* Finite numbers; the negative ones are refused where they are no times. */
static int check_values(const json_t *array, const char *key, bool negative,
			struct err *err)
{
	const json_t *v;
	size_t i;

	json_array_foreach(array, i, v) {
		double x = json_number_value(v);

		if (!json_is_number(v))
			return err_config(err, "%s[%zu]: is %s; it must be a number",
					  key, i, json_type_text(v));
		if (!isfinite(x))
			return err_config(err, "%s[%zu]: is not finite", key, i);
		if (x < 0 && !negative)
			return err_config(err, "%s[%zu]: is %g; a time or rate cannot be negative",
					  key, i, x);
	}
	return 0;
}

static int check_point(const json_t *point, struct err *err)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)point, key, v)
		if (!json_is_string(v) && !json_is_number(v) &&
		    !json_is_boolean(v))
			return err_config(err, "point.%.80s: is %s; it must be one value",
					  key, json_type_text(v));
	return 0;
}

static int read_place(json_t *o, struct record *r, struct err *err)
{
	int ret = read_number(o, "boot", 1, &r->boot, err);

	if (!ret)
		ret = field_name(o, "cell", &r->cell, err);
	return ret ? ret : read_number(o, "process", 1, &r->process, err);
}

static int read_series(json_t *o, struct record *r, struct err *err)
{
	int ret = field_name(o, "metric", &r->metric, err);

	if (!ret)
		ret = field_object(o, "point", &r->point, err);
	if (!ret)
		ret = check_point(r->point, err);
	if (!ret)
		ret = field_string(o, "unit", &r->unit, err);
	if (!ret)
		ret = read_choice(o, "kind", kinds, &r->kind, err);
	return ret ? ret : read_choice(o, "better", betters, &r->better, err);
}

static int read_sample(json_t *o, struct record *r, struct err *err)
{
	bool negative;
	int ret = read_place(o, r, err);

	if (!ret)
		ret = read_series(o, r, err);
	if (!ret)
		ret = read_choice(o, "domain", record_domains, &r->domain, err);
	if (!ret)
		ret = field_array(o, "values", &r->values, err);
	if (!ret)
		ret = field_array_or(o, "rejected", &r->rejected, err);
	negative = !ret && !strcmp(r->kind, "count");
	if (!ret)
		ret = check_values(r->values, "values", negative, err);
	if (!ret)
		ret = check_values(r->rejected, "rejected", negative, err);
	if (!ret)
		ret = field_bool_or(o, "steady", false, &r->steady, err);
	if (!ret)
		ret = field_string_or(o, "void", NULL, &r->void_reason, err);
	if (!ret)
		ret = field_array_or(o, "counters", &r->counters, err);
	if (!ret)
		ret = count_check_sample(r->counters, err);
	if (!ret && !r->void_reason && json_array_size(r->values) == 0)
		ret = err_config(err, "values: is empty, and void does not say why");
	return ret;
}

static int read_bytes(json_t *o, struct record *r, struct err *err)
{
	json_t *bytes;
	int ret = field_object(o, "bytes", &bytes, err);

	if (!ret)
		ret = field_count_or(bytes, "4k", INT64_MAX, 0, &r->bytes_4k, err);
	if (!ret)
		ret = field_count_or(bytes, "2m", INT64_MAX, 0, &r->bytes_2m, err);
	if (!ret)
		ret = field_count_or(bytes, "1g", INT64_MAX, 0, &r->bytes_1g, err);
	return ret;
}

static int read_proof(json_t *o, struct record *r, struct err *err)
{
	const char *when = NULL;
	int ret = read_place(o, r, err);

	r->faults = NAN;
	if (!ret)
		ret = read_choice(o, "when", whens, &when, err);
	if (!ret)
		ret = read_choice(o, "layer", layers, &r->layer, err);
	if (!ret)
		ret = read_text(o, "method", &r->method, err);
	if (!ret)
		ret = field_string_or(o, "unavailable", NULL, &r->unavailable,
				      err);
	if (!ret && !r->unavailable)
		ret = read_bytes(o, r, err);
	if (!ret && json_is_number(json_object_get(o, "faults")))
		ret = field_real(o, "faults", &r->faults, err);
	r->before = when == whens[0];
	return ret;
}

static int read_cell_end(json_t *o, struct record *r, struct err *err)
{
	json_t *counters = NULL;
	int ret = read_place(o, r, err);

	if (!ret)
		ret = read_choice(o, "class", cell_classes, &r->class, err);
	if (!ret)
		ret = read_text(o, "text", &r->text, err);
	if (!ret)
		ret = field_object_or(o, "result", &r->object, err);
	if (!ret && r->object)
		ret = field_object_or(r->object, "counters", &counters, err);
	if (!ret && counters)
		ret = count_check_summary(counters, err);
	if (counters)
		r->missing = json_object_get(counters, "unavailable");
	return ret;
}

static int read_boot_end(json_t *o, struct record *r, struct err *err)
{
	int ret = read_number(o, "boot", 1, &r->boot, err);

	if (!ret)
		ret = read_choice(o, "class", record_boot_classes, &r->class,
				  err);
	if (!ret)
		ret = read_text(o, "text", &r->text, err);
	if (!ret)
		ret = field_object_or(o, "phases", &r->object, err);
	return ret ? ret : field_array_or(o, "console", &r->console, err);
}

static int read_note(json_t *o, struct record *r, struct err *err)
{
	return read_text(o, "text", &r->text, err);
}

static const struct {
	const char *name;
	int (*read)(json_t *o, struct record *r, struct err *err);
} types[] = {
	[RECORD_CAMPAIGN] = { "campaign", read_campaign },
	[RECORD_ARM] = { "arm", read_arm },
	[RECORD_ENV] = { "env", read_env },
	[RECORD_BOOT] = { "boot", read_boot },
	[RECORD_SAMPLE] = { "sample", read_sample },
	[RECORD_PROOF] = { "proof", read_proof },
	[RECORD_CELL_END] = { "cell-end", read_cell_end },
	[RECORD_BOOT_END] = { "boot-end", read_boot_end },
	[RECORD_NOTE] = { "note", read_note },
};

const char *record_type_name(enum record_type t)
{
	return types[t].name;
}

int record_read(json_t *json, struct record *r, struct err *err)
{
	const char *name;
	int ret;

	memset(r, 0, sizeof(*r));
	r->json = json;
	if (!json_is_object(json))
		return err_config(err, "is %s; it must be an object",
				  json_type_text(json));
	ret = field_name(json, "t", &name, err);
	if (!ret)
		ret = field_real(json, "at", &r->at, err);
	if (ret)
		return ret;
	while (r->type < RECORD_TYPES && strcmp(types[r->type].name, name))
		r->type++;
	if (r->type == RECORD_TYPES)
		return err_config(err, "t: records of type '%.80s' are not known to this kduel",
				  name);
	ret = types[r->type].read(json, r, err);
	if (ret)
		err_prefix(err, "%s", name);
	return ret;
}

/* A value as text in `buf`, or in place. */
static const char *value_text(const json_t *v, char buf[32])
{
	if (json_is_string(v))
		return json_string_value(v);
	if (json_is_integer(v))
		snprintf(buf, 32, "%" JSON_INTEGER_FORMAT,
			 json_integer_value(v));
	else if (json_is_real(v))
		snprintf(buf, 32, "%.17g", json_real_value(v));
	else
		return json_is_true(v) ? "true" : "false";
	return buf;
}

/* Once per sample: no stdio stream, whose buffer alone costs more. */
char *record_point_text(const json_t *point)
{
	json_t *o = (json_t *)(uintptr_t)point;
	char *text = strdup(""), *more, buf[32];
	size_t used = 0;
	const char *key;
	json_t *v;

	json_object_foreach(o, key, v) {
		const char *value = value_text(v, buf);
		size_t need = strlen(key) + strlen(value) + 3;

		more = text ? realloc(text, used + need) : NULL;
		if (!more) {
			free(text);
			return NULL;
		}
		text = more;
		used += snprintf(text + used, need, "%s%s=%s", used ? "," : "",
				 key, value);
	}
	return text;
}
