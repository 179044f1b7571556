/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs between the arms besides the kernel under test.
 *
 * An arm's identity (recorded once) and the environments of its boots are
 * flattened to "key.key = value". Facts of the kernel under test may differ. A
 * fact that varies among the boots of one arm (a load, a time) does not count as a
 * difference between arms. A fact of the machine that only one arm's kernel reports
 * is noted, since kernel versions have different files; what both report must agree.
 */
#include "compare-memory.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "store/store.h"

#define CMDLINE "command line"	/* the words that the plan adds */
#define CONTROL "control"	/* of the arm's guests */
#define NAMED_MAX 6		/* facts that a note names, at most */

struct fact {
	const char *key;
	char **value;		/* per arm; NULL: not recorded */
	bool *varies;		/* per arm */
};

struct facts {
	struct comparison *c;
	const struct plan *plan;
	struct fact *list;
	size_t n;
};

static struct fact *identity_fact_of(struct facts *f, const char *key)
{
	struct fact *list;

	for (size_t i = 0; i < f->n; i++)
		if (!strcmp(f->list[i].key, key))
			return &f->list[i];
	list = compare_grow(f->c, f->list, &f->n, sizeof(*list));
	if (!list)
		return NULL;
	f->list = list;
	list += f->n - 1;
	list->key = compare_text(f->c, "%s", key);
	list->value = compare_alloc(f->c, f->c->n_arms, sizeof(*list->value));
	list->varies = compare_alloc(f->c, f->c->n_arms, sizeof(*list->varies));
	return list->value && list->varies ? list : NULL;
}

static int identity_add_value(struct facts *f, unsigned arm, const char *key,
			      const char *value)
{
	struct fact *fact = identity_fact_of(f, key);

	if (!fact)
		return -ENOMEM;
	if (!fact->value[arm])
		fact->value[arm] = compare_text(f->c, "%s", value);
	else if (strcmp(fact->value[arm], value))
		fact->varies[arm] = true;
	return 0;
}

static bool identity_has_word(const char *line, const char *word, size_t n)
{
	while (*line) {
		size_t len = strcspn(line, " ");

		if (len == n && !strncmp(line, word, n))
			return true;
		line += len + (line[len] == ' ');
	}
	return false;
}

/* Does the word differ in every boot, name the kernel or say how fast this machine counts? */
static bool identity_of_the_boot(const char *word)
{
	static const char *const prefix[] = {
		"kduel.nonce=", "BOOT_IMAGE=", "initrd=", "tsc_early_khz=",
	};

	for (size_t i = 0; i < sizeof(prefix) / sizeof(prefix[0]); i++)
		if (!strncmp(word, prefix[i], strlen(prefix[i])))
			return true;
	return false;
}

/* The words that `line` has and `other` lacks, except those of the boot. */
static char *identity_own_words(struct comparison *c, const char *line, const char *other)
{
	char *own = compare_text(c, "%s", "");

	while (*line) {
		size_t n = strcspn(line, " ");

		if (n && !identity_of_the_boot(line) && !identity_has_word(other, line, n))
			own = compare_text(c, "%s%s%.*s", own, *own ? " " : "",
					   (int)n, line);
		line += n + (line[n] == ' ');
	}
	return own;
}

/* A command line without the words of the plan, which are a fact of their own, CMDLINE. */
static char *identity_plain_cmdline(struct comparison *c, const char *cmdline, const char *added)
{
	char *plain = identity_own_words(c, cmdline, added),
	     *missing = identity_own_words(c, added, cmdline);

	return *missing ? compare_text(c, "%s (without %s)", plain, missing) : plain;
}

static int identity_add_leaf(struct facts *f, unsigned arm, const char *key,
			     const json_t *json)
{
	char *dump;
	int rc;

	if (json_is_string(json) && !fnmatch("*.cmdline", key, 0))
		return identity_add_value(f, arm, key,
					  identity_plain_cmdline(f->c, json_string_value(json),
								 strcmp(key, "node.cmdline") ? ""
								 : f->plan->arms[arm].cmdline));
	if (json_is_string(json))
		return identity_add_value(f, arm, key, json_string_value(json));
	dump = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
	rc = dump ? identity_add_value(f, arm, key, dump) : -ENOMEM;
	free(dump);
	return rc;
}

struct identity_leaf {
	struct facts *f;
	unsigned arm;
};

static int identity_take_leaf(void *arg, const char *key, const json_t *value)
{
	const struct identity_leaf *l = arg;

	return identity_add_leaf(l->f, l->arm, key, value);
}

static int identity_flatten(struct facts *f, unsigned arm, const char *prefix,
			    const json_t *json)
{
	struct identity_leaf l = { f, arm };

	return compare_each_fact(prefix, json, identity_take_leaf, &l);
}

