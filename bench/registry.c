/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "registry.h"

#include <stdio.h>
#include <string.h>

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
	X(unmap_workload)	\
	X(unmap_base_workload)	\
	X(pmem_io_workload)

#define DECLARE(w) extern const struct workload w;
#define LIST(w) &w,

WORKLOADS(DECLARE)

const struct workload *const workloads[] = { WORKLOADS(LIST) NULL };

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
	if (!w->setup || !w->run)
		return err_config(err, "workload %s: setup and run are needed", w->name);
	ret = params_init(&p, w, err);
	if (ret)
		err_prefix(err, "workload %s: a fallback is wrong", w->name);
	params_release(&p);
	return ret;
}

int workload_find(const char *name, const struct workload **w, struct err *err)
{
	char list[512] = "";
	size_t used = 0;

	for (unsigned i = 0; workloads[i]; i++) {
		if (!strcmp(workloads[i]->name, name)) {
			*w = workloads[i];
			return workload_check(*w, err);
		}
		if (used < sizeof(list))
			used += snprintf(list + used, sizeof(list) - used, "%s%s",
					 i ? ", " : "", workloads[i]->name);
	}
	return err_config(err, "there is no workload '%s' (there are: %s)", name, list);
}
