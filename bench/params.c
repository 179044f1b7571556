/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "params.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "size.h"

#define PARAMS_MOST 96	/* that an error lists */
#define CHOICES_MAX 16
#define CHOICES_TEXT_MAX 256

const struct param common_params[] = {
	{ "path", PARAM_PATH, "", NULL,
	  "for the sources fsdax and devdax: a folder on a DAX file system, a file in one (overwritten), a DAX device",
	  0, 0 },
	{ 0 },
};

const char *param_type_name(enum param_type type)
{
	static const char *const names[] = {
		[PARAM_SIZE] = "SIZE", [PARAM_COUNT] = "N",
		[PARAM_RANGE] = "N..M", [PARAM_CHOICE] = "CHOICE",
		[PARAM_FLAG] = "BOOL", [PARAM_PATH] = "PATH",
		[PARAM_TEXT] = "TEXT", [PARAM_TREE] = "YAML",
	};

	return names[type];
}

static size_t params_count(const struct param *table)
{
	size_t n = 0;

	while (table && table[n].name)
		n++;
	return n;
}

struct value *params_find(const struct params *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->values[i].param->name, name))
			return &p->values[i];
	return NULL;
}

struct value *params_get(const struct params *p, const char *name)
{
	struct value *v = params_find(p, name);

	if (v)
		return v;
	fprintf(stderr, "bug: %s asked for its parameter '%s', which it lacks\n", p->workload,
		name);
	abort();
}

uint64_t params_number(const struct params *p, const char *name)
{
	return params_get(p, name)->lo;
}

int params_wrong(char *field, const char *name, struct err *err, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list ap;

	snprintf(field, PARAM_FIELD_MAX, "%s", name);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_config(err, "%s", text);
}

/* `choices` are words with | between them. */
static int params_check_choice(const struct param *q, const char *text, struct err *err)
{
	char words[CHOICES_TEXT_MAX], *rest = words, *word;
	const char *known[CHOICES_MAX];
	size_t n = 0;

	snprintf(words, sizeof(words), "%s", q->choices);
	while (n < CHOICES_MAX && (word = strsep(&rest, "|"))) {
		if (!strcmp(word, text))
			return 0;
		known[n++] = word;
	}
	return err_unknown(err, q->name, text, known, n);
}

static int params_check_bounds(const struct value *v, struct err *err)
{
	const struct param *q = v->param;
	char least[SIZE_TEXT_MAX], most[SIZE_TEXT_MAX];

	if (v->lo >= q->min && (!q->max || v->hi <= q->max))
		return 0;
	size_format(q->min, least);
	if (!q->max)
		return err_config(err, "must be at least %s", least);
	return err_config(err, "must be from %s to %s", least,
			  size_format(q->max, most));
}

static int params_parse_flag(struct value *v, const char *text, struct err *err)
{
	static const struct {
		const char *text;
		int value;
	} words[] = { { "true", 1 }, { "yes", 1 }, { "1", 1 }, { "on", 1 },
		      { "false", 0 }, { "no", 0 }, { "0", 0 }, { "off", 0 } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(words[i].text, text)) {
			v->lo = v->hi = words[i].value;
			return 0;
		}
	return err_config(err, "'%s' is neither true nor false", text);
}

int params_check(struct value *v, const char *text, struct err *err)
{
	int ret = 0;

	switch (v->param->type) {
	case PARAM_SIZE:
	case PARAM_COUNT:
		ret = size_parse(text, &v->lo, err);
		v->hi = v->lo;
		return ret ? ret : params_check_bounds(v, err);
	case PARAM_RANGE:
		ret = size_parse_range(text, &v->lo, &v->hi, err);
		return ret ? ret : params_check_bounds(v, err);
	case PARAM_CHOICE:
		return params_check_choice(v->param, text, err);
	case PARAM_FLAG:
		return params_parse_flag(v, text, err);
	case PARAM_PATH:
		return *text ? 0 : err_config(err, "the path is empty");
	case PARAM_TEXT:
	case PARAM_TREE:
		return *text ? 0 : err_config(err, "is empty");
	}
	return err_config(err, "unknown type of parameter");
}

int params_parse_tree(const char *name, const char *text, json_t **tree, struct err *err)
{
	struct conf *c;
	int ret = conf_parse(name, text, strlen(text), &c, err);

	*tree = NULL;
	if (ret)
		return ret;
	*tree = conf_json(c, "", err);
	conf_close(c);
	return *tree ? 0 : -EINVAL;
}

static int params_take(struct value *v, const char *text, struct err *err)
{
	char *copy = strdup(text);
	int ret;

	if (!copy)
		return err_sys(err, ENOMEM, "parameter %s", v->param->name);
	ret = params_check(v, text, err);
	if (ret) {
		err_prefix(err, "parameter %s", v->param->name);
		free(copy);
		return ret;
	}
	free(v->text);
	v->text = copy;
	if (v->param->type != PARAM_TREE)
		return 0;
	json_decref(v->tree);
	return params_parse_tree(v->param->name, text, &v->tree, err);
}

