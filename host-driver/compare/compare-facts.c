/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Facts of machines: which of them count, and the odd boot that reports what no
 * other boot does. Either it ran on another machine or its guest invented the fact;
 * in both cases its samples are void, with the reason, and the others are judged.
 */
#include "compare-memory.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "store/store.h"

/* Facts that describe the kernel under test, or follow from it. */
static const char *const under_test[] = {
	"kernel", "kernel.*", "release", "version", "source", "source.*", "patches",
	"patches.*", "image", "image.*", "hash", "config_hash", "config", "config.*",
	"node.kernel*", "node.release", "node.version", "node.uname*", "node.dmesg*",
	"node.btf*", "node.config*", "node.memory",
};

/*
 * Facts that vary by boot and say nothing about the arm. hwloc's XML names the
 * kernel and the free memory; the shape of the topology is in "topology".
 */
static const char *const weather[] = {
	"*dmesg*", "*uptime*", "*boot_id*", "*nonce*", "*free*", "*load*", "*time*",
	"*seconds*", "*date*", "*pid*", "*console*", "*hwloc*", "*mhz*", "*random*",
	"*available_bytes*",
};

static bool facts_listed(const char *key, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!fnmatch(list[i], key, FNM_CASEFOLD))
			return true;
	return false;
}

#define LISTED(key, list) facts_listed(key, list, sizeof(list) / sizeof((list)[0]))

int compare_each_fact(const char *prefix, const json_t *facts,
		      int (*fn)(void *arg, const char *key, const json_t *value), void *arg)
{
	const char *name;
	json_t *value;
	int rc = 0;

	json_object_foreach((json_t *)facts, name, value) {
		char key[256];

		snprintf(key, sizeof(key), "%s%s%s", prefix, *prefix ? "." : "", name);
		if (LISTED(key, under_test) || LISTED(key, weather))
			continue;
		rc = json_is_object(value) ? compare_each_fact(key, value, fn, arg)
					   : fn(arg, key, value);
		if (rc)
			return rc;
	}
	return rc;
}

/* --- the odd boot ----------------------------------------------------------------- */

#define OTHERS_LEAST 3		/* boots that must agree before one that differs counts as odd */

/* The boots that report one value of a fact; `value` NULL: that do not report it. */
struct facts_group {
	const char *value;
	unsigned arm, n, boots;	/* `boots`: the sum of their numbers; for n = 1 the number */
};

#define GROUPS_MOST (2 * PLAN_ARMS_MAX + 1)

struct facts_key {
	const char *key, *where;
	struct facts_group group[GROUPS_MOST];
	unsigned n;		/* GROUPS_MOST: the fact differs from boot to boot */
};

struct facts_odd {
	struct comparison *c;
	const struct store_env *env;	/* the facts being read */
	struct facts_key *list;
	size_t n;
};

static struct facts_key *facts_key_of(struct facts_odd *o, const char *key)
{
	struct facts_key *list;

	for (size_t i = 0; i < o->n; i++)
		if (!strcmp(o->list[i].key, key))
			return &o->list[i];
	list = compare_grow(o->c, o->list, &o->n, sizeof(*list));
	if (!list)
		return NULL;
	o->list = list;
	list += o->n - 1;
	list->key = compare_text(o->c, "%s", key);
	list->where = o->env->where;
	return list;
}

static void facts_count(struct facts_odd *o, struct facts_key *k, const char *value, unsigned arm,
			unsigned n, unsigned boots)
{
	unsigned i = 0;

	while (i < k->n && (k->group[i].arm != arm || !k->group[i].value != !value ||
			    (value && strcmp(k->group[i].value, value))))
		i++;
	if (i == k->n && k->n < GROUPS_MOST)
		k->group[k->n++] = (struct facts_group){
			.value = value ? compare_text(o->c, "%s", value) : NULL, .arm = arm };
	if (i < GROUPS_MOST) {
		k->group[i].n += n;
		k->group[i].boots += boots;
	}
}

static int facts_take(void *arg, const char *key, const json_t *value)
{
	struct facts_odd *o = arg;
	struct facts_key *k;
	char *dump;

	/* A command line contains words of its boot; compare-identity.c compares it. */
	if (!fnmatch("*.cmdline", key, 0))
		return 0;
	k = facts_key_of(o, key);
	dump = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
	if (k && dump && k->n < GROUPS_MOST)
		facts_count(o, k, dump, (unsigned)o->env->arm, 1, o->env->boot);
	free(dump);
	return k && dump ? 0 : -ENOMEM;
}

