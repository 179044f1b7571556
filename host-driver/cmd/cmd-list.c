/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel list: shows what can be named in a config, and where it is found. */
#include <argp.h>
#include <errno.h>
#include <jansson.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "backing/backing.h"
#include "bench/source.h"
#include "bench/workload.h"
#include "command.h"
#include "data.h"
#include "file.h"
#include "kernel/kernel-cache.h"
#include "kernel/kernel-spec.h"
#include "kernel/kernel.h"
#include "options.h"
#include "report/doc.h"
#include "safe.h"
#include "vocab/number.h"

#define BUILT_IN "built in"

struct options {
	const char *what;
	bool json;
};

enum { OPT_JSON = 256 };

static const struct argp_option option_table[] = {
	{ "json", OPT_JSON, NULL, 0, "print JSON", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t list_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case OPT_JSON:
		o->json = true;
		return 0;
	case ARGP_KEY_ARG:
		command_operand(state, &o->what, arg, "kind ");
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "list what? kernels, configs, backings, sources, workloads, cpus or claims");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	option_table, list_parse,
	"kernels|configs|backings|sources|workloads|cpus|claims",
	"Shows what can be named in a config, what it is, and the file that the "
	"name stands for in the current folder.", NULL, NULL, NULL,
};

/* Adds a row, {name, title, from}. */
static void list_add(json_t *rows, const char *name, const char *title,
		     const char *from)
{
	json_array_append_new(rows, json_pack("{s:s, s:s, s:s}", "name", name,
					      "title", title, "from", from));
}

/* --- tables of the program ------------------------------------------------------ */

static int list_backings(json_t *rows, struct err *err)
{
	(void)err;
	for (size_t i = 0; backing_kinds[i]; i++)
		list_add(rows, backing_kinds[i]->name, backing_kinds[i]->help, BUILT_IN);
	return 0;
}

static int list_sources(json_t *rows, struct err *err)
{
	(void)err;
	for (const struct source *s = sources; s->name; s++)
		list_add(rows, s->name, s->help, BUILT_IN);
	return 0;
}

static int list_workloads(json_t *rows, struct err *err)
{
	(void)err;
	for (size_t i = 0; workloads[i]; i++)
		list_add(rows, workloads[i]->name, workloads[i]->help, BUILT_IN);
	return 0;
}

/* --- files ------------------------------------------------------------------------ */

/* The value of the line "<key>: value" in a YAML file, for people; NULL: there is none. */
static char *list_line(const char *path, const char *key)
{
	size_t n = strlen(key);
	char *text, *found = NULL;

	if (file_read(path, &text, NULL, NULL))
		return NULL;
	for (char *p = text; p && !found; p = strchr(p, '\n'), p += p != NULL) {
		if (strncmp(p, key, n) || p[n] != ':')
			continue;
		p += n + 1;
		p += strspn(p, " \"'");
		found = strndup(p, strcspn(p, "\n"));
	}
	free(text);
	for (n = found ? strlen(found) : 0; n && strchr(" \"'\r", found[n - 1]); n--)
		found[n - 1] = '\0';
	return found;
}

static int list_files(enum data_kind kind, const char *key, json_t *rows)
{
	struct data_list all;

	data_all(kind, NULL, &all);
	for (size_t i = 0; i < all.n; i++) {
		char *title = list_line(all.v[i].path, key), *safe = safe_text(title);

		list_add(rows, all.v[i].name, safe, all.v[i].path);
		free(title);
		free(safe);
	}
	data_list_free(&all);
	return 0;
}

static int list_configs(json_t *rows, struct err *err)
{
	(void)err;
	return list_files(DATA_CONFIG, "question", rows);
}

static int list_claims(json_t *rows, struct err *err)
{
	(void)err;
	return list_files(DATA_CLAIMS, "source", rows);
}

static int list_cpus(json_t *rows, struct err *err)
{
	(void)err;
	return list_files(DATA_CPU, "title", rows);
}

/* --- kernels ------------------------------------------------------------------------ */

