/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kind of machine that is a script: a child process that says what a test tells it to. */
#ifndef KDUEL_TEST_SCRIPT_MACHINE_H
#define KDUEL_TEST_SCRIPT_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host-driver/run/session.h"
#include "lib/message.h"

/*
 * What the machine does when it gets `op` (or "hello": at its start): `say`
 * is sent as it stands, on the channel that begins each of its lines ("*": the
 * request's), with the request's id for %d and that of the last `run` for %r.
 * Then it `does` something else.
 */
struct step {
	const char *op;
	const char *say;
	enum { GO_ON, EXIT_0, EXIT_1, PANIC, SLEEP, GARBAGE, FLOOD, SKIP_SEQ,
	       BAD_NONCE } does;
};

static const struct step *script;	/* ends with a NULL op */
#define SCRIPT(...) (const struct step[]){ __VA_ARGS__, { NULL, NULL, GO_ON } }
/* What must be in a request `prepare`, else the machine exits with 8; may be NULL. */
static const char *script_want;

#define HELLO(role) "{\"event\":\"hello\",\"protocol\":1,\"version\":\"" KDUEL_VERSION \
	"\",\"role\":\"" role "\"}"

static const struct step script_defaults[] = {
	{ "hello", "0 " HELLO("node"), GO_ON },
	{ "ping", "0 {\"re\":%d,\"ok\":true,\"uptime\":1}", GO_ON },
	{ "env", "* {\"re\":%d,\"ok\":true,\"facts\":{\"cpu\":{\"count\":1}}}", GO_ON },
	{ "prepare", "0 {\"re\":%d,\"ok\":true,\"path\":null,\"phases\":{\"mkfs\":0.5},"
	  "\"proof\":{\"layer\":\"file\",\"bytes\":{\"4k\":0,\"2m\":4194304,\"1g\":0}}}", GO_ON },
	{ "guest-start", "0 {\"re\":%d,\"ok\":true,\"pid\":7}\n"
	  "1 " HELLO("guest"), GO_ON },
	{ "proof", "0 {\"re\":%d,\"ok\":true,\"layers\":[{\"layer\":\"second-level\","
	  "\"bytes\":{\"4k\":0,\"2m\":2097152,\"1g\":0}}]}", GO_ON },
	{ "run", "1 {\"event\":\"ready\",\"re\":%d,\"proof\":{\"layer\":\"guest\","
	  "\"bytes\":{\"4k\":4096,\"2m\":0,\"1g\":0}}}", GO_ON },
	{ "go", "1 {\"re\":%d,\"ok\":true}\n"
	  "1 {\"re\":%r,\"ok\":true,\"result\":{\"metrics\":[{\"metric\":\"ns\",\"point\":{},"
	  "\"unit\":\"ns\",\"better\":\"lower\",\"kind\":\"time\",\"values\":[1,2],"
	  "\"rejected\":[],\"steady\":true,\"counters\":[]}],\"proof\":{\"after\":"
	  "{\"layer\":\"guest\",\"bytes\":{\"4k\":4096,\"2m\":0,\"1g\":0}}}}}", GO_ON },
	{ "count", "0 {\"re\":%d,\"ok\":true}", GO_ON },
	{ "count-stop", "0 {\"re\":%d,\"ok\":true,\"seconds\":0.5,\"vcpus\":1,\"counters\":["
	  "{\"name\":\"minor_faults\",\"native\":\"stat:minflt\",\"provider\":\"proc\",\"value\":77},"
	  "{\"name\":\"cycles\",\"native\":\"perf::CYCLES\",\"unavailable\":\"no PMU\"}]}", GO_ON },
	{ "doctor", "0 {\"re\":%d,\"ok\":true,\"findings\":[{\"title\":\"dirty logging\",\"seen\":\"9 "
	  "pages\\u001b[2J\"}]}", GO_ON },
	{ "guest-stop", "0 {\"re\":%d,\"ok\":true}", GO_ON },
	{ "release", "0 {\"re\":%d,\"ok\":true}", GO_ON },
	{ NULL, NULL, GO_ON },
};

/* --- the machine's side ----------------------------------------------------- */

struct script_side {
	int fd;
	struct frame_writer writer;
	struct frame_parser parser;
	int64_t run;		/* id of the last `run` */
};

static void script_put(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n <= 0)
			_exit(0);
		bytes += n;
		len -= n;
	}
}

