/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include <argp.h>
#include <jansson.h>
#include <stdlib.h>
#include <sys/stat.h>

static bool errors_in_json;

void command_errors_in_json(bool json)
{
	errors_in_json = json;
}

int command_fail(const struct err *err)
{
	json_t *object;

	fflush(stdout);
	if (!errors_in_json) {
		fprintf(stderr, "kduel: %s\n", err->text);
		return err->exit;
	}
	object = json_pack("{s:s, s:i}", "error", err->text, "exit",
			   (int)err->exit);
	if (object)
		json_dumpf(object, stdout, JSON_COMPACT);
	else
		fprintf(stderr, "kduel: %s", err->text);
	putchar('\n');
	json_decref(object);
	return err->exit;
}

void command_operand(struct argp_state *state, const char **operand, const char *arg,
		     const char *thing)
{
	if (*operand)
		argp_error(state, "one %sat a time, not also '%s'", thing, arg);
	*operand = arg;
}

unsigned command_blocks(struct argp_state *state, const char *arg)
{
	char *end;
	unsigned long n = strtoul(arg, &end, 10);

	if (*end || end == arg || *arg == '-' || n < 1 || n > 1000)
		argp_error(state, "--blocks: '%s' is not 1 to 1000", arg);
	return (unsigned)n;
}

bool command_is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}
