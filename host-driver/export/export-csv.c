/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables for spreadsheets and scripts: CSV (RFC 4180), and NDJSON. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "safe.h"
#include "store/columns.h"
#include "store/record.h"

/* Each table is written row by row in one of two forms, with the same columns. */
#define SHEET_COLUMNS_MAX 32

enum sheet_kind { SHEET_TEXT, SHEET_COUNT, SHEET_REAL, SHEET_TRUTH, SHEET_UNKNOWN };

struct sheet_cell {
	const char *column;
	bool first;		/* of its row */
	enum sheet_kind kind;
	const char *text;	/* foreign; never NULL */
	uint64_t count;
	double real;		/* finite */
	bool truth;
};

struct sheet_form {
	void (*head)(FILE *to, const char *columns);	/* "block,boot,..." */
	void (*cell)(FILE *to, const struct sheet_cell *cell);
	void (*end_row)(FILE *to);
};

struct sheet {
	FILE *to;
	const struct sheet_form *form;
	const struct export_from *from;
	char *names, *column[SHEET_COLUMNS_MAX];
	double *values;		/* scratch */
	size_t room;
};

/*
 * Writes one row. `types` has a letter for each column: t text (NULL: unknown), u
 * unsigned, U uint64_t, x an unknown uint64_t, d double (not finite: unknown), b int
 * as a truth value.
 */
static void csv_sheet_row(struct sheet *s, const char *types, ...)
{
	va_list ap;

	va_start(ap, types);
	for (size_t i = 0; types[i]; i++) {
		struct sheet_cell c = { .column = s->column[i], .first = !i, .text = "",
					.kind = SHEET_COUNT };

		if (types[i] == 'u') {
			c.count = va_arg(ap, unsigned);
		} else if (types[i] == 'U' || types[i] == 'x') {
			c.count = va_arg(ap, uint64_t);
			c.kind = types[i] == 'x' ? SHEET_UNKNOWN : SHEET_COUNT;
		} else if (types[i] == 'd') {
			c.real = va_arg(ap, double);
			c.kind = isfinite(c.real) ? SHEET_REAL : SHEET_UNKNOWN;
		} else if (types[i] == 'b') {
			c.truth = va_arg(ap, int);
			c.kind = SHEET_TRUTH;
		} else {
			const char *text = va_arg(ap, const char *);

			c.text = text ? text : "";
			c.kind = text ? SHEET_TEXT : SHEET_UNKNOWN;
		}
		s->form->cell(s->to, &c);
	}
	va_end(ap);
	s->form->end_row(s->to);
}

/* --- tables of records --------------------------------------------------------------- */

/* A sample, and what all its rows share. */
struct sheet_sample {
	const struct record *r;
	const struct store_place *at;
	const char *arm;
	record_point point;
};

static void csv_sheet_read_sample(const struct sheet *o, const struct record *r,
				  const struct store_place *at, struct sheet_sample *s)
{
	s->r = r;
	s->at = at;
	s->arm = store_plan(o->from->store)->arms[at->arm].name;
	record_point_text(r->point, s->point);
}

static int csv_sheet_put_iterations(void *arg, const struct record *r,
				    const struct store_place *at, struct err *err)
{
	struct sheet *o = arg;
	struct sheet_sample s;
	const struct view *v;
	unsigned i = 0;

	(void)err;
	if (r->type != RECORD_SAMPLE)
		return 0;
	csv_sheet_read_sample(o, r, at, &s);
	view_each(v, r->values)
		csv_sheet_row(o, "uutttuttttttbtud", at->block, at->boot, at->class, s.arm,
			      r->cell, r->process, r->metric, s.point, r->unit, r->kind,
			      r->better, r->domain, r->steady, r->void_reason, ++i, v->real);
	return 0;
}

