/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gather.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "profile.h"
#include "safe.h"
#include "store/record.h"

#define SERIES_MOST 4096	/* of a cell */

/* A boot that was profiled. */
struct gather_boot {
	unsigned boot, block;
	unsigned arm;
	char *file;
	char hash[FILE_HASH_MAX];
};

/* The metric of a cell's series number, counted in the order of its samples. */
struct gather_metric {
	char *cell, *metric;
	unsigned boot, series;
	bool bytes;		/* what it counts: "GB/s" */
};

/* A kernel that was booted, or the program of the workloads. */
struct gather_kernel {
	char *hash, *path;
	struct symbols symbols;
	struct exits_places exits;
	char *debug;		/* file with debug information; NULL: none */
};

struct gather {
	const struct plan *plan;
	const char *folder;
	const struct why_request *rq;
	struct why_groups *g;
	struct gather_boot *boots;
	struct gather_metric *metrics;
	struct gather_kernel *kernels;
	size_t n_boots, n_metrics, n_kernels;
	unsigned n_blocks, ended;
	size_t *of_arm;		/* 1 + its place among kernels; 0: none was booted */
	size_t guest, program;	/* the same */
};

/* Grows an array of `n` items of `size` bytes by one, which is zeroed. */
static void *gather_more(void **v, size_t *n, size_t size)
{
	void *bigger = realloc(*v, (*n + 1) * size);

	if (!bigger)
		return NULL;
	*v = bigger;
	return memset((char *)bigger + (*n)++ * size, 0, size);
}

/* --- what the journal says -------------------------------------------------------- */

static int gather_boot(struct gather *w, const struct record *r,
		       const struct store_place *at, struct err *err)
{
	struct gather_boot *b;

	w->ended++;
	if (at->block > w->n_blocks)
		w->n_blocks = at->block;
	if (!r->profile || strcmp(r->class, "ok"))
		return 0;
	b = gather_more((void **)&w->boots, &w->n_boots, sizeof(*b));
	if (!b)
		return err_sys(err, ENOMEM, "why");
	*b = (struct gather_boot){ .boot = at->boot, .block = at->block, .arm = at->arm,
				   .file = strdup(r->profile) };
	snprintf(b->hash, sizeof(b->hash), "%s", r->profile_hash);
	return b->file ? 0 : err_sys(err, ENOMEM, "why");
}

static bool gather_is_of_bytes(const char *unit)
{
	size_t len = unit ? strlen(unit) : 0;

	return len >= 3 && !strcmp(unit + len - 3, "B/s");
}

static int gather_sample(struct gather *w, const struct record *r,
			 const struct store_place *at, struct err *err)
{
	record_point point;
	struct gather_metric *m;
	unsigned series = 0;

	if (r->process != 1)
		return 0;
	for (size_t i = 0; i < w->n_metrics; i++)
		if (!strcmp(w->metrics[i].cell, r->cell)) {
			if (w->metrics[i].boot != at->boot)
				return 0;
			series++;
		}
	m = gather_more((void **)&w->metrics, &w->n_metrics, sizeof(*m));
	if (!m)
		return err_sys(err, ENOMEM, "why");
	record_point_text(r->point, point);
	*m = (struct gather_metric){ .boot = at->boot, .series = series,
				     .cell = strdup(r->cell) };
	m->bytes = gather_is_of_bytes(r->unit);
	if (!m->cell || asprintf(&m->metric, "%s%s%s", r->metric, *point ? " " : "",
				 point) < 0)
		return err_sys(err, ENOMEM, "why");
	return 0;
}

static int gather_record(void *arg, const struct record *r, const struct store_place *at,
			 struct err *err)
{
	if (r->type == RECORD_BOOT_END)
		return gather_boot(arg, r, at, err);
	return r->type == RECORD_SAMPLE ? gather_sample(arg, r, at, err) : 0;
}

/* --- kernels ------------------------------------------------------------------------ */

typedef int (*gather_symbols_fn)(struct symbols *s, const char *path, struct err *err);

