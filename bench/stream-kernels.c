/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream-kernels.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/*
 * One kernel: `V` a vector of doubles, `W` how many it holds, `PUT` how it is
 * stored, `AHEAD` what is asked for ahead of x, y and to, `Y` what stands for
 * y there (x where y is not read), `END` what ends it, EXPR what combines a
 * vector of x with one of y. Each result is stored as soon as it is there, two
 * a turn: bursts of more, or of less, are slower by 1 to 4%.
 */
#define LOOP(ATTR, NAME, V, W, PUT, AHEAD, Y, END, EXPR)		\
ATTR static void NAME(double *to, const double *x, const double *y,		\
		      double s, size_t n)					\
{										\
	(void)y;								\
	(void)s;								\
	for (size_t i = 0; i < n; i += 2 * (W)) {				\
		AHEAD(x + i, Y + i, to + i)					\
		PUT(to + i, EXPR(x + i, y + i, V));				\
		AHEAD(x + i + (W), Y + i + (W), to + i + (W))			\
		PUT(to + i + (W), EXPR(x + i + (W), y + i + (W), V));		\
	}									\
	END;									\
}

/*
 * The processor's own prefetching stops at the end of each page of 4K. Where
 * stores go past the caches the loads are asked for a little ahead; ordinary
 * stores read their line, too, and profit from a longer way.
 */
#define NEAR_BYTES 256
#define FAR_BYTES 1024
#define NEAR(x, y, to)								\
	__builtin_prefetch((const char *)(x) + NEAR_BYTES);			\
	__builtin_prefetch((const char *)(y) + NEAR_BYTES);
#define FAR(x, y, to)								\
	__builtin_prefetch((const char *)(x) + FAR_BYTES);			\
	__builtin_prefetch((const char *)(y) + FAR_BYTES);			\
	__builtin_prefetch((const char *)(to) + FAR_BYTES, 1);

#define AT(V, p) (*(const V *)(p))
#define DO_COPY(x, y, V) AT(V, x)
#define DO_SCALE(x, y, V) (s * AT(V, x))
#define DO_ADD(x, y, V) (AT(V, x) + AT(V, y))
#define DO_TRIAD(x, y, V) (AT(V, x) + s * AT(V, y))

