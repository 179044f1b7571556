/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What guests say reaches nobody's terminal as it is: every text field of a
 * journal is filled with escapes, C1 and direction-changing characters, quotes
 * and a long word, and every verb and form is run over it. Where the store lets
 * such a text not in at all, the journal goes without it.
 */
#include <errno.h>

#include "results.h"

#define EVIL "\x1b]0;owned\x07\x1b[31m \xe2\x80\xae" "txet \xc2\x9b" "31m </pre><script>\"'=1+1"

static char folder[64], long_word[10001];

/* Appends, unless it is refused. */
static void hostile_try(struct store *s, json_t *record)
{
	struct err err = ERR_INIT;

	if (!store_append(s, record, &err))
		return;
	assert_int_not_equal(err.code, -EIO);
	for (const unsigned char *p = (unsigned char *)err.text; *p; p++)
		if (*p == 0x1b)
			fail_msg("the refusal has an escape: %s", err.text);
}

static json_t *hostile_cell(unsigned boot, const char *class, const char *text)
{
	return json_pack("{s:s, s:i, s:s, s:i, s:s, s:s}", "t", "cell-end", "boot", boot,
			 "cell", CELL, "process", 1, "class", class, "text", text);
}

static json_t *hostile_end(unsigned boot, const char *class)
{
	return json_pack("{s:s, s:i, s:s, s:s, s:{s:f}, s:[s,s]}", "t", "boot-end", "boot",
			 boot, "class", class, "text", EVIL, "phases", "boot", 4.5,
			 "console", EVIL, long_word);
}

static void hostile_boot(struct store *s, unsigned boot)
{
	json_t *r = sample(boot, 1, boot, 10 + boot, 20 + boot), *counters;

	append(s, boot_record(boot, 1));
	hostile_try(s, json_pack("{s:s, s:s, s:i, s:{s:{s:s, s:s}}}", "t", "env", "where",
				 "guest", "boot", boot, "facts", "cpu", "model", EVIL,
				 EVIL, long_word));
	counters = json_object_get(r, "counters");
	json_object_set_new(json_array_get(counters, 1), "unavailable", json_string(EVIL));
	append(s, r);
	r = sample(boot, 2, boot, 10 + boot, 20 + boot);
	json_object_set_new(r, "void", json_string(EVIL));
	hostile_try(s, r);
	r = sample(boot, 3, boot, 10 + boot, 20 + boot);
	json_object_set_new(r, "metric", json_string(EVIL));
	hostile_try(s, r);
	r = sample(boot, 3, boot, 10 + boot, 20 + boot);
	json_object_set_new(r, "unit", json_string(EVIL));
	hostile_try(s, r);
	hostile_try(s, json_pack("{s:s, s:i, s:s, s:i, s:s, s:s, s:s, s:s}", "t", "proof",
				 "boot", boot, "cell", CELL, "process", 1, "when", "after",
				 "layer", "mut", "method", EVIL, "unavailable", EVIL));
	append(s, hostile_cell(boot, boot % 2 ? "ok" : "failed", EVIL));
	append(s, hostile_end(boot, boot == plan->n_boots ? "panic" : "ok"));
}

static int make_hostile(void **state)
{
	struct store *s;

	if (make_folder(state))
		return -1;
	memset(long_word, 'W', sizeof(long_word) - 1);
	snprintf(folder, sizeof(folder), "%s/results", base);
	s = create_in(folder);
	for (unsigned b = 1; b <= plan->n_boots; b++)
		hostile_boot(s, b);
	store_close(s);
	return 0;
}

/* Bytes that act on a terminal, or on the order of what is read. */
static const char *hostile_find(const unsigned char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] < 0x20 && text[i] != '\n' && text[i] != '\t' && text[i] != '\r')
			return "a control character";
		if (text[i] == 0x7f)
			return "DEL";
		if (text[i] == 0xc2 && i + 1 < len && text[i + 1] >= 0x80 && text[i + 1] < 0xa0)
			return "a C1 character";
		if (i + 2 < len && !memcmp(text + i, "\xe2\x80\xae", 3))
			return "a direction override";
	}
	return NULL;
}

/* Runs a verb over the folder; its stdout and stderr. */
static void hostile_verb(const char *arguments)
{
	static unsigned char text[1 << 22];
	const char *o = getenv("O"), *bad;
	char command[512];
	size_t len;
	FILE *in;

	snprintf(command, sizeof(command), "%s/kduel %s 2>&1", o ? o : "build", arguments);
	in = popen(command, "r");
	assert_non_null(in);
	len = fread(text, 1, sizeof(text), in);
	pclose(in);
	assert_true(len > 0);
	bad = hostile_find(text, len);
	if (bad)
		fail_msg("%s in the output of kduel %s", bad, arguments);
}

static void every_output(void **state)
{
	static const char *const verbs[] = {
		"compare %s", "compare --json %s", "compare --allow-differences %s",
		"report -f text %s", "report -f json %s", "report -f html %s",
		"report -f md %s", "report -f brief %s", "report %s", "verify %s",
		"verify --json %s", "aa %s", "trend %s %s", "history -d %s/..", "power %s",
		"export -f json %s", "export -f csv %s", "export -f csv -t processes %s",
		"export -f csv -t boots %s", "export -f csv -t proofs %s",
	};
	char arguments[256];

	(void)state;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		snprintf(arguments, sizeof(arguments), verbs[i], folder, folder);
		hostile_verb(arguments);
	}
}

/* The files that a report leaves, besides the journal. */
static void every_file(void **state)
{
	static const char *const names[] = { "report.txt", "report.json", "report.html" };
	char path[128], *data;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		assert_int_equal(file_read(path, &data, &len, NULL), 0);
		if (hostile_find((unsigned char *)data, len))
			fail_msg("%s in %s", hostile_find((unsigned char *)data, len), names[i]);
		assert_true(!strstr(data, "<script") || i != 2);
		free(data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_output),
		cmocka_unit_test(every_file),
	};

	return cmocka_run_group_tests(tests, make_hostile, remove_folder);
}