/* The symbols of the image that was booted, or the program, and of no other; 1 + its place. */
static int gather_symbols(struct gather *w, const struct profile_kernel *k, unsigned boot,
			  gather_symbols_fn of, size_t *which, struct err *err)
{
	struct gather_kernel *have;
	char hash[FILE_HASH_MAX];
	int ret;

	if (!k->path)
		return err_config(err, "boot %u: its file does not say which kernels ran", boot);
	for (*which = 1; *which <= w->n_kernels; (*which)++)
		if (!strcmp(w->kernels[*which - 1].hash, k->sha256))
			return 0;
	ret = file_hash(k->path, hash, err);
	if (!ret && strcmp(hash, k->sha256))
		ret = err_config(err, "the image was replaced since (its SHA-256 is %.12s, not %.12s)",
				 hash, k->sha256);
	if (ret) {
		err_prefix(err, "no symbols: boot %u ran %s", boot, k->path);
		return ret;
	}
	have = gather_more((void **)&w->kernels, &w->n_kernels, sizeof(*have));
	if (have) {
		have->hash = strdup(k->sha256);
		have->path = strdup(k->path);
	}
	if (!have || !have->hash || !have->path)
		return err_sys(err, ENOMEM, "why");
	ret = of(&have->symbols, k->path, err);
	if (!ret)
		exits_find(&have->exits, &have->symbols);
	return ret;
}

/* A program that is gone, or stripped, leaves its instructions without names, which is no error. */
static void gather_program(struct gather *w, const struct profile_kernel *k, unsigned boot)
{
	size_t which;

	w->program = 0;
	if (k->path && !gather_symbols(w, k, boot, symbols_of_program, &which, NULL))
		w->program = which;
}

/* --- debug information ---------------------------------------------------------------- */

/* Both have the same functions at the same places, or one is not the other. */
static int gather_check_vmlinux(const struct gather_kernel *k, const char *path, struct err *err)
{
	struct symbols s = SYMBOLS_INIT;
	char *text;
	size_t size;
	int ret = file_read(path, &text, &size, err);
	bool same;

	if (ret)
		return ret;
	ret = symbols_of_kernel(&s, (const uint8_t *)text, size, err);
	free(text);
	same = !ret && s.n == k->symbols.n;
	for (size_t i = 0; i < s.n && same; i++)
		same = s.v[i].addr == k->symbols.v[i].addr &&
		       !strcmp(s.v[i].name, k->symbols.v[i].name);
	symbols_release(&s);
	if (ret)
		err_prefix(err, "%s", path);
	else if (!same)
		ret = err_config(err, "%s is another kernel's than %s: its functions are at other addresses",
				 path, k->path);
	return ret;
}

/* The cache keeps a kernel's vmlinux beside it if it was built with debug information. */
static char *gather_beside(const struct gather_kernel *k)
{
	const char *slash = strrchr(k->path, '/');
	char *path = text_format("%.*svmlinux", slash ? (int)(slash + 1 - k->path) : 0, k->path);

	if (!access(path, R_OK))
		return path;
	free(path);
	return NULL;
}

/* What "ARM=FILE" means; 0: no such arm was booted. */
static size_t gather_named(const struct gather *w, const char *text, size_t len)
{
	for (unsigned a = 0; a < w->plan->n_arms; a++)
		if (strlen(w->plan->arms[a].name) == len && !strncmp(w->plan->arms[a].name, text, len))
			return w->of_arm[a];
	return len == strlen("guest") && !strncmp(text, "guest", len) ? w->guest : 0;
}

