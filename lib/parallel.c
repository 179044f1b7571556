/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parallel.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

/* Each may hold files open, of which a process has few: 64 are enough for all. */
#define THREADS_MOST 8

struct parallel {
	size_t n;
	atomic_size_t next;
	void (*fn)(void *arg, size_t i);
	void *arg;
};

static void *parallel_work(void *of)
{
	struct parallel *p = of;
	size_t i;

	while ((i = atomic_fetch_add(&p->next, 1)) < p->n)
		p->fn(p->arg, i);
	return NULL;
}

/* Beside the calling one. */
static size_t parallel_threads(size_t n)
{
	cpu_set_t cpus;
	size_t most = sched_getaffinity(0, sizeof(cpus), &cpus) ? 1 : CPU_COUNT(&cpus);

	if (most > n)
		most = n;
	if (most > THREADS_MOST)
		most = THREADS_MOST;
	return most ? most - 1 : 0;
}

void parallel_each(size_t n, void (*fn)(void *arg, size_t i), void *arg)
{
	struct parallel p = { .n = n, .fn = fn, .arg = arg };
	size_t started = 0, most = parallel_threads(n);
	pthread_t threads[THREADS_MOST];

	while (started < most && !pthread_create(&threads[started], NULL, parallel_work, &p))
		started++;
	parallel_work(&p);
	while (started)
		pthread_join(threads[--started], NULL);
}
