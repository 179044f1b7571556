/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "counters.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "clock.h"
#include "counters-provider.h"

static const struct provider *const providers[] = {
	&provider_papi, &provider_perf, &provider_getrusage,
};

#define N_PROVIDERS (sizeof(providers) / sizeof(providers[0]))
#define REASON_MAX 512

const struct counter_event counters_software[] = {
	{ "minor_faults", "perf::MINOR-FAULTS", false },
	{ "major_faults", "perf::MAJOR-FAULTS", false },
	{ "context_switches", "perf::CONTEXT-SWITCHES", false },
	{ "cpu_migrations", "perf::CPU-MIGRATIONS", false },
};
const size_t counters_software_n = sizeof(counters_software) / sizeof(counters_software[0]);

const struct counter_event counters_generic[] = {
	{ "cycles", "perf::CYCLES", true },
	{ "instructions", "perf::INSTRUCTIONS", true },
	{ "dtlb_load_misses", "perf::DTLB-LOAD-MISSES", true },
	{ "dtlb_store_misses", "perf::DTLB-STORE-MISSES", true },
};
const size_t counters_generic_n = sizeof(counters_generic) / sizeof(counters_generic[0]);

struct slot {
	struct counter_event event;
	int provider;		/* -1 = none */
	char why[REASON_MAX];
};

struct group {
	const struct provider *provider;
	void *handle;
	size_t slots[COUNTERS_MOST];
	size_t n;
};

struct counters {
	struct slot slots[COUNTERS_MOST];
	size_t n;
	struct group groups[COUNTERS_MOST];
	unsigned n_groups, turn;
	bool asked[N_PROVIDERS], works[N_PROVIDERS], used[N_PROVIDERS];
	char why[N_PROVIDERS][WHY_MAX];
	pid_t tid;
	bool guest_only, multiplex;
};

const char *counters_provider_name(unsigned i)
{
	return i < N_PROVIDERS ? providers[i]->name : NULL;
}

/* A provider is asked once in a process: PAPI does not like to be asked twice. */
static bool provider_works(size_t i, char why[static WHY_MAX])
{
	static bool known[N_PROVIDERS], works[N_PROVIDERS];
	static char reason[N_PROVIDERS][WHY_MAX];

	if (!known[i]) {
		works[i] = !providers[i]->init(reason[i]);
		known[i] = true;
	}
	snprintf(why, WHY_MAX, "%s", reason[i]);
	return works[i];
}

static void *open_group(struct counters *c, size_t provider, const size_t *slots,
			size_t n, char why[static WHY_MAX])
{
	struct group_request rq = {
		.n = n, .tid = c->tid, .guest_only = c->guest_only,
		.multiplex = c->multiplex,
	};

	for (size_t i = 0; i < n; i++)
		rq.events[i] = &c->slots[slots[i]].event;
	return providers[provider]->open(&rq, why);
}

static void add_reason(struct slot *s, const char *provider, const char *why)
{
	size_t used = strlen(s->why);

	snprintf(s->why + used, sizeof(s->why) - used, "%s%s: %s", used ? "; " : "",
		 provider, why);
}

/* The first provider that can count this event by itself. */
static void place(struct counters *c, size_t slot)
{
	struct slot *s = &c->slots[slot];

	for (size_t i = 0; i < N_PROVIDERS; i++) {
		char why[WHY_MAX] = "";
		void *handle;

		if (!c->asked[i])
			continue;
		if (!c->works[i]) {
			add_reason(s, providers[i]->name, c->why[i]);
			continue;
		}
		handle = open_group(c, i, &slot, 1, why);
		if (handle) {
			providers[i]->close(handle);
			s->provider = i;
			c->used[i] = true;
			return;
		}
		add_reason(s, providers[i]->name, why);
	}
}

/*
 * Takes as many of the listed events as go together, at most a group's worth,
 * and returns how many. An event that cannot even go alone any more loses its
 * provider.
 */
static size_t pack(struct counters *c, size_t provider, const size_t *slots,
		   size_t n)
{
	struct group *g = &c->groups[c->n_groups];
	size_t most = c->multiplex ? COUNTERS_MOST : COUNTERS_GROUP;
	char why[WHY_MAX] = "";

	for (n = n < most ? n : most; n; n--) {
		g->handle = open_group(c, provider, slots, n, why);
		if (!g->handle)
			continue;
		g->provider = providers[provider];
		g->n = n;
		memcpy(g->slots, slots, n * sizeof(*slots));
		c->n_groups++;
		return n;
	}
	c->slots[slots[0]].provider = -1;
	add_reason(&c->slots[slots[0]], providers[provider]->name, why);
	return 1;
}

static void pack_kind(struct counters *c, size_t provider, bool hardware)
{
	size_t slots[COUNTERS_MOST], n = 0;

	for (size_t i = 0; i < c->n; i++)
		if (c->slots[i].provider == (int)provider &&
		    c->slots[i].event.hardware == hardware)
			slots[n++] = i;
	for (size_t done = 0; done < n; )
		done += pack(c, provider, slots + done, n - done);
}

static int copy_events(struct counters *c, const struct counters_options *o,
		       struct err *err)
{
	for (c->n = 0; c->n < o->n; c->n++) {
		struct slot *s = &c->slots[c->n];

		s->provider = -1;
		s->event.hardware = o->events[c->n].hardware;
		s->event.name = strdup(o->events[c->n].name);
		s->event.native = strdup(o->events[c->n].native);
		if (!s->event.name || !s->event.native) {
			c->n++;
			return err_sys(err, ENOMEM, "counters");
		}
	}
	return 0;
}