int params_init(struct params *p, const struct workload *w, struct err *err)
{
	size_t own = params_count(w->params), common = params_count(common_params);

	memset(p, 0, sizeof(*p));
	p->workload = w->name;
	p->values = calloc(own + common, sizeof(*p->values));
	if (!p->values)
		return err_sys(err, ENOMEM, "parameters");
	for (size_t i = 0; i < own + common; i++) {
		const struct param *q = i < own ? &w->params[i] : &common_params[i - own];
		struct value *v = &p->values[p->n];
		int ret;

		if (params_find(p, q->name))
			continue;	/* the workload has its own of this name */
		v->param = q;
		p->n++;
		ret = *q->fallback ? params_take(v, q->fallback, err) : 0;
		if (ret)
			return ret;
	}
	return 0;
}

static void params_release_value(struct value *v)
{
	free(v->text);
	json_decref(v->tree);
}

void params_release(struct params *p)
{
	for (size_t i = 0; i < p->n; i++)
		params_release_value(&p->values[i]);
	free(p->values);
	memset(p, 0, sizeof(*p));
}

static int params_unknown(const struct params *p, const char *name, struct err *err)
{
	const char *known[PARAMS_MOST];
	char text[ERR_TEXT_MAX / 2];
	size_t n = 0;

	for (; n < p->n && n < PARAMS_MOST; n++)
		known[n] = p->values[n].param->name;
	unknown_text("parameter", name, known, n, text, sizeof(text));
	return err_config(err, "%s: %s", p->workload, text);
}

int params_set(struct params *p, const char *name, const char *text,
	       struct err *err)
{
	struct value *v = params_find(p, name);
	int ret;

	if (!v)
		return params_unknown(p, name, err);
	ret = params_take(v, text, err);
	v->given = v->given || !ret;
	return ret;
}

int params_set_tree(struct params *p, const char *name, const json_t *tree, struct err *err)
{
	struct value *v = params_find(p, name);
	char *text;

	if (!v)
		return params_unknown(p, name, err);
	if (v->param->type != PARAM_TREE)
		return err_config(err, "parameter %s: must be one value, not a list or mapping",
				  name);
	text = json_dumps(tree, JSON_COMPACT);
	if (!text)
		return err_sys(err, ENOMEM, "parameter %s", name);
	free(v->text);
	json_decref(v->tree);
	v->text = text;
	v->tree = json_incref((json_t *)tree);
	v->given = true;
	return 0;
}

int params_set_json(struct params *p, const json_t *object, struct err *err)
{
	const char *key;
	json_t *item;
	char number[32];
	int ret = 0;

	if (!object)
		return 0;
	if (!json_is_object(object))
		return err_config(err, "the parameters are not a JSON object");
	json_object_foreach((json_t *)object, key, item) {
		if (json_is_string(item)) {
			ret = params_set(p, key, json_string_value(item), err);
		} else if (json_is_integer(item)) {
			snprintf(number, sizeof(number), "%lld",
				 (long long)json_integer_value(item));
			ret = params_set(p, key, number, err);
		} else if (json_is_boolean(item)) {
			ret = params_set(p, key, json_is_true(item) ? "true" : "false", err);
		} else if (json_is_array(item) || json_is_object(item)) {
			ret = params_set_tree(p, key, item, err);
		} else {
			ret = err_config(err, "parameter %s: must be a string, a whole number "
				"or a boolean", key);
		}
		if (ret)
			break;
	}
	return ret;
}

json_t *params_json(const struct params *p)
{
	json_t *out = json_object();

	for (size_t i = 0; i < p->n; i++)
		if (p->values[i].tree)
			json_object_set(out, p->values[i].param->name, p->values[i].tree);
		else if (p->values[i].text)
			json_object_set_new(out, p->values[i].param->name,
					    json_string(p->values[i].text));
	return out;
}

uint64_t params_most_of(const json_t *object, const char *name, uint64_t fallback)
{
	const json_t *v = json_object_get(object, name);
	uint64_t lo, hi;

	if (json_is_integer(v))
		return json_integer_value(v) > 0 ? (uint64_t)json_integer_value(v) : fallback;
	if (json_is_string(v) && !size_parse_range(json_string_value(v), &lo, &hi, NULL))
		return hi ? hi : fallback;
	return fallback;
}

const char *params_word_of(const json_t *object, const char *name, const char *fallback)
{
	const char *s = json_string_value(json_object_get(object, name));

	return s ? s : fallback;
}

unsigned workload_samples(const struct workload *w, unsigned asked)
{
	return asked ? asked : w->samples ? w->samples : 11;
}

bool workload_has_points(const struct workload_metric *m, const char *keys)
{
	size_t n = strlen(keys);

	for (const char *p = m->points ? m->points : ""; ; p++) {
		size_t one = strcspn(p, "|");

		if (one == n && !strncmp(p, keys, n))
			return true;
		p += one;
		if (!*p)
			return false;
	}
}
