/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree, and its forms for people: folded stacks and flame graph. */
#include "calls.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 1200.0
#define ROW 17
#define LETTER 6.6		/* width of a letter of the font, about */
#define LEAST_WIDTH 0.4		/* narrower boxes are left out */
#define HEAD 44

static size_t calls_new(struct calls *t, size_t parent, const char *name)
{
	if (t->n == t->room) {
		size_t room = t->room ? 2 * t->room : 256;
		struct call *v = realloc(t->v, room * sizeof(*v));

		if (!v)
			return SIZE_MAX;
		t->v = v;
		t->room = room;
	}
	t->v[t->n] = (struct call){ .name = strdup(name), .parent = parent };
	return t->v[t->n].name ? t->n++ : SIZE_MAX;
}

/* Where the call of this name is, or can be put. */
static size_t calls_slot(const struct calls *t, size_t parent, const char *name)
{
	uint64_t h = 1469598103934665603ULL + parent;
	size_t slot, i;

	for (const char *c = name; *c; c++)
		h = (h ^ (unsigned char)*c) * 1099511628211ULL;
	for (slot = (h ^ h >> 32) & (t->n_slots - 1); (i = t->slots[slot]);
	     slot = (slot + 1) & (t->n_slots - 1))
		if (t->v[i].parent == parent && !strcmp(t->v[i].name, name))
			break;
	return slot;
}

static int calls_more_slots(struct calls *t)
{
	free(t->slots);
	t->n_slots = t->n_slots ? 4 * t->n_slots : 1024;
	t->slots = calloc(t->n_slots, sizeof(*t->slots));
	if (!t->slots)
		return -ENOMEM;
	for (size_t i = 1; i < t->n; i++)
		t->slots[calls_slot(t, t->v[i].parent, t->v[i].name)] = i;
	return 0;
}

/* By a table: somebody else's profile may have as many names below one as it likes. */
static size_t calls_child(struct calls *t, size_t parent, const char *name)
{
	size_t slot, new;

	if (2 * t->n >= t->n_slots && calls_more_slots(t))
		return SIZE_MAX;
	slot = calls_slot(t, parent, name);
	if (t->slots[slot])
		return t->slots[slot];
	new = calls_new(t, parent, name);
	if (new == SIZE_MAX)
		return new;
	t->slots[slot] = new;
	t->v[new].sibling = t->v[parent].child;
	t->v[parent].child = new;
	return new;
}

int calls_add(struct calls *t, int arm, const char *const *path, size_t n, double insns)
{
	size_t at = 0;

	if (!t->n && calls_new(t, 0, "all") == SIZE_MAX)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (i && !strcmp(path[i], path[i - 1]))
			continue;
		at = calls_child(t, at, path[i]);
		if (at == SIZE_MAX)
			return -ENOMEM;
	}
	t->v[at].self[arm] += insns;
	return 0;
}

/* Children come after their parents. */
int calls_merge(struct calls *t, const struct calls *from, const double weight[CALLS_ARMS])
{
	size_t *at = calloc(from->n + 1, sizeof(*at));
	int ret = at ? 0 : -ENOMEM;

	if (!ret && !t->n && from->n && calls_new(t, 0, from->v[0].name) == SIZE_MAX)
		ret = -ENOMEM;
	for (size_t i = 0; i < from->n && !ret; i++) {
		at[i] = i ? calls_child(t, at[from->v[i].parent], from->v[i].name) : 0;
		if (at[i] == SIZE_MAX)
			ret = -ENOMEM;
		for (int a = 0; a < CALLS_ARMS && !ret; a++)
			t->v[at[i]].self[a] += weight[a] * from->v[i].self[a];
	}
	free(at);
	return ret;
}

/* Children come after their parents. */
void calls_add_up(struct calls *t)
{
	for (size_t i = 0; i < t->n; i++)
		memcpy(t->v[i].all, t->v[i].self, sizeof(t->v[i].all));
	for (size_t i = t->n; i-- > 1;)
		for (int a = 0; a < CALLS_ARMS; a++)
			t->v[t->v[i].parent].all[a] += t->v[i].all[a];
}

