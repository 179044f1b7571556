/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "export.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

/* --- JSON ----------------------------------------------------------------------- */

struct json_out {
	FILE *to;
	const struct plan *plan;
	unsigned long n;
};

static int dump(FILE *to, const json_t *json, struct err *err)
{
	if (!json || json_dumpf(json, to, JSON_COMPACT | JSON_ENCODE_ANY))
		return err_sys(err, errno ? errno : ENOMEM,
			       "cannot write the export");
	return 0;
}

/* A record as it is, with its place in the merged whole. */
static int dump_record(void *arg, const struct record *r,
		       const struct store_place *at, struct err *err)
{
	struct json_out *o = arg;

	json_object_set_new(r->json, "campaign", json_integer(at->campaign));
	if (r->type == RECORD_CAMPAIGN)
		json_object_del(r->json, "plan");	/* once is enough */
	if (at->boot) {
		json_object_set_new(r->json, "boot", json_integer(at->boot));
		json_object_set_new(r->json, "block", json_integer(at->block));
		json_object_set_new(r->json, "arm",
				    json_string(o->plan->arms[at->arm].name));
	}
	fputs(o->n++ ? ",\n" : "\n", o->to);
	return dump(o->to, r->json, err);
}

int export_json(struct store *s, FILE *to, struct err *err)
{
	struct json_out o = { .to = to, .plan = store_plan(s) };
	json_t *plan = plan_to_json(o.plan);
	int ret;

	fprintf(to, "{\"kduel_export\":1,\"domain\":\"%s\",\"plan\":",
		store_domain(s));
	ret = dump(to, plan, err);
	json_decref(plan);
	if (ret)
		return ret;
	fputs(",\n\"records\":[", to);
	ret = store_records(s, dump_record, &o, err);
	fputs("\n]}\n", to);
	return ret;
}

/* --- CSV ------------------------------------------------------------------------ */

static void put_text(FILE *to, const char *text)
{
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, to);
		return;
	}
	putc('"', to);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', to);
		putc(*text, to);
	}
	putc('"', to);
}

/*
 * One row: `types` has a letter for each column: t text (NULL is empty),
 * u unsigned, U uint64_t, d double (NaN is empty).
 */
static void put_row(FILE *to, const char *types, ...)
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
		case 'd':
			d = va_arg(ap, double);
			if (!isnan(d))
				fprintf(to, "%.17g", d);
			break;
		default:
			text = va_arg(ap, const char *);
			put_text(to, text ? text : "");
		}
	}
	va_end(ap);
	fputs("\r\n", to);	/* RFC 4180 */
}

struct csv_out {
	FILE *to;
	struct store *s;
};

static int put_iterations(void *arg, const struct record *r,
			  const struct store_place *at, struct err *err)
{
	struct csv_out *o = arg;
	const json_t *v;
	char *point;
	size_t i;

	if (r->type != RECORD_SAMPLE)
		return 0;
	point = record_point_text(r->point);
	if (!point)
		return err_sys(err, ENOMEM, "cannot write the export");
	json_array_foreach(r->values, i, v)
		put_row(o->to, "uuttutttttttud", at->block, at->boot,
			store_plan(o->s)->arms[at->arm].name, r->cell,
			r->process, r->metric, point, r->unit, r->kind,
			r->better, r->steady ? "true" : "false",
			r->void_reason, (unsigned)i + 1, json_number_value(v));
	free(point);
	return 0;
}

static int csv_iterations(struct store *s, FILE *to, struct err *err)
{
	struct csv_out o = { to, s };

	return store_records(s, put_iterations, &o, err);
}

static int put_series(struct store *s, const struct store_series *r, FILE *to,
		      struct err *err)
{
	struct store_value *list;
	size_t n;
	int ret = store_values(s, r, &list, &n, err);

	for (size_t i = 0; !ret && i < n; i++) {
		const struct store_value *v = &list[i];

		put_row(to, "uuttuttttttuutdddddddt", v->block, v->boot,
			store_plan(s)->arms[v->arm].name, r->cell, v->process,
			r->metric, r->counter, r->point_text, r->unit, r->kind,
			r->better, v->n, v->rejected,
			v->steady ? "true" : "false", v->median, v->mean,
			v->sd, v->min, v->p10, v->p90, v->max, v->void_reason);
	}
	free(list);
	return ret;
}

static int csv_processes(struct store *s, FILE *to, struct err *err)
{
	const struct store_series *list;
	size_t n;
	int ret = store_series(s, &list, &n, err);

	for (size_t i = 0; !ret && i < n; i++)
		ret = put_series(s, &list[i], to, err);
	return ret;
}

static int csv_boots(struct store *s, FILE *to, struct err *err)
{
	const struct store_boot *b;
	size_t n;
	int ret = store_boots(s, &b, &n, err);

	for (size_t i = 0; !ret && i < n; i++)
		put_row(to, "uuuuttddt", b[i].boot, b[i].block, b[i].order,
			b[i].attempt, store_plan(s)->arms[b[i].arm].name,
			b[i].class, b[i].begun, b[i].ended, b[i].text);
	return ret;
}

static int csv_proofs(struct store *s, FILE *to, struct err *err)
{
	const struct store_proof *p;
	size_t n;
	int ret = store_proofs(s, &p, &n, err);

	for (size_t i = 0; !ret && i < n; i++)
		put_row(to, "uuttutttUUUdt", p[i].block, p[i].boot,
			store_plan(s)->arms[p[i].arm].name, p[i].cell,
			p[i].process, p[i].before ? "before" : "after",
			p[i].layer, p[i].method, p[i].bytes_4k, p[i].bytes_2m,
			p[i].bytes_1g, p[i].faults, p[i].unavailable);
	return ret;
}

static const struct {
	const char *name, *head;
	int (*write)(struct store *s, FILE *to, struct err *err);
} tables[] = {
	{ "iterations",
	  "block,boot,arm,cell,process,metric,point,unit,kind,better,steady,void,iteration,value",
	  csv_iterations },
	{ "processes",
	  "block,boot,arm,cell,process,metric,counter,point,unit,kind,better,n,rejected,steady,median,mean,sd,min,p10,p90,max,void",
	  csv_processes },
	{ "boots",
	  "boot,block,order,attempt,arm,class,begun,ended,text",
	  csv_boots },
	{ "proofs",
	  "block,boot,arm,cell,process,when,layer,method,bytes_4k,bytes_2m,bytes_1g,faults,unavailable",
	  csv_proofs },
};

const char *const export_tables[] = { "iterations", "processes", "boots",
				      "proofs", NULL };

int export_csv(struct store *s, const char *table, FILE *to, struct err *err)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		if (strcmp(tables[i].name, table))
			continue;
		fprintf(to, "%s\r\n", tables[i].head);
		return tables[i].write(s, to, err);
	}
	return err_config(err, "--table: '%s' is not known; one of iterations, processes, boots, proofs",
			  table);
}
