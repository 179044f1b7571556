/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was asked of exec: parameters into words, metrics and limits. */
#include "exec.h"

#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "size.h"

const struct param exec_params[] = {
	{ "command", PARAM_TEXT, "", NULL,
	  "the command: words, with '...' and \"...\" as in a shell, but none runs it; or all "
	  "after -- on the command line", 0, 0 },
	{ "files", PARAM_TREE, "", NULL,
	  "in a config: programs, scripts and folders that go into the guest", 0, 0 },
	{ "metrics", PARAM_TREE, "", NULL,
	  "numbers in what it prints: { name: n, regex: 'avg ([0-9.]+)', unit: us, better: lower }, "
	  "or json: .path, or format: NAME with select:; may be given several times", 0, 0 },
	{ "rootfs", PARAM_TREE, "", NULL,
	  "a folder that is its root file system; read-only in a guest, and instead of files", 0, 0 },
	{ "env", PARAM_TREE, "", NULL, "variables of its environment: { NAME: value }", 0, 0 },
	{ "folder", PARAM_TEXT, "", NULL,
	  "to run it in; in a guest below " EXEC_FOLDER " where it is relative", 0, 0 },
	{ "user", PARAM_TEXT, "", NULL, "to run it as: nobody, UID or UID:GID", 0, 0 },
	{ "limit", PARAM_TEXT, "120s", NULL, "time limit of one run: 90s, 5m", 0, 0 },
	{ "warmup", PARAM_COUNT, "1", NULL, "runs before those that count", 0, 1000 },
	{ "output", PARAM_SIZE, "16M", NULL, "bytes that it may print, to each of stdout and stderr",
	  4096, 256u << 20 },
	{ "proof", PARAM_FLAG, "true", NULL,
	  "look at the pages of its largest mapping, in a run before and one after the timed ones",
	  0, 0 },
	{ 0 },
};

const struct workload_metric exec_metrics[] = {
	{ "wall_time", "ms", KIND_TIME, BETTER_LOWER, .scale = 1e-6,
	  .help = "from the start of the command to its end" },
	{ "cpu_time", "ms", KIND_TIME, BETTER_LOWER, .scale = 1e-6,
	  .help = "user and system time of the command and its children" },
	{ "faults_minor", "faults", KIND_COUNT, BETTER_LOWER,
	  .help = "page faults without input or output, of the command and its children" },
	{ "faults_major", "faults", KIND_COUNT, BETTER_LOWER,
	  .help = "page faults that read from a device" },
	{ "max_rss", "KiB", KIND_COUNT, BETTER_LOWER,
	  .help = "the most memory that one of its processes had" },
	{ 0 },
};

__attribute__((format(printf, 2, 3)))
static void spec_at(struct exec_spec *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->field, sizeof(s->field), fmt, ap);
	va_end(ap);
}

/* --- words ------------------------------------------------------------------ */

struct words {
	const char *at;
	char *word;
	size_t n;
	bool open;		/* a word has begun, maybe an empty one */
	struct err *err;
};

static int spec_shell_only(struct words *w)
{
	return err_config(w->err, "'%c' is a shell's, and no shell runs this; quote it, or put the command into a script and name that",
			  *w->at);
}

/* Inside of quotes, up to their end. */
static int spec_quoted(struct words *w, char quote)
{
	for (w->at++; *w->at && *w->at != quote; w->at++) {
		if (quote == '"' && strchr("$`", *w->at))
			return spec_shell_only(w);
		if (quote == '"' && *w->at == '\\' && w->at[1] && strchr("\\\"$`", w->at[1]))
			w->at++;
		w->word[w->n++] = *w->at;
	}
	return *w->at ? 0 : err_config(w->err, "a %c is not closed", quote);
}

static int spec_one_character(struct words *w)
{
	w->open = true;
	if (*w->at == '\'' || *w->at == '"')
		return spec_quoted(w, *w->at);
	if (strchr("|&;<>()$`*?[", *w->at) || (*w->at == '~' && !w->n))
		return spec_shell_only(w);
	if (*w->at == '\\' && !*++w->at)
		return err_config(w->err, "a \\ quotes nothing at the end");
	w->word[w->n++] = *w->at;
	return 0;
}

static void spec_end_word(struct words *w, struct args *words)
{
	if (!w->open)
		return;
	w->word[w->n] = '\0';
	args_add(words, w->word);
	w->open = false;
	w->n = 0;
}

const char *const exec_places[] = {
	"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin", NULL,
};

