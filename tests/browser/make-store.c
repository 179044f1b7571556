/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes a store of many campaigns for the tests of the dashboard: every number
 * in it is made up, none was measured.
 *
 *	make-store FOLDER CAMPAIGNS PROCESSES [FIRST]
 *
 * Each campaign has 100 series, 5 blocks of 2 arms (the newest and each tenth: a
 * third, an A/A pair) and PROCESSES processes of 5 iterations: 5,000 samples or
 * more for each process. The kernel under test becomes newer; a third of the
 * series become 6% slower at three fifths of the history; at three tenths one
 * campaign is odd. In the seventh, boots fail; the eighth's question is hostile.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "host-driver/store/store.h"
#include "rng.h"

#define BLOCKS 5
#define POINTS 5

static const char *const kernels[] = { "6.1", "6.6", "6.12", "7.0", "7.2", "base" };
static const char *const cells[] = { "memfd/anon-4k/null", "memfd/thp/null",
				     "fsdax-xfs/anon-4k/null", "fsdax-xfs/thp/null" };
static const char *const metrics[] = { "ns_per_access", "ns_per_page", "copy", "triad",
				       "updates" };
static const char *folder;
static unsigned campaigns, processes;
static struct rng rng = { 1 };

static void must(int ret, const struct err *err)
{
	if (ret >= 0)
		return;
	fprintf(stderr, "make-store: %s\n", err->text);
	exit(1);
}

/* About normal, sd 1. */
static double noise(void)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += rng_uniform(&rng);
	return sum;
}

static bool is_rate(unsigned metric)
{
	return metric >= 2;
}

static double effect(unsigned i, unsigned series)
{
	double slower = 1;

	if (series % 3 == 0 && i * 5 >= campaigns * 3)
		slower = 1.06;
	if (i == campaigns * 3 / 10)
		slower *= 1.5;
	return is_rate(series / POINTS % 5) ? 1 / slower : slower;
}

static void sample(struct store *s, const struct plan_boot *b, unsigned i, unsigned series,
		   unsigned process, double at, double boot)
{
	unsigned metric = series / POINTS % 5;
	const char *arm = store_plan(s)->arms[b->arm].name;
	double v = (10 + series) * boot * (strcmp(arm, "candidate") ? 1 : effect(i, series));
	struct err err = ERR_INIT;
	char text[1024];
	int n;

	n = snprintf(text, sizeof(text),
		"{\"t\":\"sample\",\"at\":%.3f,\"boot\":%u,\"cell\":\"%s\",\"process\":%u,"
		"\"metric\":\"%s\",\"point\":{\"pages\":%u},\"unit\":\"%s\",\"kind\":\"%s\","
		"\"better\":\"%s\",\"domain\":\"fake\",\"steady\":true,\"void\":null,\"labels\":[],"
		"\"counters\":[],\"values\":[", at, b->boot, cells[series / POINTS / 5], process,
		metrics[metric], 64 << series % POINTS, is_rate(metric) ? "GB/s" : "ns",
		is_rate(metric) ? "rate" : "time", is_rate(metric) ? "higher" : "lower");
	for (int k = 0; k < 5; k++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%s%.6g", k ? "," : "",
			      v * (1 + 0.01 * noise()));
	strcpy(text + n, "]}");
	must(store_append_text(s, text, strlen(text), &err), &err);
}

static void boot(struct store *s, const struct plan_boot *b, unsigned i, double at)
{
	const struct plan *p = store_plan(s);
	bool fails = i == 6 && b->arm == 1 && b->block < 3;
	struct err err = ERR_INIT;

	must(store_append(s, json_pack("{s:s,s:f,s:i,s:i,s:i,s:i,s:s}", "t", "boot", "at", at,
				       "boot", b->boot, "block", b->block, "order", b->order,
				       "attempt", 1, "arm", p->arms[b->arm].name), &err), &err);
	for (unsigned k = 0; !fails && k < 100; k++) {
		double level = 1 + 0.01 * noise();

		for (unsigned process = 1; process <= processes; process++)
			sample(s, b, i, k, process, at, level);
	}
	must(store_append(s, json_pack("{s:s,s:f,s:i,s:s,s:s,s:[s]}", "t", "boot-end", "at", at + 20,
				       "boot", b->boot, "class", fails ? "panic" : "ok", "text",
				       fails ? "Kernel panic" : "", "console",
				       "\x1b[31mKernel panic - <script>not syncing</script>"), &err),
	     &err);
}

