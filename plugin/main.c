/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plugin: counts every instruction that the emulator executes and writes,
 * for each region between two markers, what was executed where.
 *
 *	qemu-system-x86_64 ... -plugin build/kduel-why.so,out=FILE[,boot=on|,wait=on][,memory=on]
 *
 * FILE is appended to. Its lines are written at the end of each region, since a
 * QEMU that is killed runs nothing at its end:
 *
 *	kduel-why 4 vcpus N			once, first
 *	started					with wait=on: new code begins it
 *	counting				and from here on
 *	node NODE PARENT m|g ADDR		a call stack: a function that holds ADDR,
 *						called by PARENT's (stack.h); numbered
 *						from 3, 1 and 2 are the roots
 *	region TAG SEQ ENTRIES			a region ends: its tag (hex), its
 *						number from 0, entries into the guest
 *	here ADDR				the program has MARKER_PLACE there (hex)
 *	m|g VADDR INSNS TIMES HASH SIZES	a segment of the machine, or of its
 *						guest, with TIMES > 0; numbers but
 *						INSNS and TIMES are hex; SIZES: a
 *						digit an instruction, the first last
 *	x LINE TIMES				the segment of an earlier such line, which
 *						are numbered from 0 in all of FILE
 *	l m|g VADDR N				with memory=on: loads of such a segment, and
 *	w m|g VADDR N				stores; also of several with one VADDR
 *	memory m|g BYTES PAGES			what these went to, without devices: pages of 4 KiB
 *						of the machine's memory, each counted once
 *	s NODE INSTRUCTIONS			a call stack, of the kernel's instructions
 *	end INSTRUCTIONS			the sum of INSNS x TIMES
 *	clock N					the same by the region's own clock
 *	things N				how many things the region did, if it says so
 *
 * With boot=on, `phase NAME SEQ ENTRIES` in place of `region` ends each phase
 * of the boot, which lasts up to the first code of: the machine's kernel, its
 * programs, its guest, the guest's kernel, the guest's programs, the first
 * region.
 *
 * With wait=on nothing is counted, and nothing costs, until `start` is written
 * into FILE by whoever started QEMU: a machine's boot then takes the time that
 * it takes without the plugin. See "the beginning".
 *
 * An instruction is counted when it begins: one that a fault interrupts counts
 * again when it is restarted. Loads and stores are counted when done, without
 * those of page walks and instruction fetches; memory=on is for one processor.
 * With one virtual processor the translated code itself adds to the counters;
 * with several, a call does, which costs more.
 */
#include "qemu-api.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "counts.h"
#include "insn.h"
#include "marker.h"
#include "stack.h"

#define KERNEL_SPACE 0xffff800000000000ULL
#define KERNEL_TEXT 0xffffffff80000000ULL
#define BELOW_4G 0x100000000ULL
#define VMRUN_SIZE 3
#define MAX_VMRUNS 16
#define ENTRIES_TO_BE_SURE 64
#define LOOK_NS 5000000

int qemu_plugin_version = QEMU_API_VERSION;

enum phase {
	FIRMWARE, KERNEL, PROGRAMS, GUEST_FIRMWARE, GUEST_KERNEL, GUEST_PROGRAMS,
	PHASES_OVER,
};

static const char *const phase_names[] = {
	"firmware", "kernel", "programs", "guest-firmware", "guest-kernel",
	"guest-programs",
};

static struct {
	pthread_mutex_t lock;
	struct segments segments;
	struct stacks stacks;		/* of one processor */
	size_t nodes_written;
	uint32_t segments_written;
	void *sites;			/* of struct why_site */
	FILE *out;
	const char *path;
	bool inline_adds, boot, wait, memory;
	struct touched touched[2];	/* by the machine, by its guest; in the open region */
	uint64_t calls, reads_of_calls;	/* see why_write_memory() */
	enum phase phase;
	enum { WAITING, FORGETTING, LOOKING, COUNTING } stage;
	qemu_plugin_id_t id;
	bool open;			/* a region is */
	uint64_t number;		/* as the last 64 bits gave it: a region's tag */
	uint64_t tag;			/* of the open region */
	uint64_t seq, entries, entries_base;
	const void **begun;		/* blocks that were translated while looking */
	size_t n_begun, begun_room;
	const void *after_vmrun[MAX_VMRUNS];
	size_t n_after_vmrun;
} why = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Is this thread's processor in a guest? What it translates then is the guest's. */
static __thread bool in_guest;

/* --- regions ------------------------------------------------------------------ */

