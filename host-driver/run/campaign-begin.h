/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The conditions of a campaign: recorded when it begins, and compared with the
 * record when it is resumed. A campaign whose second half was measured with another
 * kernel, image, QEMU or machine would really be two campaigns.
 */
#ifndef KDUEL_CAMPAIGN_BEGIN_H
#define KDUEL_CAMPAIGN_BEGIN_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "arm-kernels.h"
#include "machine/machine.h"
#include "store/store.h"

struct campaign_means {		/* all borrowed */
	const struct plan *plan;
	const struct machine *machine;	/* prepared */
	const struct arm_kernels *kernels;
	const char *only, *like;	/* of struct campaign_options */
};

/*
 * Creates the folder with its first records: the driver's environment and each arm's
 * identity. On error `*s` is not set.
 */
int campaign_begin(const struct campaign_means *c, const char *folder,
		   struct store **s, struct err *err);

/*
 * Opens the folder to continue it. A condition that has changed is an error that names
 * it (EXIT_CONFIG; EXIT_MACHINE for the domain), or with `allow` a note in the journal.
 */
int campaign_go_on(const struct campaign_means *c, const char *folder,
		   bool allow, struct store **s, struct err *err);

/*
 * With c->like: are boots of the arm c->only made here as those in that folder were? The
 * arm's kernel is not compared. The error names what differs (EXIT_CONFIG; EXIT_MACHINE
 * for the domain).
 */
int campaign_check_like(const struct campaign_means *c, struct err *err);

/* --- where two JSON values differ, in words --- */

#define DIFFERENCE_MAX 400

/*
 * Is something that `was` holds different in `is`? Then `what` describes the first such
 * place: "arms[1].cmdline was "", is "quiet"". Keys that only `is` has do not count.
 * `path` is prefixed to the place.
 */
bool difference_find(const char *path, const json_t *was, const json_t *is,
		     char what[static DIFFERENCE_MAX]);

#endif
