/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A result goes in pieces, as it may be longer than a frame; JSON begins with neither letter. */
#define PIECE 'r'
#define LAST_PIECE 'R'
#define PIECE_MAX (1u << 20)
#define LAST_WORDS_SECONDS 30

/* --- the parent's side ------------------------------------------------------ */

/* What often lies behind a signal that the kernel sends for want of a page. */
static const char *worker_often_means(int status)
{
	int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (sig == SIGKILL)
		return ": often the kernel's answer when memory runs out, here or in the "
		       "control group (see its log)";
	if (sig == SIGBUS)
		return ": a page was not available: a file cut short, or no huge page left on "
		       "the node";
	return "";
}

static void worker_finish(struct worker *w)
{
	char how[64];

	if (!w->exited || !w->drained)
		return;
	if (!w->whole)
		err_set(&w->err, EXIT_MACHINE, -ECHILD,
			"the workload's process ended with no result: %s%s",
			proc_status_text(w->status, how, sizeof(how)),
			worker_often_means(w->status));
	w->calls->done(w->arg, w->err.code ? NULL : w->result, w->result_len, &w->err);
}

static void worker_on_child(struct loop *loop, int status, void *arg)
{
	struct worker *w = arg;

	(void)loop;
	w->exited = true;
	w->status = status;
	w->child_id = 0;
	proc_reaped(&w->proc);
	worker_finish(w);
}

static void worker_give_up(struct worker *w)
{
	proc_signal(&w->proc, SIGKILL);
}

static void worker_on_limit(struct loop *loop, void *arg)
{
	struct worker *w = arg;

	(void)loop;
	err_set(&w->err, EXIT_MACHINE, -ETIMEDOUT,
		"the workload's %s took more than %g s and was stopped",
		w->going ? "timed part" : "set-up", w->limit);
	worker_give_up(w);
}

static void worker_on_ready(struct worker *w, const struct view *proof)
{
	w->ready = true;
	if (w->calls->ready)
		w->calls->ready(w->arg, proof->json, proof->json_len);
	else
		worker_go(w, &w->err);
}

static void worker_on_error(struct worker *w, const struct view *msg)
{
	const struct view *code = view_get(msg, "code"), *status = view_get(msg, "exit");
	const struct view *text = view_get(msg, "error");
	bool good = code && code->type == JSON_INTEGER && code->whole < 0 &&
		    status && status->type == JSON_INTEGER &&
		    status->whole > EXIT_DONE && status->whole <= EXIT_INCOMPLETE &&
		    text->type == JSON_STRING;

	if (good)
		err_set(&w->err, status->whole, code->whole, "%s", text->text);
	else
		err_set(&w->err, EXIT_MACHINE, -EPROTO,
			"the workload's process failed and did not say how");
}

/* Reads any message but the result, which may be long and is not parsed here. */
static int worker_read(struct worker *w, const struct frame *f)
{
	const struct view *msg, *v;
	int ret = view_parse(&w->doc, f->payload, f->len, &msg, &w->err);

	if (ret)
		return ret;
	if ((v = view_get(msg, "ready")))
		worker_on_ready(w, v);
	else if ((v = view_get(msg, "progress")) && v->type == JSON_STRING) {
		if (w->calls->progress)
			w->calls->progress(w->arg, v->text);
	} else if (view_get(msg, "error"))
		worker_on_error(w, msg);
	else
		return err_set(&w->err, EXIT_MACHINE, -EPROTO,
			       "the workload's process sent an unknown message");
	return 0;
}

static int worker_keep(struct worker *w, const char *piece, size_t len)
{
	char *more = realloc(w->result, w->result_len + len + 1);

	if (!more)
		return err_sys(&w->err, ENOMEM, "cannot keep a workload's result");
	w->result = more;
	memcpy(more + w->result_len, piece, len);
	w->result_len += len;
	more[w->result_len] = '\0';
	return 0;
}

