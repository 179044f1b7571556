/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The values of a claim's picks in a block. */
#include "claims.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "bench/workload.h"
#include "vocab/words.h"

int claim_cannot(struct claim_check *k, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (!*k->why)
		vsnprintf(k->why, sizeof(k->why), fmt, ap);
	va_end(ap);
	return -ENODATA;
}

/* Is it not a metric of the workload: the driver's own, or a processor's counter? */
static bool value_is_beside(const struct comparison *c, const char *name)
{
	if (!strcmp(name, METRIC_GO_TO_RESULT))
		return true;
	for (size_t i = 0; i < c->n_missing; i++)
		if (!strcmp(c->missing[i].counter, name))
			return true;
	for (size_t i = 0; i < c->n_series; i++)
		if (c->series[i].counter && !strcmp(c->series[i].counter, name))
			return true;
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")];
}

bool claim_no_metric(const struct comparison *c, const char *workload, const json_t *params,
		     const char *metric, struct err *err)
{
	const struct workload *w;

	if (value_is_beside(c, metric))
		return false;
	if (!params && !workload_find(workload, &w, NULL) && w->declared)
		return false;
	return workload_metric_find(workload, params, metric, NULL, err) < 0;
}

int claim_no_series(struct claim_check *k, const struct claim_pick *p)
{
	struct err why = ERR_INIT;

	k->never |= claim_no_metric(k->c, p->path, NULL, p->field, &why);
	return claim_cannot(k, "no %s.%s%s%s was measured%s%s%s%s", p->path, p->field,
			    p->point ? " " : "", p->point ? p->point : "",
			    p->cells ? " in " : "", p->cells ? p->cells : "",
			    why.code ? "; " : "", why.text);
}

/* --- finding --------------------------------------------------------------- */

int claim_find_arm(const struct comparison *c, const char *name)
{
	if (!*name)
		return (int)c->baseline;
	for (size_t i = 0; i < c->n_arms; i++)
		if (!strcmp(c->arms[i].name, name))
			return (int)i;
	return -1;
}

bool claim_matches(const struct claim_pick *p, const struct compare_series *s)
{
	const char *name = s->counter ? s->counter : s->metric;

	return !strcmp(p->path, s->workload) && !strcmp(p->field, name) &&
	       (!p->point || !strcmp(p->point, s->point_text)) &&
	       claim_in_cells(p->cells, s->cell);
}

const struct compare_series *claim_series(struct claim_check *k,
					  const struct claim_pick *p)
{
	const struct compare_series *found = NULL;

	for (size_t i = 0; i < k->c->n_series; i++) {
		const struct compare_series *s = &k->c->series[i];

		if (!claim_matches(p, s) || (!p->point && strcmp(s->point_text, k->at->point_text)))
			continue;
		if (k->one_place && strcmp(s->cell, k->at->cell))
			continue;
		if (found) {
			claim_cannot(k, "%s.%s is measured in both %s and %s: name the cell with @",
			       p->path, p->field, found->cell, s->cell);
			return NULL;
		}
		found = s;
	}
	if (!found)
		claim_no_series(k, p);
	return found;
}

/* --- values ---------------------------------------------------------------- */

static double claims_value_page_field(const struct compare_pages *p, const char *field)
{
	double all = p->bytes_4k + p->bytes_2m + p->bytes_1g;
	double bytes = *field == '4' ? p->bytes_4k : *field == '2' ? p->bytes_2m
								   : p->bytes_1g;

	if (!strcmp(field, "faults"))
		return p->faults;
	return strstr(field, "share") ? bytes / all : bytes;
}

/* Faults are counted where page sizes may not be. */
static unsigned claims_value_readings(const struct compare_pages *p, const char *field)
{
	return strcmp(field, "faults") ? p->readings : p->counted;
}

/* A layer's figure in a block: the mean over the cells that the pick names. */
static double claims_layer_value(struct claim_check *k, const struct claim_pick *p, size_t arm,
				 size_t block)
{
	double sum = 0;
	unsigned n = 0, seen = 0;

	for (size_t i = 0; i < k->c->n_proofs; i++) {
		const struct compare_proof *proof = &k->c->proofs[i];

		if (proof->arm != arm || strcmp(proof->layer, p->path))
			continue;
		if (!proof->cell != !p->cells ||
		    (proof->cell && !claim_in_cells(p->cells, proof->cell)))
			continue;
		seen++;
		if (!claims_value_readings(&proof->after, p->field))
			claim_cannot(k, "%s: %s", p->path, *proof->unavailable ? proof->unavailable
								     : "faults are not counted");
		if (claims_value_readings(&proof->block[block], p->field)) {
			sum += claims_value_page_field(&proof->block[block], p->field);
			n++;
		}
	}
	if (!seen)
		claim_cannot(k, "no page sizes of %s were read%s%s", p->path,
		       p->cells ? " in " : "", p->cells ? p->cells : "");
	return n ? sum / n : NAN;
}

static double claims_pick_value(struct claim_check *k, const struct claim_pick *p, size_t block)
{
	int arm = claim_find_arm(k->c, p->arm);
	const struct compare_series *s;

	if (p->layer)
		return claims_layer_value(k, p, (size_t)arm, block);
	s = claim_series(k, p);
	if (!s)
		return NAN;
	if (!s->est[arm].boots && s->est[arm].voids)
		claim_cannot(k, "all samples of %s are void: %s", k->c->arms[arm].name,
		       s->est[arm].void_reason);
	return s->est[arm].boot[block];
}

double claim_value(struct claim_check *k, const struct claim_node *n, size_t block)
{
	if (n->kind == NODE_NUMBER)
		return n->number;
	if (n->kind == NODE_PICK)
		return claims_pick_value(k, &n->pick, block);
	return claim_compute(n, claim_value(k, n->left, block), claim_value(k, n->right, block));
}
