/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "campaign.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "campaign-begin.h"
#include "store/columns.h"
#include "store/journal.h"
#include "store/record-text.h"
#include "store/store.h"

/* --- the plan ------------------------------------------------------------------- */

static int resume_refuse(const struct plan *plan, const struct plan *other,
			 const char *path, struct err *err)
{
	json_t *was = plan_to_json(plan), *is = plan_to_json(other);
	char what[DIFFERENCE_MAX];

	json_object_del(was, "hash");
	if (!was || !is || !difference_find("", was, is, what))
		snprintf(what, sizeof(what), "it is another plan");
	json_decref(was);
	json_decref(is);
	return err_config(err, "%s: differs from the plan that this campaign was begun with: %s; restore it, or begin a new campaign",
			  path, what);
}

/*
 * plan.json beside the journal may be missing, or shorter if an extension was
 * interrupted. If it was changed, the user expects something that will not happen.
 */
static int resume_check_file(const char *folder, const struct plan *plan,
			     struct err *err)
{
	struct plan *file = NULL;
	char *path;
	int ret = 0;

	if (asprintf(&path, "%s/plan.json", folder) < 0)
		return err_sys(err, ENOMEM, "cannot read the plan");
	if (!access(path, F_OK))
		ret = plan_read(path, &file, err);
	if (!ret && file && file->n_blocks < plan->n_blocks)
		ret = plan_extend(file, plan->n_blocks, err);
	if (!ret && file && strcmp(file->hash, plan->hash))
		ret = resume_refuse(plan, file, path, err);
	plan_free(file);
	free(path);
	return ret;
}

int resume_plan(const char *folder, struct plan **plan, struct err *err)
{
	struct store *s;
	int ret = store_open(&s, folder, STORE_READ, err);

	if (ret)
		return ret;
	ret = plan_copy(store_plan(s), plan, err);
	store_close(s);
	if (ret)
		return ret;
	ret = resume_check_file(folder, *plan, err);
	if (ret)
		plan_free(*plan);
	return ret;
}

int resume_check(const struct plan *plan, const char *config,
		 const struct plan_options *o, struct err *err)
{
	struct plan_options same = *o;
	struct plan *now;
	int ret;

	/* The number of blocks was decided when the campaign was begun, or extended. */
	same.blocks = plan->n_blocks;
	ret = plan_load(config, &same, &now, err);
	if (ret)
		return ret;
	if (strcmp(plan->hash, now->hash))
		ret = resume_refuse(plan, now, config, err);
	plan_free(now);
	return ret;
}

/* --- more blocks ---------------------------------------------------------------- */

struct longer {
	const char *path;
	const struct plan *plan;
	unsigned blocks;	/* before */
	const char *hash;	/* before */

	/* what the new journal holds so far */
	struct columns columns;
	struct view_doc doc;
	struct record record;
	struct journal *to;
};

static int resume_append_text(struct longer *l, const char *text, size_t len, struct err *err)
{
	return columns_append(&l->columns, &l->doc, &l->record, l->to, text, len, err);
}

/* Takes `record`. */
static int resume_append(struct longer *l, json_t *record, struct err *err)
{
	char *text = record_dump(record);
	int ret = text ? resume_append_text(l, text, strlen(text), err)
		       : err_sys(err, ENOMEM, "cannot extend the plan");

	free(text);
	return ret;
}

/* The campaign record with the longer plan. */
static int resume_copy_head(struct longer *l, const char *text, size_t len, struct err *err)
{
	json_t *head = json_loadb(text, len, 0, NULL);

	if (!head || json_object_set_new(head, "plan", plan_to_json(l->plan)) ||
	    json_object_set_new(head, "plan_hash", json_string(l->plan->hash))) {
		json_decref(head);
		return err_sys(err, ENOMEM, "cannot extend the plan");
	}
	return resume_append(l, head, err);
}

/* Appends the look, and a note about the extension. */
static int resume_append_words(struct longer *l, struct err *err)
{
	int ret = resume_append(l, json_pack("{s:s, s:s, s:n, s:{s:i}}", "t", "env", "where",
					     "driver", "boot", "facts", "looked_after_blocks",
					     (int)l->blocks), err);

	if (ret)
		return ret;
	return resume_append(
		l,
		json_pack(
			"{s:s, s:o}", "t", "note", "text",
			json_sprintf(
				"the plan was extended from %u blocks to %u; it was %.12s before",
				l->blocks, l->plan->n_blocks, l->hash)),
		err);
}

static int resume_copy_all(struct longer *l, struct journal_reader *from, struct err *err)
{
	const char *text;
	uint64_t offset;
	size_t len;
	int ret = journal_next(from, &text, &len, &offset, err);

	if (ret > 0)
		ret = resume_copy_head(l, text, len, err);
	while (!ret && (ret = journal_next(from, &text, &len, &offset, err)) > 0)
		ret = resume_append_text(l, text, len, err);
	return ret ? ret : resume_append_words(l, err);
}

static int resume_write_longer(struct journal *to, void *arg, struct err *err)
{
	struct longer *l = arg;
	struct journal_reader *from;
	int ret = journal_reader_open(&from, l->path, err);

	if (ret)
		return ret;
	l->to = to;
	ret = columns_init(&l->columns, l->plan, err);
	if (!ret)
		ret = resume_copy_all(l, from, err);
	columns_release(&l->columns);
	view_release(&l->doc);
	journal_reader_close(from);
	return ret;
}

int resume_extend(const char *folder, struct plan *plan, unsigned blocks,
		  struct err *err)
{
	struct longer l = { .plan = plan, .blocks = plan->n_blocks };
	char hash[FILE_HASH_MAX], *path;
	int ret;

	memcpy(hash, plan->hash, sizeof(hash));
	ret = plan_extend(plan, blocks, err);
	if (ret || blocks == l.blocks)
		return ret;
	if (asprintf(&path, "%s/journal.kdj", folder) < 0)
		return err_sys(err, ENOMEM, "cannot extend the plan");
	l.path = path;
	l.hash = hash;
	ret = journal_replace(path, resume_write_longer, &l, err);
	free(path);
	return ret ? ret : store_publish_plan(folder, plan, err);
}
