/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One commit: built, and measured against the good end until it is decided. */
#include "bisect.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "campaign.h"
#include "compare/claims.h"
#include "compare/compare.h"
#include "file.h"
#include "kernel/kernel.h"
#include "loop.h"
#include "plan/plan.h"
#include "proc.h"
#include "safe.h"
#include "store/store.h"

#define COMMIT_LEN 12
#define REASON_MAX 300
#define BOOTS_FAILED 2		/* failed boots, without a good one: it does not boot */
#define GOOD_FAILED 3		/* failed boots of the good end: nothing can be measured */

struct measuring {
	struct bisect *b;
	struct bisect_step *step;
	const unsigned *looks;
	bool ends;		/* the bad end is being tested */
	bool alone;		/* without the good end; "block" then means a boot */
	bool same;		/* and the ends do not differ, even after all blocks */
};

/* --- reasons ------------------------------------------------------------------------- */

/* The most informative line of a program's output. */
static const char *bisect_step_line(const char *text, size_t *len)
{
	const char *line = strstr(text, "error:");

	for (line = line ? line : text; line > text && line[-1] != '\n'; line--)
		;
	*len = strcspn(line, "\n");
	return line;
}

static void bisect_step_skip(struct bisect_step *s, const char *what, const char *why)
{
	size_t len;
	const char *line = bisect_step_line(why, &len);
	char *one = text_format("%.*s", (int)len, line);

	free(s->reason);
	s->reason = text_format("%s%s%.*s", what, len ? ": " : "",
				(int)text_cut(one, REASON_MAX), one);
	free(one);
	s->mark = BISECT_SKIPPED;
}

/* --- deciding ------------------------------------------------------------------------ */

/* "ns_per_page", "first-touch.ns_per_page", "tlb-miss.ns_per_access pages=512". */
static bool bisect_step_is_meant(const char *metric, const struct compare_series *s)
{
	char name[512], *of_workload;
	bool is;

	if (s->counter)
		return false;
	compare_series_name(s, name, sizeof(name));
	of_workload = text_format("%s.%s", s->workload, s->metric);
	is = !strcmp(metric, s->metric) || !strcmp(metric, of_workload) || !strcmp(metric, name);
	free(of_workload);
	return is;
}

/* The series of the metric; NULL without an error if it has no values here. */
static int bisect_step_series(const struct measuring *m, const struct comparison *c,
			      const struct compare_series **found, struct err *err)
{
	char name[512];

	*found = NULL;
	for (size_t i = 0; i < c->n_series; i++) {
		if (!bisect_step_is_meant(m->b->metric, &c->series[i]))
			continue;
		if (*found) {
			compare_series_name(&c->series[i], name, sizeof(name));
			return err_config(err, "--metric %s matches several series, in %s and %s (%s); name one with its workload and point, or measure fewer cells",
					  m->b->metric, (*found)->cell, c->series[i].cell, name);
		}
		*found = &c->series[i];
	}
	if (*found || !m->ends || !c->n_series)
		return 0;
	compare_series_name(&c->series[0], name, sizeof(name));
	return err_config(err, "--metric %s: not measured; one that was is %s",
			  m->b->metric, name);
}

/* The boots that have a value; the caller frees the array. */
static double *bisect_step_boots(const struct comparison *c, const struct compare_series *s,
				 size_t arm, size_t *n)
{
	double *v = must_have(calloc(c->n_block_ids + 1, sizeof(*v)));

	*n = 0;
	for (size_t b = 0; b < c->n_block_ids; b++)
		if (!isnan(s->est[arm].boot[b]))
			v[(*n)++] = s->est[arm].boot[b];
	return v;
}

/*
 * Where instructions are counted the ends are booted until one boot of a later commit
 * decides, or until the last look.
 */
