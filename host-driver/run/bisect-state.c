/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The saved state of a search: one file, published atomically after each decision. */
#include "bisect.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "safe.h"
#include "view.h"

#define STATE_VERSION 1
#define COUNT_MAX 1000000

const char *const bisect_mark_words[] = { "open", "good", "bad", "skip", NULL };
static const char *const end_words[] = { "runs", "found", "only skipped", "no difference", NULL };

void bisect_step_release(struct bisect_step *s)
{
	free(s->commit);
	free(s->subject);
	free(s->folder);
	free(s->reason);
	*s = (struct bisect_step){ NULL };
}

int bisect_add_step(struct bisect *b, const struct bisect_step *step, struct err *err)
{
	struct bisect_step *more = realloc(b->step, (b->n + 1) * sizeof(*more));

	if (!more)
		return err_sys(err, ENOMEM, "bisect");
	b->step = more;
	b->step[b->n++] = *step;
	return 0;
}

void bisect_release(struct bisect *b)
{
	for (size_t i = 0; i < b->n; i++)
		bisect_step_release(&b->step[i]);
	free(b->step);
	free(b->folder);
	free(b->git);
	free(b->config);
	free(b->good);
	free(b->bad);
	free(b->metric);
	free(b->claim);
	free(b->command);
	free(b->domain);
	free(b->found);
	*b = (struct bisect){ NULL };
}

/* --- writing -------------------------------------------------------------------- */

