/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "backing/backing.h"
#include "claim/claim.h"
#include "plan-make.h"
#include "size.h"

#define BLOCKS_MAX 1000
#define ARMS_MAX 16
#define CELLS_MAX 1000
#define PROCESSES_MAX 1000
#define SAMPLES_MAX 1000000
#define CPUS_MAX 256
#define MEMORY_MIN (64ull << 20)
#define SEED_MAX 9007199254740991ull	/* what every JSON reader keeps */

/* What a file system and its page structs take from a pmem device. */
#define PMEM_SHARE 32
#define PMEM_FIXED (96ull << 20)

struct check {
	const struct plan *p;
	char *field;
	size_t len;
	struct err *err;
};

__attribute__((format(printf, 2, 3)))
static void at(struct check *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->field, c->len, fmt, ap);
	va_end(ap);
}

/* A word that is safe as a file name and on a command line. */
static bool is_word(const char *s)
{
	if (!isalnum((unsigned char)*s))
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("._+-", *s))
			return false;
	return true;
}

static bool is_printable(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

static int check_word(struct check *c, const char *s)
{
	if (is_word(s) && strlen(s) <= 64)
		return 0;
	return err_config(c->err, "'%.80s' is no name: letters, digits and . _ + - after a letter or digit, at most 64 of them",
			  s);
}

static int check_range(struct check *c, uint64_t value, uint64_t lo,
		       uint64_t hi)
{
	if (value >= lo && value <= hi)
		return 0;
	return err_config(c->err, "%llu is out of range; %llu to %llu are allowed",
			  (unsigned long long)value, (unsigned long long)lo,
			  (unsigned long long)hi);
}

static int check_head(struct check *c)
{
	const struct plan *p = c->p;

	at(c, "name");
	if (check_word(c, p->name))
		return -EINVAL;
	at(c, "question");
	if (!is_printable(p->question))
		return err_config(c->err, "holds control characters");
	at(c, "seed");
	if (check_range(c, p->seed, 0, SEED_MAX))
		return -EINVAL;
	at(c, "blocks");
	if (p->n_blocks < 2)
		return err_config(c->err, "%u is too few: a verdict needs at least 2 blocks, 5 or more are better",
				  p->n_blocks);
	return check_range(c, p->n_blocks, 2, BLOCKS_MAX);
}

static int check_instructions(struct check *c)
{
	const struct plan_machine *m = &c->p->machine;

	if (c->p->clock != CLOCK_INSTRUCTIONS)
		return 0;
	at(c, "machine.kind");
	if (m->kind != MACHINE_VM && m->kind != MACHINE_FAKE)
		return err_config(c->err, "clock: instructions needs kind: vm");
	at(c, "machine.accel");
	if (m->accel == ACCEL_HARDWARE)
		return err_config(c->err, "clock: instructions needs accel: emulation or auto; hardware does not count instructions");
	at(c, "machine.cpus");
	if (m->cpus != 1)
		return err_config(c->err, "clock: instructions needs cpus: 1; it is single-threaded");
	return 0;
}

static int check_machine(struct check *c)
{
	const struct plan_machine *m = &c->p->machine;

	at(c, "machine.cpus");
	if (check_range(c, m->cpus, 1, CPUS_MAX))
		return -EINVAL;
	at(c, "machine.memory");
	if (m->memory < MEMORY_MIN)
		return err_config(c->err, "is too little; at least 64M");
	at(c, "machine.host");
	if ((m->kind == MACHINE_SSH) != (m->host[0] != '\0'))
		return err_config(c->err, m->host[0]
				  ? "only kind: ssh has a host"
				  : "kind: ssh needs a host, e.g. root@testbox");
	if (m->host[0] == '-' || !is_printable(m->host) || strchr(m->host, ' '))
		return err_config(c->err, "'%.80s' is no host", m->host);
	return check_instructions(c);
}

/* NULL for a plan of a later version, whose backings are not known here. */
static const struct backing_kind *backing_of(const struct plan_cell *cell)
{
	const struct backing_kind *kind = NULL;

	backing_find(cell->backing, &kind, NULL);
	return kind;
}

static bool uses_pmem(const struct plan *p)
{
	for (size_t i = 0; i < p->n_cells; i++) {
		const struct backing_kind *k = backing_of(&p->cells[i]);

		if (k && k->pmem)
			return true;
	}
	return false;
}

static int check_pmem_least(struct check *c)
{
	const struct plan_machine *m = &c->p->machine;
	char a[SIZE_TEXT_MAX], b[SIZE_TEXT_MAX];

	at(c, "machine.pmem");
	for (size_t i = 0; i < c->p->n_cells; i++) {
		const struct backing_kind *k = backing_of(&c->p->cells[i]);

		if (k && m->pmem < k->pmem_least)
			return err_config(c->err, "%s is too little for backing %s; make it at least %s",
					  size_format(m->pmem, a), k->name,
					  size_format(k->pmem_least, b));
	}
	return 0;
}

static int check_guest(struct check *c)
{
	const struct plan_machine *m = &c->p->machine;
	const struct plan_guest *g = &c->p->guest;
	uint64_t need = g->memory + g->memory / PMEM_SHARE + PMEM_FIXED;
	char a[SIZE_TEXT_MAX], b[SIZE_TEXT_MAX];

	at(c, "guest.kernel");
	if (check_word(c, g->kernel))
		return -EINVAL;
	at(c, "guest.cpus");
	if (check_range(c, g->cpus, 1, CPUS_MAX))
		return -EINVAL;
	at(c, "guest.memory");
	if (g->memory < MEMORY_MIN)
		return err_config(c->err, "is too little; at least 64M");
	if (m->kind != MACHINE_VM)
		return 0;
	if (uses_pmem(c->p) && need > m->pmem)
		return err_config(c->err, "%s with its file system does not fit in machine.pmem, %s; make that at least %s",
				  size_format(g->memory, a),
				  size_format(m->pmem, b),
				  size_format((need + (1 << 20)) >> 20 << 20,
					      (char[SIZE_TEXT_MAX]){ 0 }));
	if (!uses_pmem(c->p) && g->memory >= m->memory)
		return err_config(c->err, "%s does not fit in machine.memory, %s",
				  size_format(g->memory, a),
				  size_format(m->memory, b));
	return check_pmem_least(c);
}

static int check_arm(struct check *c, size_t i)
{
	static const char *const levels[] = { "", "4k", "2m", "1g" };
	const struct plan_arm *a = &c->p->arms[i];
	bool known = false;

	at(c, "arms[%zu].name", i);
	if (check_word(c, a->name))
		return -EINVAL;
	if ((size_t)plan_arm(c->p, a->name) != i)
		return err_config(c->err, "'%s' is there twice; give one of them another name",
				  a->name);
	at(c, "arms[%zu].kernel", i);
	if (check_word(c, a->kernel))
		return -EINVAL;
	at(c, "arms[%zu].second-level", i);
	for (size_t k = 0; k < sizeof(levels) / sizeof(levels[0]); k++)
		known |= !strcmp(a->second_level, levels[k]);
	if (!known)
		return err_config(c->err, "'%.80s' is not known; one of 4k, 2m, 1g",
				  a->second_level);
	at(c, "arms[%zu].cmdline", i);
	if (!is_printable(a->cmdline))
		return err_config(c->err, "holds control characters");
	for (size_t k = 0; k < a->n_layouts; k++) {
		at(c, "arms[%zu].layout[%zu]", i, k);
		if (check_word(c, a->layouts[k]))
			return -EINVAL;
	}
	return 0;
}

static int check_arms(struct check *c)
{
	const struct plan *p = c->p;
	size_t baselines = 0;

	at(c, "arms");
	if (p->n_arms < 2 || p->n_arms > ARMS_MAX)
		return err_config(c->err, "there %s %zu; a comparison needs 2 to %d arms (or aa: true with one)",
				  p->n_arms == 1 ? "is" : "are", p->n_arms,
				  ARMS_MAX);
	for (size_t i = 0; i < p->n_arms; i++) {
		if (check_arm(c, i))
			return -EINVAL;
		baselines += p->arms[i].baseline;
	}
	at(c, "arms");
	if (baselines == 0)
		return err_config(c->err, "no arm is the baseline; mark one with baseline: true");
	if (baselines > 1)
		return err_config(c->err, "%zu arms are the baseline; only one can be",
				  baselines);
	return 0;
}

static int check_cells(struct check *c)
{
	const struct plan *p = c->p;

	at(c, "cells");
	if (p->n_cells < 1 || p->n_cells > CELLS_MAX)
		return err_config(c->err, "there are %zu; 1 to %d are allowed",
				  p->n_cells, CELLS_MAX);
	for (size_t i = 0; i < p->n_cells; i++) {
		const struct plan_cell *cell = &p->cells[i];

		at(c, "cells[%zu].processes", i);
		if (check_range(c, cell->processes, 1, PROCESSES_MAX))
			return -EINVAL;
		at(c, "cells[%zu].samples", i);
		if (check_range(c, cell->samples, 0, SAMPLES_MAX))
			return -EINVAL;
		at(c, "cells[%zu]", i);
		if (!is_printable(cell->id) || !is_printable(cell->backing) ||
		    !is_printable(cell->source) || !is_printable(cell->workload))
			return err_config(c->err, "holds control characters");
		if ((size_t)plan_cell(p, cell->id) != i)
			return err_config(c->err, "%s is there twice",
					  cell->id);
	}
	return 0;
}

static int check_gates(struct check *c)
{
	const struct plan *p = c->p;

	at(c, "gates");
	if (p->n_gates > PLAN_GATES_MAX)
		return err_config(c->err, "there are %zu; at most %d, or none of them can be found",
				  p->n_gates, PLAN_GATES_MAX);
	for (size_t i = 0; i < p->n_gates; i++) {
		bool found = false;

		at(c, "gates[%zu].metric", i);
		if (check_word(c, p->gates[i].metric))
			return -EINVAL;
		at(c, "gates[%zu].cell", i);
		for (size_t k = 0; k < p->n_cells; k++)
			found |= !fnmatch(p->gates[i].cell, p->cells[k].id, 0);
		if (!found)
			return err_config(c->err, "'%.80s' matches none of the cells, e.g. %s",
					  p->gates[i].cell, p->cells[0].id);
	}
	return 0;
}

static int check_claim_arm(const char *arm, void *data)
{
	struct check *c = data;

	if (plan_arm(c->p, arm) >= 0)
		return 0;
	return err_config(c->err, "no arm is called '%.80s'; the first is '%s'",
			  arm, c->p->arms[0].name);
}

static int check_expect(struct check *c)
{
	const struct plan *p = c->p;
	struct claim *claim;
	int ret = 0;

	for (size_t i = 0; !ret && i < p->n_expect; i++) {
		at(c, "expect[%zu]", i);
		if (!p->expect[i][0] || !is_printable(p->expect[i]))
			return err_config(c->err, "is empty or holds control characters");
		ret = claim_parse(p->expect[i], "claim", &claim, c->err);
		if (!ret)
			ret = claim_each_arm(claim, check_claim_arm, c);
		claim_free(claim);
	}
	return ret;
}

int plan_check(const struct plan *p, char *field, size_t field_len,
	       struct err *err)
{
	struct err local = ERR_INIT;
	struct check c = { p, field, field_len, err ? err : &local };
	int ret;

	ret = check_head(&c);
	if (!ret)
		ret = check_arms(&c);
	if (!ret)
		ret = check_cells(&c);
	if (!ret)
		ret = check_machine(&c);
	if (!ret)
		ret = check_guest(&c);
	if (!ret)
		ret = check_gates(&c);
	if (!ret)
		ret = check_expect(&c);
	return ret;
}
