/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The four kernels of the STREAM rules, per instruction set and kind of store,
 * and the proof of what they compute. Code of our own after those rules.
 *
 *	copy   c = a		16 bytes an element
 *	scale  b = s c		16
 *	add    c = a + b	24
 *	triad  a = b + s c	24
 *
 * Bytes are counted as the rules do: what the program asks for, not the read
 * of the line that an ordinary store causes.
 */
#ifndef KDUEL_STREAM_KERNELS_H
#define KDUEL_STREAM_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

#define STREAM_SCALAR 3.0
#define STREAM_TOLERANCE 1e-13

/* Slices of the arrays are multiples of this many elements. */
#define STREAM_GRAIN 64

/* Each pass multiplies values by 15: to this power the result is still finite. */
#define STREAM_PASSES_MOST 250

enum stream_op { STREAM_COPY, STREAM_SCALE, STREAM_ADD, STREAM_TRIAD, STREAM_OPS };

/*
 * to = x, to = s x, to = x + y, to = x + s y. All aligned to 64 bytes, `n` a
 * multiple of STREAM_GRAIN. Non-temporal ones end with a store fence.
 */
typedef void (*stream_fn)(double *to, const double *x, const double *y,
			  double s, size_t n);

struct stream_kernels {
	const char *isa;	/* "avx512", "avx2", "base" */
	const char *nontemporal_name;
	bool (*supported)(void);
	stream_fn plain[STREAM_OPS];
	stream_fn nontemporal[STREAM_OPS];
};

/* Widest first; ends with a NULL isa. The last, "base", always runs. */
extern const struct stream_kernels stream_kernels[];

/* By name, or for "auto" the widest that this processor has; NULL if none. */
const struct stream_kernels *stream_kernels_find(const char *isa);

/* One of the ways to do an operation. */
struct stream_code {
	const char *name;	/* "memcpy", "movsb", "avx2", "avx2-nontemporal" */
	stream_fn fn;
};

#define STREAM_CODES_MOST 12

/*
 * Every way to do `op` that this processor has, with the instruction set `isa`
 * or, for "auto", with any; returns how many. The first is the one to leave
 * only for another that is clearly faster: the widest, and for the plain copy
 * the C library's memcpy(), which is followed by the other copies. `copy`
 * names one kind of these (memcpy, movsb, loop, nontemporal) or is "auto". 0:
 * this processor has none of that kind.
 */
size_t stream_codes(const char *isa, bool nontemporal, enum stream_op op, const char *copy,
		    struct stream_code code[static STREAM_CODES_MOST]);

#define STREAM_ROUNDS 5
#define STREAM_HOPELESS 0.8	/* slower than this share of the best: not tried again */
#define STREAM_MARGIN 1.05	/* one must be so much faster than the first to replace it */

/*
 * The index of the fastest of `n` codes: each is run STREAM_ROUNDS times (twice
 * if it is hopeless) in turn by rate_of(), which returns GB/s, and its best
 * counts. `rate` gets them.
 */
size_t stream_fastest(const struct stream_code *code, size_t n,
		      double (*rate_of)(void *arg, stream_fn fn), void *arg, double *rate);

struct stream_arrays {
	double *a, *b, *c;
	size_t n;
};

struct stream_call {
	double *to;
	const double *x, *y;
	unsigned bytes;		/* counted per element */
	const char *name;
};

/* What an operation reads and writes. */
struct stream_call stream_call(const struct stream_arrays *s, enum stream_op op);

/* The values before the first pass, for the elements [from, to). */
void stream_fill(const struct stream_arrays *s, size_t from, size_t to);

/*
 * Proves a table of kernels on small arrays of odd numbers against a plain
 * loop. 0, or -1 with the reason in `why`.
 */
int stream_prove(const stream_fn fn[STREAM_OPS], char *why, size_t size);

/*
 * Every element after `passes` passes of all four kernels, each within
 * STREAM_TOLERANCE of the value it must have (the rules ask it of the mean).
 */
int stream_check(const struct stream_arrays *s, unsigned passes,
		 char *why, size_t size);

#endif
