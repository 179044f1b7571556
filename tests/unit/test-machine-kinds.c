/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kinds of machine: what a config can name is what can be booted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "host-driver/machine/machine.h"
#include "lib/file.h"

static void every_kind_has_its_functions(void **state)
{
	size_t n = 0;

	(void)state;
	for (const struct machine_kind *k = machine_kinds; k->name; k++, n++) {
		struct plan p = { .machine = { .kind = k, .memory = 1u << 30 } };
		const struct machine_kind_ops *ops = machine_ops(&p);

		assert_string_equal(machine_kind_names[n], k->name);
		assert_ptr_equal(machine_kind_find(k->name), k);
		assert_string_equal(ops->name, k->name);
		assert_non_null(ops->prepare);
		assert_non_null(ops->boot);
		assert_non_null(ops->link);
		assert_non_null(ops->domain);
		assert_true(ops->memory(&p) > 0);
		assert_true(strlen(k->help) > 0);
	}
	assert_null(machine_kind_names[n]);
	assert_null(machine_kind_find("vmm"));
	assert_null(machine_kind_find(""));
}

/* On this host nobody but its user boots kernels. */
static void a_hosts_command_line_is_the_arms(void **state)
{
	struct plan p = { .machine = { .kind = machine_kind_find("host") } };
	const struct machine_kind_ops *ops = machine_ops(&p);
	struct plan_arm arm = { .name = "arm", .cmdline = (char *)"" };
	const struct machine_boot b = { .arm = &arm, .release = "" };
	struct machine m = { .plan = &p };
	struct err err = ERR_INIT;
	char *has, *lacks;

	(void)state;
	assert_int_equal(ops->boot(&m, &b, NULL), 0);
	assert_int_equal(file_read("/proc/cmdline", &has, NULL, NULL), 0);
	has[strcspn(has, "\n")] = '\0';
	arm.cmdline = has;
	assert_int_equal(ops->boot(&m, &b, NULL), 0);
	assert_true(asprintf(&lacks, "%s kvm.no-such-word=1", has) > 0);
	arm.cmdline = lacks;
	assert_int_equal(ops->boot(&m, &b, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "arm arm needs 'kvm.no-such-word=1' on the kernel's command line"));
	free(lacks);
	free(has);
}

/* What would have to run instead is said with its place. */
static void another_kernel_is_named_by_its_image(void **state)
{
	struct plan p = { .machine = { .kind = machine_kind_find("host") } };
	const struct machine_kind_ops *ops = machine_ops(&p);
	struct plan_arm arm = { .name = "arm", .cmdline = (char *)"" };
	struct machine_boot b = { .arm = &arm, .release = "0.9-x", .kernel = "/cache/k/bzImage" };
	struct machine m = { .plan = &p };
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(ops->boot(&m, &b, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "arm arm needs kernel 0.9-x, but "));
	assert_non_null(strstr(err.text, " is running; boot /cache/k/bzImage (now: kexec -l /cache/k/bzImage "
			       "--reuse-cmdline && systemctl kexec), then kduel run --resume"));
	b.kernel = NULL;
	err = (struct err)ERR_INIT;
	assert_int_equal(ops->boot(&m, &b, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, " is running, and /boot has no vmlinuz-0.9-x; install and boot it"));
}

/* It would be put into an image where what it starts is not. */
static void a_wrapper_is_no_qemu(void **state)
{
	static const char text[] = "#!/bin/sh\nexec qemu-system-x86_64 \"$@\"\n";
	char folder[] = "/tmp/kduel-kinds-XXXXXX", path[64];
	struct boot_images b = BOOT_IMAGES_INIT;
	const struct plan no_files = { .n_cells = 0 };
	struct err err = ERR_INIT;

	(void)state;
	assert_true(scratch_make(folder, NULL) >= 0);
	snprintf(path, sizeof(path), "%s/qemu", folder);
	assert_int_equal(file_publish(path, text, strlen(text), NULL), 0);
	assert_int_equal(chmod(path, 0755), 0);
	setenv("XDG_CACHE_HOME", folder, 1);
	setenv("KDUEL_AGENT", "/bin/true", 1);
	setenv("KDUEL_QEMU", path, 1);
	assert_int_equal(boot_images_ensure(&b, &no_files, "/bin/true", &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "/qemu is a script or wrapper"));
	assert_int_equal(file_remove_tree(folder, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_has_its_functions),
		cmocka_unit_test(a_hosts_command_line_is_the_arms),
		cmocka_unit_test(another_kernel_is_named_by_its_image),
		cmocka_unit_test(a_wrapper_is_no_qemu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
