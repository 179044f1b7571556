/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every way a config can be wrong, and what is said about it. */
#include <ctype.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "file.h"
#include "host-driver/plan/config.h"
#include "host-driver/plan/plan.h"

#define GOOD								\
	"name: t\n"							\
	"seed: 7\n"							\
	"blocks: 3\n"							\
	"machine: { kind: fake }\n"					\
	"guest: { kernel: k1, memory: 256M }\n"				\
	"arms:\n"							\
	"  - { kernel: k1, baseline: true }\n"				\
	"  - { kernel: k2, second-level: 2m }\n"			\
	"cells:\n"							\
	"  - { backing: anon-4k, source: [anon-4k, thp], workload: \"null\" }\n"

#define CPU								\
	"title: x\nvendor: x\nmatch: { family: 1, model: 1 }\n"		\
	"tlb:\n  first: { 4k: 1, 2m: 1, 1g: 1 }\n"			\
	"  second: { 4k: 1, 2m: 1, 1g: 1 }\n"				\
	"events: { name: dtlb_load_walks, native: x }\n"

static char folder[] = "/tmp/kduel-config-XXXXXX";
static char file[64];

static int load(const char *text, const struct plan_options *o,
		struct plan **p, struct err *err)
{
	*p = NULL;
	assert_int_equal(file_publish(file, text, strlen(text), err), 0);
	return plan_load(file, o, p, err);
}

/* GOOD with `from` replaced by `to`. */
static char *edited(const char *from, const char *to)
{
	const char *at = strstr(GOOD, from);
	char *text = NULL;

	if (!at)
		fail_msg("the good config has no '%s'", from);
	assert_true(asprintf(&text, "%.*s%s%s", (int)(at - GOOD), GOOD, to,
			     at + strlen(from)) > 0);
	return text;
}

static void the_good_one_is_good(void **state)
{
	struct err err = ERR_INIT;
	struct plan *p;

	(void)state;
	if (load(GOOD, NULL, &p, &err))
		fail_msg("%s", err.text);
	assert_int_equal(p->n_arms, 2);
	assert_string_equal(p->arms[1].name, "k2");
	assert_string_equal(p->arms[1].second_level, "2m");
	assert_string_equal(p->arms[0].layouts[0], "default");
	assert_int_equal(p->n_cells, 2);
	assert_string_equal(p->cells[1].id, "anon-4k/thp/null");
	assert_int_equal(p->cells[1].processes, 1);
	assert_int_equal(p->n_boots, 6);
	assert_int_equal(p->guest.memory, 256 << 20);
	assert_int_equal(p->machine.memory, 3ll << 30);
	plan_free(p);
}

