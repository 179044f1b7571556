/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How fast is the store? `make bench-store` writes a journal of SAMPLES
 * records (default 1,000,000; ten iterations and two counters each) into a
 * temporary folder, and prints what appending, opening and reading
 * it cost, and what kduel makes of it. Each step runs in a process of its
 * own, whose peak memory is shown. No test: the figures depend on the
 * machine.
 *
 *	bench-store [SAMPLES [KDUEL]]
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "host-driver/store/journal.h"
#include "host-driver/store/store.h"

#define BLOCKS 10
#define ARMS 2
#define POINTS 50

static char base[] = "/tmp/kduel-bench-XXXXXX";
static char folder[64], config[64];
static unsigned long samples = 1000000;
static const char *kduel;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void must(int ret, const struct err *err)
{
	if (ret >= 0)
		return;
	fprintf(stderr, "bench-store: %s\n", err->text);
	exit(1);
}

/* --- the steps, each in a child ------------------------------------------------ */

static json_t *sample(unsigned boot, unsigned point, unsigned process)
{
	double v[10];

	for (int i = 0; i < 10; i++)
		v[i] = 20 + point + (boot * 7919 + process * 31 + i) % 1000 / 1e3;
	return json_pack("{s:s,s:f,s:i,s:s,s:i,s:s,s:{s:i},s:s,s:s,s:s,s:s,"
			 "s:[f,f,f,f,f,f,f,f,f,f],s:[f],s:b,s:n,s:[],"
			 "s:[{s:s,s:s,s:i},{s:s,s:s}]}", "t", "sample", "at",
			 1.7e9, "boot", boot, "cell", "memfd/thp/null",
			 "process", process, "metric", "ns_per_access",
			 "point", "pages", 64 + point, "unit", "ns", "kind",
			 "time", "better", "lower", "domain", "emulated",
			 "values", v[0], v[1], v[2], v[3], v[4], v[5], v[6],
			 v[7], v[8], v[9], "rejected", 99.0, "steady", 1,
			 "void", "labels", "counters", "name",
			 "perf::MINOR-FAULTS", "provider", "papi", "value", 512,
			 "name", "dtlb_load_misses", "unavailable", "no PMU");
}

static void write_boot(struct store *s, const struct plan_boot *b)
{
	const struct plan *p = store_plan(s);
	unsigned long each = samples / p->n_boots;
	struct err err = ERR_INIT;

	must(store_append(s, json_pack("{s:s,s:i,s:i,s:i,s:i,s:s}", "t", "boot",
				       "boot", b->boot, "block", b->block,
				       "order", b->order, "attempt", 1, "arm",
				       p->arms[b->arm].name), &err), &err);
	for (unsigned long i = 0; i < each; i++)
		must(store_append(s, sample(b->boot, i % POINTS,
					    i / POINTS + 1), &err), &err);
	must(store_append(s, json_pack("{s:s,s:i,s:s}", "t", "boot-end", "boot",
				       b->boot, "class", "ok"), &err), &err);
}

static void do_write(void)
{
	struct err err = ERR_INIT;
	struct plan *p;
	struct store *s;

	must(plan_load(config, NULL, &p, &err), &err);
	must(store_create(&s, folder, p, "emulated", &err), &err);
	for (size_t i = 0; i < p->n_boots; i++)
		write_boot(s, &p->boots[i]);
	store_close(s);
	plan_free(p);
}

static void do_append(void)
{
	struct err err = ERR_INIT;
	char path[96], *text = json_dumps(sample(1, 1, 1), JSON_COMPACT);
	struct journal *j;

	snprintf(path, sizeof(path), "%s/only.kdj", base);
	must(journal_create(&j, path, &err), &err);
	for (unsigned long i = 0; i < samples; i++)
		must(journal_append(j, text, strlen(text), &err), &err);
	must(journal_sync(j, &err), &err);
	journal_close(j);
	unlink(path);
}

