/*
 * What the examples in the headers take as given: names that the code around
 * them would have. See test-examples.
 */
#ifndef TESTS_STRUCTURE_EXAMPLE_PRELUDE_H
#define TESTS_STRUCTURE_EXAMPLE_PRELUDE_H

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include <jansson.h>

#include "bench/chase.h"
#include "err.h"
#include "message.h"
#include "proc.h"
#include "store/store.h"

extern struct err *err;
extern void *arg, *me;
extern int ret, fd, in, out;
extern unsigned i, n;
extern size_t len, at;
extern uint64_t seed, nonce, t0, ns, ticks;
extern double sum;
extern char *path, *result, *memory, *end;
extern const char *name, *text, *folder, *line, *op;
extern const char *const *argv;
extern json_t *json, *params, *boot_begin, *boot_end;
extern struct proc_options proc_options;
extern struct store *s;
extern struct plan *plan;
extern struct loop *loop;
extern struct bench *b;
extern const struct frame *frame;
extern struct comparison *comparison;
extern struct journal_reader *reader;
extern struct kernel_spec *spec;
extern struct pool *pool;
extern const struct backing *backing;
extern pid_t qemu;
extern struct rng *rng;
extern struct team *team;
extern const struct view *metric;
extern const struct why_symbols *symbols;
extern const struct profile_region *region;
extern uint64_t *table, words, updates, wrong, series;

struct loop;
struct kernel_progress;

/* Callbacks. */
int progress(const struct kernel_progress *p, void *arg);
void fn(void *arg, unsigned member);
void on_part(void *arg, size_t i);
void on_bytes(struct loop *l, int fd, unsigned events, void *arg);
bool have_reply(void *arg);
void on_frame(void *arg, const struct frame *f);
void on_closed(void *arg, const struct err *why);
void on_ready(void *arg, const char *proof, size_t len);
void on_done(void *arg, const char *result, size_t len, const struct err *why);

/* A verb's. */
struct options {
	bool json;
};
extern const struct argp argp;
int compare(struct options *o, struct err *err);

#endif
