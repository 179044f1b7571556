/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "counters.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counters-provider.h"

#define REASON_MAX 512

struct slot {
	struct counter_event event;
	int provider;		/* -1 = none */
	char why[REASON_MAX];
};

/* Events that count together, by one handle of one provider; `n` is 0 if not open. */
struct group {
	size_t provider;
	void *handle;
	size_t slots[COUNTERS_MOST];
	size_t n;
};

struct counters {
	struct slot slots[COUNTERS_MOST];
	size_t n;
	struct group always[PROVIDERS_MOST];	/* software events, by provider */
	struct group turns[COUNTERS_MOST];	/* hardware events */
	unsigned n_turns, turn;
	size_t n_providers;
	bool asked[PROVIDERS_MOST], works[PROVIDERS_MOST], used[PROVIDERS_MOST];
	char why[PROVIDERS_MOST][WHY_MAX];
	pid_t tid;
	bool guest_only, multiplex, inherit;
};

const char *counters_provider_name(unsigned i)
{
	return counters_providers[i] ? counters_providers[i]->name : NULL;
}

/* A provider is asked once per process: PAPI cannot be initialised twice. */
static bool counters_provider_works(size_t i, char why[static WHY_MAX])
{
	static bool known[PROVIDERS_MOST], works[PROVIDERS_MOST];
	static char reason[PROVIDERS_MOST][WHY_MAX];

	if (!known[i]) {
		works[i] = !counters_providers[i]->init(reason[i]);
		known[i] = true;
	}
	snprintf(why, WHY_MAX, "%s", reason[i]);
	return works[i];
}

static void *counters_open_group(struct counters *c, size_t provider, const size_t *slots,
				 size_t n, char why[static WHY_MAX])
{
	struct group_request rq = {
		.n = n, .tid = c->tid, .guest_only = c->guest_only,
		.multiplex = c->multiplex, .inherit = c->inherit,
	};

	for (size_t i = 0; i < n; i++)
		rq.events[i] = &c->slots[slots[i]].event;
	return counters_providers[provider]->open(&rq, why);
}

static void counters_close_group(struct group *g)
{
	if (g->n)
		counters_providers[g->provider]->close(g->handle);
	g->n = 0;
}

static void counters_add_reason(struct slot *s, const char *provider, const char *why)
{
	size_t used = strlen(s->why);

	snprintf(s->why + used, sizeof(s->why) - used, "%s%s: %s", used ? "; " : "",
		 provider, why);
}

/* The first provider from `first` on that can count this event by itself. */
static void counters_place(struct counters *c, size_t slot, size_t first)
{
	struct slot *s = &c->slots[slot];

	s->provider = -1;
	for (size_t i = first; i < c->n_providers; i++) {
		char why[WHY_MAX] = "";
		void *handle;

		if (!c->asked[i])
			continue;
		if (!c->works[i]) {
			counters_add_reason(s, counters_providers[i]->name, c->why[i]);
			continue;
		}
		handle = counters_open_group(c, i, &slot, 1, why);
		if (handle) {
			counters_providers[i]->close(handle);
			s->provider = i;
			c->used[i] = true;
			return;
		}
		counters_add_reason(s, counters_providers[i]->name, why);
	}
}

/*
 * Opens `g` with as many of the listed events as go together, at most `most`,
 * and after them those of `rides`. Returns how many it took; an event that can
 * no longer be opened even alone is left to the next provider.
 */
static size_t counters_pack(struct counters *c, struct group *g, size_t provider,
			    const size_t *slots, size_t n, size_t most, const struct group *rides)
{
	char why[WHY_MAX] = "";

	for (n = n < most ? n : most; n; n--) {
		memcpy(g->slots, slots, n * sizeof(*slots));
		g->n = n;
		if (rides) {
			memcpy(g->slots + n, rides->slots, rides->n * sizeof(*slots));
			g->n += rides->n;
		}
		g->provider = provider;
		g->handle = counters_open_group(c, provider, g->slots, g->n, why);
		if (g->handle)
			return n;
	}
	g->n = 0;
	counters_add_reason(&c->slots[slots[0]], counters_providers[provider]->name, why);
	counters_place(c, slots[0], provider + 1);
	return 1;
}

static size_t counters_list_slots(const struct counters *c, size_t provider, bool hardware,
				  size_t slots[static COUNTERS_MOST])
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		if (c->slots[i].provider == (int)provider &&
		    c->slots[i].event.hardware == hardware)
			slots[n++] = i;
	return n;
}

/* The software events of a provider become one group. */
static void counters_pack_software(struct counters *c, size_t provider)
{
	struct group *g = &c->always[provider];
	size_t slots[COUNTERS_MOST], n = counters_list_slots(c, provider, false, slots);

	/* Whatever cannot join the rest goes to the next provider. */
	while (n && counters_pack(c, g, provider, slots, n, n, NULL) < n) {
		if (g->n)
			counters_place(c, slots[g->n], provider + 1);
		counters_close_group(g);
		n = counters_list_slots(c, provider, false, slots);
	}
}

static void counters_pack_hardware(struct counters *c, size_t provider)
{
	const struct group *rides = counters_providers[provider]->one_at_a_time
		? &c->always[provider] : NULL;
	size_t most = c->multiplex ? COUNTERS_MOST : COUNTERS_GROUP;
	size_t slots[COUNTERS_MOST], n = counters_list_slots(c, provider, true, slots);

	for (size_t done = 0; done < n; ) {
		struct group *g = &c->turns[c->n_turns];

		done += counters_pack(c, g, provider, slots + done, n - done, most, rides);
		c->n_turns += g->n > 0;
	}
}