/* `line` with its %d and %r; for free(). */
static char *script_fill(const struct script_side *s, const char *line, size_t n,
			 int64_t id, size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	for (size_t i = 0; i < n; i++) {
		if (line[i] == '%' && i + 1 < n && (line[i + 1] == 'd' || line[i + 1] == 'r'))
			fprintf(f, "%lld", (long long)(line[++i] == 'd' ? id : s->run));
		else
			fputc(line[i], f);
	}
	fclose(f);
	return text;
}

static void script_say(struct script_side *s, const char *line, size_t n,
		       enum frame_channel channel, int64_t id)
{
	size_t len, size;
	char *text, *bytes;

	if (*line != '*')
		channel = *line - '0';
	text = script_fill(s, line + 2, n - 2, id, &len);
	if (frame_write(&s->writer, channel, text, len, &bytes, &size, NULL))
		_exit(9);
	script_put(s->fd, bytes, size);
	free(bytes);
	free(text);
}

static void script_misbehave(struct script_side *s, const struct step *st)
{
	static char junk[4096];

	switch (st->does) {
	case GO_ON:
		return;
	case EXIT_0:
		_exit(0);
	case EXIT_1:
		_exit(1);
	case PANIC:
		fputs("[    1.0] Kernel panic - not syncing: VFS: no root\r\n", stderr);
		_exit(0);
	case SLEEP:
		pause();
		return;
	case GARBAGE:
		memset(junk, 0x55, sizeof(junk));
		if (write(s->fd, junk, sizeof(junk)) < 0)
			_exit(0);
		return;
	case FLOOD:
		for (;;)
			fputs("flood flood flood flood flood flood flood\n", stderr);
	case SKIP_SEQ:
		s->writer.seq += 5;
		return;
	case BAD_NONCE:
		s->writer.nonce++;
		return;
	}
}

static const struct step *script_step_for(const char *op)
{
	for (const struct step *st = script; st && st->op; st++) {
		if (!strcmp(st->op, op))
			return st;
	}
	for (const struct step *st = script_defaults; st->op; st++) {
		if (!strcmp(st->op, op))
			return st;
	}
	return NULL;
}

static void script_act(struct script_side *s, const char *op, enum frame_channel channel,
		int64_t id)
{
	const struct step *st = script_step_for(op);

	for (const char *p = st ? st->say : NULL; p && *p;) {
		size_t n = strcspn(p, "\n");

		script_say(s, p, n, channel, id);
		p += n + (p[n] == '\n');
	}
	if (st)
		script_misbehave(s, st);
}

static int script_serve(void *arg)
{
	struct script_side *s = arg;
	struct frame f;
	char buf[8192];
	ssize_t n;

	script_act(s, "hello", FRAME_NODE, 0);
	while ((n = read(s->fd, buf, sizeof(buf))) > 0) {
		if (frame_parser_feed(&s->parser, buf, n, NULL))
			return 3;
		while (frame_parser_next(&s->parser, &f, NULL) > 0) {
			json_t *rq = json_loadb(f.payload, f.len, 0, NULL);
			const char *op = json_string_value(json_object_get(rq, "op"));
			int64_t id = json_integer_value(json_object_get(rq, "id"));

			if (script_want && !strcmp(op, "prepare") &&
			    !memmem(f.payload, f.len, script_want, strlen(script_want)))
				_exit(8);
			if (!strcmp(op, "run"))
				s->run = id;
			script_act(s, op, f.channel, id);
			json_decref(rq);
		}
	}
	return 0;
}

static int script_console;

static int script_serve_with_console(void *arg)
{
	dup2(script_console, 2);
	return script_serve(arg);
}

/* --- a kind of machine that is a script ------------------------------------- */

static int script_boot(struct machine *m, const struct machine_boot *b,
		       struct err *err)
{
	struct script_side s = { .writer = { .nonce = b->nonce } };
	int link[2], console[2], ret;

	assert_int_equal(proc_socketpair(link, err), 0);
	assert_int_equal(proc_socketpair(console, err), 0);
	frame_parser_init(&s.parser, b->nonce);
	s.fd = link[1];
	script_console = console[1];
	ret = proc_fork(&m->proc, script_serve_with_console, &s, err);
	close(link[1]);
	close(console[1]);
	m->link_in = m->link_out = link[0];
	m->console = console[0];
	return ret;
}

static int script_link(struct machine *m, const struct machine_boot *b,
		       struct err *err)
{
	(void)m;
	(void)b;
	(void)err;
	return 0;
}

static const char *script_domain(const struct machine *m)
{
	(void)m;
	return "hardware";
}

static const struct machine_kind_ops script_kind = {
	.name = "script", .domain = script_domain, .boot = script_boot, .link = script_link,
};

#endif
