/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calibrated batches, warm-up and samples. */
#include <errno.h>
#include <math.h>

#include "context.h"
#include "marker.h"

#define BATCH_NS 10e6
#define PROPORTION 0.05
#define STEADY_WINDOW 4
#define STEADY_SPREAD 0.03
#define WARMUP_MOST 12
#define LONG_NS 60e9

/* Which series of the run, and which of its samples, the warm-up's among them. */
static uint32_t measure_tag(const struct bench *b, const struct series *s)
{
	uint32_t which = 0;

	while (which < b->n_series && b->series[which] != s)
		which++;
	return which << 16 | ((s->values.n + s->rejected.n) & 0xffff);
}

void bench_begin(struct bench *b, const struct series *s)
{
	clock_align(b->rq->align_ns, b->rq->phase_ns);
	counters_start(b->counters, s ? s->counts : NULL);
	if (s) {
		marker_number(measure_tag(b, s));
		marker(MARKER_BEGIN);
		b->stamp = clock_stamp();
	}
	b->t0 = clock_ticks();
}

double bench_end(struct bench *b, struct series *s, double things)
{
	double ns = clock_ns(clock_ticks() - b->t0) - clock_facts.overhead_ns;

	if (s) {
		uint64_t stamp = clock_stamp();

		marker(MARKER_END);
		marker_number(stamp - b->stamp);
		marker(MARKER_CLOCK);
		marker_number(things);
		marker(MARKER_THINGS);
	}
	counters_stop(b->counters, s ? s->counts : NULL, things);
	return ns > 0 ? ns : 0;
}

static double measure_things_of(const struct measure *m, uint64_t n)
{
	return n * (m->per_iteration > 0 ? m->per_iteration : 1);
}

/* One batch; `s` gets its counts, NULL while calibrating. */
static int measure_batch(struct bench *b, const struct measure *m, uint64_t n,
			 struct series *s, double *ns, struct err *err)
{
	int ret = m->prepare ? m->prepare(m->arg, n, err) : 0;

	if (ret)
		return ret;
	bench_begin(b, s);
	m->body(m->arg, n);
	*ns = bench_end(b, s, measure_things_of(m, n));
	return 0;
}

static int measure_calibrate(struct bench *b, const struct measure *m, uint64_t *out,
			     struct err *err)
{
	double ns;
	int ret;

	for (uint64_t n = 1; n < 1ULL << 48; n *= 2) {
		ret = measure_batch(b, m, n, NULL, &ns, err);
		if (ret)
			return ret;
		if (ns < BATCH_NS / 8)
			continue;
		*out = fmax(1, round(n * BATCH_NS / ns));
		return 0;
	}
	return bench_invalid(b, err, "2^48 iterations of %s take no time", m->metric->name);
}

/* Time of 2n over twice the time of n: the try that comes nearest to 1. */
static int measure_check_proportion(struct bench *b, const struct measure *m,
				    struct series *s, struct err *err)
{
	for (int i = 0; i < 3; i++) {
		double one, two, proportion;
		int ret = measure_batch(b, m, s->iterations, NULL, &one, err);

		if (!ret)
			ret = measure_batch(b, m, 2 * s->iterations, NULL, &two, err);
		if (ret)
			return ret;
		proportion = two / (2 * one);
		if (!i || fabs(proportion - 1) < fabs(s->proportion - 1))
			s->proportion = proportion;
		if (fabs(s->proportion - 1) <= PROPORTION)
			break;
	}
	return 0;
}

static double measure_value_of(const struct measure *m, uint64_t n, double ns)
{
	double things = measure_things_of(m, n);
	double scale = m->metric->scale > 0 ? m->metric->scale : 1;

	if (m->metric->kind == KIND_RATE)
		return ns > 0 ? things / ns * 1e9 * scale : 0;
	return ns / things * scale;
}

bool series_settled(struct series *s)
{
	const struct values *v = &s->rejected;
	double lo = INFINITY, hi = 0;

	s->steady = false;
	if (v->n < STEADY_WINDOW)
		return false;
	for (size_t i = v->n - STEADY_WINDOW; i < v->n; i++) {
		lo = fmin(lo, v->v[i]);
		hi = fmax(hi, v->v[i]);
	}
	s->steady = hi <= lo * (1 + STEADY_SPREAD);
	return s->steady;
}

static int measure_warm_up(struct bench *b, const struct measure *m, struct series *s,
			   struct err *err)
{
	unsigned most = m->warmup ? m->warmup : WARMUP_MOST;

	if (m->warmup == MEASURE_COLD)
		return 0;
	for (unsigned i = 0; i < most && !series_settled(s); i++) {
		double ns;
		int ret = measure_batch(b, m, s->iterations, NULL, &ns, err);

		if (ret)
			return ret;
		values_push(&s->rejected, measure_value_of(m, s->iterations, ns));
	}
	series_settled(s);
	return 0;
}

static int measure_take(struct bench *b, const struct measure *m, struct series *s,
			struct err *err)
{
	unsigned samples = m->samples ? m->samples : bench_samples(b);

	for (unsigned i = 0; i < samples; i++) {
		double ns;
		int ret = measure_batch(b, m, s->iterations, s, &ns, err);

		if (ret)
			return ret;
		/* A sample is a batch of 10 ms, as a rule: very many take hours. */
		if (!i && samples * ns >= LONG_NS)
			bench_progress(b, "%s: %u samples of %.2g ms, about %.2g min of %s",
				       b->w->name, samples, ns / 1e6, samples * ns / 60e9,
				       m->metric->name);
		values_push(&s->values, measure_value_of(m, s->iterations, ns));
	}
	return 0;
}

int bench_measure(struct bench *b, const struct measure *m,
		  struct series **out, struct err *err)
{
	struct series *s = bench_series(b, m->metric, m->point);
	int ret = 0;

	s->iterations = m->iterations;
	if (!s->iterations) {
		ret = measure_calibrate(b, m, &s->iterations, err);
		if (!ret)
			ret = measure_check_proportion(b, m, s, err);
	}
	if (!ret)
		ret = measure_warm_up(b, m, s, err);
	if (!ret)
		ret = measure_take(b, m, s, err);
	if (!ret && out)
		*out = s;
	return ret;
}

void label_proportions(struct bench *b)
{
	double worst = 1;
	size_t bad = 0, checked = 0;

	for (size_t i = 0; i < b->n_series; i++) {
		double p = b->series[i]->proportion;

		checked += p > 0;
		bad += p > 0 && fabs(p - 1) > PROPORTION;
		if (p > 0 && fabs(p - 1) > fabs(worst - 1))
			worst = p;
	}
	if (bad)
		bench_label(b, "unproportional: in %zu of %zu series twice the work did not "
			    "take twice the time within 5%% (worst: %.2f of it); the machine is noisy",
			    bad, checked, worst);
}