/* `c` NULL: the sample's row; else the row of a counter, with one value per thing. */
static void csv_sheet_put_process(struct sheet *o, const struct sheet_sample *s,
				  const struct record_counter *c, const struct summary *v)
{
	const struct record *r = s->r;

	csv_sheet_row(o, "uutttutttttttuubdddddddt", s->at->block, s->at->boot,
		      s->at->class, s->arm, r->cell, r->process, r->metric, c ? c->name : NULL,
		      s->point, c ? NULL : r->unit, c ? "count" : r->kind,
		      c ? "none" : r->better, r->domain, v->n,
		      r->rejected ? r->rejected->n : 0, r->steady, v->median,
		      v->mean, v->sd, v->min, v->p10, v->p90, v->max, r->void_reason);
}

static int csv_sheet_summarise(struct sheet *o, const struct view *values,
			       struct summary *s, struct err *err)
{
	const struct view *v;
	size_t n = 0;

	if (values->n > o->room) {
		double *more = realloc(o->values, 2 * values->n * sizeof(*more));

		if (!more)
			return err_sys(err, ENOMEM, "cannot write the export");
		o->values = more;
		o->room = 2 * values->n;
	}
	view_each(v, values)
		o->values[n++] = v->real;
	summary_of(o->values, n, s);
	return 0;
}

static int csv_sheet_put_processes(void *arg, const struct record *r,
				   const struct store_place *at, struct err *err)
{
	struct sheet *o = arg;
	struct record_counter c;
	struct sheet_sample s;
	struct summary sum;
	const struct view *v;
	int ret;

	if (r->type != RECORD_SAMPLE)
		return 0;
	csv_sheet_read_sample(o, r, at, &s);
	ret = csv_sheet_summarise(o, r->values, &sum, err);
	if (ret)
		return ret;
	csv_sheet_put_process(o, &s, NULL, &sum);
	view_each(v, r->counters) {
		ret = record_counter(v, &c, err);
		if (ret)
			return ret;
		sum = (struct summary){ 1, c.value, c.value, NAN, c.value,
					c.value, c.value, c.value };
		if (!c.unavailable)
			csv_sheet_put_process(o, &s, &c, &sum);
	}
	return 0;
}

static int csv_sheet_iterations(struct sheet *o, struct err *err)
{
	return store_records(o->from->store, csv_sheet_put_iterations, o, err);
}

static int csv_sheet_processes(struct sheet *o, struct err *err)
{
	return store_records(o->from->store, csv_sheet_put_processes, o, err);
}

/* --- tables of the store's lists --------------------------------------------------------- */

static int csv_sheet_boots(struct sheet *o, struct err *err)
{
	const struct plan *p = store_plan(o->from->store);
	const struct store_boot *b;
	size_t n;
	int ret = store_boots(o->from->store, &b, &n, err);

	for (size_t i = 0; !ret && i < n; i++)
		csv_sheet_row(o, "uuuuttddt", b[i].boot, b[i].block, b[i].order,
			      b[i].attempt, p->arms[b[i].arm].name, b[i].class,
			      b[i].begun, b[i].ended, b[i].text);
	return ret;
}

/* An unavailable proof has unknown bytes, not 0. */
static int csv_sheet_proofs(struct sheet *o, struct err *err)
{
	const struct plan *plan = store_plan(o->from->store);
	const struct store_proof *p;
	size_t n;
	int ret = store_proofs(o->from->store, &p, &n, err);

	for (; !ret && n; p++, n--)
		csv_sheet_row(o, p->unavailable ? "uuttutttxxxdt" : "uuttutttUUUdt",
			      p->block, p->boot, plan->arms[p->arm].name, p->cell, p->process,
			      p->before ? "before" : "after", p->layer, p->method, p->bytes_4k,
			      p->bytes_2m, p->bytes_1g, p->faults, p->unavailable);
	return ret;
}

/* --- the table of the comparison --------------------------------------------------------- */