/* Adds its size and release, and how long it was unused. */
static void list_kernel_built(json_t *row, const struct kernel *k)
{
	char *copy = text_format("%s", k->image);
	const char *folder = dirname(copy);
	struct stat st;

	json_object_set_new(row, "bytes", json_integer((json_int_t)cache_disk_usage(folder)));
	json_object_set_new(row, "release", json_string(k->release));
	if (!stat(folder, &st))
		json_object_set_new(row, "idle_seconds",
				    json_integer((json_int_t)difftime(time(NULL), st.st_mtime)));
	free(copy);
}

static json_t *list_kernel(const struct data_item *it)
{
	struct err err = ERR_INIT;
	struct kernel k;
	json_t *row;
	char *source;

	if (kernel_resolve(it->name, NULL, &k, &err)) {
		char *why = safe_text(err.text);

		row = json_pack("{s:s, s:s, s:s, s:s}", "name", it->name, "title",
				why, "from", it->path, "state", "unusable");
		free(why);
		return row;
	}
	source = kernel_source_text(k.spec);
	row = json_pack("{s:s, s:s, s:s, s:s*, s:s}", "name", it->name, "title",
			k.spec->title, "from", it->path, "source", source,
			"state", k.spec->kind == SOURCE_IMAGE ? "ready" : "-");
	if (row && k.spec->kind != SOURCE_IMAGE && kernel_is_cached(&k)) {
		json_object_set_new(row, "state", json_string("built"));
		list_kernel_built(row, &k);
	}
	free(source);
	kernel_free(&k);
	return row;
}

static int list_kernels(json_t *rows, struct err *err)
{
	struct data_list all;
	int ret = 0;

	data_all(DATA_KERNEL, NULL, &all);
	for (size_t i = 0; i < all.n && !ret; i++)
		if (json_array_append_new(rows, list_kernel(&all.v[i])))
			ret = err_sys(err, ENOMEM, "kernels");
	data_list_free(&all);
	return ret;
}

static json_t *list_cache(const struct cache_list *l)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(rows, json_pack(
			"{s:s, s:s, s:s, s:I, s:I, s:b}", "kind",
			cache_kind_name(l->v[i].kind), "name", l->v[i].name, "path",
			l->v[i].path, "bytes", (json_int_t)l->v[i].bytes,
			"idle_seconds", (json_int_t)l->v[i].idle, "in_use",
			l->v[i].busy));
	return rows;
}

static bool list_has_release(const json_t *rows, const char *release)
{
	json_t *row;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)rows, i, row) {
		const char *of = json_string_value(json_object_get(row, "release"));

		if (of && !strcmp(of, release))
			return true;
	}
	return false;
}

/* The cache's other kernels, for people: tries and searches have made them, or they are of elsewhere. */
static void list_add_unnamed(json_t *rows, const struct cache_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct cache_item *it = &l->v[i];

		if (it->kind == CACHE_KERNEL && !list_has_release(rows, it->name))
			json_array_append_new(rows, json_pack(
				"{s:s, s:s, s:s, s:s, s:I, s:I}", "name", it->name,
				"title", "of a try or a search, or described elsewhere",
				"from", it->path, "state", "built", "bytes",
				(json_int_t)it->bytes, "idle_seconds", (json_int_t)it->idle));
	}
}

/* --- printing ------------------------------------------------------------------------- */

#define KERNEL_COLUMNS "%-*s  %-8s %9s %6s  "

