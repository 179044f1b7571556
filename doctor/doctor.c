/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A case examined by a table of causes. */
#include "doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "safe.h"

#define LEAST (16ULL << 20)	/* less memory than this in use tells nothing */
#define SLACK (4ULL << 20)	/* firmware and edges are 4K in any guest */

const char *const doctor_sure_words[] = { "proved", "likely", "possible", NULL };

enum doctor_answer doctor_is_huge(const struct doctor_case *c)
{
	const struct doctor_second *s = &c->second;
	const struct doctor_ram *r = &c->ram;
	uint64_t small;

	if (s->known) {
		if (s->b4k + s->huge < LEAST)
			return DOCTOR_UNKNOWN;
		small = s->b4k > SLACK ? s->b4k - SLACK : 0;
		return small * 20 > s->b4k + s->huge ? DOCTOR_NO : DOCTOR_YES;
	}
	/* Huge in QEMU need not be huge for the guest; small in QEMU is small. */
	if (r->known && r->huge_known && r->rss >= LEAST &&
	    r->rss > r->huge + SLACK + r->rss / 20)
		return DOCTOR_NO;
	return DOCTOR_UNKNOWN;
}

bool doctor_found(struct doctor_finding *f, enum doctor_sure sure, const char *mend,
		  const char *seen, ...)
{
	va_list ap;

	f->sure = sure;
	snprintf(f->mend, sizeof(f->mend), "%s", mend);
	va_start(ap, seen);
	vsnprintf(f->seen, sizeof(f->seen), seen, ap);
	va_end(ap);
	return true;
}

static int doctor_compare(const void *a, const void *b)
{
	const struct doctor_finding *x = a, *y = b;

	if (x->sure != y->sure)
		return x->sure < y->sure ? -1 : 1;
	return x->cause < y->cause ? -1 : x->cause > y->cause;
}

void doctor_examine(const struct doctor_case *c, const struct doctor_cause *table,
		    struct doctor_report *r)
{
	bool huge = doctor_is_huge(c) == DOCTOR_YES;

	r->n = 0;
	for (; table->id && r->n < DOCTOR_FINDINGS_MAX; table++) {
		/* Where the memory is huge, nothing has kept it from that. */
		if (huge && strcmp(table->layer, "machine"))
			continue;
		r->finding[r->n] = (struct doctor_finding){ .cause = table };
		r->n += table->check(c, &r->finding[r->n]);
	}
	qsort(r->finding, r->n, sizeof(r->finding[0]), doctor_compare);
}

/* These texts hold names of files, which need not be UTF-8. */
static json_t *doctor_string(const char *text)
{
	char *safe = safe_text(text);
	json_t *s = json_string(safe);

	free(safe);
	return s;
}

size_t doctor_layers_read(const struct doctor_case *c, const char *layers[LAYERS])
{
	const bool read[LAYERS] = {
		[LAYER_SECOND] = c->second.known, [LAYER_MUT] = c->ram.known,
		[LAYER_FILE] = c->has_place,
	};
	size_t n = 0;

	for (int i = 0; i < LAYERS; i++)
		if (read[i])
			layers[n++] = layer_words[i].name;
	return n;
}

json_t *doctor_json(const struct doctor_case *c, const struct doctor_report *r)
{
	json_t *found = json_array(), *unread = json_array(), *read = json_array();
	const char *layers[LAYERS];
	size_t n = doctor_layers_read(c, layers);

	for (size_t i = 0; i < r->n; i++) {
		const struct doctor_finding *f = &r->finding[i];

		json_array_append_new(found, json_pack("{s:s, s:s, s:s, s:o, s:s, s:o, s:s}",
			"id", f->cause->id, "layer", f->cause->layer, "title", f->cause->title,
			"seen", doctor_string(f->seen), "rule", f->cause->rule, "mend", doctor_string(f->mend),
			"sure", doctor_sure_words[f->sure]));
	}
	for (size_t i = 0; i < c->n_blind; i++)
		json_array_append_new(unread, json_pack("{s:s, s:o}", "layer", c->blind[i].layer,
							"why", doctor_string(c->blind[i].why)));
	for (size_t i = 0; i < n; i++)
		json_array_append_new(read, json_string(layers[i]));
	return json_pack("{s:o, s:o, s:o}", "findings", found, "unread", unread, "read", read);
}
