/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel prune: frees space in the cache. */
#include <argp.h>
#include <math.h>
#include <stdlib.h>

#include "command.h"
#include "kernel/kernel-cache.h"
#include "options.h"
#include "size.h"
#include "vocab/number.h"

struct options {
	struct cache_prune how;
	bool given;
};

enum { OPT_OLDER = 256, OPT_KEEP, OPT_DRY_RUN };

static const struct argp_option option_table[] = {
	{ "older", OPT_OLDER, "TIME", 0, "remove what was unused for TIME (30d, 12h)", 0 },
	{ "keep-size", OPT_KEEP, "SIZE", 0, "then remove the longest unused, until SIZE (10G) or less is left", 0 },
	{ "dry-run", OPT_DRY_RUN, NULL, 0, "only print what would be removed", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t prune_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;
	struct err err = ERR_INIT;

	switch (key) {
	case OPT_OLDER:
		if (duration_parse(arg, &o->how.older, &err))
			argp_error(state, "--older: %s", err.text);
		o->given = true;
		return 0;
	case OPT_KEEP:
		if (size_parse(arg, &o->how.keep, &err))
			argp_error(state, "--keep-size: %s", err.text);
		o->given = true;
		return 0;
	case OPT_DRY_RUN:
		o->how.dry_run = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "it takes options only, not '%s'", arg);
		return 0;
	case ARGP_KEY_END:
		if (!o->given)
			argp_error(state, "how much should be removed? e.g. kduel prune --older 30d --keep-size 10G");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	option_table, prune_parse, "",
	"Removes kernels, sources, object trees and images from the cache that were not used "
	"for a long time. What is in use stays; what is missing is made again when it "
	"is needed.", NULL, NULL, NULL,
};

static void prune_print(const struct cache_list *l, bool dry_run)
{
	char size[NUMBER_MAX], age[24];
	uint64_t freed = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct cache_item *it = &l->v[i];

		if (!it->gone)
			continue;
		freed += it->bytes;
		printf("%-8s %9s %5s  %s\n", cache_kind_name(it->kind),
		       number_bytes(it->bytes, size),
		       command_age_text(it->idle, age), it->name);
	}
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].busy && l->v[i].kind == CACHE_KERNEL)
			printf("in use, and kept: kernel %s\n", l->v[i].name);
	if (l->building)
		printf("a kernel is being built: sources and object trees are kept\n");
	printf("%s %s, ", dry_run ? "would free" : "freed", number_bytes(freed, size));
	printf("%s left\n", number_bytes(l->bytes, size));
}

int cmd_prune(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct options o = { .how = { .older = INFINITY, .keep = UINT64_MAX } };
	struct cache_list l;
	int ret;

	options_parse(&argp, argc, argv, 0, &o);
	ret = cache_scan(&l, &err);
	if (!ret)
		ret = cache_prune(&l, &o.how, &err);
	prune_print(&l, o.how.dry_run);
	cache_list_free(&l);
	return ret ? command_fail(&err) : EXIT_DONE;
}
