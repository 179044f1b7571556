/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/random.h>

#include "file.h"
#include "message.h"
#include "record-text.h"
#include "store-impl.h"

/* --- creating --------------------------------------------------------------------- */

static int write_make_id(char hex[static 33], struct err *err)
{
	uint8_t raw[16];

	if (getrandom(raw, sizeof(raw), 0) != sizeof(raw))
		return err_sys(err, errno, "cannot get random numbers for the campaign's id");
	hex_write(raw, sizeof(raw), hex);
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
		return pool_no_memory(err);
	ret = plan_write(plan, path, err);
	free(path);
	return ret;
}

static int write_begin_campaign(struct store *s, json_t *plan, const char *domain,
				struct err *err)
{
	char id[33];
	int ret = write_make_id(id, err);

	if (ret)
		return ret;
	ret = store_append(s, json_pack("{s:s, s:s, s:s, s:s, s:s, s:O, s:s}",
					"t", "campaign", "id", id, "name",
					s->plan->name, "version",
					KDUEL_VERSION, "plan_hash",
					s->plan->hash, "plan", plan, "domain",
					domain), err);
	s->id = strdup(id);
	s->domain = strdup(domain);
	return !ret && (!s->id || !s->domain) ? pool_no_memory(err) : ret;
}

/* Syncing the folder after the journal has its name puts both on the disk. */
static int write_publish(struct store *s, struct err *err)
{
	int ret = journal_publish(s->journal, err);

	return ret ? ret : store_publish_plan(s->folder, s->plan, err);
}

int store_begin(struct store **out, const char *folder, const struct plan *plan,
		const char *domain, store_first_fn first, void *arg,
		struct err *err)
{
	json_t *json = plan_to_json(plan);
	struct store *s;
	int ret = json ? store_new(&s, folder, err) : pool_no_memory(err);

	if (ret)
		goto free_json;
	ret = file_mkdirs(folder, err);
	if (!ret)
		ret = plan_copy(plan, &s->plan, err);
	if (!ret)
		ret = columns_init(&s->columns, s->plan, err);
	if (!ret)
		ret = journal_begin(&s->journal, s->journal_path, err);
	if (!ret)
		ret = write_begin_campaign(s, json, domain, err);
	if (!ret && first)
		ret = first(s, arg, err);
	if (!ret)
		ret = write_publish(s, err);
	if (ret)
		store_close(s);
	else
		*out = s;
free_json:
	json_decref(json);
	return ret;
}

int store_create(struct store **s, const char *folder, const struct plan *plan,
		 const char *domain, struct err *err)
{
	return store_begin(s, folder, plan, domain, NULL, NULL, err);
}

/* --- appending -------------------------------------------------------------------- */

int store_append_text(struct store *s, const char *text, size_t len,
		      struct err *err)
{
	int ret = columns_append(&s->columns, &s->doc, &s->record, s->journal, text, len,
				 err);

	if (!ret && s->record.type == RECORD_BOOT_END)
		ret = journal_sync(s->journal, err);
	return ret;
}

int store_append(struct store *s, json_t *record, struct err *err)
{
	char *text = record_dump(record);
	int ret = text ? store_append_text(s, text, strlen(text), err)
		       : pool_no_memory(err);

	free(text);
	return ret;
}

bool store_boot_done(const struct store *s, unsigned boot)
{
	const struct columns *c = &s->columns;

	for (size_t i = 0; i < c->runs.n; i++)
		if (c->runs.items[i].boot == boot && c->runs.items[i].class)
			return true;
	return false;
}

unsigned store_boot_attempts(const struct store *s, unsigned boot)
{
	const struct columns *c = &s->columns;
	unsigned n = 0;

	for (size_t i = 0; i < c->runs.n; i++)
		if (c->runs.items[i].boot == boot && c->runs.items[i].attempt > n)
			n = c->runs.items[i].attempt;
	return n;
}