/*
 * Asked for reads alone, QEMU 7.2 reports writes alone, a bug that later
 * versions do not have. A direct call writes and reads nothing: the count of
 * its accesses tells whether this QEMU has the bug. Until the first call
 * nothing is written.
 */
static void why_write_memory(const struct segment *s, uint64_t accesses)
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

static void why_write_segment(struct segment *s, uint64_t times, void *arg)
{
	if (s->what == SEGMENT_ACCESSES && why.calls)
		why_write_memory(s, times);
	if (s->what != SEGMENT_RUN)
		return;
	*(uint64_t *)arg += times * s->insns;
	if (s->line) {
		fprintf(why.out, "x %u %" PRIu64 "\n", s->line - 1, times);
		return;
	}
	s->line = ++why.segments_written;
	fprintf(why.out, "%c %" PRIx64 " %u %" PRIu64 " %x %" PRIx64 "\n", s->guest ? 'g' : 'm',
		s->vaddr, s->insns, times, s->hash, s->sizes);
}

static void why_begin(void)
{
	segments_begin(&why.segments);
	stacks_begin(&why.stacks);
	for (int guest = 0; guest < 2; guest++)
		touched_empty(&why.touched[guest]);
	why.entries_base = why.entries;
}

static void why_write_nodes(void)
{
	for (; why.nodes_written < why.stacks.n; why.nodes_written++) {
		const struct stack_node *n = &why.stacks.node[why.nodes_written];

		fprintf(why.out, "node %zu %u %c %" PRIx64 "\n", why.nodes_written,
			n->parent, n->guest ? 'g' : 'm', n->addr);
	}
}

static void why_write_stacks(void)
{
	for (size_t i = 3; i < why.stacks.n; i++) {
		const struct stack_node *n = &why.stacks.node[i];

		if (n->self)
			fprintf(why.out, "s %zu %" PRIu64 "\n", i, n->self);
	}
}

static void why_write(const char *what, const char *name)
{
	uint64_t sum = 0;

	stacks_end(&why.stacks);
	why_write_nodes();
	fprintf(why.out, "%s %s %" PRIu64 " %" PRIu64 "\n", what, name, why.seq++,
		why.entries - why.entries_base);
	segments_each(&why.segments, why_write_segment, &sum);
	for (int guest = 0; guest < 2 && why.memory && why.inline_adds; guest++)
		fprintf(why.out, "memory %c %" PRIu64 " %zu\n", guest ? 'g' : 'm',
			why.touched[guest].bytes, why.touched[guest].n);
	why_write_stacks();
	fprintf(why.out, "end %" PRIu64 "\n", sum);
	fflush(why.out);
}

static void why_end_phase(enum phase next)
{
	if (!why.boot || next <= why.phase)
		return;
	why_write("phase", phase_names[why.phase]);
	why.phase = next;
	why_begin();
}

static void why_marker(int what)
{
	char tag[20];

	switch (what) {
	case MARKER_BEGIN:
		why_end_phase(PHASES_OVER);
		why_begin();
		why.open = true;
		why.tag = why.number;
		break;
	case MARKER_END:
		snprintf(tag, sizeof(tag), "%" PRIx64, why.tag);
		if (why.open)
			why_write("region", tag);
		why.open = false;
		break;
	case MARKER_HERE:
		fprintf(why.out, "here %" PRIx64 "\n", why.number);
		break;
	case MARKER_CLOCK:
		fprintf(why.out, "clock %" PRIu64 "\n", why.number);
		break;
	case MARKER_THINGS:
		fprintf(why.out, "things %" PRIu64 "\n", why.number);
		fflush(why.out);
		break;
	default:
		why.number = why.number << 1 | (what == MARKER_ONE);
	}
}

static void why_on_marker(unsigned vcpu, void *arg)
{
	(void)vcpu;
	pthread_mutex_lock(&why.lock);
	why_marker((int)(intptr_t)arg);
	pthread_mutex_unlock(&why.lock);
}

/* --- whose code it is ------------------------------------------------------------- */

static void why_looked(void);

static void why_on_vmrun(unsigned vcpu, void *arg)
{
	(void)vcpu;
	(void)arg;
	in_guest = true;
	__atomic_fetch_add(&why.entries, 1, __ATOMIC_RELAXED);
	if (why.stage == LOOKING)
		why_looked();
}

static void why_on_exit(unsigned vcpu, void *arg)
{
	(void)vcpu;
	(void)arg;
	in_guest = false;
}

/* The code that an exit from the guest comes back to. */
static bool why_is_after_vmrun(const void *host)
{
	for (size_t i = 0; i < why.n_after_vmrun; i++)
		if (why.after_vmrun[i] == host)
			return true;
	return false;
}

