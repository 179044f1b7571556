/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "difference.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "marker.h"

#define KERNEL_SPACE 0xffff800000000000ULL
#define BELOW_4G 0x100000000ULL
#define WHY_DEPTH 160
#define UNKNOWN "[unknown]"

const char *why_side_name(enum why_side side)
{
	static const char *const names[] = {
		"machine's kernel", "machine's programs", "machine's firmware",
		"guest's kernel", "guest's programs", "guest's firmware",
	};

	return names[side];
}

static int difference_function_init(struct why_function *f, unsigned n_blocks)
{
	for (int a = 0; a < WHY_ARMS; a++) {
		f->count[a] = calloc(n_blocks, sizeof(double));
		if (!f->count[a])
			return -ENOMEM;
	}
	return 0;
}

static void difference_function_release(struct why_function *f)
{
	for (int a = 0; a < WHY_ARMS; a++)
		free(f->count[a]);
	hottest_function_release(&f->hot);
	free(f->name);
}

int why_init(struct why *w, unsigned n_blocks, struct err *err)
{
	*w = (struct why){ .n_blocks = n_blocks };
	w->blocks = calloc(n_blocks, sizeof(*w->blocks));
	if (!w->blocks)
		return err_sys(err, ENOMEM, "why");
	for (int a = 0; a < WHY_ARMS; a++) {
		w->things[a] = calloc(n_blocks, sizeof(double));
		w->total[a] = calloc(n_blocks, sizeof(double));
		if (!w->things[a] || !w->total[a])
			return err_sys(err, ENOMEM, "why");
	}
	return 0;
}

void why_block_release(struct why_block *b)
{
	calls_release(&b->calls);
	for (int a = 0; a < WHY_ARMS; a++)
		for (int side = 0; side < WHY_SIDES; side++)
			hottest_release(&b->hot[a][side]);
}

void why_release(struct why *w)
{
	for (unsigned b = 0; b < w->n_blocks && w->blocks; b++)
		why_block_release(&w->blocks[b]);
	free(w->blocks);
	for (size_t i = 0; i < w->n; i++)
		difference_function_release(&w->v[i]);
	for (size_t i = 0; i < 2 * w->n_map; i++)
		free(w->map[i]);
	for (int a = 0; a < WHY_ARMS; a++) {
		free(w->things[a]);
		free(w->total[a]);
		for (int side = 0; side < WHY_SIDES; side++)
			hottest_release(&w->hot[a][side]);
	}
	calls_release(&w->calls);
	free(w->v);
	free(w->slots);
	free(w->map);
	free(w->mapped);
	*w = (struct why){ 0 };
}

int why_map(struct why *w, const char *text, struct err *err)
{
	const char *eq = strchr(text, '=');
	bool *mapped;
	char **map;

	if (!eq || eq == text || !eq[1])
		return err_config(err, "--map %s: must be NAME=AS: in the baseline, NAME counts as AS",
				  text);
	map = realloc(w->map, (2 * w->n_map + 2) * sizeof(*map));
	if (!map)
		return err_sys(err, ENOMEM, "--map");
	w->map = map;
	mapped = realloc(w->mapped, (w->n_map + 1) * sizeof(*mapped));
	if (!mapped)
		return err_sys(err, ENOMEM, "--map");
	w->mapped = mapped;
	mapped[w->n_map] = false;
	map[2 * w->n_map] = strndup(text, eq - text);
	map[2 * w->n_map + 1] = strdup(eq + 1);
	w->n_map++;
	return map[2 * w->n_map - 2] && map[2 * w->n_map - 1] ? 0 : err_sys(err, ENOMEM, "--map");
}

/* --- adding ------------------------------------------------------------------------ */

static const char *difference_mapped(const struct why *w, enum why_arm arm, const char *name)
{
	for (size_t i = 0; arm == WHY_BASE && i < w->n_map; i++)
		if (!strcmp(w->map[2 * i], name)) {
			w->mapped[i] = true;
			return w->map[2 * i + 1];
		}
	return name;
}

