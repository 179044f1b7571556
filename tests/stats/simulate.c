/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "simulate.h"

#include <math.h>

const struct model model_usual = {
	.shape = NORMAL, .boot = 0.01, .process = 0.005, .iteration = 0.01,
	.processes = 5, .iterations = 11,
};

const char *shape_name(enum shape s)
{
	static const char *const names[] = {
		[NORMAL] = "normal", [T3] = "t3", [LOGNORMAL] = "lognormal",
		[BIMODAL] = "20% bimodal", [DRIFT] = "drift",
	};

	return names[s];
}

double simulate_normal(struct rng *r)
{
	double u = rng_uniform(r), v = rng_uniform(r);

	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

static double t3(struct rng *r)
{
	double z = simulate_normal(r), chi = 0;

	for (int i = 0; i < 3; i++) {
		double g = simulate_normal(r);

		chi += g * g;
	}
	return z / sqrt(chi / 3);
}

/* A boot's deviation, in units of its spread; `order` counts boots. */
static double deviation(struct rng *r, enum shape s, size_t order)
{
	double z = simulate_normal(r);

	switch (s) {
	case T3:
		return t3(r) / sqrt(3);
	case LOGNORMAL:		/* sigma 1: skewness 6 */
		return (exp(z) - exp(0.5)) / sqrt((M_E - 1) * M_E);
	case BIMODAL:		/* one boot in five is 5 spreads slower */
		return z + (rng_uniform(r) < 0.2 ? 5 : 0);
	case DRIFT:		/* half a spread more with every boot */
		return z + 0.5 * (double)order;
	default:
		return z;
	}
}

static double boot(struct rng *r, const struct model *m, double level)
{
	double medians[16], iterations[64];

	for (unsigned p = 0; p < m->processes; p++) {
		double at = level + m->process * simulate_normal(r);

		for (unsigned i = 0; i < m->iterations; i++)
			iterations[i] = exp(at + m->iteration * simulate_normal(r));
		medians[p] = stats_median(iterations, m->iterations);
	}
	return stats_boot(medians, m->processes, false);
}

/* Within a block the order of the arms is random, as in a plan. */
void simulate(struct rng *r, const struct model *m, size_t n,
	      struct campaign *c)
{
	for (size_t b = 0; b < n; b++) {
		size_t arm_first = rng_next(r) >> 63;

		for (size_t k = 0; k < 2; k++) {
			bool arm = k ? !arm_first : arm_first;
			double level = m->boot * deviation(r, m->shape, 2 * b + k) +
				       (arm ? m->effect : 0);

			(arm ? c->arm : c->base)[b] =
				m->processes ? boot(r, m, level) : level;
		}
	}
}

/* Poisson; a normal is near enough where the mean is large. */
static double poisson(struct rng *r, double mean)
{
	double limit = exp(-mean), product = rng_uniform(r);
	unsigned k = 0;

	if (mean > 50)
		return fmax(0, round(mean + sqrt(mean) * simulate_normal(r)));
	for (; product > limit; k++)
		product *= rng_uniform(r);
	return k;
}

void simulate_counts(struct rng *r, double mean, size_t n,
		     struct campaign *c)
{
	for (size_t b = 0; b < n; b++) {
		c->base[b] = poisson(r, mean);
		c->arm[b] = poisson(r, mean);
	}
}

void simulate_clock(double step, size_t n, struct campaign *c)
{
	for (size_t b = 0; b < n; b++) {
		c->base[b] = log(round(exp(c->base[b]) / step) * step);
		c->arm[b] = log(round(exp(c->arm[b]) / step) * step);
	}
}

const char *noise_name(enum noise k)
{
	static const char *const names[] = {
		[WHITE] = "white", [HEAVY] = "t3", [WANDERING] = "AR .5",
	};

	return names[k];
}

void simulate_series(struct rng *r, enum noise k, double *v, size_t n)
{
	double x = simulate_normal(r);

	for (size_t i = 0; i < n; i++) {
		if (k == WANDERING && i)
			x = 0.5 * x + sqrt(0.75) * simulate_normal(r);
		else if (i)
			x = k == HEAVY ? t3(r) : simulate_normal(r);
		else if (k == HEAVY)
			x = t3(r);
		v[i] = x;
	}
}
