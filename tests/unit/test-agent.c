/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kduel-agent as a plain process: the requests, a workload from run to result,
 * the relay between a node and a guest whose QEMU is a script, and each fault.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "file.h"
#include "link.h"
#include "message.h"
#include "proc.h"

#define NONCE 0xab
#define LIMIT_S 20

/* One agent and what it said. */
struct peer {
	struct loop *loop;
	struct proc proc;
	struct link link;
	json_t *said;		/* messages not yet looked at */
	struct err ended;	/* code 0: the stream is open */
	int64_t id;
};

static char agent[PATH_MAX], scratch[64];

static void on_frame(void *arg, const struct frame *f)
{
	struct peer *p = arg;
	json_t *msg = json_loadb(f->payload, f->len, JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(msg);
	json_object_set_new(msg, "channel", json_integer(f->channel));
	json_array_append_new(p->said, msg);
}

static void on_closed(void *arg, const struct err *why)
{
	((struct peer *)arg)->ended = *why;
}

static void start(struct peer *p, const char *role, const char *fault)
{
	char role_arg[32], fault_arg[64];
	const char *argv[] = { agent, role_arg, "--stdio", "--nonce=ab", fault_arg, NULL };
	struct proc_options o = { .argv = argv, .in = PROC_PIPE, .out = PROC_PIPE };

	memset(p, 0, sizeof(*p));
	snprintf(role_arg, sizeof(role_arg), "--role=%s", role);
	snprintf(fault_arg, sizeof(fault_arg), "--fault=%s", fault);
	assert_int_equal(loop_new(&p->loop, NULL), 0);
	assert_int_equal(proc_spawn(&p->proc, &o, NULL), 0);
	p->said = json_array();
	assert_int_equal(link_init(&p->link, p->loop, p->proc.out, p->proc.in, NONCE,
				   on_frame, on_closed, p, NULL), 0);
	p->proc.in = p->proc.out = -1;	/* the link's now */
}

static void stop(struct peer *p)
{
	link_release(&p->link);
	proc_release(&p->proc);
	loop_free(p->loop);
	json_decref(p->said);
}

static int64_t send_request(struct peer *p, enum frame_channel ch, const char *op,
			    json_t *fields)
{
	json_t *msg = message_request(op, ++p->id);

	if (fields)
		json_object_update(msg, fields);
	json_decref(fields);
	assert_int_equal(link_send(&p->link, ch, msg, NULL), 0);
	return p->id;
}

/* The first message with this field and value, taken out; NULL if none came. */
static json_t *take(struct peer *p, const char *key, const json_t *value)
{
	json_t *msg;
	size_t i;

	json_array_foreach(p->said, i, msg) {
		if (!json_equal(json_object_get(msg, key), value) ||
		    (!strcmp(key, "re") && json_object_get(msg, "event")))
			continue;
		json_incref(msg);
		json_array_remove(p->said, i);
		return msg;
	}
	return NULL;
}

static json_t *await(struct peer *p, const char *key, json_t *value, double seconds)
{
	double end = loop_now() + seconds;
	json_t *msg;

	while (!(msg = take(p, key, value)) && !p->ended.code && loop_now() < end)
		loop_step(p->loop, end - loop_now());
	if (!msg)
		msg = take(p, key, value);
	json_decref(value);
	return msg;
}

static json_t *reply_to(struct peer *p, int64_t id)
{
	json_t *msg = await(p, "re", json_integer(id), LIMIT_S);

	assert_non_null(msg);
	return msg;
}

static json_t *event(struct peer *p, const char *name)
{
	json_t *msg = await(p, "event", json_string(name), LIMIT_S);

	assert_non_null(msg);
	return msg;
}

static void expect_ok(struct peer *p, int64_t id)
{
	json_t *msg = reply_to(p, id);

	if (!json_is_true(json_object_get(msg, "ok")))
		print_message("%s\n", json_string_value(json_object_get(msg, "text")));
	assert_true(json_is_true(json_object_get(msg, "ok")));
	json_decref(msg);
}

static void expect_failure(struct peer *p, int64_t id, const char *class,
			   const char *says)
{
	json_t *msg = reply_to(p, id);

	assert_true(json_is_false(json_object_get(msg, "ok")));
	assert_string_equal(json_string_value(json_object_get(msg, "class")), class);
	assert_non_null(strstr(json_string_value(json_object_get(msg, "text")), says));
	json_decref(msg);
}

static int exit_code(struct peer *p)
{
	int status;

	assert_int_equal(proc_wait(&p->proc, LIMIT_S, &status), 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static json_t *null_workload(void)
{
	return json_pack("{s:s, s:s, s:i}", "workload", "null", "source", "anon-4k",
			 "seed", 3);
}

static void says_hello_and_answers(void **state)
{
	struct peer p;
	json_t *msg;

	(void)state;
	start(&p, "node", "");
	msg = event(&p, "hello");
	assert_string_equal(json_string_value(json_object_get(msg, "role")), "node");
	assert_int_equal(json_integer_value(json_object_get(msg, "protocol")), 1);
	json_decref(msg);
	expect_ok(&p, send_request(&p, FRAME_NODE, "ping", NULL));
	expect_ok(&p, send_request(&p, FRAME_NODE, "env", NULL));
	expect_failure(&p, send_request(&p, FRAME_NODE, "dance", NULL), "bad-request", "'dance'");
	expect_failure(&p, send_request(&p, FRAME_NODE, "run", null_workload()),
		       "bad-request", "'run'");
	expect_failure(&p, send_request(&p, FRAME_NODE, "prepare", NULL),
		       "bad-request", "backing: ");
	expect_failure(&p, send_request(&p, FRAME_NODE, "prepare",
		json_pack("{s:s, s:s}", "backing", "fsdax-xfs", "size", "64M")),
		"bad-request", "name one that holds nothing");
	expect_failure(&p, send_request(&p, FRAME_NODE, "proof", NULL), "lost", "no guest");
	expect_failure(&p, send_request(&p, FRAME_NODE, "count", NULL), "lost", "no guest");
	expect_failure(&p, send_request(&p, FRAME_GUEST, "ping", NULL), "lost", "no guest");
	expect_failure(&p, send_request(&p, FRAME_NODE, "doctor", NULL), "lost", "no guest");
	expect_ok(&p, send_request(&p, FRAME_NODE, "poweroff", NULL));
	assert_int_equal(exit_code(&p), 0);
	stop(&p);
}

static void runs_a_workload(void **state)
{
	struct peer p;
	json_t *msg;
	int64_t id;

	(void)state;
	start(&p, "guest", "");
	id = send_request(&p, FRAME_GUEST, "run", null_workload());
	msg = event(&p, "ready");
	assert_int_equal(json_integer_value(json_object_get(msg, "re")), id);
	assert_true(json_is_object(json_object_get(msg, "proof")));
	json_decref(msg);
	expect_failure(&p, send_request(&p, FRAME_GUEST, "run", null_workload()),
		       "busy", "one at a time");
	expect_failure(&p, send_request(&p, FRAME_GUEST, "go", json_pack("{s:i}", "run", 99)),
		       "bad-request", "no run 99");
	expect_ok(&p, send_request(&p, FRAME_GUEST, "doctor", NULL));
	expect_ok(&p, send_request(&p, FRAME_GUEST, "go", json_pack("{s:I}", "run", (json_int_t)id)));
	msg = reply_to(&p, id);
	assert_string_equal(json_string_value(json_object_get(json_object_get(msg, "result"),
							      "workload")), "null");
	json_decref(msg);
	stop(&p);
}

static void refuses_cancels_and_limits_workloads(void **state)
{
	struct peer p;
	int64_t id;

	(void)state;
	start(&p, "guest", "");
	expect_failure(&p, send_request(&p, FRAME_GUEST, "run",
		json_pack("{s:s, s:s}", "workload", "nope", "source", "anon-4k")),
		"bad-request", "nope");
	expect_failure(&p, send_request(&p, FRAME_GUEST, "run",
		json_pack("{s:s, s:s, s:i}", "workload", "null", "source", "anon-4k", "cpu", -4)),
		"bad-request", "cpu: ");
	expect_failure(&p, send_request(&p, FRAME_GUEST, "run",
		json_pack("{s:s, s:s, s:i}", "workload", "null", "source", "anon-4k",
			  "stagger", 65537)),
		"bad-request", "stagger: ");
	id = send_request(&p, FRAME_GUEST, "run", null_workload());
	json_decref(event(&p, "ready"));
	expect_ok(&p, send_request(&p, FRAME_GUEST, "cancel", json_pack("{s:I}", "run", (json_int_t)id)));
	expect_failure(&p, id, "failed", "cancelled");
	id = send_request(&p, FRAME_GUEST, "run", json_pack("{s:s, s:s, s:i}", "workload",
		"null", "source", "anon-4k", "limit", 1));
	expect_failure(&p, id, "timeout", "set-up");	/* nobody says go */
	stop(&p);
}

/* The node's fault must end the stream or the process as it says. */
static void faults_do_what_they_say(void **state)
{
	struct peer p;

	(void)state;
	start(&p, "guest", "exit@ping");
	send_request(&p, FRAME_GUEST, "ping", NULL);
	assert_int_equal(exit_code(&p), 1);
	stop(&p);

	start(&p, "guest", "panic@ping");
	send_request(&p, FRAME_GUEST, "ping", NULL);
	assert_int_not_equal(exit_code(&p), 0);
	stop(&p);

	start(&p, "guest", "hang@ping");
	json_decref(event(&p, "hello"));
	send_request(&p, FRAME_GUEST, "ping", NULL);
	assert_null(await(&p, "re", json_integer(p.id), 0.3));
	assert_int_equal(p.ended.code, 0);
	stop(&p);

	start(&p, "guest", "garbage@ping");
	send_request(&p, FRAME_GUEST, "ping", NULL);
	assert_null(await(&p, "re", json_integer(p.id), LIMIT_S));
	assert_int_equal(p.ended.code, -EPROTO);
	stop(&p);
}

/* A guest's QEMU that is the guest's agent, or whatever `body` says. */
/* bash, since dash redirects to descriptors below 10 only. */
static void fake_qemu(const char *body)
{
	char path[128], *text = NULL;
	int n = asprintf(&text, "#!/bin/bash\n"
		"for a; do case $a in\n"
		"socket,id=link,fd=*) link=${a##*=} ;;\n"
		"socket,id=console,fd=*) console=${a##*=} ;;\n"
		"*kduel.nonce=*) nonce=${a##*kduel.nonce=}; nonce=${nonce%%%% *} ;;\n"
		"esac; done\nagent=%s\n%s\n", agent, body);

	assert_true(n > 0);
	snprintf(path, sizeof(path), "%s/qemu", scratch);
	assert_int_equal(file_publish(path, text, n, NULL), 0);
	assert_int_equal(chmod(path, 0755), 0);
	setenv("KDUEL_QEMU", path, 1);
	free(text);
}

static void start_guest(struct peer *p, const char *qemu)
{
	fake_qemu(qemu);
	start(p, "node", "");
	json_decref(event(p, "hello"));
	expect_ok(p, send_request(p, FRAME_NODE, "prepare",
		json_pack("{s:s, s:s}", "backing", "memfd", "size", "64M")));
	expect_ok(p, send_request(p, FRAME_NODE, "guest-start",
		json_pack("{s:i, s:s, s:s, s:s}", "cpus", 1, "nonce", "cd",
			  "accel", "tcg", "cmdline", "kduel.nonce=cd kduel.role=guest")));
}

static void relays_between_driver_and_guest(void **state)
{
	struct peer p;
	json_t *msg;
	int64_t id;

	(void)state;
	start_guest(&p, "eval \"exec $agent --role=guest --stdio --nonce=$nonce <&$link >&$link\"");
	msg = event(&p, "hello");
	assert_int_equal(json_integer_value(json_object_get(msg, "channel")), FRAME_GUEST);
	json_decref(msg);
	id = send_request(&p, FRAME_GUEST, "run", null_workload());
	json_decref(event(&p, "ready"));
	expect_ok(&p, send_request(&p, FRAME_NODE, "proof", NULL));
	expect_failure(&p, send_request(&p, FRAME_NODE, "count-stop", NULL),
		       "bad-request", "nothing is being counted");
	expect_failure(&p, send_request(&p, FRAME_NODE, "count", NULL), "bad-request", "events: ");
	expect_ok(&p, send_request(&p, FRAME_NODE, "count", json_pack("{s:[{s:s, s:s}]}",
		"events", "name", "cycles", "native", "perf::CYCLES")));
	expect_ok(&p, send_request(&p, FRAME_GUEST, "go", json_pack("{s:I}", "run", (json_int_t)id)));
	expect_ok(&p, id);
	msg = reply_to(&p, send_request(&p, FRAME_NODE, "count-stop", NULL));
	assert_true(json_is_true(json_object_get(msg, "ok")));
	assert_true(json_is_real(json_object_get(msg, "seconds")));
	assert_int_equal(json_array_size(json_object_get(msg, "counters")), 6);
	json_decref(msg);
	/* One that is never stopped goes with its guest. */
	expect_ok(&p, send_request(&p, FRAME_NODE, "count", json_pack("{s:[]}", "events")));
	expect_failure(&p, send_request(&p, FRAME_NODE, "release",
		json_pack("{s:s}", "backing", "memfd")), "busy", "stop it first");
	expect_ok(&p, send_request(&p, FRAME_NODE, "guest-stop", NULL));
	expect_failure(&p, send_request(&p, FRAME_GUEST, "ping", NULL), "lost", "no guest");
	expect_ok(&p, send_request(&p, FRAME_NODE, "release", json_pack("{s:s}", "backing", "memfd")));
	stop(&p);
}

static json_t *guest_with_disk(const char *serial)
{
	return json_pack("{s:i, s:s, s:s, s:s, s:[{s:s, s:s}]}", "cpus", 1, "nonce", "cd", "accel",
			 "tcg", "cmdline", "kduel.nonce=cd kduel.role=guest", "disks", "path",
			 "/guest/rootfs-1", "serial", serial);
}

static void gives_the_guest_its_disks(void **state)
{
	json_t *msg, *args, *one;
	bool found = false;
	struct peer p;
	size_t i;

	(void)state;
	fake_qemu("exit 1");
	start(&p, "node", "");
	json_decref(event(&p, "hello"));
	expect_ok(&p, send_request(&p, FRAME_NODE, "prepare",
		json_pack("{s:s, s:s}", "backing", "memfd", "size", "64M")));
	expect_failure(&p, send_request(&p, FRAME_NODE, "guest-start",
		guest_with_disk("0123456789abcdef01234")), "bad-request", "is not a serial number");
	expect_failure(&p, send_request(&p, FRAME_NODE, "guest-start", guest_with_disk("a,b=c")),
		       "bad-request", "is not a serial number");
	msg = reply_to(&p, send_request(&p, FRAME_NODE, "guest-start",
		guest_with_disk("0123456789abcdef0123")));
	args = json_object_get(msg, "args");
	json_array_foreach(args, i, one)
		found |= !strcmp(json_string_value(one),
				 "virtio-blk-pci,drive=disk0,serial=0123456789abcdef0123");
	assert_true(found);
	json_decref(msg);
	stop(&p);
}

static void tells_how_a_guest_was_lost(void **state)
{
	static const struct {
		const char *qemu, *class, *console;
	} ways[] = {
		{ "eval \"echo no KVM here >&2\"; exit 1", "lost", "no KVM here" },
		{ "eval \"echo '[1] Kernel panic - not syncing' >&$console\"; exit 0",
		  "panic", "panic" },
		{ "eval \"yes >&$link\"", "protocol", NULL },
		{ "eval \"exec $agent --role=guest --stdio --nonce=77 <&$link >&$link\"",
		  NULL, NULL },	/* another run's: skipped as garbage, never heard */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct peer p;
		json_t *msg, *lines, *line;
		bool found = false;
		size_t n;

		start_guest(&p, ways[i].qemu);
		msg = await(&p, "event", json_string("guest-lost"), ways[i].class ? LIMIT_S : 0.3);
		assert_int_equal(msg != NULL, ways[i].class != NULL);
		if (msg) {
			assert_string_equal(json_string_value(json_object_get(msg, "class")),
					    ways[i].class);
			lines = json_object_get(msg, "console");
			json_array_foreach(lines, n, line)
				found |= ways[i].console &&
					 strstr(json_string_value(line), ways[i].console);
			assert_true(found || !ways[i].console);
		}
		json_decref(msg);
		expect_ok(&p, send_request(&p, FRAME_NODE, "guest-stop", NULL));
		stop(&p);
	}
}

static int set_up(void **state)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	(void)state;
	if (n < 0)
		return -1;
	self[n] = '\0';
	n = snprintf(agent, sizeof(agent), "%s/../../kduel-agent", dirname(self));
	if (n >= (ssize_t)sizeof(agent) || access(agent, X_OK)) {
		print_message("no program %s: make all\n", agent);
		return -1;
	}
	snprintf(scratch, sizeof(scratch), "/tmp/kduel-agent-XXXXXX");
	return scratch_make(scratch, NULL) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	return file_remove_tree(scratch, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_hello_and_answers),
		cmocka_unit_test(runs_a_workload),
		cmocka_unit_test(refuses_cancels_and_limits_workloads),
		cmocka_unit_test(faults_do_what_they_say),
		cmocka_unit_test(relays_between_driver_and_guest),
		cmocka_unit_test(gives_the_guest_its_disks),
		cmocka_unit_test(tells_how_a_guest_was_lost),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
