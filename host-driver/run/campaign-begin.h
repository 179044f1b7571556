/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a campaign is measured with: recorded when it begins, and held against
 * the record when it is resumed. A campaign whose second half was measured
 * with another kernel, image, QEMU or machine would be two campaigns.
 */
#ifndef KDUEL_CAMPAIGN_BEGIN_H
#define KDUEL_CAMPAIGN_BEGIN_H

#include "arm-kernels.h"
#include "machine/machine.h"
#include "store/store.h"

struct campaign_means {		/* all borrowed */
	const struct plan *plan;
	const struct machine *machine;	/* prepared */
	const struct arm_kernels *kernels;
};

/*
 * Makes the folder with its first records: the driver's environment and each
 * arm's identity. On error there is no store.
 */
int campaign_begin(const struct campaign_means *c, const char *folder,
		   struct store **s, struct err *err);

/*
 * Opens the folder to go on. What is not as it was at the beginning is
 * EXIT_CONFIG and named, or with `allow` a note in the journal.
 */
int campaign_go_on(const struct campaign_means *c, const char *folder,
		   bool allow, struct store **s, struct err *err);

#endif
