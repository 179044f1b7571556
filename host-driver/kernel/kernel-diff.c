/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel-patch.h"

#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lines outside hunks that indicate a change which git apply would silently skip. */
static const struct {
	const char *pattern, *why;
} skipped[] = {
	{ "\033[[]*",
	  "it contains no unified diff but one with terminal colours; make it with --color=never" },
	{ "[*][*][*] +([0-9,]) [*][*][*][*]",
	  "this is a context diff; make a unified one with diff -u" },
	{ "@@@*", "this is the combined diff of a merge; make it against one parent" },
	{ "Binary files * differ",
	  "the content of binary files is missing; make it with git diff --binary" },
	{ "Files * differ", "the content of files is missing; make it without -q" },
	{ "Cannot display: file marked as a binary type.",
	  "the content of a binary file is missing; make it with git diff --binary" },
	{ "Only in +([! :]): *", "a new file is missing; make it with diff -N" },
	{ "Property changes on: *", "properties of Subversion cannot be applied" },
	{ "?(new file |deleted file |old |new )mode 160000",
	  "a change of a submodule, which is not part of a source tree" },
	{ "index +([0-9a-f])..+([0-9a-f]) 160000",
	  "a change of a submodule, which is not part of a source tree" },
	{ "Submodule * +([0-9a-f])..*",
	  "a change of a submodule, which is not part of a source tree" },
};

struct scan {
	struct kernel_diff *d;
	char line[512];		/* without CR and LF, truncated */
	bool cr;
	unsigned long old, new;	/* lines left in the hunk */
	bool after;		/* right after a hunk */
};

static const char *diff_scan_range(const char *p, unsigned long *n)
{
	char *end;

	strtoul(p, &end, 10);
	*n = 1;
	if (*end == ',')
		*n = strtoul(end + 1, &end, 10);
	return end;
}

/* "@@ -1,3 +1,4 @@" */
static bool diff_scan_hunk_header(struct scan *s)
{
	const char *p = s->line;
	unsigned long old, new;

	if (strncmp(p, "@@ -", 4))
		return false;
	p = diff_scan_range(p + 4, &old);
	if (strncmp(p, " +", 2))
		return false;
	p = diff_scan_range(p + 2, &new);
	if (strncmp(p, " @@", 3))
		return false;
	s->old = old;
	s->new = new;
	return true;
}

static void diff_scan_hunk_line(struct scan *s)
{
	switch (*s->line) {
	case ' ':
	case '\0':
		s->old -= s->old > 0;
		s->new -= s->new > 0;
		break;
	case '-':
		s->old -= s->old > 0;
		break;
	case '+':
		s->new -= s->new > 0;
		break;
	case '\\':
		break;
	default:	/* git will report a corrupt patch */
		s->old = s->new = 0;
		return;
	}
	s->after = !s->old && !s->new;
}

/* Does the line after a complete hunk look as if it still belonged to it? */
static bool diff_scan_is_left_over(struct scan *s)
{
	const char *l = s->line;

	if (!s->after || *l == ' ' || *l == '\\')
		return false;
	s->after = false;
	return *l == '+' || (*l == '-' && strcmp(l, "--") &&
			     strncmp(l, "-- ", 3) && strncmp(l, "--- ", 4));
}

static void diff_scan_wrong(struct scan *s, unsigned line, const char *why)
{
	if (s->d->wrong)
		return;
	s->d->line = line;
	s->d->wrong = why;
}

static void diff_scan_line(struct scan *s, unsigned line)
{
	if (s->old || s->new) {
		diff_scan_hunk_line(s);
		return;
	}
	if (diff_scan_is_left_over(s))
		diff_scan_wrong(s, line, "the hunk has more lines than its header says");
	if (!strncmp(s->line, "diff --git ", 11) ||
	    !strncmp(s->line, "--- ", 4) || diff_scan_hunk_header(s)) {
		s->d->headers++;
		s->d->cr_headers += s->cr;
	}
	for (size_t i = 0; i < sizeof(skipped) / sizeof(skipped[0]); i++)
		if (!fnmatch(skipped[i].pattern, s->line, FNM_EXTMATCH))
			diff_scan_wrong(s, line, skipped[i].why);
}

/* Copies the line at `p` into s->line; returns where the next one begins. */
static const char *diff_scan_next(struct scan *s, const char *p, const char *end)
{
	const char *lf = memchr(p, '\n', end - p);
	size_t n = (lf ? lf : end) - p;

	s->cr = n && p[n - 1] == '\r';
	n -= s->cr;
	if (n >= sizeof(s->line))
		n = sizeof(s->line) - 1;
	memcpy(s->line, p, n);
	s->line[n] = '\0';
	return lf ? lf + 1 : end;
}

void kernel_diff_scan(const char *text, size_t len, struct kernel_diff *d)
{
	struct scan s = { .d = d };
	const char *p = text, *end = text + len;

	*d = (struct kernel_diff){ 0 };
	for (unsigned line = 1; p < end; line++) {
		p = diff_scan_next(&s, p, end);
		diff_scan_line(&s, line);
	}
}

const char *kernel_diff_hunk(const char *text, const char *path,
			     unsigned long at, size_t *len)
{
	const char *p = text, *hunk = NULL, *end = text + strlen(text);
	struct kernel_diff unused = { 0 };
	struct scan s = { .d = &unused };
	bool here = false;

	while (p < end) {
		const char *line = p;
		bool inside = s.old || s.new;

		p = diff_scan_next(&s, p, end);
		diff_scan_line(&s, 1);
		if (!inside && hunk) {
			p = line;
			break;
		}
		if (!inside && (!strncmp(line, "--- ", 4) ||
				!strncmp(line, "diff --git ", 11)))
			here = strstr(s.line, path);
		else if (!inside && here && !strncmp(line, "@@ -", 4) &&
			 strtoul(line + 4, NULL, 10) == at)
			hunk = line;
	}
	*len = hunk ? p - hunk : 0;
	return hunk;
}