/* The driver's own facts, and whether it looked at results before the end. */
static void identity_take_driver(struct comparison *c, const json_t *facts)
{
	const json_t *look = json_object_get(facts, "looked_after_blocks");
	const json_t *watched = json_object_get(facts, "watched_after_blocks");

	if (watched) {
		c->watched = (unsigned)json_integer_value(watched);
		return;
	}
	if (look && !json_is_integer(look))
		return;
	if (look)
		c->looks++;
	else if (!c->env)
		c->env = compare_hold(c, facts);
}

/* A fact as well: two layouts of one kernel may differ more than two kernels. */
static int identity_add_layouts(struct facts *f, unsigned arm, const struct plan_arm *from)
{
	char *list = compare_text(f->c, "%s", from->layouts[0]);

	for (size_t i = 1; i < from->n_layouts; i++)
		list = compare_text(f->c, "%s, %s", list, from->layouts[i]);
	return identity_add_value(f, arm, "code layout", list);
}

static int identity_collect(struct facts *f, struct store *s, struct err *err)
{
	const struct plan *p = f->plan;
	const struct store_env *env;
	size_t n;
	int rc = store_envs(s, &env, &n, err);

	if (rc)
		return rc;
	for (unsigned a = 0; a < p->n_arms; a++) {
		if (identity_add_value(f, a, CMDLINE, p->arms[a].cmdline) ||
		    identity_add_value(f, a, CONTROL, control_words[p->arms[a].control]) ||
		    identity_add_layouts(f, a, &p->arms[a]) ||
		    identity_flatten(f, a, "", f->c->arms[a].identity))
			return err_sys(err, ENOMEM, "cannot compare");
	}
	for (size_t i = 0; i < n; i++) {
		if (env[i].arm < 0) {
			if (!strcmp(env[i].where, "driver"))
				identity_take_driver(f->c, env[i].facts);
			continue;
		}
		if (env[i].boot && compare_odd_boot(f->c, env[i].boot))
			continue;
		if (identity_flatten(f, (unsigned)env[i].arm, env[i].where, env[i].facts))
			return err_sys(err, ENOMEM, "cannot compare");
	}
	if (!f->c->env)
		f->c->env = compare_hold(f->c, NULL);
	return 0;
}

/* A fact's value to print: of two command lines, only the words that differ. */
static char *identity_shown(struct comparison *c, const struct fact *f, size_t arm,
			    size_t other)
{
	const char *value = f->value[arm];

	if (value && f->value[other] && !fnmatch("*.cmdline", f->key, 0))
		return identity_own_words(c, value, f->value[other]);
	return compare_text(c, "%s", value ? value : "(not recorded)");
}

static int identity_add_difference(struct comparison *c, const struct fact *fact, size_t arm)
{
	struct compare_difference *list, *d;

	list = compare_grow(c, c->differences, &c->n_differences, sizeof(*list));
	if (!list)
		return -ENOMEM;
	c->differences = list;
	d = &list[c->n_differences - 1];
	d->what = compare_text(c, "%s", fact->key);
	d->arm = compare_text(c, "%s", c->arms[arm].name);
	d->baseline_value = identity_shown(c, fact, c->baseline, arm);
	d->arm_value = identity_shown(c, fact, arm, c->baseline);
	return 0;
}

static bool identity_differs(const struct comparison *c, const struct fact *f, size_t arm)
{
	const char *a = f->value[c->baseline], *b = f->value[arm];

	/* An arm without a good boot has no facts; that is reported elsewhere. */
	if (f->varies[c->baseline] || f->varies[arm] ||
	    c->arms[arm].failed == c->arms[arm].boots ||
	    c->arms[c->baseline].failed == c->arms[c->baseline].boots)
		return false;
	return !a != !b || (a && strcmp(a, b));
}

/* Is it a fact that only one kernel reports, e.g. a mitigation that it knows? */
static bool identity_untold(const struct comparison *c, const struct fact *f, size_t arm)
{
	return !strncmp(f->key, "node.", 5) &&
	       !f->value[c->baseline] != !f->value[arm];
}

static void identity_note_untold(struct comparison *c, const struct facts *f, size_t arm)
{
	char *list = compare_text(c, "%s", "");
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		if (identity_untold(c, &f->list[i], arm) && identity_differs(c, &f->list[i], arm) &&
		    n++ < NAMED_MAX)
			list = compare_text(c, "%s%s%s", list, *list ? ", " : "",
					    f->list[i].key);
	if (n)
		compare_note(c, "only one of %s and the baseline reports %s%s",
			     c->arms[arm].name, list, n > NAMED_MAX ? ", ..." : "");
}

