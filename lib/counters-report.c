/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was counted as JSON, what counting costs, and whether it is right. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "clock.h"
#include "counters.h"
#include "order.h"

static json_t *counters_report_event_json(const struct counters *c, size_t i,
					  const struct counter_sum *sum)
{
	const struct counter_event *ev = counters_event(c, i);
	const char *why, *by = counters_provider(c, i, &why);
	json_t *j;

	if (by && !sum->batches)
		why = sum->lost ? "others held the processor's counters when it was to be "
			"counted" : "the series has fewer batches than there are groups of "
		      "hardware events, which take turns in the order of the table";
	if (!by || !sum->batches)
		return json_pack("{s:s, s:s, s:s}", "name", ev->name,
				 "native", ev->native, "unavailable", why);
	j = json_pack("{s:s, s:s, s:s, s:I, s:I, s:f}", "name", ev->name,
		      "native", ev->native, "provider", by,
		      "value", (json_int_t)sum->value, "batches", (json_int_t)sum->batches,
		      "things", sum->things);
	if (sum->scaled)
		json_object_set_new(j, "multiplexed", json_true());
	return j;
}

/* Can something be counted, but was there never a batch? */
static bool counters_report_no_batch(const struct counters *c, const struct counter_sum *sum)
{
	for (size_t i = 0; i < counters_count(c); i++)
		if (sum[i].batches || sum[i].lost)
			return false;
	return counters_passes(c);
}

json_t *counters_json(const struct counters *c, const struct counter_sum *sum)
{
	json_t *a = json_array();

	if (counters_report_no_batch(c, sum))
		return a;
	for (size_t i = 0; i < counters_count(c); i++)
		json_array_append_new(a, counters_report_event_json(c, i, &sum[i]));
	return a;
}

json_t *counters_providers_json(const struct counters *c)
{
	json_t *a = json_array();

	for (unsigned i = 0; counters_provider_name(i); i++) {
		const char *why;
		bool used = counters_provider_used(c, i, &why);

		if (counters_provider_asked(c, i))
			json_array_append_new(a, json_pack("{s:s, s:b, s:s}", "name",
							   counters_provider_name(i),
							   "used", used, "why", why));
	}
	return a;
}

double counters_overhead(struct counters *c)
{
	double ns[64];
	const int n = sizeof(ns) / sizeof(ns[0]);

	if (!counters_passes(c))
		return 0;
	clock_init();
	for (int i = 0; i < n; i++) {
		uint64_t t0 = clock_ticks();

		counters_start(c, NULL);
		counters_stop(c, NULL, 0);
		ns[i] = clock_ns(clock_ticks() - t0);
	}
	return order_median(ns, n);
}

/* A sanitizer's shadow memory has first writes of its own. */
__attribute__((no_sanitize("address"), noinline))
static void counters_report_write_pages(volatile char *p, uint64_t pages)
{
	for (uint64_t i = 0; i < pages; i++)
		p[i * 4096] = 1;
}

int counters_self_test(const char *provider, uint64_t pages, uint64_t *counted,
		       struct err *err)
{
	const struct counters_options o = {
		.events = counters_software, .n = 1, .provider = provider,
	};
	struct counter_sum sum = { 0 };
	struct counters *c;
	const char *why = "";
	volatile char *p;
	int ret = counters_new(&c, &o, err);

	if (ret)
		return ret;
	if (!counters_provider(c, 0, &why)) {
		ret = err_machine(err, "%s", why);
		goto free_counters;
	}
	p = mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) {
		ret = err_sys(err, errno, "cannot map %zu pages", (size_t)pages);
		goto free_counters;
	}
	/* A huge page would be one fault for 512 pages. */
	madvise((void *)p, pages * 4096, MADV_NOHUGEPAGE);
	counters_start(c, NULL);
	counters_report_write_pages(p, pages);
	counters_stop(c, &sum, pages);
	munmap((void *)p, pages * 4096);
	*counted = sum.value;
free_counters:
	counters_free(c);
	return ret;
}
