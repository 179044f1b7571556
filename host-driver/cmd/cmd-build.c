/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel build: kernels, built or taken from the cache. */
#include <argp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "kernel/kernel.h"
#include "options.h"
#include "proc.h"

struct options {
	struct kernel_options kernel;
	const char *layout;
	bool verbose;
	char **names;
	int n_names;
};

static const struct argp_option option_table[] = {
	{ "force", 'f', NULL, 0, "build even if it is in the cache", 0 },
	{ "update", 'u', NULL, 0,
	  "look for a newer source package of the suite", 0 },
	{ "layout", 'L', "16|32|64|128", 0,
	  "align functions to this many bytes", 0 },
	{ "verbose", 'v', NULL, 0, "show the paths and the identity of each kernel", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t build_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'f':
		o->kernel.force = true;
		return 0;
	case 'u':
		o->kernel.update = true;
		return 0;
	case 'L':
		o->layout = arg;
		return 0;
	case 'v':
		o->verbose = true;
		return 0;
	case ARGP_KEY_ARGS:
		o->names = state->argv + state->next;
		o->n_names = state->argc - state->next;
		return 0;
	case ARGP_KEY_END:
		if (!o->n_names)
			argp_error(state, "which kernel? kduel list kernels shows them");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	option_table, build_parse, "KERNEL...",
	"Build the kernels as kernels/KERNEL.yaml describes them, or take "
	"them from the cache. A KERNEL can be the path of such a file.", NULL, NULL, NULL,
};

/* --- progress ------------------------------------------------------------------ */

struct watch {
	bool terminal;
	struct kernel_watch kernel;
};

static int build_on_progress(const struct kernel_progress *p, void *arg)
{
	struct watch *w = arg;
	bool due = kernel_watch_due(&w->kernel, p);
	char text[512];

	kernel_watch_text(p, text, sizeof(text));
	if (w->terminal)
		fprintf(stderr, "\r%.100s, %u:%02u\033[K", text,
			(unsigned)p->seconds / 60, (unsigned)p->seconds % 60);
	else if (due)
		fprintf(stderr, "%s\n", text);
	return stop_asked();
}

/* --- the verb ------------------------------------------------------------------- */

static int build_prepare(const char *name, const struct options *o, struct kernel *k,
			 struct err *err)
{
	int ret = kernel_resolve(name, NULL, k, err);

	return ret || !o->layout ? ret : kernel_set_layout(k, o->layout, err);
}

static void build_print_built(const struct kernel *k, const struct options *o)
{
	printf("%-16s %-28s %s\n", k->name, k->release,
	       k->cached ? "in the cache" : "built");
	if (!o->verbose)
		return;
	printf("  image    %s\n", k->image);
	if (k->config)
		printf("  config   %s\n", k->config);
	printf("  identity ");
	json_dumpf(k->identity, stdout, JSON_COMPACT | JSON_SORT_KEYS);
	putchar('\n');
}

static int build_one(const char *name, const struct options *o, struct err *err)
{
	struct watch w = { .terminal = isatty(STDERR_FILENO) };
	struct kernel k = KERNEL_INIT;
	int ret = build_prepare(name, o, &k, err);

	if (!ret)
		ret = kernel_ensure_with(&k, &o->kernel, build_on_progress, &w, err);
	if (w.terminal && *w.kernel.last)
		fputs("\r\033[K", stderr);
	if (!ret)
		build_print_built(&k, o);
	fflush(stdout);
	kernel_free(&k);
	return ret;
}

/* Reads all descriptions before the first build, so that mistakes are found first. */
static int build_all(const struct options *o, struct err *err)
{
	int ret = 0;

	for (int i = 0; i < o->n_names && !ret; i++) {
		struct kernel k = KERNEL_INIT;

		ret = build_prepare(o->names[i], o, &k, err);
		kernel_free(&k);
	}
	for (int i = 0; i < o->n_names && !ret; i++)
		ret = build_one(o->names[i], o, err);
	return ret;
}

int cmd_build(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct options o = { .verbose = false };

	options_parse(&argp, argc, argv, 0, &o);
	/* The first signal stops the build cleanly; the second ends us at once. */
	stop_catch();
	return build_all(&o, &err) ? command_fail(&err) : EXIT_DONE;
}