void why_map_seen(const struct why *w, size_t map, bool seen[WHY_ARMS])
{
	seen[WHY_BASE] |= w->mapped[map];
	for (size_t i = 0; i < w->n; i++)
		if (!strcmp(w->v[i].name, w->map[2 * map + 1]))
			seen[WHY_OTHER] |= w->v[i].mean[WHY_OTHER] > 0;
}

static size_t difference_slot(const struct why *w, enum why_side side, const char *name)
{
	uint64_t h = 1469598103934665603ULL + side;
	size_t slot;

	for (const char *c = name; *c; c++)
		h = (h ^ (unsigned char)*c) * 1099511628211ULL;
	slot = h & (w->n_slots - 1);
	while (w->slots[slot] && (w->v[w->slots[slot] - 1].side != side ||
				  strcmp(w->v[w->slots[slot] - 1].name, name)))
		slot = (slot + 1) & (w->n_slots - 1);
	return slot;
}

static int difference_more_slots(struct why *w)
{
	free(w->slots);
	w->n_slots = w->n_slots ? 4 * w->n_slots : 4096;
	w->slots = calloc(w->n_slots, sizeof(*w->slots));
	if (!w->slots)
		return -ENOMEM;
	for (size_t i = 0; i < w->n; i++)
		w->slots[difference_slot(w, w->v[i].side, w->v[i].name)] = i + 1;
	return 0;
}

static struct why_function *difference_get(struct why *w, enum why_side side, const char *name)
{
	struct why_function *f;
	size_t slot;

	if (2 * w->n >= w->n_slots && difference_more_slots(w))
		return NULL;
	slot = difference_slot(w, side, name);
	if (w->slots[slot])
		return &w->v[w->slots[slot] - 1];
	if (w->n == w->room) {
		size_t room = w->room ? 2 * w->room : 256;

		f = realloc(w->v, room * sizeof(*f));
		if (!f)
			return NULL;
		w->v = f;
		w->room = room;
	}
	f = &w->v[w->n];
	*f = (struct why_function){ .side = side, .name = strdup(name) };
	if (!f->name || difference_function_init(f, w->n_blocks)) {
		difference_function_release(f);
		return NULL;
	}
	w->slots[slot] = ++w->n;
	return f;
}

/* Has the machine, or the guest, come from its firmware and its kernel's beginning to programs? */
static bool difference_runs_programs(const struct profile_region *r, bool guest)
{
	if (!r->phase)
		return true;
	return guest ? !strcmp(r->phase, "guest-programs")
		     : strcmp(r->phase, "firmware") && strcmp(r->phase, "kernel");
}

/* Programs that are linked at fixed addresses lie below 4G, as firmware does. */
static enum why_side difference_side_of(const struct profile_region *r,
					const struct profile_segment *s)
{
	if (s->vaddr >= KERNEL_SPACE)
		return s->guest ? WHY_GUEST_KERNEL : WHY_MUT_KERNEL;
	if (s->vaddr < BELOW_4G && !difference_runs_programs(r, s->guest))
		return s->guest ? WHY_GUEST_FIRMWARE : WHY_MUT_FIRMWARE;
	return s->guest ? WHY_GUEST_PROGRAMS : WHY_MUT_PROGRAMS;
}

static const struct symbols *difference_table(const struct why_symbols *s, enum why_side side)
{
	return side == WHY_MUT_KERNEL ? s->mut : side == WHY_GUEST_KERNEL ? s->guest :
	       side == WHY_GUEST_PROGRAMS ? s->program : NULL;
}

/* Is it known how far a region's program is from where it was linked? */
static bool difference_find_moved(const struct why_symbols *s, const struct profile_region *r,
				  uint64_t *moved)
{
	uint64_t place = s->program && r->here ? symbols_address(s->program, MARKER_PLACE) : 0;

	*moved = place ? r->here - place : 0;
	return place != 0;
}

/* The same place as its symbols know it. */
static uint64_t difference_linked(enum why_side side, uint64_t vaddr, uint64_t moved)
{
	return side == WHY_GUEST_PROGRAMS ? vaddr - moved : vaddr;
}

