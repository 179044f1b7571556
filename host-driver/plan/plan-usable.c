/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds what is impossible without booting: names that are in no table, and
 * sizes that do not fit.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backing/device.h"
#include "bench/bench.h"
#include "bench/params.h"
#include "bench/source.h"
#include "bench/workload.h"
#include "conf.h"
#include "data.h"
#include "plan-make.h"
#include "size.h"

#define KNOWN_MAX 64
#define M1 (1ull << 20)
#define M2 (2ull << 20)

/* 1/32 of a pmem device goes to the file system and to struct pages. */
#define PMEM_SHARE 32
#define PMEM_FIXED (96 * M1)

/* What a kernel and its initramfs take of a machine's and of a guest's memory, bytes. */
#define MACHINE_OWN (128 * M1)
/*
 * Memory of which hugetlb-1g gets no page: none is whole below 2G, where firmware and kernel
 * lie (RAM beyond that begins at 4G), and from the last two the kernel takes its tables.
 */
#define MACHINE_OWN_1G (4096 * M1)
#define GUEST_OWN (32 * M1)

static int usable_word(struct plan_check *c, const char *what, const char *word,
		       const char *const *known, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(known[i], word))
			return 0;
	return err_unknown(c->err, what, word, known, n);
}

/* --- kernels ---------------------------------------------------------------- */

/* Keep in step with kernel_set_layout(). */
static int usable_layouts(struct plan_check *c, size_t arm)
{
	static const char *const known[] = { "default", "16", "32", "64", "128" };
	const struct plan_arm *a = &c->p->arms[arm];
	int ret = 0;

	for (size_t i = 0; !ret && i < a->n_layouts; i++) {
		plan_check_at(c, "arms[%zu].layout[%zu]", arm, i);
		ret = usable_word(c, "layout", a->layouts[i], known,
				  sizeof(known) / sizeof(known[0]));
	}
	return ret;
}

static int usable_kernel(struct plan_check *c, const char *name)
{
	char *path;
	int ret = data_find(DATA_KERNEL, name, plan_beside(c->p), &path, c->err);

	free(path);
	return ret;
}

static int usable_kernels(struct plan_check *c)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < c->p->n_arms; i++) {
		plan_check_at(c, "arms[%zu].kernel", i);
		ret = usable_kernel(c, c->p->arms[i].kernel);
		if (!ret)
			ret = usable_layouts(c, i);
	}
	if (!ret) {
		plan_check_at(c, "guest.kernel");
		ret = usable_kernel(c, c->p->guest.kernel);
	}
	return ret;
}

/* --- words of cells --------------------------------------------------------- */

static int usable_backing(struct plan_check *c, const char *word)
{
	const char *known[KNOWN_MAX];
	size_t n = 0;

	for (; backing_kinds[n] && n < KNOWN_MAX; n++)
		known[n] = backing_kinds[n]->name;
	return usable_word(c, "backing", word, known, n);
}

static int usable_source(struct plan_check *c, const char *word)
{
	const char *known[KNOWN_MAX];
	size_t n = 0;

	for (const struct source *s = sources; s->name && n < KNOWN_MAX; s++)
		known[n++] = s->name;
	return usable_word(c, "source", word, known, n);
}

static int usable_workload(struct plan_check *c, const char *word)
{
	const char *known[KNOWN_MAX];
	size_t n = 0;

	for (; workloads[n] && n < KNOWN_MAX; n++)
		known[n] = workloads[n]->name;
	return usable_word(c, "workload", word, known, n);
}

static int usable_words(struct plan_check *c, size_t i)
{
	const struct plan_cell *cell = &c->p->cells[i];
	int ret;

	plan_check_at(c, "cells[%zu].backing", i);
	ret = usable_backing(c, cell->backing);
	if (ret)
		return ret;
	plan_check_at(c, "cells[%zu].source", i);
	ret = usable_source(c, cell->source);
	if (ret)
		return ret;
	plan_check_at(c, "cells[%zu].workload", i);
	return usable_workload(c, cell->workload);
}

/* --- memory ----------------------------------------------------------------- */

static uint64_t usable_round_up(uint64_t size, uint64_t page)
{
	return (size + page - 1) / page * page;
}

struct bench_asked plan_asked(const struct plan *p, const struct plan_cell *cell,
			      const struct workload *w, const struct source *s,
			      const struct params *params)
{
	return (struct bench_asked){
		.params = params, .page = s->page, .cpus = p->guest.cpus,
		.samples = workload_samples(w, cell->samples),
	};
}