/*
 * A plan that gives one kernel two command lines, or controls, compares these on
 * purpose. If the kernels differed too, the cause of an effect would be unknown.
 */
static bool identity_setting_under_test(const struct facts *f, size_t arm)
{
	const struct plan_arm *a = &f->plan->arms[arm];
	const struct plan_arm *base = &f->plan->arms[f->c->baseline];

	return (strcmp(a->cmdline, base->cmdline) || a->control != base->control) &&
	       !strcmp(a->kernel, base->kernel);
}

static const char *identity_source(const struct comparison *c, size_t arm)
{
	const json_t *kernels = json_object_get(c->arms[arm].identity, "kernel");
	const json_t *source = json_object_get(json_object_get(kernels, "default"), "source");
	const char *hash = json_string_value(json_object_get(source, "hash"));

	return hash ? hash : "";
}

/*
 * Which mitigations a kernel has, and how it words them, depends on its source, as do
 * the settings that its KVM begins with (`tdp_mmu` is off in 5.10); with the same
 * source they must be the same. Settings of a command line are a difference of that.
 */
static bool identity_of_the_source(const struct comparison *c, const struct fact *fact,
				   size_t arm)
{
	bool follows = !strncmp(fact->key, "node.mitigations.", 17) ||
		       !strncmp(fact->key, "node.kvm.", 9);

	return follows && strcmp(identity_source(c, arm), identity_source(c, c->baseline));
}

/* Is it reported by the booted machine or guest, and not how they were started? */
static bool identity_of_the_environment(const struct fact *fact)
{
	return (!strncmp(fact->key, "node.", 5) || !strncmp(fact->key, "guest.", 6)) &&
	       fnmatch("*.cmdline", fact->key, 0);
}

static void identity_note_following(const struct facts *f, const struct fact *fact,
				    const char *from, size_t arm)
{
	struct comparison *c = f->c;

	compare_note(c, "%s follows from the %s of %s: '%.60s', baseline '%.60s'",
		     fact->key, from, c->arms[arm].name, fact->value[arm] ? fact->value[arm] : "",
		     fact->value[c->baseline] ? fact->value[c->baseline] : "");
}

static int identity_take_difference(const struct facts *f, const struct fact *fact, size_t arm)
{
	bool set;

	if (identity_untold(f->c, fact, arm) || !identity_differs(f->c, fact, arm))
		return 0;
	if (identity_of_the_source(f->c, fact, arm)) {
		identity_note_following(f, fact, "source", arm);
		return 0;
	}
	/* One kernel, one image: the difference is an effect of the command line. */
	set = !strcmp(fact->key, CMDLINE) || !strcmp(fact->key, CONTROL);
	if (!identity_setting_under_test(f, arm) || (!set && !identity_of_the_environment(fact)))
		return identity_add_difference(f->c, fact, arm);
	if (!set)
		identity_note_following(f, fact, "command line", arm);
	else
		compare_note(f->c, "%s is the baseline's kernel with another %s: '%s', baseline '%s'",
			     f->c->arms[arm].name, fact->key, fact->value[arm],
			     fact->value[f->c->baseline]);
	return 0;
}

static int identity_find_differences(struct comparison *c, struct store *s,
				     struct err *err)
{
	struct facts f = { .c = c, .plan = store_plan(s) };
	int rc = identity_collect(&f, s, err);

	for (size_t a = 0; !rc && a < c->n_arms; a++) {
		if (a == c->baseline)
			continue;
		for (size_t i = 0; !rc && i < f.n; i++)
			if (identity_take_difference(&f, &f.list[i], a))
				rc = err_sys(err, ENOMEM, "cannot compare");
		identity_note_untold(c, &f, a);
		compare_configs(c, a);
	}
	/* The configs were compared, and are too long to be printed with the rest. */
	for (size_t a = 0; a < c->n_arms; a++)
		json_object_del(c->arms[a].identity, "config");
	return rc;
}

int compare_identities(struct comparison *c, struct store *s, bool allow,
		       struct err *err)
{
	int rc = identity_find_differences(c, s, err);

	if (rc || !c->n_differences)
		return rc;
	if (allow)
		compare_note(c, "%zu difference%s besides the kernel under test %s allowed",
			     c->n_differences, c->n_differences == 1 ? "" : "s",
			     c->n_differences == 1 ? "was" : "were");
	else
		compare_refuse(c, "the arms differ in more than the kernel under test (%s of %s: '%.60s', baseline '%.60s'%s); --allow-differences judges all the same",
			       c->differences[0].what, c->differences[0].arm,
			       c->differences[0].arm_value,
			       c->differences[0].baseline_value,
			       c->n_differences > 1 ? "; and more" : "");
	return 0;
}
