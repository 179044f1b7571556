/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbols.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hottest.h"
#include "safe.h"

#define TEXT_BEGIN 0xffffffff80000000ULL
#define PLACES_MAX 200		/* per console, to look up in debug information */
#define NAME_MAX_HERE 128

/* A place in the kernel that a line names, and what is added to it. */
struct place {
	size_t line, end;	/* the line's index; the offset after the name or address */
	uint64_t addr;		/* as linked */
	bool named;		/* the line names the function already */
	char *source;		/* "mmu.c:5590"; NULL: unknown */
};

struct explain {
	const struct symbols *s;
	uint64_t moved;		/* the kernel's offset from where it was linked */
	struct place place[PLACES_MAX];
	size_t n;
};

static bool explain_is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.';
}

static const struct symbol *explain_by_name(const struct symbols *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->v[i].name, name))
			return &s->v[i];
	return NULL;
}

static void explain_add(struct explain *e, size_t line, size_t end, uint64_t addr, bool named)
{
	if (e->n < PLACES_MAX)
		e->place[e->n++] = (struct place){ line, end, addr, named, NULL };
}

/* "ffffffff81000042": exactly 16 digits. */
static bool explain_address(struct explain *e, size_t line, const char *text, const char *at)
{
	uint64_t addr;
	char *end;

	if (strncmp(at, "ffffffff", 8) || strspn(at, "0123456789abcdef") != 16)
		return false;
	addr = strtoull(at, &end, 16) - e->moved;
	if (addr >= TEXT_BEGIN && symbols_find(e->s, addr))
		explain_add(e, line, end - text, addr, false);
	return true;
}

/* "name+0x1c/0x40": a return address, or the instruction being executed. */
static void explain_function(struct explain *e, size_t line, const char *text, const char *at)
{
	char name[NAME_MAX_HERE];
	const struct symbol *f;
	unsigned long off;
	int end = 0;

	if (sscanf(at, "%127[A-Za-z0-9_.]+0x%lx/0x%*x%n", name, &off, &end) < 2 || !end)
		return;
	f = explain_by_name(e->s, name);
	/* A return address may belong to the next source line; one byte before it does not. */
	if (f)
		explain_add(e, line, at + end - text,
			    f->addr + off - (off && !strstr(text, "RIP: ")), true);
}

static void explain_find(struct explain *e, size_t line, const char *text)
{
	for (const char *at = text; *at; at++) {
		if (!explain_is_word(*at) || (at > text && explain_is_word(at[-1])))
			continue;
		/* An address may follow 0x. */
		if (!strncmp(at, "0x", 2))
			at += 2;
		if (!explain_address(e, line, text, at))
			explain_function(e, line, text, at);
	}
}

static uint64_t explain_offset(const json_t *lines)
{
	static const char says[] = "Kernel Offset: 0x";
	const json_t *v;
	size_t i;

	json_array_foreach(lines, i, v) {
		const char *at = strstr(json_string_value(v), says);

		if (at)
			return strtoull(at + sizeof(says) - 1, NULL, 16);
	}
	return 0;
}

static void explain_ask(struct explain *e, const char *vmlinux)
{
	static uint64_t addr[PLACES_MAX];
	char *said[PLACES_MAX];

	for (size_t i = 0; i < e->n; i++)
		addr[i] = e->place[i].addr;
	hottest_ask(vmlinux, addr, e->n, said);
	for (size_t i = 0; i < e->n; i++)
		e->place[i].source = said[i];
}

static void explain_put(FILE *f, const struct explain *e, const struct place *p)
{
	const struct symbol *s = p->named ? NULL : symbols_find(e->s, p->addr);

	if (s)
		fprintf(f, " <%s+0x%" PRIx64 ">", s->name, p->addr - s->addr);
	if (p->source)
		fprintf(f, " (%s)", p->source);
}

/* The line with its additions; its places are in the order of the text. */
static char *explain_line(const struct explain *e, size_t line, const char *text)
{
	char *out = NULL;
	size_t len, at = 0;
	FILE *f = open_memstream(&out, &len);

	if (!f)
		return NULL;
	for (size_t i = 0; i < e->n; i++) {
		if (e->place[i].line != line)
			continue;
		fprintf(f, "%.*s", (int)(e->place[i].end - at), text + at);
		at = e->place[i].end;
		explain_put(f, e, &e->place[i]);
	}
	fputs(text + at, f);
	if (fclose(f)) {
		free(out);
		return NULL;
	}
	return out;
}

void explain_lines(json_t *lines, const struct symbols *s, const char *vmlinux)
{
	struct explain *e = calloc(1, sizeof(*e));
	json_t *v;
	size_t i;

	if (!e)
		return;
	e->s = s;
	e->moved = explain_offset(lines);
	json_array_foreach(lines, i, v)
		explain_find(e, i, json_string_value(v));
	if (vmlinux && e->n)
		explain_ask(e, vmlinux);
	json_array_foreach(lines, i, v) {
		char *text = explain_line(e, i, json_string_value(v));

		if (text)
			json_array_set_new(lines, i, json_string(text));
		free(text);
	}
	for (i = 0; i < e->n; i++)
		free(e->place[i].source);
	free(e);
}

void explain_console(json_t *lines, const char *image)
{
	struct symbols s = SYMBOLS_INIT;
	const char *slash = strrchr(image, '/');
	char *vmlinux = text_format("%.*svmlinux", slash ? (int)(slash + 1 - image) : 0, image);

	if (!symbols_of_image(&s, image, NULL))
		explain_lines(lines, &s, access(vmlinux, R_OK) ? NULL : vmlinux);
	symbols_release(&s);
	free(vmlinux);
}
