/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The effects as a table for a paper: LaTeX, no packages needed. */
#include <stdlib.h>
#include <string.h>

#include "export-values.h"
#include "export.h"
#include "safe.h"

static void tex_put(FILE *to, const char *foreign)
{
	char *safe = safe_text(foreign);

	for (const char *p = safe; *p; p++)
		if (*p == '\\')
			fputs("\\textbackslash{}", to);
		else if (*p == '~')
			fputs("\\textasciitilde{}", to);
		else if (*p == '^')
			fputs("\\textasciicircum{}", to);
		else if (*p == '<' || *p == '>' || *p == '|')
			fprintf(to, "$%s$", *p == '|' ? "\\vert" : *p == '<' ? "<" : ">");
		else if (strchr("&%$#_{}", *p))
			fprintf(to, "\\%c", *p);
		else if (*p == '"')
			fputs("''", to);
		else
			putc(*p, to);
	free(safe);
}

static void tex_row(FILE *to, const struct export_value *v, const struct export_from *from)
{
	char number[NUMBER_MAX];
	struct number_effect e;

	compare_effect(v->s, &v->vs->e, &e);
	tex_put(to, v->s->cell);
	fputs(" & ", to);
	tex_put(to, v->s->metric);
	fputs(*v->s->point_text ? " " : "", to);
	tex_put(to, v->s->point_text);
	if (!from->arm) {
		fputs(" & ", to);
		tex_put(to, v->arm);
	}
	fputs(" & ", to);
	tex_put(to, number_value(v->s->est[from->c->baseline].value, v->s->unit, number));
	fputs(" & ", to);
	tex_put(to, number_value(v->est->value, v->s->unit, number));
	fputs(" & ", to);
	tex_put(to, v->vs->e.n ? e.effect : "-");
	fputs(" & ", to);
	tex_put(to, v->vs->e.n ? e.interval : "");
	fprintf(to, " & %u & %s \\\\\n", v->vs->e.n, verdict_name(v->vs->verdict));
}

static int tex_write(const struct export_from *from, FILE *to, struct err *err)
{
	struct export_value v = EXPORT_VALUE_INIT;
	const struct comparison *c = from->c;

	(void)err;
	fputs("% ", to);
	text_put(to, c->name);
	fprintf(to, ": %s, %u blocks, baseline ", c->domain, c->blocks);
	text_put(to, c->arms[c->baseline].name);
	fprintf(to, ", %.4g%% intervals\n\\begin{tabular}{ll%srrrrrl}\n\\hline\n"
		"Cell & Metric%s & Baseline & Value & Effect & Interval & Blocks & Verdict \\\\\n"
		"\\hline\n", 100 * (1 - c->alpha), from->arm ? "" : "l",
		from->arm ? "" : " & Arm");
	while (export_next(from, &v))
		if (v.vs->verdict != VERDICT_NONE)
			tex_row(to, &v, from);
	fputs("\\hline\n\\end{tabular}\n", to);
	return 0;
}

const struct export_format export_tex = {
	.name = "tex", .help = "the effects as a LaTeX table", .judged = true,
	.one_arm = true, .write = tex_write,
};
