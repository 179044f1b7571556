/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent's settings: options of a plain process, or kduel.* words of the
 * kernel command line for a PID 1. The same names in both.
 */
#ifndef KDUEL_CMDLINE_H
#define KDUEL_CMDLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "fault.h"

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

#endif
