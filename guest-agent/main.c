/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent.h"
#include "file.h"
#include "init.h"
#include "options.h"
#include "work.h"
#include "backing/device.h"
#include "vocab/domain.h"

#define PORT_WAIT_S 10

const char *argp_program_version = "kduel-agent " KDUEL_VERSION;

static const struct argp_option options[] = {
	{ "role", 'r', "ROLE", 0, "node (prepares memory, runs guests) or guest (runs workloads)", 0 },
	{ "stdio", 's', NULL, 0, "speak on stdin and stdout, not on the virtio-serial port " PORT_NAME, 0 },
	{ "nonce", 'n', "HEX", 0, "the run's nonce, 64 bits", 0 },
	{ "workload", 'w', NULL, 0, "run one workload, asked for on stdin (used by the agent itself)", 0 },
	{ "reserve", 'R', NULL, 0, "with --workload: reserve the huge pages that it needs", 0 },
	{ "domain", 'd', NULL, 0, "print of which domain times on this machine are (hardware, nested, emulated), and end", 0 },
	{ "device", 'D', "NAME", 0, "print what this machine would lose by a backing on that device (namespace0.0), and end", 0 },
	{ "fault", 'f', "KIND@OP", 0, "misbehave at this request, for tests: panic, hang, garbage, flood, exit", 0 },
	{ 0 }
};

static error_t main_parse(int key, char *arg, struct argp_state *state)
{
	struct settings *s = state->input;
	struct err err = ERR_INIT;

	if (key == 's' || key == 'w') {
		s->stdio = true;
		s->workload = key == 'w';
		return 0;
	}
	if (key == 'd') {
		puts(domain_words[domain_here()].name);
		exit(0);
	}
	if (key == 'D') {
		char holds[400];

		device_describe(arg, holds, sizeof(holds));
		puts(holds);
		exit(0);
	}
	if (key == 'R') {
		s->reserve = true;
		return 0;
	}
	for (const struct argp_option *o = options; o->name; o++) {
		if (o->key != key)
			continue;
		if (settings_set(s, o->name, arg, &err))
			argp_error(state, "%s", err.text);
		return 0;
	}
	if (key == ARGP_KEY_ARG)
		argp_error(state, "unexpected argument '%s'", arg);
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	.options = options,
	.parser = main_parse,
	.doc = "Serves kduel's requests on the machine under test or in its guest.",
};

static int main_fail(const struct err *err)
{
	fprintf(stderr, "kduel-agent: %s\n", err->text);
	return err->exit;
}

/* What is written to stdout by mistake must not end up between frames. */
static int main_take_stdout(void)
{
	int out = fcntl(1, F_DUPFD_CLOEXEC, 3);

	dup2(2, 1);
	return out;
}

static int main_take_stdin(void)
{
	int in = fcntl(0, F_DUPFD_CLOEXEC, 3);
	int null = open("/dev/null", O_RDONLY);

	if (null >= 0) {
		dup2(null, 0);
		close(null);
	}
	return in;
}

static int main_serve(const struct settings *s, bool pid1)
{
	struct err err = ERR_INIT;
	int in, out, ret;

	if (s->stdio) {
		in = main_take_stdin();
		out = main_take_stdout();
	} else {
		in = out = port_open(PORT_NAME, PORT_WAIT_S, &err);
	}
	if (in < 0 || out < 0) {
		err_sys(&err, errno, "cannot use stdin and stdout");
		return main_fail(&err);
	}
	if (s->workload)
		return work_serve(in, out, s->reserve);
	ret = agent_run(s, &agent_roles[s->role], pid1, in, out, &err);
	return err.code ? main_fail(&err) : ret;
}

static int main_serve_in_vm(void *arg)
{
	struct settings *s = arg;
	struct err err = ERR_INIT;
	char *cmdline;

	if (file_read("/proc/cmdline", &cmdline, NULL, &err))
		return main_fail(&err);
	if (settings_from_cmdline(s, cmdline, &err))
		return main_fail(&err);
	free(cmdline);
	return main_serve(s, true);
}

int main(int argc, char **argv)
{
	struct settings s = { .role = ROLE_NODE };

	program_begin();
	/* A container's first process has options; a kernel's has none. */
	if (getpid() == 1 && (argc == 1 || argv[1][0] != '-'))
		init_run(main_serve_in_vm, &s);
	argp_err_exit_status = EXIT_CONFIG;
	options_parse(&argp, argc, argv, 0, &s);
	return main_serve(&s, false);
}
