/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptions of kernels, those that are shipped and wrong ones. */
#include <errno.h>
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

#include "file.h"
#include "host-driver/kernel/kernel-spec.h"
#include "host-driver/kernel/kernel.h"
#include "kernel/kernel-build.h"
#include "kernel/kernel-cache.h"
#include "lib/data.h"

static char dir[64];

static int set_up(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/kduel-kernel.XXXXXX");
	return scratch_make(dir, NULL) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	return file_remove_tree(dir, NULL);
}

static void put(const char *name, const void *data, size_t len)
{
	struct err err = ERR_INIT;
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(file_publish(path, data, len, &err), 0);
}

static void what_is_shipped_is_right(void **state)
{
	struct err err = ERR_INIT;
	struct kernel_want *wants;
	struct data_list all;
	size_t n_wants;

	(void)state;
	data_all(DATA_KERNEL, NULL, &all);
	assert_true(all.n >= 3);
	for (size_t i = 0; i < all.n; i++) {
		struct kernel k;

		assert_int_equal(kernel_resolve(all.v[i].name, NULL, &k, &err), 0);
		assert_int_equal(kernel_config_wants(k.spec->fragments,
				 k.spec->n_fragments, &wants, &n_wants, &err), 0);
		assert_true(n_wants > 50);
		free(wants);
		kernel_free(&k);
	}
	data_list_free(&all);
}

static void layouts(void **state)
{
	struct err err = ERR_INIT;
	struct kernel k;

	(void)state;
	assert_int_equal(kernel_resolve("6.1", NULL, &k, &err), 0);
	assert_string_equal(k.layout, "");
	assert_int_equal(kernel_set_layout(&k, "64", &err), 0);
	assert_string_equal(k.layout, "64");
	assert_int_equal(kernel_set_layout(&k, "default", &err), 0);
	assert_string_equal(k.layout, "");
	assert_int_equal(kernel_set_layout(&k, "", &err), -EINVAL);
	kernel_free(&k);
	kernel_free(&k);
}

static void refuse(const char *yaml, const char *want)
{
	struct err err = ERR_INIT;
	struct kernel_spec *spec;
	char path[300];

	snprintf(path, sizeof(path), "%s/x.yaml", dir);
	put("x.yaml", yaml, strlen(yaml));
	assert_int_not_equal(kernel_spec_read(path, "x", &spec, &err), 0);
	assert_null(spec);
	if (!strstr(err.text, want))
		fail_msg("said '%s', want '%s'", err.text, want);
}

static void wrong_descriptions(void **state)
{
	(void)state;
	refuse("source: { debian: a }\n", "x.yaml:1: source.suite: missing");
	refuse("source: { debian: a, suite: b, git: . }\n", "exactly one of");
	refuse("source: {}\n", "exactly one of");
	refuse("source: { debian: a/b, suite: c }\nconfig: [a]\n",
	       "x.yaml:1: source.debian: 'a/b' is not a name");
	refuse("source: { debian: a, suite: b }\nconfig:\n  - nosuch\n",
	       "x.yaml:3: config[0]: unknown config fragment 'nosuch'");
	refuse("source: { debian: a, suite: b }\nconfig: []\n",
	       "x.yaml:2: config: missing");
	refuse("source: { git: ., suite: b, revision: c }\nconfig: [a]\n",
	       "source.suite: is only allowed with 'debian'");
	refuse("", "x.yaml:1: the file is empty");
}

static void images_tell_their_release(void **state)
{
	uint8_t image[2048] = { 0 };
	struct err err = ERR_INIT;
	char path[200], *release;

	(void)state;
	memcpy(image + 0x202, "HdrS", 4);
	image[0x20f] = 1;
	strcpy((char *)image + 0x300, "6.1.192-k12345678 (k@k) #1");
	snprintf(path, sizeof(path), "%s/image", dir);
	put("image", image, sizeof(image));
	assert_int_equal(kernel_image_release(path, &release, &err), 0);
	assert_string_equal(release, "6.1.192-k12345678");
	free(release);
	image[0x20f] = 0xff;	/* a version beyond the end: none */
	put("image", image, sizeof(image));
	assert_int_equal(kernel_image_release(path, &release, &err), 0);
	assert_string_equal(release, "");
	free(release);
	put("image", image, 0x203);
	assert_int_equal(kernel_image_release(path, &release, &err), -EINVAL);
	assert_null(release);
}

static void put_aged(const char *name, const char *text, time_t seconds)
{
	struct timespec t[2] = { { time(NULL) - seconds, 0 },
				 { time(NULL) - seconds, 0 } };
	char path[200];

	put(name, text, strlen(text));
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(utimensat(AT_FDCWD, path, t, 0), 0);
}

static void age(const char *name, time_t seconds)
{
	put_aged(name, "x", seconds);
}

static bool there(const char *name)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return !access(path, F_OK);
}

static void a_cut_off_build_is_repaired(void **state)
{
	struct err err = ERR_INIT;
	char path[200];

	(void)state;
	snprintf(path, sizeof(path), "%s/include/config", dir);
	assert_int_equal(file_mkdirs(path, &err), 0);
	age("new.o", 1000);
	age("newish.o", 1030);
	age("old.o", 1100);
	age("include/config/auto.conf", 1000);
	age("done.o", 1010);
	put_aged(".done.o.cmd", "cmd_done.o := gcc\n", 1005);
	age("again.o", 1005);	/* its record is of the build before */
	put_aged(".again.o.cmd", "cmd_again.o := gcc\n", 1010);
	age("listed.o", 1010);
	put_aged(".listed.o.cmd", "cmd_listed.o := gcc\n", 1005);
	age(".listed.o.d", 1006);
	age("torn.o", 1010);
	put_aged(".torn.o.cmd", "cmd_torn.o := gc", 1005);
	assert_int_equal(kernel_objects_repair(dir, false, &err), 0);
	assert_false(there("new.o"));
	assert_false(there("newish.o"));
	assert_true(there("old.o"));
	assert_true(there("include/config/auto.conf"));
	assert_true(there("done.o"));
	assert_true(there(".done.o.cmd"));
	assert_false(there("again.o"));
	assert_false(there("listed.o"));
	assert_false(there("torn.o"));
	assert_false(there(".torn.o.cmd"));
	/* The machine went down: nothing of the last minute can be trusted. */
	age("newest.o", 1000);
	assert_int_equal(kernel_objects_repair(dir, true, &err), 0);
	assert_false(there("done.o"));
	assert_false(there("include/config/auto.conf"));
	assert_true(there("old.o"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_shipped_is_right),
		cmocka_unit_test(layouts),
		cmocka_unit_test_setup_teardown(wrong_descriptions, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(images_tell_their_release,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_cut_off_build_is_repaired,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
