/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "machine/preflight.h"

static char folder[] = "/tmp/kduel-accel-XXXXXX";
static char modules[64], device[64];
static int boots;

static int make_folder(void **state)
{
	(void)state;
	if (scratch_make(folder, NULL) < 0)
		return -1;
	snprintf(modules, sizeof(modules), "%s/module", folder);
	snprintf(device, sizeof(device), "%s/kvm", folder);
	return 0;
}

static int clean(void **state)
{
	(void)state;
	boots = 0;
	return file_remove_tree(modules, NULL) || (unlink(device) && errno != ENOENT);
}

static int remove_folder(void **state)
{
	(void)state;
	return file_remove_tree(folder, NULL);
}

static void module(const char *name, const char *paging, const char *on,
		   const char *nested)
{
	const char *const files[][2] = { { paging, on }, { "nested", nested } };
	char path[256];

	snprintf(path, sizeof(path), "%s/%s/parameters", modules, name);
	assert_int_equal(file_mkdirs(path, NULL), 0);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s/parameters/%s", modules, name,
			 files[i][0]);
		assert_int_equal(file_publish(path, files[i][1],
					      strlen(files[i][1]), NULL), 0);
	}
	assert_int_equal(file_publish(device, "", 0, NULL), 0);
}

static int speaks(void *arg, struct err *err)
{
	(void)arg;
	(void)err;
	boots++;
	return 0;
}

static int hangs(void *arg, struct err *err)
{
	(void)arg;
	boots++;
	return err_machine(err, "nothing was heard from it in 20 s");
}

struct outcome {
	int ret;
	enum qemu_accel accel;
	char why[256];
	struct err err;
};

static struct outcome decide(enum machine_accel wish, enum plan_clock clock,
			     int (*boot)(void *, struct err *))
{
	struct accel_probe p = { .modules = modules, .device = device, .boot = boot };
	struct outcome o = { .accel = 99, .err = ERR_INIT };

	o.ret = accel_decide(wish, clock, &p, &o.accel, o.why, sizeof(o.why), &o.err);
	return o;
}

static void emulation(const char *because, int (*boot)(void *, struct err *))
{
	struct outcome o = decide(ACCEL_AUTO, CLOCK_TIME, boot);

	assert_int_equal(o.ret, 0);
	assert_int_equal(o.accel, QEMU_TCG);
	if (!strstr(o.why, because))
		fail_msg("'%s' is not in '%s'", because, o.why);
	o = decide(ACCEL_HARDWARE, CLOCK_TIME, boot);
	assert_int_equal(o.err.exit, EXIT_MACHINE);
	assert_non_null(strstr(o.err.text, because));
	assert_non_null(strstr(o.err.text, "accel: emulation"));
}

static void no_module(void **state)
{
	(void)state;
	assert_int_equal(file_publish(device, "", 0, NULL), 0);
	emulation("neither kvm_intel nor kvm_amd", speaks);
	assert_int_equal(boots, 0);
}

static void hardware_that_speaks(void **state)
{
	struct outcome o;

	(void)state;
	module("kvm_intel", "ept", "Y\n", "1\n");
	o = decide(ACCEL_AUTO, CLOCK_TIME, speaks);
	assert_int_equal(o.accel, QEMU_KVM);
	assert_non_null(strstr(o.why, "kvm_intel with EPT and nesting"));
	assert_int_equal(boots, 1);
}

static void amd_too(void **state)
{
	struct outcome o;

	(void)state;
	module("kvm_amd", "npt", "1\n", "1\n");
	o = decide(ACCEL_HARDWARE, CLOCK_TIME, speaks);
	assert_int_equal(o.ret, 0);
	assert_int_equal(o.accel, QEMU_KVM);
	assert_non_null(strstr(o.why, "kvm_amd with NPT"));
}

static void without_paging(void **state)
{
	(void)state;
	module("kvm_intel", "ept", "N\n", "Y\n");
	emulation("without EPT", speaks);
}

static void without_nesting(void **state)
{
	(void)state;
	module("kvm_amd", "npt", "Y\n", "0\n");
	emulation("without nesting", speaks);
	assert_int_equal(boots, 0);
}

static void without_device(void **state)
{
	(void)state;
	module("kvm_intel", "ept", "Y\n", "Y\n");
	unlink(device);
	emulation("cannot be opened", speaks);
}

/* A /dev/kvm that opens but runs no kernel must end in emulation. */
static void hardware_that_hangs(void **state)
{
	(void)state;
	module("kvm_intel", "ept", "Y\n", "Y\n");
	emulation("nothing was heard", hangs);
	assert_int_equal(boots, 2);
}

static void emulation_by_wish_probes_nothing(void **state)
{
	struct outcome o;

	(void)state;
	module("kvm_intel", "ept", "Y\n", "Y\n");
	o = decide(ACCEL_EMULATION, CLOCK_TIME, speaks);
	assert_int_equal(o.accel, QEMU_TCG);
	assert_int_equal(boots, 0);
}

static void instructions_are_counted_by_emulation(void **state)
{
	struct outcome o;

	(void)state;
	module("kvm_intel", "ept", "Y\n", "Y\n");
	o = decide(ACCEL_AUTO, CLOCK_INSTRUCTIONS, speaks);
	assert_int_equal(o.accel, QEMU_ICOUNT);
	o = decide(ACCEL_HARDWARE, CLOCK_INSTRUCTIONS, speaks);
	assert_int_equal(o.err.exit, EXIT_CONFIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(no_module, clean),
		cmocka_unit_test_setup(hardware_that_speaks, clean),
		cmocka_unit_test_setup(amd_too, clean),
		cmocka_unit_test_setup(without_paging, clean),
		cmocka_unit_test_setup(without_nesting, clean),
		cmocka_unit_test_setup(without_device, clean),
		cmocka_unit_test_setup(hardware_that_hangs, clean),
		cmocka_unit_test_setup(emulation_by_wish_probes_nothing, clean),
		cmocka_unit_test_setup(instructions_are_counted_by_emulation, clean),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
