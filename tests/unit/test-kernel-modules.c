/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which modules go with a ready kernel, and in which order. */
#include <fcntl.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "kernel/kernel-modules.h"
#include "lib/file.h"
#include "lib/proc.h"

static const char dep[] =
	"kernel/virt/kvm-amd.ko.gz: kernel/virt/kvm.ko kernel/virt/irqbypass.ko\n"
	"kernel/virt/kvm.ko: kernel/virt/irqbypass.ko\n"
	"kernel/virt/irqbypass.ko:\n"
	"kernel/virtio_console.ko: kernel/virtio_ring.ko kernel/virtio.ko\n"
	"kernel/virtio_ring.ko: kernel/virtio.ko\n"
	"kernel/virtio.ko:\n";

static char dir[] = "/tmp/kduel-modules.XXXXXX";

static void put(const char *name, const void *data, size_t len)
{
	struct err err = ERR_INIT;
	char path[300];

	snprintf(path, sizeof(path), "%s/lib/modules/1.2.3/%s", dir, name);
	assert_int_equal(file_publish(path, data, len, &err), 0);
}

static void put_module(const char *name, const char *release)
{
	char text[200] = "\177ELF and more vermagic=";

	strcat(text, release);
	strcat(text, " SMP mod_unload");
	put(name, text, strlen(text) + 1);
}

static void what_is_needed_comes_first(void **state)
{
	static const char *const want[] = {
		"kernel/virtio.ko", "kernel/virtio_ring.ko", "kernel/virtio_console.ko",
		"kernel/virt/irqbypass.ko", "kernel/virt/kvm.ko", "kernel/virt/kvm-amd.ko.gz",
	};
	struct args order = ARGS_INIT;

	(void)state;
	assert_int_equal(kernel_modules_order(dep, "virtio_console", &order), 0);
	assert_int_equal(kernel_modules_order(dep, "kvm_amd", &order), 0);
	assert_int_equal(kernel_modules_order(dep, "kvm", &order), 0);	/* is there already */
	assert_int_not_equal(kernel_modules_order(dep, "kv", &order), 0);
	assert_int_equal(order.n, 6);
	for (size_t i = 0; i < order.n; i++)
		assert_string_equal(order.v[i], want[i]);
	args_release(&order);
}

static void refused(const char *folder, const char *release, const char *want)
{
	struct err err = ERR_INIT;
	char *path;
	json_t *facts;

	assert_int_not_equal(kernel_modules_pack(folder, release, &path, &facts, &err), 0);
	assert_null(path);
	assert_int_equal(err.exit, EXIT_CONFIG);
	if (!strstr(err.text, want))
		fail_msg("said '%s', want '%s'", err.text, want);
}

static void they_are_packed(void **state)
{
	struct err err = ERR_INIT;
	char *path, *text;
	size_t len;
	json_t *facts;

	(void)state;
	if (kernel_modules_pack(dir, "1.2.3", &path, &facts, &err))
		fail_msg("%s", err.text);
	assert_int_equal(file_read(path, &text, &len, &err), 0);
	assert_non_null(memmem(text, len, "modules/000-virtio.ko", 21));
	assert_non_null(memmem(text, len, "modules/005-kvm_amd.ko", 22));
	/* The compressed one, too, is in there as the kernel takes it. */
	assert_non_null(memmem(text, len, "of kvm-amd vermagic=1.2.3", 25));
	assert_int_equal(json_array_size(json_object_get(facts, "names")), 6);
	json_decref(facts);
	free(text);
	free(path);
}

/* Those that a campaign of another day has packed: else they would go before the first boot. */
static void packed_again_they_are_used_now(void **state)
{
	const struct timespec old[2] = { { time(NULL) - 90000, 0 }, { time(NULL) - 90000, 0 } };
	char *path;
	json_t *facts;
	struct stat st;

	(void)state;
	assert_int_equal(kernel_modules_pack(dir, "1.2.3", &path, &facts, NULL), 0);
	json_decref(facts);
	assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
	free(path);
	assert_int_equal(kernel_modules_pack(dir, "1.2.3", &path, &facts, NULL), 0);
	json_decref(facts);
	assert_int_equal(stat(path, &st), 0);
	assert_true(time(NULL) - st.st_mtime < 1000);
	free(path);
}