/* A cell's buffers, in whole pages of their source, and the guest's kernel must fit. */
static int usable_buffers(struct plan_check *c, size_t cell, const struct workload *w,
			  const struct source *s, const struct bench_asked *a)
{
	const json_t *given = c->p->cells[cell].params;
	const struct value *v = params_find(a->params, "size");
	unsigned n = w->buffers ? w->buffers : 1;
	uint64_t bytes = w->bytes ? w->bytes(a) : v && v->param->type == PARAM_SIZE ? v->hi : 0;
	uint64_t room = c->p->guest.memory;
	/* The guest's kernel lies in the first page, however large it is. */
	uint64_t own = s->page > GUEST_OWN ? s->page : GUEST_OWN;
	char size[SIZE_TEXT_MAX], all[SIZE_TEXT_MAX], page[SIZE_TEXT_MAX];

	if (s->path || !bytes)
		return 0;
	plan_check_at(c, "cells[%zu].%s", cell,
		      json_object_get(given, "size") ? "params.size" : "workload");
	if (bytes <= room && n * usable_round_up(bytes, s->page) + own <= room)
		return 0;
	size_format(v && v->hi ? v->hi : bytes, size);
	size_format(room, all);
	size_format(s->page, page);
	if (n > 1)
		return err_config(c->err, "%u buffers of %s do not fit in guest.memory, %s",
				  n, size, all);
	if (!v)
		return err_config(c->err, "the %s that %s walks do not fit in guest.memory, %s", size,
				  w->name, all);
	if (bytes >= room)
		return err_config(c->err, "%s does not fit in guest.memory, %s", size, all);
	return err_config(c->err, "%s in pages of %s do not fit in guest.memory, %s, of which the guest's kernel needs %u MiB",
			  size, page, all, (unsigned)(own / M1));
}

/* Each thread needs a vCPU of its own, else the workload refuses to run. */
static int usable_threads(struct plan_check *c, size_t cell, const struct params *p)
{
	const struct value *v = params_find(p, "threads");

	if (!v || v->param->type != PARAM_COUNT || v->hi <= c->p->guest.cpus)
		return 0;
	plan_check_at(c, "cells[%zu].params.threads", cell);
	return err_config(c->err, "%llu threads are more than guest.cpus, %u",
			  (unsigned long long)v->hi, c->p->guest.cpus);
}

/* The workload's own checks of its parameters and its source. */
static int usable_checked(struct plan_check *c, size_t i, const struct workload *w,
			  const struct source *s, const struct bench_asked *a)
{
	const struct plan_cell *cell = &c->p->cells[i];
	char field[PARAM_FIELD_MAX] = "";
	int ret;

	plan_check_at(c, "cells[%zu].source", i);
	if (w->sourceless != !strcmp(cell->source, "own"))
		return err_config(c->err, w->sourceless
				  ? "workload %s has its own memory; leave source out"
				  : "workload %s needs memory from a source; own is for workloads that have their own",
				  w->name);
	ret = bench_check_asked(w, s, a, field, c->err);
	if (ret)
		plan_check_at(c, "cells[%zu].params%s%s", i, *field ? "." : "", field);
	return ret;
}

static int usable_params(struct plan_check *c, size_t i)
{
	const struct plan_cell *cell = &c->p->cells[i];
	struct bench_asked a;
	const struct workload *w;
	const struct source *s;
	struct params p;
	const char *key;
	json_t *value;
	int ret = workload_find(cell->workload, &w, c->err);

	if (!ret)
		ret = source_find(cell->source, &s, c->err);
	if (!ret)
		ret = params_init(&p, w, c->err);
	if (ret)
		return ret;
	a = plan_asked(c->p, cell, w, s, &p);
	json_object_foreach(cell->params, key, value) {
		plan_check_at(c, "cells[%zu].params.%.64s", i, key);
		ret = json_is_string(value) ? params_set(&p, key, json_string_value(value), c->err)
					    : params_set_tree(&p, key, value, c->err);
		if (ret)
			break;
	}
	if (!ret)
		ret = usable_threads(c, i, &p);
	if (!ret)
		ret = usable_buffers(c, i, w, s, &a);
	if (!ret)
		ret = usable_checked(c, i, w, s, &a);
	params_release(&p);
	return ret;
}

/* --- parameters of backings --------------------------------------------------- */

static int usable_has_param(const struct backing_kind *k, const char *key, struct err *err)
{
	size_t n = 0;

	for (; k->params && k->params[n]; n++)
		if (!strcmp(k->params[n], key))
			return 0;
	if (!n)
		return err_config(err, "backing %s has no parameters", k->name);
	return err_unknown(err, "parameter", key, k->params, n);
}