void calls_release(struct calls *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->v[i].name);
	free(t->v);
	free(t->slots);
	*t = (struct calls){ 0 };
}

static double calls_each(const struct calls *t, const double *insns, int arm)
{
	return t->things[arm] ? insns[arm] / t->things[arm] : 0;
}

/* --- folded stacks --------------------------------------------------------------- */

static void calls_write_path(const struct calls *t, size_t i, FILE *to)
{
	if (!i)
		return;
	calls_write_path(t, t->v[i].parent, to);
	fprintf(to, ";%s", t->v[i].name);
}

void calls_write_folded(const struct calls *t, const char *what, FILE *to)
{
	for (size_t i = 1; i < t->n; i++) {
		const struct call *c = &t->v[i];

		if (!c->self[0] && !c->self[1])
			continue;
		fputs(what, to);
		calls_write_path(t, i, to);
		fprintf(to, " %.0f %.0f\n", 1e6 * calls_each(t, c->self, 0),
			1e6 * calls_each(t, c->self, 1));
	}
}

/* --- the flame graph ------------------------------------------------------------- */

struct calls_picture {
	const struct calls *t;
	const struct calls_words *w;
	FILE *to;
	double scale;		/* of instructions per thing, both arms' */
	unsigned height;
};

static void calls_escape(const char *text, size_t most, FILE *to)
{
	for (; *text && most--; text++)
		switch (*text) {
		case '<': fputs("&lt;", to); break;
		case '>': fputs("&gt;", to); break;
		case '&': fputs("&amp;", to); break;
		case '"': fputs("&quot;", to); break;
		default: fputc(*text, to);
		}
}

static double calls_width(const struct calls_picture *p, size_t i)
{
	const struct call *c = &p->t->v[i];

	return p->scale * (calls_each(p->t, c->all, 0) + calls_each(p->t, c->all, 1));
}

static unsigned calls_depth(const struct calls_picture *p, size_t i)
{
	unsigned most = 0;

	if (calls_width(p, i) < LEAST_WIDTH)
		return 0;
	for (size_t k = p->t->v[i].child; k; k = p->t->v[k].sibling) {
		unsigned depth = calls_depth(p, k);

		most = depth > most ? depth : most;
	}
	return most + 1;
}

/* White if both arms are equal, saturated if only one has it. */
static void calls_colour(double base, double other, char text[8])
{
	double odds = base + other > 0 ? (other - base) / (base + other) : 0;
	unsigned pale = 235 - (unsigned)(115 * fabs(odds));

	snprintf(text, 8, odds >= 0 ? "#eb%02x%02x" : "#%02x%02xeb", pale, pale);
}

/* As much of the name as fits: what is cut ends in two dots, or it would be another function's. */
static void calls_label(const char *name, size_t letters, FILE *to)
{
	bool cut = strlen(name) > letters;

	calls_escape(name, cut ? letters - 2 : letters, to);
	if (cut)
		fputs("..", to);
}

static void calls_draw_one(const struct calls_picture *p, size_t i, double x, unsigned depth)
{
	const struct call *c = &p->t->v[i];
	double base = calls_each(p->t, c->all, 0), other = calls_each(p->t, c->all, 1);
	double width = calls_width(p, i), y = p->height - (depth + 1.0) * ROW;
	size_t letters = width > 4 + 3 * LETTER ? (width - 4) / LETTER : 0;
	char colour[8];

	calls_colour(base, other, colour);
	fputs("<g><title>", p->to);
	calls_escape(c->name, SIZE_MAX, p->to);
	fprintf(p->to, ": %.6g and %.6g %s per ", base, other, p->w->unit);
	calls_escape(p->w->thing, SIZE_MAX, p->to);
	fprintf(p->to, ", %+.6g</title><rect x=\"%.2f\" y=\"%.0f\" width=\"%.2f\" height=\"%d\" "
		"fill=\"%s\" stroke=\"#fff\" stroke-width=\"0.4\"/>", other - base, x, y, width,
		ROW - 1, colour);
	if (letters) {
		fprintf(p->to, "<text x=\"%.2f\" y=\"%.0f\">", x + 2, y + 12);
		calls_label(c->name, letters, p->to);
		fputs("</text>", p->to);
	}
	fputs("</g>\n", p->to);
}

