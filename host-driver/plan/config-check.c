/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config-check.h"

#include <stdio.h>
#include <string.h>

#include "backing/backing.h"
#include "bench/params.h"
#include "bench/registry.h"
#include "bench/source.h"
#include "kernel/kernel.h"
#include "size.h"

#define FIELD_MAX 160
#define KNOWN_MAX 64

struct check {
	const struct config *c;
	const struct conf *y;
	struct err *err;
	char **kernels;
	size_t n_kernels;
};

static int check_word(struct check *k, const char *field, const char *what,
		      const char *word, const char *const *known, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(known[i], word))
			return 0;
	return conf_unknown(k->y, field, k->err, what, word, known, n);
}

/* --- kernels ------------------------------------------------------------------ */

static int check_kernel(struct check *k, const char *field, const char *name)
{
	return check_word(k, field, "kernel", name,
			  (const char *const *)k->kernels, k->n_kernels);
}

/* What kernel_set_layout() knows. */
static int check_layouts(struct check *k, unsigned arm)
{
	static const char *const known[] = { "default", "16", "32", "64",
					     "128" };
	const struct config_arm *a = &k->c->arms[arm];
	char field[FIELD_MAX];
	int ret = 0;

	for (unsigned i = 0; !ret && i < a->n_layouts; i++) {
		snprintf(field, sizeof(field), "arms[%u].layout[%u]", arm, i);
		ret = check_word(k, field, "layout", a->layouts[i], known,
				 sizeof(known) / sizeof(known[0]));
	}
	return ret;
}

static int check_kernels(struct check *k)
{
	char field[FIELD_MAX];
	int ret;

	for (unsigned i = 0; i < k->c->n_arms; i++) {
		snprintf(field, sizeof(field), "arms[%u].kernel", i);
		ret = check_kernel(k, field, k->c->arms[i].kernel);
		if (!ret)
			ret = check_layouts(k, i);
		if (ret)
			return ret;
	}
	return check_kernel(k, "guest.kernel", k->c->guest.kernel);
}

/* --- cells -------------------------------------------------------------------- */

static int check_backing(struct check *k, const char *field, const char *word)
{
	const char *known[KNOWN_MAX];
	size_t n = 0;

	for (; backing_kinds[n] && n < KNOWN_MAX; n++)
		known[n] = backing_kinds[n]->name;
	return check_word(k, field, "backing", word, known, n);
}

static int check_source(struct check *k, const char *field, const char *word)
{
	const char *known[KNOWN_MAX];
	size_t n = 0;

	for (const struct source *s = sources; s->name && n < KNOWN_MAX; s++)
		known[n++] = s->name;
	return check_word(k, field, "source", word, known, n);
}

static int check_workload(struct check *k, const char *field, const char *word)
{
	const char *known[KNOWN_MAX];
	size_t n = 0;

	for (; workloads[n] && n < KNOWN_MAX; n++)
		known[n] = workloads[n]->name;
	return check_word(k, field, "workload", word, known, n);
}

/* A buffer of the guest that is larger than the guest. */
static int check_size(struct check *k, const char *field,
		      const struct params *p, const char *key)
{
	const struct value *v = params_find(p, key);
	const char *memory = k->c->guest.memory;
	uint64_t room;

	if (!v || v->param->type != PARAM_SIZE || size_parse(memory, &room, NULL) || v->hi < room)
		return 0;
	return conf_error(k->y, field, k->err,
			  "%s does not fit in guest.memory, %s", v->text,
			  memory);
}

static int check_param(struct check *k, unsigned cell, struct params *p,
		       const struct conf_pair *pair)
{
	struct err said = ERR_INIT;
	char field[FIELD_MAX];
	int ret;

	for (unsigned i = 0; i < pair->n_values; i++) {
		snprintf(field, sizeof(field), "cells[%u].params.%.64s[%u]",
			 cell, pair->key, i);
		if (params_set(p, pair->key, pair->values[i], &said))
			return conf_error(k->y, field, k->err, "%s", said.text);
		ret = check_size(k, field, p, pair->key);
		if (ret)
			return ret;
	}
	return 0;
}

static int check_params(struct check *k, unsigned cell,
			const struct workload *w)
{
	const struct config_cell *c = &k->c->cells[cell];
	struct params p;
	int ret = params_init(&p, w, k->err);

	for (unsigned i = 0; !ret && i < c->n_params; i++)
		ret = check_param(k, cell, &p, &c->params[i]);
	params_release(&p);
	return ret;
}

static int check_list(struct check *k, unsigned cell, const char *key,
		      char *const *words, unsigned n,
		      int (*check)(struct check *, const char *, const char *))
{
	char field[FIELD_MAX];
	int ret = 0;

	snprintf(field, sizeof(field), "cells[%u].%s", cell, key);
	if (n == 0)
		return conf_error(k->y, field, k->err, "the list is empty");
	for (unsigned i = 0; !ret && i < n; i++) {
		snprintf(field, sizeof(field), "cells[%u].%s[%u]", cell, key, i);
		ret = check(k, field, words[i]);
	}
	return ret;
}

static int check_cell(struct check *k, unsigned i)
{
	const struct config_cell *c = &k->c->cells[i];
	const struct workload *w;
	int ret = check_list(k, i, "backing", c->backings, c->n_backings,
			     check_backing);

	if (!ret)
		ret = check_list(k, i, "source", c->sources, c->n_sources,
				 check_source);
	if (!ret)
		ret = check_list(k, i, "workload", c->workloads,
				 c->n_workloads, check_workload);
	for (unsigned n = 0; !ret && n < c->n_workloads; n++) {
		ret = workload_find(c->workloads[n], &w, k->err);
		if (!ret)
			ret = check_params(k, i, w);
	}
	return ret;
}

int config_check(const struct config *c, const struct conf *y, struct err *err)
{
	struct check k = { .c = c, .y = y, .err = err };
	int ret = kernel_names(&k.kernels, &k.n_kernels, err);

	if (!ret)
		ret = check_kernels(&k);
	for (unsigned i = 0; !ret && i < c->n_cells; i++)
		ret = check_cell(&k, i);
	kernel_names_free(k.kernels, k.n_kernels);
	return ret;
}
