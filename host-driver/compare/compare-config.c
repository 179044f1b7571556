/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How an arm's kernel config differs from the baseline's. The config belongs to
 * the kernel under test and may differ, but readers of a verdict must know.
 */
#include <stdlib.h>
#include <string.h>

#include "compare-memory.h"

#define NAMED_MAX 8

/* Symbols that name the build and do not affect what is built. */
static const char *const names_only[] = {
	"CONFIG_LOCALVERSION", "CONFIG_BUILD_SALT", "CONFIG_CC_VERSION_TEXT",
};

static bool config_says_nothing(const char *symbol)
{
	for (size_t i = 0; i < sizeof(names_only) / sizeof(names_only[0]); i++)
		if (!strcmp(symbol, names_only[i]))
			return true;
	return false;
}

static const char *config_value_of(const json_t *config, const char *symbol)
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

static void config_add(struct diff *d, const char *symbol)
{
	if (config_says_nothing(symbol) || d->n++ >= NAMED_MAX)
		return;
	d->named = compare_text(d->c, "%s%s%.80s=%.40s (baseline %.40s)", d->named,
				*d->named ? ", " : "", symbol,
				config_value_of(d->arm, symbol), config_value_of(d->base, symbol));
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
		if (strcmp(config_value_of(d.arm, symbol), config_value_of(d.base, symbol)))
			config_add(&d, symbol);
	json_object_foreach((json_t *)d.base, symbol, value)
		if (!json_object_get(d.arm, symbol))
			config_add(&d, symbol);
	if (d.n)
		compare_note(c, "the config of %s differs from the baseline's in %zu option%s: %s%s",
			     c->arms[arm].name, d.n, d.n == 1 ? "" : "s", d.named,
			     d.n > NAMED_MAX ? ", ..." : "");
}
