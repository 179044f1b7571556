/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report-compare.h"

#include <stdarg.h>
#include <stdlib.h>

#include "report/report.h"
#include "report/report-layout.h"

static void paragraph(FILE *out, unsigned first, unsigned rest,
		      const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static void paragraph(FILE *out, unsigned first, unsigned rest,
		      const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len < 0)
		return;
	layout_paragraph(out, first, rest, text);
	free(text);
}

static void print_differences(FILE *out, const struct comparison *c)
{
	if (!c->n_differences)
		return;
	fputs("\nDifferent besides the kernel under test:\n", out);
	for (size_t i = 0; i < c->n_differences; i++) {
		const struct compare_difference *d = &c->differences[i];

		paragraph(out, 2, 4, "%s: %s has '%.120s', the baseline '%.120s'",
			  d->what, d->arm, d->arm_value, d->baseline_value);
	}
}

static void print_notes(FILE *out, const struct comparison *c)
{
	if (c->n_notes)
		fputc('\n', out);
	for (size_t i = 0; i < c->n_notes; i++)
		paragraph(out, 0, 2, "* %s", c->notes[i]);
}

void compare_print(FILE *out, const struct comparison *c)
{
	report_print_table(out, c);
	report_print_expectations(out, c);
	print_differences(out, c);
	print_notes(out, c);
}

void compare_print_claims(FILE *out, const struct compare_claim *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct compare_claim *k = &list[i];

		paragraph(out, 0, 4, "%s: %s", claim_outcome_name(k->outcome),
			  *k->says ? k->says : k->text);
		if (*k->says)
			paragraph(out, 4, 6, "%s", k->text);
		paragraph(out, 4, 6, "%s", k->detail);
	}
}
