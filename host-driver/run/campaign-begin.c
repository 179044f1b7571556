/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "campaign-begin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine/preflight.h"

/* --- where two JSON values differ ------------------------------------------------ */

static void campaign_begin_say(const char *path, const json_t *was, const json_t *is,
			       char what[static DIFFERENCE_MAX])
{
	char *a = json_dumps(was, JSON_ENCODE_ANY | JSON_COMPACT);
	char *b = is ? json_dumps(is, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;

	snprintf(what, DIFFERENCE_MAX, "%.100s was %.120s, is %.120s", path,
		 a ? a : "", b ? b : "not there");
	free(a);
	free(b);
}

static bool campaign_begin_in_object(const char *path, const json_t *was, const json_t *is,
				     char what[static DIFFERENCE_MAX])
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)was, key, value) {
		char below[256];

		snprintf(below, sizeof(below), "%s%s%s", path, *path ? "." : "",
			 key);
		if (difference_find(below, value, json_object_get(is, key), what))
			return true;
	}
	return false;
}

bool difference_find(const char *path, const json_t *was, const json_t *is,
		     char what[static DIFFERENCE_MAX])
{
	size_t n = json_array_size(was);

	if (json_is_object(was) && json_is_object(is))
		return campaign_begin_in_object(path, was, is, what);
	if (json_equal(was, is))
		return false;
	for (size_t i = 0; i < n && n == json_array_size(is); i++) {
		char below[256];

		snprintf(below, sizeof(below), "%s[%zu]", path, i);
		if (difference_find(below, json_array_get(was, i),
				    json_array_get(is, i), what))
			return true;
	}
	campaign_begin_say(path, was, is, what);
	return true;
}

/* --- beginning ---------------------------------------------------------------- */

/* Images are named by the hash of their content. */
static void campaign_begin_add_image(json_t *images, const char *name, const char *path)
{
	const char *base = path ? strrchr(path, '/') : NULL;

	if (base)
		json_object_set_new(images, name, json_string(base + 1));
}

static json_t *campaign_begin_identity(const struct campaign_means *c,
				       const struct plan_arm *arm)
{
	json_t *id = arm_kernels_identity(c->kernels, c->plan, arm);
	json_t *images = json_object();

	campaign_begin_add_image(images, "node", c->machine->images.node);
	campaign_begin_add_image(images, "guest", c->machine->images.guest);
	json_object_set_new(id, "images", images);
	return id;
}

/* Appends the first records of the journal. */
static int begin_records(struct store *s, void *arg, struct err *err)
{
	const struct campaign_means *c = arg;
	const struct plan *p = c->plan;
	int ret = store_append(s, json_pack("{s:s, s:s, s:n, s:o}", "t", "env",
					    "where", "driver", "boot", "facts",
					    driver_env(c->machine)), err);

	for (size_t i = 0; i < p->n_arms && !ret; i++) {
		const struct plan_arm *arm = &p->arms[i];

		ret = store_append(s, json_pack("{s:s, s:s, s:s, s:b, s:o}",
						"t", "arm", "arm", arm->name,
						"kernel", arm->kernel,
						"baseline", (int)arm->baseline,
						"identity", campaign_begin_identity(c, arm)),
				   err);
	}
	if (!ret && c->only)
		ret = store_append(s, json_pack("{s:s, s:o}", "t", "note", "text",
						json_sprintf("only boots of %s were wanted, to be compared with those in %s",
							     c->only, c->like)), err);
	return ret;
}

/* Creates what people and plots need beside the journal, unless it exists. */
static int begin_folder(const char *folder, const struct plan *plan, struct err *err)
{
	char *console = NULL, *hwloc = NULL, *json = NULL;
	int ret = 0;

	if (asprintf(&console, "%s/console", folder) < 0 ||
	    asprintf(&hwloc, "%s/hwloc.xml", folder) < 0 ||
	    asprintf(&json, "%s/plan.json", folder) < 0)
		ret = err_sys(err, ENOMEM, "cannot make %s", folder);
	if (!ret)
		ret = file_mkdirs(console, err);
	if (!ret && access(hwloc, F_OK))
		ret = driver_env_topology(folder, err);
	if (!ret && access(json, F_OK))
		ret = store_publish_plan(folder, plan, err);
	free(console);
	free(hwloc);
	free(json);
	return ret;
}

