/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Call stacks of two kernels, the machine's and its guest's, from calls and
 * returns alone: each call stores its return address, and where it does tells
 * the stack and the depth. Exceptions and interrupts make no call; the calls
 * of their handlers lie on top of what was interrupted, which is what a stack
 * shows. After a switch of tasks the other task's stack goes on where it was.
 *
 *	struct stacks t;
 *
 *	stacks_init(&t);
 *	stacks_begin(&t);
 *	*stacks_executed(&t, false) += 7;		// by whoever counts instructions
 *	stacks_call(&t, false, 0xffffc90000004f00, &(struct stack_site){ .at = 0xffffffff81000010 });
 *	*stacks_executed(&t, false) += 5;
 *	stacks_return(&t, false, 0xffffc90000004f00, &(struct stack_site){ .at = 0xffffffff81000105 });
 *	stacks_end(&t);
 *
 * A node is a function as called by its parent's; it has the instructions that
 * were executed in it, between two calls or returns. A function that was
 * jumped to is part of the one that jumped. One that was entered unseen is a
 * child of the root, as far as it is known by the calls it makes.
 *
 * Most calls are outside regions. There a call is only noted, since later ones may
 * lie on top of it; its node is looked for once it matters.
 */
#ifndef KDUEL_PLUGIN_STACK_H
#define KDUEL_PLUGIN_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STACK_DEPTH 128
#define STACKS_MOST 1024
#define STACKS_FIRST 3	/* the first node that is not a root */

struct stack_node {
	uint64_t addr;		/* in the function; 0: not known */
	uint32_t parent;	/* its number; the roots' is 0 */
	bool guest;
	uint64_t self;		/* instructions, in the region */
};

struct stack_frame {
	uint64_t sp;
	struct stack_site *site;	/* that called; NULL: entered unseen */
	uint32_t node, parent;		/* node 0: an indirect call; its next event tells where */
};

struct stack {
	uint64_t key;
	uint32_t base;		/* the node below the first frame */
	unsigned n, known;	/* frames; of these, the first so many have their parents */
	struct stack_frame frame[STACK_DEPTH];
};

struct stacks {
	bool in_region;
	struct stack_node *node;	/* 1 and 2 are the roots: of the machine, of its guest */
	size_t n, room;
	uint32_t *slots;
	size_t n_slots;
	struct stacks_side {
		uint64_t executed, settled;
		struct stack *current;
		struct stack *of[STACKS_MOST];
	} side[2];
};

/*
 * An instruction that calls or returns, and what it came to last time, as it mostly does
 * again. One that calls is remembered by its address.
 */
struct stack_site {
	uint64_t at, target;		/* target 0: a return, or it does not tell */
	uint32_t parent, child;		/* of the call's target; 0: none yet */
	uint32_t under, executing;	/* of `at` itself */
};

void stacks_init(struct stacks *t);
void stacks_release(struct stacks *t);

/* The counter of instructions that a kernel executed. */
uint64_t *stacks_executed(struct stacks *t, bool guest);

/* `sp`: where the return address is. */
void stacks_call(struct stacks *t, bool guest, uint64_t sp, struct stack_site *site);
void stacks_return(struct stacks *t, bool guest, uint64_t sp, struct stack_site *site);

/* Nobody is known to have called anybody: what was seen was taken for another side's. */
void stacks_forget(struct stacks *t);

/* A region begins, with nothing executed in any node; a region ends. */
void stacks_begin(struct stacks *t);
void stacks_end(struct stacks *t);

#endif
