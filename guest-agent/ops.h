/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the table in ops.c lists: the parts of both roles, and their requests. */
#ifndef KDUEL_OPS_H
#define KDUEL_OPS_H

#include <sys/types.h>

#include "agent.h"
#include "err.h"
#include "frame.h"

/*
 * The node's role (node.c): one backing at a time, one guest at a time, and the
 * relay between the guest and the driver.
 */
int node_new(struct node **n, struct agent *a, struct err *err);
/* Ends the guest and gives the backing back. NULL is allowed. */
void node_free(struct node *n);
/* The process of the guest's QEMU; 0: no guest is running. */
pid_t node_qemu(const struct node *n);
/* A frame from the driver that is for the guest. */
void node_relay(struct agent *a, const struct frame *f);

op_fn node_op_prepare, node_op_release, node_op_guest_start, node_op_guest_stop,
      node_op_proof, node_op_dirty_log, node_op_split, node_op_pre_fault,
      node_op_count, node_op_count_stop, node_op_sample, node_op_sample_stop;

/*
 * The guest's role (runner.c): one workload at a time, in a process of its own,
 * held before its timed region until the driver says go.
 */
int runner_new(struct runner **r, struct agent *a, struct err *err);
/* Kills the workload. NULL is allowed. */
void runner_free(struct runner *r);

op_fn runner_op_run, runner_op_go, runner_op_cancel;

/*
 * A shell for looking around in this machine (shell.c), in either role: busybox on
 * a socket, since kernels built for measuring have no pseudo terminals. The driver's
 * terminal edits lines and echoes them. One at a time.
 */
#define SHELL_PROGRAM "/usr/bin/busybox"

/* Ends what runs in it. NULL is allowed. */
void shell_free(struct shell *s);

op_fn shell_op_start, shell_op_write, shell_op_read;

#endif