int exec_words(const char *text, struct args *words, struct err *err)
{
	struct words w = { .at = text, .word = malloc(strlen(text) + 1), .err = err };
	int ret = 0;

	if (!w.word)
		return err_sys(err, ENOMEM, "command");
	for (; !ret && *w.at; w.at++) {
		if (isspace((unsigned char)*w.at))
			spec_end_word(&w, words);
		else
			ret = spec_one_character(&w);
	}
	if (!ret)
		spec_end_word(&w, words);
	free(w.word);
	if (!ret && (!words->n || !words->v[0][0]))
		ret = err_config(err, "it holds no word");
	if (!ret && strchr(words->v[0], '='))
		ret = err_config(err, "'%.80s' is not a program; variables are set by env: { "
			"NAME: value }",
				 words->v[0]);
	return ret ? ret : args_done(words, err);
}

/* --- units ------------------------------------------------------------------ */

/* Where instructions are counted, vocab/number.h converts the times and what ends with /s. */
static const struct {
	const char *unit;
	enum value_kind kind;
} units[] = {
	{ "ns", KIND_TIME }, { "us", KIND_TIME }, { "ms", KIND_TIME }, { "s", KIND_TIME },
	{ "B", KIND_COUNT }, { "kB", KIND_COUNT }, { "KB", KIND_COUNT },
	{ "MB", KIND_COUNT }, { "GB", KIND_COUNT }, { "KiB", KIND_COUNT }, { "MiB", KIND_COUNT },
	{ "GiB", KIND_COUNT }, { "ops", KIND_COUNT }, { "items", KIND_COUNT },
	{ "pages", KIND_COUNT }, { "faults", KIND_COUNT }, { "events", KIND_COUNT },
	{ "cycles", KIND_COUNT }, { "instructions", KIND_COUNT }, { "requests", KIND_COUNT },
	{ "transactions", KIND_COUNT }, { "allocs", KIND_COUNT }, { "count", KIND_COUNT },
	{ "%", KIND_COUNT }, { "B/op", KIND_COUNT }, { "allocs/op", KIND_COUNT },
	{ "kops/s", KIND_RATE }, { "Mops/s", KIND_RATE }, { "Gops/s", KIND_RATE },
};
#define UNITS (sizeof(units) / sizeof(units[0]))

int exec_unit(const char *unit, enum value_kind *kind, struct err *err)
{
	const char *known[UNITS], *near;
	size_t n = strlen(unit);
	bool rate = n > 2 && !strcmp(unit + n - 2, "/s");

	for (size_t i = 0; i < UNITS; i++) {
		known[i] = units[i].unit;
		if (!strcmp(units[i].unit, unit)) {
			*kind = units[i].kind;
			return 0;
		}
		/* What can be counted can be counted per second. */
		if (rate && units[i].kind == KIND_COUNT && strlen(units[i].unit) == n - 2 &&
		    !strncmp(units[i].unit, unit, n - 2)) {
			*kind = KIND_RATE;
			return 0;
		}
	}
	near = nearest_word(unit, known, UNITS);
	return err_config(err, "unknown unit '%.40s'%s%s%s; known: ns us ms s; B KiB MiB GiB kB MB GB, count ops items pages faults events cycles instructions requests transactions allocs %%, each of them /s, kops/s Mops/s Gops/s; B/op allocs/op",
			  unit, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* --- metrics ------------------------------------------------------------------ */

static const char *spec_text(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static int spec_name(const struct exec_spec *s, const char *name, struct err *err)
{
	if (!name)
		return err_config(err, "missing: what the metric is called");
	if (!islower((unsigned char)*name) || strlen(name) > 60 ||
	    name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")])
		return err_config(err, "'%.80s' is not a name: small letters, digits and _ after a letter, at most 60",
				  name);
	for (const struct workload_metric *m = exec_metrics; m->name; m++)
		if (!strcmp(m->name, name))
			return err_config(err, "'%s' is measured always; give yours another name", name);
	if (!strcmp(name, METRIC_GO_TO_RESULT))
		return err_config(err, "'%s' is the driver's own; give yours another name", name);
	for (size_t i = 0; i < s->n_metrics; i++)
		if (!strcmp(s->metrics[i].metric.name, name))
			return err_config(err, "'%s' is given twice", name);
	return 0;
}

static int spec_keys(struct exec_spec *s, const json_t *o, size_t i, struct err *err)
{
	static const char *const known[] = { "name", "regex", "json", "format", "select", "unit",
					     "better" };
	const size_t n = sizeof(known) / sizeof(known[0]);
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)o, key, v) {
		bool found = false;

		spec_at(s, "metrics[%zu].%.40s", i, key);
		for (size_t k = 0; k < n; k++)
			found |= !strcmp(known[k], key);
		if (!found)
			return err_unknown(err, "key", key, known, n);
		if (!json_is_string(v) || !*json_string_value(v) ||
		    strlen(json_string_value(v)) > EXEC_SELECT_MAX)
			return err_config(err, "must be a text of 1 to %d bytes", EXEC_SELECT_MAX);
	}
	return 0;
}

static int spec_which(struct exec_metric *m, const char *select, struct err *err)
{
	static const char *const known[] = { "first", "last", "min", "max", "mean", "sum" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i], select)) {
			m->which = known[i];
			return 0;
		}
	return err_unknown(err, "select", select, known, sizeof(known) / sizeof(known[0]));
}

