/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include <argp.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "safe.h"

static bool errors_in_json;

void command_errors_in_json(bool json)
{
	errors_in_json = json;
}

/* Some errors quote programs, machines and files: line by line, made safe. */
static void command_put_error(const char *text)
{
	fputs("kduel: ", stderr);
	while (*text) {
		size_t n = strcspn(text, "\n");
		char *line = text_format("%.*s", (int)n, text);

		text_put(stderr, line);
		fputc('\n', stderr);
		free(line);
		text += n + (text[n] == '\n');
	}
}

int command_fail(const struct err *err)
{
	json_t *object;

	fflush(stdout);
	if (!errors_in_json) {
		command_put_error(err->text);
		return err->exit;
	}
	object = json_pack("{s:s, s:i}", "error", err->text, "exit",
			   (int)err->exit);
	if (object)
		json_dumpf(object, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	else
		command_put_error(err->text);
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
