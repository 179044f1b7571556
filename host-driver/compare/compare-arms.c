/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arms of a campaign, how their boots ended, and its complete blocks. */
#include "compare-memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/store.h"

/*
 * How an arm's kernel config differs from the baseline's. The config belongs to
 * the kernel under test and may differ, but readers of a verdict must know.
 */

#define NAMED_MAX 8

/* Symbols that name the build and do not affect what is built. */
static const char *const names_only[] = {
	"CONFIG_LOCALVERSION", "CONFIG_BUILD_SALT", "CONFIG_CC_VERSION_TEXT",
};

static bool arms_config_says_nothing(const char *symbol)
{
	for (size_t i = 0; i < sizeof(names_only) / sizeof(names_only[0]); i++)
		if (!strcmp(symbol, names_only[i]))
			return true;
	return false;
}

static const char *arms_config_value_of(const json_t *config, const char *symbol)
{
	const char *value = json_string_value(json_object_get(config, symbol));

	return value ? value : "n";
}

struct diff {
	struct comparison *c;
	const json_t *base, *arm;
	char *named;
	size_t n;
};

static void arms_config_add(struct diff *d, const char *symbol)
{
	if (arms_config_says_nothing(symbol) || d->n++ >= NAMED_MAX)
		return;
	d->named = compare_text(d->c, "%s%s%.80s=%.40s (baseline %.40s)", d->named,
				*d->named ? ", " : "", symbol,
				arms_config_value_of(d->arm, symbol), arms_config_value_of(d->base, symbol));
}

void compare_configs(struct comparison *c, size_t arm)
{
	struct diff d = {
		.c = c, .named = compare_text(c, "%s", ""),
		.base = json_object_get(c->arms[c->baseline].identity, "config"),
		.arm = json_object_get(c->arms[arm].identity, "config"),
	};
	const char *symbol;
	json_t *value;

	/* A ready image comes without its config. */
	if (!json_object_size(d.base) || !json_object_size(d.arm))
		return;
	json_object_foreach((json_t *)d.arm, symbol, value)
		if (strcmp(arms_config_value_of(d.arm, symbol), arms_config_value_of(d.base, symbol)))
			arms_config_add(&d, symbol);
	json_object_foreach((json_t *)d.base, symbol, value)
		if (!json_object_get(d.arm, symbol))
			arms_config_add(&d, symbol);
	if (d.n)
		compare_note(c, "the config of %s differs from the baseline's in %zu option%s: %s%s",
			     c->arms[arm].name, d.n, d.n == 1 ? "" : "s", d.named,
			     d.n > NAMED_MAX ? ", ..." : "");
}

struct tally {
	char class[32];
	unsigned n;
};

/* "panic 1, hang 2" */
static void arms_add_failure(struct comparison *c, struct compare_arm *arm,
			     const struct store_boot *list, size_t n, unsigned index)
{
	struct tally t[16];
	size_t used = 0, k;

	for (size_t i = 0; i < n; i++) {
		if (list[i].arm != index || list[i].ok)
			continue;
		for (k = 0; k < used && strcmp(t[k].class, list[i].class); k++)
			;
		if (k == used && used < sizeof(t) / sizeof(t[0])) {
			snprintf(t[k].class, sizeof(t[k].class), "%s", list[i].class);
			t[used++].n = 0;
		}
		if (k < used)
			t[k].n++;
	}
	for (k = 0; k < used; k++)
		arm->failures = compare_text(c, "%s%s%s %u", arm->failures,
					     k ? ", " : "", t[k].class, t[k].n);
}

static bool arms_same_kernel(const struct plan_arm *a, const struct plan_arm *b)
{
	if (strcmp(a->kernel, b->kernel) || strcmp(a->cmdline, b->cmdline) ||
	    a->control != b->control ||
	    a->n_layouts != b->n_layouts)
		return false;
	for (size_t i = 0; i < a->n_layouts; i++)
		if (strcmp(a->layouts[i], b->layouts[i]))
			return false;
	return true;
}

/* The plan's baseline, or the arm asked for instead. */
static int arms_choose_baseline(struct comparison *c, const struct plan *p,
				const char *name, struct err *err)
{
	const char *known[PLAN_ARMS_MAX];

	for (size_t i = 0; i < p->n_arms; i++) {
		if (name ? !strcmp(p->arms[i].name, name) : p->arms[i].baseline) {
			c->baseline = i;
			if (!p->arms[i].baseline)
				c->declared = compare_text(c, "%s", plan_baseline(p)->name);
			return 0;
		}
		known[i] = p->arms[i].name;
	}
	return !name ? 0 : err_unknown(err, "arm", name, known, p->n_arms);
}

/* Is the arm a copy of the plan's baseline, which makes an A/A pair? */
static bool arms_is_control(const struct plan_arm *a, const struct plan_arm *base)
{
	return arms_same_kernel(a, base) ||
	       ((a->aa || a->baseline) && (base->aa || base->baseline));
}

static void compare_fill_arm(struct comparison *c, const struct plan *p, size_t i)
{
	const struct plan_arm *from = &p->arms[i];
	struct compare_arm *arm = &c->arms[i];

	arm->name = compare_text(c, "%s", from->name);
	arm->kernel = compare_text(c, "%s", from->kernel);
	arm->second_level = compare_text(c, "%s", from->second_level);
	arm->failures = compare_text(c, "%s", "");
	arm->baseline = i == c->baseline;
	arm->control = !arm->baseline && arms_is_control(from, &p->arms[c->baseline]);
}

static int arms_count_blocks(struct comparison *c, const struct store_boot *list,
			     size_t n, struct err *err)
{
	bool *ok;

	for (size_t i = 0; i < n; i++)
		if (list[i].block > c->n_block_ids)
			c->n_block_ids = list[i].block;
	ok = calloc((size_t)c->n_block_ids * c->n_arms + 1, sizeof(*ok));
	if (!ok)
		return err_sys(err, ENOMEM, "cannot compare");
	for (size_t i = 0; i < n; i++)
		if (list[i].ok && list[i].block && !compare_odd_boot(c, list[i].boot))
			ok[(list[i].block - 1) * c->n_arms + list[i].arm] = true;
	for (size_t b = 0; b < c->n_block_ids; b++) {
		size_t a = 0;

		while (a < c->n_arms && ok[b * c->n_arms + a])
			a++;
		c->blocks += a == c->n_arms;
	}
	free(ok);
	return 0;
}

int compare_arms(struct comparison *c, struct store *s, const char *baseline,
		 bool allow_odd, struct err *err)
{
	const struct plan *p = store_plan(s);
	const struct store_boot *list;
	size_t n;
	int rc;

	c->n_arms = p->n_arms;
	c->arms = compare_alloc(c, p->n_arms, sizeof(*c->arms));
	if (!c->arms)
		return err_sys(err, ENOMEM, "cannot compare");
	rc = arms_choose_baseline(c, p, baseline, err);
	if (!rc)
		rc = store_boots(s, &list, &n, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < p->n_arms; i++) {
		compare_fill_arm(c, p, i);
		c->arms[i].identity = compare_hold(c, store_identity(s, (unsigned)i));
		arms_add_failure(c, &c->arms[i], list, n, (unsigned)i);
	}
	for (size_t i = 0; i < n; i++) {
		c->arms[list[i].arm].boots++;
		c->arms[list[i].arm].failed += !list[i].ok;
	}
	rc = allow_odd ? 0 : compare_find_odd(c, s, err);
	return rc ? rc : arms_count_blocks(c, list, n, err);
}
