/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "count.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backing/kvm-stats.h"
#include "counters.h"
#include "env.h"
#include "file.h"
#include "loop.h"

#define VCPUS_MOST 256

/* What the kernel charges to every thread. */
struct charges {
	uint64_t minor_faults, major_faults, context_switches;
};

/* What KVM counts of the whole guest. */
static const struct {
	const char *name, *field, *native;
} kvm_counts[] = {
	{ "exits", "exits", "kvm:exits" },
	{ "second_level_faults", "faults", "kvm:pf_taken" },
};

struct vcpu {
	pid_t tid;
	struct counters *counters;
	struct counter_sum sum[COUNTERS_MOST];
	struct charges before;
};

struct vcpu_count {
	pid_t qemu;
	struct vcpu vcpus[VCPUS_MOST];
	size_t n;
	struct counter_event events[COUNTERS_MOST];
	size_t n_events;
	json_t *kvm;		/* its statistics at the start, see kvm-stats.h */
	json_t *names;		/* the request's events: the texts of `events` */
	double start;
};

/* --- threads --- */

static char *vcpu_count_thread_file(pid_t qemu, pid_t tid, const char *name)
{
	char path[96], *text;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", (int)qemu, (int)tid, name);
	return file_read(path, &text, NULL, NULL) ? NULL : text;
}

static bool vcpu_count_is_vcpu(pid_t qemu, pid_t tid)
{
	char *comm = vcpu_count_thread_file(qemu, tid, "comm");
	unsigned cpu;
	int end = 0;
	bool is = comm && sscanf(comm, "CPU %u/%n", &cpu, &end) == 1 && end;

	free(comm);
	return is;
}

static void vcpu_count_find(struct vcpu_count *v)
{
	char path[64];
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)v->qemu);
	d = opendir(path);
	if (!d)
		return;
	for (struct dirent *e; v->n < VCPUS_MOST && (e = readdir(d));) {
		pid_t tid = atoi(e->d_name);

		if (tid > 0 && vcpu_count_is_vcpu(v->qemu, tid))
			v->vcpus[v->n++].tid = tid;
	}
	closedir(d);
}

static uint64_t vcpu_count_after_word(const char *text, const char *word)
{
	const char *at = strstr(text, word);

	return at ? strtoull(at + strlen(word), NULL, 10) : 0;
}

/* False: the thread is gone. The name in parentheses may hold anything: the last ')' ends it. */
static bool vcpu_count_read_charges(pid_t qemu, pid_t tid, struct charges *c)
{
	char *stat = vcpu_count_thread_file(qemu, tid, "stat");
	char *status = vcpu_count_thread_file(qemu, tid, "status");
	char *p = stat ? strrchr(stat, ')') : NULL;
	bool ok = p && status &&
		  sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %" SCNu64 " %*u %" SCNu64,
			 &c->minor_faults, &c->major_faults) == 2;

	if (ok)
		c->context_switches =
			vcpu_count_after_word(status, "\nvoluntary_ctxt_switches:") +
			vcpu_count_after_word(status, "\nnonvoluntary_ctxt_switches:");
	free(stat);
	free(status);
	return ok;
}

/* --- counting --- */

static int vcpu_count_read_events(struct vcpu_count *v, const json_t *events, struct err *err)
{
	json_t *e;
	size_t i;

	if (!json_is_array(events))
		return err_config(err, "field 'events': not an array");
	if (json_array_size(events) > COUNTERS_GROUP)
		return err_config(err, "field 'events': %zu; one group has at most %d",
				  json_array_size(events), COUNTERS_GROUP);
	v->names = json_deep_copy(events);
	json_array_foreach(v->names, i, e) {
		struct counter_event *ev = &v->events[v->n_events++];

		ev->name = json_string_value(json_object_get(e, "name"));
		ev->native = json_string_value(json_object_get(e, "native"));
		ev->hardware = true;
		if (!ev->name || !ev->native)
			return err_config(err, "field 'events': each needs name and native");
	}
	return 0;
}

static int vcpu_count_open(struct vcpu_count *v, struct vcpu *cpu, struct err *err)
{
	const struct counters_options o = {
		.events = v->events, .n = v->n_events, .tid = cpu->tid,
		.guest_only = true,
	};

	return counters_new(&cpu->counters, &o, err);
}

int vcpu_count_start(struct vcpu_count **out, pid_t qemu, const json_t *events,
		     struct err *err)
{
	struct vcpu_count *v = calloc(1, sizeof(*v));
	int ret;

	if (!v)
		return err_sys(err, ENOMEM, "cannot count");
	v->qemu = qemu;
	ret = vcpu_count_read_events(v, events, err);
	if (!ret) {
		vcpu_count_find(v);
		v->kvm = kvm_stats_proof(NULL, qemu);
	}
	for (size_t i = 0; !ret && i < v->n; i++)
		ret = vcpu_count_open(v, &v->vcpus[i], err);
	if (ret) {
		vcpu_count_free(v);
		return ret;
	}
	for (size_t i = 0; i < v->n; i++) {
		vcpu_count_read_charges(qemu, v->vcpus[i].tid, &v->vcpus[i].before);
		counters_start(v->vcpus[i].counters, NULL);
	}
	v->start = loop_now();
	*out = v;
	return 0;
}

void vcpu_count_free(struct vcpu_count *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->n; i++)
		counters_free(v->vcpus[i].counters);
	json_decref(v->names);
	json_decref(v->kvm);
	free(v);
}

/* --- what came of it --- */

static json_t *vcpu_count_missing(const char *name, const char *native, const char *why)
{
	return json_pack("{s:s, s:s, s:s}", "name", name, "native", native,
			 "unavailable", why);
}

