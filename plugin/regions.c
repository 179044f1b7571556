/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Regions and phases of the boot: where they begin and end, and what is written of each. */
#include "why.h"

#include <inttypes.h>

#include "marker.h"

#define BELOW_4G 0x100000000ULL

enum phase {
	FIRMWARE, KERNEL, PROGRAMS, GUEST_FIRMWARE, GUEST_KERNEL, GUEST_PROGRAMS,
	PHASES_OVER,
};

static const char *const phase_names[] = {
	"firmware", "kernel", "programs", "guest-firmware", "guest-kernel",
	"guest-programs",
};

static struct {
	uint64_t number;	/* as the last 64 bits gave it: a region's tag */
	uint64_t tag;		/* of the open region */
	uint64_t seq;		/* of the next one */
	uint64_t entries;	/* into the guest, before it began */
	size_t nodes;		/* that were written */
	uint32_t segments;	/* the same */
	enum phase phase;
} regions = { .nodes = STACKS_FIRST };

/*
 * Asked for reads alone, QEMU 7.2 reports writes alone, a bug that later
 * versions do not have. A direct call writes and reads nothing: the count of
 * its accesses tells whether this QEMU has the bug. Until the first call
 * nothing is written.
 */
static void regions_write_memory(const struct segment *s, uint64_t accesses)
{
	struct segment reads = *s;
	uint64_t loads, stores;

	reads.what = SEGMENT_READS;
	loads = *segments_get(&why.segments, &reads);
	stores = accesses - loads;
	if (why.reads_of_calls) {
		stores = loads;
		loads = accesses - stores;
	}
	if (loads)
		fprintf(why.out, "l %c %" PRIx64 " %" PRIu64 "\n", s->guest ? 'g' : 'm',
			s->vaddr, loads);
	if (stores)
		fprintf(why.out, "w %c %" PRIx64 " %" PRIu64 "\n", s->guest ? 'g' : 'm',
			s->vaddr, stores);
}

/* Instructions that were executed; of these, by the kernels of the machine and of its guest. */
struct regions_sum {
	uint64_t all, kernel[2];
};

static void regions_write_segment(struct segment *s, uint64_t times, void *arg)
{
	struct regions_sum *sum = arg;

	if (s->what == SEGMENT_ACCESSES && why.calls)
		regions_write_memory(s, times);
	if (s->what != SEGMENT_RUN)
		return;
	sum->all += times * s->insns;
	if (s->vaddr >= KERNEL_SPACE)
		sum->kernel[s->guest] += times * s->insns;
	if (s->line) {
		fprintf(why.out, "x %u %" PRIu64 "\n", s->line - 1, times);
		return;
	}
	s->line = ++regions.segments;
	fprintf(why.out, "%c %" PRIx64 " %u %" PRIu64 " %x %" PRIx64 "\n", s->guest ? 'g' : 'm',
		s->vaddr, s->insns, times, s->hash, s->sizes);
}

static void regions_begin(void)
{
	segments_begin(&why.segments);
	stacks_begin(&why.stacks);
	for (int guest = 0; guest < 2; guest++)
		touched_empty(&why.touched[guest]);
	regions.entries = why.entries;
}

static void regions_write_nodes(void)
{
	for (; regions.nodes < why.stacks.n; regions.nodes++) {
		const struct stack_node *n = &why.stacks.node[regions.nodes];

		fprintf(why.out, "node %zu %u %c %" PRIx64 "\n", regions.nodes,
			n->parent, n->guest ? 'g' : 'm', n->addr);
	}
}

static void regions_write_stacks(void)
{
	for (size_t i = STACKS_FIRST; i < why.stacks.n; i++) {
		const struct stack_node *n = &why.stacks.node[i];

		if (n->self)
			fprintf(why.out, "s %zu %" PRIu64 "\n", i, n->self);
	}
}

/* What stacks hold more than was executed: the rest of blocks that were left half-way. */
static void regions_write_rest(const struct regions_sum *sum)
{
	uint64_t held[2] = { 0 };

	for (size_t i = STACKS_FIRST; i < why.stacks.n; i++)
		held[why.stacks.node[i].guest] += why.stacks.node[i].self;
	for (int guest = 0; guest < 2; guest++)
		if (held[guest] > sum->kernel[guest])
			fprintf(why.out, "rest %c %" PRIu64 "\n", guest ? 'g' : 'm',
				held[guest] - sum->kernel[guest]);
}

static void regions_write(const char *what, const char *name)
{
	struct regions_sum sum = { 0 };

	stacks_end(&why.stacks);
	regions_write_nodes();
	fprintf(why.out, "%s %s %" PRIu64 " %" PRIu64 "\n", what, name, regions.seq++,
		why.entries - regions.entries);
	segments_each(&why.segments, regions_write_segment, &sum);
	for (int guest = 0; guest < 2 && why.memory && why.inline_adds; guest++)
		fprintf(why.out, "memory %c %" PRIu64 " %zu\n", guest ? 'g' : 'm',
			why.touched[guest].bytes, why.touched[guest].n);
	regions_write_stacks();
	regions_write_rest(&sum);
	fprintf(why.out, "end %" PRIu64 "\n", sum.all);
	fflush(why.out);
}

static void regions_end_phase(enum phase next)
{
	if (!why.boot || next <= regions.phase)
		return;
	regions_write("phase", phase_names[regions.phase]);
	regions.phase = next;
	regions_begin();
}

static void regions_marker(int what)
{
	char tag[20];

	switch (what) {
	case MARKER_BEGIN:
		regions_end_phase(PHASES_OVER);
		regions_begin();
		why.open = true;
		regions.tag = regions.number;
		break;
	case MARKER_END:
		snprintf(tag, sizeof(tag), "%" PRIx64, regions.tag);
		if (why.open)
			regions_write("region", tag);
		why.open = false;
		break;
	case MARKER_HERE:
		fprintf(why.out, "here %" PRIx64 "\n", regions.number);
		break;
	case MARKER_CLOCK:
		fprintf(why.out, "clock %" PRIu64 "\n", regions.number);
		break;
	case MARKER_THINGS:
		fprintf(why.out, "things %" PRIu64 "\n", regions.number);
		fflush(why.out);
		break;
	default:
		regions.number = regions.number << 1 | (what == MARKER_ONE);
	}
}

void why_on_marker(unsigned vcpu, void *arg)
{
	(void)vcpu;
	pthread_mutex_lock(&why.lock);
	regions_marker((int)(intptr_t)arg);
	pthread_mutex_unlock(&why.lock);
}

/* --- phases -------------------------------------------------------------------- */

/* The first code seen of each kind ends the phase before it. */
void why_tell_phase(uint64_t vaddr)
{
	if (vaddr >= KERNEL_TEXT)
		regions_end_phase(why_in_guest ? GUEST_KERNEL : KERNEL);
	else if (vaddr >= BELOW_4G && vaddr < KERNEL_SPACE &&
		 regions.phase >= (why_in_guest ? GUEST_KERNEL : KERNEL))
		regions_end_phase(why_in_guest ? GUEST_PROGRAMS : PROGRAMS);
	else if (why_in_guest)
		regions_end_phase(GUEST_FIRMWARE);
}

void why_first_line(int n_vcpus)
{
	fprintf(why.out, "kduel-why 5 vcpus %d\n", n_vcpus);
	fflush(why.out);
	if (why.boot)
		regions_begin();
}
