/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls and returns of kernels, by which stacks are known (stack.h). */
#include "why.h"

#include <search.h>
#include <stdlib.h>

#include "insn.h"

/*
 * A call or a return in a kernel. It lives as long as the plugin, as translated code
 * knows it by address; and side by side with what was translated with it, since what
 * is executed together then is in the processor's caches together.
 */
struct calls_site {
	struct stack_site s;
	bool guest;
};

#define SITES 4096		/* of a chunk */

static void *sites;		/* a tree of struct calls_site */

static int calls_by_site(const void *a, const void *b)
{
	const struct calls_site *x = a, *y = b;

	if (x->s.at != y->s.at)
		return x->s.at < y->s.at ? -1 : 1;
	if (x->s.target != y->s.target)
		return x->s.target < y->s.target ? -1 : 1;
	return x->guest - y->guest;
}

static struct calls_site *calls_site(const struct calls_site *like)
{
	static struct calls_site *chunk;
	static size_t n = SITES;
	struct calls_site **have = tfind(like, &sites, calls_by_site), *new;

	if (have)
		return *have;
	if (n == SITES) {
		chunk = calloc(SITES, sizeof(*chunk));
		n = 0;
	}
	if (!chunk)
		abort();
	new = &chunk[n++];
	*new = *like;
	if (!tsearch(new, &sites, calls_by_site))
		abort();
	return new;
}

static void calls_on_call(unsigned vcpu, uint32_t what, uint64_t sp, void *arg)
{
	struct calls_site *s = arg;

	(void)vcpu;
	(void)what;
	stacks_call(&why.stacks, s->guest, sp, &s->s);
}

static void calls_on_return(unsigned vcpu, uint32_t what, uint64_t sp, void *arg)
{
	struct calls_site *s = arg;

	(void)vcpu;
	(void)what;
	stacks_return(&why.stacks, s->guest, sp, &s->s);
}

void why_watch_calls(struct qemu_plugin_insn *insn, const void *bytes, size_t size)
{
	struct calls_site like = { .s.at = qemu_plugin_insn_vaddr(insn), .guest = why_in_guest };
	enum insn_flow flow;

	if (!why.inline_adds || like.s.at < KERNEL_SPACE)
		return;
	flow = insn_flow(bytes, size, like.s.at, &like.s.target);
	if (flow == INSN_CALLS)
		qemu_plugin_register_vcpu_mem_cb(insn, calls_on_call, QEMU_PLUGIN_NO_REGS,
						 QEMU_PLUGIN_WRITES, calls_site(&like));
	else if (flow == INSN_RETURNS)	/* a load; of loads alone QEMU 7.2 tells nothing */
		qemu_plugin_register_vcpu_mem_cb(insn, calls_on_return, QEMU_PLUGIN_NO_REGS,
						 QEMU_PLUGIN_BOTH, calls_site(&like));
}
