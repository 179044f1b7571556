/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "index.h"
#include "record.h"
#include "store-impl.h"

int store_no_memory(struct err *err)
{
	return err_sys(err, ENOMEM, "cannot open the results folder");
}

int store_new(struct store **out, const char *folder, struct err *err)
{
	struct store *s = calloc(1, sizeof(*s));

	if (!s)
		return store_no_memory(err);
	s->folder = strdup(folder);
	if (asprintf(&s->journal_path, "%s/journal.kdj", folder) < 0)
		s->journal_path = NULL;
	if (asprintf(&s->index_path, "%s/index.sqlite", folder) < 0)
		s->index_path = NULL;
	s->keep = json_array();
	if (!s->folder || !s->journal_path || !s->index_path || !s->keep) {
		store_close(s);
		return store_no_memory(err);
	}
	*out = s;
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	journal_close(s->journal);
	view_release(&s->doc);
	sqlite3_close(s->db);
	pool_release(&s->pool);
	json_decref(s->keep);
	plan_free(s->plan);
	free(s->identities);
	free(s->attempts);
	free(s->done);
	free(s->folder);
	free(s->journal_path);
	free(s->index_path);
	free(s->id);
	free(s->domain);
	free(s);
}

const char *store_folder(const struct store *s)
{
	return s->folder;
}

const struct plan *store_plan(const struct store *s)
{
	return s->plan;
}

const char *store_domain(const struct store *s)
{
	return s->domain;
}

const char *store_journal(const struct store *s)
{
	return s->journal_path;
}

uint64_t store_samples(const struct store *s)
{
	return s->found.samples;
}

uint64_t store_torn(const struct store *s)
{
	return s->found.torn;
}

const char *store_id(const struct store *s)
{
	return s->id;
}

/* --- opening ---------------------------------------------------------------------- */

/* As the campaign record has it. */
static int read_plan(struct store *s, const struct record *r, struct err *err)
{
	json_t *json = json_loadb(r->plan->json, r->plan->json_len, 0, NULL);
	int ret = json ? plan_from_json(json, &s->plan, err) : store_no_memory(err);

	json_decref(json);
	if (ret)
		err_prefix(err, "campaign: plan");
	else if (strcmp(s->plan->hash, r->plan_hash))
		ret = err_config(err, "campaign: plan_hash: is not the plan's");
	return ret;
}

/* The first record: which campaign is this, and with which plan? */
static int read_campaign(struct store *s, const char *text, size_t len,
			 struct err *err)
{
	struct record r;
	int ret = record_read(&s->doc, text, len, &r, err);

	if (!ret && r.type != RECORD_CAMPAIGN)
		ret = err_config(err, "is no campaign record");
	if (!ret)
		ret = read_plan(s, &r, err);
	if (ret)
		return ret;
	s->id = strdup(r.id);
	s->domain = strdup(r.domain);
	return s->id && s->domain ? 0 : store_no_memory(err);
}

static int read_head(struct store *s, struct err *err)
{
	struct journal_reader *r;
	uint64_t offset;
	const char *text;
	size_t len;
	int ret = journal_reader_open(&r, s->journal_path, err);

	if (ret)
		return ret;
	ret = journal_next(r, &text, &len, &offset, err);
	if (ret == 0)
		ret = err_config(err, "%s: has no campaign record; nothing was run there",
				 s->journal_path);
	else if (ret > 0) {
		ret = read_campaign(s, text, len, err);
		if (ret)
			err_prefix(err, "%s: record at byte %" PRIu64,
				   s->journal_path, offset);
	}
	journal_reader_close(r);
	return ret;
}

static int open_index(struct store *s, bool fresh, struct err *err)
{
	return index_open(s->journal_path, s->index_path, s->plan, fresh,
			  &s->db, &s->found, err);
}

/* What the index knows of the boots, for going on with the campaign. */
static int read_done(struct store *s, struct err *err)
{
	sqlite3_stmt *q;
	int rc;

	if (sqlite3_prepare_v2(s->db, "SELECT boot, max(attempt), "
			       "max(class IS NOT NULL), max(campaign) FROM boot "
			       "GROUP BY boot", -1, &q, NULL))
		return index_error(s->db, s->index_path, err);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		int64_t boot = sqlite3_column_int64(q, 0);

		if (boot < 1 || (size_t)boot > s->plan->n_boots)
			continue;
		s->attempts[boot - 1] = sqlite3_column_int64(q, 1);
		s->done[boot - 1] = sqlite3_column_int(q, 2);
		if (sqlite3_column_int64(q, 3) > 1)
			rc = SQLITE_MISUSE;
	}
	sqlite3_finalize(q);
	if (rc == SQLITE_MISUSE)
		return err_config(err, "%s: was merged from several campaigns; go on with one of those",
				  s->folder);
	return rc == SQLITE_DONE ? 0 : index_error(s->db, s->index_path, err);
}

static int open_append(struct store *s, struct err *err)
{
	uint64_t cut = 0;
	int ret = journal_open(&s->journal, s->journal_path, &cut, err);

	if (!ret)
		ret = store_make_tables(s, err);
	if (!ret)
		ret = open_index(s, false, err);
	if (!ret)
		ret = read_done(s, err);
	s->found.torn = cut;
	/* The index is of no use to a writer, and would not keep up. */
	sqlite3_close(s->db);
	s->db = NULL;
	return ret;
}

static int refuse_no_results(const char *folder, const char *journal,
			     struct err *err)
{
	if (!access(journal, F_OK))
		return 0;
	if (errno != ENOENT && errno != ENOTDIR)
		return err_sys(err, errno, "cannot open %s", journal);
	if (access(folder, F_OK))
		return err_config(err, "%s: there is no such folder", folder);
	return err_config(err, "%s: is no results folder (it has no journal.kdj)",
			  folder);
}

int store_open(struct store **out, const char *folder, enum store_mode mode,
	       struct err *err)
{
	struct store *s;
	int ret = store_new(&s, folder, err);

	if (ret)
		return ret;
	ret = refuse_no_results(folder, s->journal_path, err);
	if (!ret)
		ret = read_head(s, err);
	if (!ret)
		ret = mode == STORE_APPEND ? open_append(s, err)
					   : open_index(s, mode == STORE_REINDEX, err);
	if (ret)
		store_close(s);
	else
		*out = s;
	return ret;
}
