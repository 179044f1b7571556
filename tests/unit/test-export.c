/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exports: everything that was measured, once, and what never ended not. */
#include "results.h"

#include "host-driver/compare/compare.h"
#include "host-driver/export/export.h"

static struct store *results;

static const char *const tables[] = { "iterations", "processes", "boots", "proofs", NULL };

static void write_format(const char *format, const char *table, struct store *from,
			 const struct comparison *c, FILE *to)
{
	struct export_from f = { .store = from, .c = c, .table = table };
	const struct export_format *as;
	struct err err = ERR_INIT;

	as = export_find(format, &err);
	if (!as || export_write(as, &f, to, &err))
		fail_msg("%s", err.text);
}

static char *written;	/* by the last open_memstream() */
static size_t written_len;

static char *as_text(const char *format, const char *table)
{
	FILE *to = open_memstream(&written, &written_len);

	write_format(format, table, results, NULL, to);
	fclose(to);
	return written;
}

static char *csv(const char *table)
{
	return as_text("csv", table);
}

static unsigned lines(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static unsigned columns(const char *line)
{
	unsigned n = 1;

	for (; *line != '\n'; line++)
		n += *line == ',';
	return n;
}

static void tables_are_whole(void **state)
{
	static const unsigned rows[] = { 9, 6, 3, 3 };

	(void)state;
	for (int i = 0; tables[i]; i++) {
		char *text = csv(tables[i]);
		const char *second = strchr(text, '\n') + 1;

		assert_int_equal(lines(text), rows[i] + 1);
		assert_int_equal(columns(text), columns(second));
		free(text);
	}
}

static void values_are_as_measured(void **state)
{
	char *text = csv("iterations"), *procs = csv("processes");

	(void)state;
	assert_non_null(strstr(text, ",memfd/thp/null,1,ns,pages=64,ns,time,lower,emulated,true,,3,21\n"));
	/* the quotes are the CSV's */
	assert_non_null(strstr(text, ",\"the proof, says \"\"4k\"\"\",1,3\n"));
	assert_non_null(strstr(procs, ",ns,,pages=64,ns,time,lower,emulated,3,1,true,11,11,10,1,3,19,21,\n"));
	/* counters: for each thing, in no unit */
	assert_non_null(strstr(procs, ",ns,faults,pages=64,,count,none,emulated,1,1,true,10,10,,10,10,10,10,\n"));
	/* of a boot that failed: there, and told apart */
	assert_non_null(strstr(text, "\n1,1,ok,"));
	assert_non_null(strstr(text, "\n2,3,panic,"));
	free(text);
	free(procs);
}

/* Neither a spreadsheet nor a terminal acts on what a guest says. */
static void foreign_text_is_harmless(void **state)
{
	struct err err = ERR_INIT;
	char folder[96], *text = NULL;
	json_t *r = sample(1, 1, 1, 2, 3);
	struct store *s;
	size_t len;
	FILE *to;

	(void)state;
	snprintf(folder, sizeof(folder), "%s/foreign", base);
	s = create_in(folder);
	json_object_set_new(r, "unit", json_string("=cmd,1"));
	json_object_set_new(r, "void", json_string("@x\x1b[2J\xe2\x80\xae\n"));
	append(s, boot_record(1, 1));
	append(s, r);
	append(s, boot_end(1, "ok"));
	store_close(s);
	assert_int_equal(store_open(&s, folder, STORE_READ, &err), 0);
	to = open_memstream(&text, &len);
	write_format("csv", "iterations", s, NULL, to);
	write_format("json", NULL, s, NULL, to);
	fclose(to);
	assert_non_null(strstr(text, ",\"'=cmd,1\",time,"));
	assert_non_null(strstr(text, ",'@x\\x1b[2J\\u{202e} ,1,1\n"));
	assert_null(strchr(text, '\x1b'));
	assert_null(strstr(text, "\xe2\x80\xae"));
	free(text);
	store_close(s);
}

static void json_has_every_record(void **state)
{
	json_error_t je;
	char *text = NULL;
	size_t len, samples = 0, i;
	FILE *to = open_memstream(&text, &len);
	json_t *json, *r;

	(void)state;
	write_format("json", NULL, results, NULL, to);
	fclose(to);
	json = json_loads(text, JSON_REJECT_DUPLICATES, &je);
	if (!json)
		fail_msg("no JSON: %s", je.text);
	assert_string_equal(json_string_value(json_object_get(
		json_object_get(json, "plan"), "hash")), plan->hash);
	json_array_foreach(json_object_get(json, "records"), i, r) {
		const char *t = json_string_value(json_object_get(r, "t"));

		samples += !strcmp(t, "sample");
		if (!strcmp(t, "sample"))
			assert_non_null(json_string_value(json_object_get(r, "arm")));
	}
	assert_int_equal(samples, 3);
	json_decref(json);
	free(text);
}

/* What could not be read is empty, not 0. */
static void proofs_that_are_missing_are_empty(void **state)
{
	char *text = csv("proofs");

	(void)state;
	assert_non_null(strstr(text, ",after,second-level,stats,4096,2097152,0,811,\n"));
	assert_non_null(strstr(text, ",before,guest,,,,,,no pagemap\n"));
	free(text);
}

static void unknown_words_are_refused(void **state)
{
	struct export_from from = { .store = results, .table = "iteration" };
	struct err err = ERR_INIT, other = ERR_INIT, third = ERR_INIT, fourth = ERR_INIT;

	(void)state;
	assert_true(export_write(export_find("csv", &err), &from, stdout, &err) < 0);
	assert_non_null(strstr(err.text, "unknown table 'iteration'; did you mean 'iterations'?"));
	assert_null(export_find("junti", &other));
	assert_non_null(strstr(other.text, "did you mean 'junit'?"));
	assert_true(export_write(export_find("json", &third), &from, stdout, &third) < 0);
	assert_non_null(strstr(third.text, "json has no tables"));
	from.table = NULL;
	from.arm = "k3";
	assert_true(export_write(export_find("bmf", &fourth), &from, stdout, &fourth) < 0);
	assert_non_null(strstr(fourth.text, "did you mean 'k"));
}

/* Every row of NDJSON has the columns of the CSV, and what is unknown is null. */
static void ndjson_has_the_columns_of_the_csv(void **state)
{
	(void)state;
	for (int i = 0; tables[i]; i++) {
		char *text = csv(tables[i]), *save = NULL, *line;
		char *other = as_text("ndjson", tables[i]);
		unsigned rows = 0;

		for (line = strtok_r(other, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
			json_t *row = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
			const char *key;
			json_t *value;

			assert_non_null(row);
			assert_int_equal(json_object_size(row), columns(text));
			json_object_foreach(row, key, value) {
				assert_non_null(strstr(text, key));
				if (!strcmp(key, "counter") && rows == 0)
					assert_true(json_is_null(value));
				if (!strcmp(key, "steady"))
					assert_true(json_is_true(value));
			}
			json_decref(row);
			rows++;
		}
		assert_int_equal(rows, lines(text) - 1);
		free(other);
		free(text);
	}
}

static int make_results(void **state)
{
	int ret = make_folder(state);
	struct err err = ERR_INIT;
	struct store *s;
	json_t *r;
	char path[64];

	snprintf(path, sizeof(path), "%s/r", base);
	s = create_in(path);
	run_boot(s, 1, "ok");
	run_boot(s, 2, "ok");
	append(s, boot_record(3, 1));
	r = sample(3, 1, 3, 4, 5);
	json_object_set_new(r, "void", json_string("the proof, says \"4k\""));
	append(s, r);
	append(s, json_pack("{s:s, s:i, s:s, s:i, s:s, s:s, s:s}", "t",
			    "proof", "boot", 3, "cell", CELL, "process", 1,
			    "when", "before", "layer", "guest", "unavailable",
			    "no pagemap"));
	append(s, boot_end(3, "panic"));
	append(s, json_pack("{s:s, s:s}", "t", "note", "text", "x"));
	append(s, boot_record(4, 1));
	append(s, sample(4, 1, 1e9, 1e9, 1e9));	/* never ends */
	store_close(s);
	return ret ? ret : store_open(&results, path, STORE_READ, &err);
}

static int remove_results(void **state)
{
	store_close(results);
	return remove_folder(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_whole),
		cmocka_unit_test(values_are_as_measured),
		cmocka_unit_test(foreign_text_is_harmless),
		cmocka_unit_test(json_has_every_record),
		cmocka_unit_test(proofs_that_are_missing_are_empty),
		cmocka_unit_test(unknown_words_are_refused),
		cmocka_unit_test(ndjson_has_the_columns_of_the_csv),
	};

	return cmocka_run_group_tests(tests, make_results, remove_results);
}
