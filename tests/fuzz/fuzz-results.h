/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A results folder to fuzz, and everything that can be asked of one. */
#ifndef KDUEL_FUZZ_RESULTS_H
#define KDUEL_FUZZ_RESULTS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "frame.h"
#include "host-driver/compare/compare.h"
#include "host-driver/export/export.h"
#include "host-driver/store/journal.h"
#include "host-driver/store/record.h"
#include "host-driver/store/store.h"
#include "target.h"

#define CONFIG								\
	"name: s\nblocks: 2\nmachine: { kind: fake }\n"			\
	"guest: { kernel: k1 }\n"					\
	"arms:\n  - { kernel: k1, baseline: true }\n  - { kernel: k2 }\n" \
	"cells: { backing: memfd, source: thp, workload: \"null\" }\n"

static char base[] = "/tmp/kduel-fuzz-XXXXXX";
static char folder[64], journal[96];
static char *head;		/* a journal with its campaign record */
static size_t head_len;
static FILE *nowhere;
static struct plan *plan;

static void must(int ret, const struct err *err)
{
	if (!ret)
		return;
	fprintf(stderr, "fuzz: %s\n", err->text);
	abort();
}

static void remove_base(void)
{
	file_remove_tree(base, NULL);
}

static void write_file(const char *name, const char *text)
{
	struct err err = ERR_INIT;
	char path[96];

	snprintf(path, sizeof(path), "%s/%s", base, name);
	must(file_publish(path, text, strlen(text), &err), &err);
}

void fuzz_begin(void)
{
	struct err err = ERR_INIT;
	struct store *s;
	char path[96];

	if (scratch_make(base, NULL) < 0)
		abort();
	atexit(remove_base);
	snprintf(path, sizeof(path), "%s/kernels", base);
	must(file_mkdirs(path, &err), &err);
	write_file("kernels/k1.yaml", "");
	write_file("kernels/k2.yaml", "");
	write_file("c.yaml", CONFIG);
	setenv("KDUEL_DATA", base, 1);
	snprintf(path, sizeof(path), "%s/c.yaml", base);
	must(plan_load(path, NULL, &plan, &err), &err);
	snprintf(folder, sizeof(folder), "%s/r", base);
	snprintf(journal, sizeof(journal), "%s/journal.kdj", folder);
	must(store_create(&s, folder, plan, "emulated", &err), &err);
	store_close(s);
	must(file_read(journal, &head, &head_len, &err), &err);
	nowhere = fopen("/dev/null", "w");
	if (!nowhere)
		abort();
}

static void put(const void *begin, size_t begin_len, const void *rest,
		size_t rest_len)
{
	FILE *to = fopen(journal, "w");

	if (!to || fwrite(begin, 1, begin_len, to) != begin_len ||
	    fwrite(rest, 1, rest_len, to) != rest_len || fclose(to))
		abort();
}

static void export_all(const struct export_from *from)
{
	const struct export_format *f;
	struct export_from one = *from;

	for (size_t i = 0; (f = export_format(i)); i++)
		for (size_t t = 0; !t || (f->tables && f->tables[t]); t++) {
			struct err err = ERR_INIT;

			one.table = f->tables ? f->tables[t] : NULL;
			if (from->c || !export_judged(f, one.table))
				export_write(f, &one, nowhere, &err);
		}
}

static void read_all(struct store *s)
{
	const struct store_series *series;
	const struct store_missing *missing;
	const struct store_proof *proofs;
	const struct store_boot *boots;
	const struct store_cell *cells;
	const struct store_env *envs;
	const char *const *notes;
	struct export_from from = { .store = s };
	struct comparison comparison;
	struct store_value *v;
	struct err err = ERR_INIT;
	size_t n, k;

	must(store_boots(s, &boots, &n, &err), &err);
	must(store_cells(s, &cells, &n, &err), &err);
	must(store_envs(s, &envs, &n, &err), &err);
	must(store_notes(s, &notes, &n, &err), &err);
	must(store_missing(s, &missing, &n, &err), &err);
	must(store_proofs(s, &proofs, &n, &err), &err);
	must(store_series(s, &series, &n, &err), &err);
	for (size_t i = 0; i < n; i++) {
		must(store_values(s, &series[i], &v, &k, &err), &err);
		free(v);
	}
	export_all(&from);
	if (!compare_run(s, NULL, &comparison, NULL)) {
		from.c = &comparison;
		export_all(&from);
		comparison_release(&comparison);
	}
}

#endif
