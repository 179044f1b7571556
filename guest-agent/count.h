/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest seen from outside, by its QEMU: events counted on the vCPUs (vcpu-count.c),
 * functions sampled (sample.c).
 */
#ifndef KDUEL_COUNT_H
#define KDUEL_COUNT_H

#include <sys/types.h>

#include <jansson.h>

#include "err.h"

/*
 * The threads of QEMU that are vCPUs are known by their names, "CPU 0/KVM".
 *
 * Hardware events count what the guest does and nothing of the host
 * (guest_only in lib/counters.h), nested walks included; the kernel has no such
 * filter for software events. The threads' page faults and context switches are
 * therefore the host's side, from /proc: where KVM has to have a page mapped
 * first there is no perf event since Linux 5.9, but the thread is still
 * charged. Exits and second-level faults are KVM's own counts.
 */
struct vcpu_count;

/*
 * Starts to count `events`, [{"name","native"}], hardware events of one group,
 * on the vCPUs of the process `qemu`. Fails for a wrong request or lack of
 * memory; what cannot be counted is reported at the end.
 */
int vcpu_count_start(struct vcpu_count **out, pid_t qemu, const json_t *events,
		     struct err *err);

/*
 * Stops and frees: {"seconds","vcpus","counters"}, the last as in lib/counters.h.
 * Hardware events are sums over the vCPUs, with the guest's instructions as
 * their `things`, where those were counted.
 */
json_t *vcpu_count_stop(struct vcpu_count *v);

/* Stops and frees; NULL is allowed. */
void vcpu_count_free(struct vcpu_count *v);

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
