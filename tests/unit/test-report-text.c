/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers, hostile text and columns: what every report is made of. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host-driver/report/doc.h"
#include "vocab/number.h"
#include "safe.h"

static void check_effect(double effect, double lo, double hi, const char *e,
			 const char *interval)
{
	struct number_effect out;

	number_effect(effect, lo, hi, &out);
	assert_string_equal(out.effect, e);
	assert_string_equal(out.interval, interval);
}

static void effects(void **state)
{
	(void)state;
	check_effect(-0.032, -0.0391, -0.0249, "-3.20%", "[-3.91, -2.49]%");
	check_effect(0.021, 0.001, 0.041, "+2.1%", "[+0.1, +4.1]%");
	check_effect(-0.9191, -0.921, -0.917, "x0.0809", "[0.0790, 0.0830]");
	check_effect(11.34, 10.2, 12.6, "x12.3", "[11.2, 13.6]");
	check_effect(0.0001, -0.02, 0.0202, "0.0%", "[-2.0, +2.0]%");
	check_effect(-0.00001, -0.02, 0.0202, "0.0%", "[-2.0, +2.0]%");
	check_effect(0, 0, 0, "0%", "[0, 0]%");
	check_effect(0.5, NAN, NAN, "+50.0%", "");
	check_effect(NAN, 0, 1, "-", "");
	check_effect(0.3, -0.9, INFINITY, "+30%", "[-90, >9999]%");
	check_effect(19999, 17999, 22222, "x20000", "[18000, 22223]");
	check_effect(-0.9, -INFINITY, 1e300, "x0.10", "[0.00, >9999]");
}

static void check_value(double v, const char *unit, const char *text)
{
	char buf[NUMBER_MAX];

	assert_string_equal(number_value(v, unit, buf), text);
}

static void values(void **state)
{
	char buf[NUMBER_MAX];

	(void)state;
	check_value(71234, "ns", "71.2 us");
	check_value(23.34, "ns", "23.3 ns");
	check_value(999.6, "ns", "1.00 us");
	check_value(13400, "MB/s", "13.4 GB/s");
	check_value(143612, "count", "143,612");
	check_value(143612.4, "faults", "143,612 faults");
	check_value(0, "ns", "0 ns");
	check_value(0.0123, "s", "12.3 ms");
	check_value(NAN, "ns", "-");
	check_value(1.5, "misses", "1.50 misses");
	check_value(1e300, "count", "1.00e+300");
	check_value(-1234567, "count", "-1,234,567");
	assert_string_equal(number_bytes(587202560, buf), "560 MiB");
	assert_string_equal(number_bytes(1875968, buf), "1.79 MiB");
	assert_string_equal(number_bytes(0, buf), "0");
	assert_string_equal(number_percent(0.0123, buf), "1.2%");
	assert_string_equal(number_percent(0.5, buf), "50%");
	assert_string_equal(number_percent(3, buf), "300%");
	assert_string_equal(number_percent(5.6, buf), ">300%");
	assert_string_equal(number_spread(0.00412, buf), "0.412%");
	assert_string_equal(number_spread(5.6, buf), ">300%");
	assert_string_equal(number_duration(192, buf), "3 min 12 s");
}

/* A nanosecond of a clock that counts instructions is one of them. */
static void counted_units(void **state)
{
	static const struct { const char *unit, *instead; double factor; } units[] = {
		{ "ns", "instr", 1 }, { "us", "instr", 1e3 }, { "ms", "instr", 1e6 },
		{ "s", "instr", 1e9 }, { "GB/s", "B/instr", 1 }, { "GUP/s", "UP/instr", 1 },
		{ "GiB/s", "GiB/Ginstr", 1 },
		{ "pages/s", "pages/Ginstr", 1 }, { "faults", "faults", 1 },
		{ "bytes", "bytes", 1 }, { "", "", 1 }, { "/s", "/s", 1 },
	};
	char instead[UNIT_MAX], buf[NUMBER_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		assert_true(unit_instructions(units[i].unit, instead) == units[i].factor);
		assert_string_equal(instead, units[i].instead);
	}
	assert_string_equal(number_value(14600, "/s", buf), "14.6 k/s");
	assert_string_equal(number_value(2300000, "pages/s", buf), "2.30 Mpages/s");
	assert_string_equal(number_value(9000, "pages/s", buf), "9,000 pages/s");
	assert_string_equal(number_value(0.0000146, "count", buf), "14.6 per million");
	assert_string_equal(number_value(71234, "instr", buf), "71,234 instr");
}

static void check_safe(const char *in, const char *want)
{
	char *safe = safe_text(in);

	assert_string_equal(safe, want);
	free(safe);
}