static void write_config(const char *path, unsigned i)
{
	static const char hostile[] = "<script>document.title=1</script> \\\" '";
	bool control = i % 10 == 0 || i + 1 == campaigns;
	char text[4096];
	struct err err = ERR_INIT;
	int n;

	n = snprintf(text, sizeof(text),
		"name: %s\nquestion: \"%s\"\nblocks: %d\nseed: %u\nmachine: { kind: fake }\n"
		"guest: { kernel: base }\narms:\n  - { name: base, kernel: base, baseline: true }\n"
		"  - { name: candidate, kernel: \"%s\" }\n%scells:\n",
		i % 2 ? "nightly" : "weekly", i == 7 ? hostile : "Is it as fast as before?",
		BLOCKS, i + 1, kernels[i * 5 / (campaigns ? campaigns : 1)],
		control ? "  - { name: again, kernel: base }\n" : "");
	for (int k = 0; k < 4; k++) {
		const char *slash = strchr(cells[k], '/');

		n += snprintf(text + n, sizeof(text) - (size_t)n,
			      "  - { backing: %.*s, source: %.*s, workload: \"null\" }\n",
			      (int)(slash - cells[k]), cells[k], (int)strcspn(slash + 1, "/"),
			      slash + 1);
	}
	must(file_publish(path, text, strlen(text), &err), &err);
}

static void campaign(const char *base, unsigned i)
{
	char path[4096], config[4096];
	struct err err = ERR_INIT;
	double at = 1.7e9 + 86400.0 * i;
	struct plan *p;
	struct store *s;

	snprintf(config, sizeof(config), "%s/c.yaml", base);
	snprintf(path, sizeof(path), "%s/campaign-%04u", folder, i);
	write_config(config, i);
	must(plan_load(config, NULL, &p, &err), &err);
	must(store_create(&s, path, p, "fake", &err), &err);
	must(store_append(s, json_pack("{s:s,s:f,s:s,s:n,s:{s:{s:s}}}", "t", "env", "at", at, "where",
				       "driver", "boot", "facts", "cpu", "model",
				       i % 4 ? "Made Up 9000" : "Made Up 7000"), &err), &err);
	for (size_t a = 0; a < p->n_arms; a++)
		must(store_append(s, json_pack("{s:s,s:f,s:s,s:s,s:b,s:{s:{s:{s:s,s:{s:s}}},s:{}}}",
					       "t", "arm", "at", at, "arm", p->arms[a].name, "kernel",
					       p->arms[a].kernel, "baseline", p->arms[a].baseline,
					       "identity", "kernel", "default", "release",
					       p->arms[a].kernel, "source", "commit",
					       "0123456789abcdef0123456789abcdef01234567", "images"),
				  &err), &err);
	for (size_t b = 0; b < p->n_boots; b++)
		boot(s, &p->boots[b], i, at + 30.0 * (double)b);
	store_close(s);
	plan_free(p);
}

int main(int argc, char **argv)
{
	char base[] = "/tmp/make-store-XXXXXX", path[64];
	struct err err = ERR_INIT;

	if (argc < 4)
		return 2;
	folder = argv[1];
	campaigns = (unsigned)strtoul(argv[2], NULL, 10);
	processes = (unsigned)strtoul(argv[3], NULL, 10);
	if (scratch_make(base, NULL) < 0)
		return 1;
	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		snprintf(path, sizeof(path), "%s/kernels", base);
		must(file_mkdirs(path, &err), &err);
		snprintf(path, sizeof(path), "%s/kernels/%s.yaml", base, kernels[i]);
		must(file_publish(path, "", 0, &err), &err);
	}
	setenv("KDUEL_DATA", base, 1);
	for (unsigned i = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 0; i < campaigns; i++)
		campaign(base, i);
	return file_remove_tree(base, &err) ? 1 : 0;
}
