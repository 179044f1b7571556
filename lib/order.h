/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers in order: sorting, quantiles, medians. */
#ifndef KDUEL_ORDER_H
#define KDUEL_ORDER_H

#include <stddef.h>

/* Rising. The values must not contain NaN. */
void order_sort(double *v, size_t n);

/* The quantile `q` (0..1) of sorted values, interpolated linearly; NAN for n = 0. */
double order_quantile(const double *sorted, size_t n, double q);

/* Sorts `v`. NAN for n = 0. */
double order_median(double *v, size_t n);

#endif
