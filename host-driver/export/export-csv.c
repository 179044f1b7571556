/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables for spreadsheets and scripts: CSV (RFC 4180), and NDJSON. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export-formats.h"
#include "safe.h"
#include "sheet.h"

/*
 * Foreign text, made safe for a terminal, and for a spreadsheet, which would take a
 * text that begins with one of these characters for a formula.
 */
static void csv_put_text(FILE *to, const char *foreign)
{
	char *safe = safe_text(foreign), *text = safe;
	bool formula = *text && strchr("=+-@", *text), quote = strpbrk(text, ",\"");

	if (quote)
		putc('"', to);
	if (formula)
		putc('\'', to);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', to);
		putc(*text, to);
	}
	if (quote)
		putc('"', to);
	free(safe);
}

static void csv_head(FILE *to, const char *columns)
{
	fprintf(to, "%s\n", columns);
}

static void csv_cell(FILE *to, const struct sheet_cell *cell)
{
	if (!cell->first)
		putc(',', to);
	if (cell->kind == SHEET_TEXT)
		csv_put_text(to, cell->text);
	else if (cell->kind == SHEET_COUNT)
		fprintf(to, "%" PRIu64, cell->count);
	else if (cell->kind == SHEET_REAL)
		fprintf(to, "%.17g", cell->real);
	else if (cell->kind == SHEET_TRUTH)
		fputs(cell->truth ? "true" : "false", to);
}

static void csv_end_row(FILE *to)
{
	putc('\n', to);
}

static int csv_write(const struct export_from *from, FILE *to, struct err *err)
{
	static const struct sheet_form form = { csv_head, csv_cell, csv_end_row };

	return sheet_write(from, &form, to, err);
}

const struct export_format export_csv = {
	.name = "csv", .help = "a table as CSV", .tables = sheet_tables, .write = csv_write,
};

/* --- NDJSON: one object per line ---------------------------------------------- */

static void csv_ndjson_text(FILE *to, const char *text)
{
	json_t *json = json_string(text);

	if (!json)	/* not UTF-8 */
		json = json_string_nocheck("");
	json_dumpf(json, to, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
	json_decref(json);
}

static void csv_ndjson_cell(FILE *to, const struct sheet_cell *cell)
{
	fputs(cell->first ? "{" : ",", to);
	csv_ndjson_text(to, cell->column);
	putc(':', to);
	if (cell->kind == SHEET_TEXT)
		csv_ndjson_text(to, cell->text);
	else if (cell->kind == SHEET_COUNT)
		fprintf(to, "%" PRIu64, cell->count);
	else if (cell->kind == SHEET_REAL)
		fprintf(to, "%.17g", cell->real);
	else
		fputs(cell->kind == SHEET_UNKNOWN ? "null" : cell->truth ? "true" : "false", to);
}

static void csv_ndjson_end_row(FILE *to)
{
	fputs("}\n", to);
}

static int csv_ndjson_write(const struct export_from *from, FILE *to, struct err *err)
{
	static const struct sheet_form form = { NULL, csv_ndjson_cell, csv_ndjson_end_row };

	return sheet_write(from, &form, to, err);
}

const struct export_format export_ndjson = {
	.name = "ndjson", .help = "a table as JSON, one object per line",
	.tables = sheet_tables, .write = csv_ndjson_write,
};
