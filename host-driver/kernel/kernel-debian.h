/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Source packages of any Debian suite, by apt-get: from the machine's own
 * package lists where they know the suite, else with a private folder of
 * lists that is made for it and leaves the machine's own alone. The mirror is
 * the one the machine uses; apt checks the signatures.
 */
#ifndef KDUEL_KERNEL_DEBIAN_H
#define KDUEL_KERNEL_DEBIAN_H

#include "kernel-job.h"
#include "kernel-spec.h"

/*
 * Downloads the package into `folder`. `*deb` is the file's path, `*version`
 * what it is; both are the caller's to free.
 */
int debian_fetch(struct kernel_job *job, const struct kernel_source *s,
		 const char *folder, char **deb, char **version,
		 struct err *err);

/*
 * Picks from what `apt-cache madison` printed the newest version in `suite`,
 * its security or its updates; only `want` if that is not NULL. malloc()ed;
 * NULL if there is none.
 */
char *debian_pick(const char *madison, const char *suite, const char *want);

/*
 * A sources.list for `suite` from the lines of `apt-get indextargets
 * --format '$(CODENAME) $(REPO_URI) $(ORIGIN)'`. malloc()ed; NULL if the
 * machine uses no Debian mirror.
 */
char *debian_sources_list(const char *targets, const char *suite,
			  const char *keyring);

#endif
