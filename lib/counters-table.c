/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file of its own, so that a test can link another table in its place. */
#include "counters-provider.h"

const struct provider *const counters_providers[] = {
	&provider_papi, &provider_perf, &provider_getrusage, NULL,
};
