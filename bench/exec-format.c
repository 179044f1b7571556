/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The numbers in what programs print: one line a format in the table at the end. */
#include "exec.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "safe.h"

#define VALUE_MAX 1e30	/* what a journal takes */
#define KEYS_SHOWN 12

static int format_missing(const struct exec_output *o, struct err *err, const char *what)
{
	char first[300];

	exec_first_lines(o, first, sizeof(first));
	return err_set(err, EXIT_MACHINE, EXEC_MISSING, "%s; %s%s%s", what,
		       *first ? "the output begins: '" : "there was no output", first,
		       *first ? "'" : "");
}

/* A whole text that is one number, blanks around it allowed. */
static bool format_number(const char *text, size_t len, double *value)
{
	char copy[64], *end;

	while (len && isspace((unsigned char)*text))
		text++, len--;
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	if (!len || len >= sizeof(copy) || !strchr("+-.0123456789", *text))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	*value = strtod(copy, &end);
	return !*end;
}

/* --- regex -------------------------------------------------------------------- */

static const char *format_check_regex(const char *select)
{
	static char why[160];
	regex_t re;
	int ret = regcomp(&re, select, REG_EXTENDED | REG_NEWLINE);
	size_t groups;

	if (ret) {
		regerror(ret, &re, why, sizeof(why));
		return why;
	}
	groups = re.re_nsub;
	regfree(&re);
	return groups == 0 ? "has no group: put ( ) around the number" : NULL;
}

struct matches {
	double first, last, min, max, sum;
	size_t n;
};

static void format_match(struct matches *m, double v)
{
	m->min = m->n && m->min < v ? m->min : v;
	m->max = m->n && m->max > v ? m->max : v;
	m->first = m->n ? m->first : v;
	m->last = v;
	m->sum += v;
	m->n++;
}

/* All matches in one stream. The first that is not a number is an error. */
static int format_search(const regex_t *re, const char *text, size_t len, struct matches *m,
			 struct err *err)
{
	regmatch_t at[2];
	size_t from = 0;
	double v;

	/* REG_STARTEND: else each match measures the rest of the text first. */
	while (from < len) {
		const char *number;

		at[0] = (regmatch_t){ .rm_so = (regoff_t)from, .rm_eo = (regoff_t)len };
		if (regexec(re, text, 2, at, REG_STARTEND))
			break;
		number = text + at[1].rm_so;

		if (at[1].rm_so < 0 || !format_number(number, at[1].rm_eo - at[1].rm_so, &v)) {
			char *safe, cut[80];

			snprintf(cut, sizeof(cut), "%.*s", at[1].rm_so < 0 ? 0 :
				 (int)(at[1].rm_eo - at[1].rm_so), number);
			safe = safe_text(cut);
			err_set(err, EXIT_MACHINE, EXEC_MISSING, "its group matches '%s', which "
				"is not a number",
				safe);
			free(safe);
			return EXEC_MISSING;
		}
		format_match(m, v);
		from = (size_t)at[0].rm_eo + (at[0].rm_eo == at[0].rm_so);
	}
	return 0;
}

static double format_of_matches(const struct matches *m, const char *which)
{
	return !strcmp(which, "first") ? m->first : !strcmp(which, "min") ? m->min :
	       !strcmp(which, "max") ? m->max : !strcmp(which, "sum") ? m->sum :
	       !strcmp(which, "mean") ? m->sum / (double)m->n : m->last;
}

static int format_find_regex(const struct exec_output *o, const struct exec_metric *m,
			     double *value, struct err *err)
{
	struct matches all = { .n = 0 };
	regex_t re;
	int ret;

	if (regcomp(&re, m->select, REG_EXTENDED | REG_NEWLINE))
		return err_config(err, "'%.80s' is not a regular expression", m->select);
	ret = format_search(&re, o->out, o->out_len, &all, err);
	if (!ret && !all.n)
		ret = format_search(&re, o->err, o->err_len, &all, err);
	regfree(&re);
	if (!ret && !all.n)
		ret = format_missing(o, err, "its regex matches nothing");
	if (!ret)
		*value = format_of_matches(&all, m->which);
	return ret;
}

