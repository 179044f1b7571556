/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "export-formats.h"

#include <errno.h>
#include <string.h>

#include "safe.h"

#define EXPORT_ADDRESS(name) &export_##name,
static const struct export_format *const formats[] = {
	EXPORT_FORMATS(EXPORT_ADDRESS)
	NULL
};

const struct export_format *export_format(size_t i)
{
	return i < sizeof(formats) / sizeof(formats[0]) ? formats[i] : NULL;
}

const struct export_format *export_find(const char *name, struct err *err)
{
	const char *names[sizeof(formats) / sizeof(formats[0])], *near;
	char known[256] = "";
	size_t n = 0, used = 0;

	for (; formats[n]; n++) {
		if (!strcmp(formats[n]->name, name))
			return formats[n];
		names[n] = formats[n]->name;
		used += snprintf(known + used, sizeof(known) - used, "%s%s", n ? ", " : "",
				 names[n]);
	}
	near = nearest_word(name, names, n);
	if (near)
		err_config(err, "--format: '%s' is not known; did you mean '%s'?", name, near);
	else
		err_config(err, "--format: '%s' is not known; one of %s", name, known);
	return NULL;
}

bool export_judged(const struct export_format *f, const char *table)
{
	return f->judged || (table && !strcmp(table, "effects"));
}

static int export_check_table(const struct export_format *f, const char *table,
			      struct err *err)
{
	char known[128] = "";
	size_t used = 0;

	if (!table)
		return 0;
	if (!f->tables)
		return err_config(err, "--table: %s has no tables; csv and ndjson have", f->name);
	for (size_t i = 0; f->tables[i]; i++) {
		if (!strcmp(f->tables[i], table))
			return 0;
		used += snprintf(known + used, sizeof(known) - used, "%s%s",
				 i ? ", " : "", f->tables[i]);
	}
	return err_config(err, "--table: '%s' is not known; one of %s", table, known);
}

static int export_check_arm(const struct export_format *f, const struct export_from *from,
			    struct err *err)
{
	const struct plan *p = store_plan(from->store);
	const char *names[PLAN_ARMS_MAX], *near;

	if (!from->arm)
		return 0;
	if (!f->one_arm)
		return err_config(err, "--arm: %s has all arms or none", f->name);
	if (plan_arm(p, from->arm) >= 0)
		return 0;
	for (size_t i = 0; i < p->n_arms; i++)
		names[i] = p->arms[i].name;
	near = nearest_word(from->arm, names, p->n_arms);
	return err_config(err, "--arm: the campaign has no '%s'%s%s%s", from->arm,
			  near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

int export_write(const struct export_format *f, const struct export_from *from,
		 FILE *to, struct err *err)
{
	struct export_from full = *from;
	int ret = export_check_table(f, from->table, err);

	if (!ret)
		ret = export_check_arm(f, from, err);
	if (ret)
		return ret;
	if (!full.table && f->tables)
		full.table = f->tables[0];
	if (!full.origin)
		full.origin = "kduel";
	return f->write(&full, to, err);
}