static void why_note_vmrun(const struct qemu_plugin_insn *insn)
{
	const void *next = (char *)qemu_plugin_insn_haddr(insn) + VMRUN_SIZE;

	if (!why_is_after_vmrun(next) && why.n_after_vmrun < MAX_VMRUNS)
		why.after_vmrun[why.n_after_vmrun++] = next;
}

/* Where each block begins, to know whether one follows a `vmrun`. */
static void why_note_begun(const void *host)
{
	if (why.n_begun == why.begun_room) {
		why.begun_room = why.begun_room ? 2 * why.begun_room : 4096;
		why.begun = realloc(why.begun, why.begun_room * sizeof(*why.begun));
		if (!why.begun)
			abort();
	}
	why.begun[why.n_begun++] = host;
}

/* The first code seen of each kind ends the phase before it. */
static void why_tell_phase(uint64_t vaddr)
{
	if (vaddr >= KERNEL_TEXT)
		why_end_phase(in_guest ? GUEST_KERNEL : KERNEL);
	else if (vaddr >= BELOW_4G && vaddr < KERNEL_SPACE &&
		 why.phase >= (in_guest ? GUEST_KERNEL : KERNEL))
		why_end_phase(in_guest ? GUEST_PROGRAMS : PROGRAMS);
	else if (in_guest)
		why_end_phase(GUEST_FIRMWARE);
}

/* --- translation ------------------------------------------------------------------ */

static void why_on_segment(unsigned vcpu, void *arg)
{
	(void)vcpu;
	__atomic_fetch_add((uint64_t *)arg, 1, __ATOMIC_RELAXED);
}

static void why_add_access(struct qemu_plugin_insn *insn, enum qemu_plugin_mem_rw rw,
			   uint64_t *counter)
{
	qemu_plugin_register_vcpu_mem_inline(insn, rw, QEMU_PLUGIN_ADD_U64, counter, 1);
}

/* Only while a region is open: a boot touches all there is. */
static void why_on_access(unsigned vcpu, uint32_t what, uint64_t vaddr, void *arg)
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
static void why_count_memory(const struct qemu_plugin_tb *tb, size_t from, size_t to,
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

		why_add_access(insn, QEMU_PLUGIN_BOTH, all);
		why_add_access(insn, QEMU_PLUGIN_READS, some);
		qemu_plugin_register_vcpu_mem_cb(insn, why_on_access, QEMU_PLUGIN_NO_REGS,
						 QEMU_PLUGIN_BOTH, (void *)(intptr_t)like->guest);
		if (insn_flow(qemu_plugin_insn_data(insn), qemu_plugin_insn_size(insn),
			      qemu_plugin_insn_vaddr(insn), &target) != INSN_CALLS || !target)
			continue;
		why_add_access(insn, QEMU_PLUGIN_BOTH, &why.calls);
		why_add_access(insn, QEMU_PLUGIN_READS, &why.reads_of_calls);
	}
}

static void why_count(const struct qemu_plugin_tb *tb, size_t from, const struct segment *like)
{
	struct qemu_plugin_insn *first = qemu_plugin_tb_get_insn(tb, from);

	uint64_t *counter = segments_get(&why.segments, like);

	if (why.inline_adds && like->vaddr >= KERNEL_SPACE)
		qemu_plugin_register_vcpu_insn_exec_inline(
			first, QEMU_PLUGIN_ADD_U64, stacks_executed(&why.stacks, like->guest),
			like->insns);
	if (why.inline_adds)
		qemu_plugin_register_vcpu_insn_exec_inline(first, QEMU_PLUGIN_ADD_U64,
							   counter, 1);
	else
		qemu_plugin_register_vcpu_insn_exec_cb(first, why_on_segment,
						       QEMU_PLUGIN_NO_REGS, counter);
	if (why.memory && why.inline_adds)
		why_count_memory(tb, from, from + like->insns, like);
}

/* --- calls ------------------------------------------------------------------------- */

/*
 * A call or a return in a kernel. It lives as long as the plugin, as translated code
 * knows it by address; and side by side with what was translated with it, since what
 * is executed together then is in the processor's caches together.
 */
struct why_site {
	struct stack_site s;
	bool guest;
};

#define SITES 4096		/* of a chunk */

static int why_by_site(const void *a, const void *b)
{
	const struct why_site *x = a, *y = b;

	if (x->s.at != y->s.at)
		return x->s.at < y->s.at ? -1 : 1;
	if (x->s.target != y->s.target)
		return x->s.target < y->s.target ? -1 : 1;
	return x->guest - y->guest;
}

