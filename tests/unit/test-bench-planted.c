/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole runs with an error planted between two steps of their life: a bit of
 * the buffer, a page that is another page, a mapping that cannot be renewed. No
 * result may come of them. (The parts of the proofs are tested with their workloads.)
 */
#include <errno.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "bench/bench.h"
#include "bench/context.h"

extern const struct workload first_touch_workload, gups_workload, gups_base_workload,
	mem_walk_base_workload, pmem_io_workload, stream_workload, tlb_miss_workload,
	unmap_base_workload;

static struct bench_request request(const char *workload)
{
	return (struct bench_request){
		.workload = workload, .seed = 1, .samples = 3, .cpu = -1, .node = -1,
	};
}

static struct workload spoiled;
static int (*honest_before)(struct bench *b, struct err *err);
static int (*honest_after)(struct bench *b, struct err *err);
static size_t spoil_at;

static void spoil(struct bench *b)
{
	((char *)b->buffers[0]->addr)[spoil_at] ^= 1;
}

static int spoil_before(struct bench *b, struct err *err)
{
	spoil(b);
	return honest_before(b, err);
}

static int spoil_after(struct bench *b, struct err *err)
{
	spoil(b);
	return honest_after(b, err);
}

static void must_be_caught(const struct workload *w, const char *size, const char *path,
			   size_t at, bool before)
{
	struct bench_request rq = request(w->name);
	json_t *params = json_object(), *result = NULL;
	struct err err = ERR_INIT;

	if (size)
		json_object_set_new(params, "size", json_string(size));
	if (path) {
		json_object_set_new(params, "path", json_string(path));
		json_object_set_new(params, "ordinary", json_true());
		json_object_set_new(params, "op", json_string("store"));
	}
	spoiled = *w;
	honest_before = w->verify_before;
	honest_after = w->verify_after;
	spoil_at = at;
	if (before)
		spoiled.verify_before = spoil_before;
	else
		spoiled.verify_after = spoil_after;
	rq.params = params;
	rq.allow_small = true;
	assert_int_equal(bench_run_workload(&spoiled, &rq, NULL, &result, &err), -EBADMSG);
	assert_null(result);
	assert_non_null(strstr(err.text, "worth nothing"));
	json_decref(params);
}

static void first_touch_catches_a_lost_write(void **state)
{
	(void)state;
	must_be_caught(&first_touch_workload, "1M", NULL, 0, false);
	must_be_caught(&first_touch_workload, "1M", NULL, 4096 * 100, false);
}

static void pmem_io_catches_a_flipped_bit(void **state)
{
	(void)state;
	must_be_caught(&pmem_io_workload, "512K", "/dev/shm", 0, true);
	must_be_caught(&pmem_io_workload, "512K", "/dev/shm", 300000, false);
}

static int (*honest_run)(struct bench *b, struct err *err);

static int spoil_run(struct bench *b, struct err *err)
{
	spoil(b);
	return honest_run(b, err);
}

static json_t *run_queue(const char *op, int (*run)(struct bench *b, struct err *err),
			 struct err *err)
{
	struct bench_request rq = request("pmem-io");
	json_t *params = json_pack("{s:s, s:s, s:b, s:s, s:s}", "size", "64K", "path", "/dev/shm",
				   "ordinary", 1, "op", op, "depth", "1..4");
	json_t *result = NULL;

	spoiled = pmem_io_workload;
	honest_run = spoiled.run;
	spoiled.run = run ? run : spoiled.run;
	spoil_at = 5 * 4096;
	rq.params = params;
	bench_run_workload(&spoiled, &rq, NULL, &result, err);
	json_decref(params);
	return result;
}

static void a_block_read_wrong_is_caught(void **state)
{
	struct err err = ERR_INIT;
	json_t *r = run_queue("read", NULL, &err);

	(void)state;
	if (!r) {
		puts(err.text);
		skip();	/* no O_DIRECT on this tmpfs, or no io_uring */
	}
	json_decref(r);
	assert_null(run_queue("read", spoil_run, &err));
	assert_int_equal(err.code, -EBADMSG);
	assert_non_null(strstr(err.text, "a read of block 5 returned other data"));
}

static void a_queue_keeps_its_warm_up(void **state)
{
	struct err err = ERR_INIT;
	json_t *r = run_queue("ring", NULL, &err), *m;
	size_t i;

	(void)state;
	if (!r) {
		puts(err.text);
		skip();
	}
	json_array_foreach(json_object_get(r, "metrics"), i, m) {
		size_t warm = json_array_size(json_object_get(m, "rejected"));

		assert_int_equal(json_array_size(json_object_get(m, "values")), 3);
		if (!strcmp(json_string_value(json_object_get(m, "metric")), "io_rate"))
			assert_true(warm >= 4 && warm <= 12);
	}
	assert_int_equal(i, 2 * 3);	/* two depths, three metrics */
	json_decref(r);
}

