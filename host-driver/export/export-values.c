/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "export-values.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "safe.h"

bool export_next(const struct export_from *from, struct export_value *v)
{
	const struct comparison *c = from->c;

	for (; v->series < c->n_series; v->series++, v->at = 0) {
		v->s = &c->series[v->series];
		while (!v->s->counter && v->at < c->n_arms) {
			size_t a = v->at++;

			v->est = &v->s->est[a];
			v->vs = &v->s->vs[a];
			v->arm = c->arms[a].name;
			if (v->est->boots && (!from->arm || !strcmp(from->arm, v->arm)))
				return true;
		}
	}
	return false;
}

char *export_name(const struct export_from *from, const struct export_value *v)
{
	char *plain = text_format("%s %s%s%s%s%s", v->s->cell, v->s->metric,
				  *v->s->point_text ? " " : "", v->s->point_text,
				  from->arm ? "" : " ", from->arm ? "" : v->arm);
	char *name = safe_text(plain);

	free(plain);
	return name;
}

void export_escape(FILE *to, const char *text, const char *plain,
		   void (*put)(FILE *to, unsigned char c))
{
	for (; *text; text++)
		if (strchr(plain, *text))
			putc(*text, to);
		else
			put(to, (unsigned char)*text);
}

double export_per_second(const struct compare_series *s)
{
	static const char *const units[] = { "s", "ms", "us", "ns" };
	double per = 1;

	for (int i = 0; i < 4; i++, per *= 1000)
		if (!strcmp(s->kind, "time") && !strcmp(s->unit, units[i]))
			return per;
	return 0;
}

void export_time(double seconds, char buf[static 24])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (seconds <= 0 || !gmtime_r(&t, &tm) || !strftime(buf, 24, "%Y-%m-%dT%H:%M:%SZ", &tm))
		*buf = '\0';
}

int export_times(struct store *s, double *begun, double *ended, struct err *err)
{
	const struct store_boot *b;
	size_t n;
	int ret = store_boots(s, &b, &n, err);

	*begun = *ended = 0;
	for (size_t i = 0; !ret && i < n; i++) {
		*begun = i ? fmin(*begun, b[i].begun) : b[i].begun;
		*ended = fmax(*ended, b[i].ended);
	}
	return ret;
}

int export_json_write(FILE *to, json_t *json, struct err *err)
{
	int bad = !json || json_dumpf(json, to, JSON_INDENT(1) | JSON_ENSURE_ASCII);

	json_decref(json);
	putc('\n', to);
	return bad ? err_sys(err, errno ? errno : ENOMEM, "cannot write the export") : 0;
}

/* --- cases ---------------------------------------------------------------- */

/* Takes ownership of all three texts, and makes them safe. */
static void values_add_case(struct export_cases *cases, enum export_outcome outcome,
			    char *group, char *name, char *text)
{
	struct export_case *list = realloc(cases->list, (cases->n + 1) * sizeof(*list));

	must_have(list);
	cases->list = list;
	list[cases->n++] = (struct export_case){ safe_text(group), safe_text(name),
						 safe_text(text), outcome };
	cases->count[outcome]++;
	free(group);
	free(name);
	free(text);
}

enum export_outcome export_outcome(enum verdict v)
{
	switch (v) {
	case VERDICT_IMPROVED:
	case VERDICT_NOT_WORSE:
		return CASE_PASS;
	case VERDICT_REGRESSED:
		return CASE_FAIL;
	case VERDICT_UNSTABLE:
		return CASE_ERROR;
	default:
		return CASE_SKIP;
	}
}

static char *values_case_text(const struct compare_series *s, const struct compare_result *r)
{
	struct number_effect e;

	if (!r->e.n)
		return text_format("%s: %s", verdict_name(r->verdict), r->reason);
	compare_effect(s, &r->e, &e);
	return text_format("%s: %s %s, %u blocks%s%s", verdict_name(r->verdict), e.effect,
			   e.interval, r->e.n, *r->reason ? "; " : "", r->reason);
}

/* Gates without any value are cases as well. */
static void values_add_unmeasured(struct export_cases *cases, const struct comparison *c,
				  const struct plan *p)
{
	for (size_t i = 0; i < p->n_gates && !c->declared; i++)
		for (size_t k = 0; k < p->n_cells; k++) {
			const char *cell = p->cells[k].id, *metric = p->gates[i].metric;

			if (!fnmatch(p->gates[i].cell, cell, 0) &&
			    !compare_has_gate(c, cell, metric))
				values_add_case(cases, CASE_SKIP, text_format("%s", cell),
						text_format("%s", metric),
						text_format("nothing was measured"));
		}
}

static void values_add_claims(struct export_cases *cases, const struct comparison *c)
{
	for (size_t i = 0; i < c->n_claims; i++) {
		const struct compare_claim *k = &c->claims[i];

		values_add_case(cases, k->outcome == CLAIM_HOLDS ? CASE_PASS :
				k->outcome == CLAIM_FAILS ? CASE_FAIL : CASE_SKIP,
				text_format("expect"), text_format("%s", k->text),
				text_format("%s: %s", claim_outcome_name(k->outcome),
					    k->detail));
	}
}

void export_cases_init(struct export_cases *cases, const struct export_from *from)
{
	const struct comparison *c = from->c;

	*cases = (struct export_cases){ .n = 0 };
	for (size_t i = 0; i < c->n_series; i++)
		for (size_t a = 0; a < c->n_arms; a++) {
			const struct compare_series *s = &c->series[i];

			if (!s->gate || a == c->baseline || c->arms[a].control)
				continue;
			values_add_case(cases, export_outcome(s->vs[a].verdict),
					text_format("%s", s->cell),
					text_format("%s%s%s: %s",
						    s->counter ? s->counter : s->metric,
						    *s->point_text ? " " : "", s->point_text,
						    c->arms[a].name),
					values_case_text(s, &s->vs[a]));
		}
	values_add_unmeasured(cases, c, store_plan(from->store));
	values_add_claims(cases, c);
}

void export_cases_release(struct export_cases *cases)
{
	for (size_t i = 0; i < cases->n; i++) {
		free(cases->list[i].group);
		free(cases->list[i].name);
		free(cases->list[i].text);
	}
	free(cases->list);
}
