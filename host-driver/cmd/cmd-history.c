/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel history: lists the campaigns, oldest first. */
#include <argp.h>
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "export/database.h"
#include "options.h"
#include "safe.h"
#include "store/store.h"

struct options {
	char **folders;
	size_t n;
	const char *db;		/* NULL, or the database to add them to */
	bool json;
};

struct entry {
	char *folder;
	char name[72], domain[16], plan[13], arms[160];
	unsigned ended, failed, planned;
	double begun, seconds;	/* 0: no boot has ended */
	char *error;		/* why it cannot be read; the rest is then not set */
};

struct history {
	struct entry *entries;
	size_t n;
	enum kduel_exit exit;	/* of the first folder that could not be read */
	struct err err;		/* why there is no list */
};

enum { OPT_JSON = 256, OPT_DB };

static const struct argp_option option_table[] = {
	{ "db", OPT_DB, "FILE", 0, "add them to this SQLite database", 0 },
	{ "json", OPT_JSON, NULL, 0, "print JSON", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t history_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case OPT_DB:
		o->db = command_path(state, "--db", arg);
		return 0;
	case OPT_JSON:
		o->json = true;
		return 0;
	case ARGP_KEY_ARGS:
		o->folders = state->argv + state->next;
		o->n = state->argc - state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which results folders?");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	option_table, history_parse, "FOLDER...",
	"Lists campaigns, oldest first, or adds them to a database. A folder of results folders stands for "
	"all results in it.", NULL, NULL, NULL,
};

/* --- reading ---------------------------------------------------------------------- */

/* The boot's duration by a monotonic clock. */
static double history_seconds(const struct store_boot *b)
{
	const json_t *total = json_object_get(b->phases, "total");

	return json_is_number(total) ? json_number_value(total) : fmax(0, b->ended - b->begun);
}

static void history_describe(struct entry *e, const struct store *s,
			     const struct store_boot *b, size_t n)
{
	const struct plan *p = store_plan(s);
	size_t used = 0;

	snprintf(e->name, sizeof(e->name), "%s", p->name);
	snprintf(e->domain, sizeof(e->domain), "%s", store_domain(s));
	snprintf(e->plan, sizeof(e->plan), "%.12s", p->hash);
	for (size_t i = 0; i < p->n_arms && used < sizeof(e->arms); i++)
		used += snprintf(e->arms + used, sizeof(e->arms) - used, "%s%s",
				 i ? " " : "", p->arms[i].name);
	e->planned = p->n_boots;
	for (size_t i = 0; i < n; i++) {
		bool last = i + 1 == n || b[i + 1].boot != b[i].boot;

		e->ended += last;
		e->failed += last && !b[i].ok;
		e->seconds += history_seconds(&b[i]);
		if (i == 0 || b[i].begun < e->begun)
			e->begun = b[i].begun;
	}
	while (n && e->planned < b[n - 1].boot)
		e->planned += p->n_boots;	/* merged campaigns */
}

static int history_read_entry(struct entry *e, const char *folder, struct err *err)
{
	const struct store_boot *boots;
	struct store *s;
	size_t n;
	int ret = store_open(&s, folder, STORE_READ, err);

	if (ret)
		return ret;
	ret = store_boots(s, &boots, &n, err);
	if (!ret)
		history_describe(e, s, boots, n);
	store_close(s);
	return ret;
}

/* A folder that cannot be read does not hide the others. */
static int history_add(void *arg, const char *folder, struct err *none)
{
	struct history *h = arg;
	struct entry *e = realloc(h->entries, (h->n + 1) * sizeof(*e));
	struct err err = ERR_INIT;

	if (!e) {
		err_sys(&h->err, ENOMEM, "cannot list campaigns");
		return 0;
	}
	(void)none;
	h->entries = e;
	e = &h->entries[h->n++];
	memset(e, 0, sizeof(*e));
	e->folder = strdup(folder);
	if (history_read_entry(e, folder, &err)) {
		e->error = strdup(err.text);
		if (!h->exit)
			h->exit = err.exit;
	}
	if (!e->folder || (err.code && !e->error))
		err_sys(&h->err, ENOMEM, "cannot list campaigns");
	return 0;
}

/* A campaign that has not begun counts as the latest. */
static int history_by_time(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if ((x->begun == 0) != (y->begun == 0))
		return x->begun == 0 ? 1 : -1;
	return (x->begun > y->begun) - (x->begun < y->begun);
}

/* --- printing --------------------------------------------------------------------- */

static void history_time_text(double at, char buf[20])
{
	time_t t = at;
	struct tm tm;

	if (at == 0 || !gmtime_r(&t, &tm))
		strcpy(buf, "-");
	else
		strftime(buf, 20, "%Y-%m-%d %H:%M", &tm);
}

static void history_duration_text(double seconds, char buf[16])
{
	if (seconds < 100)
		snprintf(buf, 16, "%.0f s", seconds);
	else if (seconds < 100 * 60)
		snprintf(buf, 16, "%.0f min", seconds / 60);
	else
		snprintf(buf, 16, "%.1f h", seconds / 3600);
}

static int history_longest(int a, const char *text)
{
	int len = strlen(text);

	return a > len ? a : len;
}

static void history_print_entry(const struct entry *e, int name, int domain)
{
	char when[20], boots[24], took[16];

	history_time_text(e->begun, when);
	snprintf(boots, sizeof(boots), "%u/%u", e->ended, e->planned);
	history_duration_text(e->seconds, took);
	printf("%-16s  %-*s  %-*s  %7s  %6u  %7s  %.8s  %s\n", when, name,
	       e->name, domain, e->domain, boots, e->failed, took, e->plan,
	       e->folder);
}

static void history_print_table(const struct history *h)
{
	int name = 8, domain = 6;
	size_t good = 0;

	for (size_t i = 0; i < h->n; i++) {
		name = history_longest(name, h->entries[i].name);
		domain = history_longest(domain, h->entries[i].domain);
		good += !h->entries[i].error;
	}
	if (good)
		printf("%-16s  %-*s  %-*s  %7s  %6s  %7s  %-8s  %s\n",
		       "BEGUN (UTC)", name, "CAMPAIGN", domain, "DOMAIN",
		       "BOOTS", "FAILED", "IN BOOT", "PLAN", "FOLDER");
	for (size_t i = 0; i < h->n; i++)
		if (!h->entries[i].error)
			history_print_entry(&h->entries[i], name, domain);
	fflush(stdout);
	for (size_t i = 0; i < h->n; i++)
		if (h->entries[i].error)
			fprintf(stderr, "kduel: %s\n", h->entries[i].error);
}

static json_t *history_entry_json(const struct entry *e)
{
	if (e->error)
		return json_pack("{s:s, s:s}", "folder", e->folder, "error",
				 e->error);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:f, s:f, s:i, s:i, s:i}",
			 "folder", e->folder, "campaign", e->name, "domain",
			 e->domain, "plan", e->plan, "arms", e->arms, "begun",
			 e->begun, "seconds", e->seconds, "boots_ended",
			 (int)e->ended, "boots_planned", (int)e->planned,
			 "boots_failed", (int)e->failed);
}

