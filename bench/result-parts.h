/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of a result's page for people: what result-text.c (the page) and
 * result-series.c (its series and their events) share.
 */
#ifndef KDUEL_RESULT_PARTS_H
#define KDUEL_RESULT_PARTS_H

#include <stdio.h>
#include <jansson.h>

#define NUMBER_TEXT 32

static inline const char *result_str(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static inline double result_num(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

/* Four digits, and whole numbers up to 10^9 without an exponent. Returns `buf`. */
char *result_number(double v, char buf[static NUMBER_TEXT]);

/* "size=64K op=read" */
void result_point(const json_t *point, char *buf, size_t room);

/* By metric, its points in the order they were measured. */
void result_print_series(const json_t *r, FILE *out);
/* What was counted during them, per access, page or byte. */
void result_print_events(const json_t *r, FILE *out);

#endif
