/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fold.h"

#include <stdlib.h>
#include <string.h>

FILE *fold_begin(struct fold *f)
{
	f->f = open_memstream(&f->text, &f->len);
	if (!f->f) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return f->f;
}

static void print(const char *text, const char *margin, FILE *out)
{
	size_t column = FOLD_INDENT;

	fprintf(out, "%-*s", FOLD_INDENT, margin);
	while (*text) {
		size_t n = strcspn(text, " ");

		if (column > FOLD_INDENT && column + n > FOLD_WIDTH) {
			fprintf(out, "\n%*s", FOLD_INDENT, "");
			column = FOLD_INDENT;
		}
		fprintf(out, "%s%.*s", column > FOLD_INDENT ? " " : "", (int)n, text);
		column += n + 1;
		text += n + strspn(text + n, " ");
	}
	fputc('\n', out);
}

void fold_drop(struct fold *f)
{
	fclose(f->f);
	free(f->text);
}

void fold_end(struct fold *f, const char *margin, FILE *out)
{
	fflush(f->f);
	print(f->text, margin, out);
	fold_drop(f);
}
