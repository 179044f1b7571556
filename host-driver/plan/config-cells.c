/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A config's cells: expands the lists, names each cell, applies --only. */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/source.h"
#include "bench/workload.h"
#include "config.h"
#include "size.h"

bool build_is_tree(const struct config_cell *c, const char *key, size_t len)
{
	const struct workload *w;

	for (unsigned i = 0; i < c->n_workloads; i++) {
		if (workload_find(c->workloads[i], &w, NULL))
			continue;
		for (const struct param *p = w->params; p && p->name; p++)
			if (p->type == PARAM_TREE && strlen(p->name) == len &&
			    !strncmp(p->name, key, len))
				return true;
	}
	return false;
}

/* How many values a parameter contributes to the product: a tree is one value. */
static unsigned cells_values(const struct config_cell *c, unsigned pair)
{
	const char *key = c->params[pair].key;

	return build_is_tree(c, key, strlen(key)) ? 1 : c->params[pair].n_values;
}

unsigned build_value(const struct config_cell *c, size_t pick, const char *key)
{
	for (unsigned i = 0; i < c->n_params; i++) {
		unsigned n = cells_values(c, i);

		if (!strcmp(c->params[i].key, key))
			return pick % n;
		pick /= n;
	}
	return 0;
}

static int cells_no_memory(struct build *b)
{
	return err_sys(b->err, ENOMEM, "cannot read the config");
}

/* One value of one of the entry's parameters; NULL with an error. */
static json_t *cells_param(struct build *b, unsigned entry, unsigned pair, unsigned value)
{
	const struct config_cell *c = &b->c->cells[entry];
	const struct conf_pair *p = &c->params[pair];
	char field[200];
	json_t *tree, *list;

	snprintf(field, sizeof(field), "cells[%u].params.%.80s", entry, p->key);
	if (build_is_tree(c, p->key, strlen(p->key))) {
		tree = conf_json(b->y, field, b->err);
		if (!json_is_string(tree))
			return tree;
		list = json_pack("[o]", tree);
		return list;
	}
	if (p->values[value])
		return json_string(p->values[value]);
	snprintf(field, sizeof(field), "cells[%u].params.%.80s[%u]", entry, p->key, value);
	conf_error(b->y, field, b->err, "must be one value");
	return NULL;
}

/* One combination of the workload's parameters: each key with one of its values. */
static int cells_params(struct build *b, const struct config_origin *o, json_t **params)
{
	const struct config_cell *c = &b->c->cells[o->entry];
	size_t pick = o->pick;

	*params = json_object();
	for (unsigned i = 0; i < c->n_params; i++) {
		unsigned n = cells_values(c, i);
		json_t *v = cells_param(b, o->entry, i, pick % n);

		if (!v)
			return b->err->code ? b->err->code : cells_no_memory(b);
		json_object_set_new(*params, c->params[i].key, v);
		pick /= n;
	}
	return *params ? 0 : cells_no_memory(b);
}

static size_t cells_sets(const struct config_cell *c)
{
	size_t n = 1;

	for (unsigned i = 0; i < c->n_params && n <= CONFIG_CELLS_MAX; i++)
		n *= cells_values(c, i);
	return n;
}

/* How the memory is prepared and disturbed, and how often its page sizes are read. */
static int cells_memory(struct build *b, const struct config_origin *o, struct plan_cell *to)
{
	const struct config_cell *c = &b->c->cells[o->entry];
	struct err said = ERR_INIT;
	double seconds = 0;
	char field[200];

	to->disturb = c->disturb;
	to->fresh_guest = c->fresh_guest;
	if (c->n_backing_params)
		to->backing_params = json_object();
	for (unsigned i = 0; i < c->n_backing_params; i++) {
		const struct conf_pair *p = &c->backing_params[i];

		snprintf(field, sizeof(field), "cells[%u].backing-params.%.80s", o->entry, p->key);
		if (p->n_values != 1)
			return conf_error(b->y, field, b->err, "must be one value; write a cell for each");
		json_object_set_new(to->backing_params, p->key, json_string(p->values[0]));
	}
	if (!c->timeline)
		return 0;
	snprintf(field, sizeof(field), "cells[%u].timeline", o->entry);
	if (duration_parse(c->timeline, &seconds, &said))
		return conf_error(b->y, field, b->err, "%s", said.text);
	to->timeline = seconds > 0 && seconds < 1e6 ? (unsigned)(seconds * 1000 + .5) : 0;
	return to->timeline ? 0 : conf_error(b->y, field, b->err, "'%s' is not a usable time between two readings; an example is 50ms",
					     c->timeline);
}

