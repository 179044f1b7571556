/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report of a made-up campaign: golden files, its width, its well-formedness, and
 * what hostile strings do to it. KDUEL_UPDATE_GOLDEN=1 rewrites tests/golden.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "file.h"
#include "proc.h"
#include "report-fixture.h"
#include "safe.h"

static void print_data(const struct report *r, FILE *out)
{
	for (size_t i = 0; i < r->n_figures; i++)
		figure_write_data(&r->figures[i], out);
}

static void print_table(const struct report *r, FILE *out)
{
	compare_print(out, r->c);
}

typedef void (*print_fn)(const struct report *r, FILE *out);

enum { TEXT, JSON, HTML, MARKDOWN, BRIEF, DATA, TABLE, FORMS };

static const char *const golden_files[FORMS] = {
	"tests/golden/report.txt", "tests/golden/report.json", "tests/golden/report.html",
	"tests/golden/report.md", "tests/golden/brief.txt", "tests/golden/plots.dat",
	"tests/golden/table.txt",
};

static print_fn form(int i)
{
	return i == DATA ? print_data : i == TABLE ? print_table : report_forms[i].write;
}

static char *printed(const struct report *r, print_fn print)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	print(r, out);
	fclose(out);
	assert_int_equal(strlen(text), len);	/* no NUL inside */
	return text;
}

/* The version is no part of a golden file. */
static void hide_version(char *text)
{
	static const char made[] = "kduel " KDUEL_VERSION;

	for (char *p = text; (p = strstr(p, made)); p++)
		memmove(p + 5, p + sizeof(made) - 1,
			strlen(p + sizeof(made) - 1) + 1);
}

static void check_golden(const char *path, char *text)
{
	char *want = NULL;
	struct err err = ERR_INIT;

	hide_version(text);
	if (getenv("KDUEL_UPDATE_GOLDEN"))
		assert_int_equal(file_publish(path, text, strlen(text), &err), 0);
	if (file_read(path, &want, NULL, &err))
		fail_msg("%s", err.text);
	if (strcmp(want, text)) {
		size_t i = 0;

		while (want[i] == text[i])
			i++;
		while (i && text[i - 1] != '\n')
			i--;
		fail_msg("%s differs (KDUEL_UPDATE_GOLDEN=1 rewrites it):\n"
			 "- %.*s\n+ %.*s", path, (int)strcspn(want + i, "\n"),
			 want + i, (int)strcspn(text + i, "\n"), text + i);
	}
	free(want);
}

static void golden(void **state)
{
	static struct fixture x;

	(void)state;
	fixture_init(&x);
	for (int i = 0; i < FORMS; i++) {
		char *text = printed(&x.r, form(i));

		check_golden(golden_files[i], text);
		free(text);
	}
	fixture_release(&x);
}

static void check_columns(const char *text)
{
	char *copy = strdup(text), *save = NULL;

	for (char *l = strtok_r(copy, "\n", &save); l;
	     l = strtok_r(NULL, "\n", &save)) {
		if (safe_width(l) > 76)
			fail_msg("%zu columns: %s", safe_width(l), l);
		if (l[strlen(l) - 1] == ' ')
			fail_msg("trailing blank: '%s'", l);
	}
	free(copy);
}

/* --- a checker of well-formedness; it is tried on bad pages below ---------- */

#define DEPTH 64

static const char *end_of_tag(const char *p)
{
	char quote = 0;

	for (; *p; p++) {
		if (quote)
			quote = *p == quote ? 0 : quote;
		else if (*p == '"' || *p == '\'')
			quote = *p;
		else if (*p == '>')
			return p;
		else if (*p == '<')
			return NULL;
	}
	return NULL;
}

static int good_entity(const char *p)
{
	size_t len = strcspn(p, "; <");

	return p[len] == ';' && len > 1 && len < 8;
}

