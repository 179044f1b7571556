/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small campaign for the tests of what reads and writes results: a plan of
 * two arms, two blocks and one cell, and the records of its boots.
 */
#ifndef KDUEL_TEST_RESULTS_H
#define KDUEL_TEST_RESULTS_H

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "file.h"
#include "host-driver/store/store.h"

#ifndef CONFIG
#define CONFIG								\
	"name: s\nblocks: 2\nmachine: { kind: fake }\n"			\
	"guest: { kernel: k1 }\n"					\
	"arms:\n  - { kernel: k1, baseline: true }\n  - { kernel: k2 }\n" \
	"cells: { backing: memfd, source: thp, workload: \"null\" }\n"
#endif
#define CELL "memfd/thp/null"

static char base[] = "/tmp/kduel-results-XXXXXX";
static struct plan *plan;

/* A new, empty results folder; what was there is removed. */
static inline struct store *create_in(const char *folder)
{
	struct err err = ERR_INIT;
	struct store *s;

	file_remove_tree(folder, NULL);
	if (store_create(&s, folder, plan, "emulated", &err))
		fail_msg("%s", err.text);
	return s;
}

static inline void append(struct store *s, json_t *record)
{
	struct err err = ERR_INIT;

	if (store_append(s, record, &err))
		fail_msg("%s", err.text);
}

static inline json_t *boot_record(unsigned boot, unsigned attempt)
{
	const struct plan_boot *b = &plan->boots[boot - 1];

	return json_pack("{s:s, s:i, s:i, s:i, s:i, s:s}", "t", "boot", "boot",
			 b->boot, "block", b->block, "order", b->order,
			 "attempt", attempt, "arm", plan->arms[b->arm].name);
}

static inline json_t *sample(unsigned boot, unsigned process, double a, double b,
		      double c)
{
	return json_pack("{s:s, s:i, s:s, s:i, s:s, s:{s:i}, s:s, s:s, s:s, s:s,"
			 " s:[f,f,f], s:[f], s:b, s:n, s:[{s:s,s:s,s:f,s:f},{s:s,s:s}]}",
			 "t", "sample", "boot", boot, "cell", CELL, "process",
			 process, "metric", "ns", "point", "pages", 64, "unit",
			 "ns", "kind", "time", "better", "lower", "domain",
			 "emulated", "values", a, b, c, "rejected", 99.0,
			 "steady", 1, "void", "counters", "name", "faults",
			 "provider", "papi", "value", a * 40, "things",
			 4.0, "name", "walks",
			 "unavailable", "no PMU");
}

static inline json_t *boot_end(unsigned boot, const char *class)
{
	return json_pack("{s:s, s:i, s:s, s:s, s:{s:f}, s:[s]}", "t",
			 "boot-end", "boot", boot, "class", class, "text", "",
			 "phases", "boot", 4.5, "console", "bye");
}

static inline void run_boot(struct store *s, unsigned boot, const char *class)
{
	append(s, boot_record(boot, store_boot_attempts(s, boot) + 1));
	append(s, sample(boot, 1, boot, 10 + boot, 20 + boot));
	append(s, json_pack("{s:s, s:i, s:s, s:i, s:s, s:s, s:{s:i, s:i}, s:s, s:i}",
			    "t", "proof", "boot", boot, "cell", CELL,
			    "process", 1, "when", "after", "layer",
			    "second-level", "bytes", "4k", 4096, "2m", 2 << 20,
			    "method", "stats", "faults", 811));
	append(s, json_pack("{s:s, s:i, s:s, s:i, s:s, s:s}", "t", "cell-end",
			    "boot", boot, "cell", CELL, "process", 1, "class",
			    "ok", "text", ""));
	append(s, boot_end(boot, class));
}

static inline int make_folder(void **state)
{
	struct err err = ERR_INIT;
	char path[96];

	(void)state;
	if (scratch_make(base, NULL) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/kernels", base);
	file_mkdirs(path, &err);
	snprintf(path, sizeof(path), "%s/kernels/k1.yaml", base);
	file_publish(path, "", 0, &err);
	snprintf(path, sizeof(path), "%s/kernels/k2.yaml", base);
	file_publish(path, "", 0, &err);
	setenv("KDUEL_DATA", base, 1);
	snprintf(path, sizeof(path), "%s/c.yaml", base);
	file_publish(path, CONFIG, strlen(CONFIG), &err);
	return plan_load(path, NULL, &plan, &err);
}

static inline int remove_folder(void **state)
{
	(void)state;
	plan_free(plan);
	return file_remove_tree(base, NULL);
}

#endif
