/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bench/bench.h"
#include "bench/source.h"
#include "message.h"
#include "worker.h"

#define STAGGER_MAX 65536	/* pages */
#define SAMPLES_MAX 100000
#define PLACE_MAX 65535

/* A request as the workloads take it. */
struct asked {
	struct bench_request rq;
	json_t *params, *events;
	uint64_t stagger;
};

static void work_release(struct asked *a)
{
	json_decref(a->params);
	json_decref(a->events);
}

/* An OS number of a CPU or node; absent: -1, the workload's own choice. */
static int work_place(const struct view *args, const char *key, int *value,
		      struct err *err)
{
	uint64_t n;
	int ret = view_count_or(args, key, PLACE_MAX, PLACE_MAX + 1, &n, err);

	*value = n > PLACE_MAX ? -1 : (int)n;
	return ret;
}

static int work_read(const struct view *args, struct asked *a, struct err *err)
{
	struct bench_request *rq = &a->rq;
	const struct view *params, *events;
	uint64_t samples;

	memset(a, 0, sizeof(*a));
	if (view_name(args, "workload", &rq->workload, err) ||
	    view_name(args, "source", &rq->source, err) ||
	    view_list_or(args, "params", JSON_OBJECT, &params, err) ||
	    view_list_or(args, "events", JSON_ARRAY, &events, err) ||
	    view_count_or(args, "seed", INT64_MAX, 1, &rq->seed, err) ||
	    view_count_or(args, "samples", SAMPLES_MAX, 0, &samples, err) ||
	    view_count_or(args, "stagger", STAGGER_MAX, 0, &a->stagger, err) ||
	    message_align(args, &rq->align_ns, &rq->phase_ns, err) ||
	    work_place(args, "cpu", &rq->cpu, err) ||
	    work_place(args, "node", &rq->node, err) ||
	    view_bool_or(args, "allow_small", false, &rq->allow_small, err) ||
	    view_bool_or(args, "counters", false, &rq->counters, err) ||
	    view_bool_or(args, "multiplex", false, &rq->multiplex, err))
		return err->code;
	rq->samples = samples;
	rq->params = a->params = view_json(params);
	rq->events = a->events = view_json(events);
	return 0;
}

int work_check(const struct view *args, struct err *err)
{
	struct asked a;
	int ret = work_read(args, &a, err);

	if (!ret)
		ret = bench_check(&a.rq, err);
	work_release(&a);
	return ret;
}

/*
 * Pages of its own for this process, written and kept, before the workload asks
 * for any: the workload then gets others.
 */
static int work_stagger(uint64_t pages, struct err *err)
{
	char *at;

	if (!pages)
		return 0;
	at = mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		  -1, 0);
	if (at == MAP_FAILED)
		return err_sys(err, errno, "cannot take %" PRIu64 " pages before the workload",
			       pages);
	madvise(at, pages * 4096, MADV_NOHUGEPAGE);
	for (uint64_t i = 0; i < pages; i++)
		at[i * 4096] = 1;
	return 0;
}

/* In a machine of ours, a source whose path is its place on the NVDIMM is put there. */
static int work_place_source(const struct asked *a, bool ours, struct err *err)
{
	const char *path = json_string_value(json_object_get(a->params, "path"));
	const struct source *s;
	int ret = source_find(a->rq.source, &s, err);

	return ret || !ours || !path || !s->place || strcmp(path, s->place) ? ret :
	       place_prepare(s, err);
}

static int work_run(struct work *w, const struct view *args, bool ours, char **text,
		    struct err *err)
{
	struct bench_hooks hooks = { .hold = work_hold, .progress = work_progress, .arg = w };
	char root[ROOTFS_PATH_MAX];
	struct asked a;
	int ret = work_read(args, &a, err);

	if (!ret)
		ret = work_place_source(&a, ours, err);
	if (!ret && ours && json_object_get(a.params, "rootfs")) {
		ret = rootfs_prepare(json_object_get(a.params, "rootfs"), root, err);
		a.rq.rootfs = root;
	}
	if (!ret)
		ret = work_stagger(a.stagger, err);
	if (!ret)
		ret = bench_run_text(&a.rq, &hooks, text, err);
	work_release(&a);
	return ret;
}

int work_serve(int in, int out, bool reserve)
{
	struct work w;
	struct err err = ERR_INIT;
	const struct view *request;
	char *text = NULL;
	int status;

	source_reserves = reserve;
	if (!work_open(&w, in, out, &err) && !work_hear(&w, &request, &err))
		work_run(&w, request, reserve, &text, &err);
	status = work_close(&w, text, &err);
	free(text);
	return status;
}