static void calls_draw(const struct calls_picture *p, size_t i, double x, unsigned depth)
{
	if (calls_width(p, i) < LEAST_WIDTH)
		return;
	calls_draw_one(p, i, x, depth);
	for (size_t k = p->t->v[i].child; k; k = p->t->v[k].sibling) {
		calls_draw(p, k, x, depth + 1);
		x += calls_width(p, k);
	}
}

static void calls_write_head(const struct calls_picture *p)
{
	fprintf(p->to, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%u\" "
		"viewBox=\"0 0 %.0f %u\" font-family=\"monospace\" font-size=\"11\" fill=\"#111\">\n"
		"<rect width=\"%.0f\" height=\"%u\" fill=\"#fff\"/>\n<text x=\"2\" y=\"14\">",
		WIDTH, p->height, WIDTH, p->height, WIDTH, p->height);
	calls_escape(p->w->what, SIZE_MAX, p->to);
	fprintf(p->to, "</text>\n<text x=\"2\" y=\"30\">%s per ", p->w->unit);
	calls_escape(p->w->thing, SIZE_MAX, p->to);
	fputs(", width: of both arms; red: more in ", p->to);
	calls_escape(p->w->arm[1], SIZE_MAX, p->to);
	fputs(", blue: more in ", p->to);
	calls_escape(p->w->arm[0], SIZE_MAX, p->to);
	fputs("</text>\n", p->to);
}

void calls_write_svg(const struct calls *t, const struct calls_words *w, FILE *to)
{
	struct calls_picture p = { .t = t, .w = w, .to = to, .scale = 1, .height = HEAD };
	double all = t->n ? calls_width(&p, 0) : 0;

	if (all > 0) {
		p.scale = WIDTH / all;
		p.height += ROW * calls_depth(&p, 0);
	}
	calls_write_head(&p);
	if (all > 0)
		calls_draw(&p, 0, 0, 0);
	fputs("</svg>\n", to);
}

/* The tree of calls in the formats of callgrind and pprof. */

/* --- callgrind ------------------------------------------------------------------- */

/* Whose code it is: the outermost node but the root, which is nobody's. */
static const char *calls_side(const struct calls *t, size_t i)
{
	while (t->v[i].parent)
		i = t->v[i].parent;
	return i ? t->v[i].name : "";
}

/*
 * The format of valgrind's manual, "Callgrind Format Specification". How often a
 * function was called is unknown, but `calls=` needs a number: 1. A side takes a file's
 * place, or the two kernels' functions of one name would be one.
 */
