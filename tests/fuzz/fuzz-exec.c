/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as what a program prints, in each format that exec and kduel-bench duel
 * know. An input is a letter for the format, a line with what is selected, and the
 * output; what is behind a byte of 0 in it was written to the standard error.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/exec.h"
#include "safe.h"
#include "target.h"

static const char *const formats[] = {
	"regex", "json", "google-benchmark", "hyperfine", "go-bench", "fio", "perf-bench", "stream",
	"lmbench", "stress-ng",
};
#define FORMATS (sizeof(formats) / sizeof(formats[0]))

/* The user's own, not the program's: what is compiled is not what is to be broken here. */
static const char *const regexes[] = { "([0-9.]+)", "^(.*)$", "(a)?b*", "took +([^ ]+)", "(x|)" };
#define REGEXES (sizeof(regexes) / sizeof(regexes[0]))

void fuzz_begin(void)
{
}

/* A text is told as it is: what would move a cursor is not in it. */
static void fuzz_check_text(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' && *text != '\n')
			abort();
}

static void fuzz_find(struct exec_metric *m, const struct exec_output *o)
{
	struct err err = ERR_INIT;
	char first[300];
	double value;
	int ret = exec_value_of(m, o, &value, &err);

	if (ret ? !err.exit || !*err.text : !isfinite(value) || fabs(value) >= 1e30)
		abort();
	fuzz_check_text(err.text);
	fuzz_check_text(exec_first_lines(o, first, sizeof(first)));
}

void fuzz_one(const uint8_t *data, size_t size)
{
	static const char *const whichs[] = { "first", "last", "min", "max", "sum", "mean" };
	const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
	char select[EXEC_SELECT_MAX + 1] = "", *out, *error, *safe;
	struct exec_metric m = { .select = select };
	struct exec_output o;
	size_t n;

	if (!line || line == data || line - data > EXEC_SELECT_MAX)
		return;
	memcpy(select, data + 1, (size_t)(line - data) - 1);
	n = size - (size_t)(line + 1 - data);
	out = calloc(1, n + 1);
	memcpy(out, line + 1, n);
	safe = safe_text(select);	/* a plan has been checked for such */
	if (exec_format_find(formats[*data % FORMATS], &m.format, NULL) || !out || !safe)
		abort();
	error = strlen(out) < n ? out + strlen(out) + 1 : out + n;
	o = (struct exec_output){ .out = out, .err = error, .out_len = strlen(out),
				  .err_len = (size_t)(out + n - error) };
	if (!strcmp(m.format->name, "regex"))
		m.select = regexes[(unsigned char)select[0] % REGEXES];
	m.which = whichs[strlen(select) % 6];
	if (strcmp(safe, select) == 0 && (!m.format->check || !m.format->check(m.select)))
		fuzz_find(&m, &o);
	free(safe);
	free(out);
}
