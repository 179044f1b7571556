/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Named numbers of an output, and the formats that are JSON, read with the bounds of lib/view.h. */
#include "exec.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "safe.h"
#include "view.h"

#define VALUES_MAX 20000

void exec_values_add(struct exec_values *v, const char *under, const char *key, double value)
{
	char *name;

	if (v->n == VALUES_MAX)
		return;
	if (v->n == v->room) {
		size_t room = v->room ? 2 * v->room : 32;
		struct exec_value *more = realloc(v->v, room * sizeof(*more));

		if (!more)
			return;
		v->v = more;
		v->room = room;
	}
	name = text_format("%s%s%s", under ? under : "", under && *under ? "/" : "", key);
	v->v[v->n++] = (struct exec_value){ name, value };
}

void exec_values_release(struct exec_values *v)
{
	for (size_t i = 0; i < v->n; i++)
		free(v->v[i].key);
	free(v->v);
	*v = (struct exec_values){ NULL, 0, 0 };
}

const char *exec_first_lines(const struct exec_output *o, char *buf, size_t size)
{
	const char *text = o->out && *o->out ? o->out : o->err ? o->err : "";
	char cut[400], *safe;

	snprintf(cut, sizeof(cut), "%.*s", (int)text_cut(text, sizeof(cut) - 1), text);
	safe = safe_text(cut);
	snprintf(buf, size, "%.*s", (int)text_cut(safe, size - 1), safe);
	free(safe);
	return buf;
}

/* Programs put warnings before their JSON: it begins with the first line that can. */
static const char *json_begin(const struct exec_output *o)
{
	for (const char *at = o->out; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL) {
		const char *text = at + strspn(at, " \t\r");

		if (*text == '{' || *text == '[')
			return text;
	}
	return NULL;
}

static int json_refuse(const struct exec_output *o, const char *why, struct err *err)
{
	char first[300];

	exec_first_lines(o, first, sizeof(first));
	return err_set(err, EXIT_MACHINE, EXEC_MISSING, "its output is not JSON%s%s; %s%s%s",
		       *why ? ": " : "", why, *first ? "it begins: '" : "there was none", first,
		       *first ? "'" : "");
}

/* `doc` is for view_release(), even after an error. */
static int json_read(const struct exec_output *o, struct view_doc *doc, const struct view **root,
		     struct err *err)
{
	const char *text = json_begin(o);
	struct err why = ERR_INIT;

	if (!text)
		return json_refuse(o, "", err);
	if (view_parse(doc, text, o->out_len - (size_t)(text - o->out), root, &why))
		return json_refuse(o, why.text, err);
	return 0;
}

static double json_number(const struct view *v, bool *is)
{
	char *end;
	double n;

	*is = view_is_number(v);
	if (*is)
		return v->real;
	/* Some write numbers as texts. */
	if (!v || v->type != JSON_STRING || !v->text[0] || strlen(v->text) > 60 ||
	    !strchr("+-.0123456789", v->text[0]))
		return 0;
	n = strtod(v->text, &end);
	*is = !*end;
	return n;
}

/* --- a path ------------------------------------------------------------------- */

const char *exec_path_check(const char *select)
{
	const char *at = select;

	if (*at != '.' && *at != '[')
		return "a path begins with . or [: .a.b[0].c";
	while (*at) {
		if (*at == '.') {
			size_t n = strcspn(++at, ".[");

			if (!n && *at != '[')
				return "a name is missing after a .";
			at += n;
		} else if (*at == '[') {
			size_t n = strspn(++at, "0123456789");

			if (!n || n > 9 || at[n] != ']')
				return "[ ] must hold a number";
			at += n + 1;
		} else {
			return "after ] must come . or [";
		}
	}
	return NULL;
}

static const struct view *json_member(const struct view *v, const char *name, size_t n)
{
	const struct view *m;

	if (v->type != JSON_OBJECT)
		return NULL;
	view_each(m, v)
		if (m->key && strlen(m->key) == n && !memcmp(m->key, name, n))
			return m;
	return NULL;
}

