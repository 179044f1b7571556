/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel watch: shows a campaign while it runs. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "compare/compare.h"
#include "file.h"
#include "report/doc.h"
#include "report/report.h"
#include "options.h"
#include "safe.h"
#include "store/store.h"

#define CONSOLE_LINES 4

struct options {
	const char *folder;
	bool once;
};

enum { OPT_ONCE = 256 };

static const struct argp_option table[] = {
	{ "once", OPT_ONCE, NULL, 0, "show it once, and end", 0 },
	{ 0 },
};

static error_t watch_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case OPT_ONCE:
		o->once = true;
		return 0;
	case ARGP_KEY_ARG:
		command_operand(state, &o->folder, arg, "folder ");
		return 0;
	case ARGP_KEY_END:
		if (!o->folder)
			argp_error(state, "which results folder?");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	table, watch_parse, "FOLDER",
	"Shows a campaign while it runs: its boots, the console of the running one, and "
	"the intervals as they become narrower.", NULL, NULL, NULL,
};

/* A line of a console; on a terminal no longer than that is wide. */
static void watch_line(const char *line, size_t len)
{
	char *one = text_format("%.*s", (int)len, line), *safe = safe_text(one);
	size_t most = isatty(STDOUT_FILENO) ? doc_columns(stdout) - 4 : strlen(safe);

	if (*safe)
		printf("  | %.*s\n", (int)text_cut(safe, most), safe);
	free(safe);
	free(one);
}

static void watch_last_lines(const char *text)
{
	const char *line = text + strlen(text);

	for (int n = 0; line > text && n <= CONSOLE_LINES; line--)
		n += line[-1] == '\n';
	line += line > text;
	while (*line) {
		size_t len = strcspn(line, "\n");

		watch_line(line, len);
		line += len + (line[len] == '\n');
	}
}

/* The last lines of the console of the running boot, or of the last one. */
static void watch_console(const struct plan *p, const char *folder, size_t ended)
{
	const struct plan_boot *boot = &p->boots[ended < p->n_boots ? ended : p->n_boots - 1];
	char *path = text_format("%s/console/boot-%u.log", folder, boot->boot), *text;
	struct stat st;

	if (ended < p->n_boots && !stat(path, &st)) {
		printf("running: boot %u, block %u, arm ", boot->boot, boot->block);
		text_put(stdout, p->arms[boot->arm].name);
		printf("; its console was silent for %.0f s\n", difftime(time(NULL), st.st_mtime));
	}
	if (!file_read(path, &text, NULL, NULL)) {
		watch_last_lines(text);
		free(text);
	}
	free(path);
}

/*
 * Whoever sees intervals may stop the campaign because of them. So a note is left for
 * the driver, which records it (docs/statistics.md), unless no driver is running.
 */
static void watch_leave_word(const struct comparison *c, const char *folder)
{
	char *path = text_format("%s/watched", folder), *text = text_format("%u\n", c->blocks);

	if (c->blocks >= 2 && c->blocks < c->blocks_planned)
		file_publish(path, text, strlen(text), NULL);
	free(path);
	free(text);
}

static int watch_show(struct store *s, const struct options *o, bool *over, struct err *err)
{
	const struct plan *p = store_plan(s);
	const struct store_boot *boots;
	size_t n, ended = 0, failed = 0;
	struct comparison c;
	int rc = store_boots(s, &boots, &n, err);

	if (!rc)
		rc = compare_run(s, NULL, &c, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < p->n_boots; i++)
		ended += store_boot_done(s, p->boots[i].boot);
	for (size_t i = 0; i < n; i++)
		failed += !boots[i].ok;
	*over = ended >= p->n_boots;
	if (isatty(STDOUT_FILENO) && !o->once)
		fputs("\033[H\033[2J", stdout);
	text_put(stdout, p->name);
	printf(": %zu of %zu boots, %u of %u blocks, %zu failed%s\n", ended, p->n_boots, c.blocks,
	       c.blocks_planned, failed, *over ? "; it is over" : "");
	watch_console(p, o->folder, ended);
	fputc('\n', stdout);
	if (c.blocks >= 2)
		compare_print(stdout, &c);
	else
		puts("intervals are shown from the second block on");
	watch_leave_word(&c, o->folder);
	fflush(stdout);
	comparison_release(&c);
	return 0;
}

int cmd_watch(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct options o = { 0 };
	bool over = false;
	int rc = 0;

	options_parse(&argp, argc, argv, 0, &o);
	while (!rc && !over) {
		struct store *s;

		rc = store_open(&s, o.folder, STORE_READ, &err);
		if (rc)
			break;
		rc = watch_show(s, &o, &over, &err);
		store_close(s);
		if (o.once)
			break;
		if (!rc && !over)
			sleep(2);
	}
	return rc ? command_fail(&err) : EXIT_DONE;
}
