/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts are right or said to be unavailable, never made up. */
#include <pthread.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <linux/perf_event.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "counters-provider.h"

static void minor_faults_are_exact(void **state)
{
	static const uint64_t pages[] = { 500, 1000, 2000 };
	unsigned worked = 0;

	(void)state;
	for (unsigned p = 0; counters_provider_name(p); p++)
		for (int i = 0; i < 3; i++) {
			struct err err = ERR_INIT;
			uint64_t n = 0;

			if (counters_self_test(counters_provider_name(p), pages[i], &n, &err)) {
				printf("%s: %s\n", counters_provider_name(p), err.text);
				continue;
			}
			assert_int_equal(n, pages[i]);
			worked++;
		}
	/* getrusage needs nothing but a kernel. */
	assert_true(worked >= 3);
}

/* --- another thread, as a vCPU is one --- */

struct other {
	pthread_barrier_t step;
	pid_t tid;
	volatile char *pages;
};

#define PAGES 700

#if defined(__SANITIZE_ADDRESS__)
__attribute__((no_sanitize("address")))
#endif
static void *fault(void *arg)
{
	struct other *o = arg;

	o->tid = gettid();
	pthread_barrier_wait(&o->step);	/* known */
	pthread_barrier_wait(&o->step);	/* counted from here */
	for (int i = 0; i < PAGES; i++)
		o->pages[i * 4096] = 1;
	pthread_barrier_wait(&o->step);	/* to here */
	pthread_barrier_wait(&o->step);
	return NULL;
}

static void another_thread_is_counted(void **state)
{
	struct counters_options co = { .events = counters_software, .n = 1 };
	struct counter_sum sum[COUNTERS_MOST] = { 0 };
	struct other o = { .tid = 0 };
	struct counters *c;
	const char *why = "";
	pthread_t thread;

	(void)state;
	pthread_barrier_init(&o.step, NULL, 2);
	o.pages = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(o.pages, MAP_FAILED);
	madvise((void *)o.pages, PAGES * 4096, MADV_NOHUGEPAGE);
	pthread_create(&thread, NULL, fault, &o);
	pthread_barrier_wait(&o.step);
	co.tid = o.tid;
	assert_int_equal(counters_new(&c, &co, NULL), 0);
	counters_start(c, sum);
	pthread_barrier_wait(&o.step);
	pthread_barrier_wait(&o.step);
	counters_stop(c, sum, PAGES);
	pthread_barrier_wait(&o.step);
	pthread_join(thread, NULL);
	munmap((void *)o.pages, PAGES * 4096);
	if (!counters_provider(c, 0, &why)) {
		puts(why);
		counters_free(c);
		skip();
	}
	counters_free(c);
	/* The thread's own stack may fault once or twice besides. */
	assert_true(sum[0].value >= PAGES && sum[0].value <= PAGES + 4);
}

static void nonsense_is_unavailable(void **state)
{
	static const struct counter_event ev[] = {
		{ "nonsense", "nosuchunit::NO_SUCH_EVENT", true, 0 },
		{ "minor_faults", "perf::MINOR-FAULTS", false, PERF_COUNT_SW_PAGE_FAULTS_MIN },
	};
	struct counter_sum sum[COUNTERS_MOST] = { 0 };
	struct counters *c;
	struct err err = ERR_INIT;
	const char *why = NULL;
	json_t *j, *entry;

	(void)state;
	assert_int_equal(counters_new(&c, &(struct counters_options){ .events = ev, .n = 2 },
				      &err), 0);
	assert_null(counters_provider(c, 0, &why));
	assert_non_null(strstr(why, "getrusage: "));
	assert_non_null(counters_provider(c, 1, &why));
	counters_start(c, sum);
	counters_stop(c, sum, 1);
	j = counters_json(c, sum);
	entry = json_array_get(j, 0);
	assert_null(json_object_get(entry, "value"));
	assert_true(strlen(json_string_value(json_object_get(entry, "unavailable"))) > 10);
	assert_non_null(json_object_get(json_array_get(j, 1), "value"));
	json_decref(j);
	counters_free(c);
}

static void refuses_wrong_requests(void **state)
{
	struct counter_event ev[COUNTERS_MOST + 1];
	struct err err = ERR_INIT;
	struct counters *c;

	(void)state;
	for (int i = 0; i <= COUNTERS_MOST; i++)
		ev[i] = counters_software[0];
	assert_int_not_equal(counters_new(&c, &(struct counters_options){
				.events = ev, .n = COUNTERS_MOST + 1 }, &err), 0);
	assert_int_equal(err.exit, EXIT_CONFIG);
	err = (struct err)ERR_INIT;
	assert_int_not_equal(counters_new(&c, &(struct counters_options){
				.events = ev, .n = 1, .provider = "vtune" }, &err), 0);
	assert_non_null(strstr(err.text, "vtune"));
}

/* PAPI counts wherever there is a PMU; elsewhere only for who names it. */
static void papi_is_started_where_it_is_needed(void **state)
{
	struct counters_options o = { .events = counters_software, .n = 1 };
	char why[WHY_MAX] = "";
	bool missing = counters_pmu_missing(why);
	struct counters *c;
	const char *said = "";

	(void)state;
	assert_int_equal(missing, !!strstr(why, "no PMU"));
	assert_int_equal(counters_new(&c, &o, NULL), 0);
	assert_string_equal(counters_provider_name(0), "papi");
	if (missing) {
		assert_false(counters_provider_used(c, 0, &said));
		assert_string_equal(said, why);
	}
	counters_free(c);
	o.provider = "papi";
	assert_int_equal(counters_new(&c, &o, NULL), 0);
	counters_provider_used(c, 0, &said);
	assert_null(strstr(said, "no PMU"));
	counters_free(c);
}

static void guest_only_refuses_software(void **state)
{
	struct counters *c;
	const char *why = "";

	(void)state;
	assert_int_equal(counters_new(&c, &(struct counters_options){
				.events = counters_software, .n = 1,
				.guest_only = true }, NULL), 0);
	assert_null(counters_provider(c, 0, &why));
	assert_non_null(strstr(why, "guest"));
	counters_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(minor_faults_are_exact),
		cmocka_unit_test(another_thread_is_counted),
		cmocka_unit_test(nonsense_is_unavailable),
		cmocka_unit_test(refuses_wrong_requests),
		cmocka_unit_test(guest_only_refuses_software),
		cmocka_unit_test(papi_is_started_where_it_is_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