static int gather_debug(struct gather *w, struct err *err)
{
	int ret = 0;

	for (size_t i = 0; i < w->rq->n_vmlinux && !ret; i++) {
		const char *text = w->rq->vmlinux[i], *eq = strchr(text, '=');
		size_t which = eq ? gather_named(w, text, eq - text) : 0;
		struct gather_kernel *k = which ? &w->kernels[which - 1] : NULL;

		if (!k)
			return err_config(err, "--vmlinux %s: ARM=FILE or guest=FILE is wanted, of an arm that was booted",
					  text);
		free(k->debug);
		k->debug = text_format("%s", eq + 1);
		ret = gather_check_vmlinux(k, k->debug, err);
	}
	for (size_t i = 0; i < w->n_kernels && !ret; i++)
		if (!w->kernels[i].debug)
			w->kernels[i].debug = i + 1 == w->program ? text_format("%s", w->kernels[i].path)
								  : gather_beside(&w->kernels[i]);
	return ret;
}

static const struct symbols *gather_symbols_at(const struct gather *w, size_t which)
{
	return which ? &w->kernels[which - 1].symbols : NULL;
}

static struct why_symbols gather_symbols_of(const struct gather *w, unsigned arm)
{
	size_t mut = w->of_arm[arm];

	return (struct why_symbols){
		.mut = gather_symbols_at(w, mut), .exits = mut ? &w->kernels[mut - 1].exits : NULL,
		.guest = gather_symbols_at(w, w->guest), .program = gather_symbols_at(w, w->program),
	};
}

static const char *gather_debug_at(const struct gather *w, size_t which)
{
	return which ? w->kernels[which - 1].debug : NULL;
}

static int gather_lines(struct gather *w, struct err *err)
{
	int ret = gather_debug(w, err);

	for (size_t i = 0; i < w->g->n && !ret; i++) {
		struct why_group *g = &w->g->v[i];
		struct why_debug d = { .guest = gather_debug_at(w, w->guest),
				       .program = gather_debug_at(w, w->program) };

		for (int a = 0; a < WHY_ARMS; a++) {
			unsigned arm = a == WHY_OTHER ? g->arm :
				       (unsigned)(plan_baseline(w->plan) - w->plan->arms);

			d.mut[a] = gather_debug_at(w, w->of_arm[arm]);
			d.symbols[a] = gather_symbols_of(w, arm);
		}
		if (!g->error.code)
			why_find_hottest(&g->why, &d);
	}
	return ret;
}

/* --- groups ----------------------------------------------------------------------- */

/*
 * "ns_per_page_again" is per page, a rate of bytes per byte; "ns_per_", which a program of the
 * user's may have, per thing.
 */
static void gather_thing(struct why_group *g, bool bytes)
{
	const char *per = strstr(g->metric, "_per_");

	snprintf(g->thing, sizeof(g->thing), "%s", per ? per + 5 : bytes ? "byte" : "thing");
	g->thing[strcspn(g->thing, "_ ")] = '\0';
	if (!*g->thing)
		strcpy(g->thing, "thing");
}

static void gather_name(const struct gather *w, struct why_group *g,
			const struct profile_region *r)
{
	bool bytes = false;

	if (r->phase) {
		snprintf(g->metric, sizeof(g->metric), "%s", r->phase);
		strcpy(g->thing, "boot");
		return;
	}
	if (r->event) {
		strcpy(g->metric, "whole run");
		strcpy(g->thing, "run");
		return;
	}
	snprintf(g->metric, sizeof(g->metric), "series %u", r->series);
	for (size_t i = 0; i < w->n_metrics; i++)
		if (!strcmp(w->metrics[i].cell, g->what) && w->metrics[i].series == r->series) {
			snprintf(g->metric, sizeof(g->metric), "%s", w->metrics[i].metric);
			bytes = w->metrics[i].bytes;
		}
	gather_thing(g, bytes);
}

