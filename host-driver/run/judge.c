/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/source.h"

const char *const proof_layer_name[PROOF_LAYERS] = {
	"guest", "second-level", "mut", "file",
};
const char *const proof_when_name[PROOF_WHENS] = { "before", "after" };

static const char *const page_names[] = { "4k", "2m", "1g" };
enum page { PAGE_4K, PAGE_2M, PAGE_1G, PAGES };

/* What an arm's second level or a backing's file is to be made of. */
struct demand {
	const char *name;
	enum page page;
};

static const struct demand levels[] = {
	{ "4k", PAGE_4K }, { "2m", PAGE_2M }, { "1g", PAGE_1G },
};

/* Backings whose file is laid out in 2M extents; ext4 makes no such promise. */
static const struct demand files[] = {
	{ "fsdax-xfs", PAGE_2M },
};

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static const struct demand *find(const struct demand *v, size_t n,
				 const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(v[i].name, name))
			return &v[i];
	}
	return NULL;
}

struct bytes {
	double of[PAGES], sum;
};

static bool read_bytes(const json_t *layer, struct bytes *b)
{
	const json_t *bytes = json_object_get(layer, "bytes");

	*b = (struct bytes){ .sum = 0 };
	if (!bytes)
		return false;
	for (int i = 0; i < PAGES; i++) {
		b->of[i] = json_number_value(json_object_get(bytes, page_names[i]));
		b->sum += b->of[i];
	}
	return true;
}

static char *reason(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static char *reason(const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = strdup("void, and no memory to say why");
	va_end(ap);
	return text;
}

static char *judge_bytes(const struct bytes *b, const char *layer,
			 const char *when, const char *who,
			 const struct demand *d)
{
	double huge = b->of[PAGE_2M] + b->of[PAGE_1G];

	if (b->sum == 0)
		return NULL;
	if (d->page == PAGE_4K && huge > 0)
		return reason("%s pages %s: %.1f%% of %.0f MiB are huge, %s wants 4K",
			      layer, when, 100 * huge / b->sum, b->sum / (1 << 20), who);
	if (d->page != PAGE_4K && b->of[d->page] < SOURCE_MOST * b->sum)
		return reason("%s pages %s: %.1f%% of %.0f MiB are %s, %s wants at least %.0f%%",
			      layer, when, 100 * b->of[d->page] / b->sum,
			      b->sum / (1 << 20), page_names[d->page], who,
			      100 * SOURCE_MOST);
	return NULL;
}

static char *missing(const struct proof *p, enum proof_layer l,
		     const char *who)
{
	const char *why = json_string_value(
		json_object_get(p->layer[PROOF_AFTER][l], "unavailable"));

	return reason("%s pages are not known (%s), and %s asks for them",
		      proof_layer_name[l], why ? why : "no proof was given", who);
}

/* A side without bytes says nothing (a workload may have no buffer). */
static char *judge_layer(const struct proof *p, enum proof_layer l,
			 const char *who, const struct demand *d,
			 bool after_only)
{
	bool known = false;
	char *text = NULL;

	for (int when = PROOF_BEFORE; when < PROOF_WHENS && !text; when++) {
		struct bytes b;

		if (!read_bytes(p->layer[when][l], &b))
			continue;
		known = true;
		if (when == PROOF_BEFORE && after_only)
			continue;
		text = judge_bytes(&b, proof_layer_name[l], proof_when_name[when],
				   who, d);
	}
	if (!text && !known)
		text = missing(p, l, who);
	return text;
}

/* One that the table of sources lacks gives no proof that could be right. */
static char *judge_source(const struct proof *p, const char *name)
{
	const struct source *s;
	struct demand d = { .page = PAGE_4K };
	char who[160];

	if (source_find(name, &s, NULL))
		return reason("source %s is not known, so no page is known to be right", name);
	if (s->share == SOURCE_ANY)
		return NULL;
	if (s->page > 4096)
		d.page = s->page >= 1UL << 30 ? PAGE_1G : PAGE_2M;
	snprintf(who, sizeof(who), "source %s", name);
	return judge_layer(p, PROOF_GUEST, who, &d, false);
}

char *proof_judge(const struct proof *p, const struct plan_cell *cell,
		  const struct plan_arm *arm)
{
	char who[160], *text = judge_source(p, cell->source);
	const struct demand *d = find(levels, COUNT(levels), arm->second_level);
	if (!text && d) {
		snprintf(who, sizeof(who), "arm %s", arm->name);
		/* Before the first touch little more than the kernel is mapped. */
		text = judge_layer(p, PROOF_SECOND, who, d, d->page != PAGE_4K);
	}
	d = find(files, COUNT(files), cell->backing);
	if (!text && d) {
		struct bytes b;

		snprintf(who, sizeof(who), "backing %s", cell->backing);
		if (read_bytes(p->layer[PROOF_AFTER][PROOF_FILE], &b))
			text = judge_layer(p, PROOF_FILE, who, d, false);
	}
	return text;
}

void proof_release(struct proof *p)
{
	for (int w = 0; w < PROOF_WHENS; w++) {
		for (int l = 0; l < PROOF_LAYERS; l++) {
			json_decref(p->layer[w][l]);
			p->layer[w][l] = NULL;
		}
	}
}

static bool well_formed(const json_t *layer)
{
	const json_t *bytes = json_object_get(layer, "bytes");

	if (!bytes)
		return json_is_string(json_object_get(layer, "unavailable"));
	for (int i = 0; i < PAGES; i++) {
		const json_t *n = json_object_get(bytes, page_names[i]);

		if (!json_is_integer(n) || json_integer_value(n) < 0)
			return false;
	}
	return true;
}

int proof_take(struct proof *p, enum proof_when when, json_t *layer,
	       struct err *err)
{
	const char *name = json_string_value(json_object_get(layer, "layer"));

	for (int l = 0; name && l < PROOF_LAYERS; l++) {
		if (strcmp(name, proof_layer_name[l]))
			continue;
		if (!well_formed(layer))
			break;
		json_decref(p->layer[when][l]);
		p->layer[when][l] = json_incref(layer);
		return 0;
	}
	return err_set(err, EXIT_INCOMPLETE, -EPROTO,
		       "a proof of layer '%.40s' is not well formed",
		       name ? name : "?");
}
