/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/random.h>
#include <time.h>

#include "file.h"
#include "record.h"
#include "store-impl.h"

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

bool store_has_journal(const char *folder)
{
	char *path;
	bool there;

	if (asprintf(&path, "%s/journal.kdj", folder) < 0)
		return false;
	there = !access(path, F_OK);
	free(path);
	return there;
}

int store_publish_plan(const char *folder, const struct plan *plan,
		       struct err *err)
{
	char *path;
	int ret;

	if (asprintf(&path, "%s/plan.json", folder) < 0)
		return store_no_memory(err);
	ret = plan_write(plan, path, err);
	free(path);
	return ret;
}

int store_make_tables(struct store *s, struct err *err)
{
	s->attempts = calloc(s->plan->n_boots, sizeof(*s->attempts));
	s->done = calloc(s->plan->n_boots, sizeof(*s->done));
	return s->attempts && s->done ? 0 : store_no_memory(err);
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
	return !ret && (!s->id || !s->domain) ? store_no_memory(err) : ret;
}

int store_create(struct store **out, const char *folder,
		 const struct plan *plan, const char *domain, struct err *err)
{
	json_t *json = plan_to_json(plan);
	struct store *s;
	int ret = json ? store_new(&s, folder, err) : store_no_memory(err);

	if (ret)
		goto free_json;
	ret = file_mkdirs(folder, err);
	if (!ret)
		ret = plan_from_json(json, &s->plan, err);
	if (!ret)
		ret = journal_create(&s->journal, s->journal_path, err);
	if (!ret)
		ret = store_make_tables(s, err);
	if (!ret)
		ret = store_publish_plan(folder, plan, err);
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

/* What is checked is what is written, as a reader will. */
static int append_text(struct store *s, const char *text, size_t len,
		       struct err *err)
{
	struct record r;
	int ret = record_read(&s->doc, text, len, &r, err);

	if (!ret)
		ret = check_place(s, &r, err);
	if (!ret)
		ret = journal_append(s->journal, text, len, err);
	if (ret)
		return ret;
	note_boot(s, &r);
	return r.type == RECORD_BOOT_END ? journal_sync(s->journal, err) : 0;
}

int store_append(struct store *s, json_t *record, struct err *err)
{
	char *text;
	int ret;

	if (!record)
		return store_no_memory(err);
	if (!json_object_get(record, "at"))
		json_object_set_new(record, "at", json_real(now()));
	text = json_dumps(record, JSON_COMPACT | JSON_REAL_PRECISION(17));
	json_decref(record);
	if (!text)
		return store_no_memory(err);
	ret = append_text(s, text, strlen(text), err);
	free(text);
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
