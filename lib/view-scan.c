/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "view-scan.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX 19		/* any such whole number fits 64 bits */
#define PLACES_MAX 27		/* 10 to this power fits a long double */

bool scan_bad(struct scan *s, const char *what)
{
	if (!s->wrong)
		s->wrong = what;
	return false;
}

/* --- strings ------------------------------------------------------------------- */

static int view_scan_hex4(const char *p)
{
	int n = 0;

	for (int i = 0; i < 4; i++) {
		int c = p[i] | 0x20;
		int digit = c >= '0' && c <= '9' ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;

		/* '\x10'..'\x19' have the bit, too */
		if (digit < 0 || p[i] < '0')
			return -1;
		n = n << 4 | digit;
	}
	return n;
}

static char *view_scan_put_utf8(char *to, unsigned c)
{
	if (c < 0x80) {
		*to++ = c;
	} else if (c < 0x800) {
		*to++ = 0xc0 | c >> 6;
		*to++ = 0x80 | (c & 0x3f);
	} else if (c < 0x10000) {
		*to++ = 0xe0 | c >> 12;
		*to++ = 0x80 | (c >> 6 & 0x3f);
		*to++ = 0x80 | (c & 0x3f);
	} else {
		*to++ = 0xf0 | c >> 18;
		*to++ = 0x80 | (c >> 12 & 0x3f);
		*to++ = 0x80 | (c >> 6 & 0x3f);
		*to++ = 0x80 | (c & 0x3f);
	}
	return to;
}

/* After "\u". */
static bool view_scan_unicode_escape(struct scan *s, char **to)
{
	int c = view_scan_hex4(s->p), low;

	if (c <= 0)
		return scan_bad(s, "an unknown escape");
	s->p += 4;
	if (c >= 0xd800 && c <= 0xdbff) {
		low = s->p[0] == '\\' && s->p[1] == 'u' ? view_scan_hex4(s->p + 2) : -1;
		if (low < 0xdc00 || low > 0xdfff)
			return scan_bad(s, "half of a pair of escapes");
		s->p += 6;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	} else if (c >= 0xdc00 && c <= 0xdfff) {
		return scan_bad(s, "half of a pair of escapes");
	}
	*to = view_scan_put_utf8(*to, c);
	return true;
}