static void bisect_step_judge_ends(struct measuring *m, const struct comparison *c,
				   const struct compare_series *series, size_t tested)
{
	size_t good_n, bad_n, good_arm = 1 - tested;
	double *good = bisect_step_boots(c, series, good_arm, &good_n);
	double *bad = bisect_step_boots(c, series, tested, &bad_n);
	struct bisect_step *s = m->step;
	struct stats_ends ends = { .count = false };
	double level = stats_search_level(m->b->expected, 1, stats_search_looks(STATS_SEARCH_ALONE));

	s->p = s->e.n ? s->e.p : NAN;
	if (c->deterministic)
		stats_search_ends(good, good_n, bad, bad_n, !strcmp(series->kind, "count"), &ends);
	if (stats_search_differ(&s->e, STATS_MARGIN, s->level) &&
	    (!c->deterministic || stats_search_one_decides(&ends, level) ||
	     s->blocks >= stats_search_last(m->looks))) {
		s->mark = BISECT_IS_BAD;
		m->b->ends = ends;
	}
	free(good);
	free(bad);
}

static enum stats_side bisect_step_side(struct measuring *m, const struct comparison *c,
					const struct compare_series *series, size_t tested)
{
	struct bisect_step *s = m->step;
	enum stats_side side;
	double *v;
	size_t n;

	if (!m->alone)
		return stats_search_side(&m->b->step[0].e, &s->e, s->level, &s->p);
	v = bisect_step_boots(c, series, tested, &n);
	side = stats_search_alone(&m->b->ends, v, n, s->level, &s->e, &s->p);
	free(v);
	return side;
}

static int bisect_step_judge_metric(struct measuring *m, const struct comparison *c,
				    size_t tested, struct err *err)
{
	const struct compare_series *series;
	struct bisect_step *s = m->step;
	enum stats_side side;
	int ret = bisect_step_series(m, c, &series, err);

	if (ret || !series)
		return ret;
	s->e = series->vs[tested].e;
	free(s->reason);
	s->reason = text_format("%s", s->e.n ? "" :
				m->alone ? series->est[tested].void_reason : series->vs[tested].reason);
	if (m->ends) {
		bisect_step_judge_ends(m, c, series, tested);
		return 0;
	}
	side = bisect_step_side(m, c, series, tested);
	s->mark = side == STATS_SIDE_BAD ? BISECT_IS_BAD :
		  side == STATS_SIDE_GOOD ? BISECT_IS_GOOD : BISECT_OPEN;
	return 0;
}

static bool bisect_step_in_word(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("_-.+", c));
}

/* The claim about the arm `tested`, rewritten for `good`. */
static char *bisect_step_claim_of_good(const char *claim)
{
	static const char word[] = BISECT_TESTED;
	size_t len = sizeof(word) - 1, room;
	char *text = NULL;
	FILE *f = text_open(&text, &room);

	for (const char *p = claim; *p;) {
		bool is = !strncmp(p, word, len) && !bisect_step_in_word(p[len]) &&
			  (p == claim || !bisect_step_in_word(p[-1]));

		if (is)
			fputs(BISECT_GOOD, f);
		else
			fputc(*p, f);
		p += is ? len : 1;
	}
	fclose(f);
	return text;
}

static int bisect_step_is_page_size(const struct claim_pick *pick, void *all)
{
	*(bool *)all &= pick->layer && strcmp(pick->field, "faults") &&
			!strcmp(pick->arm, BISECT_TESTED);
	return 0;
}

/* Is it about nothing but page sizes of the tested commit? */
static bool bisect_step_is_about_pages(const char *text)
{
	struct claim *claim;
	bool all = true;

	if (claim_parse(text, "--claim", &claim, NULL))
		return false;
	claim_each_pick(claim, bisect_step_is_page_size, &all);
	claim_free(claim);
	return all;
}

/* Both ends have been judged: by their first boots, if these hardly varied. */
static void bisect_step_claim_differs(struct measuring *m)
{
	m->step->mark = BISECT_IS_BAD;
	m->b->claim_is_fixed = m->step->blocks == m->looks[0] &&
			       bisect_step_is_about_pages(m->b->claim);
}