/* Names and what they are need no titles, the columns of kernels do. */
static void list_print_rows(const json_t *rows, bool kernels)
{
	size_t i, width = 8;
	json_t *row;

	json_array_foreach((json_t *)(uintptr_t)rows, i, row) {
		size_t n = strlen(json_string_value(json_object_get(row, "name")));

		width = n > width ? n : width;
	}
	if (kernels)
		printf(KERNEL_COLUMNS "%s\n", (int)width, "name", "state", "size", "unused",
		       "what it is, and where");
	json_array_foreach((json_t *)(uintptr_t)rows, i, row) {
		const char *name = json_string_value(json_object_get(row, "name"));
		const char *state = json_string_value(json_object_get(row, "state"));
		const json_t *bytes = json_object_get(row, "bytes");
		char size[NUMBER_MAX] = "", age[24] = "", *label, *title;

		if (bytes)
			number_bytes((uint64_t)json_integer_value(bytes), size);
		if (bytes)
			command_age_text(json_number_value(json_object_get(row, "idle_seconds")), age);
		label = state ? text_format(KERNEL_COLUMNS, (int)width, name, state, size, age) :
				text_format("%-*s  ", (int)width, name);
		title = safe_text(json_string_value(json_object_get(row, "title")));
		doc_print_line(stdout, label, title);
		free(label);
		free(title);
		if (strcmp(json_string_value(json_object_get(row, "from")), BUILT_IN)) {
			printf("%*s  ", (int)width, "");
			text_put(stdout, json_string_value(json_object_get(row, "from")));
			fputs("\n", stdout);
		}
	}
}

static void list_print_cache(const struct cache_list *l)
{
	char *root = file_cache_path(""), size[NUMBER_MAX];

	number_bytes(l->bytes, size);
	printf("\nthe cache: %s in %s", size, root);
	for (int kind = CACHE_KERNEL; kind <= CACHE_IMAGE; kind++) {
		uint64_t bytes = 0;
		unsigned n = 0;

		for (size_t i = 0; i < l->n; i++) {
			n += (int)l->v[i].kind == kind;
			bytes += (int)l->v[i].kind == kind ? l->v[i].bytes : 0;
		}
		number_bytes(bytes, size);
		printf("%s %u %s%s %s", kind ? "," : ":", n, cache_kind_name(kind),
		       n == 1 || kind == CACHE_OBJECTS ? "" : "s", size);
	}
	printf("\nkduel prune frees space in it\n");
	free(root);
}

static const struct {
	const char *name;
	int (*list)(json_t *rows, struct err *err);
} list_kinds[] = {
	{ "kernels", list_kernels }, { "configs", list_configs },
	{ "backings", list_backings }, { "sources", list_sources },
	{ "workloads", list_workloads }, { "cpus", list_cpus },
	{ "claims", list_claims },
};

#define KINDS (sizeof(list_kinds) / sizeof(list_kinds[0]))

static int list_unknown(const char *what, struct err *err)
{
	const char *names[KINDS];

	for (size_t i = 0; i < KINDS; i++)
		names[i] = list_kinds[i].name;
	return err_unknown(err, "kind", what, names, KINDS);
}

static int list_print(const struct options *o, size_t kind, json_t *rows,
		      struct err *err)
{
	struct cache_list cache = { .n = 0 };
	bool kernels = list_kinds[kind].list == list_kernels;
	int ret = kernels ? cache_scan(&cache, err) : 0;

	if (!ret && o->json) {
		json_t *all = json_pack("{s:O}", o->what, rows);

		if (kernels)
			json_object_set_new(all, "cache", list_cache(&cache));
		json_dumpf(all, stdout, JSON_INDENT(1) | JSON_SORT_KEYS);
		putchar('\n');
		json_decref(all);
	} else if (!ret) {
		if (kernels)
			list_add_unnamed(rows, &cache);
		list_print_rows(rows, kernels);
		if (kernels)
			list_print_cache(&cache);
	}
	cache_list_free(&cache);
	return ret;
}

int cmd_list(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct options o = { .json = false };
	size_t kind = 0;
	json_t *rows = json_array();
	int ret = 0;

	options_parse(&argp, argc, argv, 0, &o);
	while (kind < KINDS && strcmp(list_kinds[kind].name, o.what))
		kind++;
	if (kind == KINDS)
		ret = list_unknown(o.what, &err);
	if (!ret)
		ret = list_kinds[kind].list(rows, &err);
	if (!ret)
		ret = list_print(&o, kind, rows, &err);
	json_decref(rows);
	return ret ? command_fail(&err) : EXIT_DONE;
}
