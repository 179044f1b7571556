/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is put into translated code, block by block, so that it counts itself. */
#include "why.h"

#include "insn.h"
#include "marker.h"

#define PAGE 4096
#define INSN_BYTES_MOST 15

/* --- counters ---------------------------------------------------------------------- */

static void translate_on_segment(unsigned vcpu, void *arg)
{
	(void)vcpu;
	__atomic_fetch_add((uint64_t *)arg, 1, __ATOMIC_RELAXED);
}

static void translate_add_access(struct qemu_plugin_insn *insn, enum qemu_plugin_mem_rw rw,
				 uint64_t *counter)
{
	qemu_plugin_register_vcpu_mem_inline(insn, rw, QEMU_PLUGIN_ADD_U64, counter, 1);
}

/* Only while a region is open: a boot touches all there is. */
static void translate_on_access(unsigned vcpu, uint32_t what, uint64_t vaddr, void *arg)
{
	const struct qemu_plugin_hwaddr *at;

	(void)vcpu;
	if (!why.open)
		return;
	at = qemu_plugin_get_hwaddr(what, vaddr);
	if (at && !qemu_plugin_hwaddr_is_io(at))
		touched_add(&why.touched[(intptr_t)arg], qemu_plugin_hwaddr_phys_addr(at) >> 12,
			    1ull << qemu_plugin_mem_size_shift(what));
}

/* Loads and stores of the block's instructions `from` up to `to`, which are a segment. */
static void translate_count_memory(const struct qemu_plugin_tb *tb, size_t from, size_t to,
				   const struct segment *like)
{
	struct segment accesses = *like, reads = *like;
	uint64_t *all, *some, target;

	accesses.what = SEGMENT_ACCESSES;
	reads.what = SEGMENT_READS;
	all = segments_get(&why.segments, &accesses);
	some = segments_get(&why.segments, &reads);
	for (size_t i = from; i < to; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		translate_add_access(insn, QEMU_PLUGIN_BOTH, all);
		translate_add_access(insn, QEMU_PLUGIN_READS, some);
		qemu_plugin_register_vcpu_mem_cb(insn, translate_on_access, QEMU_PLUGIN_NO_REGS,
						 QEMU_PLUGIN_BOTH, (void *)(intptr_t)like->guest);
		if (insn_flow(qemu_plugin_insn_data(insn), qemu_plugin_insn_size(insn),
			      qemu_plugin_insn_vaddr(insn), &target) != INSN_CALLS || !target)
			continue;
		translate_add_access(insn, QEMU_PLUGIN_BOTH, &why.calls);
		translate_add_access(insn, QEMU_PLUGIN_READS, &why.reads_of_calls);
	}
}

static void translate_count(const struct qemu_plugin_tb *tb, size_t from,
			    const struct segment *like)
{
	struct qemu_plugin_insn *first = qemu_plugin_tb_get_insn(tb, from);
	uint64_t *counter = segments_get(&why.segments, like);

	if (why.inline_adds)
		qemu_plugin_register_vcpu_insn_exec_inline(first, QEMU_PLUGIN_ADD_U64,
							   counter, 1);
	else
		qemu_plugin_register_vcpu_insn_exec_cb(first, translate_on_segment,
						       QEMU_PLUGIN_NO_REGS, counter);
	if (why.memory && why.inline_adds)
		translate_count_memory(tb, from, from + like->insns, like);
}

/* --- blocks ----------------------------------------------------------------------- */

static void translate_watch(struct qemu_plugin_insn *insn, const void *bytes, size_t size)
{
	int marker = marker_of(bytes, size);

	if (marker != MARKER_NONE)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, why_on_marker, QEMU_PLUGIN_NO_REGS,
						       (void *)(intptr_t)marker);
	if (insn_is_vmrun(bytes, size))
		why_watch_entry(insn);
}

/* `like` says whose and where the instruction is. */
static bool translate_may_stop(const struct segment *like, const void *bytes, size_t size)
{
	if (insn_never_stops(bytes, size))
		return false;
	return like->guest || like->vaddr < KERNEL_TEXT || !insn_is_push_or_pop(bytes, size);
}

/*
 * The last instruction of a block, if it may lie on two pages: such a one QEMU 7.2 leaves to the
 * next block, after it was told of here, with what was put before it. Of its bytes those on the
 * second page are not known, so that it may be shorter.
 */
static bool translate_may_be_left_out(const struct qemu_plugin_tb *tb, size_t i)
{
	uint64_t at = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, i)) % PAGE;

	return i && i == qemu_plugin_tb_n_insns(tb) - 1 && at + INSN_BYTES_MOST > PAGE;
}

/* Not to be counted with what is before it in its block. */
static bool translate_is_apart(const struct qemu_plugin_tb *tb, size_t i)
{
	struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

	return translate_may_be_left_out(tb, i) ||
	       marker_of(qemu_plugin_insn_data(insn), qemu_plugin_insn_size(insn)) != MARKER_NONE;
}

/*
 * For stacks a kernel's block counts as a whole, since adding for each segment as well was a
 * quarter of what the plugin costs. Where a fault or an exit leaves a block half-way, its rest is
 * counted, too; how much that was in a region is written (regions.c). Ports always leave one.
 */
static void translate_count_for_stacks(const struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb), first = 0;

	if (!why.inline_adds ||
	    qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0)) < KERNEL_SPACE)
		return;
	for (size_t i = 1; i <= n; i++) {
		struct qemu_plugin_insn *last = qemu_plugin_tb_get_insn(tb, i - 1);

		if (i < n && !translate_is_apart(tb, i) &&
		    !insn_uses_port(qemu_plugin_insn_data(last), qemu_plugin_insn_size(last)))
			continue;
		qemu_plugin_register_vcpu_insn_exec_inline(
			qemu_plugin_tb_get_insn(tb, first), QEMU_PLUGIN_ADD_U64,
			stacks_executed(&why.stacks, why_in_guest), i - first);
		first = i;
	}
}

/* Cuts a block after each instruction that may stop, and before each one that is apart. */
static void translate_cut(const struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);
	struct segment like = { 0 };
	size_t first = n;	/* where the segment begins; n: nowhere */

	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		const void *bytes = qemu_plugin_insn_data(insn);
		size_t size = qemu_plugin_insn_size(insn);

		translate_watch(insn, bytes, size);
		why_watch_calls(insn, bytes, size);
		if (first < n && (like.insns == SEGMENT_INSNS || translate_is_apart(tb, i))) {
			translate_count(tb, first, &like);
			first = n;
		}
		if (first == n) {
			first = i;
			like = (struct segment){ .vaddr = qemu_plugin_insn_vaddr(insn),
						 .guest = why_in_guest };
		}
		like.sizes |= (uint64_t)size << 4 * like.insns++;
		like.hash = segment_hash(like.hash, bytes, size);
		if (translate_may_stop(&like, bytes, size)) {
			translate_count(tb, first, &like);
			first = n;
		}
	}
	if (first < n)
		translate_count(tb, first, &like);
}

void why_on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	struct qemu_plugin_insn *first = qemu_plugin_tb_get_insn(tb, 0);

	(void)id;
	pthread_mutex_lock(&why.lock);
	why_watch_block(first);
	why_tell_phase(qemu_plugin_insn_vaddr(first));
	translate_count_for_stacks(tb);
	translate_cut(tb);
	pthread_mutex_unlock(&why.lock);
}
