/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a file to a plan: a config is turned into one, a frozen plan is read. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config.h"
#include "data.h"
#include "plan-make.h"
#include "view.h"

/* A frozen plan cannot be changed: the command line can only add blocks. */
static int load_refuse_options(const char *path, const struct plan_options *o,
			       struct err *err)
{
	const char *what = !o		? NULL
			   : o->only	? "--only"
			   : o->aa	? "an A/A comparison"
			   : o->machine ? "--machine"
			   : o->profile ? "--why"
					: NULL;

	if (!what)
		return 0;
	return err_config(err, "%s is a frozen plan, which %s would change; give the config instead",
			  path, what);
}

static int load_json(const char *text, size_t len, struct plan **plan, struct err *err)
{
	struct view_doc doc = VIEW_DOC_INIT;
	const struct view *root;
	int ret = view_parse(&doc, text, len, &root, err);

	if (!ret)
		ret = plan_from_view(root, plan, err);
	view_release(&doc);
	return ret;
}

static int load_frozen(const char *path, const char *text, size_t len,
		       const struct plan_options *o, struct plan **plan,
		       struct err *err)
{
	struct err said = ERR_INIT;
	struct plan_check c = { .err = &said };
	int ret = load_refuse_options(path, o, err);

	if (ret)
		return ret;
	ret = load_json(text, len, plan, err);
	if (ret) {
		err_prefix(err, "%s", path);
		return ret;
	}
	c.p = *plan;
	if ((plan_check_usable(&c) || plan_check_judged(&c)) && *c.field)
		ret = err_config(err, "%s: %s: %s", path, c.field, said.text);
	else if (said.code)
		ret = err_set(err, said.exit, said.code, "%s", said.text);
	else if (o && o->blocks)
		ret = plan_extend(*plan, o->blocks, err);
	if (!ret)
		return 0;
	plan_free(*plan);
	*plan = NULL;
	return ret;
}

static int load_config(const char *path, const char *text, size_t len,
		       const struct plan_options *o, struct plan **plan,
		       struct err *err)
{
	struct plan *p = calloc(1, sizeof(*p));
	int ret;

	if (!p)
		return err_sys(err, ENOMEM, "cannot read %s", path);
	ret = config_parse(path, text, len, o, p, err);
	if (!ret)
		ret = plan_order(p, err);
	if (!ret)
		ret = plan_seal(p, err);
	if (ret) {
		plan_free(p);
		return ret;
	}
	*plan = p;
	return 0;
}

/* An existing file, or what looks like a path, is taken as one; anything else is a name. */
static int load_find(const char *asked, char **path, struct err *err)
{
	struct stat st;
	size_t n = strlen(asked);
	bool there = !stat(asked, &st);
	struct err why = ERR_INIT;

	if (!(there && !S_ISDIR(st.st_mode)) &&
	    !data_is_path(DATA_CONFIG, asked) &&
	    !(n > 5 && !strcmp(asked + n - 5, ".json"))) {
		if (!data_find(DATA_CONFIG, asked, NULL, path, &why))
			return 0;
		if (!there)
			return err_set(err, why.exit, why.code, "%s", why.text);
	}
	*path = strdup(asked);
	return *path ? 0 : err_sys(err, ENOMEM, "cannot read %s", asked);
}

/* A frozen plan is JSON, but so may a config be, since YAML includes it. */
static bool load_is_frozen(const char *text, size_t len)
{
	static const char mark[] = "\"kduel_plan\"";
	size_t first = 0;

	while (first < len && isspace((unsigned char)text[first]))
		first++;
	return text[first] == '{' && memmem(text, len, mark, sizeof(mark) - 1);
}

static int load_any(const char *path, const struct plan_options *o,
		    struct plan **plan, struct err *err)
{
	size_t len;
	char *text;
	int ret = file_read_named(path, &text, &len, err);

	if (ret)
		return ret;
	ret = load_is_frozen(text, len) ? load_frozen(path, text, len, o, plan, err)
					: load_config(path, text, len, o, plan, err);
	free(text);
	return ret;
}

int plan_load(const char *asked, const struct plan_options *o,
	      struct plan **plan, struct err *err)
{
	char *path;
	int ret = load_find(asked, &path, err);

	if (ret)
		return ret;
	ret = load_any(path, o, plan, err);
	free(path);
	return ret;
}

int plan_read(const char *path, struct plan **plan, struct err *err)
{
	size_t len;
	char *text;
	int ret = file_read(path, &text, &len, err);

	if (ret)
		return ret;
	ret = load_json(text, len, plan, err);
	free(text);
	if (ret)
		err_prefix(err, "%s", path);
	return ret;
}
