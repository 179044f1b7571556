/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fields of JSON objects that are not trusted: plan files and journals. Each
 * returns 0, or EXIT_CONFIG with "<key>: what is wrong". The _or variants
 * accept absence and null, never a wrong type.
 *
 *	if (field_count(json, "boot", UINT_MAX, &boot, err) ||
 *	    field_string(json, "class", &class, err))
 *		return -EINVAL;
 *
 * Strings belong to the object. Text that a terminal could act on (control
 * characters) is refused where field_name() is used.
 */
#ifndef KDUEL_FIELD_H
#define KDUEL_FIELD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "err.h"

int field_string(const json_t *o, const char *key, const char **value,
		 struct err *err);
int field_string_or(const json_t *o, const char *key, const char *fallback,
		    const char **value, struct err *err);
/* A string of printable ASCII, not empty, at most 255 characters. */
int field_name(const json_t *o, const char *key, const char **value,
	       struct err *err);
/* One of `choices`, which ends with NULL; its index. */
int field_choice(const json_t *o, const char *key, const char *const *choices,
		 unsigned *value, struct err *err);
/* A whole number 0..max. */
int field_count(const json_t *o, const char *key, uint64_t max,
		uint64_t *value, struct err *err);
int field_count_or(const json_t *o, const char *key, uint64_t max,
		   uint64_t fallback, uint64_t *value, struct err *err);
/* A finite number. */
int field_real(const json_t *o, const char *key, double *value,
	       struct err *err);
int field_bool(const json_t *o, const char *key, bool *value, struct err *err);
int field_bool_or(const json_t *o, const char *key, bool fallback,
		  bool *value, struct err *err);
int field_object(const json_t *o, const char *key, json_t **value,
		 struct err *err);
int field_array(const json_t *o, const char *key, json_t **value,
		struct err *err);
/* The same; *value is NULL where it is absent or null. */
int field_object_or(const json_t *o, const char *key, json_t **value,
		    struct err *err);
int field_array_or(const json_t *o, const char *key, json_t **value,
		   struct err *err);

/* "a list", "a text", "missing": what a value is, for messages. */
const char *field_type_text(json_type type);
const char *json_type_text(const json_t *value);

/* The same checks for a value that was found in another way. */
int field_check_name(const char *key, const char *text, struct err *err);
int field_check_choice(const char *key, const char *text,
		       const char *const *choices, unsigned *value,
		       struct err *err);
int field_check_count(const char *key, json_int_t i, uint64_t max,
		      struct err *err);

#endif