/* --- lines ---------------------------------------------------------------------- */

/* Calls `line` for each line of both streams, cut out of the text while it is looked at. */
static void format_lines(const struct exec_output *o, struct exec_values *v, void *state,
			 void (*line)(char *text, struct exec_values *v, void *state))
{
	char *const streams[] = { o->out, o->err };

	for (int i = 0; i < 2; i++)
		for (char *at = streams[i]; at && *at; ) {
			char *end = strchrnul(at, '\n'), was = *end;

			*end = '\0';
			line(at, v, state);
			*end = was;
			at = was ? end + 1 : end;
		}
}

static int format_some(const struct exec_output *o, const struct exec_values *v, const char *what,
		       struct err *err)
{
	return v->n ? 0 : format_missing(o, err, what);
}

/* "BenchmarkX-8   1000  123.4 ns/op  16 B/op  1 allocs/op  3.5 custom/thing" */
static void format_go_line(char *text, struct exec_values *v, void *state)
{
	char *rest = NULL, *name, *number, *unit;

	(void)state;
	if (strncmp(text, "Benchmark", 9))
		return;
	text = strdup(text);
	name = text ? strtok_r(text, " \t", &rest) : NULL;
	if (!name || !strtok_r(NULL, " \t", &rest)) {
		free(text);
		return;
	}
	while ((number = strtok_r(NULL, " \t", &rest)) && (unit = strtok_r(NULL, " \t", &rest))) {
		double n;

		if (format_number(number, strlen(number), &n))
			exec_values_add(v, name, unit, n);
	}
	free(text);
}

static int format_go(const struct exec_output *o, struct exec_values *v, struct err *err)
{
	format_lines(o, v, NULL, format_go_line);
	return format_some(o, v, "the output has no line of go test -bench", err);
}

/* "Copy:  12345.6  0.01 0.02 0.03": the best rate, and three times. */
static void format_stream_line(char *text, struct exec_values *v, void *state)
{
	static const char *const names[] = { "Copy", "Scale", "Add", "Triad" };
	double rate, avg, min, max;

	(void)state;
	for (int i = 0; i < 4; i++) {
		size_t n = strlen(names[i]);

		if (strncmp(text, names[i], n) || text[n] != ':' ||
		    sscanf(text + n + 1, "%lf %lf %lf %lf", &rate, &avg, &min, &max) != 4)
			continue;
		exec_values_add(v, names[i], "rate", rate);
		exec_values_add(v, names[i], "avg", avg);
		exec_values_add(v, names[i], "min", min);
		exec_values_add(v, names[i], "max", max);
	}
}

static int format_stream(const struct exec_output *o, struct exec_values *v, struct err *err)
{
	format_lines(o, v, NULL, format_stream_line);
	return format_some(o, v, "the output has no line of STREAM (Copy:, Scale:, Add:, "
		"Triad:)", err);
}

/* "Simple syscall: 0.0432 microseconds", "67.10 11223.34" of bw_* and lat_mem_rd. */
static void format_lmbench_line(char *text, struct exec_values *v, void *state)
{
	char *colon = strrchr(text, ':'), first[64], second[64], more;
	double n;

	(void)state;
	if (colon && sscanf(colon + 1, " %63s", first) == 1 &&
	    format_number(first, strlen(first), &n)) {
		char name[200];

		snprintf(name, sizeof(name), "%.*s", (int)(colon - text), text);
		exec_values_add(v, NULL, name, n);
	} else if (sscanf(text, " %63s %63s %c", first, second, &more) == 2 &&
		   format_number(first, strlen(first), &n) &&
		   format_number(second, strlen(second), &n)) {
		exec_values_add(v, NULL, first, n);
	}
}

static int format_lmbench(const struct exec_output *o, struct exec_values *v, struct err *err)
{
	format_lines(o, v, NULL, format_lmbench_line);
	return format_some(o, v, "the output has no line of lmbench ('what: number unit', or "
		"'size number')",
			   err);
}