static const struct view *json_element(const struct view *v, unsigned long i)
{
	const struct view *m;

	if (v->type != JSON_ARRAY)
		return NULL;
	view_each(m, v)
		if (!i--)
			return m;
	return NULL;
}

/* `*at` is left at what is not there. */
static const struct view *json_walk(const struct view *v, const char **at)
{
	while (v && **at) {
		const char *next = *at;

		if (*next == '.') {
			size_t n = strcspn(++next, ".[");

			v = n ? json_member(v, next, n) : v;
			next += n;
		} else {
			v = json_element(v, strtoul(next + 1, (char **)&next, 10));
			next++;
		}
		if (v)
			*at = next;
	}
	return v;
}

int exec_path_find(const struct exec_output *o, const struct exec_metric *m, double *value,
		   struct err *err)
{
	struct view_doc doc = VIEW_DOC_INIT;
	const struct view *root = NULL, *v;
	const char *at = m->select;
	bool is = false;
	int ret = json_read(o, &doc, &root, err);

	if (!ret) {
		v = json_walk(root, &at);
		*value = json_number(v, &is);
		if (!v)
			ret = err_set(err, EXIT_MACHINE, EXEC_MISSING, "%s: there is no '%s' in the JSON",
				      m->select, at);
		else if (!is)
			ret = err_set(err, EXIT_MACHINE, EXEC_MISSING, "%s is %s, not a number",
				      m->select, view_type_text(v));
	}
	view_release(&doc);
	return ret;
}

/* --- formats by name -------------------------------------------------------------- */

/* The numbers among the members of an object. */
static void json_add_numbers(struct exec_values *v, const char *under, const struct view *object)
{
	const struct view *m;

	view_each(m, object) {
		bool is;
		double n = json_number(m, &is);

		if (is && m->type != JSON_STRING)
			exec_values_add(v, under, m->key, n);
	}
}

/* Of each object of a list, by the text of one of its members. */
static int json_list(const struct exec_output *o, const char *list, const char *name,
		     struct exec_values *v, void (*add)(struct exec_values *v, const char *under,
							const struct view *one), struct err *err)
{
	struct view_doc doc = VIEW_DOC_INIT;
	const struct view *root = NULL, *all, *one, *text;
	int ret = json_read(o, &doc, &root, err);

	if (!ret) {
		all = root->type == JSON_OBJECT ? view_get(root, list) : NULL;
		view_each(one, all && all->type == JSON_ARRAY ? all : NULL) {
			text = one->type == JSON_OBJECT ? view_get(one, name) : NULL;
			if (text && text->type == JSON_STRING)
				add(v, text->text, one);
		}
		if (!v->n)
			ret = err_set(err, EXIT_MACHINE, EXEC_MISSING, "its JSON has no numbers in '%s'",
				      list);
	}
	view_release(&doc);
	return ret;
}

int exec_parse_google(const struct exec_output *o, struct exec_values *v, struct err *err)
{
	return json_list(o, "benchmarks", "name", v, json_add_numbers, err);
}

int exec_parse_hyperfine(const struct exec_output *o, struct exec_values *v, struct err *err)
{
	return json_list(o, "results", "command", v, json_add_numbers, err);
}

/* Two levels below a job, and percentiles below them: JOB/read/clat_ns/percentile/99.000000 */
static void json_add_deep(struct exec_values *v, const char *under, const struct view *object)
{
	const struct view *m;

	json_add_numbers(v, under, object);
	view_each(m, object) {
		char *name;

		/* A job's options are not results. */
		if (m->type != JSON_OBJECT || !strcmp(m->key, "job options"))
			continue;
		name = text_format("%s/%s", under, m->key);
		json_add_deep(v, name, m);
		free(name);
	}
}

int exec_parse_fio(const struct exec_output *o, struct exec_values *v, struct err *err)
{
	return json_list(o, "jobs", "jobname", v, json_add_deep, err);
}
