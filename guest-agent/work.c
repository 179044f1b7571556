/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bench/bench.h"
#include "message.h"
#include "worker.h"

#define STAGGER_MAX 65536u	/* pages */

static int work_flag(const json_t *args, const char *key, bool *value, struct err *err)
{
	const json_t *v = json_object_get(args, key);

	*value = json_is_true(v);
	if (!v || json_is_boolean(v))
		return 0;
	return err_config(err, "field '%s': neither true nor false", key);
}

/* An OS number of a CPU or node; absent: -1, the workload's own choice. */
static int work_place(const json_t *args, const char *key, int *value, struct err *err)
{
	uint64_t n;

	*value = -1;
	if (!json_object_get(args, key))
		return 0;
	if (message_count(args, key, &n, err))
		return err->code;
	if (n > 65535)
		return err_config(err, "field '%s': no such number", key);
	*value = n;
	return 0;
}

static int work_read(const json_t *args, struct bench_request *rq,
			struct err *err)
{
	uint64_t samples;
	json_t *params;

	memset(rq, 0, sizeof(*rq));
	if (message_string(args, "workload", &rq->workload, err) ||
	    message_string(args, "source", &rq->source, err) ||
	    message_object_or(args, "params", &params, err) ||
	    message_count_or(args, "seed", 1, &rq->seed, err) ||
	    message_count_or(args, "samples", 0, &samples, err) ||
	    message_align(args, &rq->align_ns, &rq->phase_ns, err) ||
	    work_place(args, "cpu", &rq->cpu, err) ||
	    work_place(args, "node", &rq->node, err) ||
	    work_flag(args, "allow_small", &rq->allow_small, err) ||
	    work_flag(args, "counters", &rq->counters, err) ||
	    work_flag(args, "multiplex", &rq->multiplex, err))
		return err->code;
	if (samples > 1000000)
		return err_config(err, "field 'samples': more than a million");
	rq->samples = samples;
	rq->params = params;
	rq->events = json_object_get(args, "events");
	if (rq->events && !json_is_array(rq->events))
		return err_config(err, "field 'events': not an array");
	return 0;
}

static int work_read_stagger(const json_t *args, uint64_t *pages, struct err *err)
{
	if (message_count_or(args, "stagger", 0, pages, err))
		return err->code;
	if (*pages > STAGGER_MAX)
		return err_config(err, "field 'stagger': more than %u pages", STAGGER_MAX);
	return 0;
}

int work_check(const json_t *args, struct err *err)
{
	struct bench_request rq;
	uint64_t limit, pages;

	if (work_read(args, &rq, err) || work_read_stagger(args, &pages, err) ||
	    message_count_or(args, "limit", 0, &limit, err))
		return err->code;
	return bench_check(&rq, err);
}

/*
 * Pages of its own for this process, written and kept, before the workload asks
 * for any: the workload then gets others.
 */
static int work_stagger(const json_t *args, struct err *err)
{
	uint64_t pages;
	char *at;

	if (work_read_stagger(args, &pages, err))
		return err->code;
	if (!pages)
		return 0;
	at = mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		  -1, 0);
	if (at == MAP_FAILED)
		return err_sys(err, errno, "cannot have %" PRIu64 " pages before the workload",
			       pages);
	madvise(at, pages * 4096, MADV_NOHUGEPAGE);
	for (uint64_t i = 0; i < pages; i++)
		at[i * 4096] = 1;
	return 0;
}

static int work_run(struct work *w, const json_t *args, char **text, struct err *err)
{
	struct bench_hooks hooks = { .hold = work_hold, .progress = work_progress, .arg = w };
	struct bench_request rq;
	json_t *result = NULL;
	int ret = work_stagger(args, err);

	if (!ret)
		ret = work_read(args, &rq, err);
	if (!ret)
		ret = bench_run(&rq, &hooks, &result, err);
	if (ret)
		return ret;
	*text = json_dumps(result, JSON_COMPACT);
	json_decref(result);
	return *text ? 0 : err_sys(err, ENOMEM, "cannot write the result");
}

int work_serve(int in, int out)
{
	struct work w;
	struct err err = ERR_INIT;
	const json_t *request;
	char *text = NULL;
	int status;

	if (!work_open(&w, in, out, &err) && !work_hear(&w, &request, &err))
		work_run(&w, request, &text, &err);
	status = work_close(&w, text, &err);
	free(text);
	return status;
}
