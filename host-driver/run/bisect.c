/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A search from its beginning to its end. */
#include "bisect.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "claim/claim.h"
#include "file.h"
#include "kernel/kernel-source.h"
#include "plan/plan.h"
#include "report/doc.h"
#include "safe.h"
#include "vocab/number.h"

/* --- beginning ------------------------------------------------------------------ */

static int bisect_sees_tested(const struct claim_pick *pick, void *seen)
{
	*(bool *)seen |= !strcmp(pick->arm, BISECT_TESTED);
	return 0;
}

static int bisect_check_claim(const char *text, struct err *err)
{
	struct claim *claim;
	bool seen = false;
	int ret = claim_parse(text, "--claim", &claim, err);

	if (ret)
		return ret;
	claim_each_pick(claim, bisect_sees_tested, &seen);
	claim_free(claim);
	return seen ? 0 : err_config(err, "--claim: must be about the arm '" BISECT_TESTED
				     "', the commit that is being tested; '" BISECT_GOOD
				     "' is the good end");
}

static int bisect_check_folder(const char *folder, struct err *err)
{
	char *state = text_format("%s/state.json", folder);
	DIR *d = opendir(folder);
	bool ours = false;
	size_t n = 0;
	int ret = 0;

	for (struct dirent *e; d && (e = readdir(d));) {
		n += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
		ours |= !strcmp(e->d_name, "kernels");
	}
	if (d)
		closedir(d);
	if (!access(state, F_OK))
		ret = err_config(err, "%s holds a search; continue it with --resume %s, or name another folder",
				 folder, folder);
	else if (n && !ours)
		ret = err_config(err, "%s holds something else; name a new folder",
				 folder);
	free(state);
	return ret;
}

static int bisect_commits(const struct bisect_wish *wish, struct bisect *b, struct err *err)
{
	int ret = kernel_repository_commit(wish->try.git, wish->good, &b->good, err);

	if (!ret)
		ret = kernel_repository_commit(wish->try.git, wish->bad, &b->bad, err);
	if (ret) {
		if (err)
			err->exit = EXIT_CONFIG;
		return ret;
	}
	if (!strcmp(b->good, b->bad))
		return err_config(err, "--good %s and --bad %s are the same commit, %.12s",
				  wish->good, wish->bad, b->good);
	return bisect_git_check(wish->try.git, b->good, b->bad, &b->commits, err);
}

/* "ns_per_page" of "first-touch.ns_per_page pages=512". */
static char *bisect_metric_word(const char *metric)
{
	char *word = text_format("%.*s", (int)strcspn(metric, " ["), metric), *dot = strrchr(word, '.');

	if (dot)
		memmove(word, dot + 1, strlen(dot + 1) + 1);
	return word;
}

static int bisect_make_campaign(const struct bisect_wish *wish, const struct bisect *b,
				struct err *err)
{
	struct try_wish try = wish->try;
	struct try_made made;
	char *range = text_format("%s..%s", b->good, b->bad);
	char *metric = wish->metric ? bisect_metric_word(wish->metric) : NULL;
	int ret;

	try.rev = range;
	try.metric = metric;
	try.expect = wish->claim;
	try.names[0] = BISECT_GOOD;
	try.names[1] = BISECT_TESTED;
	try.folder = b->folder;
	ret = try_make(&try, &made, err);
	if (!ret)
		try_made_release(&made);
	free(metric);
	free(range);
	return ret;
}

/* Does a cell run the workload that the metric is said to be of? */
static int bisect_check_workload(const struct plan *p, const char *metric, struct err *err)
{
	char *word = text_format("%.*s", (int)strcspn(metric, " ["), metric), *dot = strrchr(word, '.');
	const char **known = must_have(calloc(p->n_cells, sizeof(*known)));
	bool found = !dot;
	int ret = 0;

	for (size_t i = 0; dot && i < p->n_cells; i++) {
		*dot = '\0';
		known[i] = p->cells[i].workload;
		found |= !strcmp(word, known[i]);
	}
	if (!found) {
		ret = err_unknown(err, "workload in these cells", word, known, p->n_cells);
		err_prefix(err, "--metric %s", metric);
	}
	free(known);
	free(word);
	return ret;
}

/* What is misspelt is found before a kernel is built, and leaves nothing. */
static int bisect_check_plan(const struct bisect_wish *wish, const char *folder, struct err *err)
{
	const struct plan_options o = { .blocks = 1 };
	char *config = text_format("%s/campaign.yaml", folder);
	char *kernels = text_format("%s/kernels", folder), *patches = text_format("%s/patches", folder);
	struct plan *p = NULL;
	int ret = plan_load(config, &o, &p, err);

	if (!ret && wish->metric)
		ret = bisect_check_workload(p, wish->metric, err);
	plan_free(p);
	if (ret) {
		file_remove_tree(kernels, NULL);
		file_remove_tree(patches, NULL);
		unlink(config);
		rmdir(folder);
		if (!strncmp(folder, "results/", 8))
			rmdir("results");	/* if nothing else is in it */
	}
	free(patches);
	free(kernels);
	free(config);
	return ret;
}

