/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "safe.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *must_have(void *memory)
{
	if (memory)
		return memory;
	fputs("out of memory\n", stderr);
	abort();
}

char *text_format(const char *fmt, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	return must_have(text);
}

FILE *text_open(char **text, size_t *len)
{
	return must_have(open_memstream(text, len));
}

void text_close(FILE *out)
{
	must_have(fclose(out) ? NULL : out);
}

/*
 * Decodes one character; returns its length, or 0 where the bytes are not
 * the shortest UTF-8 form of a Unicode scalar value.
 */
static size_t safe_decode(const unsigned char *s, uint32_t *value)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = s[0] < 0x80 ? 1 : s[0] >> 5 == 6 ? 2 :
		     s[0] >> 4 == 14 ? 3 : s[0] >> 3 == 30 ? 4 : 0;

	if (len < 2) {
		*value = s[0];
		return len;
	}
	*value = s[0] & (0x7f >> len);
	for (size_t i = 1; i < len; i++) {
		if (s[i] >> 6 != 2)
			return 0;
		*value = *value << 6 | (s[i] & 0x3f);
	}
	if (*value < smallest[len] || *value > 0x10ffff ||
	    (*value >= 0xd800 && *value <= 0xdfff))
		return 0;
	return len;
}

/* Characters that act on their surroundings instead of being seen. */
static const struct { uint32_t from, to; } unseen[] = {
	{ 0x00, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad }, { 0x61c, 0x61c },
	{ 0x180e, 0x180e }, { 0x200b, 0x200f }, { 0x2028, 0x202e },
	{ 0x2060, 0x206f }, { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff },
	{ 0xfff0, 0xfffb }, { 0xe0000, 0xe0fff },
};

static int safe_is_unseen(uint32_t c)
{
	for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++)
		if (c >= unseen[i].from && c <= unseen[i].to)
			return 1;
	return (c & 0xfffe) == 0xfffe;
}

static void safe_write(FILE *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	uint32_t c;

	while (s && *s) {
		size_t len = safe_decode(s, &c);

		if (c == '\n' || c == '\t' || c == '\r')
			fputc(' ', out);
		else if (!len)
			fprintf(out, "\\x%02x", *s);
		else if (safe_is_unseen(c))
			fprintf(out, c < 0x100 ? "\\x%02x" : "\\u{%x}", c);
		else
			fwrite(s, 1, len, out);
		s += len ? len : 1;
	}
}

char *safe_text(const char *text)
{
	char *copy = NULL;
	size_t len;
	FILE *out = text_open(&copy, &len);

	safe_write(out, text);
	text_close(out);
	return copy;
}

bool safe_is_plain(const char *text)
{
	const char *p = text;
	char *safe;
	bool plain;

	while (*p >= ' ' && *p <= '~')
		p++;
	if (!*p)
		return true;
	safe = safe_text(p);
	plain = !strcmp(safe, p);
	free(safe);
	return plain;
}

char *safe_plot_text(const char *text)
{
	char *copy = safe_text(text), *to = copy;

	for (const char *from = copy; *from; from += safe_char_len(from)) {
		unsigned char c = *from;

		*to++ = c >= 0x80 ? '?' : c == '"' ? '\'' : c == '\\' ? '/' :
			c == '&' ? '+' : c;
	}
	*to = '\0';
	return copy;
}

size_t safe_char_len(const char *text)
{
	size_t len = 1;

	while (((unsigned char)text[len] & 0xc0) == 0x80)
		len++;
	return len;
}

size_t text_cut(const char *text, size_t max)
{
	size_t n = strnlen(text, max);

	while (n && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* East Asian wide forms and pictographs take two columns. */
static int safe_is_wide(uint32_t c)
{
	return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) ||
	       (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
	       (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
	       (c >= 0xffe0 && c <= 0xffe6) || (c >= 0x1f300 && c <= 0x1faff) ||
	       (c >= 0x20000 && c <= 0x3fffd);
}

static int safe_is_combining(uint32_t c)
{
	return (c >= 0x300 && c <= 0x36f) || (c >= 0x20d0 && c <= 0x20ff);
}

size_t safe_width(const char *text)
{
	size_t width = 0, len;
	uint32_t c;

	for (; *text; text += len) {
		len = safe_decode((const unsigned char *)text, &c);
		if (!len)
			len = 1;
		width += safe_is_combining(c) ? 0 : safe_is_wide(c) ? 2 : 1;
	}
	return width;
}

void text_put(FILE *out, const char *text)
{
	safe_write(out, text);
}

static const char *safe_html_entity(char c)
{
	switch (c) {
	case '&': return "&amp;";
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '"': return "&quot;";
	case '\'': return "&#39;";
	}
	return NULL;
}

void html_put(FILE *out, const char *text)
{
	char *safe = safe_text(text);

	for (const char *p = safe; *p; p++) {
		const char *entity = safe_html_entity(*p);

		if (entity)
			fputs(entity, out);
		else
			fputc(*p, out);
	}
	free(safe);
}
