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
 * data/c-<key>.js holds one campaign: a summary and details, which the page loads when
 * they are asked for. The key is a hash of the journal's path, inode, size and time and
 * of kduel's version: a campaign that has not changed is not read again. data/p-<key>.js
 * holds the summaries of some campaigns that follow each other in time, under a hash of
 * their keys; data/index.js names these, and has what all campaigns say together.
 * data/known.json is for the next time: a line of each campaign, and of each trend the
 * ratios that its changes are looked for in. So one campaign more is one journal, one
 * part, the index and known.json, however many there are.
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

/* Of a row of site-campaign.c. */
enum { ROW_SERIES, ROW_BASE, ROW_ARM, ROW_VERDICT, ROW_N, ROW_REASON, ROW_FLAGS, ROW_EFFECT };
enum { ROW_GATE = 1, ROW_ABSOLUTE = 2, ROW_FOLLOWED = 4 };

/*
 * Trends of `campaigns` (site_digest(), oldest first), of which the first `known` are in
 * `trends` already. `summary` gives a campaign's, a new reference, or NULL.
 */
typedef json_t *(*site_summary_fn)(void *arg, const json_t *digest);
void site_trends(json_t *trends, const json_t *campaigns, size_t known, size_t min_segment,
		 site_summary_fn summary, void *arg);
/* How often A/A pairs were called different, by domain and machine; of digests. */
json_t *site_controls(const json_t *campaigns);

/* What is kept of a summary in known.json; a new reference. */
json_t *site_digest(const json_t *summary);
/* The digests of a page that was made before, by key, and its trends; {} if there is none. */
json_t *site_known(const char *out);
/*
 * Parts, index and known.json of the campaigns (digests, in any order). `names` gets the
 * files that belong to the page. `bad`: folders that could not be read.
 */
int site_publish(const struct site_options *o, json_t *campaigns, json_t *bad,
		 json_t *known, json_t *names, struct err *err);
/* The summary in data/c-<key>.js; a new reference, NULL where there is none. */
json_t *site_summary(const char *out, const json_t *digest);

#define SITE_JSON (JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(6))
#define SITE_FORMAT 2		/* of the data: another one is made anew */

#endif
