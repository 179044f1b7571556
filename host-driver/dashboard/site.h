/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dashboard: a folder with a page that shows many campaigns, and its data as
 * JavaScript files beside it, so that it works from file://. The page computes no
 * statistics: effects, intervals, verdicts, change points and error rates are in
 * those files.
 *
 *	char *folders[] = { "results" };
 *	struct site_options o = { .out = "site", .min_segment = 0 };
 *	struct site_made made;
 *
 *	if (site_make(folders, 1, &o, &made, err))
 *		return err->code;
 *	printf("%zu campaigns, %zu read anew\n", made.campaigns, made.fresh);
 *
 * data/c-<key>.js holds one campaign: a summary, and details that the page loads on
 * demand. The key is a hash of the journal's path, inode, size and time and of kduel's
 * version, so that an unchanged campaign is not read again. data/p-<key>.js holds the
 * summaries of some consecutive campaigns, under a hash of their keys; data/index.js
 * names these parts, and holds what all campaigns show together. data/known.json is for
 * the next run: a digest of each campaign, and the newest ratios of each trend. Adding
 * a campaign thus takes one journal, one part, the index and known.json, however many
 * campaigns there are.
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
	size_t min_segment;	/* campaigns on either side of a change; 0: the minimum */
	bool again;		/* read every journal again */
	FILE *said;		/* a line for each folder that cannot be shown; or NULL */
};

struct site_made {
	size_t campaigns;	/* shown */
	size_t fresh;		/* of these, read from their journals now */
	size_t unread;		/* folders that could not be read; the page lists them */
};

/* Searches `folders` for results, also in subfolders. The page is usable at every moment. */
int site_make(char *const *folders, size_t n, const struct site_options *o,
	      struct site_made *made, struct err *err);

/* --- the parts -------------------------------------------------------------- */

/* Reads a campaign; `*summary` and `*detail` are new references. */
int site_campaign(const char *folder, json_t **summary, json_t **detail,
		  struct err *err);

/* The elements of a row, and the bits of ROW_FLAGS; see site-campaign.c. */
enum { ROW_SERIES, ROW_BASE, ROW_ARM, ROW_VERDICT, ROW_N, ROW_REASON, ROW_FLAGS, ROW_EFFECT };
enum { ROW_GATE = 1, ROW_ABSOLUTE = 2, ROW_FOLLOWED = 4 };

/*
 * Adds `campaigns` (digests, oldest first) to `trends`, which holds the first `known`
 * already. `summary` returns a campaign's summary, a new reference, or NULL.
 */
typedef json_t *(*site_summary_fn)(void *arg, const json_t *digest);
void site_trends(json_t *trends, const json_t *campaigns, size_t known, size_t min_segment,
		 site_summary_fn summary, void *arg);
/* How often A/A pairs were called different, by domain and machine; from digests. */
json_t *site_controls(const json_t *campaigns);

/* The part of a summary that known.json keeps; a new reference. */
json_t *site_digest(const json_t *summary);
/* known.json of the last run: digests by key, and trends; {} if there is none. */
json_t *site_known(const char *out);
/*
 * Writes parts, index and known.json of the campaigns (digests, in any order). `names`
 * gets the files that belong to the page. `bad`: folders that could not be read.
 */
int site_publish(const struct site_options *o, json_t *campaigns, json_t *bad,
		 json_t *known, json_t *names, struct err *err);
/* The summary in data/c-<key>.js; a new reference, NULL if there is none. */
json_t *site_summary(const char *out, const json_t *digest);

#define SITE_JSON (JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(6))
#define SITE_FORMAT 2		/* of the data; data of another format is made again */

#endif
