/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "safe.h"
#include "size.h"

int cli_fail(const struct err *err)
{
	fprintf(stderr, "kduel-bench: %s\n", err->text);
	return err->exit;
}

void cli_refuse(struct err *err, const char *option)
{
	err_prefix(err, "--%s", option);
	exit(cli_fail(err));
}

uint64_t cli_number(const char *option, const char *text, uint64_t least, uint64_t most)
{
	struct err err = ERR_INIT;
	uint64_t n;

	if (!size_parse(text, &n, &err) && (n < least || n > most))
		err_config(&err, n > most ? "'%s' is too large: at most %" PRIu64
					  : "'%s' is too small: at least %" PRIu64,
			   text, n > most ? most : least);
	if (err.code)
		cli_refuse(&err, option);
	return n;
}

int cli_print_json(json_t *j)
{
	json_dumpf(j, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
	json_decref(j);
	putchar('\n');
	return EXIT_DONE;
}

/* --- lines that fold --- */

FILE *fold_begin(struct fold *f)
{
	f->f = open_memstream(&f->text, &f->len);
	must_have(f->f);
	return f->f;
}

static void cli_print(const char *text, const char *margin, int indent, FILE *out)
{
	size_t start = indent, column = start;

	fprintf(out, "%-*s", indent, margin);
	while (*text) {
		size_t n = strcspn(text, " ");

		if (column > start && column + n > FOLD_WIDTH) {
			fprintf(out, "\n%*s", indent, "");
			column = start;
		}
		fprintf(out, "%s%.*s", column > start ? " " : "", (int)n, text);
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

void fold_end_at(struct fold *f, const char *margin, int indent, FILE *out)
{
	fflush(f->f);
	cli_print(f->text, margin, indent, out);
	fold_drop(f);
}

void fold_end(struct fold *f, const char *margin, FILE *out)
{
	fold_end_at(f, margin, FOLD_INDENT, out);
}