static struct why_site *why_site(const struct why_site *like)
{
	static struct why_site *chunk;
	static size_t n = SITES;
	struct why_site **have = tfind(like, &why.sites, why_by_site), *new;

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
	if (!tsearch(new, &why.sites, why_by_site))
		abort();
	return new;
}

static void why_on_call(unsigned vcpu, uint32_t what, uint64_t sp, void *arg)
{
	struct why_site *s = arg;

	(void)vcpu;
	(void)what;
	stacks_call(&why.stacks, s->guest, sp, &s->s);
}

static void why_on_return(unsigned vcpu, uint32_t what, uint64_t sp, void *arg)
{
	struct why_site *s = arg;

	(void)vcpu;
	(void)what;
	stacks_return(&why.stacks, s->guest, sp, &s->s);
}

static void why_watch_calls(struct qemu_plugin_insn *insn, const void *bytes, size_t size)
{
	struct why_site like = { .s.at = qemu_plugin_insn_vaddr(insn), .guest = in_guest };
	enum insn_flow flow;

	if (!why.inline_adds || like.s.at < KERNEL_SPACE)
		return;
	flow = insn_flow(bytes, size, like.s.at, &like.s.target);
	if (flow == INSN_CALLS)
		qemu_plugin_register_vcpu_mem_cb(insn, why_on_call, QEMU_PLUGIN_NO_REGS,
						 QEMU_PLUGIN_WRITES, why_site(&like));
	else if (flow == INSN_RETURNS)	/* a load; of loads alone QEMU 7.2 tells nothing */
		qemu_plugin_register_vcpu_mem_cb(insn, why_on_return, QEMU_PLUGIN_NO_REGS,
						 QEMU_PLUGIN_BOTH, why_site(&like));
}

static void why_watch(struct qemu_plugin_insn *insn, int marker, const void *bytes,
		      size_t size)
{
	if (marker != MARKER_NONE)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, why_on_marker, QEMU_PLUGIN_NO_REGS,
						       (void *)(intptr_t)marker);
	if (!insn_is_vmrun(bytes, size))
		return;
	why_note_vmrun(insn);
	qemu_plugin_register_vcpu_insn_exec_cb(insn, why_on_vmrun, QEMU_PLUGIN_NO_REGS, NULL);
}

/* `like` says whose and where the instruction is. */
static bool why_may_stop(const struct segment *like, const void *bytes, size_t size)
{
	if (insn_never_stops(bytes, size))
		return false;
	return like->guest || like->vaddr < KERNEL_TEXT || !insn_is_push_or_pop(bytes, size);
}

/* Cuts a block after each instruction that may stop, and before each marker. */
static void why_cut(const struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);
	struct segment like = { 0 };
	size_t first = n;	/* where the segment begins; n: nowhere */

	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		const void *bytes = qemu_plugin_insn_data(insn);
		size_t size = qemu_plugin_insn_size(insn);
		int marker = marker_of(bytes, size);

		why_watch(insn, marker, bytes, size);
		why_watch_calls(insn, bytes, size);
		if (first < n && (marker != MARKER_NONE || like.insns == SEGMENT_INSNS)) {
			why_count(tb, first, &like);
			first = n;
		}
		if (first == n) {
			first = i;
			like = (struct segment){ .vaddr = qemu_plugin_insn_vaddr(insn),
						 .guest = in_guest };
		}
		like.sizes |= (uint64_t)size << 4 * like.insns++;
		like.hash = segment_hash(like.hash, bytes, size);
		if (why_may_stop(&like, bytes, size)) {
			why_count(tb, first, &like);
			first = n;
		}
	}
	if (first < n)
		why_count(tb, first, &like);
}

/* On the way out of a guest: what is translated from here on is the machine's. */
static void why_watch_exit(struct qemu_plugin_insn *first)
{
	if (!why_is_after_vmrun(qemu_plugin_insn_haddr(first)))
		return;
	in_guest = false;
	qemu_plugin_register_vcpu_insn_exec_cb(first, why_on_exit, QEMU_PLUGIN_NO_REGS, NULL);
}

static void why_on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	struct qemu_plugin_insn *first = qemu_plugin_tb_get_insn(tb, 0);

	(void)id;
	pthread_mutex_lock(&why.lock);
	if (why.stage == LOOKING)
		why_note_begun(qemu_plugin_insn_haddr(first));
	why_watch_exit(first);
	why_tell_phase(qemu_plugin_insn_vaddr(first));
	why_cut(tb);
	pthread_mutex_unlock(&why.lock);
}

/* --- the beginning ----------------------------------------------------------------- */

