/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the plugin reads off instructions, and its table of segments. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "marker.h"
#include "plugin/counts.h"
#include "plugin/insn.h"
#include "plugin/stack.h"

struct bytes {
	unsigned char b[15];
	size_t size;
};

#define B(...) { { __VA_ARGS__ }, sizeof((unsigned char[]){ __VA_ARGS__ }) }

static void knows_what_cannot_stop(void **state)
{
	static const struct bytes never[] = {
		B(0x90), B(0x48, 0x89, 0xe5),		/* nop; mov %rsp,%rbp */
		B(0x48, 0x8d, 0x44, 0x24, 0x08),	/* lea 8(%rsp),%rax */
		B(0x31, 0xc0), B(0x0f, 0x84, 1, 0, 0, 0),	/* xor; je */
		B(0x41, 0x0f, 0xb6, 0xc4), B(0x66, 0x90),	/* movzbl %r12b; xchg */
		B(0x0f, 0x1f, 0x44, 0, 0), B(0xff, 0xe0),	/* nopl; jmp *%rax */
		B(0xf3, 0x0f, 0x1e, 0xfa), B(0xff, 0xc0),	/* endbr64; inc */
		B(0x48, 0xf7, 0xd8), B(0xeb, 0xfe),		/* neg; jmp */
	}, may[] = {
		B(0x55), B(0xc3), B(0xe8, 0, 0, 0, 0),	/* push; ret; call */
		B(0x48, 0x8b, 0x00), B(0x48, 0x89, 0x07),	/* load; store */
		B(0x48, 0xf7, 0xf1), B(0x0f, 0x0b),		/* div; ud2 */
		B(0xff, 0xd0), B(0xff, 0x20), B(0xff, 0xf0),	/* call *%rax; jmp *(%rax); push */
		B(0xf3, 0xa4), B(0xf0, 0x48, 0x01, 0x07),	/* rep movs; lock add */
		B(0x0f, 0x05), B(0x0f, 0x01, 0xd8), B(0xcc), B(0xfa),
		B(0xc5, 0xf8, 0x77), B(0x48), B(0x0f), B(0x89), B(0xf4),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++)
		assert_true(insn_never_stops(never[i].b, never[i].size));
	for (size_t i = 0; i < sizeof(may) / sizeof(*may); i++)
		assert_false(insn_never_stops(may[i].b, may[i].size));
	assert_false(insn_never_stops(may[0].b, 0));
}

static void knows_entries_into_a_guest(void **state)
{
	static const unsigned char vmrun[] = { 0x0f, 0x01, 0xd8 };
	static const unsigned char vmload[] = { 0x0f, 0x01, 0xda };

	(void)state;
	for (unsigned op = 0; op < 256; op++) {
		const unsigned char plain[] = { op }, wide[] = { 0x66, op };
		bool port = (op >= 0x6c && op <= 0x6f) || (op >= 0xe4 && op <= 0xe7) ||
			    (op >= 0xec && op <= 0xef);

		assert_int_equal(insn_uses_port(plain, 1), port);
		assert_int_equal(insn_uses_port(wide, 2), port);
	}
	assert_true(insn_is_vmrun(vmrun, 3));
	assert_false(insn_is_vmrun(vmrun, 2));
	assert_false(insn_is_vmrun(vmload, 3));
}

/* The bytes that marker() leaves in a program are those that are known again. */
static void knows_markers(void **state)
{
	unsigned char nop[] = { 0x0f, 0x1f, 0x84, 0x00, 0x01, 0x00, 0x57, 0x4b };

	(void)state;
	assert_int_equal(marker_of(nop, 8), MARKER_BEGIN);
	nop[4] = 2;
	assert_int_equal(marker_of(nop, 8), MARKER_END);
	nop[4] = 5;
	assert_int_equal(marker_of(nop, 8), MARKER_ONE);
	nop[4] = 6;
	assert_int_equal(marker_of(nop, 8), MARKER_CLOCK);
	nop[4] = 7;
	assert_int_equal(marker_of(nop, 8), MARKER_HERE);
	nop[4] = 8;
	assert_int_equal(marker_of(nop, 8), MARKER_NONE);
	nop[4] = 0;
	assert_int_equal(marker_of(nop, 8), MARKER_NONE);
	/* A compiler's own padding. */
	assert_int_equal(marker_of("\x0f\x1f\x84\0\0\0\0\0", 8), MARKER_NONE);
	assert_int_equal(marker_of("\x0f\x1f\x84\0", 4), MARKER_NONE);
	marker_number(5);
	marker(MARKER_BEGIN);
	marker(MARKER_END);
}

