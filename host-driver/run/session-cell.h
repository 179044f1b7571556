/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The internals of a session: the boot (session.c) and its cells (session-cell.c).
 * For session*.c only.
 */
#ifndef KDUEL_SESSION_CELL_H
#define KDUEL_SESSION_CELL_H

#include "bench/cpu.h"
#include "measure-records.h"
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
	struct message prepared;	/* the reply to `prepare`; may be empty */
	struct {		/* what each agent's processor can count */
		json_t *events;	/* NULL: nothing is counted */
		char table[EVENTS_TABLE_MAX];
	} count[FRAME_CHANNELS];
	bool told;		/* the environments are recorded */
	bool counting;		/* functions are counted by now */
	unsigned sampled;	/* so many workloads' functions were */
	int fatal;		/* a record could not be kept */
	struct err *err;
};

/*
 * Page sizes over the course of a workload process: readings and events as records of
 * type timeline, with the seconds since timeline_begin(). In timed runs they are read
 * at the steps around the timed region; in a separate run also in between.
 */
#define TIMELINE_REPORT_MAX 2000
struct timeline {
	struct session *s;
	const struct plan_cell *cell;
	unsigned process;
	bool apart;
	enum disturb disturb;	/* the cell's, or the arm's control */
	double begin;
	char report[TIMELINE_REPORT_MAX];	/* a bug that the kernel reported; or "" */
};

void timeline_begin(struct timeline *t, struct session *s, const struct plan_cell *cell,
		    unsigned process, bool apart);
/* Records a layer that an agent reported, if it has bytes. */
int timeline_layer(struct timeline *t, enum run_step step, const struct view *layer);
/* wire_wait(), with readings every cell->timeline ms in a separate run. */
int timeline_wait(struct timeline *t, enum run_step step, bool (*done)(void *arg), void *arg,
		  double limit, const char *what);
/*
 * Disturbs the guest before the timed region; ends what lasts through the region,
 * before the proof is read; ends what lasts beyond that.
 */
int timeline_disturb(struct timeline *t);
int timeline_calm(struct timeline *t);
/* Of a region that did not come to its end: how far what was done in it had come. */
void timeline_tell(struct timeline *t);
int timeline_restore(struct timeline *t);
/* The timed region begins. */
int timeline_go(struct timeline *t);

/* Hands out one record; if it cannot be kept the session ends. */
int session_record_text(struct session *s, const char *text, size_t len);
/* The same; takes the reference to `r`. */
int session_record(struct session *s, json_t *r);

/* The arguments of `proof` for this cell; NULL: the guest's RAM. */
json_t *session_proof_arguments(const struct session *s, const struct plan_cell *cell);

/* Reports to the campaign what is being done. */
void session_phase(struct session *s, const char *name, const char *cell);

/*
 * A request that must succeed: if it is refused the boot fails. The caller releases
 * `*reply`, which is empty on failure; `reply` may be NULL.
 */
int session_must(struct session *s, enum frame_channel channel, const char *op,
		 json_t *args, double limit, struct message *reply);

/*
 * For a sample that is void because `layer` has no huge pages: asks the agent that
 * sees that layer why, and appends its first finding to `*why`. Without a finding
 * `*why` is unchanged.
 */
int session_doctor(struct session *s, enum layer layer, char **why);

/*
 * If time is an instruction count, "align" in a request makes what it starts begin at
 * a whole second of its machine's clock. Messages from the driver arrive after a
 * number of instructions that differs from boot to boot; sleeping costs none.
 */
#define SESSION_ALIGN_NS 1000000000
/*
 * And "phase", 0 except for a timed region: drawn for each block, uniformly over that
 * second, and the same for all its arms. Two boots of the same kernel and phase are
 * identical. Two kernels meet timer ticks and periodic work at different moments, and
 * a different number of them, depending on the phase. So the phase must differ between
 * blocks, else intervals would not include that. Returns whether time is such a count.
 */
bool session_align(const struct session *s, json_t *args, uint64_t phase);
/*
 * And "stagger", fewer pages than this, for the same reason: which pages of a machine
 * are free, and in which order, is determined by everything since power-on. It differs
 * between arms, by as little as one timer tick, and would do so in every block alike.
 */
#define SESSION_STAGGER 2048

/*
 * One workload process: run, proof, go, result, proof, records. 0 even if it failed or
 * is void, which is recorded; -EIO if the boot has failed.
 */
int session_cell(struct session *s, const struct plan_cell *cell,
		 unsigned process);

/*
 * Runs the process once more for the cell's timeline: reading page sizes throughout
 * disturbs the guest, so its times are not kept.
 */
int session_cell_apart(struct session *s, const struct plan_cell *cell);

/* Records a process that was never begun as failed. */
int session_cell_failed(struct session *s, const struct plan_cell *cell,
			unsigned process, const char *why);

/*
 * Counting on the machine under test, around a cell's timed region: the node
 * counts the guest's vCPU threads from before `go` to after the result.
 *
 * Both do nothing if the campaign counts nothing. -EIO if the session has failed.
 * `*counted` is the node's reply; the caller releases it.
 */
int session_count_start(struct session *s, const struct measure *m);
int session_count_stop(struct session *s, struct message *counted);

/*
 * Appends the sample of the region to `t`, with what was counted in it, and lists in
 * the cell's summary what was not. -EPROTO naming what is wrong.
 */
int session_count_keep(struct session *s, const struct measure *m,
		       const struct message *counted, const char *void_reason,
		       struct record_text *t, struct err *err);

#endif