static void worker_on_frame(void *arg, const struct frame *f)
{
	struct worker *w = arg;
	bool last = f->len && *f->payload == LAST_PIECE;
	int ret;

	if (last || (f->len && *f->payload == PIECE))
		ret = worker_keep(w, f->payload + 1, f->len - 1);
	else
		ret = worker_read(w, f);
	if (ret)
		worker_give_up(w);
	w->whole |= last && !ret;
}

static void worker_on_closed(void *arg, const struct err *why)
{
	struct worker *w = arg;

	if (why->code != -ECONNRESET) {
		err_set(&w->err, why->exit, why->code, "%s", why->text);
		worker_give_up(w);
	}
	w->drained = true;
	worker_finish(w);
}

/* Owns `fd` from here on, even if this fails. */
static int worker_watch(struct worker *w, int fd, struct err *err)
{
	int ret = link_init(&w->link, w->loop, fd, fd, 0, worker_on_frame,
			    worker_on_closed, w, err);

	if (ret)
		return ret;
	w->child_id = loop_add_child(w->loop, w->proc.pidfd, worker_on_child, w);
	return w->child_id < 0 ? err_sys(err, ENOMEM, "cannot watch a workload") : 0;
}

static void worker_init(struct worker *w, struct loop *l,
			const struct worker_calls *calls, void *arg)
{
	*w = (struct worker){ .loop = l, .calls = calls, .arg = arg,
			      .proc = PROC_INIT, .doc = VIEW_DOC_INIT };
}

int worker_spawn(struct worker *w, struct loop *l, const char *const argv[],
		 const struct worker_calls *calls, void *arg, struct err *err)
{
	struct proc_options o = { .argv = argv, .err = PROC_INHERIT };
	int ends[2], ret = proc_socketpair(ends, err);

	worker_init(w, l, calls, arg);
	if (!ret) {
		o.in = o.out = ends[1];
		ret = proc_spawn(&w->proc, &o, err);
		close(ends[1]);
		if (ret)
			close(ends[0]);
		else
			ret = worker_watch(w, ends[0], err);
	}
	if (ret)
		worker_release(w);
	return ret;
}

struct worker_start {
	int (*fn)(void *fn_arg, int fd);
	void *fn_arg;
	int ends[2];
};

static int worker_child(void *arg)
{
	struct worker_start *s = arg;

	close(s->ends[0]);
	return s->fn(s->fn_arg, s->ends[1]);
}

int worker_fork(struct worker *w, struct loop *l, int (*fn)(void *fn_arg, int fd),
		void *fn_arg, const struct worker_calls *calls, void *arg,
		struct err *err)
{
	struct worker_start s = { .fn = fn, .fn_arg = fn_arg };
	int ret = proc_socketpair(s.ends, err);

	worker_init(w, l, calls, arg);
	if (!ret) {
		fflush(NULL);
		ret = proc_fork(&w->proc, worker_child, &s, err);
		close(s.ends[1]);
		if (ret)
			close(s.ends[0]);
		else
			ret = worker_watch(w, s.ends[0], err);
	}
	if (ret)
		worker_release(w);
	return ret;
}

void worker_release(struct worker *w)
{
	if (!w->loop)
		return;
	loop_remove(w->loop, w->child_id);
	loop_remove(w->loop, w->timer_id);
	proc_release(&w->proc);
	link_release(&w->link);
	view_release(&w->doc);
	free(w->result);
	memset(w, 0, sizeof(*w));
}

int worker_ask(struct worker *w, const char *request, size_t len, struct err *err)
{
	char *text;
	int n = asprintf(&text, "{\"run\":%.*s}", (int)len, request), ret;

	if (n < 0)
		return err_sys(err, ENOMEM, "cannot ask for a workload");
	ret = link_send_payload(&w->link, FRAME_GUEST, text, n, err);
	free(text);
	return ret;
}

int worker_go(struct worker *w, struct err *err)
{
	w->going = true;
	return link_send(&w->link, FRAME_GUEST, json_pack("{s:b}", "go", 1), err);
}

int worker_limit(struct worker *w, double seconds, struct err *err)
{
	loop_remove(w->loop, w->timer_id);
	w->limit = seconds;
	w->timer_id = loop_add_timer(w->loop, seconds, worker_on_limit, w);
	return w->timer_id < 0 ? err_sys(err, ENOMEM, "cannot watch a workload") : 0;
}

