/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is this machine fit for measuring? The same form as a cause of small pages;
 * `rule` says what the condition does to numbers. Proved: it is so, and it
 * moves figures. Possible: it is so, and matters to some measurements only.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "look.h"

#define CPU "/sys/devices/system/cpu"

static bool machine_governor(const struct doctor_case *c, struct doctor_finding *f)
{
	char word[32];

	(void)c;
	look_word(word, sizeof(word), CPU "/cpu0/cpufreq/scaling_governor");
	if (!word[0] || !strcmp(word, "performance"))
		return false;
	return doctor_found(f, DOCTOR_PROVED, "cpupower frequency-set -g performance",
			    "the frequency governor is %s", word);
}

static bool machine_turbo(const struct doctor_case *c, struct doctor_finding *f)
{
	(void)c;
	if (look_switch(CPU "/intel_pstate/no_turbo") == DOCTOR_NO)
		return doctor_found(f, DOCTOR_PROVED, "echo 1 > " CPU "/intel_pstate/no_turbo",
				    "turbo is on (intel_pstate/no_turbo is 0)");
	if (look_switch(CPU "/cpufreq/boost") == DOCTOR_YES)
		return doctor_found(f, DOCTOR_PROVED, "echo 0 > " CPU "/cpufreq/boost",
				    "boost is on (cpufreq/boost is 1)");
	return false;
}

static bool machine_smt(const struct doctor_case *c, struct doctor_finding *f)
{
	(void)c;
	if (look_switch(CPU "/smt/active") != DOCTOR_YES)
		return false;
	return doctor_found(f, DOCTOR_POSSIBLE, "echo off > " CPU "/smt/control",
			    "two threads share a core (smt/active is 1)");
}

static bool machine_isolated(const struct doctor_case *c, struct doctor_finding *f)
{
	char list[64];

	(void)c;
	look_word(list, sizeof(list), CPU "/isolated");
	if (list[0] || access(CPU, F_OK))
		return false;
	return doctor_found(f, DOCTOR_POSSIBLE, "boot with isolcpus=<list> nohz_full=<list>, and pin the guest there",
			    "no processor is isolated");
}

static bool machine_mitigations(const struct doctor_case *c, struct doctor_finding *f)
{
	DIR *d = look_folder(CPU "/vulnerabilities");
	char names[160] = "";
	unsigned n = 0;

	(void)c;
	for (struct dirent *e; d && (e = readdir(d));) {
		char text[16];
		size_t used = strlen(names);

		look_word(text, sizeof(text), CPU "/vulnerabilities/%.60s", e->d_name);
		if (strncmp(text, "Mitigation", 10))
			continue;
		n++;
		snprintf(names + used, sizeof(names) - used, "%s%.40s", used ? ", " : "", e->d_name);
	}
	if (d)
		closedir(d);
	if (!n)
		return false;
	return doctor_found(f, DOCTOR_POSSIBLE, "boot with mitigations=off, only where nothing "
		"untrusted runs; else compare arms under one setting",
			    "%u mitigations are on: %s", n, names);
}

/* /proc/swaps has a line of titles. */
static bool machine_swap(const struct doctor_case *c, struct doctor_finding *f)
{
	char *text = look_text("/proc/swaps");
	bool on = text && strchr(text, '\n');

	(void)c;
	free(text);
	if (!on)
		return false;
	return doctor_found(f, DOCTOR_POSSIBLE, "swapoff -a", "swap is on");
}

static bool machine_ksm(const struct doctor_case *c, struct doctor_finding *f)
{
	uint64_t run = 0;

	(void)c;
	if (!look_number(&run, "/sys/kernel/mm/ksm/run") || run != 1)
		return false;
	return doctor_found(f, DOCTOR_PROVED, "echo 2 > /sys/kernel/mm/ksm/run   (2 also takes merged pages apart)",
			    "KSM runs (ksm/run is 1)");
}

static bool machine_balancing(const struct doctor_case *c, struct doctor_finding *f)
{
	uint64_t on = 0;

	(void)c;
	if (!look_number(&on, "/proc/sys/kernel/numa_balancing") || !on ||
	    !look_number(&on, "/sys/devices/system/node/node1/distance"))
		return false;
	return doctor_found(f, DOCTOR_PROVED, "sysctl kernel.numa_balancing=0",
			    "NUMA balancing is on, and there are several nodes");
}

/* "cpu  user nice system idle iowait irq softirq steal ...": since the boot. */
static bool machine_stolen(const struct doctor_case *c, struct doctor_finding *f)
{
	uint64_t v[8] = { 0 }, sum = 0;
	char *text = look_text("/proc/stat");
	int n = text ? sscanf(text, "cpu %" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64
			      "%" SCNu64 "%" SCNu64 "%" SCNu64, &v[0], &v[1], &v[2], &v[3],
			      &v[4], &v[5], &v[6], &v[7]) : 0;

	(void)c;
	free(text);
	for (int i = 0; i < n; i++)
		sum += v[i];
	if (n < 8 || !sum || v[7] * 1000 < sum)
		return false;
	return doctor_found(f, DOCTOR_PROVED, "measure on a machine of your own, or run more "
		"blocks",
			    "%.1f%% of all processor time since the boot was stolen by the host",
			    100.0 * v[7] / sum);
}

