/* SPDX-License-Identifier: GPL-2.0-or-later */
/* By itself, so that a test can link a table of its own in its place. */
#include "counters-provider.h"

const struct provider *const counters_providers[] = {
	&provider_papi, &provider_perf, &provider_getrusage, NULL,
};
