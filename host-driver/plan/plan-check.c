/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "backing/device.h"
#include "claim/claim.h"
#include "data.h"
#include "plan-make.h"
#include "size.h"

#define BLOCKS_MAX 1000
#define CELLS_MAX 1000
#define PROCESSES_MAX 1000
#define SAMPLES_MAX 100000	/* one record holds them, see docs/record-format.md */
#define CPUS_MAX 256
#define TIMELINE_MAX 60000	/* ms */
#define MEMORY_MIN (64ull << 20)
#define SEED_MAX 9007199254740991ull	/* 2^53 - 1: exact in every JSON reader */

void plan_check_at(struct plan_check *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->field, sizeof(c->field), fmt, ap);
	va_end(ap);
}

/* Is the word safe as a file name and on a command line? */
static bool check_is_word(const char *s)
{
	if (!isalnum((unsigned char)*s))
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("._+-", *s))
			return false;
	return true;
}

static bool check_is_printable(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

static int check_word(struct plan_check *c, const char *s)
{
	if (check_is_word(s) && strlen(s) <= 64)
		return 0;
	return err_config(c->err, "'%.80s' is not a name: a letter or digit, then letters, digits and . _ + -, at most 64 in all",
			  s);
}

static int check_range(struct plan_check *c, uint64_t value, uint64_t lo,
		       uint64_t hi)
{
	if (value >= lo && value <= hi)
		return 0;
	return err_config(c->err, "%llu is out of range; %llu to %llu are allowed",
			  (unsigned long long)value, (unsigned long long)lo,
			  (unsigned long long)hi);
}

static int check_head(struct plan_check *c)
{
	const struct plan *p = c->p;

	plan_check_at(c, "name");
	if (check_word(c, p->name))
		return -EINVAL;
	plan_check_at(c, "question");
	if (!check_is_printable(p->question))
		return err_config(c->err, "holds control characters");
	plan_check_at(c, "beside");
	if (p->beside && *p->beside &&
	    (*p->beside != '/' || !check_is_printable(p->beside)))
		return err_config(c->err, "'%.200s' is not the path of a folder", p->beside);
	plan_check_at(c, "seed");
	if (check_range(c, p->seed, 0, SEED_MAX))
		return -EINVAL;
	plan_check_at(c, "blocks");
	return check_range(c, p->n_blocks, 1, BLOCKS_MAX);
}

static int check_instructions(struct plan_check *c)
{
	const struct plan_machine *m = &c->p->machine;

	if (c->p->clock != CLOCK_INSTRUCTIONS)
		return 0;
	plan_check_at(c, "machine.kind");
	if (m->kind->has_kernel && !m->kind->sized)
		return err_config(c->err, "clock: instructions needs kind: vm");
	plan_check_at(c, "machine.accel");
	if (m->accel == ACCEL_HARDWARE)
		return err_config(c->err, "clock: instructions needs accel: emulation or auto; only emulation can count instructions as time");
	plan_check_at(c, "machine.cpus");
	if (m->cpus != 1)
		return err_config(c->err, "clock: instructions needs cpus: 1; it is single-threaded");
	return 0;
}

static int check_profile(struct plan_check *c)
{
	const struct plan_machine *m = &c->p->machine;

	if (!c->p->profile)
		return 0;
	plan_check_at(c, "profile");
	if (plan_is_sampled(c->p) && c->p->profile != PROFILE_FUNCTIONS)
		return err_config(c->err, "'%s' is counted by the emulator: this needs machine: { kind: vm }; other machines can have profile: functions, sampled by perf",
				  plan_profile_name(c->p->profile));
	if (plan_is_sampled(c->p))
		return 0;
	if (m->accel == ACCEL_HARDWARE)
		return err_config(c->err, "%s are counted by the emulator: this needs accel: emulation or auto",
				  plan_profile_name(PROFILE_FUNCTIONS));
	if (c->p->profile == PROFILE_MEMORY && m->cpus != 1)
		return err_config(c->err, "loads and stores are counted on one processor only: this needs machine: { cpus: 1 }");
	return 0;
}

static int check_machine(struct plan_check *c)
{
	const struct plan_machine *m = &c->p->machine;
	enum device_kind device;

	plan_check_at(c, "machine.cpus");
	if (check_range(c, m->cpus, 1, CPUS_MAX))
		return -EINVAL;
	plan_check_at(c, "machine.memory");
	if (m->memory < MEMORY_MIN)
		return err_config(c->err, "is too little; at least 64M");
	plan_check_at(c, "machine.host");
	if (m->kind->has_host != (m->host[0] != '\0'))
		return err_config(c->err, m->host[0]
				  ? "only kind: ssh takes a host"
				  : "kind: ssh needs a host, e.g. root@testbox");
	if (m->host[0] == '-' || !check_is_printable(m->host) || strchr(m->host, ' '))
		return err_config(c->err, "'%.80s' is not a host", m->host);
	plan_check_at(c, "machine.device");
	if (m->device[0] && device_parse(m->device, &device, c->err))
		return -EINVAL;
	if (m->device[0] && !m->kind->has_device)
		return err_config(c->err, "only kinds host and ssh take a device; a VM gets one of its own");
	return check_profile(c) ? -EINVAL : check_instructions(c);
}

/* Checks a kernel's name, or the path of its description. */
static int check_kernel(struct plan_check *c, const char *kernel)
{
	if (!data_is_path(DATA_KERNEL, kernel))
		return check_word(c, kernel);
	return check_is_printable(kernel) ? 0 :
	       err_config(c->err, "holds control characters");
}

static int check_guest(struct plan_check *c)
{
	const struct plan_guest *g = &c->p->guest;

	plan_check_at(c, "guest.kernel");
	if (check_kernel(c, g->kernel))
		return -EINVAL;
	plan_check_at(c, "guest.cpus");
	if (check_range(c, g->cpus, 1, CPUS_MAX))
		return -EINVAL;
	plan_check_at(c, "guest.memory");
	return g->memory >= MEMORY_MIN ? 0 :
	       err_config(c->err, "is too little; at least 64M");
}

static int check_arm(struct plan_check *c, size_t i)
{
	static const char *const levels[] = { "", "4k", "2m", "1g" };
	const struct plan_arm *a = &c->p->arms[i];
	bool known = false;

	plan_check_at(c, "arms[%zu].name", i);
	if (check_word(c, a->name))
		return -EINVAL;
	if ((size_t)plan_arm(c->p, a->name) != i)
		return err_config(c->err, "'%s' is given twice; give one of them another name",
				  a->name);
	plan_check_at(c, "arms[%zu].kernel", i);
	if (check_kernel(c, a->kernel))
		return -EINVAL;
	plan_check_at(c, "arms[%zu].second-level", i);
	for (size_t k = 0; k < sizeof(levels) / sizeof(levels[0]); k++)
		known |= !strcmp(a->second_level, levels[k]);
	if (!known)
		return err_unknown(c->err, "page size", a->second_level, levels + 1,
				   sizeof(levels) / sizeof(levels[0]) - 1);
	plan_check_at(c, "arms[%zu].cmdline", i);
	if (!check_is_printable(a->cmdline))
		return err_config(c->err, "holds control characters");
	for (size_t k = 0; k < a->n_layouts; k++) {
		plan_check_at(c, "arms[%zu].layout[%zu]", i, k);
		if (check_word(c, a->layouts[k]))
			return -EINVAL;
	}
	return 0;
}

static int check_arms(struct plan_check *c)
{
	const struct plan *p = c->p;
	size_t baselines = 0;

	plan_check_at(c, "arms");
	if (p->n_arms < 2 || p->n_arms > PLAN_ARMS_MAX)
		return err_config(c->err, "there %s %zu; a comparison needs 2 to %d arms (or aa: true with one)",
				  p->n_arms == 1 ? "is" : "are", p->n_arms,
				  PLAN_ARMS_MAX);
	for (size_t i = 0; i < p->n_arms; i++) {
		if (check_arm(c, i))
			return -EINVAL;
		baselines += p->arms[i].baseline;
	}
	plan_check_at(c, "arms");
	if (baselines == 0)
		return err_config(c->err, "no arm is the baseline; mark one with baseline: true");
	if (baselines > 1)
		return err_config(c->err, "%zu arms are the baseline; only one can be",
				  baselines);
	return 0;
}

static int check_cells(struct plan_check *c)
{
	const struct plan *p = c->p;

	plan_check_at(c, "cells");
	if (p->n_cells < 1 || p->n_cells > CELLS_MAX)
		return err_config(c->err, "there are %zu; 1 to %d are allowed",
				  p->n_cells, CELLS_MAX);
	for (size_t i = 0; i < p->n_cells; i++) {
		const struct plan_cell *cell = &p->cells[i];

		plan_check_at(c, "cells[%zu].processes", i);
		if (check_range(c, cell->processes, 1, PROCESSES_MAX))
			return -EINVAL;
		plan_check_at(c, "cells[%zu].samples", i);
		if (check_range(c, cell->samples, 0, SAMPLES_MAX))
			return -EINVAL;
		plan_check_at(c, "cells[%zu].timeline", i);
		if (check_range(c, cell->timeline, 0, TIMELINE_MAX))
			return -EINVAL;
		plan_check_at(c, "cells[%zu].disturb", i);
		if (cell->disturb && p->profile)
			return err_config(c->err, "profile and disturb cannot be combined; leave one of them out");
		plan_check_at(c, "cells[%zu]", i);
		if (!check_is_printable(cell->id) || !check_is_printable(cell->backing) ||
		    !check_is_printable(cell->source) || !check_is_printable(cell->workload))
			return err_config(c->err, "holds control characters");
		if ((size_t)plan_cell(p, cell->id) != i)
			return err_config(c->err, "%s is given twice; remove one",
					  cell->id);
	}
	return 0;
}

static int check_gates(struct plan_check *c)
{
	const struct plan *p = c->p;

	plan_check_at(c, "gates");
	if (p->n_gates > PLAN_GATES_MAX)
		return err_config(c->err, "there are %zu; at most %d are allowed, since with more none could be detected",
				  p->n_gates, PLAN_GATES_MAX);
	for (size_t i = 0; i < p->n_gates; i++) {
		bool found = false;

		plan_check_at(c, "gates[%zu].metric", i);
		if (check_word(c, p->gates[i].metric))
			return -EINVAL;
		plan_check_at(c, "gates[%zu].cell", i);
		for (size_t k = 0; k < p->n_cells; k++)
			found |= !fnmatch(p->gates[i].cell, p->cells[k].id, 0);
		if (!found)
			return plan_unknown_cell(p, "", p->gates[i].cell, c->err);
	}
	return 0;
}

static int check_expect(struct plan_check *c)
{
	const struct plan *p = c->p;
	struct claim *claim;
	int ret = 0;

	for (size_t i = 0; !ret && i < p->n_expect; i++) {
		const struct plan_expect *e = &p->expect[i];

		plan_check_at(c, "expect[%zu]", i);
		if (!e->claim[0] || !check_is_printable(e->claim) || !check_is_printable(e->says))
			return err_config(c->err, "is empty or holds control characters");
		ret = claim_parse(e->claim, "claim", &claim, c->err);
		claim_free(claim);
	}
	return ret;
}

int plan_check_parts(struct plan_check *c)
{
	int ret = check_head(c);

	if (!ret)
		ret = check_arms(c);
	if (!ret)
		ret = check_cells(c);
	if (!ret)
		ret = check_machine(c);
	return ret ? ret : check_guest(c);
}

int plan_check_asked(struct plan_check *c)
{
	int ret = check_gates(c);

	return ret ? ret : check_expect(c);
}