int campaign_begin(const struct campaign_means *c, const char *folder,
		   struct store **s, struct err *err)
{
	int ret = store_begin(s, folder, c->plan, machine_domain(c->machine),
			      begin_records, (void *)c, err);

	if (ret)
		return ret;
	ret = begin_folder(folder, c->plan, err);
	if (ret) {
		store_close(*s);
		*s = NULL;
	}
	return ret;
}

/* --- resuming ----------------------------------------------------------------- */

/* Facts of the driver's machine that may change: transient ones, and logs. */
static const char *const passing[] = {
	"hwloc", "dmesg", "memory", "events", "hugepages", NULL,
};
/* Facts that differ between arms if the driver's machine is itself under test. */
static const char *const under_test[] = {
	"kernel", "compiler", "cmdline", "mitigations", "kvm", "thp",
	"clocksource", NULL,
};

static bool campaign_begin_among(const char *const *list, const char *word)
{
	while (*list && strcmp(*list, word))
		list++;
	return *list;
}

/* New facts do not matter; what was recorded must be unchanged. */
static bool campaign_begin_driver_differs(const struct campaign_means *c, const json_t *was,
					  char what[static DIFFERENCE_MAX])
{
	bool host = c->plan->machine.kind->is_driver, found = false;
	json_t *is = driver_env(c->machine), *value;
	const char *key;

	json_object_foreach((json_t *)was, key, value) {
		if (found || campaign_begin_among(passing, key) ||
		    (host && campaign_begin_among(under_test, key)))
			continue;
		found = difference_find(key, value, json_object_get(is, key), what);
	}
	json_decref(is);
	return found;
}

/* The driver's environment at the beginning; NULL if it was not recorded. */
static int campaign_begin_driver_then(struct store *s, const json_t **facts, struct err *err)
{
	const struct store_env *list;
	size_t n;
	int ret = store_envs(s, &list, &n, err);

	*facts = NULL;
	for (size_t i = 0; !ret && i < n && !*facts; i++)
		if (!strcmp(list[i].where, "driver") &&
		    !json_object_get(list[i].facts, "looked_after_blocks") &&
		    !json_object_get(list[i].facts, "watched_after_blocks"))
			*facts = list[i].facts;
	return ret;
}

/* What has changed since the beginning; "" if nothing has. The kernels of `except` may. */
static int campaign_begin_find_change(const struct campaign_means *c, struct store *s,
				      const char *except, char what[static DIFFERENCE_MAX],
				      struct err *err)
{
	const json_t *was;
	int ret = campaign_begin_driver_then(s, &was, err);

	*what = '\0';
	if (ret || campaign_begin_driver_differs(c, was, what))
		return ret;
	for (size_t i = 0; i < c->plan->n_arms && !*what; i++) {
		const struct plan_arm *arm = &c->plan->arms[i];
		char path[128];
		json_t *is;

		if (except && !strcmp(arm->name, except))
			continue;
		is = campaign_begin_identity(c, arm);
		snprintf(path, sizeof(path), "%.64s", arm->name);
		difference_find(path, store_identity(s, (unsigned)i), is, what);
		json_decref(is);
	}
	return 0;
}