static void knows_pushes_and_pops(void **state)
{
	static const struct bytes yes[] = { B(0x55), B(0x41, 0x54), B(0x5b), B(0x41, 0x5f) };
	static const struct bytes no[] = { B(0x90), B(0x41, 0x90), B(0x66, 0x55), B(0xff, 0x30),
					   B(0x9c), B(0x60), B(0x6a, 0x55) };

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		assert_true(insn_is_push_or_pop(yes[i].b, yes[i].size));
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
		assert_false(insn_is_push_or_pop(no[i].b, no[i].size));
}

static void sum(struct segment *s, uint64_t times, void *arg)
{
	*(uint64_t *)arg += s->vaddr * times;
}

static void counts_a_page_once(void **state)
{
	struct touched t = { 0 };

	(void)state;
	touched_empty(&t);
	/* More than there was room for at first, each twice. */
	for (uint64_t i = 0; i < 200000; i++)
		touched_add(&t, i / 2 * 512, 8);
	for (uint64_t i = 0; i < 100000; i++)
		touched_add(&t, i * 512, 1);
	assert_int_equal(t.n, 100000);
	assert_int_equal(t.bytes, 200000 * 8 + 100000);
	touched_empty(&t);
	touched_add(&t, 512, 2);
	assert_int_equal(t.n, 1);
	assert_int_equal(t.bytes, 2);
	touched_release(&t);
}

static void keeps_segments_apart(void **state)
{
	static struct segments t;	/* what it holds lives as long as it */
	struct segment like = { .vaddr = 0x1000, .insns = 3, .hash = 7 };
	uint64_t *first = segments_get(&t, &like);
	struct segment other;
	uint64_t all = 0;

	(void)state;
	*first = 12;
	assert_ptr_equal(segments_get(&t, &like), first);
	for (int i = 0; i < 4; i++) {
		other = like;
		other.vaddr += i == 0;
		other.insns += i == 1;
		other.hash += i == 2;
		other.guest = i == 3;
		assert_ptr_not_equal(segments_get(&t, &other), first);
		assert_int_equal(*segments_get(&t, &other), 0);
	}
	/* However many there are, each stays where it was and is found again. */
	for (uint64_t i = 0; i < 200000; i++) {
		other = (struct segment){ .vaddr = i << 4, .insns = 1 };
		*segments_get(&t, &other) = i;
	}
	for (uint64_t i = 0; i < 200000; i += 999) {
		other = (struct segment){ .vaddr = i << 4, .insns = 1 };
		assert_int_equal(*segments_get(&t, &other), i);
	}
	assert_ptr_equal(segments_get(&t, &like), first);
	assert_int_equal(*first, 12);
	/* Of a region only what was executed since it began is told. */
	segments_begin(&t);
	segments_each(&t, sum, &all);
	assert_int_equal(all, 0);
	*first += 3;
	other = (struct segment){ .vaddr = 199999 << 4, .insns = 1 };
	*segments_get(&t, &other) += 2;
	segments_each(&t, sum, &all);
	assert_int_equal(all, 3 * 0x1000 + 2 * (199999ULL << 4));
}