static struct why_group *gather_group(struct gather *w, unsigned arm,
				      const struct profile_region *r, struct err *err)
{
	const char *what = r->phase ? "boot" : r->cell;
	struct why_groups *all = w->g;
	struct why_group *g;

	for (size_t i = 0; i < all->n; i++) {
		g = &all->v[i];
		if (g->arm == arm && !strcmp(g->what, what) &&
		    (r->phase ? !strcmp(g->metric, r->phase) : g->series == r->series))
			return g;
	}
	g = gather_more((void **)&all->v, &all->n, sizeof(*g));
	if (g)
		g->what = strdup(what);
	if (!g || !g->what || why_init(&g->why, w->n_blocks, err))
		return err_sys(err, ENOMEM, "why"), NULL;
	g->why.what = w->rq->what;
	g->why.n_hot = w->rq->lines;
	g->arm = arm;
	g->series = r->series;
	gather_name(w, g, r);
	for (size_t i = 0; i < w->rq->n_maps; i++)
		if (why_map(&g->why, w->rq->maps[i], err))
			return NULL;
	return g;
}

static bool gather_wants(const struct gather *w, const struct profile_region *r)
{
	if (w->rq->boot || r->phase)
		return w->rq->boot && r->phase;
	return !w->rq->cell || !fnmatch(w->rq->cell, r->cell, 0);
}

/* Each makes a table: somebody else's profile may name no more than a campaign can have. */
static int gather_check(const struct gather *w, const struct gather_boot *b,
			const struct profile_region *r, struct err *err)
{
	bool is = r->phase || !*r->cell;

	for (unsigned i = 0; i < w->plan->n_cells && !is; i++)
		is = !strcmp(w->plan->cells[i].id, r->cell);
	if (!is)
		return err_config(err, "boot %u: its file has regions of %s, which is no cell of the plan",
				  b->boot, r->cell);
	return r->series < SERIES_MOST ? 0 :
	       err_config(err, "boot %u: its file has a region of series %u", b->boot, r->series);
}

/* A region of the baseline goes into the group of every other arm. */
static int gather_region(struct gather *w, const struct gather_boot *b,
			 const struct why_symbols *s, const struct profile_region *region,
			 struct err *err)
{
	const struct plan *p = w->plan;
	struct profile_region r = *region;

	if (r.phase)
		r.things = 1;
	if (p->clock != CLOCK_INSTRUCTIONS)
		r.clock = 0;
	for (unsigned arm = 0; arm < p->n_arms; arm++) {
		bool base = p->arms[b->arm].baseline;
		struct why_group *g;

		if (p->arms[arm].baseline || (!base && arm != b->arm) ||
		    (w->rq->arm && strcmp(w->rq->arm, p->arms[arm].name)))
			continue;
		g = gather_group(w, arm, &r, err);
		if (!g)
			return err->code;
		if (why_add(&g->why, base ? WHY_BASE : WHY_OTHER, b->block - 1, s, &r, err))
			return err->code;
	}
	return 0;
}

static int gather_profile(struct gather *w, const struct gather_boot *b,
			  struct profile *p, struct err *err)
{
	struct why_symbols s;
	bool sampled = p->n_regions && p->regions[0].event;	/* perf has named the machine's functions */
	int ret = 0;

	if (!sampled)
		ret = gather_symbols(w, &p->mut, b->boot, symbols_of_image, &w->of_arm[b->arm], err);
	if (!ret && (!sampled || p->guest.path))
		ret = gather_symbols(w, &p->guest, b->boot, symbols_of_image, &w->guest, err);
	if (ret)
		return ret;
	gather_program(w, &p->program, b->boot);
	s = gather_symbols_of(w, b->arm);
	if (sampled)
		s.exits = NULL;
	for (size_t i = 0; i < p->n_regions && !ret; i++)
		if (gather_wants(w, &p->regions[i])) {
			ret = gather_check(w, b, &p->regions[i], err);
			if (!ret)
				ret = gather_region(w, b, &s, &p->regions[i], err);
		}
	return ret;
}

static int gather_file(struct gather *w, const struct gather_boot *b, struct err *err)
{
	char hash[FILE_HASH_MAX], *path;
	struct profile p;
	int ret;

	if (asprintf(&path, "%s/%s", w->folder, b->file) < 0)
		return err_sys(err, ENOMEM, "why");
	ret = file_hash(path, hash, err);
	if (!ret && strcmp(hash, b->hash))
		ret = err_config(err, "%s was changed: its SHA-256 is not the one in the journal", path);
	if (!ret)
		ret = profile_read(&p, path, err);
	free(path);
	if (ret)
		return ret;
	ret = gather_profile(w, b, &p, err);
	profile_release(&p);
	return ret;
}

