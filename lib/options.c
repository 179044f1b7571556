/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <ctype.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "err.h"

#define NAMES_MAX 128
#define FILES_LEAST 64	/* a campaign has a few dozen open */

static const char *const everywhere[] = { "help", "usage", "version" };
#define EVERYWHERE (sizeof(everywhere) / sizeof(everywhere[0]))

static options_values_fn completing;

/* --- tables --------------------------------------------------------------------- */

static bool options_is_end(const struct argp_option *o)
{
	return !o->name && !o->key && !o->doc && !o->group;
}

static size_t options_names(const struct argp *argp, const char **names)
{
	size_t n = 0;

	for (const struct argp_option *o = argp->options; o && !options_is_end(o); o++)
		if (o->name && n < NAMES_MAX - EVERYWHERE)
			names[n++] = o->name;
	for (size_t i = 0; i < EVERYWHERE; i++)
		names[n++] = everywhere[i];
	return n;
}

/* The option of a word "--name" or "--name=value", or the start of a name; NULL: none. */
static const struct argp_option *options_long(const struct argp *argp, const char *word)
{
	const struct argp_option *found = NULL;
	size_t len = strcspn(word + 2, "=");

	for (const struct argp_option *o = argp->options; o && !options_is_end(o); o++) {
		if (!o->name || strncmp(o->name, word + 2, len))
			continue;
		found = o;
		if (!o->name[len])
			break;
	}
	return found;
}

/* The kind of argument; an alias has that of the option that it stands for. */
static const char *options_argument(const struct argp *argp, const struct argp_option *o)
{
	while (o > argp->options && (o->flags & OPTION_ALIAS))
		o--;
	return o->arg && !(o->flags & OPTION_ARG_OPTIONAL) ? o->arg : NULL;
}

static bool options_is_everywhere(const char *word)
{
	size_t len = strcspn(word + 2, "=");

	for (size_t i = 0; i < EVERYWHERE; i++)
		if (!strncmp(everywhere[i], word + 2, len))
			return true;
	return false;
}

/* The argument that the last of "-abo" waits for; NULL: none, or it is there ("-ofile"). */
static const char *options_short(const struct argp *argp, const char *word)
{
	for (const char *c = word + 1; *c; c++)
		for (const struct argp_option *o = argp->options; o && !options_is_end(o); o++)
			if (o->key == *c && options_argument(argp, o))
				return c[1] ? NULL : options_argument(argp, o);
	return NULL;
}

/* The kind of argument that the word after `word` would be; NULL: none. */
static const char *options_awaits(const struct argp *argp, const char *word)
{
	const struct argp_option *o;

	if (word[0] != '-' || !word[1])
		return NULL;
	if (word[1] != '-')
		return options_short(argp, word);
	o = strchr(word, '=') ? NULL : options_long(argp, word);
	return o ? options_argument(argp, o) : NULL;
}

/* --- parsing --------------------------------------------------------------------- */

static void options_refuse(const struct argp *argp, char *program, const char *word)
{
	const char *names[NAMES_MAX], *near;
	int len = (int)strcspn(word + 2, "=");
	char name[80];

	snprintf(name, sizeof(name), "%.*s", len, word + 2);
	near = nearest_word(name, names, options_names(argp, names));
	fprintf(stderr, "%s: unknown option '--%s'", program, name);
	if (near)
		fprintf(stderr, "; did you mean '--%s'?", near);
	fputc('\n', stderr);
	argp_help(argp, stderr, ARGP_HELP_STD_ERR, program);
	exit(argp_err_exit_status);
}

/* Most likely an unset variable in a script: never what was meant. */
static void options_refuse_empty(const struct argp *argp, char *program)
{
	fprintf(stderr, "%s: an empty word is neither an option nor a name\n", program);
	argp_help(argp, stderr, ARGP_HELP_STD_ERR, program);
	exit(argp_err_exit_status);
}

static void options_check(const struct argp *argp, int argc, char **argv, unsigned flags)
{
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];

		if (!strcmp(word, "--") || (*word != '-' && (flags & ARGP_IN_ORDER)))
			return;
		if (!strncmp(word, "--", 2) && !options_long(argp, word) &&
		    !options_is_everywhere(word))
			options_refuse(argp, argv[0], word);
		if (!*word)
			options_refuse_empty(argp, argv[0]);
		i += options_awaits(argp, word) != NULL;
	}
}

void options_unknown(struct argp_state *state, const char *what, const char *word,
		     const char *const *known, size_t n)
{
	char text[ERR_TEXT_MAX / 2];

	unknown_text(what, word, known, n, text, sizeof(text));
	argp_error(state, "%s", text);
}

size_t options_choice(struct argp_state *state, const char *what, const char *word,
		      const char *const *known)
{
	size_t n = 0;

	for (; known[n]; n++)
		if (!strcmp(known[n], word))
			return n;
	options_unknown(state, what, word, known, n);
	exit(EXIT_CONFIG);
}