/*
 * Told to start, the plugin must have all code translated again, which only a
 * processor's thread can ask for: WAITING ends with the first new code. Then it must
 * know who is in a guest: LOOKING ends with an entry into one. Whoever came out of a
 * guest before that was in it when the looking began, and what it did there was taken
 * for the machine's: then all code is translated once more. Of several processors one
 * may be in a guest unseen for a while: nothing is counted until some more entries have
 * been seen, and all code is translated once more in any case.
 */
static void why_say_counting(void)
{
	why.stage = COUNTING;
	fputs("counting\n", why.out);
	fflush(why.out);
}

static void why_begin_counting(qemu_plugin_id_t id)
{
	pthread_mutex_lock(&why.lock);
	why_say_counting();
	pthread_mutex_unlock(&why.lock);
	qemu_plugin_register_vcpu_tb_trans_cb(id, why_on_translation);
}

static bool why_came_out_unseen(void)
{
	for (size_t i = 0; i < why.n_begun; i++)
		if (why_is_after_vmrun(why.begun[i]))
			return true;
	return false;
}

static void why_looked(void)
{
	bool unseen;

	if (!why.inline_adds && why.entries < ENTRIES_TO_BE_SURE)
		return;
	pthread_mutex_lock(&why.lock);
	unseen = !why.inline_adds || why_came_out_unseen();
	if (why.stage == LOOKING && unseen) {
		why.stage = FORGETTING;
		stacks_forget(&why.stacks);
		qemu_plugin_reset(why.id, why_begin_counting);
	} else if (why.stage == LOOKING) {
		why_say_counting();
	}
	pthread_mutex_unlock(&why.lock);
}

static void why_look(qemu_plugin_id_t id)
{
	why.stage = LOOKING;
	qemu_plugin_register_vcpu_tb_trans_cb(id, why_on_translation);
}

static void why_on_translation_while_waiting(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)tb;
	pthread_mutex_lock(&why.lock);
	if (why.stage == WAITING) {
		why.stage = FORGETTING;
		qemu_plugin_reset(id, why_look);
	}
	pthread_mutex_unlock(&why.lock);
}

static void *why_wait_for_start(void *arg)
{
	FILE *f = fopen(why.path, "re");
	char line[4200];

	(void)arg;
	for (; f; clearerr(f)) {
		while (fgets(line, sizeof(line), f))
			if (!strcmp(line, "start\n")) {
				qemu_plugin_register_vcpu_tb_trans_cb(
					why.id, why_on_translation_while_waiting);
				fclose(f);
				fputs("started\n", why.out);
				fflush(why.out);
				return NULL;
			}
		nanosleep(&(struct timespec){ .tv_nsec = LOOK_NS }, NULL);
	}
	return NULL;
}

static int why_start(void)
{
	pthread_t thread;

	if (!why.wait) {
		why.stage = COUNTING;
		qemu_plugin_register_vcpu_tb_trans_cb(why.id, why_on_translation);
		return 0;
	}
	if (pthread_create(&thread, NULL, why_wait_for_start, NULL))
		return fprintf(stderr, "kduel-why: cannot start a thread to wait in\n"), -1;
	pthread_detach(thread);
	return 0;
}

static int why_arguments(int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "out=", 4))
			why.path = strdup(argv[i] + 4);
		else if (!strcmp(argv[i], "boot=on"))
			why.boot = true;
		else if (!strcmp(argv[i], "wait=on"))
			why.wait = true;
		else if (!strcmp(argv[i], "memory=on"))
			why.memory = true;
		else
			return fprintf(stderr, "kduel-why: unknown argument '%s'; known: "
				"out=FILE, boot=on, wait=on, memory=on\n",
				       argv[i]), -1;
	}
	if (!why.path)
		return fprintf(stderr, "kduel-why: nowhere to write; give out=FILE\n"), -1;
	why.out = fopen(why.path, "ae");
	if (!why.out)
		return fprintf(stderr, "kduel-why: cannot write %s: %s\n", why.path,
			       strerror(errno)), -1;
	return 0;
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
			char **argv)
{
	if (strcmp(info->target_name, "x86_64") || !info->system_emulation)
		return fprintf(stderr, "kduel-why: knows x86_64 machines only, not %s\n",
			       info->target_name), -1;
	if (why_arguments(argc, argv))
		return -1;
	why.inline_adds = info->system.smp_vcpus == 1;
	why.id = id;
	stacks_init(&why.stacks);
	why.nodes_written = 3;
	if (why.boot)
		why_begin();
	fprintf(why.out, "kduel-why 4 vcpus %d\n", info->system.smp_vcpus);
	fflush(why.out);
	return why_start();
}
