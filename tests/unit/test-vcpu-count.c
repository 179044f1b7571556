/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counting on the vCPUs of a process: this one, which has threads named like
 * QEMU's. The hardware part is a provider that is made up (see
 * lib/counters-table.c) and knows whom it was asked to count.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "counters-provider.h"
#include "env.h"
#include "file.h"
#include "scratch.h"
#include "guest-agent/vcpu-count.h"

#define PAGES 600
#define VCPUS 2

static pid_t tids[VCPUS];
static unsigned opened[VCPUS];	/* groups opened for the guest alone, by thread */

static int init(char why[static WHY_MAX])
{
	(void)why;
	return 0;
}

static void *open_group(const struct group_request *rq, char why[static WHY_MAX])
{
	struct group_request *g;

	for (size_t i = 0; i < rq->n; i++)
		if (strstr(rq->events[i]->native, "ABSENT")) {
			snprintf(why, WHY_MAX, "no such event");
			return NULL;
		}
	for (int i = 0; i < VCPUS; i++)
		opened[i] += rq->tid == tids[i] && rq->guest_only;
	g = malloc(sizeof(*g));
	*g = *rq;
	return g;
}

static void start(void *group)
{
	(void)group;
}

/* A vCPU's walks are 3 in 100 of its instructions. */
static int stop(void *group, uint64_t *values)
{
	struct group_request *g = group;

	for (size_t i = 0; i < g->n; i++)
		values[i] = strcmp(g->events[i]->name, "instructions") ? 3 : 100;
	return 0;
}

static const struct provider made_up = {
	"made-up", false, init, open_group, start, stop, free,
};
const struct provider *const counters_providers[] = { &made_up, NULL };

/* --- threads that look like vCPUs --- */

static pthread_barrier_t step;
static volatile char *pages;

__attribute__((no_sanitize("address")))
static void *vcpu(void *arg)
{
	int nr = *(int *)arg;
	char name[16];

	snprintf(name, sizeof(name), "CPU %d/KVM", nr);
	pthread_setname_np(pthread_self(), name);
	tids[nr] = gettid();
	pthread_barrier_wait(&step);	/* known */
	pthread_barrier_wait(&step);	/* counted */
	for (int i = 0; nr == 0 && i < PAGES; i++)
		pages[i * 4096] = 1;
	pthread_barrier_wait(&step);	/* to here */
	pthread_barrier_wait(&step);
	return NULL;
}

static const json_t *named(const json_t *counted, const char *name)
{
	const json_t *list = json_object_get(counted, "counters"), *c;
	size_t i;

	json_array_foreach(list, i, c)
		if (!strcmp(json_string_value(json_object_get(c, "name")), name))
			return c;
	fail_msg("nothing is said of %s", name);
	return NULL;
}

static json_int_t number(const json_t *counted, const char *name, const char *key)
{
	const json_t *v = json_object_get(named(counted, name), key);

	if (!json_is_integer(v))
		fail_msg("%s has no %s", name, key);
	return json_integer_value(v);
}

static const char *reason(const json_t *counted, const char *name)
{
	const json_t *c = named(counted, name);

	assert_null(json_object_get(c, "value"));
	return json_string_value(json_object_get(c, "unavailable"));
}

static json_t *request(void)
{
	return json_pack("[{s:s, s:s}, {s:s, s:s}, {s:s, s:s}]",
			 "name", "instructions", "native", "perf::INSTRUCTIONS",
			 "name", "dtlb_load_walks", "native", "x::WALKS",
			 "name", "ept_walk_cycles", "native", "x::ABSENT");
}

/* Counts while the threads run. */
static json_t *count_vcpus(const json_t *events)
{
	int numbers[VCPUS] = { 0, 1 };
	pthread_t threads[VCPUS];
	struct vcpu_count *v;
	struct err err = ERR_INIT;
	json_t *counted;

	memset(opened, 0, sizeof(opened));
	pthread_barrier_init(&step, NULL, VCPUS + 1);
	pages = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(pages, MAP_FAILED);
	madvise((void *)pages, PAGES * 4096, MADV_NOHUGEPAGE);
	for (int i = 0; i < VCPUS; i++)
		pthread_create(&threads[i], NULL, vcpu, &numbers[i]);
	pthread_barrier_wait(&step);
	assert_int_equal(vcpu_count_start(&v, getpid(), events, &err), 0);
	pthread_barrier_wait(&step);
	pthread_barrier_wait(&step);
	counted = vcpu_count_stop(v);
	pthread_barrier_wait(&step);
	for (int i = 0; i < VCPUS; i++)
		pthread_join(threads[i], NULL);
	munmap((void *)pages, PAGES * 4096);
	pthread_barrier_destroy(&step);
	return counted;
}

