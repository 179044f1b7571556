/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <argp.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "cpu.h"
#include "model.h"
#include "options.h"
#include "size.h"

struct options {
	const char *cpu_model, *pattern, *pages, *versus;
	struct model_in in;
	bool json;
};

enum { OPT_CPU = 0x200, OPT_GUEST, OPT_SECOND, OPT_VERSUS, OPT_PATTERN, OPT_SPACING };

static const struct argp_option table[] = {
	{ "cpu-model", OPT_CPU, "CPU", 0, "for this processor (default: this machine's)", 0 },
	{ "pattern", OPT_PATTERN, "cycle|random|sequential", 0, "cycle, the default, is what tlb-miss does", 0 },
	{ "pages", 'p', "N..M", 0, "4 KiB of address space each (default 64..65536)", 0 },
	{ "spacing", OPT_SPACING, "SIZE", 0, "from one access to the next in address space (default 4K)", 0 },
	{ "guest-page", OPT_GUEST, "4K|2M|1G", 0, "the guest's pages (default 4K)", 0 },
	{ "second-level", OPT_SECOND, "4K|2M|1G|none", 0, "second-level pages; none: no virtualization (default)", 0 },
	{ "versus", OPT_VERSUS, "4K|2M|1G|none", 0, "and how it changes with this second-level page", 0 },
	{ "json", 'j', NULL, 0, "print JSON", 0 },
	{ 0 },
};

static uint64_t model_page_option(struct argp_state *state, const char *arg, bool none)
{
	static const char *const names[] = { "4K", "2M", "1G", "none" };
	uint64_t page = model_page(arg);

	if (!page && !(none && !strcmp(arg, "none")))
		options_unknown(state, "page size", arg, names, none ? 4 : 3);
	return page;
}

static enum model_pattern model_pattern_option(struct argp_state *state, const char *arg)
{
	static const char *const names[] = { "random", "cycle", "sequential", NULL };

	return (enum model_pattern)options_choice(state, "pattern", arg, names);
}

static error_t model_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case OPT_CPU:
		o->cpu_model = arg;
		break;
	case OPT_PATTERN:
		o->in.pattern = model_pattern_option(state, arg);
		break;
	case 'p':
		o->pages = arg;
		break;
	case OPT_SPACING:
		o->in.spacing = cli_number("spacing", arg, 1, UINT64_MAX);
		break;
	case OPT_GUEST:
		o->in.guest_page = model_page_option(state, arg, false);
		break;
	case OPT_SECOND:
		o->in.second_page = model_page_option(state, arg, true);
		break;
	case OPT_VERSUS:
		o->versus = arg;
		model_page_option(state, arg, true);
		break;
	case 'j':
		o->json = true;
		break;
	case ARGP_KEY_ARG:
		argp_error(state, "model takes options only");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

struct row {
	struct model_out base, arm;
	struct model_change change;
};

static int cli_model_expect(const struct options *o, const struct cpu *cpu, uint64_t pages,
			    struct row *row, struct err *err)
{
	struct model_in in = o->in;
	int ret;

	if (pages > UINT64_MAX / 4096)
		return err_config(err, "--pages: too many");
	in.span = pages * 4096;
	ret = model_expect(&cpu->f.tlb.first, &cpu->f.tlb.second, &in, &row->base, err);
	if (ret || !o->versus)
		return ret;
	in.second_page = model_page(o->versus);
	ret = model_expect(&cpu->f.tlb.first, &cpu->f.tlb.second, &in, &row->arm, err);
	if (!ret)
		model_compare(&row->base, &row->arm, &row->change);
	return ret;
}

static void model_print_row(const struct options *o, uint64_t pages, const struct row *r)
{
	printf("%9llu %9llu %12.3f %11.3f %12.2f", (unsigned long long)pages,
	       (unsigned long long)r->base.pages, r->base.first_misses, r->base.walks,
	       r->base.walk_references);
	if (o->versus && isnan(r->change.references))
		printf(" %12s", "-");
	else if (o->versus)
		printf(" %12.3f", r->change.references);
	putchar('\n');
}

static json_t *model_row_json(const struct options *o, const struct cpu *cpu,
			      uint64_t pages, const struct row *r)
{
	json_t *j = json_pack("{s:I, s:o}", "pages", (json_int_t)pages, "expected",
			      model_json(cpu->name, &r->base));

	if (o->versus)
		json_object_set_new(j, "versus", model_json(cpu->name, &r->arm));
	return j;
}

static int model_print_all(const struct options *o, const struct cpu *cpu, struct err *err)
{
	json_t *rows = json_array();
	uint64_t lo, hi;
	int ret = size_parse_range(o->pages, &lo, &hi, err);

	if (!ret && !lo)
		ret = err_config(err, "at least one page");
	if (ret)
		err_prefix(err, "--pages");
	if (!ret && !o->json)
		printf("model of %s: guest page %s, second level %s\n\n%9s %9s %12s %11s %12s%s\n",
		       cpu->f.title, model_page_name(o->in.guest_page),
		       o->in.second_page ? model_page_name(o->in.second_page) : "none",
		       "4K pages", "TLB pages", "misses/acc.", "walks/acc.", "refs/acc. <=",
		       o->versus ? "  x with that" : "");
	for (uint64_t n = lo; !ret && n <= hi; n *= 2) {
		struct row row;

		ret = cli_model_expect(o, cpu, n, &row, err);
		if (!ret && o->json)
			json_array_append_new(rows, model_row_json(o, cpu, n, &row));
		else if (!ret)
			model_print_row(o, n, &row);
		if (n > UINT64_MAX / 2)
			break;
	}
	if (!ret && o->json)
		return cli_print_json(rows);
	json_decref(rows);
	return ret;
}

int cli_model(int argc, char **argv)
{
	static const struct argp argp = {
		table, model_parse, "",
		"What the TLBs of a processor should do with an access pattern.\v"
		"Misses, walks and table references are per access; references are an upper "
		"bound. Everything printed here is a model, nothing is measured.",
		NULL, NULL, NULL,
	};
	struct options o = {
		.pages = "64..65536",
		.in = { .pattern = MODEL_CYCLE, .spacing = 4096, .guest_page = 4096 },
	};
	struct err err = ERR_INIT;
	struct cpu *cpu = NULL;
	int ret;

	options_parse(&argp, argc, argv, 0, &o);
	ret = cpu_load(o.cpu_model, &cpu, &err);
	if (!ret)
		ret = model_print_all(&o, cpu, &err);
	cpu_free(cpu);
	return err.code ? cli_fail(&err) : ret;
}
