/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store-impl.h"

/*
 * Lists are built from the columns when they are first asked for, without boots that
 * never ended.
 */
void store_release_lists(struct store *s)
{
	free(s->boots.items);
	free(s->cells.items);
	free(s->envs.items);
	free(s->series.items);
	free(s->missing.items);
	free(s->proofs.items);
	free(s->readings.items);
	free(s->identities);
	json_decref(s->keep);
}

int store_read_at(struct store *s, uint64_t at, struct record *r, struct err *err)
{
	const char *text;
	size_t len;
	int ret = journal_read_at(s->reader, at, &text, &len, err);

	r->of = NULL;
	return ret ? ret : record_read(&s->doc, text, len, r, err);
}

/* A JSON tree of what was read, which the store owns. NULL for NULL. */
static int read_tree(struct store *s, const struct view *v, const json_t **tree,
		     struct err *err)
{
	json_t *json;

	*tree = NULL;
	if (!v)
		return 0;
	json = json_loadb(v->json, v->json_len, 0, NULL);
	if (!json || json_array_append_new(s->keep, json))
		return pool_no_memory(err);
	*tree = json;
	return 0;
}

static const struct column_run *read_run(const struct store *s, unsigned run)
{
	return &s->columns.runs.items[run - 1];
}

#define BOOT(s, r) BOOT_OF(s, (r)->campaign, (r)->boot)
#define BLOCK(s, r) BLOCK_OF(s, (r)->campaign, (r)->block)

/* --- boots -------------------------------------------------------------------- */

static int read_boot(struct store *s, unsigned number, struct store_boot *b,
		     struct err *err)
{
	const struct column_run *run = read_run(s, number);
	struct record r;
	int ret = store_read_at(s, run->end_at, &r, err);

	if (ret)
		return ret;
	*b = (struct store_boot){
		.boot = BOOT(s, run), .block = BLOCK(s, run),
		.order = run->order, .attempt = run->attempt, .arm = run->arm,
		.class = run->class, .text = run->text, .ok = run->ok,
		.begun = run->begun, .ended = run->ended,
	};
	ret = read_tree(s, r.object, &b->phases, err);
	return ret ? ret : read_tree(s, r.console, &b->console, err);
}

static int read_compare_runs(const void *a, const void *b, void *arg)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
	const struct column_run *p = read_run(arg, x), *q = read_run(arg, y);

	if (p->campaign != q->campaign)
		return p->campaign < q->campaign ? -1 : 1;
	if (p->boot != q->boot)
		return p->boot < q->boot ? -1 : 1;
	return (x > y) - (x < y);
}

static int read_boots(struct store *s, struct err *err)
{
	const struct columns *c = &s->columns;
	unsigned *runs = calloc(c->runs.n + 1, sizeof(*runs));
	struct store_boot *boots = calloc(c->runs.n + 1, sizeof(*boots));
	int ret = runs && boots ? 0 : pool_no_memory(err);
	size_t n = 0;

	for (unsigned run = 1; !ret && run <= c->runs.n; run++)
		if (columns_ended(c, run))
			runs[n++] = run;
	if (!ret)
		qsort_r(runs, n, sizeof(*runs), read_compare_runs, s);
	for (size_t i = 0; !ret && i < n; i++)
		ret = read_boot(s, runs[i], &boots[i], err);
	free(runs);
	if (ret) {
		free(boots);
		return ret;
	}
	s->boots.items = boots;
	s->boots.n = n;
	return 0;
}

int store_boots(struct store *s, const struct store_boot **list, size_t *n,
		struct err *err)
{
	int ret = s->boots.items ? 0 : read_boots(s, err);

	*list = s->boots.items;
	*n = s->boots.n;
	return ret;
}

/* --- cells, environments, notes ----------------------------------------------------- */

static int read_cells(struct store *s, struct err *err)
{
	const struct columns *c = &s->columns;

	if (COLUMN_ROOM(s->cells, c->cells.n + 1, err))
		return pool_no_memory(err);
	for (size_t i = 0; i < c->cells.n; i++) {
		const struct column_cell *e = &c->cells.items[i];
		const struct column_run *run = read_run(s, e->run);

		if (run->class)
			s->cells.items[s->cells.n++] = (struct store_cell){
				.boot = BOOT(s, run), .block = BLOCK(s, run),
				.arm = run->arm, .process = e->process,
				.cell = s->plan->cells[e->cell].id,
				.class = e->class, .text = e->text,
			};
	}
	return 0;
}

int store_cells(struct store *s, const struct store_cell **list, size_t *n,
		struct err *err)
{
	int ret = s->cells.items ? 0 : read_cells(s, err);

	*list = s->cells.items;
	*n = s->cells.n;
	return ret;
}

