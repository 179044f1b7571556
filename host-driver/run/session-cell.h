/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session from within: the boot (session.c) and its cells (session-cell.c).
 * Nobody else includes this.
 */
#ifndef KDUEL_SESSION_CELL_H
#define KDUEL_SESSION_CELL_H

#include "bench/cpu-events.h"
#include "session-wire.h"
#include "session.h"

/* Does the plugin wait for profile_start()? Unless boots are counted themselves. */
#define SESSION_PROFILE_WAITS(s) \
	((s)->o->profile && !(s)->o->profile_boot && !plan_is_sampled((s)->plan))

struct session {
	const struct session_options *o;
	const struct plan *plan;
	const struct plan_arm *arm;
	struct wire wire;
	struct session_result *r;
	json_t *phases;
	double power_on;
	struct message prepared;	/* the reply about the backing; may be empty */
	struct {		/* what each agent's processor can count; events.h */
		json_t *events;	/* NULL: not to be counted */
		char table[EVENTS_TABLE_MAX];
	} count[FRAME_CHANNELS];
	bool told;		/* the environments are recorded */
	bool counting;		/* functions are counted by now */
	unsigned sampled;	/* so many workloads' functions were */
	int fatal;		/* a record could not be kept */
	struct err *err;
};

/*
 * Page sizes over the course of a workload process: readings and events as
 * records of type timeline, with the seconds since timeline_begin(). Around a
 * timed region they are read at steps; in a run apart, between them as well.
 */
#define TIMELINE_REPORT_MAX 2000
struct timeline {
	struct session *s;
	const struct plan_cell *cell;
	unsigned process;
	bool apart;
	enum disturb disturb;	/* the cell's, or the arm's control */
	double begin;
	char report[TIMELINE_REPORT_MAX];	/* what the kernel complained of; "" */
};

void timeline_begin(struct timeline *t, struct session *s, const struct plan_cell *cell,
		    unsigned process, bool apart);
/* A layer as an agent told it; only one with bytes leaves a record. */
int timeline_layer(struct timeline *t, enum run_step step, const struct view *layer);
/* wire_wait(), with readings every cell->timeline ms if it is a run apart. */
int timeline_wait(struct timeline *t, enum run_step step, bool (*done)(void *arg), void *arg,
		  double limit, const char *what);
/*
 * What is done to the guest before the timed region; what was done in it ends, before
 * anything is proved; and what is left of it after.
 */
int timeline_disturb(struct timeline *t);
int timeline_calm(struct timeline *t);
/* Of a region that did not come to its end: how far what was done in it had come. */
void timeline_tell(struct timeline *t);
int timeline_restore(struct timeline *t);
/* What follows would be timed. */
int timeline_go(struct timeline *t);

/* Hands out one record; the first that cannot be kept ends the session. */
int session_record_text(struct session *s, const char *text, size_t len);
/* The same; takes `r`. */
int session_record(struct session *s, json_t *r);

/* What the node is asked to prove for this cell; NULL: of the RAM. */
json_t *session_proof_arguments(const struct session *s, const struct plan_cell *cell);

/* Tells the campaign what is being done. */
void session_phase(struct session *s, const char *name, const char *cell);

/*
 * A request that the campaign cannot do without: refused, it fails the boot.
 * `*reply` is the caller's to release, empty on failure; it may be NULL.
 */
int session_must(struct session *s, enum frame_channel channel, const char *op,
		 json_t *args, double limit, struct message *reply);

/*
 * A sample is void because `layer` has no huge pages: the agent that sees that
 * layer is asked why, and what it found first is put behind `*why`. An agent
 * without an answer changes nothing.
 */
int session_doctor(struct session *s, enum layer layer, char **why);

/*
 * Where time is an instruction count, "align" for a request: what it starts
 * begins at a whole second of its machine's clock. Messages from here arrive
 * after a count of instructions that no two boots share; sleeping until then
 * costs none.
 */
#define SESSION_ALIGN_NS 1000000000
/*
 * And "phase", 0 but for a timed region: one for each block, the same for its arms,
 * uniform over that second. Boots of the same kernel and phase are the same
 * boot over again; of two kernels, each meets the kernels' ticks and periodic
 * work at other moments, more or fewer of them, as it would in any other phase.
 * That must differ between blocks, else no interval would know of it. Says
 * whether time is such a count.
 */
bool session_align(const struct session *s, json_t *args, uint64_t phase);
/*
 * And "stagger", fewer pages than this, for the same reason: which pages of a
 * machine are free, and in which order, is fixed by everything since it was
 * switched on. Arms have it fixed differently, by as little as one timer tick,
 * and would differ by it in every block alike.
 */
#define SESSION_STAGGER 2048

/*
 * One workload process: run, proof, go, result, proof, records. 0 also when
 * it failed or was void, which is recorded; -EIO when the boot has failed.
 */
int session_cell(struct session *s, const struct plan_cell *cell,
		 unsigned process);

/*
 * The same process once more for the cell's timeline: page sizes are read all the
 * while, which disturbs what they are read of, so of its times nothing is kept.
 */
int session_cell_apart(struct session *s, const struct plan_cell *cell);

/* The record of a process that was never begun. */
int session_cell_failed(struct session *s, const struct plan_cell *cell,
			unsigned process, const char *why);

#endif
