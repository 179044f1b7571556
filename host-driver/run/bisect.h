/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which commit of a history changed a metric, or a claim's outcome? git bisect
 * chooses the commits, in a repository of its own that borrows the user's objects;
 * each is built and measured against the good end in a campaign of two arms, `good`
 * and `tested`, until it can be decided (the method and its source: stats.h). Where boots
 * neither vary nor drift, only the two ends are booted in blocks; any other commit is
 * booted alone and compared with those boots.
 *
 *	struct bisect_wish wish = { .try = { .git = "/home/me/linux" }, .good = "v6.1" };
 *	struct bisect b;
 *
 *	ret = bisect_begin(&wish, "results/search", &b, err);	// or bisect_resume()
 *	if (!ret)
 *		ret = bisect_run(&b, err);
 *	...	// b.end, b.found, b.step
 *	bisect_release(&b);
 *
 * The folder:
 *	state.json	the search so far, published after each decision: what is read to
 *			resume
 *	campaign.yaml	what is measured; kernels/ has the descriptions of the commits
 *	step-NN.yaml	the same for the commit of step NN
 *	steps/NN-COMMIT/	its results folder; 00 is the two ends, whose conditions a
 *			commit that is booted alone must have, too
 *	git/		the private repository, recreated before each step
 */
#ifndef KDUEL_BISECT_H
#define KDUEL_BISECT_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "stats/stats.h"
#include "try.h"

#define BISECT_GOOD "good"	/* the arms */
#define BISECT_TESTED "tested"

enum bisect_mark { BISECT_OPEN, BISECT_IS_GOOD, BISECT_IS_BAD, BISECT_SKIPPED, BISECT_MARKS };
extern const char *const bisect_mark_words[];	/* "open", "good", "bad", "skip", NULL */

struct bisect_step {
	char *commit, *subject;
	char *folder;		/* its results, below the search's folder; "" if not measured */
	enum bisect_mark mark;
	char *reason;		/* why it was skipped, or the claim's detail; or "" */
	struct stats_effect e;	/* of the metric, relative to the good end; n 0: none */
	double level, p;	/* of the decision; NaN if none was made */
	unsigned blocks, boots;
	double seconds;		/* of the last run that worked on it, with the build */
};

enum bisect_end { BISECT_RUNS, BISECT_FOUND, BISECT_ONLY_SKIPPED, BISECT_NO_DIFFERENCE, BISECT_ENDS };

struct bisect_wish {
	struct try_wish try;	/* git, config, what is measured, machine, exact */
	const char *good, *bad;	/* revisions */
	const char *metric;	/* "ns_per_page", "first-touch.ns_per_page" or with its point, */
	const char *claim;	/* or a claim about the arm `tested`; exactly one of them */
	const char *command;	/* the command line that reproduces it */
};

struct bisect {
	char *folder;
	char *git, *config;	/* absolute; config: a .config, "" if none */
	bool add_needed;
	char *good, *bad;	/* commits */
	char *metric, *claim;	/* one is "" */
	char *command;
	char *domain;		/* of the times; "" before the ends were measured */
	unsigned commits, expected;	/* commits in good..bad; expected decisions */
	bool claim_holds_at_good;
	/* A later commit is booted alone, because */
	bool claim_is_fixed;	/* the claim is about page sizes, and they did not vary, or */
	struct stats_ends ends;	/* it can be compared with these boots, if there are any */
	struct bisect_step *step;	/* only those that have ended; step[0] is the ends */
	size_t n;
	enum bisect_end end;
	char *found;		/* the commit; several, in lines, if only skipped ones are left */
	bool stopped;		/* by a signal */
};

/* Checks the arguments and creates the folder, which must not hold a search. */
int bisect_begin(const struct bisect_wish *wish, const char *folder, struct bisect *b,
		 struct err *err);
int bisect_resume(const char *folder, struct bisect *b, struct err *err);

/* Runs to the end, or until a signal (b->stopped). Reports its progress on stderr. */
int bisect_run(struct bisect *b, struct err *err);

/* The text at the end: the commit, the evidence, the steps, how to repeat it. */
struct doc *bisect_doc(const struct bisect *b);

void bisect_release(struct bisect *b);

/* --- inside bisect*.c ---------------------------------------------------------- */

/*
 * The internals of a search, for bisect*.c only: its saved state (bisect-state.c),
 * git (bisect-git.c), the measurement of one commit (bisect-step.c).
 */

/* Are commits between the ends booted alone, and compared with the ends' boots? */
static inline bool bisect_boots_alone(const struct bisect *b)
{
	return b->claim_is_fixed || b->ends.good.n;
}

int bisect_save(const struct bisect *b, struct err *err);
int bisect_load(const char *folder, struct bisect *b, struct err *err);
/* Takes ownership of what is in `step`. */
int bisect_add_step(struct bisect *b, const struct bisect_step *step, struct err *err);
void bisect_step_release(struct bisect_step *step);

/*
 * The commit to be tested next, or the end: b->end and b->found. It depends only on the
 * steps in `b`, so that it does not matter when the last run was interrupted.
 */
int bisect_git_next(struct bisect *b, char **commit, struct err *err);
/* Checks that `good` is an ancestor of `bad`, and counts the commits in good..bad. */
int bisect_git_check(const char *dir, const char *good, const char *bad, unsigned *commits,
		     struct err *err);
/* The first line of the commit's message; "" if it cannot be read. */
char *bisect_git_subject(const char *dir, const char *commit);

/*
 * Builds and measures `commit` against the good end. The caller releases `step`. Its
 * mark is BISECT_OPEN if a signal came (b->stopped), or if the ends do not differ.
 */
int bisect_measure(struct bisect *b, const char *commit, struct bisect_step *step,
		   struct err *err);

#endif
