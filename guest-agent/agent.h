/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent: one link to whoever gives orders, one table of requests.
 *
 * Each request has one line in the table in ops.c: its name, the roles that
 * know it, its function. A function gets the request's arguments and a reply
 * object that already says {"re":id,"ok":true}; it returns
 *
 *	0		the reply goes out, with the fields it added
 *	OP_LATER	it will reply itself, with agent_send()
 *	< 0		the reply becomes a failure with err's text and class, and
 *			fields it added stay (console lines, say)
 */
#ifndef KDUEL_AGENT_H
#define KDUEL_AGENT_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "err.h"
#include "link.h"
#include "loop.h"
#include "message.h"

/* --- fault.c --- */

/*
 * Faults on purpose: an agent that crashes, hangs or lies at a chosen request,
 * so that tests can see what becomes of the run. "panic@run", "hang@hello".
 */
enum fault_kind {
	FAULT_NONE,
	FAULT_PANIC,	/* PID 1's kernel crashes; a plain process aborts */
	FAULT_HANG,	/* never answers nor reads again */
	FAULT_GARBAGE,	/* bytes that are not a frame, then goes on */
	FAULT_FLOOD,	/* writes to the console for ever */
	FAULT_EXIT,	/* exits with status 1 */
	FAULT_KINDS
};

struct fault {
	enum fault_kind kind;
	char op[32];
};

/* "<kind>@<op>"; "" means no fault. */
int fault_parse(struct fault *f, const char *text, struct err *err);

/* Acts if `op` is the chosen request. Most kinds do not return. */
void fault_at(const struct fault *f, const char *op, struct link *l, bool pid1);

/* --- cmdline.c --- */

/*
 * The agent's settings: options of a plain process, or kduel.* words of the kernel
 * command line for a PID 1. The same names in both.
 */
enum agent_role {
	ROLE_NODE,
	ROLE_GUEST,
	ROLES
};

extern const char *const role_names[ROLES];

struct settings {
	enum agent_role role;
	uint64_t nonce;
	struct fault fault;
	bool stdio;		/* else the virtio-serial port */
	bool workload;		/* serves no requests: one workload, on stdio */
	bool reserve;		/* adds the huge pages that the pool lacks for a workload */
};

/* "role", "nonce" or "fault" with its value; others are -ENOENT. */
int settings_set(struct settings *s, const char *name, const char *value,
		 struct err *err);

/*
 * Takes every kduel.<name>=<value> of a kernel command line. A word of that
 * form that names no setting is an error: a typo must not be ignored.
 */
int settings_from_cmdline(struct settings *s, const char *cmdline,
			  struct err *err);

#define OP_LATER 1

struct agent;
struct node;
struct runner;
struct shell;

typedef int op_fn(struct agent *a, int64_t id, const struct view *args,
		  json_t *reply, struct err *err);

struct op {
	const char *name;
	unsigned roles;		/* bits: 1 << ROLE_... */
	op_fn *fn;
};

/* What makes an agent a node's or a guest's; both are in ops.c. */
struct role {
	enum frame_channel channel;	/* what it answers on */
	const struct op *ops;		/* of all roles; ends with a NULL name */
	int (*start)(struct agent *a, struct err *err);
	void (*stop)(struct agent *a);
	/* A frame of another channel; NULL: it is dropped. */
	void (*relay)(struct agent *a, const struct frame *f);
};
extern const struct role agent_roles[ROLES];

struct agent {
	struct settings settings;
	bool pid1;		/* this VM is ours: its PID 1 is our parent */
	const struct role *role;
	struct loop *loop;
	struct link link;
	struct node *node;	/* role node only */
	struct runner *runner;	/* role guest only */
	struct shell *shell;	/* NULL: none is open */
	bool done;		/* leave the loop */
	int exit;
};

/*
 * Serves the stream `in`, `out` until it ends or a poweroff is asked for.
 * Returns the program's exit code.
 */
int agent_run(const struct settings *s, const struct role *role, bool pid1,
	      int in, int out, struct err *err);

/* Takes the reference; a message that cannot be sent ends the agent. */
void agent_send(struct agent *a, json_t *msg);
/* The same with one more member, whose value is JSON text: see link_send_with(). */
void agent_send_with(struct agent *a, json_t *msg, const char *key,
		     const char *json, size_t len);
/* Event `log`. */
void agent_log(struct agent *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Seconds since the kernel started. */
double agent_uptime(void);

#endif
