/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "export.h"
#include "record.h"
#include "safe.h"

/*
 * Foreign text: made safe for a terminal, and for a spreadsheet, to which what
 * begins with one of these is a formula.
 */
static void export_csv_put_text(FILE *to, const char *foreign)
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

/*
 * One row: `types` has a letter for each column: t text (NULL is empty),
 * u unsigned, U uint64_t, x uint64_t that is not known, d double (NaN is
 * empty).
 */
static void export_csv_put_row(FILE *to, const char *types, ...)
{
	const char *text;
	va_list ap;
	double d;

	va_start(ap, types);
	for (const char *t = types; *t; t++) {
		if (t != types)
			putc(',', to);
		switch (*t) {
		case 'u':
			fprintf(to, "%u", va_arg(ap, unsigned));
			break;
		case 'U':
			fprintf(to, "%" PRIu64, va_arg(ap, uint64_t));
			break;
		case 'x':
			(void)va_arg(ap, uint64_t);
			break;
		case 'd':
			d = va_arg(ap, double);
			if (!isnan(d))
				fprintf(to, "%.17g", d);
			break;
		default:
			text = va_arg(ap, const char *);
			export_csv_put_text(to, text ? text : "");
		}
	}
	va_end(ap);
	putc('\n', to);
}

/* --- what records have --------------------------------------------------------------- */

struct csv_out {
	FILE *to;
	const struct plan *plan;
	double *values;		/* scratch */
	size_t room;
};

/* A sample, and what all its rows have. */
struct csv_sample {
	const struct record *r;
	const struct store_place *at;
	const char *arm;
	record_point point;
};

static const char *const truth[] = { "false", "true" };

static void export_csv_read_sample(const struct csv_out *o, const struct record *r,
				   const struct store_place *at, struct csv_sample *s)
{
	s->r = r;
	s->at = at;
	s->arm = o->plan->arms[at->arm].name;
	record_point_text(r->point, s->point);
}

static int export_csv_put_iterations(void *arg, const struct record *r,
				     const struct store_place *at, struct err *err)
{
	struct csv_out *o = arg;
	struct csv_sample s;
	const struct view *v;
	unsigned i = 0;

	(void)err;
	if (r->type != RECORD_SAMPLE)
		return 0;
	export_csv_read_sample(o, r, at, &s);
	view_each(v, r->values)
		export_csv_put_row(o->to, "uutttuttttttttud", at->block, at->boot,
				   at->class, s.arm, r->cell, r->process, r->metric,
				   s.point, r->unit, r->kind, r->better, r->domain,
				   truth[r->steady], r->void_reason, ++i, v->real);
	return 0;
}

/* A counter's row has its sample's `v` but one value, for each of its things. */
static void export_csv_put_process(const struct csv_out *o, const struct csv_sample *s,
				   const struct record_counter *c, const struct summary *v)
{
	const struct record *r = s->r;

	export_csv_put_row(o->to, "uutttutttttttuutdddddddt", s->at->block, s->at->boot,
			   s->at->class, s->arm, r->cell, r->process, r->metric, c ? c->name : NULL,
			   s->point, c ? NULL : r->unit, c ? "count" : r->kind,
			   c ? "none" : r->better, r->domain, v->n,
			   r->rejected ? r->rejected->n : 0, truth[r->steady], v->median,
			   v->mean, v->sd, v->min, v->p10, v->p90, v->max, r->void_reason);
}