/* What programs load is at 0x7f..., they are not: without symbols these alone are told apart. */
static const char *difference_name_of(const struct symbols *table, enum why_side side,
				      uint64_t vaddr, uint64_t moved)
{
	const struct symbol *symbol = !table ? NULL :
		symbols_find(table, difference_linked(side, vaddr, moved));

	if (symbol)
		return symbol->name;
	if (side == WHY_MUT_KERNEL || side == WHY_GUEST_KERNEL)
		return "[no symbol]";
	if (side == WHY_MUT_FIRMWARE || side == WHY_GUEST_FIRMWARE)
		return "[firmware]";
	return vaddr >> 40 >= 0x7f ? "[libraries]" : "[program]";
}

static void difference_check_clock(struct why *w, const struct profile_region *r)
{
	int64_t above = r->total - r->clock;

	if (!r->clock)
		return;
	if (!w->n_clocked || above < w->above_least)
		w->above_least = above;
	if (!w->n_clocked || above > w->above_most)
		w->above_most = above;
	w->n_clocked++;
}

/* Is it an entry point of the kernel, where a complete stack begins? */
static bool difference_is_entry(const char *name)
{
	static const char *const begins[] = { "entry_", "asm_", "ret_from_fork", "common_interrupt" };

	for (size_t i = 0; i < sizeof(begins) / sizeof(*begins); i++)
		if (!strncmp(name, begins[i], strlen(begins[i])))
			return true;
	return false;
}

/* The path from the side down to the node; path[1] is the outermost function. */
static size_t difference_path(const struct why *w, enum why_arm arm,
			      const struct why_symbols *s, const struct profile_region *r,
			      uint32_t node, const char *path[WHY_DEPTH])
{
	enum why_side side = r->nodes[node].guest ? WHY_GUEST_KERNEL : WHY_MUT_KERNEL;
	size_t depth = 0, n = 0;
	const char *outermost;
	uint32_t i = node;

	for (uint32_t k = node; k != PROFILE_ROOT; k = r->nodes[k].parent)
		depth++;
	/* A stack that is too deep loses its outermost functions. */
	for (; depth > WHY_DEPTH - 2; depth--)
		i = r->nodes[i].parent;
	for (n = depth; i != PROFILE_ROOT; i = r->nodes[i].parent) {
		const struct profile_node *at = &r->nodes[i];

		path[1 + n--] = !at->addr ? UNKNOWN : difference_mapped(
			w, arm, difference_name_of(difference_table(s, side), side, at->addr, 0));
	}
	path[0] = why_side_name(side);
	outermost = depth ? path[2] : UNKNOWN;
	path[1] = difference_is_entry(outermost) ? path[0] : UNKNOWN;
	return depth + 2;
}

/* calls_add() merges a name that follows itself. */
static int difference_add_stacks(struct why *w, enum why_arm arm, unsigned block,
				 const struct why_symbols *s,
				 const struct profile_region *r)
{
	int ret = 0;

	for (size_t i = 0; i < r->n_stacks && !ret; i++) {
		const char *path[WHY_DEPTH];
		size_t n = difference_path(w, arm, s, r, r->stacks[i].node, path);

		ret = calls_add(&w->blocks[block].calls, arm, path, n, r->stacks[i].insns);
	}
	return ret;
}

static bool difference_has_stacks(const struct profile_region *r, enum why_side side)
{
	return r->n_stacks && (side == WHY_MUT_KERNEL || side == WHY_GUEST_KERNEL);
}

const char *why_unit(const struct why *w)
{
	static const char *const units[] = {
		[PROFILE_RUN] = "instructions", [PROFILE_LOADS] = "loads", [PROFILE_STORES] = "stores",
	};

	return *w->event ? "samples" : units[w->what];
}

/* Of a guest's kernel perf knows addresses alone. */
static const char *difference_sampled_name(const struct why_symbols *s,
					   const struct profile_function *f)
{
	uint64_t addr = f->guest && f->kernel ? strtoull(f->name, NULL, 16) : 0;
	const struct symbol *symbol = addr && s->guest ? symbols_find(s->guest, addr) : NULL;

	return symbol ? symbol->name : addr ? "[no symbol]" : f->name;
}

