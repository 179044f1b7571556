/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims: sentences about a comparison that hold, fail, or cannot be decided.
 *
 *	claim    = [ series ":" ] body [ "on" domain { "or" domain } ]
 *	series   = workload "." metric [ "[" point "]" ] [ "@" cells ]
 *	body     = chain { "and" chain }
 *	         | arm "not worse than" [ arm "by" ] number
 *	         | arm "within" number "of" arm
 *	chain    = sum op sum { op sum }		op = < <= > >= ==
 *	sum      = product { ("+" | "-") product }
 *	product  = term { ("*" | "/") term }
 *	term     = number [ "%" ] | "(" sum ")" | "-" term
 *	         | "ratio" "(" pick "/" pick ")" | "value" "(" pick ")"
 *	         | workload "." metric "(" pick ")"
 *	         | layer "." field "(" pick ")"
 *	pick     = arm [ "[" point "]" ] [ "@" cells ]
 *	layer    = guest | second_level | mut | file
 *	field    = 4k_share | 2m_share | 1g_share | 4k_bytes | 2m_bytes
 *	         | 1g_bytes | faults
 *
 * `cells` is a glob over cell ids; "/<workload>" may be left out at its end.
 * A '/' for division needs a space before it: without one it belongs to the word.
 *
 *	second_level.2m_share(6.1) >= 0.95
 *	first-touch.ns_per_page: ratio(6.1/6.1-nodaxhuge) < 0.2
 *	tlb-miss.walk_cost: 6.1 not worse than 1% on hardware or nested
 *
 * compare/claims.h evaluates them.
 */
#ifndef KDUEL_CLAIM_H
#define KDUEL_CLAIM_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "vocab/words.h"

enum claim_op {
	CLAIM_LESS, CLAIM_LESS_EQUAL, CLAIM_MORE, CLAIM_MORE_EQUAL, CLAIM_EQUAL,
};

/* A series or a layer's figure, of one arm. */
struct claim_pick {
	char *path, *field;	/* "first-touch" "ns_per_page"; "second-level" "2m_share" */
	char *arm;		/* "": the baseline */
	char *point, *cells;	/* NULL: not given */
	bool layer;		/* path is a layer, not a workload */
};

struct claim_node {
	enum { NODE_NUMBER, NODE_PICK, NODE_ADD, NODE_SUBTRACT, NODE_MULTIPLY,
	       NODE_DIVIDE } kind;
	double number;
	struct claim_pick pick;
	struct claim_node *left, *right;
};

struct claim_relation {
	struct claim_node *left, *right;
	enum claim_op op;
	bool not_worse;		/* left is arm / other: inverted where more is better */
};

struct claim {
	struct claim_relation *relation;	/* all must hold */
	size_t n;
	/* Where it can be measured, any domain but "fake"; n_domains 0: anywhere. */
	const char *domains[DOMAIN_FAKE];
	size_t n_domains;
};

/*
 * Parses all of `text`. Errors name `where` and the column, and are
 * EXIT_CONFIG. `*claim` is NULL on error; claim_free() takes NULL.
 */
int claim_parse(const char *text, const char *where, struct claim **claim,
		struct err *err);
void claim_free(struct claim *claim);

/* Calls `fn` for every pick, until it returns non-zero. */
int claim_each_pick(const struct claim *claim,
		    int (*fn)(const struct claim_pick *pick, void *data), void *data);

/* What a node that joins two has the value of, given theirs. */
double claim_compute(const struct claim_node *n, double left, double right);

/* Does the glob `cells` (NULL: all) match the cell `id`? */
bool claim_in_cells(const char *cells, const char *id);

/*
 * A file of claims (configs/claims/): published statements, where they were
 * published, and the campaign that can check them.
 *
 *	campaign: ../dax-huge.yaml
 *	source: RFC, October 2018
 *	claims:
 *	  - says: with huge mappings, guest memory is 2M in the second level
 *	    claim: second_level.2m_share(6.1) >= 0.95
 */

struct claims_entry {
	char *says;		/* in words; "" if not given */
	char *text;		/* the claim */
	char *where;		/* "configs/claims/x.yaml:12" */
};

struct claims_file {
	char *campaign;		/* path, resolved from the file's folder; "" if not given */
	char *campaign_where;	/* "configs/claims/x.yaml:3" */
	char *source;		/* "" if not given */
	struct claims_entry *entry;
	size_t n;
};

/* Is this a YAML file of claims? If not, it is a campaign's, or unreadable. */
bool claims_file_is(const char *path);

/*
 * Reads and parses every claim; errors name file and line. After an error there is
 * nothing to release.
 */
int claims_file_load(const char *path, struct claims_file *f, struct err *err);
void claims_file_release(struct claims_file *f);

#endif