/* The alignment of a cell's backing in persistent memory, in bytes; 0: not given. */
static uint64_t usable_align(const struct plan_cell *cell)
{
	const char *text = json_string_value(json_object_get(cell->backing_params, "align"));
	uint64_t bytes = 0;

	return text && !size_parse(text, &bytes, NULL) ? bytes : 0;
}

static bool usable_is_folder(const struct plan *p, const struct plan_cell *cell)
{
	const char *device = plan_cell_device(p, cell);
	enum device_kind kind;

	return device && !device_parse(device, &kind, NULL) && kind == DEVICE_FOLDER;
}

static int usable_backing_params(struct plan_check *c, size_t i)
{
	const struct plan_cell *cell = &c->p->cells[i];
	const struct backing_kind *k;
	const char *key;
	json_t *value;
	int ret = backing_find(cell->backing, &k, c->err);

	if (ret)
		return ret;
	json_object_foreach(cell->backing_params, key, value) {
		plan_check_at(c, "cells[%zu].backing-params.%.64s", i, key);
		ret = usable_has_param(k, key, c->err);
		if (ret)
			return ret;
		if (!strcmp(key, "align") && page_of_bytes(usable_align(cell)) < 0)
			return err_config(c->err, "'%.40s' is not one of 4K, 2M, 1G",
					  json_string_value(value));
		if (!strcmp(key, "device") && device_suits(k, json_string_value(value), c->err))
			return -EINVAL;
		if (strcmp(key, "device") && usable_is_folder(c->p, cell))
			return err_config(c->err, "has no effect in a folder, whose file system stays as it is; leave it out");
	}
	return 0;
}

uint64_t plan_next_pmem(const struct plan *p)
{
	const struct backing_kind *k;

	for (size_t i = 0; p->guest.pmem && i < p->n_cells; i++)
		if (!backing_find(p->cells[i].backing, &k, NULL) && k->guest_pmem_apart)
			return p->guest.pmem + PMEM_FIXED +
			       (usable_align(&p->cells[i]) > M2 ? usable_align(&p->cells[i]) : 0);
	return 0;
}

/* Checks that a guest in persistent memory fits. */
static int usable_pmem(struct plan_check *c, const struct backing_kind *k,
		       const struct plan_cell *cell)
{
	const struct plan_machine *m = &c->p->machine;
	uint64_t guest = c->p->guest.memory + (k->guest_pmem_apart ? 0 : c->p->guest.pmem);
	uint64_t align = usable_align(cell);
	/* The header before an aligned start takes a whole page of that size. */
	uint64_t need = guest + guest / PMEM_SHARE + (align > PMEM_FIXED ? align : PMEM_FIXED);
	char a[SIZE_TEXT_MAX], b[SIZE_TEXT_MAX], d[SIZE_TEXT_MAX];

	if (m->kind->has_kernel && !m->kind->sized) {
		plan_check_at(c, "machine.device");
		return plan_cell_device(c->p, cell) ? device_suits(k, plan_cell_device(c->p, cell), c->err) :
		       err_config(c->err, "missing: backing %s overwrites a device; name one that holds nothing you need (namespace0.0)",
				  k->name);
	}
	if (!m->kind->sized)
		return 0;
	plan_check_at(c, "guest.memory");
	if (need > m->pmem)
		return err_config(c->err, "%s with its file system does not fit in machine.pmem, %s; make that at least %s",
				  size_format(guest, a), size_format(m->pmem, b),
				  size_format(usable_round_up(need, M1), d));
	plan_check_at(c, "machine.pmem");
	if (m->pmem >= k->pmem_least)
		return 0;
	return err_config(c->err, "%s is too little for backing %s; make it at least %s",
			  size_format(m->pmem, a), k->name, size_format(k->pmem_least, b));
}

static int usable_ram(struct plan_check *c, const struct backing_kind *k)
{
	const struct plan_machine *m = &c->p->machine;
	uint64_t guest = c->p->guest.memory + c->p->guest.pmem;
	uint64_t own = k->page > M2 ? MACHINE_OWN_1G : MACHINE_OWN;
	char a[SIZE_TEXT_MAX], b[SIZE_TEXT_MAX], d[SIZE_TEXT_MAX];

	if (!m->kind->sized || guest + own <= m->memory)
		return 0;
	plan_check_at(c, "guest.memory");
	return err_config(c->err, "%s in backing %s does not fit in machine.memory, %s; make that at least %s",
			  size_format(guest, a), k->name, size_format(m->memory, b),
			  size_format(guest + own, d));
}