/* NULL, or where the page is not well-formed. */
static const char *malformed(const char *p)
{
	char open[DEPTH][24];
	int depth = 0;

	if (!strncmp(p, "<!DOCTYPE html>", 15))
		p += 15;
	for (; *p; p++) {
		const char *end;
		size_t len;

		if (*p == '&' && !good_entity(p))
			return p;
		if (*p != '<')
			continue;
		end = end_of_tag(p + 1);
		if (!end)
			return p;
		len = strcspn(p + 1, " \n/>");
		if (p[1] == '/') {
			len = strcspn(p + 2, ">");
			if (!depth || strlen(open[depth - 1]) != len ||
			    strncmp(open[depth - 1], p + 2, len))
				return p;
			depth--;
		} else if (end[-1] != '/') {
			if (depth == DEPTH || !len || len >= sizeof(open[0]))
				return p;
			snprintf(open[depth++], sizeof(open[0]), "%.*s", (int)len,
				 p + 1);
		}
		p = end;
	}
	return depth ? p : NULL;
}

static void checker_checks(void **state)
{
	(void)state;
	assert_null(malformed("<p>a &amp; b<br/></p>"));
	assert_non_null(malformed("<p>a & b</p>"));
	assert_non_null(malformed("<p>a < b</p>"));
	assert_non_null(malformed("<p><b>a</p></b>"));
	assert_non_null(malformed("<p>a"));
	assert_non_null(malformed("<p x=\"a>b</p>"));
}

static void check_page(const char *html)
{
	static const char *const foreign[] = {
		"http:", "https:", "src=", "url(", "@import", "<script",
		"<link", "<iframe", "onload", "javascript:",
	};
	const char *bad = malformed(html);

	if (bad)
		fail_msg("not well-formed at: %.80s", bad);
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		assert_null(strstr(html, foreign[i]));
	for (const char *p = html; (p = strstr(p, "href=")); p++)
		assert_true(!strncmp(p, "href=\"#", 7) ||
			    !strncmp(p, "href=\"data:text/plain;charset=utf-8,%23", 36));
}

/* No two elements of a page may share an id. */
static void check_ids(const char *html)
{
	for (const char *p = html; (p = strstr(p, " id=\"")); p++) {
		size_t len = strcspn(p + 5, "\"") + 6;
		char id[128];

		snprintf(id, sizeof(id), "%.*s", (int)len, p);
		if (strstr(p + 1, id))
			fail_msg("twice in the page:%s", id);
	}
}

static void text_is_narrow_and_page_sound(void **state)
{
	static struct fixture x;
	char *text;

	(void)state;
	fixture_init(&x);
	text = printed(&x.r, form(TEXT));
	check_columns(text);
	free(text);
	text = printed(&x.r, form(HTML));
	check_page(text);
	free(text);
	fixture_release(&x);
}

/* --- hostile strings ------------------------------------------------------- */

static char evil[] = "\x1b]0;owned\x07\x1b[2J<scr\0ipt>";
static char script[] = "</style></td><script>alert('1')</script>\"&amp;& %s%n `id`";
static char bidi[] = "\xe2\x80\xae" "txet\xff\xfe\xc0\x80";

static void make_hostile(struct fixture *x)
{
	static char long_word[600];

	memset(long_word, 'W', sizeof(long_word) - 1);
	x->arms[1].name = script;
	x->arms[2].name = evil;
	x->arms[1].failures = bidi;
	x->c.question = script;
	x->c.name = evil;
	x->c.refused = script;
	x->notes[0] = evil;
	x->notes[1] = long_word;
	x->missing[0].counter = script;
	x->missing[0].reason = evil;
	x->missing[1].reason = long_word;
	x->claims[3].detail = script;
	x->claims[3].text = long_word;
	x->differences[0].arm_value = evil;
	x->series[0].cell = script;
	x->series[1].metric = bidi;
	x->vs[0][1].reason = script;
	x->vs[0][2].reason = evil;
	x->proofs[2].unavailable = script;
	free(x->r.failures[0].text);
	x->r.failures[0].text = strdup(evil);
	json_array_append_new(x->console, json_string("\x1b[31m<b>\x7f"));
	json_object_set_new(json_object_get(x->r.env, "node"), "<b>\x1b",
			    json_string(script));
	fixture_figures(x);
}

