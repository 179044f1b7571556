/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stack.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS (1u << 14)
#define STACK_SHIFT 14		/* a kernel's stacks are of 16 KiB, and aligned */

static void *stack_need(void *p)
{
	if (!p)
		abort();
	return p;
}

/* --- nodes ---------------------------------------------------------------------- */

static size_t stack_slot(const struct stacks *t, uint32_t parent, uint64_t addr)
{
	size_t i = ((addr ^ (uint64_t)parent << 40) * 0x9e3779b97f4a7c15ULL) >> 32 &
		   (t->n_slots - 1);

	for (; t->slots[i]; i = (i + 1) & (t->n_slots - 1))
		if (t->node[t->slots[i]].parent == parent && t->node[t->slots[i]].addr == addr)
			break;
	return i;
}

static uint32_t stack_new(struct stacks *t, uint32_t parent, uint64_t addr, bool guest)
{
	if (t->n == t->room) {
		t->room = t->room ? 2 * t->room : 4096;
		t->node = stack_need(realloc(t->node, t->room * sizeof(*t->node)));
	}
	t->node[t->n] = (struct stack_node){ .addr = addr, .parent = parent, .guest = guest };
	return t->n++;
}

static void stack_grow(struct stacks *t)
{
	t->n_slots = t->n_slots ? 4 * t->n_slots : FIRST_SLOTS;
	free(t->slots);
	t->slots = stack_need(calloc(t->n_slots, sizeof(*t->slots)));
	for (size_t i = STACKS_FIRST; i < t->n; i++)
		t->slots[stack_slot(t, t->node[i].parent, t->node[i].addr)] = i;
}

static uint32_t stack_child(struct stacks *t, uint32_t parent, uint64_t addr)
{
	size_t slot;

	if (2 * t->n >= t->n_slots)
		stack_grow(t);
	slot = stack_slot(t, parent, addr);
	if (!t->slots[slot]) {
		uint32_t node = stack_new(t, parent, addr, t->node[parent].guest);

		t->slots[slot] = node;
	}
	return t->slots[slot];
}

void stacks_init(struct stacks *t)
{
	*t = (struct stacks){ 0 };
	stack_new(t, 0, 0, false);	/* none */
	stack_new(t, 0, 0, false);
	stack_new(t, 0, 0, true);
}

void stacks_release(struct stacks *t)
{
	for (int i = 0; i < 2; i++)
		for (unsigned k = 0; k < STACKS_MOST; k++)
			free(t->side[i].of[k]);
	free(t->node);
	free(t->slots);
	*t = (struct stacks){ 0 };
}

uint64_t *stacks_executed(struct stacks *t, bool guest)
{
	return &t->side[guest].executed;
}

/* --- stacks --------------------------------------------------------------------- */

/* The stack that `sp` is in; one more than are kept takes the place of another. */
static struct stack *stack_of(struct stacks_side *s, uint64_t sp, uint32_t root)
{
	uint64_t key = sp >> STACK_SHIFT;
	struct stack **at = &s->of[key % STACKS_MOST];

	if (!*at)
		*at = stack_need(calloc(1, sizeof(**at)));
	if ((*at)->key != key) {
		(*at)->key = key;
		(*at)->n = (*at)->known = 0;
		(*at)->base = root;
	}
	return *at;
}

static struct stack_frame *stack_top(struct stack *k)
{
	return k && k->n ? &k->frame[k->n - 1] : NULL;
}

/* A site executes below the same node as the last time, mostly. */
static uint32_t stack_here(struct stacks *t, uint32_t parent, struct stack_site *site)
{
	if (site->under != parent || !site->executing) {
		site->under = parent;
		site->executing = stack_child(t, parent, site->at);
	}
	return site->executing;
}

static uint32_t stack_called(struct stacks *t, uint32_t parent, struct stack_site *site)
{
	if (site->parent != parent || !site->child) {
		site->parent = parent;
		site->child = stack_child(t, parent, site->target);
	}
	return site->child;
}