static int bisect_step_judge_claim(struct measuring *m, struct comparison *c, struct err *err)
{
	struct compare_claim tested, good = { .outcome = CLAIM_UNDECIDED };
	char *of_good = bisect_step_claim_of_good(m->b->claim);
	struct bisect_step *s = m->step;
	bool holds;
	int ret = claim_check(c, m->b->claim, "--claim", m->alone, &tested, err);

	if (!ret && m->ends)
		ret = claim_check(c, of_good, "--claim", false, &good, err);
	free(of_good);
	if (!ret && tested.never)
		ret = err_config(err, "--claim: %s", tested.detail);
	else if (!ret && m->ends && tested.outcome == CLAIM_UNMEASURABLE)
		ret = err_machine(err, "--claim cannot be measured at the bad end: %s", tested.detail);
	else if (!ret && m->ends && good.outcome == CLAIM_UNMEASURABLE)
		ret = err_machine(err, "--claim cannot be measured at the good end: %s", good.detail);
	if (ret)
		return ret;
	free(s->reason);
	s->reason = text_format("%s: %s", claim_outcome_name(tested.outcome), tested.detail);
	if (tested.outcome != CLAIM_HOLDS && tested.outcome != CLAIM_FAILS)
		return 0;
	holds = tested.outcome == CLAIM_HOLDS;
	if (m->ends) {
		m->b->claim_holds_at_good = good.outcome == CLAIM_HOLDS;
		if ((good.outcome == CLAIM_HOLDS && !holds) || (good.outcome == CLAIM_FAILS && holds))
			bisect_step_claim_differs(m);
		m->same = good.outcome == tested.outcome;
	} else {
		s->mark = holds == m->b->claim_holds_at_good ? BISECT_IS_GOOD : BISECT_IS_BAD;
	}
	return 0;
}

/* The number of failed boots; `*text` (`text` may be NULL) is the reason of the last. */
static int bisect_step_failed(struct store *store, unsigned arm, const char **text, struct err *err)
{
	const struct store_boot *boots;
	size_t n;
	int ret = store_boots(store, &boots, &n, err);

	*text = "";
	for (size_t i = 0; !ret && i < n; i++)
		if (boots[i].arm == arm && !boots[i].ok)
			*text = boots[i].text;
	return ret;
}

/* A commit that fails in some boots is not judged by the others. */
static int bisect_step_judge_boots(struct measuring *m, const struct comparison *c,
				   struct store *store, size_t tested, struct err *err)
{
	const struct compare_arm *good = &c->arms[c->baseline], *it = &c->arms[tested];
	const char *said;
	char *what;
	int ret = bisect_step_failed(store, (unsigned)tested, &said, err);

	if (ret)
		return ret;
	if (good->boots >= GOOD_FAILED && good->failed == good->boots)
		return err_machine(err, "the good end failed in all of its %u boots (%s), so nothing can be compared with it",
				   good->boots, good->failures);
	if (!it->failed || (it->failed == it->boots && it->boots < BOOTS_FAILED))
		return 0;
	what = text_format(it->failed < it->boots ? "unstable, %s of %u boots"
						  : "does not boot, %s of %u",
			   it->failures, it->boots);
	bisect_step_skip(m->step, what, said);
	free(what);
	return 0;
}

static int bisect_step_judge(struct measuring *m, const char *folder, unsigned block,
			     bool *looked, struct err *err)
{
	const struct compare_options o = { .alpha = m->step->level, .allow_differences = true };
	struct comparison c;
	struct store *store;
	size_t tested;
	int ret = store_open(&store, folder, STORE_READ, err);

	if (ret)
		return ret;
	ret = compare_run(store, &o, &c, err);
	if (ret)
		goto close;
	tested = c.baseline ? 0 : 1;
	m->step->blocks = block;
	m->step->boots = c.arms[0].boots + c.arms[1].boots;
	if (!*m->b->domain) {
		free(m->b->domain);
		m->b->domain = text_format("%s", c.domain);
	}
	ret = bisect_step_judge_boots(m, &c, store, tested, err);
	*looked = !ret && m->step->mark == BISECT_OPEN && stats_search_is_look(m->looks, block);
	if (*looked)
		ret = *m->b->metric ? bisect_step_judge_metric(m, &c, tested, err)
				    : bisect_step_judge_claim(m, &c, err);
	comparison_release(&c);
close:
	store_close(store);
	return ret;
}

static int bisect_step_enough(void *arg, const char *folder, unsigned block, bool *enough,
			      bool *looked, struct err *err)
{
	struct measuring *m = arg;
	int ret = bisect_step_judge(m, folder, block, looked, err);

	*enough = m->step->mark != BISECT_OPEN || m->same;
	return ret;
}

/* --- building ------------------------------------------------------------------------ */

