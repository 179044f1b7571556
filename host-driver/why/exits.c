/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "exits.h"

#include <stdlib.h>
#include <string.h>

#define EXITS_NAMES 64		/* room for all causes' functions */

/* arch/x86/kvm/svm/svm.c, svm_exit_handlers[], and mmu/mmu.c of Linux 5.10 to 7.2. */
const struct exits_cause exits_causes[EXITS_CAUSES] = {
	{ false, "second-level fault", "npf_interception" },
	{ false, "port", "io_interception" },
	{ false, "model-specific register", "msr_interception" },
	{ false, "halt", "kvm_emulate_halt" },
	{ false, "interrupt of the machine", "intr_interception" },
	{ false, "NMI of the machine", "nmi_interception" },
	{ false, "guest ready for an interrupt", "interrupt_window_interception" },
	{ false, "return from an interrupt", "iret_interception" },
	{ false, "CPUID", "kvm_emulate_cpuid" },
	{ false, "hypercall", "kvm_emulate_hypercall" },
	{ false, "control register", "cr_interception cr8_write_interception cr_trap" },
	{ false, "debug register", "dr_interception" },
	{ false, "exception", "pf_interception ud_interception gp_interception "
	  "db_interception bp_interception ac_interception nm_interception mc_interception" },
	{ false, "pause", "pause_interception" },
	{ false, "page invalidated", "invlpg_interception invlpga_interception invpcid_interception" },
	{ false, "cache written back", "kvm_emulate_wbinvd wbinvd_interception kvm_emulate_invd" },
	{ false, "performance counter", "kvm_emulate_rdpmc rdpmc_interception" },
	{ false, "extended control register", "kvm_emulate_xsetbv xsetbv_interception" },
	{ true, "of memory", "kvm_tdp_page_fault" },
	{ true, "mapped", "kvm_tdp_mmu_map direct_map __direct_map" },
};

/* GCC's variants of a function count as it; a part of it that was put elsewhere does not. */
static size_t exits_stem(const char *function)
{
	size_t len = strcspn(function, ".");

	return strstr(function, ".cold") || strstr(function, ".part") ? 0 : len;
}

struct exits_name {
	const char *at;
	size_t len;
	int cause;
};

static int exits_by_name(const void *a, const void *b)
{
	const struct exits_name *x = a, *y = b;
	int order = memcmp(x->at, y->at, x->len < y->len ? x->len : y->len);

	return order ? order : (x->len > y->len) - (x->len < y->len);
}

static size_t exits_split(struct exits_name names[static EXITS_NAMES])
{
	size_t n = 0;

	for (int i = 0; i < EXITS_CAUSES; i++)
		for (const char *at = exits_causes[i].functions; *at && n < EXITS_NAMES;) {
			size_t len = strcspn(at, " ");

			names[n++] = (struct exits_name){ at, len, i };
			at += len + strspn(at + len, " ");
		}
	qsort(names, n, sizeof(*names), exits_by_name);
	return n;
}

/* By a sorted table: it is asked for each of a kernel's 30,000 functions, once a kernel. */
static int exits_of(const char *function)
{
	static struct exits_name names[EXITS_NAMES];
	static size_t n;
	struct exits_name like = { function, exits_stem(function), -1 }, *found;

	if (!n)
		n = exits_split(names);
	found = bsearch(&like, names, n, sizeof(*names), exits_by_name);
	return found ? found->cause : -1;
}

void exits_find(struct exits_places *p, const struct symbols *s)
{
	p->n = 0;
	for (size_t i = 0; i < s->n && p->n < EXITS_PLACES; i++) {
		int cause = exits_of(s->v[i].name);

		if (cause >= 0)
			p->v[p->n++] = (struct exits_place){ s->v[i].addr, cause };
	}
}

void exits_look(struct exits *e, const struct exits_places *p)
{
	e->looked = true;
	for (size_t i = 0; i < p->n; i++)
		e->known[p->v[i].cause] = true;
}

static int exits_by_address(const void *key, const void *place)
{
	uint64_t a = *(const uint64_t *)key, b = ((const struct exits_place *)place)->addr;

	return (a > b) - (a < b);
}

void exits_add(struct exits *e, const struct exits_places *p, uint64_t addr, uint64_t times)
{
	const struct exits_place *at = bsearch(&addr, p->v, p->n, sizeof(*at), exits_by_address);

	if (at)
		e->n[at->cause] += times;
}

double exits_others(const struct exits *e, double entries)
{
	for (int i = 0; i < EXITS_CAUSES; i++)
		if (!exits_causes[i].fault)
			entries -= e->n[i];
	return entries;
}
