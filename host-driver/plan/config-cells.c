/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A config's cells: lists multiplied, each named, and --only applied. */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "config-build.h"

/* One of the workload's parameter sets: each key at one of its values. */
static json_t *pick_params(const struct config_cell *c, size_t pick)
{
	json_t *params = json_object();

	for (unsigned i = 0; i < c->n_params; i++) {
		const struct conf_pair *p = &c->params[i];

		json_object_set_new(params, p->key,
				    json_string(p->values[pick % p->n_values]));
		pick /= p->n_values;
	}
	return params;
}

static size_t count_params(const struct config_cell *c)
{
	size_t n = 1;

	for (unsigned i = 0; i < c->n_params && n <= CONFIG_CELLS_MAX; i++)
		n *= c->params[i].n_values;
	return n;
}

static int add_cell(struct build *b, const struct config_cell *c,
		    const char *backing, const char *source,
		    const char *workload, size_t pick)
{
	struct plan_cell *to = &b->p->cells[b->p->n_cells];

	to->params = pick_params(c, pick);
	to->processes = c->processes;
	to->samples = c->samples;
	to->allow_small = c->allow_small;
	b->p->n_cells++;
	if (!to->params || build_copy(b, &to->backing, backing) ||
	    build_copy(b, &to->source, source) || build_copy(b, &to->workload, workload))
		return build_no_memory(b);
	if (asprintf(&to->id, "%s/%s/%s", backing, source, workload) < 0) {
		to->id = NULL;
		return build_no_memory(b);
	}
	return 0;
}

/* Lists multiply; the last one named here varies fastest. */
static int multiply_cell(struct build *b, const struct config_cell *c)
{
	size_t picks = count_params(c), done = 0;
	size_t total = (size_t)c->n_backings * c->n_sources * c->n_workloads;
	int ret = 0;

	for (; !ret && done < total * picks; done++) {
		size_t pick = done % picks, i = done / picks;
		size_t w = i % c->n_workloads, s = i / c->n_workloads;

		ret = add_cell(b, c, c->backings[s / c->n_sources],
			       c->sources[s % c->n_sources], c->workloads[w],
			       pick);
	}
	return ret;
}

static size_t count_cells(const struct config *c)
{
	size_t n = 0;

	for (unsigned i = 0; i < c->n_cells && n <= CONFIG_CELLS_MAX; i++)
		n += (size_t)c->cells[i].n_backings * c->cells[i].n_sources *
		     c->cells[i].n_workloads * count_params(&c->cells[i]);
	return n;
}

/* Does parameter `key` differ among the cells of this name? */
static bool differs(const struct plan *p, const struct plan_cell *cell,
		    const char *key, const char *base)
{
	const json_t *mine = json_object_get(cell->params, key);

	for (size_t i = 0; i < p->n_cells; i++) {
		const char *id = p->cells[i].id;

		if (!strncmp(id, base, strlen(base)) &&
		    strchr("?", id[strlen(base)]) &&
		    !json_equal(mine, json_object_get(p->cells[i].params, key)))
			return true;
	}
	return false;
}

/* "a/b/c" becomes "a/b/c?size=64M" where cells would have the same name. */
static int name_cell(struct build *b, struct plan_cell *cell)
{
	char *base = strdup(cell->id), *id;
	const char *key;
	char sep = '?';
	json_t *value;

	if (!base)
		return build_no_memory(b);
	json_object_foreach(cell->params, key, value) {
		if (!differs(b->p, cell, key, base))
			continue;
		if (asprintf(&id, "%s%c%s=%s", cell->id, sep, key,
			     json_string_value(value)) < 0) {
			free(base);
			return build_no_memory(b);
		}
		free(cell->id);
		cell->id = id;
		sep = ',';
	}
	free(base);
	return 0;
}

/* --only: the cells whose name matches. */
static int select_cells(struct build *b)
{
	struct plan *p = b->p;
	size_t kept = 0;

	if (!b->o || !b->o->only)
		return 0;
	for (size_t i = 0; i < p->n_cells; i++) {
		struct plan_cell t = p->cells[i];

		if (fnmatch(b->o->only, t.id, 0))
			continue;
		p->cells[i] = p->cells[kept];
		p->cells[kept++] = t;
	}
	if (kept == 0)
		return err_config(b->err, "--only: '%s' matches none of the cells, e.g. %s",
				  b->o->only, p->cells[0].id);
	for (size_t i = kept; i < p->n_cells; i++) {
		struct plan_cell *c = &p->cells[i];

		free(c->id);
		free(c->backing);
		free(c->source);
		free(c->workload);
		json_decref(c->params);
	}
	p->n_cells = kept;
	return 0;
}

int build_cells(struct build *b)
{
	const struct config *c = b->c;
	size_t n = count_cells(c);
	int ret = 0;

	if (n > CONFIG_CELLS_MAX)
		return conf_error(b->y, "cells", b->err,
				  "the lists multiply to more than %d cells",
				  CONFIG_CELLS_MAX);
	b->p->cells = calloc(n + 1, sizeof(*b->p->cells));
	if (!b->p->cells)
		return build_no_memory(b);
	for (unsigned i = 0; !ret && i < c->n_cells; i++)
		ret = multiply_cell(b, &c->cells[i]);
	for (size_t i = 0; !ret && i < b->p->n_cells; i++)
		ret = name_cell(b, &b->p->cells[i]);
	return ret ? ret : select_cells(b);
}
