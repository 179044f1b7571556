/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a config names must exist: kernels, backings, sources, workloads and
 * their parameters. (What must hold for any plan is in plan-check.c.)
 */
#ifndef KDUEL_CONFIG_CHECK_H
#define KDUEL_CONFIG_CHECK_H

#include "config-schema.h"

int config_check(const struct config *c, const struct conf *y,
		 struct err *err);

#endif