/*
 * perf bench, either format. In text: a line "# function 'x'" begins a section, and
 * in it stand "12.3 GB/sec", "Total time: 0.1 [sec]", "8.3 usecs/op" and so on. With
 * -f simple the number stands alone and is in bytes a second.
 */
static const struct {
	const char *unit;
	double bytes;
} per_second[] = {	/* in text it takes the unit that fits: slow machines have another */
	{ "B/sec", 1 }, { "KB/sec", 1024 }, { "MB/sec", 1048576 }, { "GB/sec", 1073741824 },
};

static void format_perf_line(char *text, struct exec_values *v, void *state)
{
	char *section = state, word[64], *at = text + strspn(text, " \t");
	double n;
	int used = 0;

	if (sscanf(at, "# function '%63[^']'", word) == 1 ||
	    sscanf(at, "# Running '%63[^']'", word) == 1) {
		snprintf(section, 64, "%s", strrchr(word, '/') ? strrchr(word, '/') + 1 : word);
		return;
	}
	if (*at == '#' || !*at)
		return;
	if (!strncmp(at, "Total time:", 11)) {
		if (sscanf(at + 11, "%lf", &n) == 1)
			exec_values_add(v, section, "total_time", n);
		return;
	}
	if (sscanf(at, "%lf%n", &n, &used) != 1 || (at[used] && !isspace((unsigned char)at[used])))
		return;
	word[0] = '\0';
	sscanf(at + used, " %63s", word);
	exec_values_add(v, section, *word ? word : "value", n);
	for (size_t i = 0; i < sizeof(per_second) / sizeof(per_second[0]); i++)
		if (!strcmp(word, per_second[i].unit))
			exec_values_add(v, section, "bytes_per_s", n * per_second[i].bytes);
	if (!*word)
		exec_values_add(v, section, "bytes_per_s", n);
}

static int format_perf(const struct exec_output *o, struct exec_values *v, struct err *err)
{
	char section[64] = "";

	format_lines(o, v, section, format_perf_line);
	return format_some(o, v, "the output has no number of perf bench", err);
}

/*
 * --metrics or --metrics-brief: "stress-ng: metrc: [12] vm  100 0.4 0.03 0.03 208.3
 * 1484.2": a name, operations, three times, operations a second of real time and of
 * CPU time. Older ones say info: for metrc:.
 */
static void format_stress_line(char *text, struct exec_values *v, void *state)
{
	double ops, real, user, sys, rate, cpu;
	char name[64], *at;

	(void)state;
	if (strncmp(text, "stress-ng:", 10))
		return;
	at = strchr(text, ']');
	if (!at || sscanf(at + 1, " %63s %lf %lf %lf %lf %lf %lf", name, &ops, &real, &user, &sys,
			  &rate, &cpu) != 7)
		return;
	exec_values_add(v, name, "ops", ops);
	exec_values_add(v, name, "real_time", real);
	exec_values_add(v, name, "user_time", user);
	exec_values_add(v, name, "system_time", sys);
	exec_values_add(v, name, "ops_per_s", rate);
	exec_values_add(v, name, "ops_per_cpu_s", cpu);
}

static int format_stress(const struct exec_output *o, struct exec_values *v, struct err *err)
{
	format_lines(o, v, NULL, format_stress_line);
	return format_some(o, v, "the output has no line of stress-ng's metrics; run it with "
		"--metrics-brief",
			   err);
}

/* --- the table ---------------------------------------------------------------------- */