static int read_env(struct store *s, const struct column_env *from,
		    struct store_env *e, struct err *err)
{
	const struct column_run *run = from->run ? read_run(s, from->run) : NULL;
	struct record r;
	int ret = store_read_at(s, from->at, &r, err);

	*e = (struct store_env){ .where = from->where, .arm = run ? (int)run->arm : -1,
				 .boot = run ? BOOT(s, run) : 0 };
	return ret ? ret : read_tree(s, r.object, &e->facts, err);
}

static int read_envs(struct store *s, struct err *err)
{
	const struct columns *c = &s->columns;
	struct store_env *envs = calloc(c->envs.n + 1, sizeof(*envs));
	int ret = envs ? 0 : pool_no_memory(err);
	size_t n = 0;

	for (size_t i = 0; !ret && i < c->envs.n; i++)
		if (columns_ended(c, c->envs.items[i].run))
			ret = read_env(s, &c->envs.items[i], &envs[n++], err);
	if (ret) {
		free(envs);
		return ret;
	}
	s->envs.items = envs;
	s->envs.n = n;
	return 0;
}

int store_envs(struct store *s, const struct store_env **list, size_t *n,
	       struct err *err)
{
	int ret = s->envs.items ? 0 : read_envs(s, err);

	*list = s->envs.items;
	*n = s->envs.n;
	return ret;
}

int store_notes(struct store *s, const char *const **list, size_t *n,
		struct err *err)
{
	(void)err;
	*list = s->columns.notes.items;
	*n = s->columns.notes.n;
	return 0;
}

static const json_t *read_identity(struct store *s, unsigned arm)
{
	uint64_t at = s->columns.identity_at[arm];
	const json_t *tree = NULL;
	struct record r;

	if (at)
		return store_read_at(s, at, &r, NULL) || read_tree(s, r.object, &tree, NULL)
			       ? NULL : tree;
	tree = json_object();
	return json_array_append_new(s->keep, (json_t *)tree) ? NULL : tree;
}

const json_t *store_identity(struct store *s, unsigned arm)
{
	if (!s->identities)
		s->identities = calloc(s->plan->n_arms, sizeof(*s->identities));
	if (s->identities && !s->identities[arm])
		s->identities[arm] = read_identity(s, arm);
	return s->identities ? s->identities[arm] : NULL;
}

/* --- series and values ---------------------------------------------------------------- */

/* Does the series have a value from a boot that ended? */
static bool read_was_seen(const struct store *s, const struct column_series *from)
{
	for (size_t i = 0; i < from->values.n; i++)
		if (columns_ended(&s->columns, from->values.items[i].run))
			return true;
	return false;
}

