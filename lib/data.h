/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The data that is installed with the programs: kernels/, configs/, plots/,
 * dashboard/.
 */
#ifndef KDUEL_DATA_H
#define KDUEL_DATA_H

#include "err.h"

/*
 * The path of `below` ("kernels", "configs/cpus"): in $KDUEL_DATA if that is
 * set, else in the source tree that the running program was built in (a
 * folder above it that has both VERSION and kernels/) or that is the current
 * folder, else in ../share/kduel as seen from the program's own folder, where
 * `make install` puts it. The caller frees `*path`. Fails, naming the places
 * that were tried, if it is in none of them.
 */
int data_path(const char *below, char **path, struct err *err);

#endif