static void every_error_is_said_exactly(void **state)
{
	static const struct {
		const char *from, *to, *want;
	} bad[] = {
		/* keys */
		{ "seed: 7", "sede: 7", ":2: sede: unknown key; did you mean 'seed'?" },
		{ "seed: 7", "seed: 7\nseed: 8", ":3: seed: given twice" },
		{ "seed: 7", "colour: 7",
		  ":2: colour: unknown key; known: name, question, seed, blocks, clock, aa, counters, profile, machine, guest, arms, cells, gates, expect" },
		{ "kind: fake", "knid: fake", ":4: machine.knid: unknown key; did you mean 'kind'?" },
		{ "second-level: 2m", "second_level: 2m",
		  ":8: arms[1].second_level: unknown key; did you mean 'second-level'?" },
		{ "seed: 7", "profile: memory", ":2: profile: 'memory' is counted by the emulator: this needs machine: { kind: vm }" },
		{ "seed: 7", "profile: stack", ":2: profile: unknown value 'stack'; known: none, functions, memory, boot" },
		{ "name: t\n", "", ":1: name: missing" },
		{ "kernel: k1, memory", "memory", ":5: guest.kernel: missing" },
		{ ", workload: \"null\"", "", ":10: cells[0].workload: missing" },
		/* types */
		{ "blocks: 3", "blocks: many", ":3: blocks: 'many' is not a whole number" },
		{ "blocks: 3", "blocks: 3.5", ":3: blocks: '3.5' is not a whole number" },
		{ "blocks: 3", "blocks: -3", ":3: blocks: '-3' is not a whole number" },
		{ "blocks: 3", "blocks: 4294967296", ":3: blocks: 4294967296 is too large" },
		{ "blocks: 3", "blocks: [3]", ":3: blocks: must be one value" },
		{ "{ kind: fake }", "fake", ":4: machine: must be keys and values: { a: b }" },
		{ "baseline: true", "baseline: yes", ":7: arms[0].baseline: 'yes' is neither true nor false" },
		{ "name: t", "name: ''", ":1: name: is empty" },
		{ "name: t", "name: [", ":3: did not find expected" },
		{ "name: t", "name: ../t", ":1: name: '../t' is not a name" },
		{ "name: t", "name: \"a\\e[2J\"", ":1: name: '" },
		/* words */
		{ "kernel: k2", "kernel: k3",
		  ":8: arms[1].kernel: unknown kernel 'k3'; did you mean 'k1'?" },
		{ "kernel: k1, memory", "kernel: linux, memory",
		  ":5: guest.kernel: unknown kernel 'linux': there is no linux.yaml in " },
		{ "backing: anon-4k", "backing: fsdax-xsf",
		  ":10: cells[0].backing: unknown backing 'fsdax-xsf'; did you mean 'fsdax-xfs'? known: fsdax-xfs, fsdax-ext4, devdax, hugetlb-2m, hugetlb-1g, thp, anon-4k, memfd, shmem-thp, guest-memfd" },
		{ "[anon-4k, thp]", "[anon-4k,\n     tph]",
		  ":11: cells[0].source[1]: unknown source 'tph'; did you mean 'thp'? known: anon-4k, thp, hugetlb-2m" },
		{ "[anon-4k, thp]", "[]", ":10: cells[0].source: the list is empty" },
		{ "\"null\"", "nul", ":10: cells[0].workload: unknown workload 'nul'; did you mean 'null'? known: " },
		{ "kind: fake", "kind: vmm", ":4: machine.kind: unknown value 'vmm'; did you mean 'vm'? known: vm, host, ssh, fake" },
		{ "kind: fake", "accel: magic", ":4: machine.accel: unknown value 'magic'; known: auto, hardware, emulation" },
		{ "second-level: 2m", "second-level: 3m", ":8: arms[1].second-level: unknown page size '3m'; did you mean '2m'? known: 4k, 2m, 1g" },
		{ "second-level: 2m", "layout: [default, '33']",
		  ":8: arms[1].layout[1]: unknown layout '33'; did you mean '32'? known: default, 16, 32, 64, 128" },
		/* parameters of a workload */
		{ "workload: \"null\"", "workload: \"null\", params: { colour: 3 }",
		  ":10: cells[0].params.colour: null: unknown parameter 'colour'" },
		{ "workload: \"null\"", "workload: tlb-miss, params: { pages: 64..x }",
		  ":10: cells[0].params.pages: " },
		{ "workload: \"null\"", "workload: first-touch, params: { size: [64M, 9X] }",
		  ":10: cells[0].params.size[1]: " },
		{ "workload: \"null\"", "workload: first-touch, params: { size: 256M }",
		  ":10: cells[0].params.size: 256M does not fit in guest.memory, 256M" },
		{ "workload: \"null\"", "workload: \"null\", params: [a]",
		  ":10: cells[0].params: must be keys and values: { a: b }" },
		{ "workload: \"null\"", "workload: first-touch, params: { size: 64M, threads: [1, 2] }",
		  ":10: cells[0].params.threads[1]: 2 threads are more than guest.cpus, 1" },
		{ "workload: \"null\"", "workload: gups, params: { size: 3M }",
		  ":10: cells[0].params.size: 3145728 bytes are not a power of two" },
		{ "workload: \"null\"", "workload: gups, params: { in-flight: 3 }",
		  ":10: cells[0].params.in-flight: 3 is not a power of two" },
		{ "workload: \"null\"", "workload: gups, params: { size: 64 }",
		  ":10: cells[0].params.size: 0 updates for each of 128 in flight cannot be cut into 10 samples" },
		{ "workload: \"null\"", "workload: mem-walk, params: { spacing: 24 }",
		  ":10: cells[0].params.spacing: 24 is not a multiple of 16" },
		{ "workload: \"null\"", "workload: mem-walk, params: { stride: 100 }",
		  ":10: cells[0].params.stride: 100 is not a multiple of spacing, 64" },
		{ "workload: \"null\"", "workload: mem-walk, params: { size: 64 }",
		  ":10: cells[0].params.size: 64 bytes hold fewer than 2 nodes for each chain" },
		{ "workload: \"null\"", "workload: mem-walk, params: { size: 128..64M, step: 5 }",
		  ":10: cells[0].params.step: there are more than 128 sizes; make it larger" },
		{ "workload: \"null\"", "workload: tlb-miss, params: { stride: 5000 }",
		  ":10: cells[0].params.stride: 5000 is not a multiple of 4096" },
		{ "workload: \"null\"", "workload: tlb-miss, params: { pages: 2..8192, step: 1 }",
		  ":10: cells[0].params.step: there are more than 256 rungs; make it larger" },
		{ "workload: \"null\"", "workload: stream, params: { size: 4097 }",
		  ":10: cells[0].params.size: 4097 bytes are not a multiple of 512" },
		{ "workload: \"null\"", "workload: first-touch, params: { size: 32K }",
		  ":10: cells[0].params.size: 16 samples need at least 64K: a page for each sample and thread" },
		{ "workload: \"null\"", "workload: unmap, params: { call: [1..1024, 2000] }",
		  ":10: cells[0].params.call[1]: 2000 pages a call, but the buffer has 1024" },
		{ "workload: \"null\"", "workload: pmem-io, params: { size: 1M }",
		  ":10: cells[0].params.path: say which DAX file, folder or device with --path, in a config with params: { path: ... }" },
		{ "workload: \"null\"", "workload: pmem-io, params: { path: /x, block: 1000 }",
		  ":10: cells[0].params.block: 1000 is not a power of two" },
		{ "workload: \"null\"", "workload: pmem-io, params: { path: /x, size: 100K, block: 64K }",
		  ":10: cells[0].params.size: 102400 is not a multiple of the block, 65536" },
		{ "workload: \"null\"", "workload: pmem-io, params: { path: /x, size: 1M, depth: 200 }",
		  ":10: cells[0].params.depth: 200 in flight need at least 400 blocks, the file has 256" },
		{ "workload: \"null\"", "workload: \"null\", params: { path: /x }",
		  ":10: cells[0].params.path: source anon-4k takes none; it is for fsdax and devdax" },
		{ "workload: \"null\"", "workload: tlb-miss, params: { pages: 16..1M }",
		  ":10: cells[0].workload: the 4G that tlb-miss walks do not fit in guest.memory, 256M" },
		/* what is done to its memory */
		{ "workload: \"null\"", "workload: \"null\", disturb: dirty-logs",
		  ":10: cells[0].disturb: unknown value 'dirty-logs'; did you mean 'dirty-log'? known: none, dirty-log, dirty-log-on" },
		{ "workload: \"null\"", "workload: \"null\", timeline: soon", ":10: cells[0].timeline: " },
		{ "workload: \"null\"", "workload: \"null\", timeline: 2m",
		  ":10: cells[0].timeline: 120000 is out of range; 0 to 60000 are allowed" },
		{ "workload: \"null\"", "workload: \"null\",\n    backing-params: { align: 4K }",
		  ":11: cells[0].backing-params.align: backing anon-4k has no parameters" },
		{ "backing: anon-4k", "backing: devdax, backing-params: { mkfs: x }",
		  ":10: cells[0].backing-params.mkfs: unknown parameter 'mkfs'; known: device, align" },
		{ "backing: anon-4k", "backing: devdax, backing-params: { align: 64K }",
		  ":10: cells[0].backing-params.align: '64K' is not one of 4K, 2M, 1G" },
		{ "backing: anon-4k", "backing: devdax, backing-params: { align: [4K, 2M] }",
		  ":10: cells[0].backing-params.align: must be one value; write a cell for each" },
		{ "backing: anon-4k", "backing: devdax, backing-params: { device: sda }",
		  ":10: cells[0].backing-params.device: 'sda' is none of these: a namespace (namespace0.0), the block device of one (/dev/pmem0), a DAX device (/dev/dax0.0), a folder" },
		{ "backing: anon-4k", "backing: devdax, backing-params: { align: 1G }",
		  ":5: guest.memory: 256M is not a multiple of 1G, which backing devdax needs" },
		/* sizes */
		{ "256M", "256X", ":5: guest.memory: " },
		{ "256M", "16777216T", ":5: guest.memory: " },
		{ "256M", "1M", ":5: guest.memory: is too little; at least 64M" },
		{ "kind: fake", "kind: vm, memory: 256M", ":5: guest.memory: 256M in backing anon-4k does not fit in machine.memory, 256M; make that at least 384M" },
		{ "{ kind: fake }", "{ kind: vm, cpus: 0 }", ":4: machine.cpus: 0 is out of range; 1 to 256 are allowed" },
		/* claims */
		{ "name: t", "name: t\nexpect: [ 'null.ns_per_iteration(k9) < 1' ]",
		  ":2: expect[0]: unknown arm 'k9'; did you mean 'k1'? known: k1, k2" },
		{ "name: t", "name: t\nexpect: [ 'null.ns(k1) < ' ]",
		  ":2: expect[0]: claim: column 15: a number is expected" },
		{ "name: t", "name: t\nexpect: [ 'null.ns_per_iteratoin(k1) < 1' ]",
		  ":2: expect[0]: workload null: unknown metric 'ns_per_iteratoin'; did you mean 'ns_per_iteration'?" },
		{ "name: t", "name: t\nexpect: [ 'nul.ns_per_iteration(k1) < 1' ]",
		  ":2: expect[0]: unknown workload in this campaign 'nul'; did you mean 'null'? known: null, guest, second_level, mut, file" },
		{ "name: t", "name: t\nexpect: [ 'null.ns_per_iteration(k1 @ memfd/*) < 1' ]",
		  ":2: expect[0]: @ 'memfd/*' matches none of the cells, e.g. anon-4k/anon-4k/null" },
		{ "name: t", "name: t\nexpect: [ 'null.minor_fualts(k1) < 1' ]",
		  ":2: expect[0]: workload null: unknown metric 'minor_fualts'" },
		{ "name: t", "name: t\nexpect: [ 'mut.faults(k3) < 1' ]",
		  ":2: expect[0]: unknown arm 'k3'" },
		/* what makes no comparison */
		{ "blocks: 3", "blocks: 0", ":3: blocks: 0 is out of range; 1 to 1000 are allowed" },
		{ "blocks: 3", "blocks: 1001", ":3: blocks: 1001 is out of range; 1 to 1000 are allowed" },
		{ "  - { kernel: k2, second-level: 2m }\n", "",
		  ":6: arms: there is 1; a comparison needs 2 to 16 arms (or aa: true with one)" },
		{ ", baseline: true", "", ":6: arms: no arm is the baseline; mark one with baseline: true" },
		{ "second-level: 2m", "baseline: true", ":6: arms: 2 arms are the baseline; only one can be" },
		{ "kernel: k2,", "kernel: k1,", ":8: arms[1].name: 'k1' is given twice; give one of them another name" },
		{ "workload: \"null\" }\n", "workload: [\"null\", \"null\"] }\n",
		  ":10: cells[0]: anon-4k/anon-4k/null is given twice" },
		{ "workload: \"null\"", "workload: \"null\", processes: 0",
		  ":10: cells[0].processes: 0 is out of range; 1 to 1000 are allowed" },
		{ "machine: { kind: fake }", "clock: instructions\nmachine: { kind: vm, cpus: 2 }",
		  ":5: machine.cpus: clock: instructions needs cpus: 1; it is single-threaded" },
		{ "machine: { kind: fake }", "clock: instructions\nmachine: { accel: hardware }",
		  ":5: machine.accel: clock: instructions needs accel: emulation or auto" },
		{ "machine: { kind: fake }", "profile: boot\nmachine: { accel: hardware }",
		  ":4: profile: functions are counted by the emulator: this needs accel: emulation or auto" },
		{ "kind: fake", "kind: ssh", ":4: machine.host: kind: ssh needs a host, e.g. root@testbox" },
		{ "kind: fake", "kind: ssh, host: -oProxy", ":4: machine.host: '-oProxy' is not a host" },
		/* what does not fit */
		{ "workload: \"null\"", "workload: stream, params: { size: 96M }",
		  ":10: cells[0].params.size: 3 buffers of 96M do not fit in guest.memory, 256M" },
		{ "source: [anon-4k, thp], workload: \"null\"", "source: hugetlb-1g, workload: first-touch",
		  ":10: cells[0].workload: 128M in pages of 1G do not fit in guest.memory, 256M" },
		{ "memory: 256M }\narms:\n  - { kernel: k1, baseline: true }\n  - { kernel: k2, second-level: 2m }\ncells:\n  - { backing: anon-4k, source: [anon-4k, thp], workload: \"null\"",
		  "memory: 1536M }\narms:\n  - { kernel: k1, baseline: true }\n  - { kernel: k2 }\ncells:\n  - { backing: anon-4k, source: hugetlb-1g, workload: first-touch",
		  ":10: cells[0].workload: 128M in pages of 1G do not fit in guest.memory, 1536M" },
		{ "source: [anon-4k, thp]", "source: fsdax",
		  ":10: cells[0].params.path: source fsdax: say where with --path, in a config with guest.pmem or params: { path: ... }" },
		{ "256M", "255M", ":5: guest.memory: 255M is not a multiple of 2M, which backing anon-4k needs" },
		{ "backing: anon-4k", "backing: [anon-4k, hugetlb-1g]",
		  ":5: guest.memory: 256M is not a multiple of 1G, which backing hugetlb-1g needs" },
		{ "fake }\nguest: { kernel: k1, memory: 256M }\narms:\n  - { kernel: k1, baseline: true }\n  - { kernel: k2, second-level: 2m }\ncells:\n  - { backing: anon-4k",
		  "vm }\nguest: { kernel: k1, memory: 3G }\narms:\n  - { kernel: k1, baseline: true }\n  - { kernel: k2 }\ncells:\n  - { backing: hugetlb-1g",
		  ":5: guest.memory: 3G in backing hugetlb-1g does not fit in machine.memory, 3G; make that at least 7G" },
		{ "kind: fake }\nguest: { kernel: k1, memory: 256M }", "kind: vm }\nguest: { kernel: k1, cpus: 3 }",
		  ":5: guest.cpus: 3 are more than machine.cpus, 2" },
		{ "fake }\nguest: { kernel: k1, memory: 256M }\narms:\n  - { kernel: k1, baseline: true }\n  - { kernel: k2, second-level: 2m }\ncells:\n  - { backing: anon-4k",
		  "vm }\nguest: { kernel: k1, memory: 1G }\narms:\n  - { kernel: k1, baseline: true }\n  - { kernel: k2 }\ncells:\n  - { backing: fsdax-xfs",
		  ":5: guest.memory: 1G with its file system does not fit in machine.pmem, 1G; make that at least 1152M" },
		{ "fake }\nguest: { kernel: k1, memory: 256M }\narms:\n  - { kernel: k1, baseline: true }\n  - { kernel: k2, second-level: 2m }\ncells:\n  - { backing: anon-4k",
		  "host }\nguest: { kernel: k1 }\narms:\n  - { kernel: k1, baseline: true }\n  - { kernel: k2 }\ncells:\n  - { backing: fsdax-xfs",
		  ":4: machine.device: missing: backing fsdax-xfs overwrites a device" },
		{ "kind: fake", "kind: fake, device: namespace0.0",
		  ":4: machine.device: only kinds host and ssh take a device" },
		/* gates */
		{ "cells:", "gates: [{ cell: '*', metric: ns_per_iteratoin }]\ncells:",
		  ":9: gates[0].metric: workload null: unknown metric 'ns_per_iteratoin'; did you mean 'ns_per_iteration'?" },
		{ "cells:", "gates: [{ cell: '*/gups', metric: x }]\ncells:",
		  ":9: gates[0].cell: '*/gups' matches none of the cells, e.g. anon-4k/anon-4k/null" },
		{ "cells:", "gates: [{ cell: '*', metric: 'a b' }]\ncells:", ":9: gates[0].metric: 'a b' is not a name" },
		{ "cells:",
		  "gates: [{cell: '*', metric: a}, {cell: '*', metric: b}, {cell: '*', metric: c}, {cell: '*', metric: d}, {cell: '*', metric: e}, {cell: '*', metric: f}, {cell: '*', metric: g}, {cell: '*', metric: h}, {cell: '*', metric: i}]\ncells:",
		  ":9: gates: there are 9; at most 8 are allowed, since with more none could be detected" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char *text = edited(bad[i].from, bad[i].to), *want = NULL;
		struct err err = ERR_INIT;
		struct plan *p;

		assert_true(asprintf(&want, "%s%s", file, bad[i].want) > 0);
		if (load(text, NULL, &p, &err) == 0)
			fail_msg("accepted: %s", bad[i].want);
		if (strncmp(err.text, want, strlen(want)))
			fail_msg("said '%s'\nwant '%s'", err.text, want);
		assert_int_equal(err.exit, EXIT_CONFIG);
		free(text);
		free(want);
	}
}

/* One block is shown; counters are as good as metrics in a claim; a device is the host's. */
static void what_is_allowed(void **state)
{
	static const struct {
		const char *from, *to;
	} good[] = {
		{ "blocks: 3", "blocks: 1" },
		{ "name: t", "name: t\nexpect: 'null.minor_faults(k1) < 1'" },
		{ "name: t", "name: t\nexpect: 'null.go_to_result(k1) < 1'" },
		{ "cells:", "gates: { cell: '*', metric: go_to_result }\ncells:" },
		{ "name: t", "name: t\nexpect: 'null.dtlb_load_walks(k1) < 1'" },
		{ "name: t", "name: t\nexpect: [{ says: so, claim: 'null.mut-vcpu.exits(k1) < 1' }]" },
		{ "kind: fake", "kind: host, device: namespace0.0" },
		{ "workload: \"null\"", "workload: stream, params: { size: 64M }" },
		{ "workload: \"null\" }", "workload: \"null\" }\n  - { backing: thp, source: thp, workload: first-touch, params: { size: 64M } }\ngates: [{ cell: '*', metric: ns_per_page }]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		char *text = edited(good[i].from, good[i].to);
		struct err err = ERR_INIT;
		struct plan *p;

		if (load(text, NULL, &p, &err))
			fail_msg("%s: %s", good[i].to, err.text);
		plan_free(p);
		free(text);
	}
}

/* An impossible cell is no matter where it is left out, nor a gate on it. */
static void positions_survive_options(void **state)
{
	char *text = edited("cells:\n", "gates: [{ cell: 'thp*', metric: x }, { cell: 'anon*', metric: y }]\n"
			    "cells:\n  - { backing: hugetlb-1g, source: thp, workload: \"null\" }\n");
	struct plan_options only = { .only = "anon-4k/*" };
	struct err err = ERR_INIT;
	struct plan *p;

	(void)state;
	assert_true(load(text, &only, &p, &err) < 0);
	if (!strstr(err.text, ":9: gates[1].metric: workload null: unknown metric 'y'"))
		fail_msg("%s", err.text);
	free(text);
}

static void other_files_are_refused(void **state)
{
	static const char *const bad[] = {
		"", " \n", "# only a comment\n", "- a\n", "a: b: c\n", "\x01",
		"\xff\xfe", "%YAML 9.9\n---\n", "{", "{\"kduel_plan\":2}",
		"{\"kduel_plan\":1}", "[1]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = ERR_INIT;
		struct plan *p;

		assert_true(load(bad[i], NULL, &p, &err) < 0);
		assert_int_equal(err.exit, EXIT_CONFIG);
		assert_non_null(strstr(err.text, file));
		assert_null(p);
	}
}

static void lists_multiply_and_names_stay_unique(void **state)
{
	char *text = edited("workload: \"null\"",
			    "workload: [\"null\", first-touch], params: {} }\n"
			    "  - { backing: anon-4k, source: thp, workload: tlb-miss, params: { pages: [64, 64..128] }, processes: 3");
	static const char *const ids[] = {
		"anon-4k/anon-4k/null", "anon-4k/anon-4k/first-touch",
		"anon-4k/thp/null", "anon-4k/thp/first-touch",
		"anon-4k/thp/tlb-miss?pages=64",
		"anon-4k/thp/tlb-miss?pages=64..128",
	};
	struct plan_options only = { .only = "*tlb-miss*" };
	struct err err = ERR_INIT;
	struct plan *p;

	(void)state;
	if (load(text, NULL, &p, &err))
		fail_msg("%s", err.text);
	assert_int_equal(p->n_cells, 6);
	for (int i = 0; i < 6; i++)
		assert_string_equal(p->cells[i].id, ids[i]);
	assert_int_equal(p->cells[5].processes, 3);
	plan_free(p);
	assert_int_equal(load(text, &only, &p, &err), 0);
	assert_int_equal(p->n_cells, 2);
	assert_string_equal(p->cells[0].id, ids[4]);
	plan_free(p);
	only.only = "*/gups";
	assert_true(load(text, &only, &p, &err) < 0);
	assert_non_null(strstr(err.text, "--only: '*/gups' matches none"));
	free(text);
}

static void an_aa_pair_rides_along_or_is_all(void **state)
{
	struct plan_options alone = { .aa = true };
	char *text = edited("seed: 7", "aa: true");
	struct err err = ERR_INIT;
	struct plan *p;

	(void)state;
	assert_int_equal(load(text, NULL, &p, &err), 0);
	assert_int_equal(p->n_arms, 3);
	assert_string_equal(p->arms[2].name, "k1-aa");
	assert_string_equal(p->arms[2].kernel, "k1");
	assert_true(p->arms[2].aa && !p->arms[2].baseline);
	plan_free(p);
	assert_int_equal(load(text, &alone, &p, &err), 0);
	assert_int_equal(p->n_arms, 2);
	assert_true(p->arms[0].baseline && p->arms[1].aa);
	plan_free(p);
	free(text);
}

static void layouts_take_turns(void **state)
{
	char *text = edited("second-level: 2m", "layout: [default, '32']");
	struct err err = ERR_INIT;
	struct plan *p;

	(void)state;
	assert_int_equal(load(text, NULL, &p, &err), 0);
	for (size_t i = 0; i < p->n_boots; i++) {
		const struct plan_boot *b = &p->boots[i];
		const char *want = b->arm == 1 && b->block == 2 ? "32" : "default";

		assert_string_equal(b->layout, want);
	}
	plan_free(p);
	free(text);
}

static int make_folder(void **state)
{
	struct err err = ERR_INIT;
	char path[96];

	(void)state;
	if (scratch_make(folder, NULL) < 0)
		return -1;
	snprintf(file, sizeof(file), "%s/c.yaml", folder);
	snprintf(path, sizeof(path), "%s/kernels", folder);
	file_mkdirs(path, &err);
	snprintf(path, sizeof(path), "%s/kernels/k1.yaml", folder);
	file_publish(path, "", 0, &err);
	snprintf(path, sizeof(path), "%s/kernels/k2.yaml", folder);
	file_publish(path, "", 0, &err);
	snprintf(path, sizeof(path), "%s/configs/cpus", folder);
	file_mkdirs(path, &err);
	snprintf(path, sizeof(path), "%s/configs/cpus/x.yaml", folder);
	file_publish(path, CPU, sizeof(CPU) - 1, &err);
	setenv("KDUEL_DATA", folder, 1);
	return err.code;
}

static int remove_folder(void **state)
{
	(void)state;
	return file_remove_tree(folder, NULL);
}

/* Does a section of the manual page, and of docs/config.md, have the keys of its table alone? */
static void keys_are_explained(const char *text, const char *section, const char *key,
			       const struct conf_field *fields)
{
	const char *at = strstr(text, section), *end;
	char entry[80];
	size_t n = 0, found = 0;

	if (!at)
		fail_msg("there is no section '%s'", section);
	at += strlen(section);
	end = strncmp(section, ".Sh", 3) ? strstr(at, "\n## ") : strstr(at, "\n.Sh ");
	end = end ? end : at + strlen(at);
	for (; fields->key; fields++, n++) {
		const char *is;

		snprintf(entry, sizeof(entry), key, fields->key);
		is = strstr(at, entry);
		if (!is || is > end)
			fail_msg("section '%s' has no '%s'", section, fields->key);
	}
	snprintf(entry, sizeof(entry), "%.*s", (int)strcspn(key, "%"), key);
	for (const char *is = strstr(at, entry); is && is < end; is = strstr(is + 1, entry))
		found++;
	if (found != n)
		fail_msg("section '%s' has %zu keys, its table %zu", section, found, n);
}

static void every_key_is_in_the_manual(void **state)
{
	char *page, *doc, heading[40];
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(file_read("docs/man/kduel.yaml.5", &page, NULL, &err), 0);
	assert_int_equal(file_read("docs/config.md", &doc, NULL, &err), 0);
	keys_are_explained(page, ".Sh AT THE TOP\n", "\n.It Cm %s\n", config_fields);
	keys_are_explained(doc, "## At the top\n", "\n| `%s` |", config_fields);
	for (const struct conf_field *f = config_fields; f->key; f++) {
		size_t n;

		/* A claim alone is enough; with words it has two keys, told in words. */
		if (!f->of || f->lone)
			continue;
		n = snprintf(heading, sizeof(heading), ".Sh %s\n", f->key);
		for (size_t i = 4; i < n; i++)
			heading[i] = toupper((unsigned char)heading[i]);
		keys_are_explained(page, heading, "\n.It Cm %s\n", f->of);
		snprintf(heading, sizeof(heading), "## `%s`\n", f->key);
		keys_are_explained(doc, heading, "\n| `%s` |", f->of);
	}
	free(page);
	free(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_good_one_is_good),
		cmocka_unit_test(every_error_is_said_exactly),
		cmocka_unit_test(what_is_allowed),
		cmocka_unit_test(positions_survive_options),
		cmocka_unit_test(other_files_are_refused),
		cmocka_unit_test(lists_multiply_and_names_stay_unique),
		cmocka_unit_test(an_aa_pair_rides_along_or_is_all),
		cmocka_unit_test(layouts_take_turns),
		cmocka_unit_test(every_key_is_in_the_manual),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
