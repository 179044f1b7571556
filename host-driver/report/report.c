/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "doc.h"
#include "file.h"
#include "plot.h"
#include "report-parts.h"
#include "safe.h"

void report_release(struct report *r)
{
	for (size_t i = 0; i < r->n_failures; i++) {
		free(r->failures[i].where);
		free(r->failures[i].class);
		free(r->failures[i].text);
	}
	for (size_t i = 0; i < r->n_model; i++) {
		free(r->model[i].what);
		free(r->model[i].arm);
		free(r->model[i].quantity);
	}
	for (size_t i = 0; i < r->n_expected; i++) {
		free(r->expected[i].what);
		free(r->expected[i].arm);
	}
	for (int i = 0; i < REPORT_CPUS; i++)
		free(r->expected_cpu[i]);
	free(r->expected);
	figures_release(r->figures, r->n_figures, r->no_figures,
			r->n_no_figures);
	report_release_why(r);
	free(r->failures);
	free(r->model);
	free(r->folder);
	free(r->again);
	free(r->cpu);
	free(r->model_cpu);
	free(r->model_reason);
	json_decref(r->env);
	*r = (struct report){ 0 };
}

/* Writes a file in the folder: a form of the report, or a figure's data. */
static int report_file(const char *folder, const char *name, const struct report_form *form,
		       const struct report *r, const struct figure *f, struct err *err)
{
	char *path = NULL, *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	int ret;

	if (!out || asprintf(&path, "%s/%s", folder, name) < 0) {
		path = NULL;
		ret = err_sys(err, ENOMEM, "cannot write %s/%s", folder, name);
		goto out;
	}
	if (form)
		form->write(r, out);
	else
		figure_write_data(f, out);
	ret = fclose(out) ? err_sys(err, errno, "cannot write %s", path)
			  : file_publish(path, text, len, err);
	out = NULL;
out:
	if (out)
		fclose(out);
	free(text);
	free(path);
	return ret;
}

static void report_write_text(const struct report *r, FILE *out)
{
	struct doc *d = report_doc(r);

	doc_print_text(d, out, doc_wants_colour(out));
	doc_free(d);
}

static void report_write_html(const struct report *r, FILE *out)
{
	char *title = text_format("%s (%s): kduel report", r->c->name, r->c->domain);
	struct doc *d = report_doc(r);

	doc_print_html(d, title, out);
	doc_free(d);
	free(title);
}

static void report_write_markdown(const struct report *r, FILE *out)
{
	struct doc *d = report_doc(r);

	doc_print_markdown(d, out);
	doc_free(d);
}

static void report_write_brief(const struct report *r, FILE *out)
{
	struct doc *d = report_brief_doc(r);

	doc_print_text(d, out, doc_wants_colour(out));
	doc_free(d);
}

static void report_write_json(const struct report *r, FILE *out)
{
	json_t *json = report_json(r);

	json_dumpf(json, out, JSON_INDENT(1) | JSON_ENSURE_ASCII);
	fputc('\n', out);
	json_decref(json);
}

const struct report_form report_forms[] = {
	{ "text", "report.txt", false, report_write_text },
	{ "json", "report.json", false, report_write_json },
	{ "html", "report.html", true, report_write_html },
	{ "md", "", false, report_write_markdown },
	{ "brief", "", false, report_write_brief },
	{ NULL, NULL, false, NULL },
};

void compare_print(FILE *out, const struct comparison *c)
{
	struct doc *d = report_comparison_doc(c);

	doc_print_text(d, out, doc_wants_colour(out));
	doc_free(d);
}

void compare_print_claims(FILE *out, const struct compare_claim *list, size_t n)
{
	struct doc *d = doc_new();

	report_claims(d, list, n);
	doc_print_text(d, out, doc_wants_colour(out));
	doc_free(d);
}

/* One line for each reason. */
static void report_say_not_drawn(const struct report *r, FILE *said)
{
	const char *last = "";

	for (size_t i = 0; i < r->n_figures; i++) {
		const struct figure *f = &r->figures[i];

		if (!f->not_drawn)
			continue;
		if (*last)
			fputs(strcmp(last, f->not_drawn) ? "\n" : ", ", said);
		if (strcmp(last, f->not_drawn))
			fprintf(said, "not drawn from data/: %s: ", f->not_drawn);
		fputs(f->name, said);
		last = f->not_drawn;
	}
	fputs(*last ? "\n" : "", said);
}

void report_draw_inside(struct report *r, FILE *said)
{
	for (size_t i = 0; i < r->n_figures; i++)
		figure_draw(&r->figures[i], NULL);
	report_say_not_drawn(r, said);
}

/* The data of the figures, then their drawings. */
int report_draw(struct report *r, const char *folder, FILE *said,
		struct err *err)
{
	static const char *const subfolders[] = { "data", "plots" };
	char name[128];
	int ret = 0;

	for (int i = 0; i < 2 && !ret; i++) {
		char *path = NULL;

		if (asprintf(&path, "%s/%s", folder, subfolders[i]) < 0)
			return err_sys(err, ENOMEM, "cannot write %s", folder);
		ret = file_mkdirs(path, err);
		free(path);
	}
	for (size_t i = 0; i < r->n_figures && !ret; i++) {
		struct figure *f = &r->figures[i];

		snprintf(name, sizeof(name), "data/%s.dat", f->name);
		ret = report_file(folder, name, NULL, r, f, err);
		if (!ret)
			figure_draw(f, folder);
	}
	if (!ret)
		ret = report_draw_why(r, folder, err);
	if (said)
		report_say_not_drawn(r, said);
	if (said && r->n_figures && !r->figures[0].not_drawn && figure_letters_missing())
		fputs("the plots in plots/*.png have no legible text: no font is installed (Debian "
		      "package fonts-dejavu-core)\n", said);
	return ret;
}

int report_publish(struct report *r, const char *folder, FILE *said,
		   struct err *err)
{
	int ret = report_draw(r, folder, said, err);

	for (const struct report_form *f = report_forms; f->name && !ret; f++)
		if (*f->file)
			ret = report_file(folder, f->file, f, r, NULL, err);
	return ret;
}
