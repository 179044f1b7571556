/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The agent's small parts: settings, faults, maps, ports, cpuinfo. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "backing/backing.h"
#include "file.h"
#include "guest-agent/agent.h"
#include "guest-agent/init.h"
#include "guest-agent/split.h"
#include "lib/env.h"

static void settings_come_from_the_command_line(void **state)
{
	struct settings s = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(settings_from_cmdline(&s, "console=ttyS0 kduel.role=guest quiet "
		"kduel.nonce=ffeeddccbbaa9988 kduel.fault=hang@run\n", &err), 0);
	assert_int_equal(s.role, ROLE_GUEST);
	assert_true(s.nonce == 0xffeeddccbbaa9988ull);
	assert_int_equal(s.fault.kind, FAULT_HANG);
	assert_string_equal(s.fault.op, "run");
}

static void wrong_settings_are_refused(void **state)
{
	static const char *const bad[] = {
		"kduel.role=boss", "kduel.nonce=12x", "kduel.nonce=", "kduel.nonce=-1",
		"kduel.nonce=11223344556677889", "kduel.rolle=node",
		"kduel.fault=hang", "kduel.fault=hang@", "kduel.fault=melt@run",
		"kduel.fault=@run",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct settings s = { 0 };
		struct err err = ERR_INIT;

		assert_true(settings_from_cmdline(&s, bad[i], &err) < 0);
		assert_int_equal(err.exit, EXIT_CONFIG);
	}
}

/* Holes and an end that comes and goes, under a process that stands still meanwhile. */
static void scratch_is_taken_and_given_back(void **state)
{
	struct split_scratch s = { .size = 8 << 20, .qemu = fork() };
	char name[64], path[80], byte;
	int status;

	(void)state;
	if (!s.qemu)
		for (;;)
			pause();
	strcpy(name, "/tmp/kduel-test-XXXXXX");
	s.fd = mkstemp(name);
	snprintf(s.other, sizeof(s.other), "%.90s.other", name);
	snprintf(path, sizeof(path), "%s.other", name);
	assert_int_equal(posix_fallocate(s.fd, 0, (off_t)s.size), 0);
	assert_int_equal(pwrite(s.fd, "abc", 3, 2 << 20), 3);
	assert_int_equal(split_scratch_hole(&s, 2 << 20), 0);
	assert_int_equal(pread(s.fd, &byte, 1, 2 << 20), 1);
	assert_int_equal(byte, 0);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(pwrite(s.fd, "abc", 3, 4 << 20), 3);
	assert_int_equal(split_scratch_truncate(&s, (4 << 20) - 4096), 0);
	assert_int_equal(lseek(s.fd, 0, SEEK_END), s.size);
	assert_int_equal(pread(s.fd, &byte, 1, 4 << 20), 1);
	assert_int_equal(byte, 0);
	/* It runs again. */
	assert_int_equal(waitpid(s.qemu, &status, WUNTRACED | WCONTINUED | WNOHANG), s.qemu);
	kill(s.qemu, SIGKILL);
	assert_int_equal(waitpid(s.qemu, &status, 0), s.qemu);
	close(s.fd);
	unlink(name);
}

static void maps_are_searched(void **state)
{
	static const char text[] =
		"00400000-00401000 r-xp 00000000 00:01 12 /usr/bin/qemu\n"
		"7f0000000000-7f0000100000 rw-p 00000000 00:00 0 \n"
		"7f1000000000-7f1020000000 rw-s 00000000 103:00 131 /run/kduel-pmem/guest-ram\n"
		"7f1800000000-7f1860000000 rw-p 00000000 00:00 0 \n"
		"7f2000000000-7f2020000000 rw-p 00000000 00:00 0 \n"
		"7f3000000000-7f3040000000 rw-s 00000000 00:01 5 /memfd:memory-backend-memfd (deleted)\n";
	static const struct {
		const char *path;
		uint64_t size, start;
	} want[] = {
		{ "/run/kduel-pmem/guest-ram", 512 << 20, 0x7f1000000000 },
		{ "", 512 << 20, 0x7f2000000000 },
		{ "", 1 << 30, 0x7f3000000000 },
		{ "", 1280 << 20, 0x7f1800000000 },
	};
	uint64_t start;

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		char *copy = strdup(text);

		assert_int_equal(backing_ram_parse(copy, want[i].path, want[i].size, &start), 0);
		assert_true(start == want[i].start);
		free(copy);
	}
	{
		char *copy = strdup(text);

		assert_int_equal(backing_ram_parse(copy, "", 2ull << 30, &start), -ENOENT);
		free(copy);
	}
}

static void put_file(const char *dir, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(file_mkdirs(path, NULL), 0);
	snprintf(path, sizeof(path), "%s/%s/name", dir, name);
	assert_int_equal(file_publish(path, text, strlen(text), NULL), 0);
}