static bool view_scan_escape(struct scan *s, char **to)
{
	static const char from[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	const char *at;
	char c = *++s->p;

	if (c == 'u') {
		s->p++;
		return view_scan_unicode_escape(s, to);
	}
	at = c ? strchr(from, c) : NULL;
	if (!at)
		return scan_bad(s, "an unknown escape");
	*(*to)++ = means[at - from];
	s->p++;
	return true;
}

/* One character beyond ASCII, in its shortest form and no surrogate. */
static bool view_scan_beyond_ascii(struct scan *s, char **to)
{
	static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const uint8_t *p = (const uint8_t *)s->p;
	int len = *p >= 0xf0 && *p < 0xf8 ? 4 : *p >= 0xe0 && *p < 0xf0 ? 3
		  : *p >= 0xc0 && *p < 0xe0 ? 2 : 0;
	unsigned c = len ? *p & (0xff >> (len + 1)) : 0;

	for (int i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return scan_bad(s, "text that is not UTF-8");
		c = c << 6 | (p[i] & 0x3f);
	}
	if (!len || c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return scan_bad(s, "text that is not UTF-8");
	memmove(*to, p, len);
	*to += len;
	s->p += len;
	return true;
}

bool scan_string(struct scan *s, const char **text)
{
	char *to;

	*text = to = ++s->p;
	while (*s->p != '"') {
		if (*s->p == '\\') {
			if (!view_scan_escape(s, &to))
				return false;
		} else if (*s->p & 0x80) {
			if (!view_scan_beyond_ascii(s, &to))
				return false;
		} else if (*s->p < ' ') {
			return scan_bad(s, "text that does not end, or a control character in it");
		} else {
			*to++ = *s->p++;
		}
	}
	s->p++;
	*to = '\0';
	return true;
}

/* --- numbers ------------------------------------------------------------------- */

/*
 * digits / 10^places: both are exact as long doubles of 64 bits, and so the
 * quotient is right to half of its last bit. Rounding it once more is right
 * unless the 11 bits that a double lacks are exactly one half.
 */
static bool view_scan_quotient(uint64_t digits, unsigned places, double *real)
{
#if LDBL_MANT_DIG == 64
	static const long double ten[PLACES_MAX + 1] = {
		1e0L, 1e1L, 1e2L, 1e3L, 1e4L, 1e5L, 1e6L, 1e7L, 1e8L, 1e9L,
		1e10L, 1e11L, 1e12L, 1e13L, 1e14L, 1e15L, 1e16L, 1e17L, 1e18L,
		1e19L, 1e20L, 1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L,
	};
	long double q = digits / ten[places];
	uint64_t mantissa;

	memcpy(&mantissa, &q, sizeof(mantissa));
	*real = q;
	return (mantissa & 0x7ff) != 0x400;
#else
	(void)digits, (void)places, (void)real;
	return false;
#endif
}

struct digits {
	uint64_t whole;		/* of the first DIGITS_MAX that count */
	unsigned n;		/* that count: without zeros in front */
};

/* Eight digits at once; false if they are not all digits. */
static inline bool view_scan_eight_digits(const char *p, uint64_t *value)
{
	uint64_t w;

	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		return false;
	memcpy(&w, p, 8);
	if (((w & 0xf0f0f0f0f0f0f0f0) | (((w + 0x0606060606060606) & 0xf0f0f0f0f0f0f0f0) >> 4)) !=
	    0x3333333333333333)
		return false;
	w = (w & 0x0f0f0f0f0f0f0f0f) * (256 * 10 + 1) >> 8;
	w = (w & 0x00ff00ff00ff00ff) * (65536 * 100 + 1) >> 16;
	*value = (w & 0x0000ffff0000ffff) * (4294967296 * 10000 + 1) >> 32;
	return true;
}

static inline const char *view_scan_take_digits(const char *p, const char *end, struct digits *d)
{
	uint64_t whole = d->whole, eight;
	unsigned n = d->n;

	while (!n && *p == '0')
		p++;
	for (; n + 8 <= DIGITS_MAX && end - p >= 8 && view_scan_eight_digits(p, &eight); p += 8) {
		whole = whole * 100000000 + eight;
		n += 8;
	}
	for (; (unsigned)*p - '0' < 10; p++, n++)
		if (n < DIGITS_MAX)
			whole = 10 * whole + (*p - '0');
	d->whole = whole;
	d->n = n;
	return p;
}

static bool scan_integer(struct scan *s, struct view *v, const struct digits *d,
			 bool minus)
{
	if (d->n > DIGITS_MAX || d->whole > (uint64_t)INT64_MAX + minus)
		return scan_bad(s, "a whole number that is too large");
	v->type = JSON_INTEGER;
	v->whole = minus ? (json_int_t)-d->whole : (json_int_t)d->whole;
	v->real = v->whole;
	return true;
}

bool scan_number(struct scan *s, struct view *v)
{
	const char *begin = s->p, *first = begin + (*begin == '-');
	struct digits d = { 0, 0 };
	const char *p = view_scan_take_digits(first, s->end, &d), *dot = p, *e;
	unsigned places = 0;

	if (p == first || (*first == '0' && p > first + 1))
		return scan_bad(s, "a malformed number");
	if (*p == '.') {
		p = view_scan_take_digits(dot + 1, s->end, &d);
		places = p - dot - 1;
		if (!places)
			return scan_bad(s, "a number that ends with its point");
	}
	e = p;
	if (*p == 'e' || *p == 'E') {
		struct digits exponent = { 0, 0 };
		const char *digits = p + 1 + (p[1] == '+' || p[1] == '-');

		p = view_scan_take_digits(digits, s->end, &exponent);
		if (p == digits)
			return scan_bad(s, "a number without its exponent");
	}
	if (p == dot) {
		s->p = (char *)p;
		return scan_integer(s, v, &d, *begin == '-');
	}
	v->type = JSON_REAL;
	if (p == e && d.n <= DIGITS_MAX && places <= PLACES_MAX &&
	    view_scan_quotient(d.whole, places, &v->real))
		v->real = *begin == '-' ? -v->real : v->real;
	else
		v->real = strtod(begin, NULL);
	if (!isfinite(v->real))
		return scan_bad(s, "a number that is too large");
	s->p = (char *)p;
	return true;
}
