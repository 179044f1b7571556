/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel history: which campaigns were run, oldest first. */
#include <argp.h>
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "store.h"

struct options {
	char **folders;
	size_t n;
	bool json;
};

struct entry {
	char *folder;
	char name[72], domain[16], plan[13], arms[160];
	unsigned ended, failed, planned;
	double begun, seconds;	/* 0: no boot has ended */
};

struct history {
	struct entry *entries;
	size_t n;
	struct err bad;		/* the first folder that could not be read */
};

enum { OPT_JSON = 256 };

static const struct argp_option option_table[] = {
	{ "json", OPT_JSON, NULL, 0, "print JSON", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	(void)arg;
	switch (key) {
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
	option_table, parse, "FOLDER...",
	"Lists campaigns, oldest first. A folder of results folders stands for "
	"all of them.", NULL, NULL, NULL,
};

/* --- reading ---------------------------------------------------------------------- */

static void describe(struct entry *e, const struct store *s,
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
		e->seconds += b[i].ended - b[i].begun;
		if (i == 0 || b[i].begun < e->begun)
			e->begun = b[i].begun;
	}
	while (n && e->planned < b[n - 1].boot)
		e->planned += p->n_boots;	/* merged campaigns */
}

static int add(struct history *h, const char *folder, struct err *err)
{
	struct entry *more = realloc(h->entries, (h->n + 1) * sizeof(*more));
	const struct store_boot *boots;
	struct store *s;
	size_t n;
	int ret;

	if (!more)
		return err_sys(err, ENOMEM, "cannot list campaigns");
	h->entries = more;
	more = &h->entries[h->n];
	memset(more, 0, sizeof(*more));
	ret = store_open(&s, folder, STORE_READ, err);
	if (ret)
		return ret;
	ret = store_boots(s, &boots, &n, err);
	if (!ret) {
		describe(more, s, boots, n);
		more->folder = strdup(folder);
		ret = more->folder ? 0 : err_sys(err, ENOMEM,
						 "cannot list campaigns");
	}
	h->n += !ret;
	store_close(s);
	return ret;
}

static bool has_journal(const char *folder)
{
	char *path;
	bool there;

	if (asprintf(&path, "%s/journal.kdj", folder) < 0)
		return false;
	there = !access(path, F_OK);
	free(path);
	return there;
}

/* One that cannot be read does not hide the others. */
static void add_or_note(struct history *h, const char *folder)
{
	struct err err = ERR_INIT;

	if (add(h, folder, &err) && !h->bad.code)
		h->bad = err;
}

static void add_below(struct history *h, const char *folder)
{
	struct dirent **list;
	int n = scandir(folder, &list, NULL, alphasort);
	size_t before = h->n;

	for (int i = 0; i < n; i++) {
		char *path;

		if (list[i]->d_name[0] != '.' &&
		    asprintf(&path, "%s/%s", folder, list[i]->d_name) >= 0) {
			if (has_journal(path))
				add_or_note(h, path);
			free(path);
		}
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	if (h->n == before && !h->bad.code)
		add_or_note(h, folder);	/* says what is wrong with it */
}

static int by_time(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return (x->begun > y->begun) - (x->begun < y->begun);
}

/* --- printing --------------------------------------------------------------------- */

static void time_text(double at, char buf[20])
{
	time_t t = at;
	struct tm tm;

	if (at == 0 || !gmtime_r(&t, &tm))
		strcpy(buf, "-");
	else
		strftime(buf, 20, "%Y-%m-%d %H:%M", &tm);
}

static void print_table(const struct history *h)
{
	printf("%-16s  %-14s %-12s %9s %6s %6s  %-12s  %s\n", "BEGUN (UTC)",
	       "CAMPAIGN", "DOMAIN", "BOOTS", "FAILED", "HOURS", "PLAN",
	       "FOLDER");
	for (size_t i = 0; i < h->n; i++) {
		const struct entry *e = &h->entries[i];
		char when[20], boots[24];

		time_text(e->begun, when);
		snprintf(boots, sizeof(boots), "%u/%u", e->ended, e->planned);
		printf("%-16s  %-14s %-12s %9s %6u %6.2f  %-12s  %s\n", when,
		       e->name, e->domain, boots, e->failed,
		       e->seconds / 3600, e->plan, e->folder);
	}
}

static int print_json(const struct history *h, struct err *err)
{
	json_t *list = json_array();
	int bad;

	for (size_t i = 0; i < h->n; i++) {
		const struct entry *e = &h->entries[i];

		json_array_append_new(list, json_pack(
			"{s:s, s:s, s:s, s:s, s:s, s:f, s:f, s:i, s:i, s:i}",
			"folder", e->folder, "campaign", e->name, "domain",
			e->domain, "plan", e->plan, "arms", e->arms, "begun",
			e->begun, "seconds", e->seconds, "boots_ended",
			(int)e->ended, "boots_planned", (int)e->planned,
			"boots_failed", (int)e->failed));
	}
	bad = !list || json_dumpf(list, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(list);
	return bad ? err_sys(err, ENOMEM, "cannot list campaigns") : 0;
}

int cmd_history(int argc, char **argv)
{
	struct history h = { .bad = ERR_INIT };
	struct options o = { .n = 0 };

	argp_parse(&argp, argc, argv, 0, NULL, &o);
	for (size_t i = 0; i < o.n; i++) {
		if (has_journal(o.folders[i]))
			add_or_note(&h, o.folders[i]);
		else
			add_below(&h, o.folders[i]);
	}
	if (h.n)
		qsort(h.entries, h.n, sizeof(*h.entries), by_time);
	if (o.json && !h.bad.code)
		print_json(&h, &h.bad);
	else if (!o.json && h.n)
		print_table(&h);
	for (size_t i = 0; i < h.n; i++)
		free(h.entries[i].folder);
	free(h.entries);
	return h.bad.code ? command_fail(&h.bad) : EXIT_DONE;
}
