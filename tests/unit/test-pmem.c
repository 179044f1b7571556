/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Namespaces: what is written to sysfs, in a tree that is made up. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "backing/pmem.h"
#include "file.h"

#define M2 (2ull << 20)

static char root[] = "/tmp/kduel-pmem-XXXXXX";

static void put(const char *name, const char *text)
{
	char path[256], dir[256];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	snprintf(dir, sizeof(dir), "%s", path);
	*strrchr(dir, '/') = '\0';
	assert_int_equal(file_mkdirs(dir, NULL), 0);
	assert_int_equal(file_publish(path, text, strlen(text), NULL), 0);
}

static void expect(const char *name, const char *text)
{
	char path[256], *data;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	assert_int_equal(file_read(path, &data, NULL, NULL), 0);
	assert_string_equal(data, text);
	free(data);
}

static int plant(void **state)
{
	(void)state;
	strcpy(root + strlen(root) - 6, "XXXXXX");
	if (scratch_make(root, NULL) < 0)
		return -1;
	pmem_sysfs = pmem_dev = root;
	put("devices/region1/pfn_seed", "pfn1.0\n");
	put("devices/region1/dax_seed", "\n");
	put("devices/namespace0.0/size", "0\n");	/* empty: not to be chosen */
	put("devices/namespace1.0/size", "1073741824\n");
	put("devices/namespace1.0/holder", "\n");
	put("devices/pfn1.0/uuid", "");
	put("devices/pfn1.0/align", "");
	put("devices/pfn1.0/mode", "");
	put("devices/pfn1.0/namespace", "");
	put("devices/pfn1.0/resource", "0x140200000\n");
	put("devices/pfn1.0/size", "1071644672\n");
	put("devices/pfn1.0/block/pmem1/dev", "259:0\n");
	put("pmem1", "");
	put("drivers/nd_pmem/bind", "");
	return 0;
}

static int uproot(void **state)
{
	(void)state;
	return file_remove_tree(root, NULL);
}

static void claims_a_raw_namespace(void **state)
{
	struct pmem p;
	struct err err = ERR_INIT;
	char node[PMEM_NODE_MAX];

	(void)state;
	assert_int_equal(pmem_setup(PMEM_FSDAX, NULL, M2, &p, &err), 0);
	assert_string_equal(p.namespace, "namespace1.0");
	snprintf(node, sizeof(node), "%s/pmem1", root);
	assert_string_equal(p.node, node);
	assert_true(p.base == 0x140200000);
	assert_int_equal(p.size, 1071644672);
	assert_int_equal(p.made, 1);
	expect("devices/pfn1.0/align", "2097152");
	expect("devices/pfn1.0/mode", "ram");
	expect("devices/pfn1.0/namespace", "namespace1.0");
	expect("drivers/nd_pmem/bind", "pfn1.0");
}

static void takes_what_is_there_already(void **state)
{
	struct pmem p;

	(void)state;
	put("devices/namespace1.0/holder", "pfn1.0\n");
	put("devices/pfn1.0/driver/unbind", "");
	put("devices/pfn1.0/align", "2097152\n");
	assert_int_equal(pmem_setup(PMEM_FSDAX, "namespace1.0", M2, &p, NULL), 0);
	assert_int_equal(p.made, 0);
	expect("drivers/nd_pmem/bind", "");
	expect("devices/pfn1.0/driver/unbind", "");
}