static int bisect_step_on_build(const struct kernel_progress *k, void *arg)
{
	char text[160];

	if (kernel_watch_due(arg, k)) {
		kernel_watch_text(k, text, sizeof(text));
		fputs("kernel ", stderr);
		text_put(stderr, text);
		fputc('\n', stderr);
	}
	return stop_asked();
}

static int bisect_step_build(const struct bisect *b, const char *name, struct err *err)
{
	char *path = text_format("%s/kernels/%s.yaml", b->folder, name);
	struct kernel_watch watch = { .shown = 0 };
	struct kernel k = KERNEL_INIT;
	int ret = kernel_resolve(path, NULL, &k, err);

	/* Killed at once, we would leave make's own children, which hold the cache's lock. */
	stop_catch();
	if (!ret)
		ret = kernel_ensure(&k, bisect_step_on_build, &watch, err);
	stop_release();
	kernel_free(&k);
	free(path);
	return ret;
}

/* Is it the commit's fault, and not this machine's? */
static bool bisect_step_is_commits(const struct err *why)
{
	return why->code == -EIO || why->exit == EXIT_CONFIG;
}

static int bisect_step_write_kernel(const struct bisect *b, const char *name, const char *commit,
				    struct err *err)
{
	const struct try_wish wish = { .git = b->git, .config = *b->config ? b->config : NULL,
				       .add_needed = b->add_needed };
	char *path = text_format("%s/kernels/%s.yaml", b->folder, name);
	char *yaml = try_revision_yaml(&wish, commit);
	int ret = file_publish(path, yaml, strlen(yaml), err);

	free(yaml);
	free(path);
	return ret;
}

/* Writes campaign.yaml with this commit instead of the bad end. */
static int bisect_step_write_config(const struct bisect *b, const char *config, const char *name,
				    struct err *err)
{
	static const char was[] = "./kernels/" BISECT_TESTED ".yaml";
	char *from = text_format("%s/campaign.yaml", b->folder), *text, *at, *all;
	int ret = file_read(from, &text, NULL, err);

	if (ret) {
		free(from);
		return ret;
	}
	at = strstr(text, was);
	if (at) {
		all = text_format("%.*s./kernels/%s.yaml%s", (int)(at - text), text, name,
				  at + sizeof(was) - 1);
		ret = file_publish(config, all, strlen(all), err);
		free(all);
	} else {
		ret = err_config(err, "%s: no arm has the kernel %s; the search needs it there, put it back",
				 from, was);
	}
	free(text);
	free(from);
	return ret;
}

/* --- measuring ----------------------------------------------------------------------- */

static bool bisect_step_has_ended(const struct measuring *m, const struct plan *p,
				  const struct store *s, const struct plan_boot *b)
{
	return (m->alone && strcmp(p->arms[b->arm].name, BISECT_TESTED)) ||
	       store_boot_done(s, b->boot);
}

/* The last block whose wanted boots have all ended. */
static int bisect_step_blocks(const struct measuring *m, const char *folder, const struct plan *p,
			      unsigned *blocks, struct err *err)
{
	struct store *s;
	int ret = store_open(&s, folder, STORE_READ, err);

	*blocks = 0;
	if (ret)
		return ret;
	for (size_t i = 0; i < p->n_boots && bisect_step_has_ended(m, p, s, &p->boots[i]); i++)
		if (i + 1 == p->n_boots || p->boots[i + 1].block != p->boots[i].block)
			*blocks = p->boots[i].block;
	store_close(s);
	return 0;
}

static enum stats_search_kind bisect_step_kind(const struct measuring *m, const struct plan *p)
{
	if (m->alone)
		return STATS_SEARCH_ALONE;
	if (*m->b->claim)
		return STATS_SEARCH_CLAIM;
	if (p->clock != CLOCK_INSTRUCTIONS)
		return STATS_SEARCH_TIME;
	return m->ends ? STATS_SEARCH_ENDS : STATS_SEARCH_EXACT;
}

static int bisect_step_load_plan(struct measuring *m, const char *config, const char *folder,
				 struct plan **p, struct err *err)
{
	struct plan_options o = { .blocks = 1 };
	int ret = plan_load(config, &o, p, err);