static bool machine_load(const struct doctor_case *c, struct doctor_finding *f)
{
	char *text = look_text("/proc/loadavg");
	double load = text ? strtod(text, NULL) : 0;

	(void)c;
	free(text);
	if (load < 0.5)
		return false;
	return doctor_found(f, DOCTOR_PROVED, "end whatever else runs (top shows it), and wait "
		"a minute",
			    "the load was %.2f in the last minute", load);
}

/* KiB, of a line of /proc/meminfo. */
static uint64_t machine_kib(const char *text, const char *key, uint64_t otherwise)
{
	const char *at = text ? strstr(text, key) : NULL;

	return at ? strtoull(at + strlen(key), NULL, 10) : otherwise;
}

static bool machine_memory(const struct doctor_case *c, struct doctor_finding *f)
{
	char *text = look_text("/proc/meminfo");
	uint64_t have = machine_kib(text, "MemTotal:", 0);
	uint64_t left = machine_kib(text, "MemAvailable:", have);

	(void)c;
	free(text);
	if (!have || left * 5 >= have)
		return false;
	return doctor_found(f, DOCTOR_PROVED, "end programs, or drop caches (echo 3 > /proc/sys/vm/drop_caches)",
			    "%" PRIu64 " of %" PRIu64 " MiB of memory are "
			    "available", left >> 10, have >> 10);
}

static bool machine_fragments(const struct doctor_case *c, struct doctor_finding *f)
{
	char *text = look_text("/proc/meminfo");
	uint64_t left = machine_kib(text, "MemFree:", 0) << 10;

	free(text);
	if (!left || c->set.largest_free * 4 >= left)
		return false;
	return doctor_found(f, DOCTOR_PROVED, "echo 1 > /proc/sys/vm/compact_memory",
			    "of %" PRIu64 " MiB of free memory %" PRIu64 " MiB lie in blocks of 2M and more",
			    left >> 20, c->set.largest_free >> 20);
}

static bool machine_perf(const struct doctor_case *c, struct doctor_finding *f)
{
	char word[16];

	(void)c;
	look_word(word, sizeof(word), "/proc/sys/kernel/perf_event_paranoid");
	if (!word[0] || atoi(word) <= 1)
		return false;
	return doctor_found(f, DOCTOR_POSSIBLE, "sysctl kernel.perf_event_paranoid=1",
			    "perf_event_paranoid is %s", word);
}

static bool machine_kvm(const struct doctor_case *c, struct doctor_finding *f)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/dev/kvm", look_system.root);
	if (access(path, F_OK))
		return doctor_found(f, DOCTOR_PROVED, "modprobe kvm_intel or kvm_amd, and switch virtualization on in the firmware; or accel: emulation",
				    "KVM cannot be used: there is no /dev/kvm");
	if (access(path, R_OK | W_OK))
		return doctor_found(f, DOCTOR_PROVED, "add yourself to the group of /dev/kvm",
				    "KVM cannot be used: we may not open /dev/kvm");
	if (!c->second.module)
		return doctor_found(f, DOCTOR_PROVED, "load kvm_intel or kvm_amd; inside a VM, "
			"nesting must be on at the host; or accel: emulation",
				    "KVM cannot be trusted: /dev/kvm is there, but neither kvm_intel nor kvm_amd serves it");
	if (c->second.paging == DOCTOR_NO)
		return doctor_found(f, DOCTOR_PROVED, "load the module with ept=1 or npt=1",
				    "%s runs without two-level paging", c->second.module);
	if (look_switch("/sys/module/%s/parameters/nested", c->second.module) == DOCTOR_NO)
		return doctor_found(f, DOCTOR_POSSIBLE, "load the module with nested=1",
				    "%s runs with nested=0: a machine under test of kind vm cannot run guests of its own",
				    c->second.module);
	return false;
}

const struct doctor_cause doctor_machine_causes[] = {
	{ "kvm", "machine", "KVM", "without it guests are emulated: times compare arms, but are "
		"not times of a processor", machine_kvm },
	{ "load", "machine", "other load", "it takes caches, memory and processor time: spread "
		"grows, and drifts look like effects", machine_load },
	{ "stolen-time", "machine", "stolen time", "the host runs others in between: single "
		"samples are too long, medians drift", machine_stolen },
	{ "governor", "machine", "frequency governor", "frequency follows the load: the first samples are slow, short ones slower than long ones", machine_governor },
	{ "turbo", "machine", "turbo", "frequency follows heat and the other cores: the same work differs by some percent between boots", machine_turbo },
	{ "ksm", "machine", "KSM", "it merges equal pages, which splits huge ones, and keeps a "
		"core busy", machine_ksm },
	{ "numa-balancing", "machine", "NUMA balancing", "it unmaps pages to see who touches them: extra faults, huge pages split", machine_balancing },
	{ "memory", "machine", "little free memory", "reclaim runs inside timed regions, huge "
		"pages are not available", machine_memory },
	{ "fragmented", "machine", "fragmented memory", "huge pages are made by compaction, in the middle of a timed first touch", machine_fragments },
	{ "smt", "machine", "SMT", "a neighbour on the same core takes half of its TLB and caches", machine_smt },
	{ "isolated", "machine", "isolated processors", "the scheduler and its timer interrupt whatever is measured", machine_isolated },
	{ "mitigations", "machine", "mitigations", "each exit and system call costs more: fault figures are larger than without", machine_mitigations },
	{ "swap", "machine", "swap", "memory that is not locked may go out and come back as 4K", machine_swap },
	{ "perf", "machine", "perf paranoia", "kernel events and other processes' cannot be counted: their counters are unavailable", machine_perf },
	{ NULL, NULL, NULL, NULL, NULL },
};
