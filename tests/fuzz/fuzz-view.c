/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any texts, one a line, as JSON: what a view reads, jansson reads as the same
 * value, and what differs from the text before in numbers alone (the fast way)
 * is read as it is when it comes first.
 */
#include <stdlib.h>
#include <string.h>

#include "target.h"
#include "view.h"

static struct view_doc fuzz_doc = VIEW_DOC_INIT;

static json_t *fuzz_read(struct view_doc *doc, const char *text, size_t len)
{
	const struct view *root;
	json_t *json;

	if (view_parse(doc, text, len, &root, NULL))
		return NULL;
	json = view_json(root);
	if (!json)
		abort();
	return json;
}

static void fuzz_line(const char *text, size_t len)
{
	struct view_doc alone = VIEW_DOC_INIT;
	json_t *after = fuzz_read(&fuzz_doc, text, len);
	json_t *first = fuzz_read(&alone, text, len);
	json_t *theirs = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);

	if (!after != !first || (first && !json_equal(after, first)))
		abort();
	/* The other way round there are depth and jansson's lost NUL. */
	if (first && (!theirs || !json_equal(first, theirs)))
		abort();
	json_decref(after);
	json_decref(first);
	json_decref(theirs);
	view_release(&alone);
}

void fuzz_begin(void)
{
}

void fuzz_one(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	while (size) {
		const char *end = memchr(text, '\n', size);
		size_t n = end ? (size_t)(end - text) : size;

		fuzz_line(text, n);
		text += n + (end != NULL);
		size -= n + (end != NULL);
	}
	view_release(&fuzz_doc);
	fuzz_doc = (struct view_doc)VIEW_DOC_INIT;
}