static void knows_calls_and_returns(void **state)
{
	static const struct bytes returns[] = { B(0xc3), B(0xf3, 0xc3), B(0xc2, 8, 0) };
	static const struct bytes neither[] = {
		B(0xe9, 0, 0, 0, 0), B(0xff, 0xe0), B(0xff, 0x30), B(0xcf), B(0x0f, 0x05), B(0xcb),
	};
	static const struct bytes direct = B(0xe8, 0xfb, 0xff, 0xff, 0xff);
	static const struct bytes indirect = B(0x41, 0xff, 0xd3);
	uint64_t target;

	(void)state;
	assert_int_equal(insn_flow(direct.b, direct.size, 0x1000, &target), INSN_CALLS);
	assert_int_equal(target, 0x1000);
	assert_int_equal(insn_flow(indirect.b, indirect.size, 0x1000, &target), INSN_CALLS);
	assert_int_equal(target, 0);
	for (size_t i = 0; i < sizeof(returns) / sizeof(*returns); i++)
		assert_int_equal(insn_flow(returns[i].b, returns[i].size, 0, &target),
				 INSN_RETURNS);
	for (size_t i = 0; i < sizeof(neither) / sizeof(*neither); i++)
		assert_int_equal(insn_flow(neither[i].b, neither[i].size, 0, &target),
				 INSN_GOES_ON);
}

#define STACK_A 0xffffc90000004000ULL
#define STACK_B 0xffffc90000008000ULL

/* The instructions of the node with this path of addresses from the root. */
static uint64_t in_node(const struct stacks *t, bool guest, const uint64_t *path)
{
	uint32_t at = 1 + guest;

	for (; *path; path++) {
		uint32_t next = 0;

		for (size_t i = 3; i < t->n; i++)
			if (t->node[i].parent == at && t->node[i].addr == *path)
				next = i;
		if (!next)
			return 0;
		at = next;
	}
	return t->node[at].self;
}

#define IN(...) in_node(&t, false, (uint64_t[]){ __VA_ARGS__, 0 })

/* Sites are remembered by address. */
static struct stack_site sites[32];
static unsigned n_sites;

static void call(struct stacks *t, uint64_t sp, uint64_t at, uint64_t target)
{
	assert_true(n_sites < sizeof(sites) / sizeof(*sites));
	sites[n_sites] = (struct stack_site){ .at = at, .target = target };
	stacks_call(t, false, sp, &sites[n_sites++]);
}

static void back(struct stacks *t, uint64_t sp, uint64_t at)
{
	struct stack_site site = { .at = at };

	stacks_return(t, false, sp, &site);
}

static void knows_who_called(void **state)
{
	struct stacks t;
	uint64_t *n;

	(void)state;
	stacks_init(&t);
	stacks_begin(&t);
	n = stacks_executed(&t, false);
	*n += 5;
	call(&t, STACK_A + 0xf00, 0x10, 0x20);	/* entered unseen */
	*n += 7;
	call(&t, STACK_A + 0xe00, 0x21, 0);	/* through a register */
	*n += 11;
	call(&t, STACK_A + 0xd00, 0x35, 0x40);	/* which was to 0x35's */
	*n += 13;
	back(&t, STACK_A + 0xd00, 0x41);
	*n += 17;
	back(&t, STACK_A + 0xe00, 0x36);
	*n += 19;
	back(&t, STACK_A + 0xf00, 0x22);
	*n += 23;
	stacks_end(&t);
	assert_int_equal(IN(0x10), 5 + 23);
	assert_int_equal(IN(0x10, 0x20), 7 + 19);
	assert_int_equal(IN(0x10, 0x20, 0x35), 11 + 17);
	assert_int_equal(IN(0x10, 0x20, 0x35, 0x40), 13);
	/* The other kernel saw nothing of it. */
	assert_int_equal(in_node(&t, true, (uint64_t[]){ 0x10, 0 }), 0);
	stacks_begin(&t);
	assert_int_equal(IN(0x10, 0x20), 0);
	stacks_release(&t);
}

