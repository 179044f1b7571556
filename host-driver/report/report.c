/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "plot.h"

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
	figures_release(r->figures, r->n_figures, r->no_figures,
			r->n_no_figures);
	free(r->failures);
	free(r->model);
	free(r->folder);
	free(r->cpu);
	free(r->model_cpu);
	free(r->model_reason);
	json_decref(r->env);
	*r = (struct report){ 0 };
}

/* Writes a file of the folder through `write`, whole or not at all. */
static int publish(const char *folder, const char *name,
		   void (*write)(const void *what, FILE *out), const void *what,
		   struct err *err)
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
	write(what, out);
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

static void write_text(const void *report, FILE *out)
{
	report_text(report, out);
}

static void write_html(const void *report, FILE *out)
{
	report_html(report, out);
}

static void write_json(const void *report, FILE *out)
{
	json_t *json = report_json(report);

	json_dumpf(json, out, JSON_INDENT(1));
	fputc('\n', out);
	json_decref(json);
}

static void write_data(const void *figure, FILE *out)
{
	figure_write_data(figure, out);
}

/* A line for each reason. */
static void say_not_drawn(const struct report *r, FILE *said)
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
		ret = publish(folder, name, write_data, f, err);
		if (!ret)
			figure_draw(f, folder);
	}
	if (said)
		say_not_drawn(r, said);
	for (size_t i = 0; i < r->n_no_figures && said; i++)
		fprintf(said, "plot %s: skipped: %s\n", r->no_figures[i].name,
			r->no_figures[i].reason);
	return ret;
}

int report_publish(struct report *r, const char *folder, FILE *said,
		   struct err *err)
{
	static const struct {
		const char *name;
		void (*write)(const void *report, FILE *out);
	} files[] = {
		{ "report.txt", write_text },
		{ "report.json", write_json },
		{ "report.html", write_html },
	};
	int ret = report_draw(r, folder, said, err);

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && !ret; i++)
		ret = publish(folder, files[i].name, files[i].write, r, err);
	return ret;
}
