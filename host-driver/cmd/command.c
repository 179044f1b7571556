/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include <argp.h>
#include <dirent.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "compare/trend.h"
#include "report/report.h"
#include "safe.h"
#include "size.h"
#include "stats/stats.h"
#include "store/store.h"

static bool errors_in_json;

void command_errors_in_json(bool json)
{
	errors_in_json = json;
}

/* Errors may quote programs, machines and files: prints each line made safe. */
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
	json_t *object, *text;

	fflush(stdout);
	command_put_error(err->text);
	if (!errors_in_json)
		return err->exit;
	text = json_string(err->text);	/* NULL: it quotes what is not UTF-8 */
	object = json_pack("{s:o, s:i}", "error", text ? text : json_safe(err->text), "exit",
			   (int)err->exit);
	if (object)
		json_dumpf(object, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
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

const char *command_path(struct argp_state *state, const char *option, const char *arg)
{
	if (!*arg)
		argp_error(state, "%s: an empty word names nothing", option);
	return !strcmp(option, "--output") && !strcmp(arg, "-") ? "/dev/stdout" : arg;
}

/* Is it a results folder's own file: the journal, or one that its beginning wrote? */
static bool command_is_of_results(const char *path)
{
	static const char *const kept[] = { "journal.kdj", "plan.json", "hwloc.xml" };
	char *real = realpath(path, NULL), *base = real ? strrchr(real, '/') : NULL;
	bool is = false;

	if (base) {
		*base++ = '\0';
		for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
			is |= !strcmp(base, kept[i]) && store_has_journal(*real ? real : "/");
	}
	free(real);
	return is;
}

int command_check_output(const char *out, const char *from, struct err *err)
{
	struct stat a, b;

	if (!out || stat(out, &a) || !S_ISREG(a.st_mode))
		return 0;
	if (!stat(from, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		return err_config(err, "%s: is the input; write to another file", out);
	if (command_is_of_results(out))
		return err_config(err, "%s: belongs to a results folder; write to another file", out);
	return 0;
}

char **command_split(int *argc, char **argv)
{
	for (int i = 1; i < *argc; i++) {
		if (strcmp(argv[i], "--"))
			continue;
		*argc = i;
		return argv[i + 1] ? &argv[i + 1] : NULL;
	}
	return NULL;
}

unsigned command_blocks(struct argp_state *state, const char *arg)
{
	char *end;
	unsigned long n = strtoul(arg, &end, 10);

	if (*end || end == arg || *arg == '-' || n < 1 || n > 1000)
		argp_error(state, "--blocks: '%s' is not a number from 1 to 1000", arg);
	return (unsigned)n;
}

const char *command_age_text(double seconds, char buf[static 24])
{
	static const struct {
		double length;
		char unit;
	} of[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' } };
	size_t i = 0;

	while (i < 2 && seconds < of[i].length)
		i++;
	snprintf(buf, 24, "%.0f%c", trunc(seconds / of[i].length), of[i].unit);
	return buf;
}

size_t command_segment(struct argp_state *state, const char *arg)
{
	char *end;
	unsigned long n = strtoul(arg, &end, 10);

	if (*end || end == arg || *arg == '-' || n < STATS_SEGMENT || n > 1000)
		argp_error(state, "--min-segment: '%s' is not a number from %d to 1000", arg, STATS_SEGMENT);
	return n;
}

double command_margin(struct argp_state *state, const char *arg)
{
	struct err err = ERR_INIT;
	double margin = 0;

	if (share_parse(arg, &margin, &err))
		argp_error(state, "--margin: %s", err.text);
	return margin;
}

void command_print_json(json_t *json)
{
	json_dumpf(json, stdout, JSON_INDENT(1) | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(json);
}

bool command_is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static int command_folders_below(const char *folder, command_folder_fn each, void *arg,
				 struct err *err)
{
	bool here = !strcmp(folder, "."), any = false;
	struct dirent **list;
	int n = scandir(folder, &list, NULL, alphasort), ret = 0;

	for (int i = 0; i < n; i++) {
		char *path = text_format("%s%s%s", here ? "" : folder, here ? "" : "/",
					 list[i]->d_name);

		if (!ret && list[i]->d_name[0] != '.' && store_has_journal(path)) {
			any = true;
			ret = each(arg, path, err);
		}
		free(path);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return any ? ret : each(arg, folder, err);
}

int command_folders(char *const *operands, size_t n, command_folder_fn each, void *arg,
		    struct err *err)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < n; i++)
		ret = store_has_journal(operands[i])
			? each(arg, operands[i], err)
			: command_folders_below(operands[i], each, arg, err);
	return ret;
}

static int command_add_to_trend(void *trend, const char *folder, struct err *err)
{
	return trend_add(trend, folder, err);
}

int command_trend(char *const *operands, size_t n, size_t min_segment, struct trend *t,
		  struct err *err)
{
	int rc;

	trend_init(t);
	t->min_segment = min_segment;
	rc = command_folders(operands, n, command_add_to_trend, t, err);
	if (!rc)
		rc = trend_finish(t, err);
	for (size_t i = 0; !rc && i < t->n_left_out; i++)
		fprintf(stderr, "left out: %s\n", t->left_out[i]);
	return rc;
}