static void history_print_json(struct history *h)
{
	json_t *list = json_array();
	bool bad = !list;

	for (size_t i = 0; !bad && i < h->n; i++)
		bad = json_array_append_new(list, history_entry_json(&h->entries[i]));
	if (bad || json_dumpf(list, stdout, JSON_INDENT(1) | JSON_ENSURE_ASCII))
		err_sys(&h->err, ENOMEM, "cannot list campaigns");
	putchar('\n');
	json_decref(list);
}

static void history_release(struct history *h)
{
	for (size_t i = 0; i < h->n; i++) {
		free(h->entries[i].folder);
		free(h->entries[i].error);
	}
	free(h->entries);
}

/* --- the database ------------------------------------------------------------------ */

struct history_db {
	struct database *db;
	size_t did[DATABASE_KNOWN + 1];
	enum kduel_exit exit;	/* of the first folder that could not be read */
};

/* A folder that cannot be read does not keep out the others. */
static int history_store(void *arg, const char *folder, struct err *err)
{
	struct history_db *h = arg;
	enum database_did did;
	struct err own = ERR_INIT;

	if (!database_add(h->db, folder, &did, &own)) {
		h->did[did]++;
		return 0;
	}
	if (own.exit == EXIT_MACHINE) {	/* the database, most likely */
		*err = own;
		return own.code;
	}
	command_fail(&own);
	h->exit = h->exit ? h->exit : own.exit;
	return 0;
}

static int history_to_db(const struct options *o)
{
	struct history_db h = { .exit = EXIT_DONE };
	struct err err = ERR_INIT;
	int rc = database_open(&h.db, o->db, &err);

	if (!rc)
		rc = command_folders(o->folders, o->n, history_store, &h, &err);
	database_close(h.db);
	if (rc)
		return command_fail(&err);
	text_put(stdout, o->db);
	printf(": campaigns: %zu added, %zu replaced, %zu known\n", h.did[DATABASE_ADDED],
	       h.did[DATABASE_REPLACED], h.did[DATABASE_KNOWN]);
	return (int)h.exit;
}

int cmd_history(int argc, char **argv)
{
	struct history h = { .exit = EXIT_DONE, .err = ERR_INIT };
	struct options o = { .n = 0 };

	options_parse(&argp, argc, argv, 0, &o);
	if (o.db)
		return history_to_db(&o);
	command_folders(o.folders, o.n, history_add, &h, &h.err);
	if (h.n)
		qsort(h.entries, h.n, sizeof(*h.entries), history_by_time);
	if (!h.err.code && o.json)
		history_print_json(&h);
	else if (!h.err.code)
		history_print_table(&h);
	history_release(&h);
	return h.err.code ? command_fail(&h.err) : (int)h.exit;
}
