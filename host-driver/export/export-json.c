/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything that was recorded, as it was recorded. */
#include <errno.h>

#include "export.h"
#include "store/record.h"

struct json_out {
	FILE *to;
	const struct plan *plan;
	unsigned long n;
};

static int json_dump(FILE *to, const json_t *json, struct err *err)
{
	if (!json || json_dumpf(json, to, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII))
		return err_sys(err, errno ? errno : ENOMEM,
			       "cannot write the export");
	return 0;
}

static void json_add_place(json_t *json, const struct plan *p,
			   const struct store_place *at)
{
	json_object_set_new(json, "campaign", json_integer(at->campaign));
	if (!at->boot)
		return;
	json_object_set_new(json, "boot", json_integer(at->boot));
	json_object_set_new(json, "block", json_integer(at->block));
	json_object_set_new(json, "arm", json_string(p->arms[at->arm].name));
}

/* A record as recorded, with its place in the merged results. */
static int json_dump_record(void *arg, const struct record *r,
			    const struct store_place *at, struct err *err)
{
	struct json_out *o = arg;
	json_t *json = json_loadb(at->text, at->len, 0, NULL);
	int ret;

	if (json)
		json_add_place(json, o->plan, at);
	if (r->type == RECORD_CAMPAIGN)
		json_object_del(json, "plan");	/* it is at the top already */
	fputs(o->n++ ? ",\n" : "\n", o->to);
	ret = json_dump(o->to, json, err);
	json_decref(json);
	return ret;
}

static int json_write(const struct export_from *from, FILE *to, struct err *err)
{
	struct json_out o = { .to = to, .plan = store_plan(from->store) };
	json_t *plan = plan_to_json(o.plan);
	int ret;

	fprintf(to, "{\"kduel_export\":1,\"domain\":\"%s\",\"plan\":",
		store_domain(from->store));
	ret = json_dump(to, plan, err);
	json_decref(plan);
	if (ret)
		return ret;
	fputs(",\n\"records\":[", to);
	ret = store_records(from->store, json_dump_record, &o, err);
	fputs("\n]}\n", to);
	return ret;
}

const struct export_format export_json = {
	.name = "json", .help = "everything that was recorded", .write = json_write,
};