static void csv_sheet_put_effect(struct sheet *o, const struct compare_series *s, size_t arm)
{
	const struct comparison *c = o->from->c;
	const struct compare_result *r = &s->vs[arm];
	bool known = r->e.n;

	csv_sheet_row(o, "ttttttttbttdddddbtudddddtt", s->cell, s->metric, s->counter,
		      s->point_text, s->unit, s->kind, better_words[s->better], c->domain,
		      s->gate, c->arms[arm].name, c->arms[c->baseline].name,
		      s->est[c->baseline].value, s->est[arm].value,
		      known ? r->e.effect : NAN, known ? r->e.lo : NAN, known ? r->e.hi : NAN,
		      known && r->e.absolute, known ? stats_method_name(r->e.method) : NULL,
		      r->e.n, known ? r->e.sde : NAN, known ? r->e.p : NAN,
		      known ? r->p_adjusted : NAN, known ? r->p_worse_adjusted : NAN,
		      r->margin, verdict_name(r->verdict), r->reason);
}

static int csv_sheet_effects(struct sheet *o, struct err *err)
{
	const struct comparison *c = o->from->c;

	(void)err;
	for (size_t i = 0; i < c->n_series; i++)
		for (size_t a = 0; a < c->n_arms; a++)
			if (a != c->baseline)
				csv_sheet_put_effect(o, &c->series[i], a);
	return 0;
}

static const struct {
	const char *name, *head;
	int (*write)(struct sheet *o, struct err *err);
} tables[] = {
	{ "iterations",
	  "block,boot,boot_class,arm,cell,process,metric,point,unit,kind,better,domain,steady,void,iteration,value",
	  csv_sheet_iterations },
	{ "processes",
	  "block,boot,boot_class,arm,cell,process,metric,counter,point,unit,kind,better,domain,n,rejected,steady,median,mean,sd,min,p10,p90,max,void",
	  csv_sheet_processes },
	{ "boots",
	  "boot,block,order,attempt,arm,class,begun,ended,text",
	  csv_sheet_boots },
	{ "proofs",
	  "block,boot,arm,cell,process,when,layer,method,bytes_4k,bytes_2m,bytes_1g,faults,unavailable",
	  csv_sheet_proofs },
	{ "effects",
	  "cell,metric,counter,point,unit,kind,better,domain,gate,arm,baseline,baseline_value,value,effect,lo,hi,absolute,method,n,sde,p,p_adjusted,p_worse_adjusted,margin,verdict,reason",
	  csv_sheet_effects },
};

static const char *const csv_tables[] = {
	"iterations", "processes", "boots", "proofs", "effects", NULL,
};

static void csv_sheet_name_columns(struct sheet *o)
{
	char *save = NULL;
	size_t n = 0;

	for (char *c = strtok_r(o->names, ",", &save); c; c = strtok_r(NULL, ",", &save))
		o->column[n++] = c;
}

static int csv_sheet_write(const struct export_from *from, const struct sheet_form *form,
			   FILE *to, struct err *err)
{
	struct sheet o = { .to = to, .form = form, .from = from };
	size_t i = 0;
	int ret;

	while (strcmp(tables[i].name, from->table))
		i++;
	o.names = strdup(tables[i].head);
	if (!o.names)
		return err_sys(err, ENOMEM, "cannot write the export");
	csv_sheet_name_columns(&o);
	if (form->head)
		form->head(to, tables[i].head);
	ret = tables[i].write(&o, err);
	free(o.names);
	free(o.values);
	return ret;
}

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

	return csv_sheet_write(from, &form, to, err);
}

const struct export_format export_csv = {
	.name = "csv", .help = "a table as CSV", .tables = csv_tables, .write = csv_write,
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

	return csv_sheet_write(from, &form, to, err);
}

const struct export_format export_ndjson = {
	.name = "ndjson", .help = "a table as JSON, one object per line",
	.tables = csv_tables, .write = csv_ndjson_write,
};
