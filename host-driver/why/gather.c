/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gather.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "profile.h"
#include "store/record.h"

/* A boot that was profiled. */
struct gather_boot {
	unsigned boot, block;
	unsigned arm;
	char *file;
	char hash[FILE_HASH_MAX];
};

/* Which metric a series of a cell is: in the order of its samples. */
struct gather_metric {
	char *cell, *metric;
	unsigned boot, series;
};

struct gather_kernel {
	char *hash;
	struct symbols symbols;
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
};

/* Room for one more of `n` things of `size` bytes, cleared. */
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

/* The symbols of the image that was booted, and of no other. */
static int gather_symbols(struct gather *w, const struct profile_kernel *k, unsigned boot,
			  size_t *which, struct err *err)
{
	struct gather_kernel *have;
	char hash[FILE_HASH_MAX];
	int ret;

	if (!k->path)
		return err_config(err, "boot %u: its file does not say which kernels ran", boot);
	for (*which = 0; *which < w->n_kernels; (*which)++)
		if (!strcmp(w->kernels[*which].hash, k->sha256))
			return 0;
	ret = file_hash(k->path, hash, err);
	if (!ret && strcmp(hash, k->sha256))
		ret = err_config(err, "another kernel lies there now (SHA-256 %.12s, not %.12s)",
				 hash, k->sha256);
	if (ret) {
		err_prefix(err, "no symbols: boot %u ran %s", boot, k->path);
		return ret;
	}
	have = gather_more((void **)&w->kernels, &w->n_kernels, sizeof(*have));
	if (have)
		have->hash = strdup(k->sha256);
	if (!have || !have->hash)
		return err_sys(err, ENOMEM, "why");
	return symbols_of_image(&have->symbols, k->path, err);
}

/* --- groups ----------------------------------------------------------------------- */

/* "ns_per_page_again" is of pages. */
static void gather_thing(struct why_group *g)
{
	const char *per = strstr(g->metric, "_per_");

	snprintf(g->thing, sizeof(g->thing), "%s", per ? per + 5 : "thing");
	g->thing[strcspn(g->thing, "_ ")] = '\0';
}

static void gather_name(const struct gather *w, struct why_group *g,
			const struct profile_region *r)
{
	if (r->phase) {
		snprintf(g->metric, sizeof(g->metric), "%s", r->phase);
		strcpy(g->thing, "boot");
		return;
	}
	snprintf(g->metric, sizeof(g->metric), "series %u", r->series);
	for (size_t i = 0; i < w->n_metrics; i++)
		if (!strcmp(w->metrics[i].cell, g->what) && w->metrics[i].series == r->series)
			snprintf(g->metric, sizeof(g->metric), "%s", w->metrics[i].metric);
	gather_thing(g);
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

/* The baseline's regions are every arm's other side. */
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
	size_t mut, guest;
	int ret = gather_symbols(w, &p->mut, b->boot, &mut, err);

	if (!ret)
		ret = gather_symbols(w, &p->guest, b->boot, &guest, err);
	if (ret)
		return ret;
	s = (struct why_symbols){ &w->kernels[mut].symbols, &w->kernels[guest].symbols };
	for (size_t i = 0; i < p->n_regions && !ret; i++)
		if (gather_wants(w, &p->regions[i]))
			ret = gather_region(w, b, &s, &p->regions[i], err);
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
		ret = err_config(err, "%s is not the file that the journal vouches for", path);
	if (!ret)
		ret = profile_read(&p, path, err);
	free(path);
	if (ret)
		return ret;
	ret = gather_profile(w, b, &p, err);
	profile_release(&p);
	return ret;
}

static void gather_release(struct gather *w)
{
	for (size_t i = 0; i < w->n_boots; i++)
		free(w->boots[i].file);
	for (size_t i = 0; i < w->n_metrics; i++) {
		free(w->metrics[i].cell);
		free(w->metrics[i].metric);
	}
	for (size_t i = 0; i < w->n_kernels; i++) {
		free(w->kernels[i].hash);
		symbols_release(&w->kernels[i].symbols);
	}
	free(w->boots);
	free(w->metrics);
	free(w->kernels);
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

int why_gather(struct store *s, const struct why_request *rq, struct why_groups *g,
	       struct err *err)
{
	struct gather w = { .plan = store_plan(s), .folder = store_folder(s), .rq = rq,
			    .g = g };
	int ret = store_records(s, gather_record, &w, err);

	*g = (struct why_groups){ 0 };
	if (!ret && !w.n_boots)
		ret = err_config(err, "%s: none of its %u boots was profiled; run the campaign with kduel run --why",
				 w.folder, w.ended);
	for (size_t i = 0; i < w.n_boots && !ret; i++)
		ret = gather_file(&w, &w.boots[i], err);
	if (!ret && !g->n)
		ret = err_config(err, rq->boot ? "%s: its boots were not profiled; run the campaign with kduel run --why=boot" :
				 "%s: no marked region was executed in the cells asked for", w.folder);
	for (size_t i = 0; i < g->n && !ret; i++)
		why_judge(&g->v[i].why, &g->v[i].error);
	gather_release(&w);
	if (ret)
		why_groups_release(g);
	return ret;
}
