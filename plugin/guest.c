/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is in a guest, so whose code it is; and from when on that is known, and counted. */
#include "why.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define VMRUN_SIZE 3
#define MAX_VMRUNS 16
#define ENTRIES_TO_BE_SURE 64
#define LOOK_NS 5000000

static struct {
	enum { WAITING, FORGETTING, LOOKING, COUNTING } stage;
	qemu_plugin_tb_cb on_translation;
	const void **begun;	/* blocks that were translated while looking */
	size_t n_begun, begun_room;
	const void *after_vmrun[MAX_VMRUNS];
	size_t n_after_vmrun;
} guest;

__thread bool why_in_guest;

/* --- entries and exits ------------------------------------------------------------- */

static void guest_looked(void);
static void guest_forget(void);

static void guest_on_vmrun(unsigned vcpu, void *arg)
{
	(void)vcpu;
	(void)arg;
	why_in_guest = true;
	__atomic_fetch_add(&why.entries, 1, __ATOMIC_RELAXED);
	if (guest.stage == LOOKING)
		guest_looked();
}

static void guest_on_exit(unsigned vcpu, void *arg)
{
	(void)vcpu;
	(void)arg;
	why_in_guest = false;
}

/* The code that an exit from the guest comes back to. */
static bool guest_is_after_vmrun(const void *host)
{
	for (size_t i = 0; i < guest.n_after_vmrun; i++)
		if (guest.after_vmrun[i] == host)
			return true;
	return false;
}

/*
 * Only the machine enters a guest: if it is about to while its code is taken for the guest's,
 * an exit went unseen, and what was translated since is forgotten.
 */
static void guest_check_entry(void)
{
	if (!why_in_guest || guest.stage == FORGETTING)
		return;
	why_in_guest = false;
	guest_forget();
}

static void guest_note_vmrun(const struct qemu_plugin_insn *insn)
{
	const void *next = (char *)qemu_plugin_insn_haddr(insn) + VMRUN_SIZE;

	if (!guest_is_after_vmrun(next) && guest.n_after_vmrun < MAX_VMRUNS)
		guest.after_vmrun[guest.n_after_vmrun++] = next;
}

/* Where each block begins, to know whether one follows a `vmrun`. */
static void guest_note_begun(const void *host)
{
	if (guest.n_begun == guest.begun_room) {
		guest.begun_room = guest.begun_room ? 2 * guest.begun_room : 4096;
		guest.begun = realloc(guest.begun, guest.begun_room * sizeof(*guest.begun));
		if (!guest.begun)
			abort();
	}
	guest.begun[guest.n_begun++] = host;
}

void why_watch_entry(struct qemu_plugin_insn *insn)
{
	guest_check_entry();
	guest_note_vmrun(insn);
	qemu_plugin_register_vcpu_insn_exec_cb(insn, guest_on_vmrun, QEMU_PLUGIN_NO_REGS, NULL);
}

/* On the way out of a guest: what is translated from here on is the machine's. */
void why_watch_block(struct qemu_plugin_insn *first)
{
	const void *host = qemu_plugin_insn_haddr(first);

	if (guest.stage == LOOKING)
		guest_note_begun(host);
	if (!guest_is_after_vmrun(host))
		return;
	why_in_guest = false;
	qemu_plugin_register_vcpu_insn_exec_cb(first, guest_on_exit, QEMU_PLUGIN_NO_REGS, NULL);
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
static void guest_say_counting(void)
{
	guest.stage = COUNTING;
	fputs("counting\n", why.out);
	fflush(why.out);
}

static void guest_begin_counting(qemu_plugin_id_t id)
{
	pthread_mutex_lock(&why.lock);
	guest_say_counting();
	pthread_mutex_unlock(&why.lock);
	qemu_plugin_register_vcpu_tb_trans_cb(id, guest.on_translation);
}

/* What was taken for the other's: all code is translated once more, and counted then. */
static void guest_forget(void)
{
	guest.stage = FORGETTING;
	stacks_forget(&why.stacks);
	qemu_plugin_reset(why.id, guest_begin_counting);
}

static bool guest_came_out_unseen(void)
{
	for (size_t i = 0; i < guest.n_begun; i++)
		if (guest_is_after_vmrun(guest.begun[i]))
			return true;
	return false;
}

static void guest_looked(void)
{
	bool unseen;

	if (!why.inline_adds && why.entries < ENTRIES_TO_BE_SURE)
		return;
	pthread_mutex_lock(&why.lock);
	unseen = !why.inline_adds || guest_came_out_unseen();
	if (guest.stage == LOOKING && unseen) {
		guest_forget();
	} else if (guest.stage == LOOKING) {
		guest_say_counting();
	}
	pthread_mutex_unlock(&why.lock);
}

static void guest_look(qemu_plugin_id_t id)
{
	guest.stage = LOOKING;
	qemu_plugin_register_vcpu_tb_trans_cb(id, guest.on_translation);
}

static void guest_on_translation_while_waiting(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)tb;
	pthread_mutex_lock(&why.lock);
	if (guest.stage == WAITING) {
		guest.stage = FORGETTING;
		qemu_plugin_reset(id, guest_look);
	}
	pthread_mutex_unlock(&why.lock);
}

static void *guest_wait_for_start(void *arg)
{
	FILE *f = fopen(why.path, "re");
	char line[4200];

	(void)arg;
	for (; f; clearerr(f)) {
		while (fgets(line, sizeof(line), f))
			if (!strcmp(line, "start\n")) {
				qemu_plugin_register_vcpu_tb_trans_cb(
					why.id, guest_on_translation_while_waiting);
				fclose(f);
				fputs("started\n", why.out);
				fflush(why.out);
				return NULL;
			}
		nanosleep(&(struct timespec){ .tv_nsec = LOOK_NS }, NULL);
	}
	return NULL;
}

int why_start(qemu_plugin_tb_cb on_translation)
{
	pthread_t thread;

	guest.on_translation = on_translation;
	if (!why.wait) {
		guest.stage = COUNTING;
		qemu_plugin_register_vcpu_tb_trans_cb(why.id, on_translation);
		return 0;
	}
	if (pthread_create(&thread, NULL, guest_wait_for_start, NULL))
		return fprintf(stderr, "kduel-why: cannot start a thread to wait in\n"), -1;
	pthread_detach(thread);
	return 0;
}
