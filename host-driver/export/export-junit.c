/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gates and expectations as tests: JUnit's XML as Jenkins and GitLab read it
 * (github.com/jenkinsci/xunit-plugin, junit-10.xsd), and KTAP version 1
 * (Documentation/dev-tools/ktap.rst).
 */
#include <math.h>
#include <string.h>

#include "export-values.h"
#include "export.h"
#include "safe.h"

static const char *const junit_elements[] = {
	[CASE_FAIL] = "failure", [CASE_ERROR] = "error", [CASE_SKIP] = "skipped",
};

static void junit_attribute(FILE *to, const char *name, const char *text)
{
	fprintf(to, " %s=\"", name);
	html_put(to, text);
	putc('"', to);
}

static void junit_case(FILE *to, const struct export_case *k)
{
	const char *element = junit_elements[k->outcome];

	fputs("\t\t<testcase", to);
	junit_attribute(to, "name", k->name);
	junit_attribute(to, "classname", k->group);
	fputs(" time=\"0\">\n\t\t\t", to);
	if (element) {
		fprintf(to, "<%s", element);
		junit_attribute(to, "message", k->text);
		if (k->outcome != CASE_SKIP)
			junit_attribute(to, "type", element);
		fputs("/>\n", to);
	} else {
		fputs("<system-out>", to);
		html_put(to, k->text);
		fputs("</system-out>\n", to);
	}
	fputs("\t\t</testcase>\n", to);
}

static int junit_write(const struct export_from *from, FILE *to, struct err *err)
{
	struct export_cases cases;
	double begun, ended;
	char date[24];
	int ret = export_times(from->store, &begun, &ended, err);

	if (ret)
		return ret;
	export_time(begun, date);
	date[strcspn(date, "Z")] = '\0';	/* the schema allows no time zone */
	export_cases_init(&cases, from);
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n\t<testsuite", to);
	junit_attribute(to, "name", from->c->name);
	fprintf(to, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" "
		"%s%s%stime=\"%.3f\">\n\t\t<properties>\n", cases.n,
		cases.count[CASE_FAIL], cases.count[CASE_ERROR], cases.count[CASE_SKIP],
		*date ? "timestamp=\"" : "", date, *date ? "\" " : "", fmax(0, ended - begun));
	fputs("\t\t\t<property name=\"domain\"", to);
	junit_attribute(to, "value", from->c->domain);
	fputs("/>\n\t\t\t<property name=\"plan\"", to);
	junit_attribute(to, "value", from->c->plan_hash);
	fputs("/>\n\t\t</properties>\n", to);
	for (size_t i = 0; i < cases.n; i++)
		junit_case(to, &cases.list[i]);
	fputs("\t</testsuite>\n</testsuites>\n", to);
	export_cases_release(&cases);
	return 0;
}

const struct export_format export_junit = {
	.name = "junit", .help = "JUnit XML, one case per gate and expectation",
	.judged = true, .write = junit_write,
};

/* --- KTAP ---------------------------------------------------------------------- */

/* "#" would begin a directive. */
static void junit_ktap_put(FILE *to, const char *safe)
{
	for (; *safe; safe++)
		if (*safe == '#')
			fputs("\\x23", to);
		else
			putc(*safe, to);
}

static int junit_ktap_write(const struct export_from *from, FILE *to, struct err *err)
{
	struct export_cases cases;

	(void)err;
	export_cases_init(&cases, from);
	fprintf(to, "KTAP version 1\n1..%zu\n", cases.n);
	for (size_t i = 0; i < cases.n; i++) {
		const struct export_case *k = &cases.list[i];
		bool bad = k->outcome == CASE_FAIL || k->outcome == CASE_ERROR;

		if (k->outcome != CASE_SKIP) {	/* a comment on the line that follows */
			fputs("# ", to);
			junit_ktap_put(to, k->text);
			putc('\n', to);
		}
		fprintf(to, "%sok %zu ", bad ? "not " : "", i + 1);
		junit_ktap_put(to, k->group);
		putc(' ', to);
		junit_ktap_put(to, k->name);
		if (k->outcome == CASE_SKIP) {
			fputs(" # SKIP ", to);
			junit_ktap_put(to, k->text);
		}
		putc('\n', to);
	}
	export_cases_release(&cases);
	return 0;
}

const struct export_format export_ktap = {
	.name = "ktap", .help = "KTAP, one line per gate and expectation",
	.judged = true, .write = junit_ktap_write,
};
