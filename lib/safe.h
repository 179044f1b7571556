/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text from outside (guests, consoles, configs, journals) made harmless.
 *
 * A report is pasted into mails, shown on terminals and opened in browsers,
 * and part of what it quotes was written by the machines under test. So every
 * quoted string goes through safe_text() first: what is not printable UTF-8
 * becomes a visible escape ("\x1b", "\u{202e}"), newlines and tabs become
 * one space. A terminal escape, a right-to-left override or a NUL then has no
 * effect anywhere. html_put() adds the escapes that HTML needs.
 */
#ifndef KDUEL_SAFE_H
#define KDUEL_SAFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * A printable copy of `text`, the caller's to free; never NULL: an absent
 * text is "", and a lack of memory ends the program.
 */
char *safe_text(const char *text);

/* Would safe_text() change nothing, so that it is fit for a name? */
bool safe_is_plain(const char *text);

/*
 * The same for plot data: ASCII without quotes, backslashes, newlines, and
 * without '&', which gnuplot hands to an SVG as the entity that it begins.
 */
char *safe_plot_text(const char *text);

/*
 * Texts made in memory, not escaped, the caller's to free. Where memory runs
 * out these end the program (see docs/architecture.md): text_open() is
 * open_memstream(), text_close() its fclose(), after which the text is whole.
 */
FILE *text_open(char **text, size_t *len);
void text_close(FILE *out);
/* Returns `memory`, or ends the program if it is NULL: for what a text is made of. */
void *must_have(void *memory);
char *text_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Columns that `text` (already safe) takes on a terminal. */
size_t safe_width(const char *text);

/* Length in bytes of the UTF-8 character that `text` (already safe) begins with. */
size_t safe_char_len(const char *text);

/* Bytes of the longest prefix of `text` that is at most `max` and splits no character. */
size_t text_cut(const char *text, size_t max);

/* Writes `text` made safe. */
void text_put(FILE *out, const char *text);

/* Writes `text` made safe, as HTML content or attribute value. */
void html_put(FILE *out, const char *text);

#endif
