/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text of other programs: Go's benchmark lines, and tables. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "foreign.h"
#include "safe.h"
#include "view.h"

#define COLUMNS_MAX 256

static int text_number(const char *text, double *value)
{
	char *end;

	*value = strtod(text, &end);
	while (isspace((unsigned char)*end))
		end++;
	return end == text || *end ? -1 : 0;
}

/* --- Go's benchmark lines ------------------------------------------------------------- */

/* "BenchmarkX/a=b/arm=6.1-8": cuts the arm out of the name; NULL if there is none. */
static char *text_go_arm(char *name)
{
	char *arm = strstr(name, "/arm="), *end, *dash;

	if (!arm)
		return NULL;
	end = strchr(arm + 1, '/');
	dash = end ? NULL : strrchr(arm, '-');
	if (!end)
		end = dash && dash[1] && !dash[1 + strspn(dash + 1, "0123456789")]
			? dash : arm + strlen(arm);
	dash = strndup(arm + 5, (size_t)(end - arm - 5));
	memmove(arm, end, strlen(end) + 1);
	return dash;
}

static int text_go_values(struct foreign_file *file, const char *name, const char *arm,
			  unsigned run, char *rest, struct err *err)
{
	struct foreign_row row = { .arm = arm, .run = run };
	char *save = NULL, *value;

	for (value = strtok_r(rest, " \t", &save); value; value = strtok_r(NULL, " \t", &save)) {
		char *unit = strtok_r(NULL, " \t", &save), *metric;
		int ret;

		if (!unit || text_number(value, &row.value))
			return err_config(err, "'%.40s' is not a number with its unit", value);
		metric = text_format("%s %s", name, unit);
		row.metric = metric;
		row.unit = !strcmp(unit, "ns/op") ? "ns" : unit;
		ret = foreign_put(file, &row, err);
		free(metric);
		if (ret)
			return ret;
	}
	return 0;
}

static int text_go_line(struct foreign_file *file, char *line, struct foreign_runs *runs,
			struct err *err)
{
	char *rest = line + strcspn(line, " \t"), *arm, *key;
	int ret;

	if (!*rest)
		return 0;	/* "BenchmarkX" alone only says that it began */
	*rest++ = '\0';
	rest += strspn(rest, " \t");
	rest += strcspn(rest, " \t");	/* the number of iterations */
	arm = file->arm ? NULL : text_go_arm(line);
	key = text_format("%s %s", line, arm ? arm : "");
	ret = text_go_values(file, line, arm, foreign_run(runs, key), rest, err);
	free(key);
	free(arm);
	return ret;
}

int foreign_go(struct foreign_file *file, char *text, struct err *err)
{
	struct foreign_runs runs = { { NULL, 0 }, NULL };
	unsigned line = 0;
	int ret = 0;

	for (char *next; !ret && text; text = next) {
		next = strchr(text, '\n');
		if (next)
			*next++ = '\0';
		line++;
		if (!strncmp(text, "Benchmark", strlen("Benchmark")))
			ret = text_go_line(file, text, &runs, err);
		if (ret)
			err_prefix(err, "line %u", line);
	}
	foreign_runs_release(&runs);
	return ret;
}

/* --- tables ------------------------------------------------------------------------------ */

/* A row by the meaning of its columns; "" or NULL if it has none. */
struct text_table {
	const char *cell[FOREIGN_COLUMNS];
	const char *cell_id, *point, *is_void, *counter, *class;	/* columns of kduel's own tables */
};

static int text_table_row(struct foreign_file *file, const struct text_table *t,
			  struct foreign_runs *runs, struct err *err)
{
	const char *metric = t->cell[FOREIGN_METRIC];
	struct foreign_row row = { .unit = t->cell[FOREIGN_UNIT], .better = t->cell[FOREIGN_BETTER] };
	char *name;
	int ret;

	if ((t->is_void && *t->is_void) || (t->class && *t->class && strcmp(t->class, "ok"))) {
		file->f->left_out++;
		return 0;
	}
	if (!t->cell[FOREIGN_VALUE] || text_number(t->cell[FOREIGN_VALUE], &row.value))
		return err_config(err, "value: '%.40s' is not a number",
				  t->cell[FOREIGN_VALUE] ? t->cell[FOREIGN_VALUE] : "");
	name = text_format("%s%s%s%s%s", t->cell_id ? t->cell_id : "",
			   t->cell_id && *t->cell_id ? " " : "",
			   metric && *metric ? metric : "value",
			   t->point && *t->point ? " " : "", t->point ? t->point : "");
	row.metric = name;
	row.arm = file->arm ? NULL : t->cell[FOREIGN_ARM];
	row.block = t->cell[FOREIGN_BLOCK];
	if (!row.block) {
		char *key = text_format("%s\n%s", name, row.arm ? row.arm : "");

		row.run = foreign_run(runs, key);
		free(key);
	}
	ret = foreign_put(file, &row, err);
	free(name);
	return ret;
}

static const char *text_column(const struct foreign *f, int column)
{
	return f->column[column] ? f->column[column] : foreign_column_names[column];
}

