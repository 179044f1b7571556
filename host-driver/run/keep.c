/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "keep.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "loop.h"
#include "message.h"
#include "safe.h"

#define FOR_EVER 1e9		/* seconds */

/* --- the gdb stub ------------------------------------------------------------- */

int keep_stub_open(struct keep_stub *s, struct machine *m, struct err *err)
{
	const char *tmp = scratch_place();

	if (strlen(tmp) > KEEP_PATH_MAX || strchr(tmp, ','))
		tmp = "/tmp";
	snprintf(s->dir, sizeof(s->dir), "%s/kduel-gdb-XXXXXX", tmp);
	s->held = scratch_make(s->dir, err);
	if (s->held < 0) {
		*s->dir = '\0';
		return s->held;
	}
	snprintf(s->option, sizeof(s->option), "unix:%s/gdb,server=on,wait=off", s->dir);
	m->gdb = s->option;
	return 0;
}

void keep_stub_say(const struct keep_stub *s, const char *image)
{
	const char *slash = image ? strrchr(image, '/') : NULL;
	char *vmlinux = slash ? text_format(" %.*s/vmlinux", (int)(slash - image), image) : NULL;

	fprintf(stderr, "kduel: gdb%s -ex 'target remote %s/gdb'\n",
		vmlinux && !access(vmlinux + 1, R_OK) ? vmlinux : "", s->dir);
	free(vmlinux);
}

void keep_stub_close(struct keep_stub *s)
{
	if (!*s->dir)
		return;
	scratch_remove(s->dir, s->held);
	*s->dir = '\0';
}

/* --- the user's end of a shell -------------------------------------------------- */

static void keep_on_input(struct loop *l, int fd, unsigned events, void *arg)
{
	struct keep_terminal *t = arg;
	ssize_t n = read(fd, t->input, sizeof(t->input));

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	t->n = n > 0 ? n : -1;
	/* Read no more until the shell has this. */
	loop_set_events(l, t->input_id, 0);
}

static int keep_print(struct keep_terminal *t, const char *bytes, size_t n)
{
	while (n) {
		ssize_t done = write(STDOUT_FILENO, bytes, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0) {
			t->stopped = true;
			return -EINTR;
		}
		bytes += done;
		n -= done;
	}
	return 0;
}

/* Passes on what the user typed. */
static int keep_say(struct keep_terminal *t, struct wire *w, enum frame_channel channel)
{
	char hex[2 * KEEP_READ_MAX + 1];
	json_t *args = json_object();
	struct message reply;
	int ret;

	if (t->n > 0) {
		hex_write(t->input, t->n, hex);
		json_object_set_new(args, "data", json_string(hex));
	}
	if (t->n < 0 && !t->ended_input)
		json_object_set_new(args, "end", json_true());
	if (t->interrupted)
		json_object_set_new(args, "interrupt", json_true());
	t->ended_input |= t->n < 0;
	t->interrupted = false;
	t->n = 0;
	if (!t->ended_input)
		loop_set_events(t->loop, t->input_id, POLLIN);
	/* Refused if the shell has ended meanwhile, which the pending read reports. */
	ret = wire_call(w, channel, "shell-write", args, w->o->limits.proof, &reply);
	message_release(&reply);
	return ret;
}

struct turn {
	struct keep_terminal *t;
	struct call read;
};

static bool keep_has_news(void *arg)
{
	struct turn *turn = arg;

	return turn->read.reply.root || turn->t->n || turn->t->interrupted;
}

/* Prints the shell's output: 0, 1 at its end, or an error. */
static int keep_hear(struct keep_terminal *t, struct wire *w, const struct message *reply)
{
	enum message_class class;
	char bytes[KEEP_READ_MAX];
	const char *hex;
	ssize_t n;

	if (!wire_is_ok(reply, &class))
		return wire_fail(w, "failed", "the shell is gone");
	if (view_get(reply->root, "status"))
		return 1;
	if (view_string(reply->root, "data", &hex, NULL) ||
	    (n = hex_read(hex, bytes, sizeof(bytes))) < 0)
		return wire_fail(w, "protocol", "shell-read: neither data nor an end");
	return keep_print(t, bytes, n);
}

static int keep_talk(struct keep_terminal *t, struct wire *w, enum frame_channel channel)
{
	int ret = 0;

	while (!ret) {
		struct turn turn = { .t = t };

		ret = wire_send(w, &turn.read, channel, "shell-read", NULL);
		while (!ret && !turn.read.reply.root) {
			ret = wire_wait(w, keep_has_news, &turn, FOR_EVER, channel, "the shell");
			if (!ret && (t->n || t->interrupted))
				ret = keep_say(t, w, channel);
		}
		if (!ret)
			ret = keep_hear(t, w, &turn.read.reply);
		wire_forget(w, &turn.read);
	}
	return ret > 0 ? 0 : ret;
}

int keep_shell(struct keep_terminal *t, struct wire *w, enum frame_channel channel,
	       const char *arm)
{
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
		channel == FRAME_GUEST ? "guest" : "machine under test", arm);
	t->open = true;
	t->ended_input = false;
	t->n = 0;
	t->input_id = loop_add_fd(t->loop, STDIN_FILENO, POLLIN, keep_on_input, t);
	ret = keep_talk(t, w, channel);
	t->open = false;
	loop_remove(t->loop, t->input_id);
	return ret;
}

bool keep_interrupt(struct keep_terminal *t)
{
	if (t->open)
		t->interrupted = true;
	return t->open;
}

/* --- a machine that has failed --------------------------------------------------- */

static bool keep_is_over(void *arg)
{
	return ((struct keep_terminal *)arg)->stopped;
}

void keep_hold(struct keep_terminal *t, const struct keep_stub *s, struct wire *w,
	       const struct session_result *r, const char *arm)
{
	bool dead = !strcmp(w->class, "panic") || !strcmp(w->class, "hang") || !w->hello[FRAME_NODE];

	if (w->child_ended) {
		fprintf(stderr, "kduel: %s: nothing is left of the machine\n", arm);
		return;
	}
	w->kept = true;
	w->guest_expected = false;
	w->class[0] = '\0';
	fprintf(stderr, "kduel: %s is kept running: %s%s%.300s; Ctrl-C ends it, and the campaign\n",
		arm, *r->text ? r->class : "a cell failed", *r->text ? ": " : "", r->text);
	if (w->o->console_log)
		fprintf(stderr, "kduel: its console: %s\n", w->o->console_log);
	if (*s->dir)
		keep_stub_say(s, w->o->kernel);
	if (!dead && isatty(STDIN_FILENO) && w->o->machine->shell &&
	    !keep_shell(t, w, FRAME_NODE, arm))
		return;
	w->class[0] = '\0';
	wire_wait_for(w, keep_is_over, t, FOR_EVER);
}