/* An unpacked package has no modules.dep: each module says what it needs. */
static void they_say_what_they_need(void **state)
{
	static const char kvm[] = "\177ELF of kvm depends=irqbypass\0vermagic=1.2.3 SMP";
	static const char console[] = "\177ELF depends=virtio,virtio-ring\0vermagic=1.2.3 SMP";
	static const char ring[] = "\177ELF depends=virtio,not_a_module\0vermagic=1.2.3 SMP";
	static const char *const want[] = { "virtio", "virtio_ring", "virtio_console",
					    "irqbypass", "kvm" };
	struct err err = ERR_INIT;
	char *path, *text;
	json_t *facts;
	size_t at = 0, len;
	char from[300], to[310];

	(void)state;
	put("kernel/virt/kvm.ko", kvm, sizeof(kvm));
	put("kernel/virtio_console.ko", console, sizeof(console));
	put("kernel/virtio_ring.ko", ring, sizeof(ring));
	put("modules.order", "", 0);
	snprintf(from, sizeof(from), "%s/lib/modules/1.2.3/modules.dep", dir);
	snprintf(to, sizeof(to), "%s.not", from);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(kernel_modules_pack(dir, "1.2.3", &path, &facts, &err), 0);
	assert_int_equal(file_read(path, &text, &len, &err), 0);
	for (size_t i = 0; i < 5; i++) {
		char name[64];
		char *found;

		snprintf(name, sizeof(name), "modules/%03zu-%s.ko", i, want[i]);
		found = memmem(text + at, len - at, name, strlen(name));
		assert_non_null(found);
		at = found - text;
	}
	assert_int_equal(rename(to, from), 0);
	json_decref(facts);
	free(text);
	free(path);
}

static void others_are_refused(void **state)
{
	char *dep_path = NULL;

	(void)state;
	refused("/nonexistent", "1.2.3", "no modules.dep of kernel 1.2.3 in /nonexistent");
	assert_true(asprintf(&dep_path, "%s/lib/modules/1.2.3", dir) > 0);
	refused(dep_path, "1.2.4", "is a module for kernel 1.2.3, but the image is kernel 1.2.4");
	free(dep_path);
	put("kernel/virtio.ko", "text", 4);
	refused(dir, "1.2.3", "virtio.ko is not a kernel module");
	put("modules.builtin", "", 0);
	refused(dir, "1.2.3", "lacks virtio_pci, both built in and as a module");
}

static int make(void **state)
{
	static const char kvm_amd[] = "\177ELF of kvm-amd vermagic=1.2.3 SMP";
	const char *argv[] = { "gzip", NULL, NULL };
	struct err err = ERR_INIT;
	char path[300];

	(void)state;
	if (scratch_make(dir, NULL) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/cache", dir);
	setenv("XDG_CACHE_HOME", path, 1);
	snprintf(path, sizeof(path), "%s/lib/modules/1.2.3/kernel/virt", dir);
	file_mkdirs(path, &err);
	put("modules.dep", dep, sizeof(dep) - 1);
	put("modules.builtin", "kernel/drivers/virtio/virtio_pci.ko\n", 36);
	put_module("kernel/virtio.ko", "1.2.3");
	put_module("kernel/virtio_ring.ko", "1.2.3");
	put_module("kernel/virtio_console.ko", "1.2.3");
	put_module("kernel/virt/irqbypass.ko", "1.2.3");
	put_module("kernel/virt/kvm.ko", "1.2.3");
	put("kernel/virt/kvm-amd.ko", kvm_amd, sizeof(kvm_amd));
	snprintf(path, sizeof(path), "%s/lib/modules/1.2.3/kernel/virt/kvm-amd.ko", dir);
	argv[1] = path;
	return proc_run(argv, 20, NULL, &err);
}

static int clean(void **state)
{
	(void)state;
	return file_remove_tree(dir, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_needed_comes_first),
		cmocka_unit_test(they_are_packed),
		cmocka_unit_test(packed_again_they_are_used_now),
		cmocka_unit_test(they_say_what_they_need),
		cmocka_unit_test(others_are_refused),
	};

	return cmocka_run_group_tests(tests, make, clean);
}
