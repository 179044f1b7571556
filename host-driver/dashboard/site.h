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
 * data/c/<key>.js holds one campaign: a summary, and details that the page loads on
 * demand. The key is a hash of the journal's path, inode, size and time and of kduel's
 * version, so that an unchanged campaign is not read again. data/p-<key>.js holds the
 * summaries of 32 consecutive campaigns, under a hash of their keys; data/index.js
 * names these parts, and holds what all campaigns show together. data/known.json and
 * data/known.tsv are for the next run, see site-known.c.
 *
 * A campaign that is newer than all others is added: it takes one journal, one part, the
 * index, the head and a line of known.tsv, however many campaigns there are. Any other
 * change (one that has gone, that has more boots, that is older) makes all of it from what
 * data/c holds. To know which of both it is, each journal's size and time are looked at,
 * except with `add`.
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
	bool add;		/* keep what is shown, without a look at its journals */
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

/* A line of known.tsv; texts belong to struct site_known. */
struct site_line {
	const char *key, *id, *digest;
	double begun;
	json_t *parsed;		/* site_line_digest() */
	bool seen;		/* site.c: its journal is where and as it was */
};

struct site_known {
	json_t *head;		/* known.json; NULL if nothing is known */
	char *text;
	struct site_line *line;	/* oldest first */
	size_t n, bytes;	/* lines and bytes of known.tsv */
	size_t *slot, n_slots;	/* a hash table of lines, each 1 too high */
};

/* Unreadable files, and those of another format, are as good as none. */
void site_known_load(struct site_known *k, const char *out);
void site_known_release(struct site_known *k);
struct site_line *site_known_find(const struct site_known *k, const char *key);
const json_t *site_line_digest(struct site_line *l);

/* The campaigns of the page, oldest first: the first `kept` that are known, then `fresh`. */
struct site_list {
	struct site_known *known;
	size_t kept;		/* 0 or all */
	json_t *fresh;		/* digests */
};
size_t site_list_size(const struct site_list *l);
const json_t *site_list_at(const struct site_list *l, size_t place);
/* Digests by time, then key. */
void site_sort(json_t *digests);
int site_known_keep(const struct site_list *l, const struct site_options *o, json_t *head,
		    struct err *err);

/* Adds the fresh campaigns to `trends`, which hold the kept ones. */
void site_trends(json_t *trends, const struct site_list *l, const struct site_options *o);
/* Counts how often A/A pairs were called different, by domain and machine; from digests. */
void site_controls(json_t *list, const json_t *digests);
/* The same with rates and their intervals; a new reference. */
json_t *site_control_rates(const json_t *list);

/*
 * site-folder.c. The lock keeps two runs from writing one page at once: a descriptor to
 * close, or -1. It makes the folders, too.
 */
int site_lock(const char *out, struct err *err);
/* Copies what does not depend on campaigns. */
int site_copy(const char *out, struct err *err);
/* Removes files of campaigns and parts that have changed or are no longer shown. */
void site_remove_old(const char *out, const struct site_list *l, const json_t *parts);
/* How many files of the folder `below` have names that begin so? */
size_t site_count(const char *out, const char *below, const char *begin);

/* The part of a summary that known.tsv keeps; a new reference. */
json_t *site_digest(const json_t *summary);
/* "" if it has none. */
const char *site_digest_key(const json_t *digest);
/* The caller frees it. */
char *site_campaign_path(const char *out, const char *key);
/* The summary of a campaign's file; a new reference, NULL if there is none. */
json_t *site_summary(const char *out, const char *key);
/*
 * Writes parts, index and what is kept. `*parts` gets the names of all parts, a new
 * reference. `bad`: folders that could not be read.
 */
int site_publish(const struct site_options *o, const struct site_list *l, json_t *bad,
		 json_t **parts, struct err *err);

#define SITE_JSON (JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(6))
#define SITE_FORMAT 3		/* of the data; data of another format is made again */

#endif
