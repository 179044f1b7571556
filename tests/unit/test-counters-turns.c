/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which events count in which batch, with providers that are made up: this
 * program has a table of its own in place of lib/counters-table.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "counters-provider.h"

struct fake_group {
	struct group_request rq;
	bool counts;
};

static unsigned running, most_running;
static unsigned refuse_above;	/* hardware events in one group; 0 = never */
static const char *lost;		/* a group with this one counts nothing */
static const char *only_alone;	/* this native name goes with no other */

static int init(char why[static WHY_MAX])
{
	(void)why;
	return 0;
}

static void *open_fake(const struct group_request *rq, bool hardware, char why[static WHY_MAX])
{
	struct fake_group *g;
	unsigned n = 0;

	for (size_t i = 0; i < rq->n; i++) {
		n += rq->events[i]->hardware;
		if ((rq->events[i]->hardware && !hardware) ||
		    !strncmp(rq->events[i]->native, "absent", 6) ||
		    (only_alone && rq->n > 1 && !strcmp(rq->events[i]->native, only_alone))) {
			snprintf(why, WHY_MAX, "no such event");
			return NULL;
		}
	}
	if (refuse_above && n > refuse_above) {
		snprintf(why, WHY_MAX, "too many");
		return NULL;
	}
	g = malloc(sizeof(*g));
	*g = (struct fake_group){ .rq = *rq };
	return g;
}

static void *open_exclusive(const struct group_request *rq, char why[static WHY_MAX])
{
	return open_fake(rq, true, why);
}

/* It has no hardware events. */
static void *open_plain(const struct group_request *rq, char why[static WHY_MAX])
{
	return open_fake(rq, false, why);
}

static void start_exclusive(void *group)
{
	((struct fake_group *)group)->counts = true;
	if (++running > most_running)
		most_running = running;
}

static void start_plain(void *group)
{
	((struct fake_group *)group)->counts = true;
}

static int stop(void *group, uint64_t *values)
{
	struct fake_group *g = group;

	for (size_t i = 0; i < g->rq.n; i++)
		if (lost && !strcmp(g->rq.events[i]->native, lost))
			return -1;

	for (size_t i = 0; i < g->rq.n; i++)
		values[i] = g->counts;
	g->counts = false;
	return 0;
}

static int stop_exclusive(void *group, uint64_t *values)
{
	running--;
	return stop(group, values);
}

static const struct provider exclusive = {
	"exclusive", true, false, init, open_exclusive, start_exclusive, stop_exclusive, free,
};
static const struct provider plain = {
	"plain", false, false, init, open_plain, start_plain, stop, free,
};

const struct provider *const counters_providers[] = { &exclusive, &plain, NULL };

#define S(n) { n, n, false, 0 }
#define H(n) { n, n, true, 0 }

static struct counter_sum sum[COUNTERS_MOST];

static struct counters *make(const struct counter_event *ev, size_t n, bool multiplex)
{
	const struct counters_options o = { .events = ev, .n = n, .multiplex = multiplex };
	struct counters *c;

	assert_int_equal(counters_new(&c, &o, NULL), 0);
	return c;
}

static void batches(struct counters *c, unsigned n)
{
	memset(sum, 0, sizeof(sum));
	for (unsigned i = 0; i < n; i++) {
		counters_start(c, sum);
		counters_stop(c, sum, 5);
	}
	assert_int_equal(running, 0);
}

static int reset(void **state)
{
	(void)state;
	running = most_running = refuse_above = 0;
	only_alone = lost = NULL;
	return 0;
}

static const struct counter_event ten[] = {
	S("s1"), H("a"), H("b"), H("c"), H("d"), H("e"), H("f"), H("g"), H("h"), H("i"), S("s2"),
};

static void software_counts_in_every_batch(void **state)
{
	struct counters *c = make(ten, 11, false);

	(void)state;
	assert_int_equal(counters_passes(c), 3);
	batches(c, 7);
	assert_int_equal(sum[0].batches, 7);
	assert_int_equal(sum[0].value, 7);
	assert_true(sum[0].things == 35);
	assert_int_equal(sum[10].batches, 7);
	/* Never two groups of a provider that has one at a time. */
	assert_int_equal(most_running, 1);
	counters_free(c);
}

static void hardware_takes_turns(void **state)
{
	struct counters *c = make(ten, 11, false);

	(void)state;
	batches(c, 7);
	assert_int_equal(sum[1].batches, 3);	/* a to d */
	assert_int_equal(sum[4].batches, 3);
	assert_int_equal(sum[5].batches, 2);	/* e to h */
	assert_int_equal(sum[9].batches, 2);	/* i */
	counters_free(c);
}

