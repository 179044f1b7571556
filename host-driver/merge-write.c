/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "journal.h"
#include "merge-impl.h"

static int write_items(const struct merge *m, struct journal *j, struct err *err)
{
	struct journal_reader **from = calloc(m->n_stores, sizeof(*from));
	const char *text;
	size_t len;
	int ret = from ? 0 : merge_no_memory(err);

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
				ret = journal_append(j, text, len, err);
		}
	}
	for (size_t i = 0; from && i < m->n_stores; i++)
		journal_reader_close(from[i]);
	free(from);
	return ret;
}

/*
 * The journal is written beside its place and renamed when it is whole. One
 * that is there is locked meanwhile: a driver may be writing it.
 */
int merge_write(const struct merge *m, const char *to, struct err *err)
{
	char *part = NULL, *path = NULL;
	struct journal *j = NULL, *lock = NULL;
	json_t *plan = plan_to_json(store_plan(m->stores[0]));
	int ret = plan ? file_mkdirs(to, err) : merge_no_memory(err);

	if (!ret && (asprintf(&part, "%s/journal.kdj.part", to) < 0 ||
		     asprintf(&path, "%s/journal.kdj", to) < 0))
		ret = merge_no_memory(err);
	if (!ret && !access(path, F_OK))
		ret = journal_open(&lock, path, NULL, err);
	if (ret)
		goto free_names;
	unlink(part);
	ret = journal_create(&j, part, err);
	if (!ret)
		ret = write_items(m, j, err);
	if (!ret)
		ret = journal_sync(j, err);
	journal_close(j);
	if (!ret && rename(part, path))
		ret = err_sys(err, errno, "cannot write %s", path);
	if (ret)
		unlink(part);
	else
		ret = store_publish_plan(to, plan, err);	/* syncs the folder */
	journal_close(lock);
free_names:
	json_decref(plan);
	free(part);
	free(path);
	return ret;
}
