/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The values of a workload's parameters, from text or JSON. Everything is
 * checked when it is set: the name, the type, the bounds. Nothing is clamped.
 */
#ifndef KDUEL_PARAMS_H
#define KDUEL_PARAMS_H

#include <stdbool.h>
#include <jansson.h>

#include "workload.h"

struct value {
	const struct param *param;
	char *text;		/* as given, or the fallback */
	json_t *tree;		/* PARAM_TREE, else NULL */
	uint64_t lo, hi;	/* numbers: both the same but for ranges; flags: 0, 1 */
	bool given;
};

struct params {
	struct value *values;	/* the workload's, then those every workload has */
	size_t n;
	const char *workload;
};

/* Parameters that every workload has; ends with a NULL name. */
extern const struct param common_params[];

/* All fallbacks. */
int params_init(struct params *p, const struct workload *w, struct err *err);
void params_release(struct params *p);

int params_set(struct params *p, const char *name, const char *text,
	       struct err *err);
/* Could it be set to this text? `v` needs its `param` only, and gets the numbers. */
int params_check(struct value *v, const char *text, struct err *err);
/* The same for a tree: lists and mappings. */
int params_set_tree(struct params *p, const char *name, const json_t *tree, struct err *err);
/* A text that is a tree, as YAML writes it on one line; `name` is for errors. */
int params_parse_tree(const char *name, const char *text, json_t **tree, struct err *err);
/* An object of strings, whole numbers, booleans and trees. */
int params_set_json(struct params *p, const json_t *object, struct err *err);

/* NULL if there is none of this name. */
struct value *params_find(const struct params *p, const char *name);

/* One that the workload's table has; any other is a bug and aborts. */
struct value *params_get(const struct params *p, const char *name);
uint64_t params_number(const struct params *p, const char *name);	/* of a range: its lower end */

/*
 * For a workload's check() to refuse a value: `field` (of PARAM_FIELD_MAX) gets
 * the parameter's name, `err` the text. -EINVAL.
 */
int params_wrong(char *field, const char *name, struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * The same from a plan's object of a workload's parameters, which may lack
 * them: the upper end of a number or range, `fallback` if there is none or it
 * is 0; a word.
 */
uint64_t params_most_of(const json_t *object, const char *name, uint64_t fallback);
const char *params_word_of(const json_t *object, const char *name, const char *fallback);

/* {"pages":"64..4096","source":...}: what was used, as text; trees as they are. */
json_t *params_json(const struct params *p);

/* Samples of a series: `asked`, or the workload's default where that is 0. */
unsigned workload_samples(const struct workload *w, unsigned asked);

/* May a metric's points have exactly these keys, "op,depth"? "": no point. */
bool workload_has_points(const struct workload_metric *m, const char *keys);

/* "count", "size", "choice a|b" for --help. */
const char *param_type_name(enum param_type type);

#endif
