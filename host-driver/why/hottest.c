/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hottest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proc.h"
#include "safe.h"

#define SECONDS 60
#define ASK_MOST 10000		/* places in one question */

/* --- places ----------------------------------------------------------------------- */

static struct hottest_place *hottest_slot(const struct hottest *h, uint64_t addr)
{
	size_t i = addr * 0x9e3779b97f4a7c15ULL >> 32 & (h->room - 1);

	while (h->v[i].addr && h->v[i].addr != addr)
		i = (i + 1) & (h->room - 1);
	return &h->v[i];
}

static int hottest_grow(struct hottest *h)
{
	struct hottest more = { .n = h->n, .room = h->room ? 2 * h->room : 1u << 10 };

	more.v = calloc(more.room, sizeof(*more.v));
	if (!more.v)
		return -ENOMEM;
	for (size_t i = 0; i < h->room; i++)
		if (h->v[i].addr)
			*hottest_slot(&more, h->v[i].addr) = h->v[i];
	free(h->v);
	*h = more;
	return 0;
}

int hottest_add(struct hottest *h, uint64_t addr, double n)
{
	struct hottest_place *p;

	if (2 * h->n >= h->room && hottest_grow(h))
		return -ENOMEM;
	p = hottest_slot(h, addr);
	h->n += !p->addr;
	p->addr = addr;
	p->n += n;
	return 0;
}

int hottest_merge(struct hottest *h, const struct hottest *from, double weight)
{
	int ret = 0;

	for (size_t i = 0; i < from->room && !ret; i++)
		if (from->v[i].addr)
			ret = hottest_add(h, from->v[i].addr, weight * from->v[i].n);
	return ret;
}

void hottest_release(struct hottest *h)
{
	free(h->v);
	*h = (struct hottest){ 0 };
}

/* --- debug information ---------------------------------------------------------------- */

/* "spte.c:140 (discriminator 2)"; what is not known is "??:0" or "??:?". */
static char *hottest_line_of(char *line)
{
	char *colon = strrchr(line, ':');

	line[strcspn(line, " ")] = '\0';
	return *line == '?' || (colon && (colon[1] == '?' || !strcmp(colon, ":0")))
		? NULL : safe_text(line);
}

void hottest_ask(const char *elf, const uint64_t *addr, size_t n, char **said)
{
	struct args a = { 0 };
	struct proc_options o = { .clean = true };
	char *text, *save = NULL, *line;
	int ret;

	memset(said, 0, n * sizeof(*said));
	args_add(&a, "addr2line");
	args_add(&a, "-s");
	args_add(&a, "-e");
	args_add(&a, elf);
	for (size_t i = 0; i < n; i++)
		args_addf(&a, "%" PRIx64, addr[i]);
	o.argv = args_argv(&a);
	ret = args_done(&a, NULL) || proc_capture(&o, SECONDS, &text, NULL, NULL);
	args_release(&a);
	if (ret)
		return;
	line = strtok_r(text, "\n", &save);
	for (size_t i = 0; i < n && line; i++, line = strtok_r(NULL, "\n", &save))
		said[i] = hottest_line_of(line);
	free(text);
}

/* --- lines ---------------------------------------------------------------------------- */

static int hottest_by_address(const void *a, const void *b)
{
	const struct hottest_place *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

/* A function's places in the order of their addresses; the caller's. */
static struct hottest_place *hottest_places(const struct hottest *h, const struct symbols *s,
					    const char *name, size_t *n)
{
	struct hottest_place *v = calloc(h->n + 1, sizeof(*v));

	must_have(v);
	*n = 0;
	for (size_t i = 0; i < h->room; i++) {
		const struct symbol *f = h->v[i].addr ? symbols_find(s, h->v[i].addr) : NULL;

		if (f && !strcmp(f->name, name))
			v[(*n)++] = h->v[i];
	}
	qsort(v, *n, sizeof(*v), hottest_by_address);
	return v;
}

/* Takes `where`. */
static void hottest_put(struct hottest_function *f, int arm, char *where, double n)
{
	struct hottest_line *v;
	size_t i = 0;

	while (i < f->n && strcmp(f->line[i].where, where))
		i++;
	if (i == f->n) {
		v = realloc(f->line, (f->n + 1) * sizeof(*v));
		must_have(v);
		f->line = v;
		v[f->n++] = (struct hottest_line){ .where = where };
	} else {
		free(where);
	}
	f->line[i].n[arm] += n;
}

/* The instructions from `v` on that were executed equally often. */
static size_t hottest_run(const struct hottest_place *v, size_t n)
{
	size_t k = 1;

	while (k < n && v[k].n == v[0].n)
		k++;
	return k;
}

static void hottest_put_places(struct hottest_function *f, int arm, const struct symbols *s,
			       const struct hottest_place *v, size_t n)
{
	for (size_t i = 0, k; i < n; i += k) {
		uint64_t begin = symbols_find(s, v[i].addr)->addr;
		uint64_t from = v[i].addr - begin;

		k = hottest_run(v + i, n - i);
		hottest_put(f, arm, k > 1 ? text_format("+0x%" PRIx64 "-0x%" PRIx64, from,
							v[i + k - 1].addr - begin)
			    : text_format("+0x%" PRIx64, from), v[i].n * k);
	}
}

static bool hottest_put_lines(struct hottest_function *f, int arm, char **said,
			      const struct hottest_place *v, size_t n)
{
	bool told = false;

	for (size_t i = 0; i < n; i++)
		told |= said[i] != NULL;
	for (size_t i = 0; i < n && told; i++)
		hottest_put(f, arm, text_format("%s", said[i] ? said[i] : "[no line]"), v[i].n);
	for (size_t i = 0; i < n; i++)
		free(said[i]);
	return told;
}

bool hottest_find(const struct hottest *h, const struct symbols *s, const char *debug, int arm,
		  struct hottest_function *f, size_t n)
{
	struct hottest_place *v[HOTTEST_MOST];
	size_t count[HOTTEST_MOST], all = 0, at = 0;
	bool told = false;
	uint64_t *addr;
	char **said;

	for (size_t i = 0; i < n; i++) {
		v[i] = hottest_places(h, s, f[i].name, &count[i]);
		all += count[i];
	}
	addr = calloc(all + 1, sizeof(*addr));
	said = calloc(all + 1, sizeof(*said));
	must_have(addr);
	must_have(said);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < count[i]; k++)
			addr[at++] = v[i][k].addr;
	for (at = 0; debug && at < all; at += ASK_MOST)
		hottest_ask(debug, addr + at, all - at < ASK_MOST ? all - at : ASK_MOST, said + at);
	at = 0;
	for (size_t i = 0; i < n; at += count[i++]) {
		if (hottest_put_lines(&f[i], arm, said + at, v[i], count[i]))
			told = true;
		else
			hottest_put_places(&f[i], arm, s, v[i], count[i]);
		free(v[i]);
	}
	free(addr);
	free(said);
	return told;
}

static int hottest_by_count(const void *a, const void *b)
{
	const struct hottest_line *x = a, *y = b;
	double nx = x->n[0] > x->n[1] ? x->n[0] : x->n[1];
	double ny = y->n[0] > y->n[1] ? y->n[0] : y->n[1];

	return nx != ny ? (nx < ny ? 1 : -1) : strcmp(x->where, y->where);
}

void hottest_sort(struct hottest_function *f)
{
	if (f->n)
		qsort(f->line, f->n, sizeof(*f->line), hottest_by_count);
}

void hottest_function_release(struct hottest_function *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->line[i].where);
	free(f->line);
}
