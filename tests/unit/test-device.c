/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a user may name as the place of a backing, in a sysfs that is made up. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "backing/device.h"
#include "file.h"

static char root[] = "/tmp/kduel-device-XXXXXX";
static const struct backing_kind *xfs, *devdax;

static void put(const char *name, const char *text)
{
	char path[256], dir[256];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	snprintf(dir, sizeof(dir), "%s", path);
	*strrchr(dir, '/') = '\0';
	assert_int_equal(file_mkdirs(dir, NULL), 0);
	assert_int_equal(file_publish(path, text, strlen(text), NULL), 0);
}

static int plant(void **state)
{
	(void)state;
	strcpy(root + strlen(root) - 6, "XXXXXX");
	if (scratch_make(root, NULL) < 0)
		return -1;
	pmem_sysfs = pmem_dev = device_dax_sysfs = root;
	put("devices/namespace0.0/size", "805306368\n");
	put("devices/namespace0.0/holder", "pfn0.1\n");
	put("devices/pfn0.1/namespace", "namespace0.0\n");
	put("devices/pfn0.1/block/pmem0/dev", "259:0\n");
	put("devices/namespace1.0/size", "134217728\n");
	put("devices/namespace1.0/block/pmem1/dev", "259:1\n");
	put("pmem0", "XFSB");
	put("pmem1", "");
	put("dax2.0/size", "1056964608\n");
	put("dax2.0/align", "2097152\n");
	put("dax2.0/resource", "0x140200000\n");
	assert_int_equal(backing_find("fsdax-xfs", &xfs, NULL), 0);
	return backing_find("devdax", &devdax, NULL);
}

static int uproot(void **state)
{
	(void)state;
	return file_remove_tree(root, NULL);
}

static void names_have_four_forms(void **state)
{
	static const struct { const char *name; int kind; } cases[] = {
		{ "namespace0.0", DEVICE_NAMESPACE }, { "namespace12.3", DEVICE_NAMESPACE },
		{ "/dev/pmem0", DEVICE_BLOCK }, { "/dev/pmem0.1", DEVICE_BLOCK },
		{ "/dev/dax1.0", DEVICE_DAX }, { "/mnt/pmem", DEVICE_FOLDER },
		{ "/", DEVICE_FOLDER },
		/* A partition, sectors with a table, others' devices, no names at all. */
		{ "/dev/pmem0p1", -1 }, { "/dev/pmem0s", -1 }, { "/dev/sda", -1 },
		{ "/dev/../etc", -1 }, { "sda", -1 }, { "", -1 }, { "pmem", -1 },
		{ "namespace", -1 }, { "namespace0.0/../pfn0.1", -1 }, { "/mnt/a b", -1 },
		{ "/mnt/$(reboot)", -1 },
		{ "/2345678901234567890123456789012345678901234567890123456789012345", -1 },
	};
	enum device_kind kind;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;
		int ret = device_parse(cases[i].name, &kind, &err);

		if (ret != (cases[i].kind < 0 ? -EINVAL : 0) || (!ret && (int)kind != cases[i].kind))
			fail_msg("'%s': %d, kind %d", cases[i].name, ret, (int)kind);
		if (ret)
			assert_non_null(strstr(err.text, "/dev/dax0.0"));
	}
}

static void a_backing_takes_what_it_can_lie_on(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(device_suits(xfs, "namespace0.0", NULL), 0);
	assert_int_equal(device_suits(xfs, "/mnt", NULL), 0);
	assert_int_equal(device_suits(devdax, "/dev/pmem0", NULL), 0);
	assert_int_equal(device_suits(devdax, "/dev/dax0.0", NULL), 0);
	assert_int_equal(device_suits(xfs, "/dev/dax0.0", &err), -EINVAL);
	assert_non_null(strstr(err.text, "a file on xfs, which /dev/dax0.0 cannot hold"));
	err = (struct err)ERR_INIT;
	assert_int_equal(device_suits(devdax, "/mnt", &err), -EINVAL);
	assert_non_null(strstr(err.text, "/mnt is a folder"));
}

static void consent_is_to_one_name(void **state)
{
	(void)state;
	assert_true(device_is_granted("/dev/dax0.0", "/dev/dax0.0"));
	assert_false(device_is_granted("/dev/dax0.0", "/dev/dax0.1"));
	assert_false(device_is_granted("/dev/pmem0", "namespace0.0"));
	assert_false(device_is_granted("namespace0.0", NULL));
	assert_false(device_is_granted("namespace0.0", ""));
	assert_false(device_is_granted("/mnt", NULL));
	assert_true(device_is_granted("/mnt", "/mnt"));
	assert_false(device_is_granted("/dev/sda", NULL));
}

