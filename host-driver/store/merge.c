/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <errno.h>
#include <sha256.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "journal.h"
#include "pool.h"
#include "record.h"
#include "store.h"

/* Where a record is. */
struct place {
	size_t folder;
	uint64_t offset;
};

/*
 * A boot with all its records, or a record that belongs to no boot: kept or left
 * out as a unit, and identified by its content.
 */
struct item {
	size_t campaign;	/* index into merge.campaigns */
	unsigned boot;		/* 0: of no boot; sorted before the boots */
	unsigned attempt;
	double at;
	bool head;		/* the campaign record itself */
	bool ok;
	struct place *places;
	size_t n, room;
	SHA2_CTX sha;
	char hash[SHA256_DIGEST_STRING_LENGTH];
};

struct campaign {
	char id[256];
	double at;
};

struct merge {
	struct store **stores;
	size_t n_stores;
	struct item *items;
	size_t n_items, room;
	struct campaign *campaigns;
	size_t n_campaigns;
	size_t folder;		/* being read */
	size_t campaign;	/* of the records being read */
	size_t boot;		/* item of the boot being read */
};

/* --- reading ---------------------------------------------------------------------- */

static int merge_enter_campaign(struct merge *m, const struct record *r,
				struct err *err)
{
	struct campaign *more;

	for (m->campaign = 0; m->campaign < m->n_campaigns; m->campaign++)
		if (!strcmp(m->campaigns[m->campaign].id, r->id))
			return 0;
	more = realloc(m->campaigns, (m->n_campaigns + 1) * sizeof(*more));
	if (!more)
		return pool_no_memory(err);
	m->campaigns = more;
	more = &m->campaigns[m->n_campaigns++];
	snprintf(more->id, sizeof(more->id), "%s", r->id);
	more->at = r->at;
	return 0;
}

static struct item *merge_add_item(struct merge *m, const struct record *r)
{
	struct item *more = m->items;

	if (m->n_items == m->room) {
		m->room = m->room ? 2 * m->room : 64;
		more = realloc(m->items, m->room * sizeof(*more));
		if (!more)
			return NULL;
		m->items = more;
	}
	more = &m->items[m->n_items++];
	memset(more, 0, sizeof(*more));
	more->campaign = m->campaign;
	more->at = r->at;
	more->head = r->type == RECORD_CAMPAIGN;
	more->attempt = r->attempt;
	more->boot = r->boot;
	SHA256Init(&more->sha);
	return more;
}

static int merge_add_place(struct merge *m, struct item *item,
			   const struct store_place *at, struct err *err)
{
	struct place *more;

	if (item->n == item->room) {
		item->room = item->room ? 2 * item->room : 1;
		more = realloc(item->places, item->room * sizeof(*more));
		if (!more)
			return pool_no_memory(err);
		item->places = more;
	}
	item->places[item->n++] = (struct place){ m->folder, at->offset };
	SHA256Update(&item->sha, (const uint8_t *)at->text, at->len);
	return 0;
}

static int merge_take(void *arg, const struct record *r,
		      const struct store_place *at, struct err *err)
{
	struct merge *m = arg;
	struct item *item;
	int ret = r->type == RECORD_CAMPAIGN ? merge_enter_campaign(m, r, err) : 0;

	if (ret)
		return ret;
	if (at->boot && r->type != RECORD_BOOT) {
		item = &m->items[m->boot];
		item->ok |= r->type == RECORD_BOOT_END && !strcmp(r->class, "ok");
	} else {
		item = merge_add_item(m, r);
		if (!item)
			return pool_no_memory(err);
		if (r->type == RECORD_BOOT)
			m->boot = item - m->items;
	}
	return merge_add_place(m, item, at, err);
}

/* --- choosing ---------------------------------------------------------------------- */

static int merge_compare_numbers(double a, double b)
{
	return (a > b) - (a < b);
}

/*
 * Campaigns by their start; within each the campaign record, the records of no boot,
 * then the boots in the order they were run; equal contents become adjacent.
 */
static int merge_compare_items(const void *a, const void *b, void *arg)
{
	const struct item *x = a, *y = b;
	const struct merge *m = arg;
	const struct campaign *c = &m->campaigns[x->campaign];
	const struct campaign *d = &m->campaigns[y->campaign];
	int order = merge_compare_numbers(c->at, d->at);

	if (!order)
		order = strcmp(c->id, d->id);
	if (!order)
		order = y->head - x->head;
	if (!order)
		order = (x->boot != 0) - (y->boot != 0);
	if (!order)
		order = merge_compare_numbers(x->at, y->at);
	return order ? order : strcmp(x->hash, y->hash);
}

static int merge_differ(const struct merge *m, const struct item *x,
			const struct item *y, struct err *err)
{
	const struct store *a = m->stores[x->places[0].folder];
	const struct store *b = m->stores[y->places[0].folder];

	if (x->head)
		return err_config(err, "%s and %s contain the same campaign, but different campaign records; one of them was changed",
				  store_folder(a), store_folder(b));
	return err_config(err, "%s and %s are of the same campaign, but boot %u was run in both, with different outcomes; merge only one of them",
			  store_folder(a), store_folder(b), x->boot);
}

