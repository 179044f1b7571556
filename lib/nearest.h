/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "did you mean ...?": the known word nearest to what was written.
 */
#ifndef KDUEL_NEAREST_H
#define KDUEL_NEAREST_H

#include <stddef.h>

/*
 * The word of `known` (`n` of them; NULL entries are skipped) that takes the
 * fewest edits (insert, delete, replace, swap of neighbours) to become
 * `word`, or NULL if none is near: more than a third of its letters, and
 * more than one, would have to change.
 */
const char *nearest_word(const char *word, const char *const *known, size_t n);

#endif
