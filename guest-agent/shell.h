/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A shell for looking around in this machine: busybox on a socket, since
 * kernels built for measuring have no pseudo terminals. The driver's terminal
 * edits lines and echoes them. One at a time; see docs/protocol.md.
 */
#ifndef KDUEL_AGENT_SHELL_H
#define KDUEL_AGENT_SHELL_H

#include <jansson.h>
#include <stdint.h>

#include "err.h"
#include "view.h"

#define SHELL_PROGRAM "/usr/bin/busybox"

struct agent;
struct shell;

/* Ends what runs in it. NULL is allowed. */
void shell_free(struct shell *s);

int shell_op_start(struct agent *a, int64_t id, const struct view *args,
		   json_t *reply, struct err *err);
int shell_op_write(struct agent *a, int64_t id, const struct view *args,
		   json_t *reply, struct err *err);
int shell_op_read(struct agent *a, int64_t id, const struct view *args,
		  json_t *reply, struct err *err);

#endif
