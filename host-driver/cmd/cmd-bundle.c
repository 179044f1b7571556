/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel bundle: packs a results folder into one file, and verifies such a file. */
#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "export/bundle.h"
#include "file.h"
#include "options.h"
#include "safe.h"

struct options {
	const char *what, *output;
	bool verify;
};

enum { OPT_VERIFY = 256 };

static const struct argp_option option_table[] = {
	{ "output", 'o', "FILE", 0, "the archive (FOLDER.kduel.tar.zst in the current folder)", 0 },
	{ "verify", OPT_VERIFY, NULL, 0, "check such a file: its checksums, and every number of its "
	  "report against its journal", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

/* A suffix of another compression would mislead whoever unpacks the archive. */
static void bundle_check_ending(const char *path, struct argp_state *state)
{
	static const char *const others[] = { ".gz", ".tgz", ".xz", ".bz2", ".zip", ".7z", ".lz4" };
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot && i < sizeof(others) / sizeof(others[0]); i++)
		if (!strcmp(dot, others[i]))
			argp_error(state, "--output: %s: archives are compressed with zstd; use a "
				   "name that ends in .tar.zst", path);
}

static error_t bundle_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'o':
		o->output = command_path(state, "--output", arg);
		bundle_check_ending(arg, state);
		return 0;
	case OPT_VERIFY:
		o->verify = true;
		return 0;
	case ARGP_KEY_ARG:
		command_operand(state, &o->what, arg, "");
		return 0;
	case ARGP_KEY_END:
		if (!o->what)
			argp_error(state, "which results folder? with --verify, which file?");
		if (o->verify && o->output)
			argp_error(state, "--verify writes nothing; --output is only for a new archive");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	option_table, bundle_parse, "FOLDER|--verify FILE",
	"Packs a results folder with kernel configurations, patches and checksums into one "
	"archive, the same bytes each time; or checks such an archive.", NULL, NULL, NULL,
};

static int bundle_make(const struct options *o, struct err *err)
{
	struct bundle_said said;
	const char *base;
	char *folder, *path;
	int ret;

	folder = text_format("%.*s", (int)file_path_len(o->what), o->what);
	base = strrchr(folder, '/') ? strrchr(folder, '/') + 1 : folder;
	path = o->output ? text_format("%s", o->output)
			 : text_format("%s.kduel.tar.zst", strcmp(base, ".") && *base ? base : "results");
	ret = command_check_output(path, folder, err);
	if (!ret)
		ret = bundle_write(folder, path, &said, err);
	if (!ret) {
		text_put(stdout, path);
		printf(": %zu files\n", said.files);
		if (*said.missing)
			printf("not in it:\n");
		for (char *save = NULL, *line = strtok_r(said.missing, "\n", &save); line;
		     line = strtok_r(NULL, "\n", &save)) {
			fputs("  ", stdout);
			text_put(stdout, line);
			putchar('\n');
		}
		bundle_said_release(&said);
	}
	free(path);
	free(folder);
	return ret ? command_fail(err) : EXIT_DONE;
}

int cmd_bundle(int argc, char **argv)
{
	struct options o = { .what = NULL };
	struct bundle_proof proof;
	struct err err = ERR_INIT;

	options_parse(&argp, argc, argv, 0, &o);
	if (!o.verify)
		return bundle_make(&o, &err);
	if (bundle_verify(o.what, stdout, &proof, &err))
		return command_fail(&err);
	if (!proof.unequal)
		printf("equal: %zu files, and %zu numbers and %zu texts of the report, computed again from the journal\n",
		       proof.files, proof.numbers, proof.texts);
	else
		printf("%zu not equal, of %zu files, %zu numbers and %zu texts\n", proof.unequal,
		       proof.files, proof.numbers, proof.texts);
	return proof.unequal ? EXIT_REGRESSION : EXIT_DONE;
}
