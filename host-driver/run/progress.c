/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "progress.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "loop.h"
#include "safe.h"

#define WIDTH 80		/* if the terminal does not report its own */

void progress_init(struct progress *p, FILE *out, bool verbose, unsigned total,
		   double expected)
{
	*p = (struct progress){
		.out = out, .verbose = verbose, .total = total,
		.expected = expected, .start = loop_now(),
		.terminal = isatty(fileno(out)),
	};
}

const char *progress_time(double seconds, char *buf, size_t size)
{
	unsigned s = seconds > 0 ? (unsigned)(seconds + 0.5) : 0;

	if (s >= 3600)
		snprintf(buf, size, "%u:%02u:%02u", s / 3600, s / 60 % 60, s % 60);
	else
		snprintf(buf, size, "%u:%02u", s / 60, s % 60);
	return buf;
}

double progress_left(const struct progress *p)
{
	double each = p->done ? p->spent / p->done : p->expected;
	double left = (p->total - p->done) * each;

	if (p->boot_start)
		left -= loop_now() - p->boot_start < each
			? loop_now() - p->boot_start : each;
	return left;
}

void progress_clear(struct progress *p)
{
	if (p->live)
		fputs("\r\033[K", p->out);
	p->live = false;
	fflush(p->out);
}

static int progress_width_of(FILE *out)
{
	struct winsize w;

	return ioctl(fileno(out), TIOCGWINSZ, &w) || w.ws_col < 20 ? WIDTH
								   : w.ws_col;
}

/* How many bytes of `safe` fit in `width` columns, one per character. */
static int progress_fit(const char *safe, int width)
{
	size_t n = 0;

	for (; safe[n] && width > 0; width--)
		n += safe_char_len(safe + n);
	return (int)n;
}

/* One line, however narrow the terminal: a wrapped line could not be erased. */
void progress_tick(struct progress *p)
{
	char gone[16], left[16], text[400];

	if (!p->terminal)
		return;
	progress_time(loop_now() - p->start, gone, sizeof(gone));
	progress_time(progress_left(p), left, sizeof(left));
	if (p->boot_start)
		snprintf(text, sizeof(text), "%s  boot %u/%u, %s left  %s: %s",
			 gone, p->done + 1, p->total, left, p->boot, p->phase);
	else
		snprintf(text, sizeof(text), "%s  %s", gone, p->phase);
	fprintf(p->out, "\r%.*s\033[K", progress_fit(text, progress_width_of(p->out) - 1), text);
	fflush(p->out);
	p->live = true;
}

/* These texts may come from guests and agents: they must not control the terminal. */
static char *progress_safe(const char *fmt, va_list ap)
{
	char *text, *safe;

	if (vasprintf(&text, fmt, ap) < 0)
		return safe_text(NULL);
	safe = safe_text(text);
	free(text);
	return safe;
}

static void progress_line(struct progress *p, const char *fmt, va_list ap)
{
	char *safe = progress_safe(fmt, ap);

	progress_clear(p);
	fprintf(p->out, "%s\n", safe);
	fflush(p->out);
	free(safe);
}

/* The live line's texts are as foreign as those that stay. */
static void progress_keep(char *to, size_t size, const char *fmt, va_list ap)
{
	char *safe = progress_safe(fmt, ap);

	snprintf(to, size, "%s", safe);
	free(safe);
}

void progress_say(struct progress *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	progress_line(p, fmt, ap);
	va_end(ap);
}

void progress_detail(struct progress *p, const char *fmt, ...)
{
	va_list ap;

	if (!p->verbose)
		return;
	va_start(ap, fmt);
	progress_line(p, fmt, ap);
	va_end(ap);
}

void progress_phase(struct progress *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	progress_keep(p->phase, sizeof(p->phase), fmt, ap);
	va_end(ap);
	progress_tick(p);
}

void progress_boot_begin(struct progress *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	progress_keep(p->boot, sizeof(p->boot), fmt, ap);
	va_end(ap);
	p->boot_start = loop_now();
	p->phase[0] = '\0';
	progress_tick(p);
}

void progress_boot_end(struct progress *p)
{
	p->spent += loop_now() - p->boot_start;
	p->boot_start = 0;
	p->done++;
}

#define WHY_LINES 3		/* the journal has the rest, e.g. a program's usage text */

static int progress_widest_name(const struct plan *p)
{
	size_t width = 0;

	for (size_t i = 0; i < p->n_arms; i++)
		if (strlen(p->arms[i].name) > width)
			width = strlen(p->arms[i].name);
	return (int)width;
}

static void progress_tell_why(struct progress *p, const char *text)
{
	for (unsigned line = 0; *text && line < WHY_LINES; line++) {
		size_t n = strcspn(text, "\n");

		progress_say(p, "  %.*s", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

void tell_boot(struct progress *p, const struct plan *plan,
	       const struct plan_boot *b, const struct session_result *s)
{
	bool well = !strcmp(s->class, "ok") && !s->cells_void && !s->cells_failed;
	char left[16], first[40] = "";

	if (p->terminal && !p->verbose && well)
		return;
	progress_time(progress_left(p), left, sizeof(left));
	if (s->first_sample > 0)
		snprintf(first, sizeof(first), ", sample at %.1f s",
			 s->first_sample);
	progress_say(p, "boot %u/%u  block %u/%u  %-*s  %s  %.1f s%s; %s left",
		     p->done, p->total, b->block, plan->n_blocks,
		     progress_widest_name(plan), plan->arms[b->arm].name, s->class,
		     s->seconds, first, left);
	progress_tell_why(p, s->text);
	if (s->cells_void || s->cells_failed)
		progress_say(p, "  cells: %u good, %u void, %u failed%s",
			     s->cells_ok, s->cells_void, s->cells_failed,
			     p->verbose ? "" : " (-v shows why)");
}
