/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The node's role: one backing at a time, one guest at a time, and the relay
 * between the guest and the driver.
 */
#ifndef KDUEL_NODE_H
#define KDUEL_NODE_H

#include <jansson.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"
#include "view.h"
#include "frame.h"

struct agent;
struct node;

int node_new(struct node **n, struct agent *a, struct err *err);
/* Ends the guest and gives the backing back. NULL is allowed. */
void node_free(struct node *n);

/* The process of the guest's QEMU; 0: no guest is running. */
pid_t node_qemu(const struct node *n);

/* A frame from the driver that is for the guest. */
void node_relay(struct agent *a, const struct frame *f);

/* Requests, see docs/protocol.md. */
int node_op_prepare(struct agent *a, int64_t id, const struct view *args,
		    json_t *reply, struct err *err);
int node_op_guest_start(struct agent *a, int64_t id, const struct view *args,
			json_t *reply, struct err *err);
int node_op_proof(struct agent *a, int64_t id, const struct view *args,
		  json_t *reply, struct err *err);
int node_op_dirty_log(struct agent *a, int64_t id, const struct view *args,
		      json_t *reply, struct err *err);
int node_op_split(struct agent *a, int64_t id, const struct view *args,
		  json_t *reply, struct err *err);
int node_op_pre_fault(struct agent *a, int64_t id, const struct view *args,
		      json_t *reply, struct err *err);
int node_op_guest_stop(struct agent *a, int64_t id, const struct view *args,
		       json_t *reply, struct err *err);
int node_op_count(struct agent *a, int64_t id, const struct view *args,
		  json_t *reply, struct err *err);
int node_op_count_stop(struct agent *a, int64_t id, const struct view *args,
		       json_t *reply, struct err *err);
int node_op_sample(struct agent *a, int64_t id, const struct view *args,
		   json_t *reply, struct err *err);
int node_op_sample_stop(struct agent *a, int64_t id, const struct view *args,
			json_t *reply, struct err *err);
int node_op_release(struct agent *a, int64_t id, const struct view *args,
		    json_t *reply, struct err *err);

#endif