/* In the plan's order of cells, then in the order of first appearance. */
static int read_compare_series(const void *a, const void *b, void *arg)
{
	const struct column_series *list = arg;
	const struct store_series *x = a, *y = b;
	unsigned p = list[x->id - 1].cell, q = list[y->id - 1].cell;

	if (p != q)
		return p < q ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static int read_one_series(struct store *s, int id, struct store_series *to,
			   struct err *err)
{
	const struct column_series *from = &s->columns.series.items[id - 1];
	json_t *point = json_loads(from->point, 0, NULL);

	if (!point || json_array_append_new(s->keep, point))
		return pool_no_memory(err);
	*to = (struct store_series){
		.id = id, .cell = s->plan->cells[from->cell].id,
		.metric = from->metric, .counter = from->counter,
		.provider = from->provider, .point = point,
		.point_text = from->point_text, .unit = from->unit,
		.kind = from->kind, .better = from->better,
	};
	return 0;
}

static int read_series(struct store *s, struct err *err)
{
	const struct columns *c = &s->columns;
	struct store_series *list = calloc(c->series.n + 1, sizeof(*list));
	int ret = list ? 0 : pool_no_memory(err);
	size_t n = 0;

	for (size_t i = 0; !ret && i < c->series.n; i++)
		if (read_was_seen(s, &c->series.items[i]))
			ret = read_one_series(s, i + 1, &list[n++], err);
	if (ret) {
		free(list);
		return ret;
	}
	qsort_r(list, n, sizeof(*list), read_compare_series, c->series.items);
	s->series.items = list;
	s->series.n = n;
	return 0;
}

int store_series(struct store *s, const struct store_series **list, size_t *n,
		 struct err *err)
{
	int ret = s->series.items ? 0 : read_series(s, err);

	*list = s->series.items;
	*n = s->series.n;
	return ret;
}

static int read_compare_values(const void *a, const void *b)
{
	const struct store_value *x = a, *y = b;

	if (x->block != y->block)
		return x->block < y->block ? -1 : 1;
	if (x->arm != y->arm)
		return x->arm < y->arm ? -1 : 1;
	return (x->process > y->process) - (x->process < y->process);
}

int store_values(struct store *s, const struct store_series *series,
		 struct store_value **list, size_t *n, struct err *err)
{
	const struct column_series *from = &s->columns.series.items[series->id - 1];
	struct store_value *to = malloc((from->values.n + 1) * sizeof(*to));

	*n = 0;
	*list = to;
	if (!to)
		return pool_no_memory(err);
	for (size_t i = 0; i < from->values.n; i++) {
		const struct column_value *v = &from->values.items[i];
		const struct column_run *run = read_run(s, v->run);

		if (run->ok)
			to[(*n)++] = (struct store_value){
				.block = BLOCK(s, run), .boot = BOOT(s, run),
				.arm = run->arm, .process = v->process,
				.n = v->n, .steady = v->steady,
				.median = v->median,
				.void_reason = v->reason
					? texts_get(&s->columns.reasons, v->reason) : NULL,
			};
	}
	qsort(to, *n, sizeof(*to), read_compare_values);
	return 0;
}

/* --- missing counters, proofs ------------------------------------------------------- */

static int read_compare_missing(const void *a, const void *b)
{
	const struct store_missing *x = a, *y = b;
	int order = strcmp(x->counter, y->counter);

	return order ? order : strcmp(x->reason, y->reason);
}

static int read_missing(struct store *s, struct err *err)
{
	const struct columns *c = &s->columns;
	size_t n = c->missing_what.n, kept = 0;
	struct store_missing *list = calloc(n + 1, sizeof(*list));

	if (!list)
		return pool_no_memory(err);
	for (size_t i = 0; i < c->missing.n; i++)
		if (columns_ended(c, c->missing.items[i].run))
			list[c->missing.items[i].what - 1].samples += c->missing.items[i].samples;
	for (size_t i = 0; i < n; i++) {
		const char *what = texts_get(&c->missing_what, i + 1);

		if (!list[i].samples)
			continue;
		/* "counter\0reason": the counter's name ends with a NUL. */
		list[kept].samples = list[i].samples;
		list[kept].counter = what;
		list[kept++].reason = what + strlen(what) + 1;
	}
	qsort(list, kept, sizeof(*list), read_compare_missing);
	s->missing.items = list;
	s->missing.n = kept;
	return 0;
}

int store_missing(struct store *s, const struct store_missing **list,
		  size_t *n, struct err *err)
{
	int ret = s->missing.items ? 0 : read_missing(s, err);

	*list = s->missing.items;
	*n = s->missing.n;
	return ret;
}

static int read_proofs(struct store *s, struct err *err)
{
	const struct columns *c = &s->columns;

	if (COLUMN_ROOM(s->proofs, c->proofs.n + 1, err))
		return pool_no_memory(err);
	for (size_t i = 0; i < c->proofs.n; i++) {
		const struct column_proof *p = &c->proofs.items[i];
		const struct column_run *run = read_run(s, p->run);

		if (run->class)
			s->proofs.items[s->proofs.n++] = (struct store_proof){
				.boot = BOOT(s, run), .block = BLOCK(s, run),
				.arm = run->arm, .process = p->process,
				.cell = s->plan->cells[p->cell].id,
				.before = p->before, .layer = p->layer,
				.method = p->method, .unavailable = p->unavailable,
				.bytes_4k = p->bytes_4k, .bytes_2m = p->bytes_2m,
				.bytes_1g = p->bytes_1g, .faults = p->faults,
			};
	}
	return 0;
}

int store_proofs(struct store *s, const struct store_proof **list, size_t *n,
		 struct err *err)
{
	int ret = s->proofs.items ? 0 : read_proofs(s, err);

	*list = s->proofs.items;
	*n = s->proofs.n;
	return ret;
}

static int read_timeline(struct store *s, struct err *err)
{
	const struct columns *c = &s->columns;

	if (COLUMN_ROOM(s->readings, c->readings.n + 1, err))
		return pool_no_memory(err);
	for (size_t i = 0; i < c->readings.n; i++) {
		const struct column_reading *p = &c->readings.items[i];
		const struct column_run *run = read_run(s, p->run);
		struct store_reading *to = &s->readings.items[s->readings.n];

		if (!run->class)
			continue;
		*to = (struct store_reading){
			.boot = BOOT(s, run), .block = BLOCK(s, run), .arm = run->arm,
			.process = p->process, .cell = s->plan->cells[p->cell].id,
			.ok = run->ok, .apart = p->apart, .step = p->step,
			.layer = p->layer, .event = p->event, .seconds = p->seconds,
			.faults = p->faults,
		};
		memcpy(to->bytes, p->bytes, sizeof(to->bytes));
		s->readings.n++;
	}
	return 0;
}

int store_timeline(struct store *s, const struct store_reading **list, size_t *n,
		   struct err *err)
{
	int ret = s->readings.items ? 0 : read_timeline(s, err);

	*list = s->readings.items;
	*n = s->readings.n;
	return ret;
}
