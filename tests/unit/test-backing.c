/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Backings: the table, what is refused, proofs from KVM's statistics. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <jansson.h>

#include "backing/backing.h"
#include "backing/kvm-stats.h"
#include "file.h"

#define M2 (2ull << 20)

static void table_is_sound(void **state)
{
	const struct backing_kind *found;

	(void)state;
	for (size_t i = 0; backing_kinds[i]; i++) {
		const struct backing_kind *k = backing_kinds[i];

		assert_int_equal(backing_find(k->name, &found, NULL), 0);
		assert_ptr_equal(found, k);
		assert_non_null(k->help);
		/* only what lies on pmem can ask for much of it, or promise how it lies */
		assert_true(k->pmem || (!k->pmem_least && k->file_page == PAGE_SIZES));
		/* what needs a file has one; what takes a release prepares */
		assert_int_equal(k->ram == QEMU_RAM_FILE, k->file_pages != NULL);
		assert_true(!k->release || k->prepare);
		assert_true(k->ram != QEMU_RAM_HUGETLB || k->page >= M2);
	}
}

static void unknown_ones_are_named_with_the_known(void **state)
{
	const struct backing_kind *k;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(backing_find("fsdax-zfs", &k, &err), -EINVAL);
	assert_non_null(strstr(err.text, "'fsdax-zfs'"));
	for (size_t i = 0; (k = backing_kinds[i]); i++)
		assert_non_null(strstr(err.text, k->name));
}

static void bad_sizes_and_parameters_are_refused(void **state)
{
	static const struct {
		const char *kind, *params, *says;
		uint64_t size;
	} bad[] = {
		{ "memfd", NULL, "not a multiple of 2M", M2 + 4096 },
		{ "memfd", NULL, "not a multiple of 2M", 0 },
		{ "hugetlb-1g", NULL, "not a multiple of 1024M", 512ull << 20 },
		{ "memfd", "{\"x\":\"1\"}", "memfd: unknown parameter 'x'", M2 },
		{ "fsdax-xfs", "{\"align\":5}", "'align' is not text", M2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		json_t *params = bad[i].params ? json_loads(bad[i].params, 0, NULL) : NULL;
		const struct backing_kind *k;
		struct err err = ERR_INIT;
		struct backing b;

		assert_int_equal(backing_find(bad[i].kind, &k, NULL), 0);
		assert_int_equal(backing_prepare(&b, k, bad[i].size, params, &err), -EINVAL);
		assert_non_null(strstr(err.text, bad[i].says));
		assert_null(b.kind);
		backing_release(&b);
		json_decref(params);
	}
}

/* The proofs of a guest's NVDIMM are asked of its own file. */
static void an_nvdimm_is_a_second_file(void **state)
{
	const struct backing_kind *k;
	struct err err = ERR_INIT;
	struct backing b, n;

	(void)state;
	assert_int_equal(backing_find("memfd", &k, NULL), 0);
	assert_int_equal(backing_prepare(&b, k, M2, NULL, NULL), 0);
	assert_int_equal(backing_add_nvdimm(&b, 4 * M2, &err), 0);
	n = backing_of_nvdimm(&b);
	assert_int_equal(n.size, 4 * M2);
	assert_string_not_equal(n.path, b.path);
	assert_int_equal(lseek(n.fd, 0, SEEK_END), 4 * M2);
	assert_int_equal(lseek(b.fd, 0, SEEK_END), M2);
	backing_release(&b);
	assert_int_equal(b.nvdimm.fd, -1);
	assert_int_equal(backing_find("guest-memfd", &k, NULL), 0);
	b = (struct backing){ .kind = k };
	assert_int_equal(backing_add_nvdimm(&b, M2, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, "guest-memfd cannot hold a guest"));
}

static void memory_without_a_file_says_so(void **state)
{
	const struct backing_kind *k;
	struct backing b;
	json_t *proof;

	(void)state;
	assert_int_equal(backing_find("memfd", &k, NULL), 0);
	assert_int_equal(backing_prepare(&b, k, M2, NULL, NULL), 0);
	proof = backing_file_proof(&b);
	assert_non_null(json_object_get(proof, "unavailable"));
	json_decref(proof);
	backing_release(&b);
}

static void stat(const char *dir, const char *name, const char *value)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(file_publish(path, value, strlen(value), NULL), 0);
}

static int64_t bytes(const json_t *layer, const char *page)
{
	return json_integer_value(json_object_get(json_object_get(layer, "bytes"), page));
}

static void kvm_statistics_become_bytes(void **state)
{
	char root[] = "/tmp/kduel-kvm-XXXXXX", vm[64];
	json_t *layer;

	(void)state;
	assert_true(scratch_make(root, NULL) >= 0);
	snprintf(vm, sizeof(vm), "%s/471-12", root);	/* another's pid */
	assert_int_equal(file_mkdirs(vm, NULL), 0);
	layer = kvm_stats_proof(root, 47);
	assert_non_null(json_object_get(layer, "unavailable"));
	json_decref(layer);

	snprintf(vm, sizeof(vm), "%s/47-10", root);
	assert_int_equal(file_mkdirs(vm, NULL), 0);
	stat(vm, "largepages", "7\n");
	layer = kvm_stats_proof(root, 47);	/* an old kernel */
	assert_non_null(json_object_get(layer, "unavailable"));
	assert_int_equal(json_integer_value(json_object_get(layer, "largepages")), 7);
	json_decref(layer);

	stat(vm, "pages_4k", "458\n");
	stat(vm, "pages_2m", "280\n");
	stat(vm, "pages_1g", "1\n");
	stat(vm, "pf_fixed", "800\n");
	stat(vm, "pf_taken", "811\n");
	layer = kvm_stats_proof(root, 47);
	assert_int_equal(bytes(layer, "4k"), 458 * 4096);
	assert_int_equal(bytes(layer, "2m"), 280 * M2);
	assert_int_equal(bytes(layer, "1g"), 1 << 30);
	assert_int_equal(json_integer_value(json_object_get(layer, "faults")), 811);
	assert_string_equal(json_string_value(json_object_get(layer, "layer")), "second-level");
	json_decref(layer);
	file_remove_tree(root, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_sound),
		cmocka_unit_test(unknown_ones_are_named_with_the_known),
		cmocka_unit_test(bad_sizes_and_parameters_are_refused),
		cmocka_unit_test(an_nvdimm_is_a_second_file),
		cmocka_unit_test(memory_without_a_file_says_so),
		cmocka_unit_test(kvm_statistics_become_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