/* What executes above the first `n` frames, which are known, is at the site. */
static uint32_t stack_above(struct stacks *t, struct stack *k, unsigned n, struct stack_site *site)
{
	struct stack_frame *top = n ? &k->frame[n - 1] : NULL;

	if (!top)
		return stack_here(t, k->base, site);
	if (!top->node || !top->site)
		top->node = stack_here(t, top->parent, site);
	return top->node;
}

/* Finds the nodes of frames that were noted only. */
static void stack_know(struct stacks *t, struct stack *k)
{
	for (; k->known < k->n; k->known++) {
		struct stack_frame *f = &k->frame[k->known];

		f->parent = f->site ? stack_above(t, k, k->known, f->site) : k->base;
		f->node = f->site && f->site->target ? stack_called(t, f->parent, f->site) : 0;
	}
}

/* The node that executes what is at the site. */
static uint32_t stack_executing(struct stacks *t, struct stack *k, struct stack_site *site)
{
	stack_know(t, k);
	return stack_above(t, k, k->n, site);
}

/* Of an interrupt's stack, the node below it; of a stack that was seen empty, the root. */
static uint32_t stack_below(struct stacks *t, struct stack *k, uint32_t root)
{
	struct stack_frame *top;

	if (!k || !t->in_region)
		return root;
	stack_know(t, k);
	top = stack_top(k);
	return top && top->node ? top->node : root;
}

/* Credits `node` with what was executed since the last event. */
static void stack_settle(struct stacks *t, struct stacks_side *s, uint32_t node)
{
	t->node[node].self += s->executed - s->settled;
	s->settled = s->executed;
}

static void stack_pop(struct stack *k, uint64_t sp)
{
	while (k->n && k->frame[k->n - 1].sp <= sp)
		k->n--;
	if (k->known > k->n)
		k->known = k->n;
}

static void stack_push(struct stack *k, uint64_t sp, struct stack_site *site)
{
	if (k->n < STACK_DEPTH)
		k->frame[k->n++] = (struct stack_frame){ .sp = sp, .site = site };
}

void stacks_call(struct stacks *t, bool guest, uint64_t sp, struct stack_site *site)
{
	struct stacks_side *s = &t->side[guest];
	uint32_t root = 1 + guest;
	struct stack *k = stack_of(s, sp, root);

	stack_pop(k, sp);
	/* Another stack that is empty is an interrupt's, on top of this one. */
	if (!k->n) {
		k->base = stack_below(t, k != s->current ? s->current : NULL, root);
		stack_push(k, sp + 1, NULL);
	}
	s->current = k;
	if (t->in_region)
		stack_settle(t, s, stack_executing(t, k, site));
	stack_push(k, sp, site);
}

void stacks_return(struct stacks *t, bool guest, uint64_t sp, struct stack_site *site)
{
	struct stacks_side *s = &t->side[guest];
	uint32_t root = 1 + guest;
	struct stack *k = stack_of(s, sp, root);

	/* A function that has switched to this stack executed until now on the old one. */
	if (t->in_region)
		stack_settle(t, s, stack_executing(t, s->current ? s->current : k, site));
	stack_pop(k, sp);
	if (!k->n)
		k->base = root;
	s->current = k;
}

void stacks_begin(struct stacks *t)
{
	for (int guest = 0; guest < 2; guest++)
		t->side[guest].settled = t->side[guest].executed;
	for (size_t i = 0; i < t->n; i++)
		t->node[i].self = 0;
	t->in_region = true;
}

void stacks_end(struct stacks *t)
{
	for (int guest = 0; guest < 2; guest++) {
		struct stacks_side *s = &t->side[guest];
		uint32_t root = 1 + guest, node;

		if (s->executed == s->settled)
			continue;
		node = stack_below(t, s->current, root);
		stack_settle(t, s, node == root ? stack_child(t, root, 0) : node);
	}
	t->in_region = false;
}

void stacks_forget(struct stacks *t)
{
	for (int guest = 0; guest < 2; guest++) {
		struct stacks_side *s = &t->side[guest];

		s->current = NULL;
		s->settled = s->executed;
		for (unsigned i = 0; i < STACKS_MOST; i++)
			if (s->of[i])
				*s->of[i] = (struct stack){ .key = s->of[i]->key, .base = 1 + guest };
	}
}
