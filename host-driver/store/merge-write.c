/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "file.h"
#include "journal.h"
#include "merge-impl.h"

static int write_items(struct journal *to, void *arg, struct err *err)
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

int merge_write(struct merge *m, const char *to, struct err *err)
{
	int ret = file_mkdirs(to, err);
	char *path;

	if (ret)
		return ret;
	if (asprintf(&path, "%s/journal.kdj", to) < 0)
		return pool_no_memory(err);
	ret = journal_replace(path, write_items, m, err);
	free(path);
	return ret ? ret : store_publish_plan(to, store_plan(m->stores[0]), err);
}
