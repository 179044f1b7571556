/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "difference.h"

#include <stdio.h>
#include <stdlib.h>

static void difference_say(const char *path, const json_t *was, const json_t *is,
			   char what[static DIFFERENCE_MAX])
{
	char *a = json_dumps(was, JSON_ENCODE_ANY | JSON_COMPACT);
	char *b = is ? json_dumps(is, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;

	snprintf(what, DIFFERENCE_MAX, "%.100s was %.120s, is %.120s", path,
		 a ? a : "", b ? b : "not there");
	free(a);
	free(b);
}

static bool difference_in_object(const char *path, const json_t *was, const json_t *is,
				 char what[static DIFFERENCE_MAX])
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)was, key, value) {
		char below[256];

		snprintf(below, sizeof(below), "%s%s%s", path, *path ? "." : "",
			 key);
		if (difference_find(below, value, json_object_get(is, key), what))
			return true;
	}
	return false;
}

bool difference_find(const char *path, const json_t *was, const json_t *is,
		     char what[static DIFFERENCE_MAX])
{
	size_t n = json_array_size(was);

	if (json_is_object(was) && json_is_object(is))
		return difference_in_object(path, was, is, what);
	if (json_equal(was, is))
		return false;
	for (size_t i = 0; i < n && n == json_array_size(is); i++) {
		char below[256];

		snprintf(below, sizeof(below), "%s[%zu]", path, i);
		if (difference_find(below, json_array_get(was, i),
				    json_array_get(is, i), what))
			return true;
	}
	difference_say(path, was, is, what);
	return true;
}
