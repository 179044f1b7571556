/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file of claims (configs/claims/): published sentences, where they were
 * published, and the campaign that can check them.
 *
 *	campaign: ../dax-huge.yaml
 *	source: RFC, October 2018
 *	claims:
 *	  - says: with huge mappings, guest memory is 2M in the second level
 *	    claim: second_level.2m_share(6.1) >= 0.95
 */
#ifndef KDUEL_CLAIM_FILE_H
#define KDUEL_CLAIM_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

struct claims_entry {
	char *says;		/* in words; "" if not given */
	char *text;		/* the claim */
	char *where;		/* "configs/claims/x.yaml:12" */
};

struct claims_file {
	char *campaign;		/* its path, found from the file's own; "" if not given */
	char *source;		/* "" if not given */
	struct claims_entry *entry;
	size_t n;
};

/* Is this YAML file one of claims? (Else it is a campaign's, or unreadable.) */
bool claims_file_is(const char *path);

/* Reads and parses every claim; errors name file and line. */
int claims_file_load(const char *path, struct claims_file *f, struct err *err);
void claims_file_release(struct claims_file *f);

#endif