static int cells_add(struct build *b, const struct config_origin *o)
{
	const struct config_cell *c = &b->c->cells[o->entry];
	struct plan_cell *to = &b->p->cells[b->p->n_cells];
	const char *backing = c->backings[o->backing], *source = c->sources[o->source];
	const char *workload = c->workloads[o->workload];
	const struct source *s;
	char given[48];

	int ret = cells_params(b, o, &to->params);

	b->cells[b->p->n_cells++] = *o;
	if (ret)
		return ret;
	/* On the guest's NVDIMM, unless the user gives a path. */
	if (b->p->guest.pmem && !source_find(source, &s, NULL) && s->place &&
	    !json_object_get(to->params, "path"))
		json_object_set_new(to->params, "path", json_string(s->place));
	to->processes = c->processes;
	snprintf(given, sizeof(given), "cells[%u].samples", o->entry);
	if (!c->samples && conf_given(b->y, given))
		return conf_error(b->y, given, b->err, "0 samples measure nothing; leave it out for the workload's own number");
	to->samples = c->samples;
	to->allow_small = c->allow_small;
	ret = cells_memory(b, o, to);
	if (ret)
		return ret;
	if (plan_text(&to->backing, backing, b->err) ||
	    plan_text(&to->source, source, b->err) ||
	    plan_text(&to->workload, workload, b->err))
		return cells_no_memory(b);
	if (asprintf(&to->id, "%s/%s/%s", backing, source, workload) < 0) {
		to->id = NULL;
		return cells_no_memory(b);
	}
	return 0;
}

/* The product of the lists; the last one named here varies fastest. */
static int cells_multiply(struct build *b, unsigned entry)
{
	const struct config_cell *c = &b->c->cells[entry];
	size_t sets = cells_sets(c), done = 0;
	size_t total = (size_t)c->n_backings * c->n_sources * c->n_workloads * sets;
	int ret = 0;

	for (; !ret && done < total; done++) {
		size_t i = done / sets;
		struct config_origin o = {
			.entry = entry, .pick = done % sets,
			.workload = i % c->n_workloads,
			.source = i / c->n_workloads % c->n_sources,
			.backing = i / c->n_workloads / c->n_sources,
		};

		ret = cells_add(b, &o);
	}
	return ret;
}

static int cells_not_empty(struct build *b, unsigned entry)
{
	const struct config_cell *c = &b->c->cells[entry];
	const char *which = !c->n_backings ? "backing" : !c->n_sources ? "source" :
			    !c->n_workloads ? "workload" : NULL;
	char field[64];

	if (!which)
		return 0;
	snprintf(field, sizeof(field), "cells[%u].%s", entry, which);
	return conf_error(b->y, field, b->err, "the list is empty");
}

static size_t cells_count(const struct config *c)
{
	size_t n = 0;

	for (unsigned i = 0; i < c->n_cells && n <= CONFIG_CELLS_MAX; i++)
		n += (size_t)c->cells[i].n_backings * c->cells[i].n_sources *
		     c->cells[i].n_workloads * cells_sets(&c->cells[i]);
	return n;
}

/* Do two cells differ in trees only? Then the tree must go into their names. */
static bool cells_same_texts(const struct plan_cell *a, const struct plan_cell *b)
{
	const char *key;
	json_t *v;

	if (json_object_size(a->params) != json_object_size(b->params))
		return false;
	json_object_foreach(a->params, key, v)
		if (json_is_string(v) && !json_equal(v, json_object_get(b->params, key)))
			return false;
	return true;
}

/* Does parameter `key` differ among the cells of this name? */
static bool cells_differ(const struct plan *p, const struct plan_cell *cell,
			 const char *key, const char *base)
{
	const json_t *mine = json_object_get(cell->params, key);

	for (size_t i = 0; i < p->n_cells; i++) {
		const char *id = p->cells[i].id;

		if (!strncmp(id, base, strlen(base)) &&
		    strchr("?", id[strlen(base)]) &&
		    !json_equal(mine, json_object_get(p->cells[i].params, key)) &&
		    (json_is_string(mine) || cells_same_texts(cell, &p->cells[i])))
			return true;
	}
	return false;
}

#define CELLS_WORD_MAX 96