static int counters_copy_events(struct counters *c, const struct counters_options *o,
				struct err *err)
{
	for (c->n = 0; c->n < o->n; c->n++) {
		struct slot *s = &c->slots[c->n];

		s->provider = -1;
		s->event = o->events[c->n];
		s->event.name = strdup(o->events[c->n].name);
		s->event.native = strdup(o->events[c->n].native);
		if (!s->event.name || !s->event.native) {
			c->n++;
			return err_sys(err, ENOMEM, "counters");
		}
	}
	return 0;
}

/* It could count only what those after it count as well, and starts slowly. */
static bool counters_needless(size_t i, const char *only, char why[static WHY_MAX])
{
	return !only && counters_providers[i]->for_hardware && counters_pmu_missing(why);
}

static int counters_ask_providers(struct counters *c, const char *only, struct err *err)
{
	const char *known[sizeof(c->asked) / sizeof(c->asked[0])];
	bool any = false;

	for (size_t i = 0; counters_providers[i]; i++) {
		c->n_providers++;
		c->asked[i] = !only || !strcmp(only, counters_providers[i]->name);
		any |= c->asked[i];
		if (c->asked[i])
			c->works[i] = !counters_needless(i, only, c->why[i]) &&
				      counters_provider_works(i, c->why[i]);
	}
	if (any)
		return 0;
	for (size_t i = 0; i < c->n_providers; i++)
		known[i] = counters_providers[i]->name;
	return err_unknown(err, "counter provider", only, known, c->n_providers);
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
	c->inherit = o->inherit;
	ret = counters_copy_events(c, o, err);
	if (!ret)
		ret = counters_ask_providers(c, o->provider, err);
	if (ret) {
		counters_free(c);
		return ret;
	}
	for (size_t i = 0; i < c->n; i++)
		counters_place(c, i, 0);
	for (size_t p = 0; p < c->n_providers; p++) {
		counters_pack_software(c, p);
		counters_pack_hardware(c, p);
	}
	*out = c;
	return 0;
}

void counters_free(struct counters *c)
{
	if (!c)
		return;
	for (unsigned i = 0; i < c->n_turns; i++)
		counters_close_group(&c->turns[i]);
	for (size_t i = 0; i < c->n_providers; i++)
		counters_close_group(&c->always[i]);
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

const struct counter_event *counters_event(const struct counters *c, size_t i)
{
	return &c->slots[i].event;
}

unsigned counters_passes(const struct counters *c)
{
	if (c->n_turns)
		return c->n_turns;
	for (size_t i = 0; i < c->n_providers; i++)
		if (c->always[i].n)
			return 1;
	return 0;
}

/* --- counting --- */

static uint64_t counters_turns_had(const struct group *g, const struct counter_sum *sum)
{
	return sum[g->slots[0]].batches + sum[g->slots[0]].lost;
}

/* The group that had the fewest batches so far; of several, the first. */
static unsigned counters_next_turn(const struct counters *c, const struct counter_sum *sum)
{
	unsigned best = 0;

	for (unsigned i = 1; sum && i < c->n_turns; i++)
		if (counters_turns_had(&c->turns[i], sum) <
		    counters_turns_had(&c->turns[best], sum))
			best = i;
	return best;
}

/* Does the group whose turn it is count this provider's software events, too? */
static bool counters_rides_along(const struct counters *c, size_t provider)
{
	return c->n_turns && c->turns[c->turn].provider == provider &&
	       counters_providers[provider]->one_at_a_time;
}

void counters_start(struct counters *c, const struct counter_sum *sum)
{
	const struct group *g;

	c->turn = counters_next_turn(c, sum);
	g = &c->turns[c->turn];
	for (size_t i = 0; i < c->n_providers; i++)
		if (c->always[i].n && !counters_rides_along(c, i))
			counters_providers[i]->start(c->always[i].handle);
	if (c->n_turns)
		counters_providers[g->provider]->start(g->handle);
}

static void counters_stop_group(const struct group *g, struct counter_sum *sum, double things)
{
	uint64_t values[COUNTERS_MOST] = { 0 };
	int how = counters_providers[g->provider]->stop(g->handle, values);

	for (size_t i = 0; sum && i < g->n; i++) {
		struct counter_sum *s = &sum[g->slots[i]];

		if (how < 0) {
			s->lost++;
			continue;
		}
		s->value += values[i];
		s->batches++;
		s->things += things;
		s->scaled |= how > 0;
	}
}

void counters_stop(struct counters *c, struct counter_sum *sum, double things)
{
	if (c->n_turns)
		counters_stop_group(&c->turns[c->turn], sum, things);
	for (size_t i = c->n_providers; i-- > 0; )
		if (c->always[i].n && !counters_rides_along(c, i))
			counters_stop_group(&c->always[i], sum, things);
}

const char *counters_provider(const struct counters *c, size_t i,
			      const char **why)
{
	const struct slot *s = &c->slots[i];

	if (s->provider >= 0)
		return counters_providers[s->provider]->name;
	*why = s->why;
	return NULL;
}

bool counters_provider_used(const struct counters *c, unsigned i, const char **why)
{
	*why = c->why[i];
	if (c->works[i])
		*why = c->used[i] ? "counts what no provider before it can"
				  : "not needed, or cannot count any of the events";
	return c->used[i];
}

bool counters_provider_asked(const struct counters *c, unsigned i)
{
	return c->asked[i];
}