static void ports_are_found_by_name(void **state)
{
	char dir[] = "/tmp/kduel-ports-XXXXXX", node[300];

	(void)state;
	assert_true(scratch_make(dir, NULL) >= 0);
	put_file(dir, "vport0p1", "org.qemu.guest_agent.0\n");
	assert_int_equal(port_find(dir, PORT_NAME, node, sizeof(node)), -ENOENT);
	put_file(dir, "vport0p2", PORT_NAME "\n");
	assert_int_equal(port_find(dir, PORT_NAME, node, sizeof(node)), 0);
	assert_string_equal(node, "/dev/vport0p2");
	file_remove_tree(dir, NULL);
	assert_int_equal(port_find(dir, PORT_NAME, node, sizeof(node)), -ENOENT);
}

static void cpuinfo_is_read(void **state)
{
	static const char text[] = "processor\t: 0\nmodel\t\t: 1\nmodel name\t: AMD EPYC\n"
		"microcode\t: 0x1000065\npower management:\n\nprocessor\t: 1\nmodel name\t: other\n";
	json_t *v = env_cpuinfo(text, "model name");

	(void)state;
	assert_string_equal(json_string_value(v), "AMD EPYC");
	json_decref(v);
	v = env_cpuinfo(text, "microcode");
	assert_string_equal(json_string_value(v), "0x1000065");
	json_decref(v);
	assert_null(env_cpuinfo(text, "model nam"));
	assert_null(env_cpuinfo("", "model name"));
}

static void the_compiler_is_told_from_the_version(void **state)
{
	json_t *v = env_compiler("Linux version 6.1.192-k1 (me@here) (gcc-12 (Debian 12.2.0-14) "
				 "12.2.0, GNU ld 2.40) #1 SMP Thu Jan  1 (x)\n");

	(void)state;
	assert_string_equal(json_string_value(v),
			    "gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld 2.40");
	json_decref(v);
	assert_null(env_compiler("Linux version 6.1"));
	assert_null(env_compiler(""));
}

static void environment_has_what_this_machine_has(void **state)
{
	json_t *facts = env_capture(true);
	char *text = json_dumps(facts, 0);

	(void)state;
	assert_non_null(text);
	assert_true(strlen(text) < 1 << 20);
	assert_true(json_is_string(json_object_get(json_object_get(facts, "kernel"), "release")));
	assert_true(json_integer_value(json_object_get(json_object_get(facts, "cpu"), "count")) > 0);
	assert_true(json_integer_value(json_object_get(facts, "memory")) > 1 << 20);
#ifdef __x86_64__
	assert_true(json_is_string(json_object_get(json_object_get(facts, "cpu"), "vendor")));
	assert_true(json_is_string(json_object_get(json_object_get(facts, "cpu"), "model_number")));
#endif
	/* The shape names at least a processor, and no size of free memory. */
	assert_non_null(strstr(json_string_value(json_object_get(facts, "topology")), " PU"));
	assert_non_null(json_object_get(facts, "hwloc"));
	free(text);
	json_decref(facts);
}

static void parameters_of_kvm_are_conditions(void **state)
{
	static const char *const files[] = {
		"kvm/parameters/eager_page_split", "kvm_amd/parameters/enable_mediated_pmu",
	};
	char root[] = "/tmp/kduel-env.XXXXXX", path[160];
	json_t *facts, *kvm;

	(void)state;
	assert_true(scratch_make(root, NULL) >= 0);
	env_root = root;
	assert_false(env_mediated_pmu());
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/sys/module/%s", root, files[i]);
		*strrchr(path, '/') = '\0';
		assert_int_equal(file_mkdirs(path, NULL), 0);
		path[strlen(path)] = '/';
		assert_int_equal(file_publish(path, "Y\n", 2, NULL), 0);
	}
	facts = env_capture(true);
	kvm = json_object_get(facts, "kvm");
	assert_string_equal(json_string_value(json_object_get(kvm, "eager_page_split")), "Y");
	assert_string_equal(json_string_value(json_object_get(kvm, "enable_mediated_pmu")), "Y");
	assert_true(env_mediated_pmu());
	/* kvm has others, toy has none at all, and the rest is no module's */
	json_decref(facts);
	facts = env_unknown_parameters("quiet kvm.fault_spin=9 kvm.eager-page-split=N toy.x=1 "
				       "root=a.b kvm-amd.avic kvm.eager_page_split\n");
	assert_int_equal(json_array_size(facts), 2);
	assert_string_equal(json_string_value(json_array_get(facts, 0)), "kvm.fault_spin=9");
	assert_string_equal(json_string_value(json_array_get(facts, 1)), "kvm-amd.avic");
	assert_int_equal(file_publish(path, "N\n", 2, NULL), 0);
	assert_false(env_mediated_pmu());
	env_root = "";
	json_decref(facts);
	assert_int_equal(file_remove_tree(root, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_come_from_the_command_line),
		cmocka_unit_test(wrong_settings_are_refused),
		cmocka_unit_test(scratch_is_taken_and_given_back),
		cmocka_unit_test(maps_are_searched),
		cmocka_unit_test(ports_are_found_by_name),
		cmocka_unit_test(cpuinfo_is_read),
		cmocka_unit_test(the_compiler_is_told_from_the_version),
		cmocka_unit_test(environment_has_what_this_machine_has),
		cmocka_unit_test(parameters_of_kvm_are_conditions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
