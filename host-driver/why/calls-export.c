/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree of calls in the formats of callgrind and pprof. */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"

/* --- callgrind ------------------------------------------------------------------- */

/*
 * The format of valgrind's manual, "Callgrind Format Specification". How often a
 * function was called is unknown, but `calls=` needs a number: 1.
 */
void calls_write_callgrind(const struct calls *t, int arm, const struct calls_words *w,
			   FILE *to)
{
	fprintf(to, "# callgrind format\nversion: 1\ncreator: kduel\ncmd: %s, %s\n"
		"positions: line\nevents: Instructions\nsummary: %.0f\n",
		w->what, w->arm[arm], t->n ? t->v[0].all[arm] : 0);
	for (size_t i = 0; i < t->n; i++) {
		const struct call *c = &t->v[i];

		if (!c->all[arm])
			continue;
		fprintf(to, "\nfl=\nfn=%s\n0 %.0f\n", c->name, c->self[arm]);
		for (size_t k = c->child; k; k = t->v[k].sibling)
			if (t->v[k].all[arm])
				fprintf(to, "cfn=%s\ncalls=1 0\n0 %.0f\n", t->v[k].name,
					t->v[k].all[arm]);
	}
}

/* --- pprof ----------------------------------------------------------------------- */

/* Field numbers of profile.proto. */
enum {
	PROFILE_SAMPLE_TYPE = 1, PROFILE_SAMPLE = 2, PROFILE_LOCATION = 4,
	PROFILE_FUNCTION = 5, PROFILE_STRING = 6,
	TYPE_TYPE = 1, TYPE_UNIT = 2,
	SAMPLE_LOCATION = 1, SAMPLE_VALUE = 2,
	LOCATION_ID = 1, LOCATION_LINE = 4, LINE_FUNCTION = 1,
	FUNCTION_ID = 1, FUNCTION_NAME = 2,
};

static void export_varint(FILE *to, uint64_t v)
{
	for (; v > 0x7f; v >>= 7)
		fputc(0x80 | (v & 0x7f), to);
	fputc(v, to);
}

static void export_number(FILE *to, unsigned field, uint64_t v)
{
	export_varint(to, field << 3);
	export_varint(to, v);
}

static void export_bytes(FILE *to, unsigned field, const void *bytes, size_t size)
{
	export_varint(to, field << 3 | 2);
	export_varint(to, size);
	fwrite(bytes, 1, size, to);
}

/* A nested message: written to memory first, since its size precedes it. */
struct export_part {
	FILE *to;
	char *text;
	size_t size;
};

static int export_begin(struct export_part *p)
{
	p->to = open_memstream(&p->text, &p->size);
	return p->to ? 0 : -ENOMEM;
}

static int export_end(struct export_part *p, FILE *to, unsigned field)
{
	int ret = fclose(p->to) ? -ENOMEM : 0;

	if (!ret)
		export_bytes(to, field, p->text, p->size);
	free(p->text);
	return ret;
}

/* String 0 is empty, 1 the unit, 2 and 3 the types; a node's name is 4 + its number. */
static int export_types(FILE *to)
{
	int ret = 0;

	for (int arm = 0; arm < CALLS_ARMS && !ret; arm++) {
		struct export_part p;

		ret = export_begin(&p);
		if (ret)
			break;
		export_number(p.to, TYPE_TYPE, 2 + arm);
		export_number(p.to, TYPE_UNIT, 1);
		ret = export_end(&p, to, PROFILE_SAMPLE_TYPE);
	}
	return ret;
}

static int export_sample(const struct calls *t, size_t i, FILE *to)
{
	struct export_part p;
	int ret = export_begin(&p);

	if (ret)
		return ret;
	for (size_t k = i; k; k = t->v[k].parent)
		export_number(p.to, SAMPLE_LOCATION, k);
	for (int arm = 0; arm < CALLS_ARMS; arm++)
		export_number(p.to, SAMPLE_VALUE, t->v[i].self[arm]);
	return export_end(&p, to, PROFILE_SAMPLE);
}

/* Each node is a location and a function, with the same number. */
static int export_location(size_t i, FILE *to)
{
	struct export_part p, line;
	int ret = export_begin(&p);

	if (ret)
		return ret;
	export_number(p.to, LOCATION_ID, i);
	ret = export_begin(&line);
	if (!ret) {
		export_number(line.to, LINE_FUNCTION, i);
		ret = export_end(&line, p.to, LOCATION_LINE);
	}
	return export_end(&p, to, PROFILE_LOCATION) ? -ENOMEM : ret;
}

static int export_function(size_t i, FILE *to)
{
	struct export_part p;
	int ret = export_begin(&p);

	if (ret)
		return ret;
	export_number(p.to, FUNCTION_ID, i);
	export_number(p.to, FUNCTION_NAME, 4 + i);
	return export_end(&p, to, PROFILE_FUNCTION);
}

static void export_string(FILE *to, const char *text)
{
	export_bytes(to, PROFILE_STRING, text, strlen(text));
}

int calls_write_pprof(const struct calls *t, const struct calls_words *w, FILE *to)
{
	int ret = export_types(to);

	for (size_t i = 1; i < t->n && !ret; i++)
		if (t->v[i].self[0] || t->v[i].self[1])
			ret = export_sample(t, i, to);
	for (size_t i = 1; i < t->n && !ret; i++)
		ret = export_location(i, to);
	for (size_t i = 1; i < t->n && !ret; i++)
		ret = export_function(i, to);
	export_string(to, "");
	export_string(to, "count");
	export_string(to, w->arm[0]);
	export_string(to, w->arm[1]);
	for (size_t i = 0; i < t->n; i++)
		export_string(to, t->v[i].name);
	return ret;
}