static void check_harmless(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if ((*p < 0x20 && *p != '\n') || *p == 0x7f)
			fail_msg("control character 0x%02x before: %.40s", *p, p + 1);
	assert_null(strstr(text, "\xe2\x80\xae"));
	assert_null(strchr(text, '\xff'));
}

static void hostile(void **state)
{
	static struct fixture x;

	(void)state;
	fixture_init(&x);
	make_hostile(&x);
	for (int i = 0; i < FORMS; i++) {
		char *text = printed(&x.r, form(i));

		check_harmless(text);
		if (i == HTML)
			check_page(text);
		if (i == TEXT || i == TABLE || i == BRIEF)
			check_columns(text);
		free(text);
	}
	fixture_release(&x);
}

/* --- what is not known ------------------------------------------------------ */

static void forget_numbers(struct fixture *x)
{
	for (size_t i = 0; i < x->c.n_series; i++)
		for (size_t a = 0; a < FIXTURE_ARMS; a++) {
			x->est[i][a] = (struct compare_estimate){
				.value = NAN, .lo = NAN, .hi = NAN, .min = NAN,
				.max = NAN, .void_reason = (char *)"" };
			x->vs[i][a].e = (struct stats_effect){
				.effect = NAN, .lo = NAN, .hi = NAN, .sd = NAN,
				.p = NAN, .p_flip = NAN, .sde = NAN };
			x->vs[i][a].p_adjusted = NAN;
		}
	for (size_t i = 0; i < x->c.n_proofs; i++) {
		x->proofs[i].unavailable = (char *)"never read";
		x->proofs[i].huge_least = x->proofs[i].huge_most = NAN;
		x->proofs[i].after = x->proofs[i].before =
			(struct compare_pages){ NAN, NAN, NAN, NAN, 0, 0 };
	}
	fixture_figures(x);
}

static void unknown_is_no_number(void **state)
{
	static struct fixture x;

	(void)state;
	fixture_init(&x);
	forget_numbers(&x);
	assert_int_equal(x.r.n_figures, 0);
	for (int i = 0; i < FORMS; i++) {
		char *text = printed(&x.r, form(i));

		assert_null(strstr(text, "nan"));
		assert_null(strstr(text, "inf]"));
		if (i == TEXT)
			assert_non_null(strstr(text, "never read"));
		free(text);
	}
	fixture_release(&x);
}

/* Two blocks give intervals that reach to where no axis can follow. */
/* A kernel that cannot tell page sizes still counts faults: every form has them. */
static void faults_without_page_sizes(void **state)
{
	static struct fixture x;
	struct compare_proof *p;
	json_t *root, *after;

	(void)state;
	fixture_init(&x);
	p = &x.proofs[2 * FIXTURE_ARMS - 1];
	assert_string_equal(p->layer, "second-level");
	p->unavailable = (char *)"this kernel does not count 4K pages";
	p->after = (struct compare_pages){ NAN, NAN, NAN, 87, 0, 5 };
	p->huge_least = p->huge_most = NAN;
	for (int i = 0; i < FORMS; i++) {
		char *text = printed(&x.r, form(i));

		if (i == TEXT)
			assert_non_null(strstr(text, " 87\n"));
		if (i != JSON) {
			free(text);
			continue;
		}
		root = json_loads(text, 0, NULL);
		after = json_object_get(json_array_get(json_object_get(root, "proof"),
						       2 * FIXTURE_ARMS - 1), "after");
		assert_true(json_number_value(json_object_get(after, "faults")) == 87);
		assert_true(json_is_null(json_object_get(after, "2m")));
		assert_int_equal(json_integer_value(json_object_get(after, "readings")), 0);
		json_decref(root);
		free(text);
	}
}

