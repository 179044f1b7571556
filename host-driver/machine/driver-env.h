/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is recorded of the machine on which the driver runs. */
#ifndef KDUEL_DRIVER_ENV_H
#define KDUEL_DRIVER_ENV_H

#include <jansson.h>

#include "lib/err.h"
#include "machine.h"

/* An object of facts; what cannot be read is absent. */
json_t *driver_env(const struct machine *m);

/* Writes <folder>/hwloc.xml. */
int driver_env_topology(const char *folder, struct err *err);

#endif