/* Counts an arm's boots that reported other facts of the place, but not this one. */
static void facts_count_silent(struct facts_odd *o, struct facts_key *k,
			       const struct store_env *env, size_t n)
{
	for (unsigned a = 0; a < o->c->n_arms; a++) {
		unsigned count = 0, boots = 0;

		for (size_t i = 0; i < n; i++)
			if (env[i].boot && env[i].arm == (int)a && !strcmp(env[i].where, k->where)) {
				count++;
				boots += env[i].boot;
			}
		for (unsigned i = 0; i < k->n; i++)
			if (k->group[i].arm == a) {
				count -= k->group[i].n;
				boots -= k->group[i].boots;
			}
		if (count)
			facts_count(o, k, NULL, a, count, boots);
	}
}

static bool facts_agree(const struct facts_group *a, const struct facts_group *b)
{
	return !a->value == !b->value && (!a->value || !strcmp(a->value, b->value));
}

/*
 * Is `odd` a single boot that differs while enough others of its arm, or all others
 * of the campaign, agree, and no other arm disagrees with itself?
 */
static bool facts_is_odd(const struct facts_key *k, const struct facts_group *odd,
			 const struct facts_group **usual)
{
	unsigned all = 0, mine = 0;
	bool one_mind = true;

	*usual = NULL;
	for (unsigned i = 0; i < k->n; i++) {
		const struct facts_group *g = &k->group[i];

		if (g == odd)
			continue;
		for (unsigned j = 0; j < i; j++)
			if (&k->group[j] != odd && k->group[j].arm == g->arm)
				return false;
		one_mind &= !*usual || facts_agree(*usual, g);
		if (!*usual || g->arm == odd->arm)
			*usual = g;
		all += g->n;
		mine += g->arm == odd->arm ? g->n : 0;
		if (facts_agree(g, odd))
			return false;
	}
	return odd->n == 1 && (mine >= OTHERS_LEAST || (one_mind && all >= OTHERS_LEAST));
}

static int facts_leave_out(struct comparison *c, const struct facts_key *k,
			   const struct facts_group *odd, const struct facts_group *usual)
{
	struct compare_odd *list = compare_grow(c, c->odd, &c->n_odd, sizeof(*list));

	if (!list)
		return -ENOMEM;
	c->odd = list;
	list[c->n_odd - 1] = (struct compare_odd){
		.boot = odd->boots, .arm = odd->arm,
		.reason = compare_text(c, "its %s says %s: %.60s; every other boot: %.60s",
				       k->where, k->key, odd->value ? odd->value : "nothing",
				       usual->value ? usual->value : "nothing"),
	};
	compare_note(c, "boot %u (%s) is left out: %s", odd->boots, c->arms[odd->arm].name,
		     list[c->n_odd - 1].reason);
	return 0;
}

int compare_find_odd(struct comparison *c, struct store *s, struct err *err)
{
	struct facts_odd o = { .c = c };
	const struct store_env *env;
	size_t n;
	int rc = store_envs(s, &env, &n, err);

	for (size_t i = 0; !rc && i < n; i++)
		if (env[i].boot && env[i].arm >= 0) {
			o.env = &env[i];
			if (compare_each_fact(env[i].where, env[i].facts, facts_take, &o))
				rc = err_sys(err, ENOMEM, "cannot compare");
		}
	for (size_t i = 0; !rc && i < o.n; i++) {
		struct facts_key *k = &o.list[i];
		const struct facts_group *usual;

		facts_count_silent(&o, k, env, n);
		for (unsigned g = 0; !rc && k->n < GROUPS_MOST && g < k->n; g++)
			if (facts_is_odd(k, &k->group[g], &usual) &&
			    !compare_odd_boot(c, k->group[g].boots) &&
			    facts_leave_out(c, k, &k->group[g], usual))
				rc = err_sys(err, ENOMEM, "cannot compare");
	}
	return rc;
}

const char *compare_odd_boot(const struct comparison *c, unsigned boot)
{
	for (size_t i = 0; i < c->n_odd; i++)
		if (c->odd[i].boot == boot)
			return c->odd[i].reason;
	return NULL;
}
