/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A child process that does one piece of work while its parent's loop goes on,
 * and is held before the part that is timed. Both speak over one link:
 *
 *	{"run":{request}}		from the parent, where there is one
 *	{"progress":"text"}		any number, any time
 *	{"ready":{proof}}		then waits
 *	{"go":true}			from the parent
 *	the result, in pieces		or
 *	{"error":"text","code":-22,"exit":2}	and exits
 *
 * The parent:
 *
 *	struct worker_calls calls = {
 *		.ready = on_ready,	// worker_limit(), worker_go()
 *		.done = on_done,	// once: worker_release()
 *	};
 *	struct worker w;
 *
 *	ret = worker_spawn(&w, loop, argv, &calls, me, err);
 *	ret = worker_limit(&w, 60, err);
 *	ret = worker_ask(&w, text, strlen(text), err);
 *
 * The child, with the descriptors that it was given:
 *
 *	const struct view *request;
 *	struct work w;
 *
 *	if (work_open(&w, in, out, err) == 0 &&
 *	    work_hear(&w, &request, err) == 0) {
 *		...	// work_progress(), work_hold()
 *	}
 *	return work_close(&w, result, err);
 */
#ifndef KDUEL_WORKER_H
#define KDUEL_WORKER_H

#include <jansson.h>
#include <stdbool.h>

#include "err.h"
#include "link.h"
#include "loop.h"
#include "message.h"
#include "proc.h"
#include "view.h"

struct worker_calls {
	/* `proof` is JSON text, not checked; lent. May be NULL: then it goes at once. */
	void (*ready)(void *arg, const char *proof, size_t len);
	void (*progress)(void *arg, const char *text);	/* may be NULL */
	/*
	 * The process has ended and all that it sent was read. `result` is JSON
	 * text, not checked, lent; or NULL, and `why` says what happened. May
	 * release the worker.
	 */
	void (*done)(void *arg, const char *result, size_t len,
		     const struct err *why);
};

struct worker {
	struct loop *loop;	/* NULL: no process runs */
	const struct worker_calls *calls;
	void *arg;
	struct proc proc;
	struct link link;
	struct view_doc doc;
	int64_t child_id, timer_id;
	double limit;
	bool ready, going, whole;
	bool exited, drained;	/* both: it is over */
	int status;
	char *result;
	size_t result_len;
	struct err err;		/* why it failed, the first reason */
};

/* Executes `argv` with the link as stdin and stdout. On failure nothing is left to release. */
int worker_spawn(struct worker *w, struct loop *l, const char *const argv[],
		 const struct worker_calls *calls, void *arg, struct err *err);
/* Forks; the child exits with what `fn` returns, as in proc_fork(). */
int worker_fork(struct worker *w, struct loop *l, int (*fn)(void *fn_arg, int fd),
		void *fn_arg, const struct worker_calls *calls, void *arg,
		struct err *err);
/* Kills it if it runs; `done` is not called. Safe to call again. */
void worker_release(struct worker *w);

/* `request` is JSON text of `len` bytes. */
int worker_ask(struct worker *w, const char *request, size_t len, struct err *err);
int worker_go(struct worker *w, struct err *err);
/* Counted from now; then it is killed and fails with -ETIMEDOUT. */
int worker_limit(struct worker *w, double seconds, struct err *err);
/* Kills it; `done` will have this error. */
void worker_cancel(struct worker *w);

/* --- the child's side ------------------------------------------------------- */

struct work {
	struct loop *loop;
	struct link link;
	struct message request;	/* .root NULL: not heard yet */
	bool go;
	struct err ended;	/* the parent's stream */
};

/* `in` and `out` may be the same; the link owns them, even if this fails. */
int work_open(struct work *w, int in, int out, struct err *err);
/* Waits for the request, which `w` owns. */
int work_hear(struct work *w, const struct view **request, struct err *err);
/* These two take a struct work and fit struct bench_hooks. */
int work_hold(void *work, const json_t *proof, struct err *err);
void work_progress(void *work, const char *text);
/* Sends the result (JSON text) or, where it is NULL, `why`. The exit status. */
int work_close(struct work *w, const char *result, const struct err *why);

#endif
