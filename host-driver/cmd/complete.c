/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include <stdlib.h>
#include <string.h>

#include "backing/backing.h"
#include "bench/source.h"
#include "bench/workload.h"
#include "export/export.h"
#include "lib/data.h"
#include "options.h"

static void complete_data(enum data_kind kind)
{
	struct data_list all;

	data_all(kind, NULL, &all);
	for (size_t i = 0; i < all.n; i++)
		options_offer(all.v[i].name, NULL);
	data_list_free(&all);
}

void command_offer(const char *kind)
{
	if (!strcmp(kind, "CONFIG"))
		complete_data(DATA_CONFIG);
	else if (!strcmp(kind, "KERNEL"))
		complete_data(DATA_KERNEL);
	else if (!strcmp(kind, "CLAIMS"))
		complete_data(DATA_CLAIMS);
	else if (!strcmp(kind, "CPU"))
		complete_data(DATA_CPU);
	else if (!strcmp(kind, "BACKING"))
		for (size_t i = 0; backing_kinds[i]; i++)
			options_offer(backing_kinds[i]->name, backing_kinds[i]->help);
	else if (!strcmp(kind, "WORKLOAD"))
		for (size_t i = 0; workloads[i]; i++)
			options_offer(workloads[i]->name, workloads[i]->help);
	else if (!strcmp(kind, "FORMAT"))
		for (size_t i = 0; export_format(i); i++)
			options_offer(export_format(i)->name, export_format(i)->help);
	else if (!strcmp(kind, "FORM"))
		for (size_t i = 0; command_report_forms[i]; i++)
			options_offer(command_report_forms[i], NULL);
}