static void do_open(void)
{
	struct err err = ERR_INIT;
	struct store *s;

	must(store_open(&s, folder, STORE_READ, &err), &err);
	store_close(s);
}

static void do_values(void)
{
	const struct store_series *list;
	struct err err = ERR_INIT;
	struct store_value *v;
	struct store *s;
	size_t n, k;

	must(store_open(&s, folder, STORE_READ, &err), &err);
	must(store_series(s, &list, &n, &err), &err);
	for (size_t i = 0; i < n; i++) {
		must(store_values(s, &list[i], &v, &k, &err), &err);
		free(v);
	}
	store_close(s);
}

static void do_compare(void)
{
	if (!freopen("/dev/null", "w", stdout))
		exit(1);
	execl(kduel, "kduel", "compare", folder, NULL);
	exit(1);
}

static void do_report(void)
{
	if (!freopen("/dev/null", "w", stdout))
		exit(1);
	execl(kduel, "kduel", "report", folder, NULL);
	exit(1);
}

/* --- the table ------------------------------------------------------------------ */

static void step(const char *name, void (*work)(void))
{
	struct rusage use;
	double t = now(), cpu;
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();

	if (pid == 0) {
		work();
		exit(0);
	}
	if (pid < 0 || wait4(pid, &status, 0, &use) != pid)
		exit(1);
	t = now() - t;
	cpu = use.ru_utime.tv_sec + use.ru_utime.tv_usec / 1e6 +
	      use.ru_stime.tv_sec + use.ru_stime.tv_usec / 1e6;
	printf("%-34s %7.2f s, CPU %6.2f s %10.0f /s %6ld MiB peak%s\n",
	       name, t, cpu, samples / t, use.ru_maxrss / 1024,
	       WIFEXITED(status) && WEXITSTATUS(status) < 2 ? "" : "  FAILED");
}

static void size_line(const char *name)
{
	struct stat st;
	char path[96];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (!stat(path, &st))
		printf("%-34s %7.0f MiB\n", name, st.st_size / 1048576.0);
}

static void make_config(void)
{
	static const char text[] =
		"name: bench-store\nblocks: 10\nmachine: { kind: fake }\n"
		"guest: { kernel: k }\n"
		"arms:\n  - { kernel: k, baseline: true }\n"
		"  - { kernel: k2 }\n"
		"cells: { backing: memfd, source: thp, workload: \"null\" }\n";
	struct err err = ERR_INIT;
	char path[96];

	if (scratch_make(base, NULL) < 0)
		exit(1);
	snprintf(folder, sizeof(folder), "%s/results", base);
	snprintf(config, sizeof(config), "%s/c.yaml", base);
	snprintf(path, sizeof(path), "%s/kernels", base);
	must(file_mkdirs(path, &err), &err);
	snprintf(path, sizeof(path), "%s/kernels/k.yaml", base);
	must(file_publish(path, "", 0, &err), &err);
	snprintf(path, sizeof(path), "%s/kernels/k2.yaml", base);
	must(file_publish(path, "", 0, &err), &err);
	must(file_publish(config, text, strlen(text), &err), &err);
	setenv("KDUEL_DATA", base, 1);
}

int main(int argc, char **argv)
{
	struct err err = ERR_INIT;

	if (argc > 1)
		samples = strtoul(argv[1], NULL, 10);
	kduel = argc > 2 ? argv[2] : NULL;
	make_config();
	printf("%lu samples of 10 iterations, %d blocks, %d arms, %d points\n",
	       samples, BLOCKS, ARMS, POINTS);
	step("append records to a journal", do_append);
	step("make, check and append records", do_write);
	size_line("journal.kdj");
	step("open: read the whole journal", do_open);
	step("open and read all series", do_values);
	if (kduel) {
		step("kduel compare", do_compare);
		step("kduel report", do_report);
	}
	return file_remove_tree(base, &err) ? 1 : 0;
}