static char *bisect_absolute(const char *path)
{
	char *real = path ? realpath(path, NULL) : NULL;

	return real ? real : text_format("%s", path ? path : "");
}

int bisect_begin(const struct bisect_wish *wish, const char *folder, struct bisect *b,
		 struct err *err)
{
	struct kernel_repository repository = { NULL, "" };
	int ret = kernel_repository_open(wish->try.git, &repository, err);

	kernel_repository_release(&repository);
	*b = (struct bisect){
		.folder = text_format("%s", folder), .git = bisect_absolute(wish->try.git),
		.config = bisect_absolute(wish->try.config), .add_needed = wish->try.add_needed,
		.metric = text_format("%s", wish->metric ? wish->metric : ""),
		.claim = text_format("%s", wish->claim ? wish->claim : ""),
		.command = text_format("%s", wish->command), .domain = text_format("%s", ""),
		.found = text_format("%s", ""),
	};
	if (ret && err)
		err->exit = EXIT_CONFIG;
	if (!ret && wish->claim)
		ret = bisect_check_claim(wish->claim, err);
	if (!ret)
		ret = bisect_check_folder(folder, err);
	if (!ret)
		ret = bisect_commits(wish, b, err);
	b->expected = stats_search_decisions(b->commits);
	if (!ret)
		ret = bisect_make_campaign(wish, b, err);
	if (!ret)
		ret = bisect_check_plan(wish, folder, err);
	if (!ret)
		ret = bisect_save(b, err);
	if (ret)
		bisect_release(b);
	return ret;
}

int bisect_resume(const char *folder, struct bisect *b, struct err *err)
{
	return bisect_load(folder, b, err);
}

/* --- searching ------------------------------------------------------------------ */

static void bisect_tell(const struct bisect *b, const char *what, const char *commit)
{
	char *subject = bisect_git_subject(b->git, commit);

	fprintf(stderr, "%s %.12s ", what, commit);
	text_put(stderr, subject);
	fputc('\n', stderr);
	free(subject);
}

static void bisect_tell_step(const struct bisect_step *s)
{
	static const char *const words[BISECT_MARKS] = { "is undecided", "is good", "is bad",
							 "was skipped" };
	struct number_effect text;

	fprintf(stderr, "%.12s %s", s->commit, words[s->mark]);
	number_effect(s->e.effect, s->e.lo, s->e.hi, &text);
	if (s->e.n)
		fprintf(stderr, ", %s", text.effect);
	if (*s->reason) {
		fputs(", ", stderr);
		text_put(stderr, s->reason);
	}
	fputc('\n', stderr);
}

/* Saves a step that has ended before anything else happens. */
static int bisect_keep(struct bisect *b, struct bisect_step *s, struct err *err)
{
	int ret = bisect_add_step(b, s, err);

	if (ret) {
		bisect_step_release(s);
		return ret;
	}
	bisect_tell_step(s);
	return bisect_save(b, err);
}

static int bisect_check_ends(struct bisect *b, struct err *err)
{
	struct bisect_step s;
	int ret;

	fprintf(stderr, "%u commits, %u decisions expected; first the two ends\n", b->commits,
		b->expected);
	ret = bisect_measure(b, b->bad, &s, err);
	if (!ret && !b->stopped && s.mark == BISECT_SKIPPED)
		ret = err_config(err, "--bad %.12s %s; name a commit that can be measured",
				 b->bad, s.reason);
	if (ret || b->stopped) {
		bisect_step_release(&s);
		return ret;
	}
	if (s.mark == BISECT_OPEN)
		b->end = BISECT_NO_DIFFERENCE;
	return bisect_keep(b, &s, err);
}

static int bisect_one(struct bisect *b, struct err *err)
{
	struct bisect_step s;
	char *commit;
	int ret = bisect_git_next(b, &commit, err);

	if (ret)
		return ret;
	if (!commit)
		return bisect_save(b, err);
	bisect_tell(b, "testing", commit);
	ret = bisect_measure(b, commit, &s, err);
	free(commit);
	if (ret || b->stopped) {
		bisect_step_release(&s);
		return ret;
	}
	return bisect_keep(b, &s, err);
}

int bisect_run(struct bisect *b, struct err *err)
{
	int ret = b->n ? 0 : bisect_check_ends(b, err);

	while (!ret && !b->stopped && b->end == BISECT_RUNS)
		ret = bisect_one(b, err);
	return ret;
}

/* --- the text at the end ---------------------------------------------------------- */