static void endless_intervals(void **state)
{
	static const double ends[][2] = {
		{ -1, INFINITY }, { -INFINITY, INFINITY }, { -1, 1e300 }, { 0, 0 },
	};
	static struct fixture x;

	(void)state;
	fixture_init(&x);
	for (size_t i = 0; i < x.c.n_series; i++)
		for (size_t a = 0; a < FIXTURE_ARMS; a++) {
			const double *e = ends[(i + a) % 4];

			x.est[i][a].lo = x.vs[i][a].e.lo = e[0];
			x.est[i][a].hi = x.vs[i][a].e.hi = e[1];
		}
	fixture_figures(&x);
	assert_int_equal(x.r.n_figures, 6);
	for (size_t i = 0; i < x.r.n_figures; i++) {
		const struct figure_axis *v = &x.r.figures[i].value;

		assert_true(isfinite(v->min) && isfinite(v->max) && v->max > v->min);
		assert_true(v->log ? v->min > 0 : v->min >= 0);
		assert_in_range(v->n_ticks, 2, FIGURE_TICKS_MAX);
	}
	for (int i = 0; i < FORMS; i++) {
		char *text = printed(&x.r, form(i));

		if (i != JSON)
			assert_null(strstr(text, "inf"));
		assert_null(strstr(text, "nan"));
		free(text);
	}
	fixture_release(&x);
}

static void table_fits_a_screen(void **state)
{
	static struct fixture x;
	char *text;
	unsigned lines = 0;

	(void)state;
	fixture_init(&x);
	x.c.domain = (char *)"hardware";		/* which shows them all */
	for (size_t i = 0; i < x.c.n_series; i++)	/* each its own group */
		x.series[i].cell = x.point_text[i][0] ? x.point_text[i] : x.series[i].cell;
	text = printed(&x.r, print_table);
	for (char *p = text; strncmp(p, "Expectations:", 13); p++)
		lines += *p == '\n';
	assert_in_range(lines, 20, 60);
	assert_non_null(strstr(text, "more with less serious verdicts"));
	assert_non_null(strstr(text, "regressed"));
	free(text);
	fixture_release(&x);
}

/* --- colours ---------------------------------------------------------------- */

/* The table as a terminal would get it. */
static char *on_a_terminal(const struct report *r)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;
	char *text = calloc(1, 1 << 16);
	size_t len = 0;
	ssize_t n;
	FILE *out;

	assert_true(master >= 0 && !grantpt(master) && !unlockpt(master));
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);
	fcntl(master, F_SETFL, O_NONBLOCK);
	out = fdopen(slave, "w");
	/* A pty holds 4096 bytes: empty it as it is filled, line by line. */
	setvbuf(out, NULL, _IOFBF, 1 << 16);
	compare_print(out, r->c);
	fcntl(slave, F_SETFL, O_NONBLOCK);
	for (int tries = 0; tries < 1000; tries++) {
		int left = fflush(out);

		clearerr(out);
		while ((n = read(master, text + len, (1 << 16) - 1 - len)) > 0)
			len += n;
		if (!left)
			break;
	}
	fclose(out);
	close(master);
	return text;
}

static void colours(void **state)
{
	static struct fixture x;
	char *text;

	(void)state;
	fixture_init(&x);
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	text = on_a_terminal(&x.r);
	assert_non_null(strstr(text, "\x1b[1;31m"));
	free(text);
	setenv("NO_COLOR", "1", 1);
	text = on_a_terminal(&x.r);
	assert_null(strchr(text, '\x1b'));
	assert_non_null(strstr(text, "regressed"));
	free(text);
	fixture_release(&x);
}

/* --- files ------------------------------------------------------------------ */

static char *file_in(const char *folder, const char *below)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s", folder, below) > 0);
	return path;
}

