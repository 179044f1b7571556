/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands: run to the end and captured, found, and shown to people. */
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loop.h"

struct capture {
	char *text;
	size_t used, room;
};

/* Reads what is there: 1 if more may come, 0 at the end of file, or a negative errno. */
static int proc_run_capture_some(struct capture *c, int fd)
{
	char *more;
	ssize_t n;

	if (c->room - c->used < 2) {
		c->room = c->room ? 2 * c->room : 4096;
		more = realloc(c->text, c->room);
		if (!more)
			return -ENOMEM;
		c->text = more;
	}
	n = read(fd, c->text + c->used, c->room - c->used - 1);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 1 : -errno;
	c->used += n;
	c->text[c->used] = '\0';
	return n > 0;
}

#define TICK 0.25	/* seconds between calls of `stop` */

/* Reads both to their ends; the second may be absent (fd -1). */
static int proc_run_capture_all(const struct proc_options *o, struct capture c[2],
				const int fds[2], double seconds, struct err *err)
{
	struct pollfd p[2] = { { .fd = fds[0], .events = POLLIN },
			       { .fd = fds[1], .events = POLLIN } };
	double end = loop_now() + seconds;

	while (p[0].fd >= 0 || p[1].fd >= 0) {
		double left = end - loop_now();
		int stop = o->stop ? o->stop(o->stop_arg, err) : 0;

		if (stop)
			return stop;
		if (left <= 0)
			return -ETIME;
		if (o->stop && left > TICK)
			left = TICK;
		if (poll(p, 2, (int)(left * 1000) + 1) <= 0)
			continue;
		for (int i = 0; i < 2; i++) {
			int ret = p[i].fd >= 0 && p[i].revents
				  ? proc_run_capture_some(&c[i], p[i].fd) : 1;

			if (ret < 0)
				return ret;
			if (!ret)
				p[i].fd = -1;
		}
	}
	return 0;
}

/* The last `max` bytes, from a line's start. */
static const char *proc_run_tail(const char *text, size_t max)
{
	size_t n = text ? strlen(text) : 0;
	const char *line;

	if (n <= max)
		return text ? text : "";
	line = strchr(text + n - max, '\n');
	return line ? line + 1 : text + n - max;
}

/* The error of a command that ended with `ret` or `status`, having said `text`. */
static int proc_run_capture_error(const char *program, int ret, int status,
				  double seconds, const char *text, struct err *err)
{
	const char *last = proc_run_tail(text, 1500), *line;
	int len = strlen(last);
	char how[64];

	while (len && last[len - 1] == '\n')
		len--;
	line = len ? "\n" : "";
	if (ret == -ETIME)
		return err_set(err, EXIT_MACHINE, ret, "%s did not end in %g s%s%.*s", program,
			       seconds, line, len, last);
	if (ret)
		return err_sys(err, -ret, "cannot read the output of %s", program);
	return err_set(err, EXIT_MACHINE, -EIO, "%s failed: %s%s%.*s", program,
		       proc_status_text(status, how, sizeof(how)), line, len, last);
}

/* Follows `p`, whose output is in `fds`, to its end; c[0] then holds stdout. */
static int proc_run_capture_child(struct proc *p, const struct proc_options *o, const int fds[2],
				  double seconds, struct capture c[2], struct err *err)
{
	const struct capture *said = fds[1] < 0 ? &c[0] : &c[1];
	int status = 0, ret = proc_run_capture_all(o, c, fds, seconds, err);

	if (!ret)
		ret = proc_wait(p, seconds, &status);
	proc_release(p);
	return ret || status ? proc_run_capture_error(o->argv[0], ret, status, seconds,
						      said->text, err) : 0;
}

int proc_run(const char *const argv[], double seconds, char **output,
	     struct err *err)
{
	struct proc_options o = { .argv = argv };
	struct capture c[2] = { { 0 }, { 0 } };
	struct proc p;
	int both[2], ret;

	if (output)
		*output = NULL;
	if (pipe2(both, O_CLOEXEC))
		return err_sys(err, errno, "cannot run %s", argv[0]);
	o.out = o.err = both[1];
	ret = proc_spawn(&p, &o, err);
	close(both[1]);
	fcntl(both[0], F_SETFL, O_NONBLOCK);
	if (!ret)
		ret = proc_run_capture_child(&p, &o, (int[]){ both[0], -1 },
					     seconds, c, err);
	close(both[0]);
	if (!ret && output)
		*output = c[0].text;
	else
		free(c[0].text);
	return ret;
}

