/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json-fast.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 16
#define EXACT_DIGITS 15		/* any such whole number is an exact double */
#define EXACT_TEN 22		/* and so is 10 to this power */

struct scan {
	const char *p, *end;
	unsigned depth;
};

static json_t *value(struct scan *s);

static void skip_space(struct scan *s)
{
	while (*s->p == ' ' || *s->p == '\n' || *s->p == '\t' || *s->p == '\r')
		s->p++;
}

/* A string of plain ASCII: its begin and length, or false. */
static bool plain(struct scan *s, const char **begin, size_t *len)
{
	const char *p = ++s->p;

	*begin = p;
	while (*p >= ' ' && *p != '"' && *p != '\\' && *p != 0x7f)
		p++;
	if (*p != '"')
		return false;
	*len = p - *begin;
	s->p = p + 1;
	return true;
}

static json_t *string(struct scan *s)
{
	const char *begin;
	size_t len;

	return plain(s, &begin, &len) ? json_stringn_nocheck(begin, len) : NULL;
}

/*
 * What few digits say is computed exactly: digits and power of ten are both
 * exact doubles, and one operation rounds once. The rest is strtod()'s.
 */
static json_t *real(const char *begin, const char *end, double digits,
		    unsigned n, unsigned places)
{
	static const double ten[EXACT_TEN + 1] = {
		1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
		1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21,
		1e22,
	};
	char *stop;
	double d;

	if (n <= EXACT_DIGITS && places <= EXACT_TEN) {
		d = digits / ten[places];
		return json_real(*begin == '-' ? -d : d);
	}
	d = strtod(begin, &stop);
	return stop == end && isfinite(d) ? json_real(d) : NULL;
}

/* -?(0|[1-9][0-9]*)(.[0-9]+)? ; exponents are left to jansson. */
static json_t *number(struct scan *s)
{
	const char *begin = s->p, *p = begin + (*begin == '-'), *first = p;
	unsigned n = 0, places = 0;
	int64_t whole = 0;

	for (; *p >= '0' && *p <= '9'; p++, n++)
		if (n < EXACT_DIGITS)
			whole = 10 * whole + (*p - '0');
	if (n == 0 || (n > 1 && *first == '0'))
		return NULL;
	if (*p != '.' && *p != 'e' && *p != 'E') {
		s->p = p;
		/* -0 and what may overflow is jansson's. */
		if (n > EXACT_DIGITS || (*begin == '-' && whole == 0))
			return NULL;
		return json_integer(*begin == '-' ? -whole : whole);
	}
	if (*p++ != '.')
		return NULL;
	for (; *p >= '0' && *p <= '9'; p++, n++, places++)
		if (n < EXACT_DIGITS)
			whole = 10 * whole + (*p - '0');
	if (places == 0 || *p == 'e' || *p == 'E')
		return NULL;
	s->p = p;
	return real(begin, p, whole, n, places);
}

/* After a value: true and past it if it is a comma, false at `close`. */
static bool another(struct scan *s, char close, bool *bad)
{
	skip_space(s);
	*bad = *s->p != ',' && *s->p != close;
	return !*bad && *s->p++ == ',';
}

static bool member(struct scan *s, json_t *o)
{
	size_t len, before = json_object_size(o);
	const char *key;
	json_t *v;

	skip_space(s);
	if (*s->p != '"' || !plain(s, &key, &len))
		return false;
	skip_space(s);
	if (*s->p != ':')
		return false;
	s->p++;
	v = value(s);
	if (!v || json_object_setn_new_nocheck(o, key, len, v))
		return false;
	return json_object_size(o) == before + 1;	/* else given twice */
}

static json_t *object(struct scan *s)
{
	json_t *o = json_object();
	bool bad = !o;

	s->p++;
	skip_space(s);
	if (*s->p == '}') {
		s->p++;
		return o;
	}
	do
		bad = bad || !member(s, o);
	while (!bad && another(s, '}', &bad));
	if (!bad)
		return o;
	json_decref(o);
	return NULL;
}

static json_t *array(struct scan *s)
{
	json_t *a = json_array(), *v;
	bool bad = !a;

	s->p++;
	skip_space(s);
	if (*s->p == ']') {
		s->p++;
		return a;
	}
	do {
		v = bad ? NULL : value(s);
		bad = !v || json_array_append_new(a, v);
	} while (!bad && another(s, ']', &bad));
	if (!bad)
		return a;
	json_decref(a);
	return NULL;
}

static json_t *word(struct scan *s)
{
	static const char *const words[] = { "true", "false", "null" };

	for (int i = 0; i < 3; i++) {
		size_t len = strlen(words[i]);

		if (strncmp(s->p, words[i], len))
			continue;
		s->p += len;
		return i == 0 ? json_true() : i == 1 ? json_false() : json_null();
	}
	return NULL;
}

static json_t *value(struct scan *s)
{
	json_t *v;

	skip_space(s);
	if (*s->p == '"')
		return string(s);
	if (*s->p == '-' || (*s->p >= '0' && *s->p <= '9'))
		return number(s);
	if (*s->p != '{' && *s->p != '[')
		return word(s);
	if (s->depth == DEPTH_MAX)
		return NULL;
	s->depth++;
	v = *s->p == '{' ? object(s) : array(s);
	s->depth--;
	return v;
}

json_t *json_fast(const char *text, size_t len, json_error_t *error)
{
	struct scan s = { .p = text, .end = text + len };
	json_t *v = NULL;

	skip_space(&s);
	if (*s.p == '{')
		v = value(&s);
	if (v)
		skip_space(&s);
	if (v && s.p == s.end)
		return v;
	json_decref(v);
	return json_loadb(text, len, JSON_REJECT_DUPLICATES, error);
}