	if (ret)
		return ret;
	m->looks = stats_search_looks(bisect_step_kind(m, *p));
	if (!store_has_journal(folder))
		return plan_extend(*p, stats_search_last(m->looks), err);
	plan_free(*p);
	return resume_plan(folder, p, err);
}

static unsigned bisect_step_decisions(const struct bisect *b)
{
	unsigned n = 0;

	for (size_t i = 1; i < b->n; i++)
		n += b->step[i].mark == BISECT_IS_GOOD || b->step[i].mark == BISECT_IS_BAD;
	return n;
}

static int bisect_step_campaign(struct measuring *m, const char *config, const char *folder,
				struct err *err)
{
	const struct campaign_rule rule = { bisect_step_enough, m };
	struct campaign_options o = { .patience = 1, .rule = &rule };
	struct campaign_result r = { .folder = NULL };
	struct plan *p;
	bool looked, resume = store_has_journal(folder);
	char *ends = m->alone ? text_format("%s/%s", m->b->folder, m->b->step[0].folder) : NULL;
	unsigned blocks = 0;
	int ret = bisect_step_load_plan(m, config, folder, &p, err);

	if (ret) {
		free(ends);
		return ret;
	}
	o.only = m->alone ? BISECT_TESTED : NULL;
	o.like = ends;
	m->step->level = stats_search_level(m->b->expected,
					    m->ends ? 0 : bisect_step_decisions(m->b) + 1, m->looks);
	if (resume) {
		o.resume = folder;
		/* Was the last run interrupted between the last boot and the decision? */
		ret = bisect_step_blocks(m, folder, p, &blocks, err);
		if (!ret && blocks)
			ret = bisect_step_judge(m, folder, blocks, &looked, err);
	} else {
		o.out = folder;
	}
	if (!ret && m->step->mark == BISECT_OPEN && !m->same)
		ret = campaign_run(p, &o, &r, err);
	m->b->stopped = r.interrupted && !r.decided;
	if (!ret && !m->b->stopped && m->step->mark == BISECT_OPEN && !m->ends) {
		char *what = text_format("undecided after %u %s", p->n_blocks,
					 m->alone ? "boots" : "blocks");
		char *why = text_format("%s", m->step->reason);

		bisect_step_skip(m->step, what, why);
		free(what);
		free(why);
	}
	free(r.folder);
	free(ends);
	plan_free(p);
	return ret;
}

static int bisect_step_run(struct measuring *m, const char *name, struct err *err)
{
	struct bisect_step *s = m->step;
	char *config = text_format("%s/step-%02zu.yaml", m->b->folder, m->b->n);
	char *folder = text_format("%s/%s", m->b->folder, s->folder);
	struct err why = ERR_INIT;
	int ret = bisect_step_build(m->b, BISECT_GOOD, err);

	if (ret)
		err_prefix(err, "--good");
	if (!ret)
		ret = bisect_step_write_kernel(m->b, name, s->commit, err);
	if (!ret && bisect_step_build(m->b, name, &why)) {
		if (bisect_step_is_commits(&why))
			bisect_step_skip(s, "does not build", why.text);
		else
			ret = err_set(err, why.exit, why.code, "%s", why.text);
	} else if (!ret) {
		ret = bisect_step_write_config(m->b, config, name, err);
		if (!ret)
			ret = bisect_step_campaign(m, config, folder, err);
	}
	free(folder);
	free(config);
	return ret;
}

int bisect_measure(struct bisect *b, const char *commit, struct bisect_step *step,
		   struct err *err)
{
	struct measuring m = { .b = b, .step = step, .ends = !b->n,
			       .alone = bisect_boots_alone(b) };
	double start = loop_now();
	char *name = text_format("%.*s", COMMIT_LEN, commit);
	int ret;

	*step = (struct bisect_step){
		.commit = text_format("%s", commit), .subject = bisect_git_subject(b->git, commit),
		.folder = text_format("steps/%02zu-%s", b->n, name), .reason = text_format("%s", ""),
		.level = NAN, .p = NAN,
	};
	ret = bisect_step_run(&m, name, err);
	step->seconds = loop_now() - start;
	if (!step->boots) {
		free(step->folder);
		step->folder = text_format("%s", "");
	}
	free(name);
	return ret;
}