static void hostile_text(void **state)
{
	char *plot;

	(void)state;
	check_safe("plain \xc3\xa9", "plain \xc3\xa9");
	check_safe("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m");
	check_safe("a\nb\tc\r", "a b c ");
	check_safe("\x07\x7f", "\\x07\\x7f");
	check_safe("\xff\xc3", "\\xff\\xc3");			/* not UTF-8 */
	check_safe("\xc0\xaf", "\\xc0\\xaf");			/* overlong */
	check_safe("\xed\xa0\x80", "\\xed\\xa0\\x80");		/* surrogate */
	check_safe("\xe2\x80\xae" "abc", "\\u{202e}abc");	/* bidi override */
	check_safe("\xc2\x9b" "2J", "\\x9b2J");			/* C1 CSI */
	check_safe(NULL, "");
	plot = safe_plot_text("a\"b\\c\nd\xc3\xa9`x`");
	assert_string_equal(plot, "a'b/c d?`x`");
	free(plot);
}

static void html(void **state)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	html_put(out, "<script>\"&'\x1b");
	fclose(out);
	assert_string_equal(text, "&lt;script&gt;&quot;&amp;&#39;\\x1b");
	free(text);
}

static size_t widest_line(const char *text)
{
	size_t widest = 0;
	char *copy = strdup(text), *save = NULL;

	for (char *l = strtok_r(copy, "\n", &save); l;
	     l = strtok_r(NULL, "\n", &save))
		if (safe_width(l) > widest)
			widest = safe_width(l);
	free(copy);
	return widest;
}

static void columns(void **state)
{
	char *text, word[301];
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct doc *d = doc_new();

	(void)state;
	memset(word, 'w', 300);
	word[300] = '\0';
	doc_put(d, DOC_SAY, "%s", word);
	doc_put(d, DOC_SAY, "%s", "");
	doc_field(d, "question", DOC_WORDS, 0, "What changes when KVM maps DAX-backed ",
		  "guest memory with huge pages, and what does it cost?");
	doc_field(d, "wide", DOC_WORDS, 0, "\xe5\xb9\x85\xe5\xb9\x85\xe5\xb9\x85 "
		  "\xe5\xb9\x85\xe5\xb9\x85",
		  " twice as wide as a letter, and so on and on on");
	doc_table(d, "arm|#n|a reason|!why");
	doc_row(d);
	doc_cell(d, DOC_WORDS, 0, "arm");
	doc_cell(d, DOC_NUMBER, 0, "n");
	doc_cell(d, DOC_WORDS, 0, "a reason that is long enough to need three or even "
		 "four lines of its own in the table, because its author had much to say "
		 "about it");
	doc_cell(d, DOC_WORDS, 0, "because");
	doc_row(d);
	doc_cell(d, DOC_WORDS, 0, "6.1");
	doc_cell(d, DOC_NUMBER, 0, "5");
	doc_print_text(d, out, false);
	doc_free(d);
	fclose(out);
	assert_in_range(widest_line(text), 70, DOC_TEXT_COLUMNS);
	assert_non_null(strstr(text, "  6.1  5\n"));
	assert_non_null(strstr(text, "\n[1] because\n"));
	assert_null(strstr(text, " \n"));	/* no trailing blanks */
	free(text);
}

/* What Markdown or HTML would act on stays text. */
static void markdown(void **state)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct doc *d = doc_new();

	(void)state;
	doc_put(d, DOC_SAY, "*a* _b_ <b> [x](y) `c` | @me \x1b[1m");
	doc_table(d, "arm|#n");
	doc_row(d);
	doc_cell(d, DOC_ID, 0, "a|b`c");
	doc_cell(d, DOC_VERDICT, DOC_BAD, "regressed");
	doc_put(d, DOC_FOLD, "<more>");
	doc_put(d, DOC_UNFOLD, "%s", "");
	doc_print_markdown(d, out);
	doc_free(d);
	fclose(out);
	assert_string_equal(text,
		"\\*a\\* \\_b\\_ &lt;b&gt; \\[x\\](y) \\`c\\` \\| &#64;me \\\\x1b\\[1m\n\n"
		"| arm | n |\n|---|--:|\n| `a\u00a6b'c` | **regressed** |\n\n"
		"<details><summary>&lt;more&gt;</summary>\n\n</details>\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(effects),
		cmocka_unit_test(values),
		cmocka_unit_test(counted_units),
		cmocka_unit_test(hostile_text),
		cmocka_unit_test(html),
		cmocka_unit_test(columns),
		cmocka_unit_test(markdown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
