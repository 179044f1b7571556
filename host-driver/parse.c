/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "json-fast.h"

#define JOBS 8			/* under way at once */
#define JOB_RECORDS 256
#define JOB_BYTES (1u << 20)
#define THREADS_MAX 4

struct item {
	size_t at, len;		/* in the job's text */
	uint64_t offset;
	struct record r;
};

struct job {
	char *text;
	size_t used, room;
	struct item items[JOB_RECORDS];
	size_t n;		/* to be parsed */
	size_t good;		/* parsed; the one after these is bad */
	bool ready;
	struct err err;		/* of the bad one */
};

struct parse {
	parse_fn take;
	void *arg;
	struct job *jobs;
	/* Jobs filled, begun by a thread, handed out: each at most JOBS ahead. */
	size_t filled, begun, done;
	pthread_t threads[THREADS_MAX];
	unsigned n_threads;
	bool stop;
	pthread_mutex_t lock;
	pthread_cond_t work, ready;
};

int parse_record(const char *text, size_t len, struct record *r,
		 struct err *err)
{
	json_error_t je;
	json_t *json = json_fast(text, len, &je);

	if (!json)
		return err_config(err, "is no JSON: %s", je.text);
	return record_read(json, r, err);
}

/* Frees what the job held before: here, so that a thread does it. */
static void parse_job(struct job *j)
{
	for (size_t i = 0; i < JOB_RECORDS; i++) {
		json_decref(j->items[i].r.json);
		j->items[i].r.json = NULL;
	}
	j->err = (struct err)ERR_INIT;
	for (j->good = 0; j->good < j->n; j->good++) {
		struct item *i = &j->items[j->good];

		if (parse_record(j->text + i->at, i->len, &i->r, &j->err))
			break;
	}
}

static void *work(void *arg)
{
	struct parse *p = arg;
	struct job *j;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		while (p->begun == p->filled && !p->stop)
			pthread_cond_wait(&p->work, &p->lock);
		if (p->stop)
			break;
		j = &p->jobs[p->begun++ % JOBS];
		pthread_mutex_unlock(&p->lock);
		parse_job(j);
		pthread_mutex_lock(&p->lock);
		j->ready = true;
		pthread_cond_signal(&p->ready);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* As many as there are processors; none is all right, too. */
static void start_threads(struct parse *p)
{
	sigset_t all, was;
	cpu_set_t cpus;
	int n = 1;

	if (!sched_getaffinity(0, sizeof(cpus), &cpus))
		n = CPU_COUNT(&cpus);
	if (n > THREADS_MAX)
		n = THREADS_MAX;
	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &was);
	while (p->n_threads < (unsigned)n &&
	       !pthread_create(&p->threads[p->n_threads], NULL, work, p))
		p->n_threads++;
	pthread_sigmask(SIG_SETMASK, &was, NULL);
}

int parse_new(struct parse **out, parse_fn take, void *arg, struct err *err)
{
	struct parse *p = calloc(1, sizeof(*p));

	if (p)
		p->jobs = calloc(JOBS, sizeof(*p->jobs));
	if (!p || !p->jobs) {
		free(p);
		return err_sys(err, ENOMEM, "cannot read the journal");
	}
	json_object_seed(0);	/* once, before there are threads */
	p->take = take;
	p->arg = arg;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->ready, NULL);
	*out = p;
	return 0;
}

void parse_free(struct parse *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->n_threads; i++)
		pthread_join(p->threads[i], NULL);
	for (size_t i = 0; i < JOBS; i++) {
		for (size_t k = 0; k < JOB_RECORDS; k++)
			json_decref(p->jobs[i].items[k].r.json);
		free(p->jobs[i].text);
	}
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->ready);
	free(p->jobs);
	free(p);
}

/* Waits for the oldest job and hands its records out. */
static int hand_out(struct parse *p, struct err *err)
{
	struct job *j = &p->jobs[p->done++ % JOBS];
	int ret = 0;

	pthread_mutex_lock(&p->lock);
	while (!j->ready)
		pthread_cond_wait(&p->ready, &p->lock);
	pthread_mutex_unlock(&p->lock);
	for (size_t i = 0; !ret && i < j->good; i++)
		ret = p->take(p->arg, &j->items[i].r, j->items[i].offset, err);
	if (!ret && j->good < j->n) {
		err_set(err, j->err.exit, j->err.code, "record at byte %llu: %s",
			(unsigned long long)j->items[j->good].offset,
			j->err.text);
		ret = j->err.code;
	}
	j->n = j->used = 0;
	return ret;
}

/* The job being filled is full: a thread's turn. */
static int submit(struct parse *p, struct err *err)
{
	struct job *j = &p->jobs[p->filled % JOBS];

	j->ready = false;
	if (!p->n_threads)
		start_threads(p);
	if (!p->n_threads) {
		parse_job(j);
		j->ready = true;
		p->begun++;
	}
	pthread_mutex_lock(&p->lock);
	p->filled++;
	pthread_cond_signal(&p->work);
	pthread_mutex_unlock(&p->lock);
	return p->filled - p->done == JOBS ? hand_out(p, err) : 0;
}

static int make_room(struct job *j, size_t len, struct err *err)
{
	size_t room = j->used + len;
	char *more;

	if (room <= j->room)
		return 0;
	room = room > JOB_BYTES ? 2 * room : JOB_BYTES;
	more = realloc(j->text, room);
	if (!more)
		return err_sys(err, ENOMEM, "cannot read the journal");
	j->text = more;
	j->room = room;
	return 0;
}

int parse_add(struct parse *p, const char *text, size_t len, uint64_t offset,
	      struct err *err)
{
	struct job *j = &p->jobs[p->filled % JOBS];
	struct item *i = &j->items[j->n];
	int ret = make_room(j, len + 1, err);

	if (ret)
		return ret;
	memcpy(j->text + j->used, text, len + 1);
	i->at = j->used;
	i->len = len;
	i->offset = offset;
	j->used += len + 1;
	j->n++;
	return j->n == JOB_RECORDS || j->used >= JOB_BYTES ? submit(p, err) : 0;
}

int parse_finish(struct parse *p, struct err *err)
{
	struct job *last = &p->jobs[p->filled % JOBS];
	int ret = 0;

	while (!ret && p->done < p->filled)
		ret = hand_out(p, err);
	if (ret || !last->n)
		return ret;
	/* The last, or only, job is not worth a thread. */
	parse_job(last);
	last->ready = true;
	p->filled++;
	p->begun++;
	return hand_out(p, err);
}
