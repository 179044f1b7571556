/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions of a process sampled by perf, where no emulator counts them: of the
 * guest's QEMU with all that its vCPUs execute. perf takes the processor's cycles, or its
 * own clock where these cannot be counted, and says which.
 *
 *	struct sample *p;
 *
 *	ret = sample_start(&p, qemu, err);
 *	...
 *	ret = sample_stop(p, json, err);	// and frees
 */
#ifndef KDUEL_SAMPLE_H
#define KDUEL_SAMPLE_H

#include <jansson.h>
#include <sys/types.h>

#include "err.h"

struct sample;

/* Samples are taken once it returns. -EOPNOTSUPP: this machine has no perf. */
int sample_start(struct sample **out, pid_t pid, struct err *err);

/*
 * Stops and frees. `reply` gets "sampled" (the event), "hz" and "functions": [[side, count, name], ...],
 * the most frequent first; side is "machine's kernel", "machine's programs", "guest's kernel"
 * or "guest's programs". A guest's kernel has addresses ("0xffffffff81000040") for names,
 * as perf has no symbols of it.
 */
int sample_stop(struct sample *s, json_t *reply, struct err *err);

/* Stops and frees; NULL is allowed. */
void sample_free(struct sample *s);

/* What `perf script -F event,misc,ip,sym,dso` wrote, which is changed. */
int sample_parse(char *text, json_t *reply, struct err *err);

#endif
