/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text as a campaign's config. An error says in which file it is; a plan
 * that was made reads as a frozen plan, too.
 */
#include <stdlib.h>
#include <string.h>

#include "host-driver/plan/config.h"
#include "host-driver/plan/plan-make.h"
#include "target.h"
#include "view.h"

#define BLOCKS_MAX 50	/* more only take time */

static void config_must(int ret)
{
	if (ret)
		abort();
}

static void config_again(const struct plan *plan)
{
	struct view_doc doc = VIEW_DOC_INIT;
	json_t *json = plan_to_json(plan);
	char *text = json_dumps(json, 0);
	const struct view *root;
	struct plan *again;

	config_must(view_parse(&doc, text, strlen(text), &root, NULL));
	config_must(plan_from_view(root, &again, NULL));
	config_must(strcmp(again->hash, plan->hash));
	plan_free(again);
	view_release(&doc);
	free(text);
	json_decref(json);
}

void fuzz_begin(void)
{
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct err err = ERR_INIT;
	struct plan *plan = calloc(1, sizeof(*plan));

	config_must(!plan);
	if (config_parse("the-file", (const char *)data, size, NULL, plan, &err)) {
		config_must(!strstr(err.text, "the-file"));
	} else if (plan->n_blocks <= BLOCKS_MAX) {
		config_must(plan_order(plan, NULL));
		config_must(plan_seal(plan, NULL));
		config_again(plan);
	}
	plan_free(plan);
}
