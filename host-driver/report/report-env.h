/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The conditions of a campaign: what was captured of each place (driver,
 * node, guest) at each boot, reduced to what is the same everywhere and what
 * is not.
 */
#ifndef KDUEL_REPORT_ENV_H
#define KDUEL_REPORT_ENV_H

#include <jansson.h>

#include "store/store.h"

/*
 * {"node": {"thp.enabled": "always", "kernel.release": {"6.1": "6.1.192"},
 * "load": ["0.10", "0.31"]}, ...}: nested facts have dotted names; all values
 * are texts. A fact that differs between arms only is an object by arm, one
 * that differs between boots is the array of its values. Long texts (a kernel
 * log) are left out, and so is what is random in every boot. A new reference.
 */
json_t *report_env(const struct store_env *envs, size_t n,
		   const struct plan *plan);

/* The first of the facts with that (last part of a) name, or "". */
const char *report_env_fact(const json_t *env, const char *where,
			    const char *name);

#endif
