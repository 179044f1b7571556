/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "index.h"
#include "record.h"
#include "store-impl.h"

static int no_memory(struct err *err)
{
	return err_sys(err, ENOMEM, "cannot open the results folder");
}

static int store_new(struct store **out, const char *folder, struct err *err)
{
	struct store *s = calloc(1, sizeof(*s));

	if (!s)
		return no_memory(err);
	s->folder = strdup(folder);
	if (asprintf(&s->journal_path, "%s/journal.kdj", folder) < 0)
		s->journal_path = NULL;
	if (asprintf(&s->index_path, "%s/index.sqlite", folder) < 0)
		s->index_path = NULL;
	s->keep = json_array();
	if (!s->folder || !s->journal_path || !s->index_path || !s->keep) {
		store_close(s);
		return no_memory(err);
	}
	*out = s;
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	journal_close(s->journal);
	journal_reader_close(s->raw);
	sqlite3_close(s->db);
	pool_release(&s->pool);
	json_decref(s->keep);
	plan_free(s->plan);
	free(s->identities);
	free(s->ended);
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

const char *store_id(const struct store *s)
{
	return s->id;
}

/* --- creating --------------------------------------------------------------------- */

static int make_id(char hex[static 33], struct err *err)
{
	uint8_t raw[16];

	if (getrandom(raw, sizeof(raw), 0) != sizeof(raw))
		return err_sys(err, errno, "no random numbers");
	for (size_t i = 0; i < sizeof(raw); i++)
		sprintf(hex + 2 * i, "%02x", raw[i]);
	return 0;
}

static int publish_plan(struct store *s, json_t *plan, struct err *err)
{
	char *text = json_dumps(plan, JSON_INDENT(1) | JSON_SORT_KEYS);
	char *path = NULL;
	int ret;

	if (!text || asprintf(&path, "%s/plan.json", s->folder) < 0)
		ret = no_memory(err);
	else
		ret = file_publish(path, text, strlen(text), err);
	free(text);
	free(path);
	return ret;
}

static int make_tables(struct store *s, struct err *err)
{
	s->attempts = calloc(s->plan->n_boots, sizeof(*s->attempts));
	s->done = calloc(s->plan->n_boots, sizeof(*s->done));
	return s->attempts && s->done ? 0 : no_memory(err);
}

static int begin_campaign(struct store *s, json_t *plan, const char *domain,
			  struct err *err)
{
	char id[33];
	int ret = make_id(id, err);

	if (ret)
		return ret;
	ret = store_append(s, json_pack("{s:s, s:s, s:s, s:s, s:s, s:O, s:s}",
					"t", "campaign", "id", id, "name",
					s->plan->name, "version",
					KDUEL_VERSION, "plan_hash",
					s->plan->hash, "plan", plan, "domain",
					domain), err);
	if (!ret)
		ret = journal_sync(s->journal, err);
	s->id = strdup(id);
	s->domain = strdup(domain);
	return !ret && (!s->id || !s->domain) ? no_memory(err) : ret;
}

int store_create(struct store **out, const char *folder,
		 const struct plan *plan, const char *domain, struct err *err)
{
	json_t *json = plan_to_json(plan);
	struct store *s;
	int ret = json ? store_new(&s, folder, err) : no_memory(err);

	if (ret)
		goto free_json;
	ret = file_mkdirs(folder, err);
	if (!ret)
		ret = plan_from_json(json, &s->plan, err);
	if (!ret)
		ret = journal_create(&s->journal, s->journal_path, err);
	if (!ret)
		ret = make_tables(s, err);
	if (!ret)
		ret = publish_plan(s, json, err);
	if (!ret)
		ret = begin_campaign(s, json, domain, err);
	if (ret)
		store_close(s);
	else
		*out = s;
free_json:
	json_decref(json);
	return ret;
}

/* --- opening ---------------------------------------------------------------------- */

/* The first record: which campaign is this, and with which plan? */
static int read_campaign(struct store *s, const char *text, size_t len,
			 struct err *err)
{
	json_error_t je;
	json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &je);
	struct record r;
	int ret;

	if (!json)
		return err_config(err, "is no JSON: %s", je.text);
	ret = record_read(json, &r, err);
	if (!ret && r.type != RECORD_CAMPAIGN)
		ret = err_config(err, "is no campaign record");
	if (!ret) {
		ret = plan_from_json(r.plan, &s->plan, err);
		if (ret)
			err_prefix(err, "campaign: plan");
	}
	if (!ret && strcmp(s->plan->hash, r.plan_hash))
		ret = err_config(err, "campaign: plan_hash: is not the plan's");
	if (!ret) {
		s->id = strdup(r.id);
		s->domain = strdup(r.domain);
		if (!s->id || !s->domain)
			ret = no_memory(err);
	}
	json_decref(json);
	return ret;
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

static int open_index(struct store *s, const struct index_options *o,
		      struct err *err)
{
	return index_open(s->journal_path, s->index_path, s->plan, o, &s->db,
			  &s->samples, err);
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
	int ret = journal_open(&s->journal, s->journal_path, NULL, err);

	if (!ret)
		ret = make_tables(s, err);
	if (!ret)
		ret = open_index(s, NULL, err);
	if (!ret)
		ret = read_done(s, err);
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
					   : open_index(s, NULL, err);
	if (ret)
		store_close(s);
	else
		*out = s;
	return ret;
}

int store_reindex(const char *folder, uint64_t *samples, struct err *err)
{
	static const struct index_options fresh = { .fresh = true };
	struct store *s;
	int ret = store_new(&s, folder, err);

	if (ret)
		return ret;
	ret = refuse_no_results(folder, s->journal_path, err);
	if (!ret)
		ret = read_head(s, err);
	if (!ret)
		ret = open_index(s, &fresh, err);
	if (!ret && samples)
		*samples = s->samples;
	store_close(s);
	return ret;
}

/* --- appending -------------------------------------------------------------------- */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* A record that the reader would refuse must not get into the journal. */
static int check_place(struct store *s, const struct record *r,
		       struct err *err)
{
	if (r->type == RECORD_BOOT && r->boot > s->plan->n_boots)
		return err_config(err, "boot: %u is not in the plan", r->boot);
	if (r->type != RECORD_BOOT && r->boot && r->boot != s->under_way)
		return err_config(err, "%s: boot: %u is not the boot under way",
				  record_type_name(r->type), r->boot);
	if (r->cell && plan_cell(s->plan, r->cell) < 0)
		return err_config(err, "%s: cell: '%s' is none of the plan's",
				  record_type_name(r->type), r->cell);
	if (r->type == RECORD_SAMPLE && strcmp(r->domain, s->domain))
		return err_config(err, "sample: domain: is %s, but the campaign's is %s",
				  r->domain, s->domain);
	return 0;
}

static void note_boot(struct store *s, const struct record *r)
{
	if (r->type == RECORD_BOOT) {
		s->attempts[r->boot - 1] = r->attempt;
		s->under_way = r->boot;
	} else if (r->type == RECORD_BOOT_END) {
		s->done[r->boot - 1] = true;
		s->under_way = 0;
	}
}

int store_append(struct store *s, json_t *record, struct err *err)
{
	struct record r;
	int ret = 0;

	if (!record)
		return no_memory(err);
	if (!json_object_get(record, "at") &&
	    json_object_set_new(record, "at", json_real(now())))
		ret = no_memory(err);
	if (!ret)
		ret = record_read(record, &r, err);
	if (!ret)
		ret = check_place(s, &r, err);
	if (!ret)
		ret = journal_append_json(s->journal, record, err);
	if (!ret) {
		note_boot(s, &r);
		if (r.type == RECORD_BOOT_END)
			ret = journal_sync(s->journal, err);
	}
	json_decref(record);
	return ret;
}

bool store_boot_done(const struct store *s, unsigned boot)
{
	return boot >= 1 && boot <= s->plan->n_boots && s->done[boot - 1];
}

unsigned store_boot_attempts(const struct store *s, unsigned boot)
{
	if (boot < 1 || boot > s->plan->n_boots)
		return 0;
	return s->attempts[boot - 1];
}
