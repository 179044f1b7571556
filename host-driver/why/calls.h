/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who called whom: the tree of calls of two arms, joined by names, each node
 * with the instructions that it executed itself. Kernels have stacks if the plugin
 * saw calls and returns (one processor); programs and firmware are directly below
 * their side, without callers. A stack whose outermost function is not an entry
 * into the kernel began before calls were seen: it is below `[unknown]`. Direct
 * recursion is shown as one node.
 *
 *	static const char *const stack[] = { "machine's kernel", "svm_vcpu_run" };
 *	struct calls t = { .things = { 1, 1 } };
 *
 *	ret = calls_add(&t, 0, stack, 2, 4711);
 *	calls_add_up(&t);
 *	calls_write_folded(&t, "all", stdout);
 *	calls_release(&t);
 */
#ifndef KDUEL_WHY_CALLS_H
#define KDUEL_WHY_CALLS_H

#include <stddef.h>
#include <stdio.h>

#define CALLS_ARMS 2

struct call {
	char *name;
	size_t parent;			/* the root, which is first, has itself */
	size_t child, sibling;		/* 0: none */
	double self[CALLS_ARMS];	/* instructions, of all blocks */
	double all[CALLS_ARMS];		/* with those below; calls_add_up() */
};

struct calls {
	struct call *v;
	size_t n, room;
	size_t *slots, n_slots;		/* by parent and name */
	double things[CALLS_ARMS];	/* e.g. pages: the divisor of instructions */
};

/* Adds instructions to the node at the end of the path. 0 or -ENOMEM. */
int calls_add(struct calls *t, int arm, const char *const *path, size_t n, double insns);
/* Adds another tree, each arm's instructions times its weight. 0 or -ENOMEM. */
int calls_merge(struct calls *t, const struct calls *from, const double weight[CALLS_ARMS]);
void calls_add_up(struct calls *t);
void calls_release(struct calls *t);

/* The texts in the files. */
struct calls_words {
	const char *what;	/* cell and metric */
	const char *arm[CALLS_ARMS], *thing;
	const char *unit;	/* what is counted: "instructions" */
};

/* Both arms' instructions per thing, in millionths; a line is "what;path count count". */
void calls_write_folded(const struct calls *t, const char *what, FILE *to);

/*
 * A differential flame graph, root at the bottom: boxes as wide as both arms'
 * instructions together, red if the other arm has more than the baseline, blue if it
 * has fewer. XML without script, for a file or for embedding in a page.
 */
void calls_write_svg(const struct calls *t, const struct calls_words *w, FILE *to);

/* One arm's instructions of all blocks, for callgrind_annotate and kcachegrind. */
void calls_write_callgrind(const struct calls *t, int arm, const struct calls_words *w,
			   FILE *to);

/* Both arms' instructions, for pprof (profile.proto), uncompressed. 0 or -ENOMEM. */
int calls_write_pprof(const struct calls *t, const struct calls_words *w, FILE *to);

#endif