/* `regex: x` is short for `format: regex, select: x`; of regex, select says which match. */
static int spec_format(struct exec_spec *s, const json_t *o, size_t i, struct exec_metric *m,
		       struct err *err)
{
	const char *regex = spec_text(o, "regex"), *path = spec_text(o, "json");
	const char *format = spec_text(o, "format"), *select = spec_text(o, "select"), *wrong;
	int ret;

	spec_at(s, "metrics[%zu]", i);
	if (!!regex + !!path + !!format != 1)
		return err_config(err, "needs one of regex, json and format, to say where the "
			"number is");
	spec_at(s, "metrics[%zu].format", i);
	ret = exec_format_find(regex ? "regex" : path ? "json" : format, &m->format, err);
	if (ret)
		return ret;
	m->which = "last";
	m->select = regex ? regex : path ? path : select ? select : "";
	spec_at(s, "metrics[%zu].%s", i, regex ? "regex" : path ? "json" : "select");
	wrong = m->format->check ? m->format->check(m->select) : NULL;
	if (wrong)
		return err_config(err, "'%.80s': %s", m->select, wrong);
	if (!select || format)
		return 0;
	spec_at(s, "metrics[%zu].select", i);
	return regex ? spec_which(m, select, err)
		     : err_config(err, "'%.40s': json takes no select", select);
}

static int spec_metric(struct exec_spec *s, const json_t *o, size_t i, struct err *err)
{
	struct exec_metric *m = &s->metrics[s->n_metrics];
	const char *better = spec_text(o, "better"), *unit = spec_text(o, "unit");
	int ret;

	spec_at(s, "metrics[%zu]", i);
	if (!json_is_object(o))
		return err_config(err, "must be keys and values: { name: n, regex: 'avg ([0-9.]+)', unit: us, better: lower }");
	ret = spec_keys(s, o, i, err);
	if (ret)
		return ret;
	spec_at(s, "metrics[%zu].name", i);
	ret = spec_name(s, spec_text(o, "name"), err);
	if (!ret)
		ret = spec_format(s, o, i, m, err);
	if (ret)
		return ret;
	spec_at(s, "metrics[%zu].unit", i);
	if (!unit)
		return err_config(err, "missing: us, ops/s, MiB, count, ...");
	ret = exec_unit(unit, &m->metric.kind, err);
	if (ret)
		return ret;
	spec_at(s, "metrics[%zu].better", i);
	for (unsigned b = 0; better && better_words[b]; b++)
		if (!strcmp(better_words[b], better)) {
			m->metric.name = spec_text(o, "name");
			m->metric.unit = unit;
			m->metric.better = b;
			m->metric.help = "of what the command prints";
			s->n_metrics++;
			return 0;
		}
	if (!better)
		return err_config(err, "missing: lower, higher or none");
	return err_unknown(err, "direction", better, better_words, BETTER_NONE + 1);
}

static int spec_metrics(struct exec_spec *s, struct err *err)
{
	const json_t *list = json_object_get(s->params, "metrics");
	const json_t *one;
	size_t i;
	int ret = 0;

	spec_at(s, "metrics");
	if (json_is_object(list))	/* a single one is a list of one */
		return spec_metric(s, list, 0, err);
	if (list && !json_is_array(list))
		return err_config(err, "must be a list of metrics");
	if (json_array_size(list) > EXEC_METRICS_MAX)
		return err_config(err, "there are %zu; at most %d", json_array_size(list),
				  EXEC_METRICS_MAX);
	json_array_foreach((json_t *)list, i, one) {
		ret = spec_metric(s, one, i, err);
		if (ret)
			break;
	}
	return ret;
}

/* --- the rest ------------------------------------------------------------------ */

static int spec_env(struct exec_spec *s, struct err *err)
{
	const json_t *env = json_object_get(s->params, "env");
	const char *name;
	json_t *v;

	spec_at(s, "env");
	if (env && !json_is_object(env))
		return err_config(err, "must be keys and values: { NAME: value }");
	json_object_foreach((json_t *)env, name, v) {
		spec_at(s, "env.%.40s", name);
		if (!*name || strchr(name, '=') || !json_is_string(v))
			return err_config(err, "must be a name without = and a text");
		args_addf(&s->env, "%s=%s", name, json_string_value(v));
	}
	return args_done(&s->env, err);
}