static bool merge_clash(const struct item *x, const struct item *y)
{
	if (x->campaign != y->campaign || !strcmp(x->hash, y->hash))
		return false;
	if (x->head || y->head)
		return x->head && y->head;
	return x->boot && x->boot == y->boot &&
	       (x->attempt == y->attempt || (x->ok && y->ok));
}

static int merge_check_clashes(const struct merge *m, struct err *err)
{
	for (size_t i = 0; i < m->n_items; i++)
		for (size_t k = i + 1; k < m->n_items; k++)
			if (merge_clash(&m->items[i], &m->items[k]))
				return merge_differ(m, &m->items[i], &m->items[k],
						    err);
	return 0;
}

/* Keeps one item of each content, and frees the places of the others. */
static void merge_drop_repeated(struct merge *m, struct merge_result *result)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->n_items; i++) {
		struct item *item = &m->items[i];

		if (kept && item->campaign == m->items[kept - 1].campaign &&
		    !strcmp(item->hash, m->items[kept - 1].hash)) {
			result->repeated += item->boot != 0;
			free(item->places);
			continue;
		}
		result->boots += item->boot != 0;
		m->items[kept++] = *item;
	}
	m->n_items = kept;
}

/* --- writing ------------------------------------------------------------------------ */

static int merge_write_items(struct journal *to, void *arg, struct err *err)
{
	const struct merge *m = arg;
	struct journal_reader **from = calloc(m->n_stores, sizeof(*from));
	const char *text;
	size_t len;
	int ret = from ? 0 : pool_no_memory(err);

	for (size_t i = 0; !ret && i < m->n_stores; i++)
		ret = journal_reader_open(&from[i],
					  store_journal(m->stores[i]), err);
	for (size_t i = 0; !ret && i < m->n_items; i++) {
		const struct item *item = &m->items[i];

		for (size_t k = 0; !ret && k < item->n; k++) {
			ret = journal_read_at(from[item->places[k].folder],
					      item->places[k].offset, &text,
					      &len, err);
			if (!ret)
				ret = journal_append(to, text, len, err);
		}
	}
	for (size_t i = 0; from && i < m->n_stores; i++)
		journal_reader_close(from[i]);
	free(from);
	return ret;
}

/* Writes the items, in their order, as the journal of `to`. */
static int merge_write(struct merge *m, const char *to, struct err *err)
{
	int ret = file_mkdirs(to, err);
	char *path;

	if (ret)
		return ret;
	if (asprintf(&path, "%s/journal.kdj", to) < 0)
		return pool_no_memory(err);
	ret = journal_replace(path, merge_write_items, m, err);
	free(path);
	return ret ? ret : store_publish_plan(to, store_plan(m->stores[0]), err);
}

/* --- the whole ---------------------------------------------------------------------- */

static int merge_check_same(const struct store *first, const struct store *s,
			    struct err *err)
{
	const struct plan *p = store_plan(first), *q = store_plan(s);

	if (strcmp(p->hash, q->hash))
		return err_config(err, "%s and %s are of different plans ('%s' %.12s and '%s' %.12s); only results of one plan can be merged",
				  store_folder(first), store_folder(s),
				  p->name, p->hash, q->name, q->hash);
	if (strcmp(store_domain(first), store_domain(s)))
		return err_config(err, "%s was measured in the domain %s, but %s in %s; they cannot be mixed",
				  store_folder(first), store_domain(first),
				  store_folder(s), store_domain(s));
	return 0;
}

static int merge_read_folder(struct merge *m, const char *folder, struct err *err)
{
	struct store *s;
	int ret = store_open(&s, folder, STORE_READ, err);

	if (ret)
		return ret;
	m->folder = m->n_stores;
	m->stores[m->n_stores++] = s;
	ret = merge_check_same(m->stores[0], s, err);
	return ret ? ret : store_records(s, merge_take, m, err);
}

static void merge_release(struct merge *m)
{
	for (size_t i = 0; i < m->n_items; i++)
		free(m->items[i].places);
	free(m->items);
	free(m->campaigns);
	for (size_t i = 0; i < m->n_stores; i++)
		store_close(m->stores[i]);
	free(m->stores);
}

int merge_folders(const char *const *folders, size_t n, const char *to,
		  struct merge_result *result, struct err *err)
{
	struct merge m = { .stores = calloc(n + 1, sizeof(*m.stores)) };
	int ret = m.stores ? 0 : pool_no_memory(err);

	memset(result, 0, sizeof(*result));
	for (size_t i = 0; !ret && i < n; i++)
		ret = merge_read_folder(&m, folders[i], err);
	if (!ret && store_has_journal(to))
		ret = merge_read_folder(&m, to, err);
	for (size_t i = 0; !ret && i < m.n_items; i++)
		SHA256End(&m.items[i].sha, m.items[i].hash);
	if (!ret)
		ret = merge_check_clashes(&m, err);
	if (!ret) {
		qsort_r(m.items, m.n_items, sizeof(*m.items), merge_compare_items, &m);
		result->campaigns = m.n_campaigns;
		merge_drop_repeated(&m, result);
		ret = merge_write(&m, to, err);
	}
	merge_release(&m);
	return ret;
}