static void vcpus_are_counted_from_outside(void **state)
{
	json_t *events = request(), *counted = count_vcpus(events);

	(void)state;
	for (int i = 0; i < VCPUS; i++)
		assert_true(opened[i] > 0);
	assert_int_equal(json_integer_value(json_object_get(counted, "vcpus")), VCPUS);
	assert_true(json_real_value(json_object_get(counted, "seconds")) > 0);
	assert_int_equal(number(counted, "dtlb_load_walks", "value"), 3 * VCPUS);
	assert_int_equal(number(counted, "dtlb_load_walks", "things"), 100 * VCPUS);
	assert_int_equal(number(counted, "instructions", "value"), 100 * VCPUS);
	assert_null(json_object_get(named(counted, "instructions"), "things"));
	assert_non_null(strstr(reason(counted, "ept_walk_cycles"), "no such event"));
	/* The thread's own stack may fault once or twice besides. */
	assert_in_range(number(counted, "minor_faults", "value"), PAGES, PAGES + 8);
	assert_true(number(counted, "context_switches", "value") >= 1);
	json_decref(counted);
	json_decref(events);
}

static void a_kvm_that_keeps_the_counters_is_named(void **state)
{
	static const char folder[] = "/sys/module/kvm_intel/parameters";
	json_t *events = json_pack("[{s:s, s:s}]", "name", "ept_walk_cycles", "native", "x::ABSENT");
	json_t *some = request(), *counted;
	char root[] = "/tmp/kduel-env.XXXXXX", path[128];

	(void)state;
	assert_true(scratch_make(root, NULL) >= 0);
	snprintf(path, sizeof(path), "%s%s", root, folder);
	assert_int_equal(file_mkdirs(path, NULL), 0);
	strcat(path, "/enable_mediated_pmu");
	assert_int_equal(file_publish(path, "Y\n", 2, NULL), 0);
	env_root = root;
	counted = count_vcpus(events);
	assert_non_null(strstr(reason(counted, "ept_walk_cycles"), "enable_mediated_pmu is Y"));
	json_decref(counted);
	/* where others are counted, it is not the reason */
	counted = count_vcpus(some);
	assert_null(strstr(reason(counted, "ept_walk_cycles"), "mediated"));
	json_decref(counted);
	assert_int_equal(file_publish(path, "N\n", 2, NULL), 0);
	counted = count_vcpus(events);
	assert_null(strstr(reason(counted, "ept_walk_cycles"), "mediated"));
	json_decref(counted);
	env_root = "";
	json_decref(events);
	json_decref(some);
	assert_int_equal(file_remove_tree(root, NULL), 0);
}

static void without_vcpus_it_is_said(void **state)
{
	json_t *events = request(), *counted;
	struct vcpu_count *v;

	(void)state;
	assert_int_equal(vcpu_count_start(&v, getpid(), events, NULL), 0);
	counted = vcpu_count_stop(v);
	assert_int_equal(json_integer_value(json_object_get(counted, "vcpus")), 0);
	assert_non_null(strstr(reason(counted, "dtlb_load_walks"), "named after a vCPU"));
	assert_non_null(strstr(reason(counted, "minor_faults"), "named after a vCPU"));
	json_decref(counted);
	json_decref(events);
}

static void wrong_requests_are_refused(void **state)
{
	json_t *bad[] = {
		NULL, json_string("cycles"), json_pack("[{s:s}]", "name", "cycles"),
		json_pack("[{}, {}, {}, {}, {}]"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct err err = ERR_INIT;
		struct vcpu_count *v;

		assert_int_not_equal(vcpu_count_start(&v, getpid(), bad[i], &err), 0);
		assert_non_null(strstr(err.text, "'events'"));
		json_decref(bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vcpus_are_counted_from_outside),
		cmocka_unit_test(a_kvm_that_keeps_the_counters_is_named),
		cmocka_unit_test(without_vcpus_it_is_said),
		cmocka_unit_test(wrong_requests_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
