/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The requests: see docs/protocol.md. */
#include "agent.h"
#include "env.h"
#include "node.h"
#include "runner.h"

static int op_ping(struct agent *a, int64_t id, const struct view *args,
		   json_t *reply, struct err *err)
{
	(void)a;
	(void)id;
	(void)args;
	(void)err;
	json_object_set_new(reply, "uptime", json_real(agent_uptime()));
	return 0;
}

static int op_env(struct agent *a, int64_t id, const struct view *args,
		  json_t *reply, struct err *err)
{
	(void)id;
	(void)args;
	(void)err;
	json_object_set_new(reply, "facts", env_capture(a->settings.role == ROLE_NODE));
	return 0;
}

static int op_poweroff(struct agent *a, int64_t id, const struct view *args,
		       json_t *reply, struct err *err)
{
	(void)id;
	(void)args;
	(void)reply;
	(void)err;
	a->done = true;
	a->exit = EXIT_DONE;
	return 0;
}

#define NODE (1u << ROLE_NODE)
#define GUEST (1u << ROLE_GUEST)

const struct op agent_ops[] = {
	{ "ping", NODE | GUEST, op_ping },
	{ "env", NODE | GUEST, op_env },
	{ "poweroff", NODE | GUEST, op_poweroff },
	{ "prepare", NODE, node_op_prepare },
	{ "guest-start", NODE, node_op_guest_start },
	{ "proof", NODE, node_op_proof },
	{ "count", NODE, node_op_count },
	{ "count-stop", NODE, node_op_count_stop },
	{ "guest-stop", NODE, node_op_guest_stop },
	{ "release", NODE, node_op_release },
	{ "run", GUEST, runner_op_run },
	{ "go", GUEST, runner_op_go },
	{ "cancel", GUEST, runner_op_cancel },
	{ NULL, 0, NULL }
};
