/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where two JSON values differ, in words. */
#ifndef KDUEL_DIFFERENCE_H
#define KDUEL_DIFFERENCE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define DIFFERENCE_MAX 400

/*
 * Is something that `was` holds different in `is`? Then `what` describes the first such
 * place: "arms[1].cmdline was "", is "quiet"". Keys that only `is` has do not count.
 * `path` is prefixed to the place.
 */
bool difference_find(const char *path, const json_t *was, const json_t *is,
		     char what[static DIFFERENCE_MAX]);

#endif
