/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expected beside measured: what the model of the TLBs (bench/model.h) says
 * about the campaign's cells, with the page sizes that the proof found.
 */
#ifndef KDUEL_REPORT_MODEL_H
#define KDUEL_REPORT_MODEL_H

#include "report.h"

/*
 * Fills the report's model rows, or says in model_reason why there are none.
 * `cpu_model` as in struct report_options; an unknown name is an error.
 */
int report_model(struct report *r, const char *cpu_model, struct err *err);

#endif
