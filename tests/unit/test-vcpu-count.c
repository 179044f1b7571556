/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counting on the vCPUs of a process: this one, which has threads named like
 * QEMU's. The hardware part is a provider that is made up (see
 * lib/counters-table.c) and knows whom it was asked to count.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "counters-provider.h"
#include "env.h"
#include "file.h"
#include "guest-agent/count.h"

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
	"made-up", false, false, init, open_group, start, stop, free,
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

/* --- functions, sampled by perf --------------------------------------------------------- */

/* What perf script writes: one function of each kind, one without a name, one twice. */
static const char script[] =
	"K     cycles:GH:  ffffffff813a2313 kvm_tdp_mmu_map ([kernel.kallsyms])\n"
	"K     cycles:GH:  ffffffff813a2399 kvm_tdp_mmu_map ([kernel.kallsyms])\n"
	"G     cycles:GH:  ffffffff81000040 [unknown] ([guest.kernel.kallsyms])\n"
	"g     cycles:GH:      55d0c0ffee00 [unknown] ([unknown])\n"
	"U     cycles:GH:      7f85064ad588 [unknown] (/usr/bin/qemu-system-x86_64)\n"
	"\nnothing of perf's\n";

static void check_functions(const json_t *reply, const char *event)
{
	static const struct {
		const char *side, *name;
		int n;
	} want[] = {
		{ "machine's kernel", "kvm_tdp_mmu_map", 2 },
		{ "guest's kernel", "0xffffffff81000040", 1 },
		{ "guest's programs", "[unknown]", 1 },
		{ "machine's programs", "qemu-system-x86_64", 1 },
	};
	const json_t *all = json_object_get(reply, "functions");

	assert_string_equal(json_string_value(json_object_get(reply, "sampled")), event);
	assert_int_equal(json_array_size(all), 4);
	for (size_t i = 0; i < 4; i++) {
		const json_t *f = json_array_get(all, i);

		assert_string_equal(json_string_value(json_array_get(f, 0)), want[i].side);
		assert_int_equal(json_integer_value(json_array_get(f, 1)), want[i].n);
		assert_string_equal(json_string_value(json_array_get(f, 2)), want[i].name);
	}
}

static void perf_s_samples_are_functions(void **state)
{
	json_t *reply = json_object();
	char *text = strdup(script);

	(void)state;
	assert_int_equal(sample_parse(text, reply, NULL), 0);
	check_functions(reply, "cycles");
	free(text);
	json_decref(reply);
}

/* A perf that is a script: it records until it is told to stop, and prints the above. */
static void perf_is_begun_and_ended(void **state)
{
	char folder[] = "/tmp/kduel-perf-test-XXXXXX", path[80], perf[80], *was = strdup(getenv("PATH"));
	json_t *reply = json_object();
	struct err err = ERR_INIT;
	struct sample *s;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(perf, sizeof(perf), "%s/perf", folder);
	snprintf(path, sizeof(path), "%s:/usr/bin:/bin", folder);
	setenv("PATH", folder, 1);
	assert_int_equal(sample_start(&s, getpid(), &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "perf is not installed"));
	f = fopen(perf, "w");
	fprintf(f, "#!/bin/sh\n[ $1 = script ] && exec cat <<'END'\n%sEND\n"
		"for file; do :; done\ntrap 'exit 0' INT\necho data >\"$file\"\n"
		"while :; do sleep 0.05; done\n", script);
	fclose(f);
	chmod(perf, 0755);
	setenv("PATH", path, 1);
	assert_int_equal(sample_start(&s, getpid(), &err), 0);
	assert_int_equal(sample_stop(s, reply, &err), 0);
	check_functions(reply, "cycles");
	json_decref(reply);
	f = fopen(perf, "w");
	fputs("#!/bin/sh\nexit 1\n", f);
	fclose(f);
	err = (struct err)ERR_INIT;
	assert_true(sample_start(&s, getpid(), &err) < 0);
	assert_non_null(strstr(err.text, "perf_event_paranoid"));
	setenv("PATH", was, 1);
	free(was);
	unlink(perf);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vcpus_are_counted_from_outside),
		cmocka_unit_test(a_kvm_that_keeps_the_counters_is_named),
		cmocka_unit_test(without_vcpus_it_is_said),
		cmocka_unit_test(wrong_requests_are_refused),
		cmocka_unit_test(perf_s_samples_are_functions),
		cmocka_unit_test(perf_is_begun_and_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