#define KERNELS(ATTR, ISA, V, W, PUT, AHEAD, END)			\
	LOOP(ATTR, ISA##_copy, V, W, PUT, AHEAD, x, END, DO_COPY)	\
	LOOP(ATTR, ISA##_scale, V, W, PUT, NEAR, x, END, DO_SCALE)	\
	LOOP(ATTR, ISA##_add, V, W, PUT, AHEAD, y, END, DO_ADD)		\
	LOOP(ATTR, ISA##_triad, V, W, PUT, AHEAD, y, END, DO_TRIAD)

#define TABLE(ISA) { ISA##_copy, ISA##_scale, ISA##_add, ISA##_triad }

typedef double v2 __attribute__((vector_size(16)));
typedef double v4 __attribute__((vector_size(32)));
typedef double v8 __attribute__((vector_size(64)));

#define PUT_V2(at, v) (*(v2 *)(at) = (v))
#define PUT_V4(at, v) (*(v4 *)(at) = (v))
#define PUT_V8(at, v) (*(v8 *)(at) = (v))

static bool stream_kernels_always(void)
{
	return true;
}

/* Compilers turn the plain loop into memcpy(): other copies are compared with it. */
static void stream_kernels_copy_memcpy(double *to, const double *x, const double *y, double s,
				       size_t n)
{
	(void)y;
	(void)s;
	memcpy(to, x, n * sizeof(*to));
}

#if defined(__x86_64__)
/* On some processors it need not read lines that it overwrites as a whole. */
static void stream_kernels_copy_movsb(double *to, const double *x, const double *y, double s,
				      size_t n)
{
	size_t bytes = n * sizeof(*to);

	(void)y;
	(void)s;
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(x), "+c"(bytes) : : "memory");
}
#endif

static const struct stream_code copies[] = {
	{ "memcpy", stream_kernels_copy_memcpy },
#if defined(__x86_64__)
	{ "movsb", stream_kernels_copy_movsb },
#endif
};

KERNELS(, base, v2, 2, PUT_V2, FAR, (void)0)

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f,fma")))
#define NT_V2(at, v) _mm_stream_pd(at, (__m128d)(v))
#define NT_V4(at, v) _mm256_stream_pd(at, (__m256d)(v))
#define NT_V8(at, v) _mm512_stream_pd(at, (__m512d)(v))

#define KERNELS_NT(ATTR, ISA, V, W, PUT) KERNELS(ATTR, ISA, V, W, PUT, NEAR, _mm_sfence())

KERNELS_NT(, base_nt, v2, 2, NT_V2)
KERNELS(AVX2, avx2, v4, 4, PUT_V4, FAR, (void)0)
KERNELS_NT(AVX2, avx2_nt, v4, 4, NT_V4)
KERNELS(AVX512, avx512, v8, 8, PUT_V8, FAR, (void)0)
KERNELS_NT(AVX512, avx512_nt, v8, 8, NT_V8)

static bool stream_kernels_has_avx2(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool stream_kernels_has_avx512(void)
{
	return __builtin_cpu_supports("avx512f");
}

const struct stream_kernels stream_kernels[] = {
	{"avx512", "avx512-nontemporal", stream_kernels_has_avx512, TABLE(avx512),
	 TABLE(avx512_nt)},
	{"avx2", "avx2-nontemporal", stream_kernels_has_avx2, TABLE(avx2), TABLE(avx2_nt)},
	{"base", "base-nontemporal", stream_kernels_always, TABLE(base), TABLE(base_nt)},
	{0},
};
#else
/* No portable non-temporal store: the table says so by its NULLs. */
const struct stream_kernels stream_kernels[] = {
	{ "base", NULL, stream_kernels_always, TABLE(base), { 0 } },
	{ 0 },
};
#endif

static bool stream_kernels_is_wanted(const struct stream_kernels *k, const char *isa)
{
	return (!strcmp(isa, "auto") || !strcmp(isa, k->isa)) && k->supported();
}

const struct stream_kernels *stream_kernels_find(const char *isa)
{
	for (const struct stream_kernels *k = stream_kernels; k->isa; k++)
		if (stream_kernels_is_wanted(k, isa))
			return k;
	return NULL;
}

static void stream_kernels_put(struct stream_code *code, size_t *n,
			       const char *wanted, const char *way,
			       struct stream_code c)
{
	if (c.fn && (!strcmp(wanted, "auto") || !strcmp(wanted, way)))
		code[(*n)++] = c;
}

size_t stream_codes(const char *isa, bool nontemporal, enum stream_op op, const char *copy,
		    struct stream_code code[static STREAM_CODES_MOST])
{
	bool any_copy = op == STREAM_COPY && !nontemporal;
	const char *wanted = any_copy ? copy : "auto";
	size_t n = 0;

	for (size_t i = 0; any_copy && i < sizeof(copies) / sizeof(copies[0]); i++)
		stream_kernels_put(code, &n, wanted, copies[i].name, copies[i]);
	for (const struct stream_kernels *k = stream_kernels; k->isa; k++) {
		if (!stream_kernels_is_wanted(k, isa))
			continue;
		if (!nontemporal)
			stream_kernels_put(code, &n, wanted, "loop",
					   (struct stream_code){k->isa, k->plain[op]});
		if (nontemporal || any_copy)
			stream_kernels_put(
				code, &n, wanted, "nontemporal",
				(struct stream_code){k->nontemporal_name, k->nontemporal[op]});
	}
	return n;
}

size_t stream_fastest(const struct stream_code *code, size_t n,
		      double (*rate_of)(void *arg, stream_fn fn), void *arg, double *rate)
{
	size_t best = 0;

	for (int round = 0; round < STREAM_ROUNDS; round++)
		for (size_t i = 0; i < n; i++) {
			if (round > 1 && rate[i] < STREAM_HOPELESS * rate[best])
				continue;
			rate[i] = fmax(round ? rate[i] : 0, rate_of(arg, code[i].fn));
			if (rate[i] > rate[best])
				best = i;
		}
	return rate[best] > STREAM_MARGIN * rate[0] ? best : 0;
}

struct stream_call stream_call(const struct stream_arrays *s, enum stream_op op)
{
	switch (op) {
	case STREAM_COPY:
		return (struct stream_call){ s->c, s->a, s->b, 16, "copy" };
	case STREAM_SCALE:
		return (struct stream_call){ s->b, s->c, s->a, 16, "scale" };
	case STREAM_ADD:
		return (struct stream_call){ s->c, s->a, s->b, 24, "add" };
	default:
		return (struct stream_call){ s->a, s->b, s->c, 24, "triad" };
	}
}

void stream_fill(const struct stream_arrays *s, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		s->a[i] = 1.0;
		s->b[i] = 2.0;
		s->c[i] = 0.0;
	}
}

static double stream_wanted(enum stream_op op, double x, double y)
{
	switch (op) {
	case STREAM_COPY:
		return x;
	case STREAM_SCALE:
		return STREAM_SCALAR * x;
	case STREAM_ADD:
		return x + y;
	default:
		return x + STREAM_SCALAR * y;
	}
}

static double stream_kernels_error_of(double is, double should)
{
	return fabs(is - should) / (should ? fabs(should) : 1);
}

#define PROVE 512

int stream_prove(const stream_fn fn[STREAM_OPS], char *why, size_t size)
{
	static const char *const names[] = { "copy", "scale", "add", "triad" };
	_Alignas(64) double x[PROVE], y[PROVE], to[PROVE];

	for (int op = 0; op < STREAM_OPS; op++) {
		for (int i = 0; i < PROVE; i++) {
			x[i] = 1.5 + i * 0.75;
			y[i] = 1e3 / (i + 1);
			to[i] = -1;
		}
		fn[op](to, x, y, STREAM_SCALAR, PROVE - STREAM_GRAIN);
		for (int i = 0; i < PROVE; i++) {
			bool inside = i < PROVE - STREAM_GRAIN;
			double should = inside ? stream_wanted(op, x[i], y[i]) : -1;

			if (stream_kernels_error_of(to[i], should) <= STREAM_TOLERANCE)
				continue;
			snprintf(why, size, "%s: element %d is %.17g, not %.17g", names[op], i,
				 to[i], should);
			return -1;
		}
	}
	return 0;
}

/* The values that every element has after so many passes. */
static void stream_kernels_replay(unsigned passes, double *a, double *b, double *c)
{
	*a = 1.0;
	*b = 2.0;
	*c = 0.0;
	while (passes--) {
		*c = *a;
		*b = STREAM_SCALAR * *c;
		*c = *a + *b;
		*a = *b + STREAM_SCALAR * *c;
	}
}

static int stream_kernels_check_array(const char *name, const double *v, size_t n,
				      double should, char *why, size_t size)
{
	size_t wrong = 0, first = 0;

	for (size_t i = 0; i < n; i++) {
		if (stream_kernels_error_of(v[i], should) <= STREAM_TOLERANCE)
			continue;
		if (!wrong++)
			first = i;
	}
	if (!wrong)
		return 0;
	snprintf(why, size, "array %s: %zu of %zu elements are wrong, the first is %zu: %.17g, "
		 "not %.17g", name, wrong, n, first, v[first], should);
	return -1;
}

int stream_check(const struct stream_arrays *s, unsigned passes,
		 char *why, size_t size)
{
	double a, b, c;

	stream_kernels_replay(passes, &a, &b, &c);
	if (stream_kernels_check_array("a", s->a, s->n, a, why, size) ||
	    stream_kernels_check_array("b", s->b, s->n, b, why, size) ||
	    stream_kernels_check_array("c", s->c, s->n, c, why, size))
		return -1;
	return 0;
}