/* JSON has no NaN and no infinity. */
static json_t *bisect_state_real(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

static json_t *bisect_state_effect(const struct stats_effect *e)
{
	return json_pack("{s:i, s:i, s:b, s:o, s:o, s:o, s:o, s:o}", "n", (int)e->n, "method",
			 (int)e->method, "absolute", (int)e->absolute, "effect",
			 bisect_state_real(e->effect), "lo", bisect_state_real(e->lo), "hi",
			 bisect_state_real(e->hi), "sd", bisect_state_real(e->sd), "p",
			 bisect_state_real(e->p));
}

static json_t *bisect_state_step(const struct bisect_step *s)
{
	return json_pack("{s:s, s:s%, s:s, s:s, s:s%, s:o, s:o, s:o, s:i, s:i, s:o}",
			 "commit", s->commit, "subject", s->subject, strlen(s->subject),
			 "folder", s->folder, "mark", bisect_mark_words[s->mark],
			 "reason", s->reason, strlen(s->reason), "effect",
			 bisect_state_effect(&s->e), "level", bisect_state_real(s->level), "p",
			 bisect_state_real(s->p), "blocks", (int)s->blocks, "boots",
			 (int)s->boots, "seconds", bisect_state_real(s->seconds));
}

static json_t *bisect_state_end(const struct stats_end *e)
{
	return json_pack("{s:i, s:f, s:f}", "n", (int)e->n, "mean", e->mean, "sd", e->sd);
}

/* NULL: there are none. */
static json_t *bisect_state_ends(const struct stats_ends *e)
{
	return !e->good.n ? NULL :
	       json_pack("{s:o, s:o, s:b}", "good", bisect_state_end(&e->good), "bad",
			 bisect_state_end(&e->bad), "count", (int)e->count);
}

int bisect_save(const struct bisect *b, struct err *err)
{
	json_t *steps = json_array(), *all;
	char *path = text_format("%s/state.json", b->folder), *text;
	int ret;

	for (size_t i = 0; i < b->n; i++)
		json_array_append_new(steps, bisect_state_step(&b->step[i]));
	all = json_pack("{s:i, s:s, s:s, s:b, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:b, s:b, s:o*, s:s, s:s, s:o}",
			"version", STATE_VERSION, "git", b->git, "config", b->config, "add_needed",
			(int)b->add_needed, "good", b->good, "bad", b->bad, "metric", b->metric,
			"claim", b->claim, "command", b->command, "domain", b->domain, "commits", (int)b->commits,
			"expected", (int)b->expected, "claim_holds_at_good",
			(int)b->claim_holds_at_good, "claim_is_fixed", (int)b->claim_is_fixed, "ends",
			bisect_state_ends(&b->ends), "end", end_words[b->end], "found",
			b->found, "steps", steps);
	text = all ? json_dumps(all, JSON_INDENT(1) | JSON_ENSURE_ASCII) : NULL;
	ret = text ? file_publish(path, text, strlen(text), err)
		   : err_config(err, "%s: cannot be written: a text in it is not valid UTF-8", path);
	free(text);
	json_decref(all);
	free(path);
	return ret;
}

/* --- reading -------------------------------------------------------------------- */

static int bisect_state_text(const struct view *o, const char *key, char **to, struct err *err)
{
	const char *text;
	int ret = view_string(o, key, &text, err);

	*to = text_format("%s", ret ? "" : text);
	return ret;
}

static int bisect_state_number(const struct view *o, const char *key, unsigned *to,
			       struct err *err)
{
	uint64_t n;
	int ret = view_count(o, key, COUNT_MAX, &n, err);

	*to = ret ? 0 : (unsigned)n;
	return ret;
}

static double bisect_state_real_of(const struct view *o, const char *key)
{
	const struct view *v = view_get(o, key);

	return view_is_number(v) ? v->real : NAN;
}

/* A commit's hash becomes an argument of git. */
static int bisect_state_hash(const struct view *o, const char *key, char **to, struct err *err)
{
	int ret = bisect_state_text(o, key, to, err);

	if (!ret && (strspn(*to, "0123456789abcdef") != strlen(*to) || strlen(*to) < 40))
		ret = err_config(err, "%s: '%s' is not a commit's hash", key, *to);
	return ret;
}

static int bisect_state_read_effect(const struct view *o, struct stats_effect *e, struct err *err)
{
	unsigned method;
	int ret = bisect_state_number(o, "n", &e->n, err);

	if (!ret)
		ret = bisect_state_number(o, "method", &method, err);
	if (!ret && method > STATS_EXACT)
		ret = err_config(err, "method: %u is unknown", method);
	if (!ret)
		ret = view_bool_or(o, "absolute", false, &e->absolute, err);
	if (ret)
		return ret;
	e->method = method;
	e->effect = bisect_state_real_of(o, "effect");
	e->lo = bisect_state_real_of(o, "lo");
	e->hi = bisect_state_real_of(o, "hi");
	e->sd = bisect_state_real_of(o, "sd");
	e->p = bisect_state_real_of(o, "p");
	e->p_worse = e->p_flip = NAN;
	return 0;
}

static int bisect_state_read_step(const struct view *o, struct bisect_step *s, struct err *err)
{
	const struct view *effect;
	unsigned mark;
	int ret = bisect_state_hash(o, "commit", &s->commit, err);

	if (!ret)
		ret = bisect_state_text(o, "subject", &s->subject, err);
	if (!ret)
		ret = bisect_state_text(o, "folder", &s->folder, err);
	if (!ret)
		ret = bisect_state_text(o, "reason", &s->reason, err);
	if (!ret)
		ret = view_choice(o, "mark", bisect_mark_words, &mark, err);
	if (!ret)
		ret = bisect_state_number(o, "blocks", &s->blocks, err);
	if (!ret)
		ret = bisect_state_number(o, "boots", &s->boots, err);
	if (!ret)
		ret = view_list(o, "effect", JSON_OBJECT, &effect, err);
	if (!ret)
		ret = bisect_state_read_effect(effect, &s->e, err);
	if (ret)
		return ret;
	s->mark = mark;
	s->level = bisect_state_real_of(o, "level");
	s->p = bisect_state_real_of(o, "p");
	s->seconds = bisect_state_real_of(o, "seconds");
	return 0;
}

static int bisect_state_read_end(const struct view *ends, const char *key, struct stats_end *e,
				 struct err *err)
{
	const struct view *o;
	int ret = view_list(ends, key, JSON_OBJECT, &o, err);

	if (!ret)
		ret = bisect_state_number(o, "n", &e->n, err);
	if (ret)
		return ret;
	e->mean = bisect_state_real_of(o, "mean");
	e->sd = bisect_state_real_of(o, "sd");
	return e->n >= STATS_ENDS_LEAST && isfinite(e->mean) && isfinite(e->sd) && e->sd >= 0
		       ? 0 : err_config(err, "%s: no commit can be compared with these boots", key);
}

/* Of a search without them later commits are measured in blocks. */
static int bisect_state_read_ends(const struct view *o, struct stats_ends *e, struct err *err)
{
	const struct view *ends;
	int ret;

	if (!view_get(o, "ends"))
		return 0;
	ret = view_list(o, "ends", JSON_OBJECT, &ends, err);
	if (!ret)
		ret = bisect_state_read_end(ends, "good", &e->good, err);
	if (!ret)
		ret = bisect_state_read_end(ends, "bad", &e->bad, err);
	if (!ret)
		ret = view_bool_or(ends, "count", false, &e->count, err);
	return ret;
}

static int bisect_state_read(const struct view *o, struct bisect *b, struct err *err)
{
	const struct { const char *key; char **to; bool hash; } texts[] = {
		{ "git", &b->git, false }, { "config", &b->config, false },
		{ "good", &b->good, true }, { "bad", &b->bad, true },
		{ "metric", &b->metric, false }, { "claim", &b->claim, false },
		{ "command", &b->command, false }, { "domain", &b->domain, false },
		 { "found", &b->found, false },
	};
	const struct view *steps, *v;
	unsigned version, end;
	int ret = bisect_state_number(o, "version", &version, err);

	if (!ret && version != STATE_VERSION)
		ret = err_config(err, "version: is %u, but this kduel reads %d", version, STATE_VERSION);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && !ret; i++)
		ret = texts[i].hash ? bisect_state_hash(o, texts[i].key, texts[i].to, err)
				    : bisect_state_text(o, texts[i].key, texts[i].to, err);
	if (!ret)
		ret = bisect_state_number(o, "commits", &b->commits, err);
	if (!ret)
		ret = bisect_state_number(o, "expected", &b->expected, err);
	if (!ret)
		ret = view_bool_or(o, "add_needed", false, &b->add_needed, err);
	if (!ret)
		ret = view_bool_or(o, "claim_holds_at_good", false, &b->claim_holds_at_good, err);
	if (!ret)
		ret = view_bool_or(o, "claim_is_fixed", false, &b->claim_is_fixed, err);
	if (!ret)
		ret = bisect_state_read_ends(o, &b->ends, err);
	if (!ret)
		ret = view_choice(o, "end", end_words, &end, err);
	if (!ret)
		ret = view_list(o, "steps", JSON_ARRAY, &steps, err);
	if (ret)
		return ret;
	b->end = end;
	view_each(v, steps) {
		struct bisect_step s = { .commit = NULL };

		ret = bisect_state_read_step(v, &s, err);
		if (!ret)
			ret = bisect_add_step(b, &s, err);
		if (ret) {
			bisect_step_release(&s);
			return ret;
		}
	}
	return 0;
}

int bisect_load(const char *folder, struct bisect *b, struct err *err)
{
	struct view_doc doc = VIEW_DOC_INIT;
	const struct view *root;
	char *path = text_format("%s/state.json", folder), *text = NULL;
	size_t len;
	int ret;

	*b = (struct bisect){ .folder = text_format("%s", folder) };
	if (access(path, F_OK)) {
		ret = err_config(err, "%s: does not hold a search; begin one without --resume", folder);
	} else {
		ret = file_read(path, &text, &len, err);
		if (!ret)
			ret = view_parse(&doc, text, len, &root, err);
		if (!ret)
			ret = bisect_state_read(root, b, err);
		err_prefix(err, "%s", path);
	}
	view_release(&doc);
	free(text);
	free(path);
	if (ret)
		bisect_release(b);
	return ret;
}
