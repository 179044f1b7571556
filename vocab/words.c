/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "words.h"

#include <stddef.h>
#include <string.h>

const struct page_word page_words[PAGE_SIZES] = {
	[PAGE_4K] = { "4k", "4K", 4ULL << 10 },
	[PAGE_2M] = { "2m", "2M", 2ULL << 20 },
	[PAGE_1G] = { "1g", "1G", 1ULL << 30 },
};

const struct layer_word layer_words[LAYERS] = {
	[LAYER_GUEST] = { "guest", "guest",
		"the workload's buffer in the guest's own page table" },
	[LAYER_SECOND] = { "second-level", "second level",
		"the guest's RAM in the second-level page table (EPT, NPT)" },
	[LAYER_MUT] = { "mut", "machine under test",
		"the guest's RAM in QEMU's page table on the machine under test" },
	[LAYER_FILE] = { "file", "file",
		"how the file of the guest's RAM lies on its device" },
};

const char *const layer_names[LAYERS + 1] = {
	"guest", "second-level", "mut", "file", NULL,
};

const char *const when_words[WHENS + 1] = { "before", "after", NULL };

const char *const disturb_words[DISTURBS + 1] = {
	"none", "dirty-log", "dirty-log-on", "split", NULL,
};

const char *const control_words[CONTROLS + 1] = {
	"none", "shift-4k", "dirty-log", "pre-fault", NULL,
};

const char *const guest_pmem_words[GUEST_PMEMS + 1] = { "nvdimm", "virtio", NULL };

const struct step_word step_words[STEPS] = {
	[STEP_SETUP] = { "set-up", "set-up" },
	[STEP_READY] = { "ready", "before logging" },
	[STEP_LOGGING] = { "logging", "while logging" },
	[STEP_LOGGED] = { "logged", "after logging" },
	[STEP_RUN] = { "run", "timed region" },
	[STEP_END] = { "end", "after the touch" },
};

const char *const step_names[STEPS + 1] = {
	"set-up", "ready", "logging", "logged", "run", "end", NULL,
};

const struct domain_word domain_words[DOMAINS] = {
	[DOMAIN_HARDWARE] = { "hardware", "hardware time",
		"times of this machine's processor, measured in a guest",
		"", true, false },
	[DOMAIN_NESTED] = { "nested", "nested KVM time",
		"KVM inside KVM: the machine under test is itself a guest, so "
		"a second-level fault costs more than on bare hardware",
		"Bare hardware: second-level faults and exits are cheaper there.",
		true, false },
	[DOMAIN_EMULATED] = { "emulated", "emulated time",
		"software emulation, no virtualization hardware: the times "
		"compare arms with each other and are not times of a processor",
		"A processor's TLBs, caches and page walkers: the emulator has its "
		"own, so costs of TLB misses here say nothing about hardware.",
		false, false },
	[DOMAIN_INSTRUCTIONS] = { "instructions", "counted instructions",
		"instructions executed; repeatable, and not time",
		"The cost of page walks, TLB misses and caches: an instruction count "
		"does not contain them.", false, true },
	[DOMAIN_FAKE] = { "fake", "fake machine",
		"no machine under test at all: a process answered in its "
		"place, to try the chain; the figures mean nothing",
		"Anything: there was no machine under test.", false, false },
};

const char *const domain_names[DOMAINS + 1] = {
	"hardware", "nested", "emulated", "instructions", "fake", NULL,
};

const char *const kind_words[] = { "time", "rate", "count", NULL };
const char *const better_words[] = { "lower", "higher", "none", NULL };

const char *const boot_classes[] = { "ok", "panic", "hang", "lost",
	"protocol", "timeout", "failed", NULL };
const char *const cell_classes[] = { "ok", "failed", "void", "exit-status", "signal",
	"time-limit", "no-metric", "too-much-output", "corrupt", "kernel-report", NULL };

int page_of_bytes(uint64_t bytes)
{
	for (int i = 0; i < PAGE_SIZES; i++)
		if (page_words[i].bytes == bytes)
			return i;
	return -1;
}

int page_find(const char *name)
{
	for (int i = 0; i < PAGE_SIZES; i++)
		if (!strcmp(page_words[i].name, name))
			return i;
	return -1;
}

int layer_find(const char *name)
{
	for (int i = 0; i < LAYERS; i++)
		if (!strcmp(layer_words[i].name, name))
			return i;
	return -1;
}

int step_find(const char *name)
{
	for (int i = 0; i < STEPS; i++)
		if (!strcmp(step_words[i].name, name))
			return i;
	return -1;
}

const struct domain_word *domain_find(const char *name)
{
	for (int i = 0; i < DOMAINS; i++)
		if (!strcmp(domain_words[i].name, name))
			return &domain_words[i];
	return NULL;
}

const struct machine_kind machine_kinds[] = {
	{ .name = "vm", .help = "a virtual machine that kduel boots for the campaign",
	  .sized = true, .has_kernel = true },
	{ .name = "host", .help = "this machine, with the kernel that runs",
	  .has_device = true, .has_kernel = true, .is_driver = true },
	{ .name = "ssh", .help = "another machine, rebooted by kexec through ssh",
	  .has_host = true, .has_device = true, .has_kernel = true },
	{ .name = "fake", .help = "none: a process that answers like one, for trying things out" },
	{ .name = NULL },
};

/* One name a line above. */
const char *const machine_kind_names[] = { "vm", "host", "ssh", "fake", NULL };

const struct machine_kind *machine_kind_find(const char *name)
{
	for (const struct machine_kind *k = machine_kinds; k->name; k++) {
		if (!strcmp(k->name, name))
			return k;
	}
	return NULL;
}