static void gups_catches_a_lost_update(void **state)
{
	(void)state;
	must_be_caught(&gups_workload, "64K", NULL, 0, false);
	must_be_caught(&gups_base_workload, "4K", NULL, 4095, false);
}

static void stream_catches_a_wrong_element(void **state)
{
	(void)state;
	/* The top byte of a double is its sign and exponent. */
	must_be_caught(&stream_workload, "64K", NULL, 8 * 100 + 7, false);
}

static void mem_walk_base_catches_a_write(void **state)
{
	(void)state;
	must_be_caught(&mem_walk_base_workload, NULL, NULL, 8, false);
}

/* Pages 0 and 127 of the buffer, whose lines have the same colour, become one. */
static int alias_before(struct bench *b, struct err *err)
{
	char *at = b->buffers[0]->addr;
	int fd = memfd_create("alias", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 4096), 0);
	for (int i = 0; i < 2; i++)
		assert_ptr_not_equal(mmap(at + i * 127 * 4096, 4096, PROT_READ | PROT_WRITE,
					  MAP_SHARED | MAP_FIXED, fd, 0), MAP_FAILED);
	close(fd);
	return honest_before(b, err);
}

static void tlb_miss_catches_a_broken_cycle(void **state)
{
	struct bench_request rq = request("tlb-miss");
	json_t *params = json_pack("{s:s}", "pages", "16..256"), *result = NULL;
	struct err err = ERR_INIT;

	(void)state;
	spoiled = tlb_miss_workload;
	honest_before = spoiled.verify_before;
	spoiled.verify_before = alias_before;
	rq.params = params;
	assert_int_equal(bench_run_workload(&spoiled, &rq, NULL, &result, &err), -EBADMSG);
	assert_null(result);
	assert_non_null(strstr(err.text, "worth nothing"));
	json_decref(params);
}

static int run_without_flags(struct bench *b, struct err *err)
{
	b->buffers[0]->map_flags = MAP_SHARED;	/* of no file: it cannot be mapped again */
	return honest_run(b, err);
}

static void unmap_says_what_it_cannot_renew(void **state)
{
	struct bench_request rq = request("unmap-base");
	json_t *params = json_pack("{s:s}", "size", "64K"), *result = NULL;
	struct err err = ERR_INIT;

	(void)state;
	spoiled = unmap_base_workload;
	honest_run = spoiled.run;
	spoiled.run = run_without_flags;
	rq.params = params;
	assert_int_not_equal(bench_run_workload(&spoiled, &rq, NULL, &result, &err), 0);
	assert_null(result);
	assert_non_null(strstr(err.text, "cannot map"));
	json_decref(params);
}

static json_t *values_of(const char *workload, json_t *params)
{
	struct bench_request rq = request(workload);
	json_t *result = NULL, *values;
	struct err err = ERR_INIT;

	rq.params = params;
	if (bench_run(&rq, NULL, &result, &err))
		fail_msg("%s: %s", workload, err.text);
	values = json_incref(json_object_get(json_array_get(json_object_get(result, "metrics"), 0),
					     "values"));
	json_decref(result);
	json_decref(params);
	return values;
}

static void bases_run_with_every_option(void **state)
{
	static const char *const ops[] = { "read", "write", "rmw" };

	(void)state;
	for (int i = 0; i < 3; i++)
		for (int chains = 1; chains <= 16; chains += 5) {
			json_t *v = values_of("mem-walk-base", json_pack("{s:s, s:i}", "op", ops[i],
									 "chains", chains));

			assert_true(json_number_value(json_array_get(v, 0)) > 0);
			json_decref(v);
		}
	for (int flight = 1; flight <= 1024; flight *= 32)
		json_decref(values_of("gups-base", json_pack("{s:i}", "in-flight", flight)));
	json_decref(values_of("unmap-base", json_pack("{s:s}", "size", "64K")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_touch_catches_a_lost_write),
		cmocka_unit_test(pmem_io_catches_a_flipped_bit),
		cmocka_unit_test(a_block_read_wrong_is_caught),
		cmocka_unit_test(a_queue_keeps_its_warm_up),
		cmocka_unit_test(gups_catches_a_lost_update),
		cmocka_unit_test(stream_catches_a_wrong_element),
		cmocka_unit_test(mem_walk_base_catches_a_write),
		cmocka_unit_test(tlb_miss_catches_a_broken_cycle),
		cmocka_unit_test(unmap_says_what_it_cannot_renew),
		cmocka_unit_test(bases_run_with_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