static int campaign_begin_check(const struct campaign_means *c, const char *folder, bool allow,
				char what[static DIFFERENCE_MAX], struct err *err)
{
	const char *domain = machine_domain(c->machine);
	struct store *s;
	int ret = store_open(&s, folder, STORE_READ, err);

	if (ret)
		return ret;
	if (strcmp(store_domain(s), domain))
		ret = err_machine(err, "%s has times of domain %s, but here they would be %s: these are never mixed",
				  folder, store_domain(s), domain);
	if (!ret)
		ret = campaign_begin_find_change(c, s, NULL, what, err);
	if (!ret && *what && !allow)
		ret = err_config(err, "%s was begun under other conditions: %s; restore them, begin a new campaign, or continue anyway with --allow-differences",
				 folder, what);
	store_close(s);
	return ret;
}

static bool campaign_begin_has_left(const struct plan *p, const struct store *s)
{
	for (size_t i = 0; i < p->n_boots; i++)
		if (!store_boot_done(s, p->boots[i].boot))
			return true;
	return false;
}

static int campaign_begin_note_resumed(struct store *s, const char *what, struct err *err)
{
	char torn[96] = "", note[DIFFERENCE_MAX + 192];

	if (store_torn(s))
		snprintf(torn, sizeof(torn), "; %llu bytes of an unfinished record were cut off the journal's end",
			 (unsigned long long)store_torn(s));
	snprintf(note, sizeof(note), "the campaign was resumed%s%s%s",
		 *what ? " under other conditions: " : "", what, torn);
	return store_append(s, json_pack("{s:s, s:s}", "t", "note", "text", note),
			    err);
}

int campaign_go_on(const struct campaign_means *c, const char *folder,
		   bool allow, struct store **s, struct err *err)
{
	char what[DIFFERENCE_MAX];
	int ret = campaign_begin_check(c, folder, allow, what, err);

	if (!ret)
		ret = begin_folder(folder, c->plan, err);
	if (!ret)
		ret = store_open(s, folder, STORE_APPEND, err);
	if (ret)
		return ret;
	if (campaign_begin_has_left(c->plan, *s))
		ret = campaign_begin_note_resumed(*s, what, err);
	if (ret) {
		store_close(*s);
		*s = NULL;
	}
	return ret;
}

/* --- boots of one arm for another campaign's ----------------------------------------- */

/* The plan without its length, and without the kernel of `arm`. */
static json_t *campaign_begin_plan_but(const struct plan *p, const char *arm)
{
	static const char *const length[] = { "blocks", "boots", "hash", "beside" };
	json_t *json = plan_to_json(p), *arms = json_object_get(json, "arms"), *a;
	size_t i;

	for (size_t k = 0; k < sizeof(length) / sizeof(*length); k++)
		json_object_del(json, length[k]);
	json_array_foreach(arms, i, a) {
		const char *name = json_string_value(json_object_get(a, "name"));

		if (name && !strcmp(name, arm))
			json_object_del(a, "kernel");
	}
	return json;
}

static bool campaign_begin_plan_differs(const struct campaign_means *c, struct store *s,
					char what[static DIFFERENCE_MAX])
{
	json_t *was = campaign_begin_plan_but(store_plan(s), c->only);
	json_t *is = campaign_begin_plan_but(c->plan, c->only);
	bool differs = difference_find("", was, is, what) || difference_find("", is, was, what);

	json_decref(was);
	json_decref(is);
	return differs;
}

int campaign_check_like(const struct campaign_means *c, struct err *err)
{
	const char *domain = machine_domain(c->machine);
	char what[DIFFERENCE_MAX];
	struct store *s;
	int ret = store_open(&s, c->like, STORE_READ, err);

	if (ret)
		return ret;
	if (strcmp(store_domain(s), domain))
		ret = err_machine(err, "%s has times of domain %s, but here they would be %s: these are never mixed",
				  c->like, store_domain(s), domain);
	else if (!campaign_begin_plan_differs(c, s, what))
		ret = campaign_begin_find_change(c, s, c->only, what, err);
	if (!ret && *what)
		ret = err_config(err, "boots of %s cannot be compared with those in %s: %s; restore that, or begin again",
				 c->only, c->like, what);
	store_close(s);
	return ret;
}