static void bisect_put_effect(struct doc *d, const struct stats_effect *e)
{
	struct number_effect text;

	if (!e->n) {
		doc_cell(d, DOC_NUMBER, 0, "%s", "");
		doc_cell(d, DOC_NUMBER, 0, "%s", "");
	} else if (e->absolute) {
		doc_cell(d, DOC_EFFECT, 0, "%+.4g", e->effect);
		doc_cell(d, DOC_NUMBER, 0, "[%+.4g, %+.4g]", e->lo, e->hi);
	} else {
		number_effect(e->effect, e->lo, e->hi, &text);
		doc_cell(d, DOC_EFFECT, 0, "%s", text.effect);
		doc_cell(d, DOC_NUMBER, 0, "%s", text.interval);
	}
}

static void bisect_put_steps(struct doc *d, const struct bisect *b)
{
	doc_heading(d, "steps", "The steps");
	doc_table(d, "#step|=commit|=is|#effect|#interval|#boots|#min|subject");
	for (size_t i = 0; i < b->n; i++) {
		const struct bisect_step *s = &b->step[i];

		doc_row(d);
		doc_cell(d, DOC_NUMBER, 0, "%zu", i);
		doc_cell(d, DOC_ID, 0, "%.12s", s->commit);
		doc_cell(d, DOC_WORDS, 0, "%s", bisect_mark_words[s->mark]);
		bisect_put_effect(d, &s->e);
		doc_cell(d, DOC_NUMBER, 0, "%u", s->boots);
		doc_cell(d, DOC_NUMBER, 0, "%.1f", s->seconds / 60);
		doc_cell(d, DOC_WORDS, 0, "%s", s->subject);
	}
	for (size_t i = 0; i < b->n; i++)
		if (b->step[i].mark == BISECT_SKIPPED)
			doc_put(d, DOC_ITEM, "step %zu, %.12s, was skipped: %s", i, b->step[i].commit,
				b->step[i].reason);
	doc_put(d, DOC_SMALL, "Each is compared with the good end, %.12s; step 0 is the bad end%s. Intervals have the level of their decision. Skipped commits were not judged.",
		b->good, bisect_boots_alone(b)
			? ", and the others are compared with its boots of the good end" : "");
}

static const struct bisect_step *bisect_step_of(const struct bisect *b, const char *commit)
{
	for (size_t i = 0; i < b->n; i++)
		if (!strcmp(b->step[i].commit, commit))
			return &b->step[i];
	return NULL;
}

static void bisect_put_found(struct doc *d, const struct bisect *b)
{
	const struct bisect_step *s = bisect_step_of(b, b->found);
	struct number_effect text;

	doc_put(d, DOC_LEAD, "%s is the first commit with the change", b->found);
	if (!s)
		return;
	doc_field(d, "commit", DOC_WORDS, 0, s->subject, "%s", "");
	number_effect(s->e.effect, s->e.lo, s->e.hi, &text);
	if (s->e.n && !s->e.absolute)
		doc_field(d, *b->metric ? b->metric : "effect", DOC_EFFECT, 0, "",
			  "%s %s against the good end, %u %s%s, p %.1g; step %td",
			  text.effect, text.interval, s->e.n,
			  s != b->step && bisect_boots_alone(b) ? "boot" : "block",
			  s->e.n == 1 ? "" : "s", s->p, s - b->step);
	else if (*s->reason)
		doc_field(d, "claim", DOC_WORDS, 0, s->reason, "%s", "");
}

static void bisect_put_end(struct doc *d, const struct bisect *b)
{
	switch (b->end) {
	case BISECT_FOUND:
		bisect_put_found(d, b);
		break;
	case BISECT_ONLY_SKIPPED:
		doc_put(d, DOC_LEAD, "One of these commits has the change; those in between could not be judged");
		doc_items(d, b->found);
		break;
	case BISECT_NO_DIFFERENCE:
		doc_put(d, DOC_LEAD, "The two ends were not found to differ, so there was nothing to search for");
		if (b->n && *b->step[0].reason)
			doc_put(d, DOC_SAY, "%s", b->step[0].reason);
		break;
	default:
		doc_put(d, DOC_LEAD, "To continue the search: kduel bisect --resume %s", b->folder);
	}
}

struct doc *bisect_doc(const struct bisect *b)
{
	struct doc *d = doc_new();

	doc_title(d, "bisect", *b->metric ? b->metric : b->claim);
	bisect_put_end(d, b);
	doc_field(d, "history", DOC_WORDS, 0, b->git, "%s", "");
	doc_field(d, "from", DOC_ID, 0, b->good, " (good) to %.12s, %u commits", b->bad, b->commits);
	doc_field(d, "domain", DOC_BADGE, 0, b->domain, "%s", "");
	doc_field(d, "error", DOC_WORDS, 0, "",
		  "a wrong commit is blamed in at most %.0f%% of searches, %u decisions expected",
		  100 * STATS_SEARCH_ALPHA, b->expected);
	if (b->n)
		bisect_put_steps(d, b);
	doc_put(d, DOC_SAY, "To reproduce: %s", b->command);
	return d;
}