static int difference_add_samples(struct why *w, enum why_arm arm, unsigned block,
				  const struct why_symbols *s, const struct profile_region *r)
{
	if (r->event)
		snprintf(w->event, sizeof(w->event), "%s", r->event);
	for (size_t i = 0; i < r->n_functions; i++) {
		const struct profile_function *g = &r->functions[i];
		enum why_side side = g->guest ? (g->kernel ? WHY_GUEST_KERNEL : WHY_GUEST_PROGRAMS)
					      : (g->kernel ? WHY_MUT_KERNEL : WHY_MUT_PROGRAMS);
		const char *name = difference_mapped(w, arm, difference_sampled_name(s, g));
		struct why_function *f = difference_get(w, side, name);

		if (!f || calls_add(&w->blocks[block].calls, arm,
				    (const char *const[]){ why_side_name(side), name }, 2, g->samples))
			return -ENOMEM;
		f->count[arm][block] += g->samples;
		w->total[arm][block] += g->samples;
	}
	return 0;
}

/* A segment that begins where a function does is executed when it is entered. */
static void difference_add_exits(struct exits *e, const struct exits_places *p,
				 const struct profile_region *r)
{
	exits_look(e, p);
	for (size_t i = 0; i < r->n; i++) {
		const struct profile_segment *g = &r->segments[i];

		if (g->what == PROFILE_RUN && !g->guest && g->vaddr >= KERNEL_SPACE)
			exits_add(e, p, g->vaddr, g->times);
	}
}

/* Each instruction of a segment, which is long as its sizes say. */
static int difference_add_places(struct hottest *h, const struct profile_segment *g,
				 uint64_t addr, struct err *err)
{
	int ret = 0;

	if (!g->sizes)
		return err_config(err, "the plugin that counted did not note where each instruction is; "
				  "run the campaign again to see lines");
	for (uint32_t i = 0; i < g->insns && !ret; i++) {
		ret = hottest_add(h, addr, g->times);
		addr += g->sizes >> 4 * i & 15;
	}
	return ret ? err_sys(err, -ret, "why") : 0;
}

int why_add(struct why *w, enum why_arm arm, unsigned block,
	    const struct why_symbols *s, const struct profile_region *r,
	    struct err *err)
{
	struct why_block *at = &w->blocks[block];
	uint64_t moved;
	bool placed = difference_find_moved(s, r, &moved), run = w->what == PROFILE_RUN;

	if (!run && !r->memory)
		return err_config(err, "%s were not counted; a campaign with profile: memory, or "
				  "kduel run --why=memory, counts them", why_unit(w));
	for (size_t i = 0; i < r->n; i++) {
		const struct profile_segment *g = &r->segments[i];
		enum why_side side = difference_side_of(r, g);
		const struct symbols *table = side == WHY_GUEST_PROGRAMS && !placed ? NULL :
			difference_table(s, side);
		const char *name = difference_name_of(table, side, g->vaddr, moved);
		struct why_function *f;

		if (g->what != w->what)
			continue;
		f = difference_get(w, side, difference_mapped(w, arm, name));
		if (!f)
			return err_sys(err, ENOMEM, "why");
		f->count[arm][block] += (double)g->insns * g->times;
		w->total[arm][block] += (double)g->insns * g->times;
		if (!(run && difference_has_stacks(r, side)) &&
		    calls_add(&at->calls, arm, (const char *const[]){ why_side_name(side), f->name },
			      2, (double)g->insns * g->times))
			return err_sys(err, ENOMEM, "why");
		if (run && w->n_hot && table &&
		    difference_add_places(&at->hot[arm][side], g,
					      difference_linked(side, g->vaddr, moved), err))
			return err->code;
	}
	if (difference_add_samples(w, arm, block, s, r))
		return err_sys(err, ENOMEM, "why");
	if (run && difference_add_stacks(w, arm, block, s, r))
		return err_sys(err, ENOMEM, "why");
	w->things[arm][block] += r->things;
	w->n_things[arm] += r->things;
	w->entries[arm] += r->entries;
	w->rest[arm] += r->rest[0] + r->rest[1];
	if (s->exits)
		difference_add_exits(&w->exits[arm], s->exits, r);
	for (int guest = 0; guest < 2; guest++) {
		w->bytes[arm][guest] += r->bytes[guest];
		w->pages[arm][guest] += r->pages[guest];
	}
	w->memory |= r->memory;
	if (run)
		difference_check_clock(w, r);
	return 0;
}
