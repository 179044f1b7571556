/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counting a guest from outside, on the threads of QEMU that are its vCPUs.
 *
 * Hardware events count what the guest does and nothing of the host
 * (guest_only in lib/counters.h), nested walks included; the kernel has no such
 * filter for software events. The threads' page faults and context switches are
 * therefore the host's side, from /proc: where KVM has to have a page mapped
 * first there is no perf event since Linux 5.9, but the thread is still
 * charged. Exits and second-level faults are KVM's own counts.
 *
 * A vCPU is known by the name that QEMU gives its thread, "CPU 0/KVM".
 */
#ifndef KDUEL_VCPU_COUNT_H
#define KDUEL_VCPU_COUNT_H

#include <jansson.h>
#include <sys/types.h>

#include "err.h"

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

#endif
