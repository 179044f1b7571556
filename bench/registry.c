/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "workload.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "params.h"

#define WORKLOADS(X)		\
	X(tlb_miss_workload)	\
	X(mem_walk_workload)	\
	X(mem_walk_base_workload) \
	X(stream_workload)	\
	X(gups_workload)	\
	X(gups_base_workload)	\
	X(null_workload)	\
	X(null_base_workload)	\
	X(first_touch_workload)	\
	X(next_touch_workload)	\
	X(keep_workload)	\
	X(unmap_workload)	\
	X(unmap_base_workload)	\
	X(pmem_io_workload)	\
	X(exec_workload)

#define DECLARE(w) extern const struct workload w;
#define LIST(w) &w,

WORKLOADS(DECLARE)

const struct workload *const workloads[] = { WORKLOADS(LIST) NULL };

static int registry_check_metrics(const struct workload *w, struct err *err)
{
	if (!w->metrics || !w->metrics->name)
		return err_config(err, "workload %s: a table of its metrics is needed", w->name);
	for (const struct workload_metric *m = w->metrics; m->name; m++) {
		if (!m->unit || !m->help)
			return err_config(err, "workload %s, metric %s: unit and help are needed",
					  w->name, m->name);
		if (workload_metric(w, m->name) != m)
			return err_config(err, "workload %s: metric %s is there twice", w->name,
					  m->name);
	}
	return 0;
}

int workload_check(const struct workload *w, struct err *err)
{
	struct params p;
	int ret;

	if (w->abi != WORKLOAD_ABI)
		return err_config(err, "workload table of version %u, wanted %u",
				  w->abi, WORKLOAD_ABI);
	if (!w->name || !*w->name || !w->help || !w->unit || !w->method)
		return err_config(err, "workload %s: name, help, unit and method are needed",
				  w->name ? w->name : "without a name");
	ret = registry_check_metrics(w, err);
	if (ret)
		return ret;
	if (!w->setup || !w->run)
		return err_config(err, "workload %s: setup and run are needed", w->name);
	ret = params_init(&p, w, err);
	if (ret)
		err_prefix(err, "workload %s: a fallback is wrong", w->name);
	params_release(&p);
	return ret;
}

/* Names to suggest instead. */
#define REGISTRY_NAMES 96
struct names {
	const char *name[REGISTRY_NAMES];
	size_t n;
};

int workload_find(const char *name, const struct workload **w, struct err *err)
{
	struct names have = { .n = 0 };

	for (unsigned i = 0; workloads[i]; i++) {
		if (!strcmp(workloads[i]->name, name)) {
			*w = workloads[i];
			return workload_check(*w, err);
		}
		have.name[have.n++] = workloads[i]->name;
	}
	return err_unknown(err, "workload", name, have.name, have.n);
}

const struct workload_metric *workload_metric(const struct workload *w, const char *name)
{
	for (const struct workload_metric *m = w->metrics; m->name; m++)
		if (!strcmp(m->name, name))
			return m;
	return NULL;
}

const struct workload_metric *workload_role(const struct workload *w, enum metric_role role)
{
	for (const struct workload_metric *m = w->metrics; m->name; m++)
		if (m->role == role)
			return m;
	return NULL;
}

int workload_metric_find(const char *workload, const json_t *params, const char *metric,
			 const struct workload_metric **m, struct err *err)
{
	const struct workload_metric *found;
	struct names have = { .n = 0 };
	char text[ERR_TEXT_MAX / 2];
	const struct workload *w;
	int ret = workload_find(workload, &w, err);

	if (ret)
		return ret;
	found = workload_metric(w, metric);
	if (found) {
		if (m)
			*m = found;
		return 0;
	}
	for (const struct workload_metric *i = w->metrics; i->name; i++)
		have.name[have.n++] = i->name;
	for (size_t i = 0; params && w->declared && have.n < REGISTRY_NAMES &&
			   w->declared(params, i); i++)
		have.name[have.n++] = w->declared(params, i);
	for (size_t i = 0; i < have.n && !m; i++)
		if (!strcmp(have.name[i], metric))
			return 0;
	unknown_text("metric", metric, have.name, have.n, text, sizeof(text));
	return err_config(err, "workload %s: %s", w->name, text);
}