/* A value as part of a cell's name: itself if it is a word, else its start and a hash. */
static void cells_word(const json_t *value, char word[static CELLS_WORD_MAX])
{
	const char *text = json_string_value(value);
	size_t n = text ? strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789._+-:%=@/") : 0;
	char hex[FILE_HASH_MAX], *all;

	if (text && !text[n] && n < CELLS_WORD_MAX) {
		snprintf(word, CELLS_WORD_MAX, "%s", text);
		return;
	}
	all = plan_canonical(value);
	data_hash(all ? all : "", all ? strlen(all) : 0, hex);
	free(all);
	snprintf(word, CELLS_WORD_MAX, "%.*s%s%.6s", n < 40 ? (int)n : 40, text ? text : "",
		 n ? "-" : "", hex);
}

static int cells_name_more(struct build *b, struct plan_cell *cell, const char *key,
			   const char *word)
{
	char *id;

	if (asprintf(&id, "%s%c%s=%s", cell->id, strchr(cell->id, '?') ? ',' : '?', key,
		     word) < 0)
		return cells_no_memory(b);
	free(cell->id);
	cell->id = id;
	return 0;
}

/* Does another cell of this name have its memory prepared (or disturbed) differently? */
static bool cells_memory_differs(const struct plan *p, const struct plan_cell *cell,
				 const char *base, bool disturb)
{
	for (size_t i = 0; i < p->n_cells; i++) {
		const struct plan_cell *c = &p->cells[i];

		if (strncmp(c->id, base, strlen(base)) || !strchr("?", c->id[strlen(base)]))
			continue;
		if (disturb ? c->disturb != cell->disturb : !plan_same_backing(c, cell))
			return true;
	}
	return false;
}

/* "a/b/c" becomes "a/b/c?size=64M" where cells would otherwise share a name. */
static int cells_name(struct build *b, struct plan_cell *cell)
{
	char *base = strdup(cell->id), word[CELLS_WORD_MAX];
	const char *key;
	json_t *value;
	int ret = base ? 0 : cells_no_memory(b);

	json_object_foreach(cell->params, key, value) {
		if (ret || !cells_differ(b->p, cell, key, base))
			continue;
		cells_word(value, word);
		ret = cells_name_more(b, cell, key, word);
	}
	if (!ret && cell->backing_params && cells_memory_differs(b->p, cell, base, false)) {
		json_object_foreach(cell->backing_params, key, value) {
			cells_word(value, word);
			if (!ret)
				ret = cells_name_more(b, cell, key, word);
		}
	}
	if (!ret && cell->disturb && cells_memory_differs(b->p, cell, base, true))
		ret = cells_name_more(b, cell, "disturb", disturb_words[cell->disturb]);
	free(base);
	return ret;
}

/* --only: the cells whose name matches. */
static int cells_select(struct build *b)
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
		b->cells[kept] = b->cells[i];
		p->cells[kept++] = t;
	}
	if (kept == 0)
		return plan_unknown_cell(p, "--only: ", b->o->only, b->err);
	plan_cut_cells(p, kept);
	return 0;
}

static bool cells_need_no_source(const struct config_cell *c)
{
	const struct workload *w;

	for (unsigned i = 0; i < c->n_workloads; i++)
		if (workload_find(c->workloads[i], &w, NULL) || !w->sourceless)
			return false;
	return c->n_workloads;
}

int build_sources(struct config *c, const struct conf *y, struct err *err)
{
	static char own[] = "own";
	static char *list[] = { own };
	char field[40];

	for (unsigned i = 0; i < c->n_cells; i++) {
		snprintf(field, sizeof(field), "cells[%u].source", i);
		if (conf_given(y, field))
			continue;
		if (!cells_need_no_source(&c->cells[i]))
			return conf_error(y, field, err, "missing");
		c->cells[i].sources = list;
		c->cells[i].n_sources = 1;
	}
	return 0;
}

int build_cells(struct build *b)
{
	const struct config *c = b->c;
	size_t n = cells_count(c);
	int ret = 0;

	if (n > CONFIG_CELLS_MAX)
		return conf_error(b->y, "cells", b->err,
				  "the product of the lists is more than %d cells",
				  CONFIG_CELLS_MAX);
	b->p->cells = calloc(n + 1, sizeof(*b->p->cells));
	b->cells = calloc(n + 1, sizeof(*b->cells));
	if (!b->p->cells || !b->cells)
		return cells_no_memory(b);
	for (unsigned i = 0; !ret && i < c->n_cells; i++) {
		ret = cells_not_empty(b, i);
		if (!ret)
			ret = cells_multiply(b, i);
	}
	for (size_t i = 0; !ret && i < b->p->n_cells; i++)
		ret = cells_name(b, &b->p->cells[i]);
	return ret ? ret : cells_select(b);
}