/* Each series begins at the table's first events, whatever came before it. */
static void few_batches_go_to_the_first(void **state)
{
	struct counters *c = make(ten, 11, false);
	struct counter_sum none[COUNTERS_MOST];
	json_t *j, *last;

	(void)state;
	batches(c, 2);
	batches(c, 2);
	assert_int_equal(sum[1].batches, 1);
	assert_int_equal(sum[5].batches, 1);
	assert_int_equal(sum[9].batches, 0);
	memset(none, 0, sizeof(none));
	j = counters_json(c, none);
	assert_int_equal(json_array_size(j), 0);
	json_decref(j);
	j = counters_json(c, sum);
	last = json_array_get(j, 9);
	assert_null(json_object_get(last, "value"));
	assert_non_null(strstr(json_string_value(json_object_get(last, "unavailable")),
			       "order of the table"));
	assert_non_null(json_object_get(json_array_get(j, 10), "value"));
	json_decref(j);
	counters_free(c);
}

/* Rungs of a ladder that are measured in rounds each get every group. */
static void series_in_rounds_get_every_group(void **state)
{
	struct counter_sum rung[3][COUNTERS_MOST] = { 0 };
	struct counters *c = make(ten, 11, false);

	(void)state;
	for (int i = 0; i < 3 * 3; i++) {
		counters_start(c, rung[i % 3]);
		counters_stop(c, rung[i % 3], 1);
	}
	for (int r = 0; r < 3; r++) {
		assert_int_equal(rung[r][1].batches, 1);
		assert_int_equal(rung[r][5].batches, 1);
		assert_int_equal(rung[r][9].batches, 1);
	}
	counters_free(c);
}

static void a_narrow_processor_gets_smaller_groups(void **state)
{
	struct counters *c;

	(void)state;
	refuse_above = 2;
	c = make(ten, 11, false);
	assert_int_equal(counters_passes(c), 5);
	batches(c, 5);
	assert_int_equal(sum[9].batches, 1);
	assert_int_equal(sum[0].batches, 5);
	counters_free(c);
}

static void all_at_once_if_asked(void **state)
{
	struct counters *c = make(ten, 11, true);

	(void)state;
	assert_int_equal(counters_passes(c), 1);
	batches(c, 1);
	for (int i = 0; i < 11; i++)
		assert_int_equal(sum[i].batches, 1);
	counters_free(c);
}

/* What does not go with the rest of the software events: the next provider. */
static void a_misfit_goes_to_the_next_provider(void **state)
{
	const char *why = "";
	struct counters *c;

	(void)state;
	only_alone = "s2";
	c = make(ten, 11, false);
	assert_string_equal(counters_provider(c, 0, &why), "exclusive");
	assert_string_equal(counters_provider(c, 10, &why), "plain");
	batches(c, 4);
	assert_int_equal(sum[0].batches, 4);
	assert_int_equal(sum[10].batches, 4);
	counters_free(c);
}

/* A count that failed is no count of 0, and does not hold up the others. */
static void a_lost_count_is_none(void **state)
{
	struct counters *c = make(ten, 11, false);
	json_t *j, *b;

	(void)state;
	lost = "b";
	batches(c, 6);
	assert_int_equal(sum[2].batches, 0);
	assert_int_equal(sum[2].lost, 2);
	assert_int_equal(sum[5].batches, 2);
	assert_int_equal(sum[9].batches, 2);
	j = counters_json(c, sum);
	b = json_array_get(j, 2);
	assert_null(json_object_get(b, "value"));
	assert_non_null(strstr(json_string_value(json_object_get(b, "unavailable")), "others held"));
	json_decref(j);
	counters_free(c);
}

static void the_absent_is_said_to_be(void **state)
{
	static const struct counter_event ev[] = { H("absent-1"), H("a"), S("absent-2") };
	struct counters *c = make(ev, 3, false);
	const char *why = "";

	(void)state;
	assert_null(counters_provider(c, 0, &why));
	assert_string_equal(why, "exclusive: no such event; plain: no such event");
	assert_null(counters_provider(c, 2, &why));
	batches(c, 1);
	assert_int_equal(sum[1].batches, 1);
	assert_int_equal(sum[0].batches, 0);
	counters_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(software_counts_in_every_batch, reset),
		cmocka_unit_test_setup(hardware_takes_turns, reset),
		cmocka_unit_test_setup(few_batches_go_to_the_first, reset),
		cmocka_unit_test_setup(series_in_rounds_get_every_group, reset),
		cmocka_unit_test_setup(a_narrow_processor_gets_smaller_groups, reset),
		cmocka_unit_test_setup(all_at_once_if_asked, reset),
		cmocka_unit_test_setup(a_misfit_goes_to_the_next_provider, reset),
		cmocka_unit_test_setup(a_lost_count_is_none, reset),
		cmocka_unit_test_setup(the_absent_is_said_to_be, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