void worker_cancel(struct worker *w)
{
	err_set(&w->err, EXIT_MACHINE, -ECANCELED, "cancelled");
	worker_give_up(w);
}

/* --- the child's side ------------------------------------------------------- */

static void worker_work_on_frame(void *arg, const struct frame *f)
{
	struct work *w = arg;
	struct message m;
	const struct view *go;

	if (message_take(&m, f, &w->ended))
		return;
	go = view_get(m.root, "go");
	if (view_get(m.root, "run") && !w->request.root) {
		w->request = m;
		return;
	}
	if (go && go->type == JSON_TRUE)
		w->go = true;
	else
		err_set(&w->ended, EXIT_MACHINE, -EPROTO,
			"the agent said neither run nor go");
	message_release(&m);
}

static void worker_work_on_closed(void *arg, const struct err *why)
{
	struct work *w = arg;

	err_set(&w->ended, EXIT_MACHINE, why->code, "the agent is gone");
}

int work_open(struct work *w, int in, int out, struct err *err)
{
	int ret;

	*w = (struct work){ .loop = NULL };
	ret = loop_new(&w->loop, err);
	return ret ? ret : link_init(&w->link, w->loop, in, out, 0, worker_work_on_frame,
				     worker_work_on_closed, w, err);
}

static bool worker_work_was_asked(void *arg)
{
	const struct work *w = arg;

	return w->request.root || w->ended.code;
}

static bool worker_work_may_go(void *arg)
{
	const struct work *w = arg;

	return w->go || w->ended.code;
}

static int worker_work_wait(struct work *w, bool (*done)(void *), struct err *err)
{
	int ret = loop_run_until(w->loop, done, w, -1);

	if (ret)
		return err_sys(err, -ret, "cannot wait for the agent");
	if (w->ended.code)
		return err_set(err, w->ended.exit, w->ended.code, "%s", w->ended.text);
	return 0;
}

int work_hear(struct work *w, const struct view **request, struct err *err)
{
	int ret = worker_work_wait(w, worker_work_was_asked, err);

	return ret ? ret : view_list(w->request.root, "run", JSON_OBJECT, request, err);
}

int work_hold(void *work, const json_t *proof, struct err *err)
{
	struct work *w = work;
	int ret = link_send(&w->link, FRAME_GUEST,
			    json_pack("{s:O}", "ready", (json_t *)proof), err);

	return ret ? ret : worker_work_wait(w, worker_work_may_go, err);
}

void work_progress(void *work, const char *text)
{
	struct work *w = work;

	link_send(&w->link, FRAME_GUEST, json_pack("{s:s}", "progress", text), NULL);
}

static int worker_work_send_result(struct work *w, const char *result)
{
	size_t left = strlen(result);
	char *piece = malloc(PIECE_MAX);
	int ret = piece ? 0 : -ENOMEM;

	while (!ret && left) {
		size_t n = left < PIECE_MAX - 1 ? left : PIECE_MAX - 1;

		*piece = n == left ? LAST_PIECE : PIECE;
		memcpy(piece + 1, result, n);
		ret = link_send_payload(&w->link, FRAME_GUEST, piece, n + 1, NULL);
		if (!ret)
			ret = link_flush(&w->link, LAST_WORDS_SECONDS);
		result += n;
		left -= n;
	}
	free(piece);
	return ret;
}

int work_close(struct work *w, const char *result, const struct err *why)
{
	int ret = -EIO;

	if (w->link.loop) {
		ret = result ? worker_work_send_result(w, result)
			     : link_send(&w->link, FRAME_GUEST,
					 json_pack("{s:s, s:i, s:i}", "error", why->text,
						   "code", why->code, "exit", why->exit), NULL);
		if (!ret)
			ret = link_flush(&w->link, LAST_WORDS_SECONDS);
	}
	link_release(&w->link);
	loop_free(w->loop);
	message_release(&w->request);
	return ret || !result;
}
