/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shell.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arm-kernels.h"
#include "lib/hex.h"
#include "lib/loop.h"
#include "lib/proc.h"
#include "lib/safe.h"
#include "machine/machine.h"
#include "session-wire.h"

#define READ_MAX 4096		/* bytes of one request, as the agent has it */
#define FOR_EVER 1e9		/* seconds */
#define MOST_OF_PATH 80		/* of a socket's 108 bytes */

struct visit {
	const struct shell_options *o;
	struct loop *loop;
	struct machine machine;
	struct arm_kernels kernels;
	struct kernel_watch build;
	char gdb_dir[MOST_OF_PATH + 30], gdb[MOST_OF_PATH + 80];
	bool open;		/* the shell is there: an interrupt is for it */
	bool stopped, interrupted;
	bool ended_input;	/* and the shell was told */
	char input[READ_MAX];
	ssize_t n;		/* bytes in it; -1: the input has ended */
	int64_t input_id;

};

static void shell_on_signal(struct loop *l, int signo, void *arg)
{
	struct visit *v = arg;

	(void)l;
	if (signo == SIGINT && v->open)
		v->interrupted = true;
	else
		v->stopped = true;
}

static bool shell_abandoned(void *arg)
{
	return ((struct visit *)arg)->stopped;
}

/* --- the gdb stub ------------------------------------------------------------- */

static int shell_make_gdb(struct visit *v, struct err *err)
{
	const char *tmp = getenv("TMPDIR");

	if (!v->o->gdb)
		return 0;
	if (!tmp || *tmp != '/' || strlen(tmp) > MOST_OF_PATH || strchr(tmp, ','))
		tmp = "/tmp";
	snprintf(v->gdb_dir, sizeof(v->gdb_dir), "%s/kduel-gdb-XXXXXX", tmp);
	if (!mkdtemp(v->gdb_dir)) {
		int error = errno;

		err_sys(err, error, "cannot make %s", v->gdb_dir);
		*v->gdb_dir = '\0';
		return -error;
	}
	snprintf(v->gdb, sizeof(v->gdb), "unix:%s/gdb,server=on,wait=off", v->gdb_dir);
	v->machine.gdb = v->gdb;
	return 0;
}

static void shell_remove_gdb(struct visit *v)
{
	char path[sizeof(v->gdb)];

	if (!*v->gdb_dir)
		return;
	snprintf(path, sizeof(path), "%s/gdb", v->gdb_dir);
	unlink(path);
	rmdir(v->gdb_dir);
}

/* --- the user's end --------------------------------------------------------------- */

static void shell_on_input(struct loop *l, int fd, unsigned events, void *arg)
{
	struct visit *v = arg;
	ssize_t n = read(fd, v->input, sizeof(v->input));

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	v->n = n > 0 ? n : -1;
	/* Nothing more until this is with the shell. */
	loop_set_events(l, v->input_id, 0);
}

static int shell_print(struct visit *v, const char *bytes, size_t n)
{
	while (n) {
		ssize_t done = write(STDOUT_FILENO, bytes, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0) {
			v->stopped = true;
			return -EINTR;
		}
		bytes += done;
		n -= done;
	}
	return 0;
}

/* Passes on what the user typed. */
static int shell_say(struct visit *v, struct wire *w, enum frame_channel channel)
{
	char hex[2 * READ_MAX + 1];
	json_t *args = json_object();
	struct message reply;
	int ret;

	if (v->n > 0) {
		hex_write(v->input, v->n, hex);
		json_object_set_new(args, "data", json_string(hex));
	}
	if (v->n < 0 && !v->ended_input)
		json_object_set_new(args, "end", json_true());
	if (v->interrupted)
		json_object_set_new(args, "interrupt", json_true());
	v->ended_input |= v->n < 0;
	v->interrupted = false;
	v->n = 0;
	if (!v->ended_input)
		loop_set_events(v->loop, v->input_id, POLLIN);
	/* Refused when the shell has ended meanwhile, which the read says. */
	ret = wire_call(w, channel, "shell-write", args, w->o->limits.proof, &reply);
	message_release(&reply);
	return ret;
}

struct turn {
	struct visit *v;
	struct call read;
};

static bool shell_has_news(void *arg)
{
	struct turn *t = arg;

	return t->read.reply.root || t->v->n || t->v->interrupted;
}

/* What the shell said: 0, 1 at its end, or an error. */
static int shell_hear(struct visit *v, struct wire *w, const struct message *reply)
{
	enum message_class class;
	char bytes[READ_MAX];
	const char *hex;
	ssize_t n;

	if (!wire_is_ok(reply, &class))
		return wire_fail(w, "failed", "the shell is gone");
	if (view_get(reply->root, "status"))
		return 1;
	if (view_string(reply->root, "data", &hex, NULL) ||
	    (n = hex_read(hex, bytes, sizeof(bytes))) < 0)
		return wire_fail(w, "protocol", "shell-read: neither data nor an end");
	return shell_print(v, bytes, n);
}