static int usable_guest(struct plan_check *c, const struct plan_cell *cell)
{
	const struct backing_kind *k;
	uint64_t page;
	char a[SIZE_TEXT_MAX], b[SIZE_TEXT_MAX];
	int ret = backing_find(cell->backing, &k, c->err);

	if (ret)
		return ret;
	page = k->page > M2 ? k->page : M2;
	/* A device is mapped in units of its alignment, and QEMU maps all of it. */
	if (k->pmem && k->page && usable_align(cell) > page)
		page = usable_align(cell);
	plan_check_at(c, "guest.memory");
	if (c->p->guest.memory % page)
		return err_config(c->err, "%s is not a multiple of %s, which backing %s needs",
				  size_format(c->p->guest.memory, a),
				  size_format(page, b), k->name);
	plan_check_at(c, "guest.pmem");
	if (c->p->guest.pmem % (64 * M1))
		return err_config(c->err, "%s is not a multiple of 64M", size_format(c->p->guest.pmem, a));
	if (c->p->guest.pmem && !k->guest_pmem)
		return err_config(c->err, "backing %s cannot hold a guest's NVDIMM, which needs a second file", k->name);
	if (k->page && c->p->guest.pmem % page)
		return err_config(c->err, "%s is not a multiple of %s, which backing %s needs",
				  size_format(c->p->guest.pmem, a), size_format(page, b), k->name);
	if (c->p->guest.pmem && k->guest_pmem_apart && !c->p->machine.kind->sized)
		return err_config(c->err, "a guest's NVDIMM on backing %s takes a second namespace, which only machines of kind vm get; leave it out, or take a file: fsdax-xfs",
				  k->name);
	if (c->p->guest.pmem == c->p->guest.memory && !k->pmem)
		return err_config(c->err, "%s is as large as guest.memory, and backing %s has no names by which the two could be told apart",
				  size_format(c->p->guest.pmem, a), k->name);
	return k->pmem ? usable_pmem(c, k, cell) : usable_ram(c, k);
}

/* Shifted guest memory begins with 64M that are not shifted; splitting needs a DAX file. */
static int usable_states(struct plan_check *c)
{
	const struct plan *p = c->p;
	const struct backing_kind *k;

	for (size_t i = 0; i < p->n_arms; i++) {
		plan_check_at(c, "arms[%zu].control", i);
		if (p->arms[i].control == CONTROL_SHIFT_4K && p->guest.memory <= 128 * M1)
			return err_config(c->err, "shift-4k needs a guest of more than 128M");
		if (p->arms[i].control && p->profile)
			return err_config(c->err, "profile and control cannot be combined; leave one of them out");
	}
	for (size_t i = 0; i < p->n_cells; i++) {
		plan_check_at(c, "cells[%zu].disturb", i);
		if (p->cells[i].disturb == DISTURB_SPLIT &&
		    (backing_find(p->cells[i].backing, &k, NULL) || !k->pmem || !k->variant))
			return err_config(c->err, "split needs memory in a DAX file: backing fsdax-xfs or fsdax-ext4");
	}
	return 0;
}

static int usable_cells(struct plan_check *c)
{
	const struct plan *p = c->p;
	int ret = 0;

	for (size_t i = 0; !ret && i < p->n_cells; i++) {
		ret = usable_words(c, i);
		if (!ret)
			ret = usable_params(c, i);
		if (!ret)
			ret = usable_backing_params(c, i);
		if (!ret)
			ret = usable_guest(c, &p->cells[i]);
	}
	if (ret || !p->machine.kind->sized || p->guest.cpus <= p->machine.cpus)
		return ret;
	plan_check_at(c, "guest.cpus");
	return err_config(c->err, "%u are more than machine.cpus, %u", p->guest.cpus,
			  p->machine.cpus);
}

static int usable_accel(struct plan_check *c)
{
	const struct plan_machine *m = &c->p->machine;

	plan_check_at(c, "machine.accel");
	if (m->accel == ACCEL_AUTO || m->kind->sized)
		return 0;
	return err_config(c->err, "can only be chosen for kind: vm, not for kind: %s",
			  m->kind->name);
}

int plan_check_usable(struct plan_check *c)
{
	int ret = usable_accel(c);

	if (!ret)
		ret = usable_kernels(c);
	if (!ret)
		ret = usable_cells(c);
	return ret ? ret : usable_states(c);
}