static void check_drawing(const char *folder, const char *name,
			  const char *format, const char *magic)
{
	char below[128], *path, *data;
	struct err err = ERR_INIT;
	size_t len;

	snprintf(below, sizeof(below), "plots/%s.%s", name, format);
	path = file_in(folder, below);
	if (file_read(path, &data, &len, &err))
		fail_msg("%s", err.text);
	assert_true(len > 4000);
	assert_non_null(memmem(data, len < 200 ? len : 200, magic, strlen(magic)));
	free(data);
	free(path);
}

static char *publish(struct report *r, char *folder)
{
	char *said = NULL;
	size_t len;
	FILE *out = open_memstream(&said, &len);
	struct err err = ERR_INIT;

	assert_true(scratch_make(folder, NULL) >= 0);
	if (report_publish(r, folder, out, &err))
		fail_msg("%s", err.text);
	fclose(out);
	return said;
}

/* The page has every drawing, in its own colours alone. */
static void check_inside(const char *html, const struct report *r)
{
	unsigned drawings = 0;

	check_page(html);
	check_harmless(html);
	check_ids(html);
	for (const char *p = html; (p = strstr(p, "<svg role=\"img\"")); p++) {
		const char *end = strstr(p, "</svg>");

		assert_non_null(end);
		for (const char *c = p; c < end; c++) {
			assert_int_not_equal(strncmp(c, "rgb(", 4), 0);
			if (!strncmp(c, "=\"#", 3))
				assert_int_equal(strncmp(c - 4, "href", 4), 0);
		}
		drawings++;
	}
	assert_int_equal(drawings, 2 * r->n_figures);	/* for wide pages and narrow ones */
	assert_null(strstr(html, "Missing figures"));
}

/* What is made of a drawing whose canvas holds `canvas`; NULL: refused. */
static char *inlined(const char *canvas)
{
	struct figure f = { .name = "n", .title = (char *)"T<", .text = (char *)"t",
			    .width = 7, .height = 5 };
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	int rc;

	assert_true(asprintf(&f.svg, "<?xml?><svg onload='x'><title>Gnuplot</title>"
			     "<g id=\"gnuplot_canvas\">%s</g></svg>", canvas) > 0);
	rc = figure_write_inline(&f, out);
	fclose(out);
	free(f.svg);
	if (rc) {
		assert_int_equal(len, 0);
		free(text);
		return NULL;
	}
	return text;
}

static void drawing_is_taken_apart(void **state)
{
	static const char *const refused[] = {
		"<script>x</script>", "<a href='#x'>", "<image href='#x'/>",
		"<style>x</style>", "<foreignObject/>", "<g", "<g x>", "<g x='1>",
		"<!-- x -->", "<filter>", "<g /x>",
	};
	char *text = inlined("<title>a <b> c</title><filter id='f'><feFlood/></filter>"
			     "<g fill='rgb( 34, 38,43)' onclick='x' style='x'"
			     " color=\"#ffffff\" stroke='rgb(1,2,3)'>"
			     "<use xlink:href='#gpPt0' id='i'/>"
			     "<use xlink:href='http://x'/></g>"
			     "<text d='\"' x='url(#f)' y='&#x3a;'>a &lt; b</text>");

	(void)state;
	assert_non_null(text);
	assert_string_equal(text,
		"<svg role=\"img\" aria-label=\"T&lt;. t\" viewBox=\"0 0 7 5\">\n"
		"<g id=\"n-gnuplot_canvas\"><g fill=\"var(--ink)\" color=\"var(--bg)\""
		" stroke=\"#010203\"><use href=\"#n-gpPt0\" id=\"n-i\"/><use/></g>"
		"<text>a &lt; b</text></g></svg>\n");
	free(text);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if ((text = inlined(refused[i])))
			fail_msg("taken: %s", text);
}