/* Consent is to lose what is on a device, not to take it away from whoever uses it. */
static void what_is_in_use_is_left_alone(void **state)
{
	struct err err = ERR_INIT;
	struct pmem p;
	char path[256];
	int ends[2];
	pid_t child;

	(void)state;
	put("devices/namespace1.0/holder", "dax1.0\n");
	put("devices/dax1.0/driver/unbind", "");
	put("devices/dax1.0/align", "2097152\n");
	put("devices/dax1.0/dax1.0/dev", "252:0\n");
	put("dax1.0", "");
	assert_int_equal(pmem_check("namespace1.0", NULL), 0);
	snprintf(path, sizeof(path), "%s/dax1.0", root);
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (!child) {
		int fd = open(path, O_RDWR);

		assert_int_equal(write(ends[1], "", 1), 1);
		pause();
		_exit(fd < 0);
	}
	assert_int_equal(read(ends[0], path, 1), 1);
	assert_int_equal(pmem_check("namespace1.0", NULL), -ENOTSUP);
	assert_int_equal(pmem_setup(PMEM_FSDAX, "namespace1.0", M2, &p, &err), -ENOTSUP);
	snprintf(path, sizeof(path), "/dax1.0 is in use: process %d has it open", (int)child);
	assert_non_null(strstr(err.text, path));
	expect("devices/dax1.0/driver/unbind", "");
	expect("devices/pfn1.0/namespace", "");
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(pmem_check("namespace1.0", NULL), 0);
	assert_int_equal(pmem_check("namespace8.0", NULL), -EINVAL);
}