static int shell_talk(struct visit *v, struct wire *w, enum frame_channel channel)
{
	int ret = 0;

	while (!ret) {
		struct turn t = { .v = v };

		ret = wire_send(w, &t.read, channel, "shell-read", NULL);
		while (!ret && !t.read.reply.root) {
			ret = wire_wait(w, shell_has_news, &t, FOR_EVER, channel, "the shell");
			if (!ret && (v->n || v->interrupted))
				ret = shell_say(v, w, channel);
		}
		if (!ret)
			ret = shell_hear(v, w, &t.read.reply);
		wire_forget(w, &t.read);
	}
	return ret > 0 ? 0 : ret;
}

static int shell_open(void *arg, struct wire *w, enum frame_channel channel)
{
	struct visit *v = arg;
	enum message_class class;
	struct message reply;
	char text[300];
	int ret = wire_call(w, channel, "shell", NULL, w->o->limits.proof, &reply);

	if (!ret && !wire_is_ok(&reply, &class))
		ret = wire_fail(w, "failed", "no shell: %s",
				message_text(view_get(reply.root, "text"), text, sizeof(text)));
	message_release(&reply);
	if (ret)
		return ret;
	fprintf(stderr, "kduel: a shell in the %s of %s; exit ends both, Ctrl-\\ at once\n",
		v->o->in_guest ? "guest" : "machine under test", v->o->arm->name);
	v->open = true;
	v->input_id = loop_add_fd(v->loop, STDIN_FILENO, POLLIN, shell_on_input, v);
	ret = shell_talk(v, w, channel);
	v->open = false;
	loop_remove(v->loop, v->input_id);
	return ret;
}

/* --- the machine ---------------------------------------------------------------- */

static int shell_on_record(void *arg, const char *text, size_t len, struct err *err)
{
	(void)arg;
	(void)text;
	(void)len;
	(void)err;
	return 0;
}

static void shell_on_phase(void *arg, const char *phase, const char *cell)
{
	struct visit *v = arg;

	if (strcmp(phase, "at"))
		fprintf(stderr, "kduel: %s%s%s\n", phase, cell ? " " : "", cell ? cell : "");
	if (!strcmp(phase, "boot") && *v->gdb_dir)
		fprintf(stderr, "kduel: gdb -ex 'target remote %s/gdb'\n", v->gdb_dir);
}

static int shell_on_build(const struct kernel_progress *k, void *arg)
{
	struct visit *v = arg;
	char text[160];

	loop_step(v->loop, 0);
	kernel_watch_text(k, text, sizeof(text));
	if (kernel_watch_due(&v->build, k))
		fprintf(stderr, "kduel: kernel %s\n", text);
	return v->stopped;
}

static int shell_prepare(struct visit *v, struct err *err)
{
	const struct shell_options *o = v->o;
	const struct machine_kind_ops *ops = machine_ops(o->plan);
	char *busybox = proc_find("busybox");
	int ret = 0;

	machine_init(&v->machine, ops, o->plan, v->loop);
	if (!ops->boots_image)
		ret = err_config(err, "kduel shell boots a machine of its own, and this campaign's is of kind %s; add --machine vm",
				 ops->name);
	else if (!busybox)
		ret = err_machine(err, "kduel shell needs busybox (Debian package busybox-static)");
	free(busybox);
	v->machine.shell = true;
	if (!ret)
		ret = shell_make_gdb(v, err);
	if (!ret)
		ret = arm_kernels_resolve(&v->kernels, o->plan, err);
	if (!ret)
		ret = arm_kernels_ensure(&v->kernels, shell_on_build, v, err);
	if (!ret)
		ret = machine_prepare(&v->machine,
				      arm_kernels_guest(&v->kernels, o->plan)->image, err);
	return ret;
}

static int shell_boot(struct visit *v, struct err *err)
{
	const struct shell_options *o = v->o;
	const struct kernel *k = arm_kernels_of(&v->kernels, o->arm, o->arm->layouts[0]);
	struct plan_boot boot = { .boot = 1, .block = 1, .arm = o->arm - o->plan->arms };
	struct session_options so = {
		.plan = o->plan, .boot = &boot, .attempt = 1, .machine = &v->machine,
		.kernel = k->image, .release = k->release, .modules = k->modules,
		.debug_vm = o->console,
		.visit = shell_open, .visit_arg = v, .in_guest = o->in_guest,
		.limits = session_limits(machine_domain(&v->machine), 2),
		.calls = { .record = shell_on_record, .phase = shell_on_phase,
			   .abandoned = shell_abandoned, .arg = v },
	};
	struct session_result r;
	int ret = session_run(&so, &r, err);

	if (ret == -EINTR)
		return err_set(err, EXIT_INCOMPLETE, -EINTR, "left");
	if (!ret && strcmp(r.class, "ok"))
		ret = err_machine(err, "%s: %s", r.class, r.text);
	return ret;
}

int shell_run(const struct shell_options *o, struct err *err)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct visit *v = calloc(1, sizeof(*v));
	int ret = v ? loop_new(&v->loop, err) : err_sys(err, ENOMEM, "a shell");

	if (ret) {
		free(v);
		return ret;
	}
	v->o = o;
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		loop_add_signal(v->loop, signals[i], shell_on_signal, v);
	ret = shell_prepare(v, err);
	if (!ret)
		ret = shell_boot(v, err);
	machine_release(&v->machine);
	shell_remove_gdb(v);
	arm_kernels_release(&v->kernels);
	loop_free(v->loop);
	free(v);
	return ret;
}