static int ask_providers(struct counters *c, const char *only, struct err *err)
{
	bool any = false;

	for (size_t i = 0; i < N_PROVIDERS; i++) {
		c->asked[i] = !only || !strcmp(only, providers[i]->name);
		any |= c->asked[i];
		if (c->asked[i])
			c->works[i] = provider_works(i, c->why[i]);
	}
	if (any)
		return 0;
	return err_config(err, "there is no counter provider '%s' (papi, perf, getrusage)", only);
}

int counters_new(struct counters **out, const struct counters_options *o,
		 struct err *err)
{
	struct counters *c;
	int ret;

	if (o->n > COUNTERS_MOST)
		return err_config(err, "%zu counters: at most %d", o->n, COUNTERS_MOST);
	c = calloc(1, sizeof(*c));
	if (!c)
		return err_sys(err, ENOMEM, "counters");
	c->tid = o->tid;
	c->guest_only = o->guest_only;
	c->multiplex = o->multiplex;
	ret = copy_events(c, o, err);
	if (!ret)
		ret = ask_providers(c, o->provider, err);
	if (ret) {
		counters_free(c);
		return ret;
	}
	for (size_t i = 0; i < c->n; i++)
		place(c, i);
	for (size_t p = 0; p < N_PROVIDERS; p++) {
		pack_kind(c, p, false);
		pack_kind(c, p, true);
	}
	*out = c;
	return 0;
}

void counters_free(struct counters *c)
{
	if (!c)
		return;
	for (unsigned i = 0; i < c->n_groups; i++)
		c->groups[i].provider->close(c->groups[i].handle);
	for (size_t i = 0; i < c->n; i++) {
		free((char *)c->slots[i].event.name);
		free((char *)c->slots[i].event.native);
	}
	free(c);
}

size_t counters_count(const struct counters *c)
{
	return c->n;
}

unsigned counters_passes(const struct counters *c)
{
	return c->n_groups;
}

void counters_start(struct counters *c)
{
	struct group *g = &c->groups[c->turn];

	if (c->n_groups)
		g->provider->start(g->handle);
}

void counters_stop(struct counters *c, struct counter_sum *sum, double things)
{
	struct group *g = &c->groups[c->turn];
	uint64_t values[COUNTERS_MOST] = { 0 };
	bool scaled;

	if (!c->n_groups)
		return;
	scaled = g->provider->stop(g->handle, values);
	c->turn = (c->turn + 1) % c->n_groups;
	for (size_t i = 0; sum && i < g->n; i++) {
		struct counter_sum *s = &sum[g->slots[i]];

		s->value += values[i];
		s->batches++;
		s->things += things;
		s->scaled |= scaled;
	}
}

const char *counters_provider(const struct counters *c, size_t i,
			      const char **why)
{
	const struct slot *s = &c->slots[i];

	if (s->provider >= 0)
		return providers[s->provider]->name;
	*why = s->why;
	return NULL;
}

static json_t *event_json(const struct counters *c, size_t i,
			  const struct counter_sum *sum)
{
	const struct slot *s = &c->slots[i];
	json_t *j;

	if (s->provider < 0)
		return json_pack("{s:s, s:s, s:s}", "name", s->event.name,
				 "native", s->event.native, "unavailable", s->why);
	if (!sum->batches)
		return json_pack("{s:s, s:s, s:s}", "name", s->event.name,
				 "native", s->event.native, "unavailable",
				 "there were fewer batches than groups of counters");
	j = json_pack("{s:s, s:s, s:s, s:I, s:I, s:f}", "name", s->event.name,
		      "native", s->event.native, "provider", providers[s->provider]->name,
		      "value", (json_int_t)sum->value, "batches", (json_int_t)sum->batches,
		      "things", sum->things);
	if (sum->scaled)
		json_object_set_new(j, "multiplexed", json_true());
	return j;
}

json_t *counters_json(const struct counters *c, const struct counter_sum *sum)
{
	json_t *a = json_array();

	for (size_t i = 0; i < c->n; i++)
		json_array_append_new(a, event_json(c, i, &sum[i]));
	return a;
}

json_t *counters_providers_json(const struct counters *c)
{
	json_t *a = json_array();

	for (size_t i = 0; i < N_PROVIDERS; i++) {
		const char *why = c->why[i];

		if (!c->asked[i])
			continue;
		if (c->works[i])
			why = c->used[i] ? "delivers what no provider before it does"
					 : "not needed, or has none of the events";
		json_array_append_new(a, json_pack("{s:s, s:b, s:s}", "name",
						   providers[i]->name, "used", c->used[i],
						   "why", why));
	}
	return a;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double counters_overhead(struct counters *c)
{
	double ns[64];
	const int n = sizeof(ns) / sizeof(ns[0]);

	if (!c->n_groups)
		return 0;
	clock_init();
	for (int i = 0; i < n; i++) {
		uint64_t t0 = clock_ticks();

		counters_start(c);
		counters_stop(c, NULL, 0);
		ns[i] = clock_ns(clock_ticks() - t0);
	}
	qsort(ns, n, sizeof(ns[0]), by_value);
	return ns[n / 2];
}

/* A sanitizer's shadow memory has first writes of its own. */
__attribute__((no_sanitize("address"), noinline))
static void write_pages(volatile char *p, uint64_t pages)
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
	counters_start(c);
	write_pages(p, pages);
	counters_stop(c, &sum, pages);
	munmap((void *)p, pages * 4096);
	*counted = sum.value;
free_counters:
	counters_free(c);
	return ret;
}
