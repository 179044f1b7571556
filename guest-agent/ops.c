/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The roles and their requests: see docs/protocol.md. */
#include <errno.h>

#include "agent.h"
#include "doctor/doctor.h"
#include "env.h"
#include "ops.h"

static int ops_ping(struct agent *a, int64_t id, const struct view *args,
		    json_t *reply, struct err *err)
{
	(void)a;
	(void)id;
	(void)args;
	(void)err;
	json_object_set_new(reply, "uptime", json_real(agent_uptime()));
	return 0;
}

static int ops_env(struct agent *a, int64_t id, const struct view *args,
		   json_t *reply, struct err *err)
{
	(void)id;
	(void)args;
	(void)err;
	json_object_set_new(reply, "facts", env_capture(a->settings.role == ROLE_NODE));
	return 0;
}

static int ops_poweroff(struct agent *a, int64_t id, const struct view *args,
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

/* A node looks at its guest's QEMU, a guest at itself. */
static int ops_doctor(struct agent *a, int64_t id, const struct view *args,
		      json_t *reply, struct err *err)
{
	pid_t qemu = a->node ? node_qemu(a->node) : 0;
	struct doctor_report report;
	struct doctor_case c;
	json_t *found;
	int ret = 0;

	(void)id;
	(void)args;
	doctor_begin(&c);
	if (a->settings.role == ROLE_GUEST)
		doctor_look_at_guest(&c);
	else if (!qemu)
		ret = err_set(err, EXIT_MACHINE, -EPIPE, "no guest is running");
	else
		ret = doctor_look_at_qemu(&c, qemu, err);
	if (!ret) {
		doctor_examine(&c, doctor_causes, &report);
		found = doctor_json(&c, &report);
		json_object_update(reply, found);
		json_decref(found);
	}
	doctor_end(&c);
	return ret;
}

#define NODE (1u << ROLE_NODE)
#define GUEST (1u << ROLE_GUEST)

static const struct op ops[] = {
	{ "ping", NODE | GUEST, ops_ping },
	{ "env", NODE | GUEST, ops_env },
	{ "doctor", NODE | GUEST, ops_doctor },
	{ "poweroff", NODE | GUEST, ops_poweroff },
	{ "shell", NODE | GUEST, shell_op_start },
	{ "shell-write", NODE | GUEST, shell_op_write },
	{ "shell-read", NODE | GUEST, shell_op_read },
	{ "prepare", NODE, node_op_prepare },
	{ "guest-start", NODE, node_op_guest_start },
	{ "proof", NODE, node_op_proof },
	{ "dirty-log", NODE, node_op_dirty_log },
	{ "split", NODE, node_op_split },
	{ "pre-fault", NODE, node_op_pre_fault },
	{ "count", NODE, node_op_count },
	{ "count-stop", NODE, node_op_count_stop },
	{ "sample", NODE, node_op_sample },
	{ "sample-stop", NODE, node_op_sample_stop },
	{ "guest-stop", NODE, node_op_guest_stop },
	{ "release", NODE, node_op_release },
	{ "run", GUEST, runner_op_run },
	{ "go", GUEST, runner_op_go },
	{ "cancel", GUEST, runner_op_cancel },
	{ NULL, 0, NULL }
};

static int ops_start_node(struct agent *a, struct err *err)
{
	return node_new(&a->node, a, err);
}

static void ops_stop_node(struct agent *a)
{
	shell_free(a->shell);
	node_free(a->node);
}

static int ops_start_guest(struct agent *a, struct err *err)
{
	return runner_new(&a->runner, a, err);
}

static void ops_stop_guest(struct agent *a)
{
	shell_free(a->shell);
	runner_free(a->runner);
}

const struct role agent_roles[ROLES] = {
	[ROLE_NODE] = { FRAME_NODE, ops, ops_start_node, ops_stop_node, node_relay },
	[ROLE_GUEST] = { FRAME_GUEST, ops, ops_start_guest, ops_stop_guest, NULL },
};