static void files_and_drawings(void **state)
{
	static struct fixture x;
	char folder[] = "/tmp/kduel-report-XXXXXX", *said, *path, *html;

	(void)state;
	fixture_init(&x);
	make_hostile(&x);	/* gnuplot must survive it, and run nothing */
	said = publish(&x.r, folder);
	if (strstr(said, "gnuplot is not installed")) {
		free(said);
		goto out;
	}
	assert_string_equal(said, "");
	free(said);
	assert_int_equal(x.r.n_figures, 6);
	for (size_t i = 0; i < x.r.n_figures; i++) {
		check_drawing(folder, x.r.figures[i].name, "svg", "<svg");
		check_drawing(folder, x.r.figures[i].name, "png", "PNG");
	}
	path = file_in(folder, "report.html");
	assert_int_equal(file_read(path, &html, NULL, NULL), 0);
	check_inside(html, &x.r);
	free(html);
	free(path);
out:
	assert_int_equal(file_remove_tree(folder, NULL), 0);
	fixture_release(&x);
}

static void no_gnuplot(void **state)
{
	static struct fixture x;
	char folder[] = "/tmp/kduel-report-XXXXXX", *said, *path, *text;
	char *search = strdup(getenv("PATH"));

	(void)state;
	fixture_init(&x);
	x.c.n_series = 0;	/* and nothing to plot but the proof */
	fixture_figures(&x);
	setenv("PATH", "/nonexistent", 1);
	said = publish(&x.r, folder);
	setenv("PATH", search, 1);
	assert_non_null(strstr(said, "gnuplot is not installed"));
	assert_null(strstr(said, "skipped"));	/* what a campaign has not is no news */
	path = file_in(folder, "report.html");
	assert_int_equal(file_read(path, &text, NULL, NULL), 0);
	check_page(text);
	assert_non_null(strstr(text, "figures: page-sizes: gnuplot is not installed"));
	free(text);
	free(path);
	free(said);
	free(search);
	assert_int_equal(file_remove_tree(folder, NULL), 0);
	x.c.n_series = FIXTURE_SERIES;	/* unused ones have no point */
	fixture_release(&x);
}

/* Boots that differ by rounding alone still have an axis that gnuplot can draw. */
static void boots_without_spread(void **state)
{
	static double boot[FIXTURE_SERIES][FIXTURE_ARMS][4];
	static struct fixture x;
	struct figure *f = NULL;
	char *data = NULL, *gnuplot = proc_find("gnuplot");
	size_t len;

	(void)state;
	fixture_init(&x);
	x.c.domain = (char *)"hardware";
	x.c.n_block_ids = 4;
	for (size_t i = 0; i < x.c.n_series; i++)
		for (size_t a = 0; a < FIXTURE_ARMS; a++) {
			x.est[i][a].boot = boot[i][a];
			for (int b = 0; b < 4; b++)
				boot[i][a][b] = x.est[i][a].value * (1 + b * 1e-15);
		}
	fixture_figures(&x);
	for (size_t i = 0; i < x.r.n_figures; i++)
		if (!strcmp(x.r.figures[i].name, "blocks"))
			f = &x.r.figures[i];
	assert_non_null(f);
	assert_true(f->value.max - f->value.min > 0.1);
	assert_true(f->value.n_ticks > 2);
	for (unsigned i = 1; i < f->value.n_ticks; i++)
		assert_string_not_equal(f->value.tick[i].label, f->value.tick[i - 1].label);
	if (gnuplot) {
		struct err err = ERR_INIT;

		if (figure_draw_as(f, NULL, "svg", &data, &len, &err))
			fail_msg("%s", err.text);
	}
	free(data);
	free(gnuplot);
	fixture_release(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden),
		cmocka_unit_test(checker_checks),
		cmocka_unit_test(text_is_narrow_and_page_sound),
		cmocka_unit_test(hostile),
		cmocka_unit_test(unknown_is_no_number),
		cmocka_unit_test(faults_without_page_sizes),
		cmocka_unit_test(endless_intervals),
		cmocka_unit_test(table_fits_a_screen),
		cmocka_unit_test(colours),
		cmocka_unit_test(drawing_is_taken_apart),
		cmocka_unit_test(files_and_drawings),
		cmocka_unit_test(no_gnuplot),
		cmocka_unit_test(boots_without_spread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
