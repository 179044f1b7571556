/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "context.h"

#define TEAM_MOST 4096
#define SPINS 20000

struct member {
	pthread_t thread;
	struct team *team;
	unsigned index;
	int cpu;
};

struct team {
	unsigned size;
	atomic_uint turn;	/* goes up with each start */
	atomic_uint busy;	/* members 1.. that have not finished this turn */
	atomic_bool quit;
	team_fn fn;
	void *arg;
	struct member members[];
};

static void team_relax(unsigned *spins)
{
	if (++*spins < SPINS)
		__builtin_ia32_pause();
	else
		sched_yield();
}

static void *team_member_main(void *arg)
{
	struct member *m = arg;
	struct team *t = m->team;
	unsigned seen = 0;

	for (;;) {
		unsigned spins = 0;

		while (atomic_load_explicit(&t->turn, memory_order_acquire) == seen)
			team_relax(&spins);
		seen++;
		if (atomic_load(&t->quit))
			return NULL;
		t->fn(t->arg, m->index);
		atomic_fetch_sub_explicit(&t->busy, 1, memory_order_release);
	}
}

static int team_start_member(struct member *m, struct err *err)
{
	size_t size = CPU_ALLOC_SIZE(m->cpu + 1);
	cpu_set_t *set = CPU_ALLOC(m->cpu + 1);
	pthread_attr_t attr;
	int error;

	if (!set)
		return err_sys(err, ENOMEM, "team");
	CPU_ZERO_S(size, set);
	CPU_SET_S(m->cpu, size, set);
	pthread_attr_init(&attr);
	error = pthread_attr_setaffinity_np(&attr, size, set);
	if (!error)
		error = pthread_create(&m->thread, &attr, team_member_main, m);
	pthread_attr_destroy(&attr);
	CPU_FREE(set);
	return error ? err_sys(err, error, "cannot start a thread on CPU %d", m->cpu) : 0;
}

int bench_team(struct bench *b, unsigned threads, struct team **team,
	       struct err *err)
{
	int cpus[TEAM_MOST];
	int cores = topology_cores(b->topo, b->cpu, cpus, TEAM_MOST);
	struct team *t;

	if (!threads)
		threads = cores < TEAM_MOST ? cores : TEAM_MOST;
	if (threads > (unsigned)cores || threads > TEAM_MOST)
		return err_config(err, "%u threads, but only %d cores are ours", threads, cores);
	t = calloc(1, sizeof(*t) + threads * sizeof(t->members[0]));
	if (!t)
		return err_sys(err, ENOMEM, "team");
	for (t->size = 0; t->size < threads; t->size++) {
		struct member *m = &t->members[t->size];
		int ret;

		m->team = t;
		m->index = t->size;
		m->cpu = cpus[t->size];
		ret = m->index ? team_start_member(m, err) : 0;
		if (ret) {
			team_free(t);
			return ret;
		}
	}
	*team = t;
	return 0;
}

void team_free(struct team *t)
{
	if (!t)
		return;
	atomic_store(&t->quit, true);
	atomic_fetch_add(&t->turn, 1);
	for (unsigned i = 1; i < t->size; i++)
		pthread_join(t->members[i].thread, NULL);
	free(t);
}

unsigned team_size(const struct team *t)
{
	return t->size;
}

int team_cpu(const struct team *t, unsigned member)
{
	return t->members[member].cpu;
}

void team_start(struct team *t, team_fn fn, void *arg)
{
	t->fn = fn;
	t->arg = arg;
	atomic_store(&t->busy, t->size - 1);
	atomic_fetch_add_explicit(&t->turn, 1, memory_order_release);
}

void team_join(struct team *t)
{
	unsigned spins = 0;

	while (atomic_load_explicit(&t->busy, memory_order_acquire))
		team_relax(&spins);
}

void team_run(struct team *t, team_fn fn, void *arg)
{
	team_start(t, fn, arg);
	fn(arg, 0);
	team_join(t);
}