/* The sum of event `i` over the vCPUs; NULL with the reason if one lacks it. */
static const char *vcpu_count_sum_of(const struct vcpu_count *v, size_t i, uint64_t *value,
				     const char **why)
{
	const char *provider = NULL;

	*value = 0;
	*why = "no thread of QEMU is named after a vCPU";
	for (size_t k = 0; k < v->n; k++) {
		const struct vcpu *cpu = &v->vcpus[k];

		provider = counters_provider(cpu->counters, i, why);
		if (provider && !cpu->sum[i].batches) {
			*why = cpu->sum[i].lost
				? "others held the processor's counters when it was to be counted"
				: "does not fit in one group with the events before it";
			return NULL;
		}
		if (!provider)
			return NULL;
		*value += cpu->sum[i].value;
	}
	return provider;
}

static uint64_t vcpu_count_instructions(const struct vcpu_count *v)
{
	const char *why;
	uint64_t value;

	for (size_t i = 0; i < v->n_events; i++)
		if (!strcmp(v->events[i].name, "instructions") &&
		    vcpu_count_sum_of(v, i, &value, &why))
			return value;
	return 0;
}

/* A mediated PMU? The host then refuses all events, saying only that they are unsupported. */
static bool vcpu_count_mediated(const struct vcpu_count *v)
{
	const char *why;
	uint64_t value;

	for (size_t i = 0; i < v->n_events; i++)
		if (vcpu_count_sum_of(v, i, &value, &why))
			return false;
	return v->n && env_mediated_pmu();
}

static json_t *vcpu_count_hardware(const struct vcpu_count *v, size_t i, uint64_t things)
{
	const struct counter_event *ev = &v->events[i];
	const char *why, *provider;
	char text[1024];
	uint64_t value;
	json_t *j;

	provider = vcpu_count_sum_of(v, i, &value, &why);
	if (!provider) {
		snprintf(
			text, sizeof(text), "%s%s", why,
			vcpu_count_mediated(v)
				? "; KVM's enable_mediated_pmu is Y: guests have the counters for themselves, and the host cannot count in them; load KVM with enable_mediated_pmu=0"
				: "");
		return vcpu_count_missing(ev->name, ev->native, text);
	}
	j = json_pack("{s:s, s:s, s:s, s:I}", "name", ev->name, "native", ev->native,
		      "provider", provider, "value", (json_int_t)value);
	if (things && strcmp(ev->name, "instructions"))
		json_object_set_new(j, "things", json_integer(things));
	return j;
}

static void vcpu_count_add_charge(const struct vcpu_count *v, json_t *list, const char *name,
				  const char *native, bool known, uint64_t value)
{
	json_array_append_new(list, known
		? json_pack("{s:s, s:s, s:s, s:I}", "name", name, "native", native,
			    "provider", "proc", "value", (json_int_t)value)
		: vcpu_count_missing(name, native, v->n ? "a vCPU's thread ended"
					     : "no thread of QEMU is named after a vCPU"));
}

static void vcpu_count_add_charges(const struct vcpu_count *v, json_t *list)
{
	struct charges sum = { 0 };
	bool known = v->n;

	for (size_t i = 0; i < v->n; i++) {
		const struct charges *before = &v->vcpus[i].before;
		struct charges now = *before;

		known &= vcpu_count_read_charges(v->qemu, v->vcpus[i].tid, &now);
		sum.minor_faults += now.minor_faults - before->minor_faults;
		sum.major_faults += now.major_faults - before->major_faults;
		sum.context_switches += now.context_switches - before->context_switches;
	}
	vcpu_count_add_charge(v, list, "minor_faults", "stat:minflt", known, sum.minor_faults);
	vcpu_count_add_charge(v, list, "major_faults", "stat:majflt", known, sum.major_faults);
	vcpu_count_add_charge(v, list, "context_switches", "status:ctxt_switches", known,
			      sum.context_switches);
}

static void vcpu_count_add_kvm(const struct vcpu_count *v, json_t *list)
{
	json_t *now = kvm_stats_proof(NULL, v->qemu);
	const char *why = json_string_value(json_object_get(now, "unavailable"));

	for (size_t i = 0; i < sizeof(kvm_counts) / sizeof(kvm_counts[0]); i++) {
		const json_t *a = json_object_get(v->kvm, kvm_counts[i].field);
		const json_t *b = json_object_get(now, kvm_counts[i].field);
		json_int_t n = json_integer_value(b) - json_integer_value(a);

		json_array_append_new(list, a && b
			? json_pack("{s:s, s:s, s:s, s:I}", "name", kvm_counts[i].name,
				    "native", kvm_counts[i].native, "provider", "kvm",
				    "value", n)
			: vcpu_count_missing(kvm_counts[i].name, kvm_counts[i].native,
					     why ? why : "this KVM does not count them"));
	}
	json_decref(now);
}

json_t *vcpu_count_stop(struct vcpu_count *v)
{
	double seconds = loop_now() - v->start;
	json_t *list = json_array(), *j;
	uint64_t things;

	for (size_t i = 0; i < v->n; i++)
		counters_stop(v->vcpus[i].counters, v->vcpus[i].sum, 0);
	vcpu_count_add_charges(v, list);
	vcpu_count_add_kvm(v, list);
	things = vcpu_count_instructions(v);
	for (size_t i = 0; i < v->n_events; i++)
		json_array_append_new(list, vcpu_count_hardware(v, i, things));
	j = json_pack("{s:f, s:i, s:o}", "seconds", seconds, "vcpus", (int)v->n,
		      "counters", list);
	vcpu_count_free(v);
	return j;
}
