/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backing/backing.h"
#include "bench/source.h"
#include "safe.h"
#include "store/record.h"

#define WHY_MAX 400	/* bytes: every sample repeats it */

struct bytes {
	double of[PAGE_SIZES], sum;
};

static bool judge_read_bytes(const struct proof_layer *layer, struct bytes *b)
{
	*b = (struct bytes){ .sum = 0 };
	if (!layer->given || layer->unavailable)
		return false;
	for (int i = 0; i < PAGE_SIZES; i++) {
		b->of[i] = layer->bytes[i];
		b->sum += b->of[i];
	}
	return true;
}

static char *judge_reason(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static char *judge_reason(const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = strdup("void; out of memory for the reason");
	va_end(ap);
	return text;
}

static char *judge_bytes(const struct bytes *b, const char *layer,
			 const char *when, const char *who,
			 enum page_size want)
{
	double huge = b->of[PAGE_2M] + b->of[PAGE_1G];

	if (b->sum == 0)
		return NULL;
	if (want == PAGE_4K && huge > 0)
		return judge_reason("%s pages %s: %.1f%% of %.0f MiB are huge, %s wants 4K",
				    layer, when, 100 * huge / b->sum, b->sum / (1 << 20), who);
	if (want != PAGE_4K && b->of[want] < SOURCE_MOST * b->sum)
		return judge_reason(
			"%s pages %s: %.1f%% of %.0f MiB are %s, %s wants at least %.0f%%",
			layer, when, 100 * b->of[want] / b->sum, b->sum / (1 << 20),
			page_words[want].name, who, 100 * SOURCE_MOST);
	return NULL;
}

static char *judge_missing(const struct proof *p, enum layer l,
			   const char *who)
{
	const char *why = p->layer[WHEN_AFTER][l].unavailable;

	if (!why)
		why = "no proof was given";
	return judge_reason("%s pages are unknown (%.*s), but %s needs them",
			    layer_words[l].name, (int)text_cut(why, WHY_MAX), why, who);
}

/* A reading without bytes proves nothing either way (a workload may have no buffer). */
static char *judge_layer(const struct proof *p, enum layer l,
			 const char *who, enum page_size want,
			 bool after_only)
{
	bool known = false;
	char *text = NULL;

	for (int when = WHEN_BEFORE; when < WHENS && !text; when++) {
		struct bytes b;

		if (!judge_read_bytes(&p->layer[when][l], &b))
			continue;
		known = true;
		if (when == WHEN_BEFORE && after_only)
			continue;
		text = judge_bytes(&b, layer_words[l].name, when_words[when],
				   who, want);
	}
	if (!text && !known)
		text = judge_missing(p, l, who);
	return text;
}

/* A source that is not in the table has no proof that could be right. */
static char *judge_source(const struct proof *p, const char *name, enum layer *small)
{
	const struct source *s;
	char who[160];

	if (source_find(name, &s, NULL))
		return judge_reason("source %s is unknown, so no page size can be called right",
				    name);
	if (s->share == SOURCE_ANY)
		return NULL;
	snprintf(who, sizeof(who), "source %s", name);
	if (page_of_bytes(s->page) != PAGE_4K)
		*small = LAYER_GUEST;
	return judge_layer(p, LAYER_GUEST, who, page_of_bytes(s->page), false);
}

char *proof_judge(const struct proof *p, const struct plan_cell *cell,
		  const struct plan_arm *arm, enum layer *small)
{
	const struct backing_kind *kind;
	int level = page_find(arm->second_level);
	char who[160], *text;

	*small = LAYERS;
	text = judge_source(p, cell->source, small);

	if (!text && level >= 0) {
		*small = level != PAGE_4K ? LAYER_SECOND : LAYERS;
		snprintf(who, sizeof(who), "arm %s", arm->name);
		/* Before the first touch little more than the kernel is mapped. */
		text = judge_layer(p, LAYER_SECOND, who, level,
				   level != PAGE_4K);
	}
	if (!text && !backing_find(cell->backing, &kind, NULL) &&
	    kind->file_page != PAGE_SIZES) {
		struct bytes b;

		*small = LAYER_FILE;
		snprintf(who, sizeof(who), "backing %s", cell->backing);
		if (judge_read_bytes(&p->layer[WHEN_AFTER][LAYER_FILE], &b))
			text = judge_layer(p, LAYER_FILE, who, kind->file_page, false);
	}
	return text;
}

static void judge_proof_forget(struct proof_layer *layer)
{
	free(layer->unavailable);
	*layer = (struct proof_layer){ .given = false };
}

void proof_release(struct proof *p)
{
	for (int w = 0; w < WHENS; w++)
		for (int l = 0; l < LAYERS; l++)
			judge_proof_forget(&p->layer[w][l]);
}

int proof_take(struct proof *p, enum when when, const struct view *layer,
	       struct err *err)
{
	const struct view *bytes, *why;
	struct proof_layer *to;
	int ret = record_check_layer(layer, err);

	if (ret)
		return ret;
	bytes = view_get(layer, "bytes");
	why = view_get(layer, "unavailable");
	to = &p->layer[when][layer_find(view_get(layer, "layer")->text)];
	judge_proof_forget(to);
	to->given = true;
	if (why && why->type == JSON_STRING) {
		to->unavailable = strdup(why->text);
		return to->unavailable ? 0 : err_sys(err, ENOMEM, "cannot keep a proof");
	}
	for (int i = 0; i < PAGE_SIZES; i++)
		to->bytes[i] = view_get(bytes, page_words[i].name)->real;
	return 0;
}
