/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One results folder, written and read again and again. */
#ifndef KDUEL_TEST_STORE_FIXTURE_H
#define KDUEL_TEST_STORE_FIXTURE_H

#include "results.h"
#include "store/journal.h"

static char folder[64], journal[80];

static inline json_t *with(json_t *record, const char *key, json_t *value)
{
	json_object_set_new(record, key, value);
	return record;
}

static inline struct store *create(void)
{
	return create_in(folder);
}

static inline int make_paths(void **state)
{
	int ret = make_folder(state);

	snprintf(folder, sizeof(folder), "%s/results", base);
	snprintf(journal, sizeof(journal), "%s/journal.kdj", folder);
	return ret;
}

static inline struct store *open_read(void)
{
	struct err err = ERR_INIT;
	struct store *s = NULL;

	if (store_open(&s, folder, STORE_READ, &err))
		fail_msg("%s", err.text);
	return s;
}

/* Past the writer's checks. Takes the reference. */
static inline void append_raw(json_t *record)
{
	char *text = json_dumps(with(record, "at", json_real(2)), JSON_COMPACT);
	struct err err = ERR_INIT;
	struct journal *j;

	assert_int_equal(journal_open(&j, journal, NULL, &err), 0);
	assert_int_equal(journal_append(j, text, strlen(text), &err), 0);
	journal_close(j);
	json_decref(record);
	free(text);
}

static inline size_t count_values(struct store *s)
{
	const struct store_series *series;
	struct store_value *values;
	struct err err = ERR_INIT;
	size_t n, k, total = 0;

	assert_int_equal(store_series(s, &series, &n, &err), 0);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(store_values(s, &series[i], &values, &k, &err), 0);
		total += series[i].counter ? 0 : k;
		free(values);
	}
	return total;
}

#endif