static int spec_user(struct exec_spec *s, struct err *err)
{
	const char *user = spec_text(s->params, "user");
	char rest;
	int n;

	spec_at(s, "user");
	if (!user)
		return 0;
	s->as_user = true;
	s->uid = s->gid = 65534;
	if (!strcmp(user, "nobody"))
		return 0;
	n = sscanf(user, "%u:%u%c", &s->uid, &s->gid, &rest);
	if (n == 1 && strspn(user, "0123456789") == strlen(user))
		s->gid = s->uid;
	else if (n != 2 || strspn(user, "0123456789:") != strlen(user))
		return err_config(err, "'%.40s' must be nobody, UID or UID:GID; a guest has no "
			"list of users",
				  user);
	return 0;
}

/* Defaults of what is set later, from parameters that bench/params.c has checked. */
static int spec_limits(struct exec_spec *s, struct err *err)
{
	const char *text = spec_text(s->params, "limit");
	int ret;

	s->warmup = 1;
	s->output = 16u << 20;
	s->proof = true;
	spec_at(s, "limit");
	ret = duration_parse(text ? text : "120s", &s->limit_s, err);
	if (!ret && !(s->limit_s > 0 && s->limit_s <= 86400))
		ret = err_config(err, "'%.40s' must be above 0 and at most a day", text);
	return ret;
}

/* All of a tree's leaves are texts, as a config and a plan have them. */
static bool spec_is_texts(const json_t *v)
{
	const char *key;
	json_t *one;
	size_t i;

	json_object_foreach((json_t *)v, key, one)
		if (!spec_is_texts(one))
			return false;
	json_array_foreach((json_t *)v, i, one)
		if (!spec_is_texts(one))
			return false;
	return json_is_string(v) || json_is_object(v) || json_is_array(v);
}

static int spec_files(struct exec_spec *s, struct err *err)
{
	const json_t *files = json_object_get(s->params, "files");

	spec_at(s, "files");
	if (files && !json_is_string(files) && !json_is_array(files))
		return err_config(err, "must be a list of programs, files and folders");
	return !files || spec_is_texts(files) ? 0 : err_config(err, "must hold texts");
}

bool exec_is_hash(const char *text)
{
	return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

/* The path of a folder, or what a plan knows of one. */
static int spec_rootfs(struct exec_spec *s, struct err *err)
{
	const json_t *rootfs = json_object_get(s->params, "rootfs");
	const char *hash = spec_text(rootfs, "sha256");

	spec_at(s, "rootfs");
	if (rootfs && !json_is_string(rootfs) && (!hash || !exec_is_hash(hash)))
		return err_config(err, "must be the path of a folder");
	if (rootfs && json_object_get(s->params, "files"))
		return err_config(err, "takes the place of files; put what is in files into that tree");
	s->root = json_string_value(rootfs);
	return 0;
}

/* Where it runs: beside its files, if it has some. */
static int spec_folder(struct exec_spec *s, struct err *err)
{
	const char *folder = spec_text(s->params, "folder");

	spec_at(s, "folder");
	if (json_object_get(s->params, "folder") && (!folder || !*folder))
		return err_config(err, "must be a path");
	s->folder = folder;
	return 0;
}

static int spec_command(struct exec_spec *s, struct err *err)
{
	const char *command = spec_text(s->params, "command");

	spec_at(s, "command");
	if (!command)
		return err_config(err, "missing: the command to run");
	return exec_words(command, &s->argv, err);
}

int exec_spec_init(struct exec_spec *s, const json_t *params, struct err *err)
{
	int ret;

	memset(s, 0, sizeof(*s));
	s->params = json_deep_copy(params);
	if (params && !s->params)
		return err_sys(err, ENOMEM, "exec");
	ret = spec_command(s, err);
	if (!ret)
		ret = spec_files(s, err);
	if (!ret)
		ret = spec_rootfs(s, err);
	if (!ret)
		ret = spec_metrics(s, err);
	if (!ret)
		ret = spec_env(s, err);
	if (!ret)
		ret = spec_user(s, err);
	if (!ret)
		ret = spec_folder(s, err);
	if (!ret)
		ret = spec_limits(s, err);
	if (!ret)
		s->field[0] = '\0';
	return ret;
}

void exec_spec_release(struct exec_spec *s)
{
	args_release(&s->argv);
	args_release(&s->env);
	json_decref(s->params);
	memset(s, 0, sizeof(*s));
}