/* --- completion ------------------------------------------------------------------ */

void options_complete(options_values_fn values)
{
	completing = values;
}

/* On one line, whatever a title holds. */
static void options_put(const char *text)
{
	for (; *text; text++)
		putchar((unsigned char)*text < ' ' || *text == '\x7f' ? ' ' : *text);
}

void options_offer(const char *word, const char *help)
{
	options_put(word);
	if (help && *help) {
		putchar('\t');
		options_put(help);
	}
	putchar('\n');
}

static void options_offer_paths(const char *kind)
{
	static const struct {
		const char *kind, *word;
	} paths[] = {
		{ "FILE", ":files" }, { "PLAN", ":files" }, { "PATCH", ":files" },
		{ "MAILBOX", ":files" }, { "BZIMAGE", ":files" }, { "CLAIMS", ":files" },
		{ "CONFIG", ":files" }, { "PATH", ":files" },
		{ "FOLDER", ":folders" }, { "DIR", ":folders" }, { "OTHER", ":folders" },
		{ "STORE", ":folders" }, { "RESULTS", ":folders" },
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (!strcmp(paths[i].kind, kind))
			options_offer(paths[i].word, NULL);
}

static void options_offer_values(const char *text)
{
	char part[64];

	while (*text) {
		size_t n = strcspn(text, "|[] ,=\n");
		bool dots = n > 3 && !strncmp(text + n - 3, "...", 3);
		bool kind = true;

		snprintf(part, sizeof(part), "%.*s", (int)(dots ? n - 3 : n), text);
		for (const char *c = part; *c; c++)
			kind &= isupper((unsigned char)*c) || *c == '-';
		if (*part && *part != '-' && !kind)
			options_offer(part, NULL);
		else if (*part && *part != '-' && !isdigit((unsigned char)*part)) {
			options_offer_paths(part);
			completing(part);
		}
		text += n;
		text += strspn(text, "|[] ,=\n");
	}
}

static void options_offer_options(const struct argp *argp)
{
	char name[80];

	for (const struct argp_option *o = argp->options; o && !options_is_end(o); o++) {
		if (!o->name || (o->flags & OPTION_HIDDEN))
			continue;
		snprintf(name, sizeof(name), "--%s", o->name);
		options_offer(name, o->flags & OPTION_ALIAS ? NULL : o->doc);
	}
	options_offer("--help", "what there is, in short");
}

static void options_answer(const struct argp *argp, int argc, char **argv)
{
	const char *last = argc > 1 ? argv[argc - 1] : "", *awaited = NULL;
	bool plain = false;

	for (int i = 1; i < argc - 1 && !plain; i++) {
		plain = !strcmp(argv[i], "--");
		awaited = options_awaits(argp, argv[i]);
		if (awaited && i + 1 < argc - 1) {
			awaited = NULL;
			i++;
		}
	}
	if (awaited && !plain)
		options_offer_values(awaited);
	else if (*last == '-' && !plain)
		options_offer_options(argp);
	else if (plain)
		options_offer(":files", NULL);
	else if (argp->args_doc)
		options_offer_values(argp->args_doc);
}

void options_parse(const struct argp *argp, int argc, char **argv, unsigned flags,
		   void *input)
{
	if (completing) {
		options_answer(argp, argc, argv);
		exit(EXIT_DONE);
	}
	options_check(argp, argc, argv, flags);
	argp_parse(argp, argc, argv, flags, NULL, input);
}

extern char **environ;

static void options_hold_stdio(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static void options_forget(const char *prefix)
{
	size_t len = strlen(prefix), i = 0;
	char name[128];

	while (environ && environ[i]) {
		size_t n = strcspn(environ[i], "=");

		if (strncmp(environ[i], prefix, len) || n >= sizeof(name)) {
			i++;
			continue;
		}
		memcpy(name, environ[i], n);
		name[n] = '\0';
		unsetenv(name);	/* the next one moves into its place */
	}
}

void program_begin(void)
{
	options_hold_stdio();
	options_forget("HWLOC_");
	options_forget("LIBPFM_");
	options_forget("PAPI_");
	options_forget("ARGP_HELP_FMT=");
	/* A write beyond `ulimit -f` then says so, and the file's writer tidies up. */
	signal(SIGXFSZ, SIG_IGN);
}

int program_need_files(struct err *err)
{
	struct rlimit most;

	if (getrlimit(RLIMIT_NOFILE, &most) || most.rlim_cur >= FILES_LEAST)
		return 0;
	most.rlim_cur = most.rlim_max < FILES_LEAST ? most.rlim_max : FILES_LEAST;
	if (most.rlim_cur == FILES_LEAST && !setrlimit(RLIMIT_NOFILE, &most))
		return 0;
	return err_machine(err, "too few files may be open: %llu, and %d are needed; raise the limit (ulimit -n 1024)",
			   (unsigned long long)most.rlim_max, FILES_LEAST);
}