void calls_write_callgrind(const struct calls *t, int arm, const struct calls_words *w,
			   FILE *to)
{
	fprintf(to, "# callgrind format\nversion: 1\ncreator: kduel\ncmd: %s, %s\n"
		"positions: line\nevents: %c%s\nsummary: %.0f\n", w->what, w->arm[arm],
		toupper((unsigned char)*w->unit), w->unit + 1, t->n ? t->v[0].all[arm] : 0);
	for (size_t i = 0; i < t->n; i++) {
		const struct call *c = &t->v[i];

		if (!c->all[arm])
			continue;
		fprintf(to, "\nfl=%s\nfn=%s\n0 %.0f\n", calls_side(t, i), c->name, c->self[arm]);
		for (size_t k = c->child; k; k = t->v[k].sibling)
			if (t->v[k].all[arm])
				fprintf(to, "cfl=%s\ncfn=%s\ncalls=1 0\n0 %.0f\n",
					calls_side(t, k), t->v[k].name, t->v[k].all[arm]);
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

static void calls_pprof_varint(FILE *to, uint64_t v)
{
	for (; v > 0x7f; v >>= 7)
		fputc(0x80 | (v & 0x7f), to);
	fputc(v, to);
}

static void calls_pprof_number(FILE *to, unsigned field, uint64_t v)
{
	calls_pprof_varint(to, field << 3);
	calls_pprof_varint(to, v);
}

static void calls_pprof_bytes(FILE *to, unsigned field, const void *bytes, size_t size)
{
	calls_pprof_varint(to, field << 3 | 2);
	calls_pprof_varint(to, size);
	fwrite(bytes, 1, size, to);
}

/* A nested message: written to memory first, since its size precedes it. */
struct calls_pprof_part {
	FILE *to;
	char *text;
	size_t size;
};

static int calls_pprof_begin(struct calls_pprof_part *p)
{
	p->to = open_memstream(&p->text, &p->size);
	return p->to ? 0 : -ENOMEM;
}

static int calls_pprof_end(struct calls_pprof_part *p, FILE *to, unsigned field)
{
	int ret = fclose(p->to) ? -ENOMEM : 0;

	if (!ret)
		calls_pprof_bytes(to, field, p->text, p->size);
	free(p->text);
	return ret;
}

/* String 0 is empty, 1 the unit, 2 and 3 the types; a node's name is 4 + its number. */
static int calls_pprof_types(FILE *to)
{
	int ret = 0;

	for (int arm = 0; arm < CALLS_ARMS && !ret; arm++) {
		struct calls_pprof_part p;

		ret = calls_pprof_begin(&p);
		if (ret)
			break;
		calls_pprof_number(p.to, TYPE_TYPE, 2 + arm);
		calls_pprof_number(p.to, TYPE_UNIT, 1);
		ret = calls_pprof_end(&p, to, PROFILE_SAMPLE_TYPE);
	}
	return ret;
}

static int calls_pprof_sample(const struct calls *t, size_t i, FILE *to)
{
	struct calls_pprof_part p;
	int ret = calls_pprof_begin(&p);

	if (ret)
		return ret;
	for (size_t k = i; k; k = t->v[k].parent)
		calls_pprof_number(p.to, SAMPLE_LOCATION, k);
	for (int arm = 0; arm < CALLS_ARMS; arm++)
		calls_pprof_number(p.to, SAMPLE_VALUE, t->v[i].self[arm]);
	return calls_pprof_end(&p, to, PROFILE_SAMPLE);
}

/* Each node is a location and a function, with the same number. */
static int calls_pprof_location(size_t i, FILE *to)
{
	struct calls_pprof_part p, line;
	int ret = calls_pprof_begin(&p);

	if (ret)
		return ret;
	calls_pprof_number(p.to, LOCATION_ID, i);
	ret = calls_pprof_begin(&line);
	if (!ret) {
		calls_pprof_number(line.to, LINE_FUNCTION, i);
		ret = calls_pprof_end(&line, p.to, LOCATION_LINE);
	}
	return calls_pprof_end(&p, to, PROFILE_LOCATION) ? -ENOMEM : ret;
}

static int calls_pprof_function(size_t i, FILE *to)
{
	struct calls_pprof_part p;
	int ret = calls_pprof_begin(&p);

	if (ret)
		return ret;
	calls_pprof_number(p.to, FUNCTION_ID, i);
	calls_pprof_number(p.to, FUNCTION_NAME, 4 + i);
	return calls_pprof_end(&p, to, PROFILE_FUNCTION);
}

static void calls_pprof_string(FILE *to, const char *text)
{
	calls_pprof_bytes(to, PROFILE_STRING, text, strlen(text));
}

int calls_write_pprof(const struct calls *t, const struct calls_words *w, FILE *to)
{
	int ret = calls_pprof_types(to);

	for (size_t i = 1; i < t->n && !ret; i++)
		if (t->v[i].self[0] || t->v[i].self[1])
			ret = calls_pprof_sample(t, i, to);
	for (size_t i = 1; i < t->n && !ret; i++)
		ret = calls_pprof_location(i, to);
	for (size_t i = 1; i < t->n && !ret; i++)
		ret = calls_pprof_function(i, to);
	calls_pprof_string(to, "");
	calls_pprof_string(to, "count");
	calls_pprof_string(to, w->arm[0]);
	calls_pprof_string(to, w->arm[1]);
	for (size_t i = 0; i < t->n; i++)
		calls_pprof_string(to, t->v[i].name);
	return ret;
}