static void knows_other_stacks(void **state)
{
	struct stacks t;
	uint64_t *n;

	(void)state;
	stacks_init(&t);
	stacks_begin(&t);
	n = stacks_executed(&t, false);
	call(&t, STACK_A + 0xf00, 0x10, 0x20);
	*n += 1;
	/* An interrupt's stack lies on top of what it interrupted. */
	call(&t, STACK_B + 0xf00, 0x25, 0x50);
	*n += 2;
	back(&t, STACK_B + 0xf00, 0x51);
	*n += 4;
	/* A switch: the other task returns, from calls that were never seen. */
	call(&t, STACK_A + 0xe00, 0x26, 0x60);
	*n += 8;
	back(&t, STACK_B + 0x3f00, 0x61);
	*n += 16;
	call(&t, STACK_B + 0x3e00, 0x70, 0x80);
	*n += 32;
	/* And back again: the first task goes on where it was. */
	back(&t, STACK_A + 0xe00, 0x81);
	*n += 64;
	back(&t, STACK_A + 0xf00, 0x27);
	assert_int_equal(IN(0x10, 0x20, 0x25, 0x50), 2);
	assert_int_equal(IN(0x10, 0x20, 0x60), 8);
	assert_int_equal(IN(0x70), 16);
	assert_int_equal(IN(0x70, 0x80), 32);
	assert_int_equal(IN(0x10, 0x20), 4 + 64);
	stacks_release(&t);
}

/* Calls before a region are in it if they did not return. */
static void knows_who_called_before(void **state)
{
	struct stacks t;
	uint64_t *n;

	(void)state;
	stacks_init(&t);
	n = stacks_executed(&t, false);
	call(&t, STACK_A + 0xf00, 0x10, 0x20);
	call(&t, STACK_A + 0xe00, 0x21, 0x30);	/* returns before the region */
	*n += 1000;
	back(&t, STACK_A + 0xe00, 0x31);
	call(&t, STACK_A + 0xe00, 0x22, 0);	/* through a register */
	call(&t, STACK_A + 0xd00, 0x35, 0x40);
	*n += 2000;
	assert_int_equal(t.n, 3);
	stacks_begin(&t);
	*n += 3;
	call(&t, STACK_A + 0xc00, 0x41, 0x50);
	*n += 5;
	back(&t, STACK_A + 0xc00, 0x51);
	back(&t, STACK_A + 0xd00, 0x42);
	*n += 7;
	stacks_end(&t);
	assert_int_equal(IN(0x10, 0x20, 0x35, 0x40), 3);
	assert_int_equal(IN(0x10, 0x20, 0x35, 0x40, 0x50), 5);
	assert_int_equal(IN(0x10, 0x20, 0x35), 7);
	/* After it nothing is. */
	back(&t, STACK_A + 0xe00, 0x36);
	*n += 4000;
	back(&t, STACK_A + 0xf00, 0x23);
	assert_int_equal(IN(0x10, 0x20), 0);
	stacks_begin(&t);
	*n += 9;
	stacks_end(&t);
	assert_int_equal(IN(0x10), 9);
	stacks_release(&t);
}

/* What a site remembers is of one caller: the same call below another one is another node. */
static void a_site_is_called_from_two_places(void **state)
{
	struct stack_site inner = { .at = 0x25, .target = 0x50 }, out = { .at = 0x51 };
	struct stacks t;
	uint32_t node[2];

	(void)state;
	stacks_init(&t);
	stacks_begin(&t);
	for (int round = 0; round < 4; round++) {
		call(&t, STACK_A + 0xf00, 0x10 + round % 2, 0x20 + round % 2);
		stacks_call(&t, false, STACK_A + 0xe00, &inner);
		*stacks_executed(&t, false) += 5;
		stacks_return(&t, false, STACK_A + 0xe00, &out);
		back(&t, STACK_A + 0xf00, 0x27);
		if (round < 2)
			node[round] = inner.child;
		assert_int_equal(inner.child, node[round % 2]);
	}
	assert_int_not_equal(node[0], node[1]);
	for (int i = 0; i < 2; i++)
		assert_int_equal(t.node[node[i]].self, 10);
	stacks_release(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_what_cannot_stop),
		cmocka_unit_test(knows_entries_into_a_guest),
		cmocka_unit_test(knows_markers),
		cmocka_unit_test(knows_calls_and_returns),
		cmocka_unit_test(knows_who_called),
		cmocka_unit_test(knows_who_called_before),
		cmocka_unit_test(a_site_is_called_from_two_places),
		cmocka_unit_test(knows_other_stacks),
		cmocka_unit_test(knows_pushes_and_pops),
		cmocka_unit_test(keeps_segments_apart),
		cmocka_unit_test(counts_a_page_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