int proc_capture(const struct proc_options *options, double seconds,
		 char **output, size_t *len, struct err *err)
{
	struct proc_options o = *options;
	struct capture c[2] = { { 0 }, { 0 } };
	struct proc p;
	int ret;

	*output = NULL;
	o.out = o.err = PROC_PIPE;
	ret = proc_spawn(&p, &o, err);
	if (!ret)
		ret = proc_run_capture_child(&p, &o, (int[]){ p.out, p.err },
					     seconds, c, err);
	free(c[1].text);
	if (ret) {
		free(c[0].text);
		return ret;
	}
	*output = c[0].text;
	if (len)
		*len = c[0].used;
	return 0;
}

const char *proc_status_text(int status, char *buf, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(buf, size, "killed by signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	else
		snprintf(buf, size, "exit %d", WEXITSTATUS(status));
	return buf;
}

char *proc_find(const char *name)
{
	const char *path = getenv("PATH");
	char *found;

	if (strchr(name, '/'))
		return access(name, X_OK) ? NULL : strdup(name);
	/* mkfs and friends are in sbin, which users often lack. */
	if (!path || asprintf(&found, "%s:/usr/sbin:/sbin", path) < 0)
		return NULL;
	path = found;
	for (const char *p = path, *end; p; p = *end ? end + 1 : NULL) {
		char *full;

		end = strchrnul(p, ':');
		if (asprintf(&full, "%.*s/%s", (int)(end - p), p, name) < 0)
			break;
		if (!access(full, X_OK)) {
			free(found);
			return full;
		}
		free(full);
	}
	free(found);
	return NULL;
}

static bool proc_run_plain(const char *word)
{
	return *word && strspn(word, "abcdefghijklmnopqrstuvwxyz"
			       "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "0123456789-_=+,./:@%") == strlen(word);
}

char *proc_command_text(const char *const argv[])
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	for (int i = 0; argv[i]; i++) {
		fputs(i ? " " : "", f);
		if (proc_run_plain(argv[i])) {
			fputs(argv[i], f);
			continue;
		}
		fputc('\'', f);
		for (const char *c = argv[i]; *c; c++) {
			if (*c == '\'')
				fputs("'\\''", f);
			else
				fputc(*c, f);
		}
		fputc('\'', f);
	}
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

/* --- the wish to stop --- */

#define SIGNALS 3

static const int stop_signals[SIGNALS] = { SIGINT, SIGTERM, SIGHUP };
static struct sigaction stop_before[SIGNALS];
static volatile sig_atomic_t asked;

bool stop_hears(int signo)
{
	struct sigaction now;

	return signo != SIGHUP || sigaction(signo, NULL, &now) || now.sa_handler != SIG_IGN;
}

static void proc_run_on_signal(int signo)
{
	(void)signo;
	asked = 1;
	for (size_t i = 0; i < SIGNALS; i++)
		if (stop_hears(stop_signals[i]))
			signal(stop_signals[i], SIG_DFL);
}

void stop_catch(void)
{
	struct sigaction act = { .sa_handler = proc_run_on_signal };

	asked = 0;
	for (size_t i = 0; i < SIGNALS; i++) {
		sigaction(stop_signals[i], NULL, &stop_before[i]);
		if (stop_hears(stop_signals[i]))
			sigaction(stop_signals[i], &act, NULL);
	}
}

bool stop_asked(void)
{
	return asked;
}

void stop_release(void)
{
	for (size_t i = 0; i < SIGNALS; i++)
		sigaction(stop_signals[i], &stop_before[i], NULL);
}

/* --- arguments --- */

/* Takes ownership of `word`; NULL means that memory ran out. */
static void proc_run_take_word(struct args *a, char *word)
{
	char **v = realloc(a->v, (a->n + 2) * sizeof(*v));

	if (v)
		a->v = v;
	if (!v || !word) {
		a->failed = true;
		free(word);
		return;
	}
	v[a->n++] = word;
	v[a->n] = NULL;
}

void args_add(struct args *a, const char *word)
{
	proc_run_take_word(a, strdup(word));
}

void args_addf(struct args *a, const char *fmt, ...)
{
	char *word = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&word, fmt, ap) < 0)
		word = NULL;
	va_end(ap);
	proc_run_take_word(a, word);
}

void args_add_all(struct args *a, ...)
{
	const char *word;
	va_list ap;

	va_start(ap, a);
	while ((word = va_arg(ap, const char *)))
		args_add(a, word);
	va_end(ap);
}

int args_done(const struct args *a, struct err *err)
{
	return a->failed ? err_sys(err, ENOMEM, "cannot make a command line") : 0;
}

void args_release(struct args *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->v[i]);
	free(a->v);
	*a = (struct args)ARGS_INIT;
}