static int export_csv_summarise(struct csv_out *o, const struct view *values,
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

static int export_csv_put_processes(void *arg, const struct record *r,
				    const struct store_place *at, struct err *err)
{
	struct csv_out *o = arg;
	struct record_counter c;
	struct csv_sample s;
	struct summary sum;
	const struct view *v;
	int ret;

	if (r->type != RECORD_SAMPLE)
		return 0;
	export_csv_read_sample(o, r, at, &s);
	ret = export_csv_summarise(o, r->values, &sum, err);
	if (ret)
		return ret;
	export_csv_put_process(o, &s, NULL, &sum);
	view_each(v, r->counters) {
		ret = record_counter(v, &c, err);
		if (ret)
			return ret;
		sum = (struct summary){ 1, c.value, c.value, NAN, c.value,
					c.value, c.value, c.value };
		if (!c.unavailable)
			export_csv_put_process(o, &s, &c, &sum);
	}
	return 0;
}

static int csv_records(struct store *s, FILE *to, store_record_fn put,
		       struct err *err)
{
	struct csv_out o = { .to = to, .plan = store_plan(s) };
	int ret = store_records(s, put, &o, err);

	free(o.values);
	return ret;
}

static int csv_iterations(struct store *s, FILE *to, struct err *err)
{
	return csv_records(s, to, export_csv_put_iterations, err);
}

static int csv_processes(struct store *s, FILE *to, struct err *err)
{
	return csv_records(s, to, export_csv_put_processes, err);
}

/* --- what the lists have ---------------------------------------------------------------- */

static int csv_boots(struct store *s, FILE *to, struct err *err)
{
	const struct store_boot *b;
	size_t n;
	int ret = store_boots(s, &b, &n, err);

	for (size_t i = 0; !ret && i < n; i++)
		export_csv_put_row(to, "uuuuttddt", b[i].boot, b[i].block, b[i].order,
				   b[i].attempt, store_plan(s)->arms[b[i].arm].name,
				   b[i].class, b[i].begun, b[i].ended, b[i].text);
	return ret;
}

/* What could not be read has no bytes, not even 0. */
static void export_csv_put_proof(FILE *to, const struct plan *plan,
				 const struct store_proof *p)
{
	export_csv_put_row(to, p->unavailable ? "uuttutttxxxdt" : "uuttutttUUUdt",
			   p->block, p->boot, plan->arms[p->arm].name, p->cell,
			   p->process, p->before ? "before" : "after", p->layer,
			   p->method, p->bytes_4k, p->bytes_2m, p->bytes_1g, p->faults,
			   p->unavailable);
}

static int csv_proofs(struct store *s, FILE *to, struct err *err)
{
	const struct store_proof *p;
	size_t n;
	int ret = store_proofs(s, &p, &n, err);

	for (size_t i = 0; !ret && i < n; i++)
		export_csv_put_proof(to, store_plan(s), &p[i]);
	return ret;
}

static const struct {
	const char *name, *head;
	int (*write)(struct store *s, FILE *to, struct err *err);
} tables[] = {
	{ "iterations",
	  "block,boot,boot_class,arm,cell,process,metric,point,unit,kind,better,domain,steady,void,iteration,value",
	  csv_iterations },
	{ "processes",
	  "block,boot,boot_class,arm,cell,process,metric,counter,point,unit,kind,better,domain,n,rejected,steady,median,mean,sd,min,p10,p90,max,void",
	  csv_processes },
	{ "boots",
	  "boot,block,order,attempt,arm,class,begun,ended,text",
	  csv_boots },
	{ "proofs",
	  "block,boot,arm,cell,process,when,layer,method,bytes_4k,bytes_2m,bytes_1g,faults,unavailable",
	  csv_proofs },
};

const char *export_table(size_t i)
{
	return i < sizeof(tables) / sizeof(tables[0]) ? tables[i].name : NULL;
}

int export_csv(struct store *s, const char *table, FILE *to, struct err *err)
{
	char known[128] = "";
	size_t used = 0;

	for (size_t i = 0; export_table(i); i++) {
		used += snprintf(known + used, sizeof(known) - used, "%s%s",
				 i ? ", " : "", tables[i].name);
		if (strcmp(tables[i].name, table))
			continue;
		fprintf(to, "%s\r\n", tables[i].head);
		return tables[i].write(s, to, err);
	}
	return err_config(err, "--table: '%s' is not known; one of %s", table, known);
}