/* The member of `t` for a column; NULL: the column is ignored. */
static const char **text_place(const struct foreign *f, struct text_table *t, const char *name)
{
	for (int i = 0; i < FOREIGN_COLUMNS; i++)
		if (!strcmp(name, text_column(f, i)))
			return &t->cell[i];
	return !strcmp(name, "cell") ? &t->cell_id : !strcmp(name, "point") ? &t->point :
	       !strcmp(name, "void") ? &t->is_void : !strcmp(name, "boot_class") ? &t->class :
	       NULL;
}

static int text_check_columns(const struct foreign_file *file, const struct text_table *t,
			      struct err *err)
{
	static const int needed[] = { FOREIGN_VALUE, FOREIGN_ARM };

	for (int i = 0; i < (file->arm ? 1 : 2); i++)
		if (!t->cell[needed[i]])
			return err_config(err, "has no column '%s'; --columns %s=NAME gives its name%s",
					  text_column(file->f, needed[i]),
					  foreign_column_names[needed[i]],
					  i ? ", or --arm NAME=FILE the arm" : "");
	return 0;
}

/* What is between fields: a comma, or where the first line has none, a tab or semicolon. */
static char text_separator(const char *text)
{
	size_t n = strcspn(text, "\r\n");

	return memchr(text, ',', n) ? ',' : memchr(text, '\t', n) ? '\t' :
	       memchr(text, ';', n) ? ';' : ',';
}

/* Splits a row (RFC 4180) in place; `*at` moves to the next one. -1: too many fields. */
static int text_line(char **at, char separator, char **field)
{
	const char ends[] = { separator, '\r', '\n', '\0' };
	char *from = *at, *to, end;
	int n = 0;

	do {
		if (n == COLUMNS_MAX)
			return -1;
		field[n++] = to = from;
		if (*from == '"') {
			for (from++; *from && (*from != '"' || from[1] == '"'); *to++ = *from++)
				from += *from == '"';
			from += *from == '"';
		}
		while (!strchr(ends, *from))
			*to++ = *from++;
		end = *from;
		*to = '\0';
		from += end != '\0';
	} while (end == separator);
	*at = from + (end == '\r' && *from == '\n');
	return n;
}

int foreign_csv(struct foreign_file *file, char *text, struct err *err)
{
	char *head[COLUMNS_MAX], *field[COLUMNS_MAX];
	struct foreign_runs runs = { { NULL, 0 }, NULL };
	struct text_table t = { .cell_id = NULL };
	char separator = text_separator(text);
	int columns = text_line(&text, separator, head), n, ret = 0;
	unsigned line = 1;

	if (columns < 0)
		return err_config(err, "has more than %d columns", COLUMNS_MAX);
	for (int i = 0; i < columns; i++) {
		const char **place = text_place(file->f, &t, head[i]);

		if (place)
			*place = "";
	}
	ret = text_check_columns(file, &t, err);
	while (!ret && *text) {
		t = (struct text_table){ .cell_id = NULL };
		n = text_line(&text, separator, field);
		line++;
		if (n == 1 && !*field[0])
			continue;
		if (n != columns)
			ret = err_config(err, "has %d fields, but the first line has %d", n, columns);
		for (int i = 0; !ret && i < n; i++) {
			const char **place = text_place(file->f, &t, head[i]);

			if (place)
				*place = field[i];
		}
		if (!ret)
			ret = text_table_row(file, &t, &runs, err);
		if (ret)
			err_prefix(err, "line %u", line);
	}
	foreign_runs_release(&runs);
	return ret;
}

/* --- NDJSON ------------------------------------------------------------------------------ */

static int text_ndjson_row(struct foreign_file *file, const struct view *o,
			   struct foreign_runs *runs, struct err *err)
{
	struct text_table t = { .cell_id = NULL };
	char *number[COLUMNS_MAX];
	const struct view *v;
	int n = 0, ret = 0;

	view_each(v, o) {
		const char **place = o->type == JSON_OBJECT ? text_place(file->f, &t, v->key) : NULL;

		if (!place || v->type == JSON_NULL)
			continue;
		if (v->type == JSON_STRING) {
			*place = v->text;
		} else if (view_is_number(v) && n < COLUMNS_MAX) {
			number[n] = strndup(v->json, v->json_len);
			*place = number[n++];
		}
	}
	ret = text_check_columns(file, &t, err);
	if (!ret)
		ret = text_table_row(file, &t, runs, err);
	while (n)
		free(number[--n]);
	return ret;
}

int foreign_ndjson(struct foreign_file *file, char *text, size_t len, struct err *err)
{
	struct foreign_runs runs = { { NULL, 0 }, NULL };
	struct view_doc doc = VIEW_DOC_INIT;
	const struct view *root;
	unsigned line = 0;
	int ret = 0;

	for (char *end = text + len, *next; !ret && text < end; text = next) {
		char *stop = memchr(text, '\n', (size_t)(end - text));

		next = stop ? stop + 1 : end;
		stop = stop ? stop : end;
		line++;
		if (stop == text)
			continue;
		ret = view_parse(&doc, text, (size_t)(stop - text), &root, err);
		if (!ret)
			ret = text_ndjson_row(file, root, &runs, err);
		if (ret)
			err_prefix(err, "line %u", line);
	}
	view_release(&doc);
	foreign_runs_release(&runs);
	return ret ? (ret < 0 ? ret : -EINVAL) : 1;
}