/* A name that does not match is not taken for a missing word. */
static void a_refusal_has_both_names(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(device_refuse(devdax, "/dev/dax0.0", "/dev/dax0.1", "1 MiB", &err), -EINVAL);
	assert_string_equal(err.text, "backing devdax would overwrite /dev/dax0.0 (1 MiB), and --i-own names "
			    "/dev/dax0.1, not /dev/dax0.0; if all of that may be lost, add --i-own /dev/dax0.0");
	err = (struct err)ERR_INIT;
	assert_int_equal(device_refuse(devdax, "/dev/dax0.0", NULL, "1 MiB", &err), -EINVAL);
	assert_string_equal(err.text, "backing devdax would overwrite /dev/dax0.0 (1 MiB); if all of that may "
			    "be lost, add --i-own /dev/dax0.0");
}

static void a_block_device_is_its_namespace(void **state)
{
	struct err err = ERR_INIT;
	char name[32], text[400];

	(void)state;
	assert_int_equal(device_namespace("/dev/pmem0", name, sizeof(name), NULL), 0);
	assert_string_equal(name, "namespace0.0");
	assert_int_equal(device_namespace("/dev/pmem1", name, sizeof(name), NULL), 0);
	assert_string_equal(name, "namespace1.0");
	assert_int_equal(device_namespace("namespace7.0", name, sizeof(name), NULL), 0);
	assert_string_equal(name, "namespace7.0");
	assert_int_equal(device_namespace("/dev/pmem7", name, sizeof(name), &err), -EINVAL);
	assert_non_null(strstr(err.text, "/dev/pmem7 is not the block device of a namespace"));
	assert_int_equal(device_find("/dev/pmem0", NULL), 0);
	assert_int_equal(device_find("/dev/pmem7", NULL), -EINVAL);
	assert_int_equal(device_find("namespace0.0", NULL), 0);
	assert_int_equal(device_find("namespace7.0", NULL), -EINVAL);
	assert_int_equal(device_find("/nosuch", NULL), -EINVAL);
	device_describe("/dev/pmem0", text, sizeof(text));
	assert_string_equal(text, "768 MiB, /dev/pmem0 with xfs, not mounted");
	assert_int_equal(device_check(xfs, "/dev/pmem0", 1 << 20, NULL), 0);
}

/* Its node and its attributes have one name, so that they need two folders. */
static void a_dax_device_says_where_it_lies(void **state)
{
	static char nodes[] = "/tmp/kduel-device-XXXXXX";
	struct err err = ERR_INIT;
	char path[80], text[400];
	struct pmem p;
	int held;

	(void)state;
	strcpy(nodes + strlen(nodes) - 6, "XXXXXX");
	held = scratch_make(nodes, NULL);
	assert_true(held >= 0);
	pmem_dev = nodes;
	assert_int_equal(device_dax_open("/dev/dax2.0", &p, &err), -EINVAL);
	assert_non_null(strstr(err.text, "there is no DAX device /dev/dax2.0"));
	snprintf(path, sizeof(path), "%s/dax2.0", nodes);
	assert_int_equal(file_publish(path, "", 0, NULL), 0);
	assert_int_equal(device_dax_open("/dev/dax2.0", &p, NULL), 0);
	assert_string_equal(p.node, "/dev/dax2.0");
	assert_true(p.size == 1008ull << 20 && p.align == 2 << 20 && p.base == 0x140200000);
	device_describe("/dev/dax2.0", text, sizeof(text));
	assert_string_equal(text, "1008 MiB, whose content only the programs know that map it");
	put("dax2.0/align", "\n");
	err = (struct err)ERR_INIT;
	assert_int_equal(device_dax_open("/dev/dax2.0", &p, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "does not say where it lies and how it is aligned"));
	scratch_remove(nodes, held);
}

static void a_folder_is_on_what_it_is_on(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(device_check(xfs, "/proc", 1 << 20, &err), -EINVAL);
	assert_non_null(strstr(err.text, "/proc is on proc (proc), and this backing needs xfs"));
	err = (struct err)ERR_INIT;
	assert_int_equal(device_check(xfs, "/proc/version", 1 << 20, &err), -EINVAL);
	assert_non_null(strstr(err.text, "/proc/version is not a folder here"));
	err = (struct err)ERR_INIT;
	assert_int_equal(fs_mounted_check("/proc", "proc", 3 << 20, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "/proc has 0 MiB free, 3 are needed: 3 too little"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names_have_four_forms, plant, uproot),
		cmocka_unit_test_setup_teardown(a_backing_takes_what_it_can_lie_on, plant, uproot),
		cmocka_unit_test_setup_teardown(consent_is_to_one_name, plant, uproot),
		cmocka_unit_test_setup_teardown(a_refusal_has_both_names, plant, uproot),
		cmocka_unit_test_setup_teardown(a_block_device_is_its_namespace, plant, uproot),
		cmocka_unit_test_setup_teardown(a_dax_device_says_where_it_lies, plant, uproot),
		cmocka_unit_test_setup_teardown(a_folder_is_on_what_it_is_on, plant, uproot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