static const struct exec_format formats[] = {
	/* A number in the text, in the first group of a POSIX extended regular expression. */
	{ "regex", format_check_regex, NULL, format_find_regex },
	/* A number in the JSON that is printed, by its path: .a.b[0].c */
	{ "json", exec_path_check, NULL, exec_path_find },
	/* --benchmark_format=json: NAME/real_time, NAME/cpu_time, NAME/iterations, NAME/COUNTER */
	{ "google-benchmark", NULL, exec_parse_google, NULL },
	/* --export-json /dev/stdout: COMMAND/mean, /stddev, /median, /user, /system, /min, /max */
	{ "hyperfine", NULL, exec_parse_hyperfine, NULL },
	/* go test -bench: BenchmarkX-8/ns/op, BenchmarkX-8/B/op, BenchmarkX-8/allocs/op */
	{ "go-bench", NULL, format_go, NULL },
	/* --output-format=json: JOB/read/iops, JOB/read/bw_bytes, JOB/write/clat_ns/mean, JOB/usr_cpu */
	{ "fio", NULL, exec_parse_fio, NULL },
	/* FUNCTION/bytes_per_s (whatever unit it prints), SUITE/total_time, FUNCTION/usecs/op */
	{ "perf-bench", NULL, format_perf, NULL },
	/* Copy/rate, Scale/rate, Add/rate, Triad/rate, and /avg, /min, /max */
	{ "stream", NULL, format_stream, NULL },
	/* The text before the last colon of a line, or the size of bw_mem and lat_mem_rd. */
	{ "lmbench", NULL, format_lmbench, NULL },
	/* --metrics-brief: STRESSOR/ops, /ops_per_s, /ops_per_cpu_s, /real_time, /user_time, /system_time */
	{ "stress-ng", NULL, format_stress, NULL },
};
#define FORMATS (sizeof(formats) / sizeof(formats[0]))

int exec_format_find(const char *name, const struct exec_format **f, struct err *err)
{
	const char *known[FORMATS];

	for (size_t i = 0; i < FORMATS; i++) {
		known[i] = formats[i].name;
		if (!strcmp(known[i], name)) {
			*f = &formats[i];
			return 0;
		}
	}
	return err_unknown(err, "format", name, known, FORMATS);
}

/* --- one metric ------------------------------------------------------------------ */

static int format_refuse_keys(const struct exec_metric *m, const struct exec_values *v,
			      size_t found, struct err *err)
{
	char list[600] = "", *safe;
	size_t used = 0, shown = 0;

	for (size_t i = 0; i < v->n && shown < KEYS_SHOWN && used < sizeof(list) - 80; i++) {
		if (found > 1 && *m->select && fnmatch(m->select, v->v[i].key, 0))
			continue;
		used += snprintf(list + used, sizeof(list) - used, "%s%.60s",
				 shown++ ? ", " : "", v->v[i].key);
	}
	safe = safe_text(list);
	err_set(err, EXIT_MACHINE, EXEC_MISSING, *m->select
		? "select: '%s' %s; there are %s%s" : "select: %s%s: %s%s",
		*m->select ? m->select : "the output has several numbers, name one",
		*m->select ? (found ? "matches several" : "matches none") : "",
		safe, shown == KEYS_SHOWN ? ", ..." : "");
	free(safe);
	return EXEC_MISSING;
}

static int format_select(const struct exec_metric *m, const struct exec_values *v, double *value,
			 struct err *err)
{
	size_t found = 0;

	for (size_t i = 0; i < v->n; i++) {
		bool exact = !strcmp(m->select, v->v[i].key);

		if (*m->select && !exact && fnmatch(m->select, v->v[i].key, 0))
			continue;
		*value = v->v[i].value;
		if (exact)
			return 0;
		found++;
	}
	return found == 1 ? 0 : format_refuse_keys(m, v, found, err);
}

int exec_value_of(const struct exec_metric *m, const struct exec_output *o, double *value,
		  struct err *err)
{
	struct exec_values v = { NULL, 0, 0 };
	int ret;

	*value = NAN;
	if (m->format->find) {
		ret = m->format->find(o, m, value, err);
	} else {
		ret = m->format->parse(o, &v, err);
		if (!ret)
			ret = format_select(m, &v, value, err);
		exec_values_release(&v);
	}
	if (!ret && !(fabs(*value) < VALUE_MAX))
		ret = err_set(err, EXIT_MACHINE, EXEC_MISSING, "%g is not a usable "
			"number", *value);
	if (!ret && m->metric.kind != KIND_COUNT && *value < 0)
		ret = err_set(err, EXIT_MACHINE, EXEC_MISSING, "%g %s: a time or rate cannot be "
			"below 0",
			      *value, m->metric.unit);
	if (ret)
		err_prefix(err, "metric %s", m->metric.name);
	return ret;
}
