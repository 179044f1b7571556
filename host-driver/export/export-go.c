/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Go's benchmark text (golang.org/design/14313-benchmark-format and the unit
 * metadata of golang.org/x/perf/benchfmt), for benchstat: a line for each boot.
 * Benchmarks are named by key=value parts, so that `benchstat -col /arm` puts the
 * arms side by side.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "export-values.h"
#include "export.h"
#include "safe.h"

static void go_percent(FILE *to, unsigned char c)
{
	fprintf(to, "%%%02X", c);
}

/* Names have no spaces and are separated by "/": one inside a cell's name becomes ":". */
static void go_put_part(FILE *to, const char *key, const char *value)
{
	fprintf(to, "/%s=", key);
	for (; *value; value++)
		if (*value == '/')
			putc(':', to);
		else if (strchr(EXPORT_WORD ".,=+-", *value))
			putc(*value, to);
		else
			go_percent(to, (unsigned char)*value);
}

static void go_put_unit(FILE *to, const struct compare_series *s)
{
	bool time = export_per_second(s) > 0, instructions = !strcmp(s->unit, "instr");

	if (time || instructions)
		fputs(time ? "ns/op" : "instr/op", to);
	else
		export_escape(to, *s->unit ? s->unit : "count", EXPORT_WORD "./%-", go_percent);
}

/* Once for each unit: benchstat assumes lower is better for units it does not know. */
static void go_put_units(FILE *to, const struct export_from *from)
{
	const struct comparison *c = from->c;

	for (size_t i = 0; i < c->n_series; i++) {
		const struct compare_series *s = &c->series[i];
		bool seen = s->counter || s->better == STATS_NEITHER, same = true;

		for (size_t k = 0; k < c->n_series; k++) {
			const struct compare_series *o = &c->series[k];

			if (o->counter || strcmp(o->unit, s->unit))
				continue;
			seen |= k < i && o->better != STATS_NEITHER;
			same &= o->better == s->better;
		}
		if (seen || !same)
			continue;
		fputs("Unit ", to);
		go_put_unit(to, s);
		fprintf(to, " better=%s%s\n", s->better == STATS_HIGHER ? "higher" : "lower",
			c->deterministic ? " assume=exact" : "");
	}
}

static void go_put_line(FILE *to, const struct export_from *from,
			const struct export_value *v, double value)
{
	const struct plan *p = store_plan(from->store);
	double per = export_per_second(v->s);

	fputs("BenchmarkKduel", to);
	go_put_part(to, "cell", v->s->cell);
	go_put_part(to, "metric", v->s->metric);
	if (*v->s->point_text)
		go_put_part(to, "point", v->s->point_text);
	if (!from->arm)
		go_put_part(to, "arm", v->arm);
	/* without a number of CPUs, the end of "6.1-2" would be taken for one */
	fprintf(to, "-%u 1 %.17g ", p->guest.cpus ? p->guest.cpus : 1,
		per > 0 ? value * (1e9 / per) : value);
	go_put_unit(to, v->s);
	putc('\n', to);
}

static int go_write(const struct export_from *from, FILE *to, struct err *err)
{
	struct export_value v = EXPORT_VALUE_INIT;

	(void)err;
	fputs("goos: linux\ngoarch: amd64\npkg: ", to);
	export_escape(to, from->c->name, EXPORT_WORD ".-", go_percent);
	fprintf(to, "\ndomain: %s\n", from->c->domain);
	go_put_units(to, from);
	putc('\n', to);
	while (export_next(from, &v))
		for (unsigned b = 0; b < from->c->n_block_ids; b++)
			if (!isnan(v.est->boot[b]))
				go_put_line(to, from, &v, v.est->boot[b]);
	return 0;
}

const struct export_format export_go_bench = {
	.name = "go-bench", .judged = true, .one_arm = true, .write = go_write,
	.help = "Go's benchmark text, one line per boot, for benchstat",
};
