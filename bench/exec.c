/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The workload exec: a command of the user's, run again and again. */
#include "exec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "params.h"

struct state {
	struct exec_spec spec;
	char *folder;
	struct series *series[EXEC_ALWAYS + EXEC_METRICS_MAX];
	struct bench *b;
	struct exec_watch watch;
};

static int exec_check(const struct bench_asked *a, char *field, struct err *err)
{
	json_t *params = params_json(a->params);
	struct exec_spec s;
	int ret = exec_spec_init(&s, params, err);

	snprintf(field, PARAM_FIELD_MAX, "%s", s.field);
	exec_spec_release(&s);
	json_decref(params);
	return ret;
}

static const char *exec_declared(const json_t *params, size_t i)
{
	const json_t *list = json_object_get(params, "metrics");
	const json_t *one = json_is_array(list) ? json_array_get(list, i) : i ? NULL : list;

	return json_string_value(json_object_get(one, "name"));
}

/* An agent has mounted the root and says where; elsewhere the parameter names it. */
static int exec_place_root(struct state *s, const struct bench *b, struct err *err)
{
	const char *mounted = bench_rootfs(b);

	if (mounted)
		s->spec.root = mounted;
	if (!s->spec.root)
		return err_config(err, "parameter rootfs: this is not a guest; name a folder");
	return geteuid() ? err_config(err, "parameter rootfs: only root may run a command with another root (chroot)")
			 : 0;
}

/* In a guest a command runs beside its files; elsewhere where the user stands. */
static int exec_place(struct state *s, const struct bench *b, struct err *err)
{
	bool files = json_object_get(s->spec.params, "files");
	const char *root = bench_files_root(b), *own = s->spec.folder;

	if (json_object_get(s->spec.params, "rootfs"))
		return exec_place_root(s, b, err);
	if (!files || (own && *own == '/'))
		return 0;
	if (asprintf(&s->folder, "%s%s%s%s", root ? root : "", EXEC_FOLDER, own ? "/" : "",
		     own ? own : "") < 0)
		return err_sys(err, ENOMEM, "exec");
	s->spec.folder = s->folder;
	return access(s->folder, X_OK) ? err_sys(err, errno, "exec: its folder %s", s->folder) : 0;
}

static int exec_setup(struct bench *b, struct err *err)
{
	struct state *s = calloc(1, sizeof(*s));
	json_t *params = bench_params(b);
	int ret;

	bench_set_state(b, s);
	if (!s || !params) {
		json_decref(params);
		return err_sys(err, ENOMEM, "exec");
	}
	s->b = b;
	ret = exec_spec_init(&s->spec, params, err);
	json_decref(params);
	s->spec.warmup = bench_number(b, "warmup");
	s->spec.output = bench_number(b, "output");
	s->spec.proof = bench_flag(b, "proof");
	if (!ret)
		ret = exec_place(s, b, err);
	for (int i = 0; !ret && i < EXEC_ALWAYS; i++)
		s->series[i] = bench_series(b, &exec_metrics[i], NULL);
	for (size_t i = 0; !ret && i < s->spec.n_metrics; i++)
		s->series[EXEC_ALWAYS + i] = bench_series(b, &s->spec.metrics[i].metric, NULL);
	return ret;
}

static int exec_once(struct state *s, struct exec_watch *watch, const struct exec_timer *timer,
		     void (*keep)(struct series *series, double value), struct err *err)
{
	double v[EXEC_ALWAYS + EXEC_METRICS_MAX];
	int ret = exec_run_values(&s->spec, bench_cpus(s->b), watch, timer, v, err);

	for (size_t i = 0; !ret && keep && i < EXEC_ALWAYS + s->spec.n_metrics; i++)
		keep(s->series[i], v[i]);
	return ret;
}

/* A run for the proof, with looks at its memory, which cost time: it is not kept. */
static int exec_prove(struct state *s, struct err *err)
{
	struct exec_watch w = { .readings = 0 };
	int ret = exec_once(s, &w, NULL, NULL, err);

	if (ret)
		return ret;
	if (!w.readings && !*w.why)
		snprintf(w.why, sizeof(w.why), "the command ended before its memory was seen");
	s->watch = w;
	bench_pages(s->b, &s->watch.pages, s->watch.why);
	if (w.readings)
		bench_derive(s->b, "largest_mapping_bytes", json_integer((json_int_t)(w.end - w.start)));
	return 0;
}

/* Exit status and metrics are there before its time counts. */
static int exec_verify_before(struct bench *b, struct err *err)
{
	struct state *s = bench_state(b);
	int ret = 0;

	if (s->spec.proof)
		ret = exec_prove(s, err);
	for (unsigned i = 0; !ret && i < s->spec.warmup; i++)
		ret = exec_once(s, NULL, NULL, series_reject, err);
	if (!ret && (s->spec.proof || s->spec.warmup))
		bench_validated(b, "before the timed runs the command ended with exit 0%s",
				s->spec.n_metrics ? " and printed all its metrics" : "");
	return ret;
}

static void exec_begin(void *arg)
{
	struct state *s = arg;

	bench_begin(s->b, s->series[EXEC_WALL]);
}

static double exec_end(void *arg)
{
	struct state *s = arg;

	return bench_end(s->b, s->series[EXEC_WALL], 1);
}

static int exec_run(struct bench *b, struct err *err)
{
	struct state *s = bench_state(b);
	const struct exec_timer timer = { exec_begin, exec_end, s };
	int ret = 0;

	for (unsigned i = 0; !ret && i < bench_samples(b); i++) {
		bench_progress(b, "exec: run %u of %u", i + 1, bench_samples(b));
		ret = exec_once(s, NULL, &timer, series_push, err);
	}
	return !ret && s->spec.proof ? exec_prove(s, err) : ret;
}

static int exec_verify_after(struct bench *b, struct err *err)
{
	struct state *s = bench_state(b);

	(void)err;
	bench_validated(b, "each timed run ended with exit 0%s",
			s->spec.n_metrics ? " and printed all its metrics" : "");
	return 0;
}

static void exec_teardown(struct bench *b)
{
	struct state *s = bench_state(b);

	if (!s)
		return;
	exec_spec_release(&s->spec);
	free(s->folder);
	free(s);
}

extern const struct workload exec_workload;

const struct workload exec_workload = {
	.abi = WORKLOAD_ABI,
	.name = "exec",
	.help = "a command of yours, with metrics from what it prints",
	.unit = "ms",
	.metrics = exec_metrics,
	.method = "Starts the command once a sample, in a process group of its own that is "
		  "gone afterwards, on all CPUs that are ours, without a shell. Time runs from "
		  "before the start to its end; CPU time, faults and memory are what the kernel "
		  "accounts to it and to the children it waited for (wait4). Counters count the "
		  "command, its children, and the few calls that start it. A run before the "
		  "timed ones and one after them prove the pages of its largest mapping. An exit "
		  "status that is not 0, a signal, the time limit, a metric that is not printed, and "
		  "more output than allowed end the cell, each with a class of its own. The "
		  "formats of metrics: docs/exec.md.",
	.params = exec_params,
	.samples = 5,
	.children = true,
	.files = true,
	.sourceless = true,
	.check = exec_check,
	.declared = exec_declared,
	.setup = exec_setup,
	.verify_before = exec_verify_before,
	.run = exec_run,
	.verify_after = exec_verify_after,
	.teardown = exec_teardown,
};
