/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dashboard: a folder with a page that shows many campaigns, and what it
 * shows as JavaScript files beside it, so that it opens from file://. The page
 * computes nothing that compare or stats computes: effects, intervals,
 * verdicts, change points and error rates are in those files.
 *
 *	char *folders[] = { "results" };
 *	struct site_options o = { .out = "site", .min_segment = 0 };
 *	struct site_made made;
 *
 *	if (site_make(folders, 1, &o, &made, err))
 *		return err->code;
 *	printf("%zu campaigns, %zu read anew\n", made.campaigns, made.fresh);
 *
 * data/c-<key>.js holds one campaign: a summary, of which data/index.js is
 * made, and details, which the page loads when they are asked for. The key is
 * a hash of the journal's path, inode, size and time and of kduel's version:
 * a campaign that has not changed is not read again.
 */
#ifndef KDUEL_SITE_H
#define KDUEL_SITE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "err.h"

struct site_options {
	const char *out;
	size_t min_segment;	/* campaigns on either side of a change; 0: the least */
	bool again;		/* read every journal, whatever is there */
	FILE *said;		/* a line for each folder that cannot be shown; NULL */
};

struct site_made {
	size_t campaigns;	/* shown */
	size_t fresh;		/* of these, read from their journals */
	size_t unread;		/* folders that could not be read; they are shown as such */
};

/* Folders, and folders of folders, that hold results. The page is complete at every moment. */
int site_make(char *const *folders, size_t n, const struct site_options *o,
	      struct site_made *made, struct err *err);

/* --- the parts -------------------------------------------------------------- */

/* Both are new references. */
int site_campaign(const char *folder, json_t **summary, json_t **detail,
		  struct err *err);

/*
 * Of campaigns (summaries), oldest first, whose rows name a series by its place in
 * `series`: a new list of trends with their changes.
 */
json_t *site_trends(json_t *campaigns, const json_t *series, size_t min_segment);
/* How often A/A pairs were called different, by domain and machine. */
json_t *site_controls(const json_t *campaigns);

#endif