/* A name that no table has is misspelt, and would change nothing without a word. */
static int gather_check_maps(const struct gather *w, struct err *err)
{
	for (size_t m = 0; m < w->rq->n_maps; m++) {
		const char *map = w->rq->maps[m], *eq = strchr(map, '=');
		bool seen[WHY_ARMS] = { false, false };

		for (size_t i = 0; i < w->g->n; i++)
			if (!w->g->v[i].error.code)
				why_map_seen(&w->g->v[i].why, m, seen);
		if (!seen[WHY_BASE])
			return err_config(err, "--map %s: %s executed no function '%.*s' here", map,
					  plan_baseline(w->plan)->name, (int)(eq - map), map);
		if (!seen[WHY_OTHER])
			return err_config(err, "--map %s: no arm compared with %s executed a function '%s' here",
					  map, plan_baseline(w->plan)->name, eq + 1);
	}
	return 0;
}

void why_gather_drop(struct gather *w)
{
	for (size_t i = 0; i < w->n_boots; i++)
		free(w->boots[i].file);
	for (size_t i = 0; i < w->n_metrics; i++) {
		free(w->metrics[i].cell);
		free(w->metrics[i].metric);
	}
	for (size_t i = 0; i < w->n_kernels; i++) {
		free(w->kernels[i].hash);
		free(w->kernels[i].path);
		free(w->kernels[i].debug);
		symbols_release(&w->kernels[i].symbols);
	}
	free(w->of_arm);
	free(w->boots);
	free(w->metrics);
	free(w->kernels);
	free(w);
}

void why_groups_release(struct why_groups *g)
{
	for (size_t i = 0; i < g->n; i++) {
		free(g->v[i].what);
		why_release(&g->v[i].why);
	}
	free(g->v);
	*g = (struct why_groups){ 0 };
}

int why_gather_begin(struct gather **out, struct store *s, const struct why_request *rq,
		     struct err *err)
{
	struct gather *w = calloc(1, sizeof(*w));
	int ret;

	must_have(w);
	*w = (struct gather){ .plan = store_plan(s), .folder = store_folder(s), .rq = rq };
	w->of_arm = calloc(w->plan->n_arms, sizeof(*w->of_arm));
	must_have(w->of_arm);
	ret = store_records(s, gather_record, w, err);
	if (!ret && !w->n_boots)
		ret = err_config(err, "%s: none of its %u boots was profiled; run the campaign with kduel run --why",
				 w->folder, w->ended);
	if (ret)
		why_gather_drop(w);
	else
		*out = w;
	return ret;
}

int why_gather_end(struct gather *w, struct why_groups *g, struct err *err)
{
	int ret = 0;

	*g = (struct why_groups){ 0 };
	w->g = g;
	for (size_t i = 0; i < w->n_boots && !ret; i++)
		ret = gather_file(w, &w->boots[i], err);
	if (!ret && !g->n)
		ret = err_config(err, w->rq->boot ? "%s: its boots were not profiled; run the campaign with kduel run --why=boot" :
				 "%s: no marked region was executed in the cells asked for", w->folder);
	for (size_t i = 0; i < g->n && !ret; i++)
		why_judge(&g->v[i].why, &g->v[i].error);
	if (!ret)
		ret = gather_check_maps(w, err);
	if (!ret && w->rq->lines)
		ret = gather_lines(w, err);
	why_gather_drop(w);
	if (ret)
		why_groups_release(g);
	return ret;
}

int why_gather(struct store *s, const struct why_request *rq, struct why_groups *g,
	       struct err *err)
{
	struct gather *w;
	int ret = why_gather_begin(&w, s, rq, err);

	return ret ? ret : why_gather_end(w, g, err);
}
