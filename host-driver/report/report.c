/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "doc.h"
#include "file.h"
#include "parallel.h"
#include "plot.h"
#include "proc.h"
#include "report-parts.h"
#include "safe.h"
#include "store/store.h"

/* --- what it shows beyond the comparison, from the results folder ------------ */

static void report_gather_add_failure(struct report *r, char *where, const char *class,
				      const char *why, const json_t *console)
{
	struct report_failure *more =
		realloc(r->failures, (r->n_failures + 1) * sizeof(*more));

	must_have(more);
	r->failures = more;
	more[r->n_failures++] = (struct report_failure){
		where, text_format("%s", class), text_format("%s", why), console };
}

static int report_gather_boots(struct report *r, struct store *s, struct err *err)
{
	const struct store_boot *b;
	size_t n;

	if (store_boots(s, &b, &n, err))
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (!r->begun || b[i].begun < r->begun)
			r->begun = b[i].begun;
		if (b[i].ended > r->ended)
			r->ended = b[i].ended;
		if (!b[i].ok)
			report_gather_add_failure(r, text_format("boot %u, block %u, arm %s", b[i].boot,
						     b[i].block, r->plan->arms[b[i].arm].name),
					   b[i].class, b[i].text, b[i].console);
	}
	return 0;
}

static int report_gather_cells(struct report *r, struct store *s, struct err *err)
{
	const struct store_cell *c;
	size_t n;

	if (store_cells(s, &c, &n, err))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (strcmp(c[i].class, "ok"))
			report_gather_add_failure(
				r,
				text_format("boot %u, block %u, arm %s, %s, process %u",
					    c[i].boot, c[i].block, r->plan->arms[c[i].arm].name,
					    c[i].cell, c[i].process),
				c[i].class, c[i].text, NULL);
	return 0;
}

static int report_gather_env(struct report *r, struct store *s, struct err *err)
{
	const struct store_env *e;
	size_t n;

	if (store_envs(s, &e, &n, err))
		return -1;
	r->env = report_env(e, n, r->plan);
	r->cpu = text_format("%s", report_env_fact(r->env, "driver", "cpu.model"));
	return 0;
}

/* The last part of the folder's path. */
static char *report_gather_base_name(const char *path)
{
	size_t end = file_path_len(path), begin = end;

	while (begin && path[begin - 1] != '/')
		begin--;
	return text_format("%.*s", (int)(end - begin), path + begin);
}

/* The command that repeats the campaign in `folder`. */
static char *report_gather_again(const char *folder)
{
	char *plan = text_format("%.*s/plan.json", (int)file_path_len(folder), folder);
	char *command = proc_command_text((const char *[]){ "kduel", "run", plan, NULL });

	must_have(command);
	free(plan);
	return command;
}

int report_gather_facts(struct report *r, struct store *s,
			const struct comparison *c, struct err *err)
{
	*r = (struct report){ .c = c, .plan = store_plan(s) };
	r->folder = report_gather_base_name(store_folder(s));
	r->again = report_gather_again(store_folder(s));
	if (!report_gather_boots(r, s, err) && !report_gather_cells(r, s, err) && !report_gather_env(r, s, err))
		return 0;
	report_release(r);
	return err && err->code ? err->code : -EIO;
}

int report_gather(struct report *r, struct store *s,
		  struct comparison *c, const struct report_options *o,
		  struct err *err)
{
	int rc = compare_spreads(c, s, err);

	if (!rc)
		rc = report_gather_facts(r, s, c, err);
	if (rc)
		return rc;
	if (report_model(r, o ? o->cpu_model : NULL, err)) {
		report_release(r);
		return err && err->code ? err->code : -EIO;
	}
	report_gather_why(r, s);
	figures_init(c, &r->figures, &r->n_figures, &r->no_figures,
		     &r->n_no_figures);
	return 0;
}

/* --- its forms --------------------------------------------------------------- */

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

/* One line for each reason, of which another program may have said a part. */
static void report_say_not_drawn(const struct report *r, FILE *said)
{
	const char *last = NULL;

	for (size_t i = 0; i < r->n_figures; i++) {
		const struct figure *f = &r->figures[i];
		bool again;

		if (!f->not_drawn)
			continue;
		again = last && !strcmp(last, f->not_drawn);
		fputs(again ? ", " : last ? "\n" : "", said);
		if (!again) {
			fputs("not drawn from data/: ", said);
			text_put(said, f->not_drawn);
			fputs(": ", said);
		}
		fputs(f->name, said);
		last = f->not_drawn;
	}
	fputs(last ? "\n" : "", said);
}

struct report_drawing {
	struct report *r;
	const char *folder;	/* NULL: drawn for a page only */
};

/* The parts that take long: which functions make the difference, and each figure. */
static void report_draw_part(void *arg, size_t i)
{
	const struct report_drawing *d = arg;

	if (i)
		figure_draw(&d->r->figures[i - 1], d->folder);
	else
		report_explain_why(d->r);
}

static void report_draw_parts(struct report *r, const char *folder)
{
	parallel_each(1 + r->n_figures, report_draw_part, &(struct report_drawing){ r, folder });
}

void report_draw_inside(struct report *r, FILE *said)
{
	report_draw_parts(r, NULL);
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
	}
	if (!ret) {
		report_draw_parts(r, folder);
		ret = report_draw_why(r, folder, err);
	}
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
