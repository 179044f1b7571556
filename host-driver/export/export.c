/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "export.h"

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
	const char *names[sizeof(formats) / sizeof(formats[0])];
	size_t n = 0;

	for (; formats[n]; n++) {
		if (!strcmp(formats[n]->name, name))
			return formats[n];
		names[n] = formats[n]->name;
	}
	err_unknown(err, "format", name, names, n);
	err_prefix(err, "--format");
	return NULL;
}

bool export_judged(const struct export_format *f, const char *table)
{
	return f->judged || (table && !strcmp(table, "effects"));
}

static int export_check_table(const struct export_format *f, const char *table,
			      struct err *err)
{
	size_t n = 0;

	if (!table)
		return 0;
	if (!f->tables)
		return err_config(err, "--table: %s has no tables; csv and ndjson do", f->name);
	for (; f->tables[n]; n++)
		if (!strcmp(f->tables[n], table))
			return 0;
	err_unknown(err, "table", table, f->tables, n);
	err_prefix(err, "--table");
	return -EINVAL;
}

static int export_check_arm(const struct export_format *f, const struct export_from *from,
			    struct err *err)
{
	const struct plan *p = store_plan(from->store);
	int ret;

	if (!from->arm)
		return 0;
	if (!f->one_arm)
		return err_config(err, "--arm: %s always has all arms", f->name);
	ret = plan_check_arm(p, from->arm, err);
	if (ret)
		err_prefix(err, "--arm");
	return ret;
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
