/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "resume.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "difference.h"
#include "store/journal.h"
#include "store/store.h"

/* --- the plan ------------------------------------------------------------------- */

static int refuse(const struct plan *plan, const struct plan *other,
		  const char *path, struct err *err)
{
	json_t *was = plan_to_json(plan), *is = plan_to_json(other);
	char what[DIFFERENCE_MAX];

	json_object_del(was, "hash");
	if (!was || !is || !difference_find("", was, is, what))
		snprintf(what, sizeof(what), "it is another plan");
	json_decref(was);
	json_decref(is);
	return err_config(err, "%s: is not what this campaign was begun with: %s; put it back, or begin a new campaign",
			  path, what);
}

/*
 * plan.json beside the journal may be gone, or be shorter where an extension
 * was cut off; one that was changed is a misunderstanding.
 */
static int check_file(const char *folder, const struct plan *plan,
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
		ret = refuse(plan, file, path, err);
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
	ret = check_file(folder, *plan, err);
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

	/* How long it is was decided when it was begun, or extended. */
	same.blocks = plan->n_blocks;
	ret = plan_load(config, &same, &now, err);
	if (ret)
		return ret;
	if (strcmp(plan->hash, now->hash))
		ret = refuse(plan, now, config, err);
	plan_free(now);
	return ret;
}

/* --- more blocks ---------------------------------------------------------------- */

static int append(struct journal *to, const json_t *record, struct err *err)
{
	char *text = json_dumps(record, JSON_COMPACT | JSON_REAL_PRECISION(17));
	int ret = text ? journal_append(to, text, strlen(text), err)
		       : err_sys(err, ENOMEM, "cannot extend the plan");

	free(text);
	return ret;
}

/* The campaign record with the longer plan. */
static int copy_head(struct journal *to, const char *text, size_t len,
		     const struct plan *plan, struct err *err)
{
	json_t *head = json_loadb(text, len, 0, NULL);
	json_t *json = plan_to_json(plan);
	int ret;

	if (!head || !json ||
	    json_object_set(head, "plan", json) ||
	    json_object_set_new(head, "plan_hash", json_string(plan->hash)))
		ret = err_sys(err, ENOMEM, "cannot extend the plan");
	else
		ret = append(to, head, err);
	json_decref(head);
	json_decref(json);
	return ret;
}

/* What is appended: the look, and the extension in words. */
static int record(struct journal *to, const struct plan *plan, unsigned blocks,
		  const char *hash, struct err *err)
{
	double now = time(NULL);
	json_t *look, *note;
	int ret;

	look = json_pack("{s:s, s:f, s:s, s:n, s:{s:i}}", "t", "env", "at", now,
			 "where", "driver", "boot", "facts",
			 "looked_after_blocks", (int)blocks);
	note = json_pack("{s:s, s:f, s:o}", "t", "note", "at", now, "text",
			 json_sprintf("the plan was extended from %u blocks to %u; it was %.12s before",
				      blocks, plan->n_blocks, hash));
	if (!look || !note)
		ret = err_sys(err, ENOMEM, "cannot extend the plan");
	else
		ret = append(to, look, err);
	if (!ret)
		ret = append(to, note, err);
	json_decref(look);
	json_decref(note);
	return ret;
}

struct longer {
	const char *path;
	const struct plan *plan;
	unsigned blocks;	/* before */
	const char *hash;	/* before */
};

static int write_longer(struct journal *to, void *arg, struct err *err)
{
	const struct longer *l = arg;
	struct journal_reader *from;
	const char *text;
	bool first = true;
	uint64_t offset;
	size_t len;
	int ret = journal_reader_open(&from, l->path, err), got;

	if (ret)
		return ret;
	while (!ret && (got = journal_next(from, &text, &len, &offset, err)) != 0) {
		if (got < 0)
			ret = got;
		else if (first)
			ret = copy_head(to, text, len, l->plan, err);
		else
			ret = journal_append(to, text, len, err);
		first = false;
	}
	journal_reader_close(from);
	return ret ? ret : record(to, l->plan, l->blocks, l->hash, err);
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
	ret = journal_replace(path, write_longer, &l, err);
	free(path);
	return ret ? ret : store_publish_plan(folder, plan, err);
}