/* Puts a program ndctl into PATH, which writes its arguments down. */
static void plant_ndctl(const char *then)
{
	char path[256], text[600];

	snprintf(path, sizeof(path), "%s/bin/ndctl", root);
	snprintf(text, sizeof(text), "#!/bin/sh\necho \"$@\" >%s/asked\n%s\n", root, then);
	put("bin/ndctl", text);
	assert_int_equal(chmod(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/bin:/usr/bin:/bin", root);
	assert_int_equal(setenv("PATH", path, 1), 0);
}

static void ndctl_makes_those_of_real_machines(void **state)
{
	char then[300], *before = strdup(getenv("PATH"));
	struct err err = ERR_INIT;
	struct pmem p;

	(void)state;
	put("devices/pfn1.0/driver/unbind", "");
	snprintf(then, sizeof(then), "cd %s/devices; echo pfn1.0 >namespace1.0/holder; "
		 "echo 2097152 >pfn1.0/align", root);
	plant_ndctl(then);
	assert_int_equal(pmem_setup_by_ndctl(PMEM_FSDAX, "namespace1.0", M2, &p, &err), 0);
	expect("asked", "create-namespace --force --reconfig namespace1.0 --mode fsdax "
	       "--align 2097152\n");
	assert_int_equal(p.made, 1);
	assert_true(p.base == 0x140200000);
	expect("drivers/nd_pmem/bind", "");
	expect("devices/pfn1.0/namespace", "");

	/* Once made it is not made again. */
	put("asked", "");
	assert_int_equal(pmem_setup_by_ndctl(PMEM_FSDAX, "namespace1.0", M2, &p, &err), 0);
	expect("asked", "");
	assert_int_equal(p.made, 0);
	assert_int_equal(setenv("PATH", before, 1), 0);
	free(before);
}

static void what_ndctl_cannot_do_is_said(void **state)
{
	char *before = strdup(getenv("PATH"));
	struct err err = ERR_INIT;
	struct pmem p;

	(void)state;
	plant_ndctl("echo 'bad blocks: clear them first' >&2; exit 1");
	assert_int_equal(pmem_setup_by_ndctl(PMEM_DEVDAX, "namespace1.0", M2, &p, &err), -EIO);
	assert_non_null(strstr(err.text, "cannot make namespace1.0 devdax: ndctl failed"));
	assert_non_null(strstr(err.text, "bad blocks: clear them first"));
	expect("asked", "create-namespace --force --reconfig namespace1.0 --mode devdax "
	       "--align 2097152\n");

	err = (struct err)ERR_INIT;
	plant_ndctl("exit 0");
	assert_int_equal(pmem_setup_by_ndctl(PMEM_FSDAX, "namespace1.0", M2, &p, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "the kernel does not show it so"));

	err = (struct err)ERR_INIT;
	assert_int_equal(setenv("PATH", "/nonexistent", 1), 0);
	assert_int_equal(pmem_setup_by_ndctl(PMEM_FSDAX, "namespace1.0", M2, &p, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "Debian package ndctl"));
	expect("drivers/nd_pmem/bind", "");
	assert_int_equal(setenv("PATH", before, 1), 0);
	free(before);
}

/* For a guest's NVDIMM that takes a device of its own. */
static void the_next_namespace_is_found(void **state)
{
	struct err err = ERR_INIT;
	char next[32];

	(void)state;
	put("devices/namespace2.0/size", "0\n");
	put("devices/namespace3.0/size", "134217728\n");
	assert_int_equal(pmem_next_namespace("namespace1.0", next, sizeof(next), &err), 0);
	assert_string_equal(next, "namespace3.0");
	assert_int_equal(pmem_next_namespace("namespace3.0", next, sizeof(next), &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "no namespace of persistent memory beside namespace3.0"));
}

static void says_what_is_missing(void **state)
{
	static const char *const names[] = {
		"namespace7.0", "namespace0.0", "pfn1.0", "namespace/../pfn1.0",
	};
	struct err err = ERR_INIT;
	struct pmem p;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct err e = ERR_INIT;

		assert_int_equal(pmem_setup(PMEM_FSDAX, names[i], M2, &p, &e), -EINVAL);
		assert_non_null(strstr(e.text, "the first one is namespace1.0"));
	}
	assert_int_equal(pmem_setup(PMEM_DEVDAX, NULL, M2, &p, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "CONFIG_NVDIMM_DAX"));
	pmem_sysfs = "/nonexistent";
	err = (struct err)ERR_INIT;
	assert_int_equal(pmem_setup(PMEM_FSDAX, NULL, M2, &p, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "no persistent memory"));
}

static void what_a_device_holds_is_said(void **state)
{
	static unsigned char head[128 << 10];
	char text[400];

	(void)state;
	pmem_signature(head, sizeof(head), text, sizeof(text));
	assert_string_equal(text, "");
	memcpy(head + 1080, "\x53\xef", 2);
	memcpy(head + 1144, "da\x1bta", 5);
	pmem_signature(head, sizeof(head), text, sizeof(text));
	assert_string_equal(text, "ext4 (or ext2, ext3) 'da?ta'");
	pmem_signature(head, 1000, text, sizeof(text));	/* cut off before it */
	assert_string_equal(text, "");
	memcpy(head, "XFSB", 4);
	pmem_signature(head, sizeof(head), text, sizeof(text));
	assert_string_equal(text, "xfs");

	put("devices/namespace1.0/block/pmem1/dev", "259:0\n");
	put("pmem1", "XFSB");
	pmem_describe("namespace1.0", text, sizeof(text));
	assert_string_equal(text, "1024 MiB, /dev/pmem1 with xfs, not mounted");
	pmem_describe("namespace7.0", text, sizeof(text));
	assert_string_equal(text, "no namespace of that name on this machine");
	pmem_describe("namespace/../../etc", text, sizeof(text));
	assert_string_equal(text, "no namespace of that name");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(claims_a_raw_namespace, plant, uproot),
		cmocka_unit_test_setup_teardown(takes_what_is_there_already, plant, uproot),
		cmocka_unit_test_setup_teardown(what_is_in_use_is_left_alone, plant, uproot),
		cmocka_unit_test_setup_teardown(ndctl_makes_those_of_real_machines, plant, uproot),
		cmocka_unit_test_setup_teardown(what_ndctl_cannot_do_is_said, plant, uproot),
		cmocka_unit_test_setup_teardown(the_next_namespace_is_found, plant, uproot),
		cmocka_unit_test_setup_teardown(says_what_is_missing, plant, uproot),
		cmocka_unit_test_setup_teardown(what_a_device_holds_is_said, plant, uproot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
