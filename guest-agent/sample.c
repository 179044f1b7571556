/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "count.h"

#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "proc.h"

#define HZ_WANTED "997"		/* beside no timer's */
#define BEGIN_SECONDS 5
#define END_SECONDS 60
#define LOOK_NS 5000000
#define FUNCTIONS_MOST 2000

struct sample {
	struct proc perf;
	char path[64];
};

/* perf opens its file once it has attached. */
static bool sample_has_begun(struct sample *s)
{
	uint64_t until = clock_raw_ns() + BEGIN_SECONDS * 1000000000ull;
	struct stat st = { 0 };

	while (!st.st_size && clock_raw_ns() < until) {
		nanosleep(&(struct timespec){ .tv_nsec = LOOK_NS }, NULL);
		if (!proc_wait(&s->perf, 0, NULL) || stat(s->path, &st))
			return false;
	}
	return st.st_size > 0;
}

int sample_start(struct sample **out, pid_t pid, struct err *err)
{
	struct sample *s = calloc(1, sizeof(*s));
	char number[16], *perf = proc_find("perf");
	const char *argv[] = { "perf", "record", "-q", "-e", "cycles:GH", "-F", HZ_WANTED,
			       "-p", number, "-o", NULL, NULL };
	struct proc_options o = { .argv = argv, .clean = true };
	int fd = -1, ret = 0;

	*out = NULL;
	if (!s || !perf) {
		ret = s ? err_set(err, EXIT_MACHINE, -EOPNOTSUPP, "functions cannot be sampled: perf is not installed (Debian: linux-perf)")
			: err_sys(err, ENOMEM, "cannot sample");
		goto out;
	}
	strcpy(s->path, "/tmp/kduel-perf-XXXXXX");
	fd = mkstemp(s->path);
	if (fd < 0) {
		ret = err_sys(err, errno, "cannot make a file in /tmp");
		*s->path = '\0';
		goto out;
	}
	snprintf(number, sizeof(number), "%d", (int)pid);
	argv[10] = s->path;
	ret = proc_spawn(&s->perf, &o, err);
	if (!ret && !sample_has_begun(s))
		ret = err_machine(err, "functions cannot be sampled: perf record -p %d takes none; may it (kernel.perf_event_paranoid)?",
				  (int)pid);
out:
	if (fd >= 0)
		close(fd);
	free(perf);
	if (ret)
		sample_free(s);
	else
		*out = s;
	return ret;
}

void sample_free(struct sample *s)
{
	if (!s)
		return;
	proc_release(&s->perf);
	if (*s->path)
		unlink(s->path);
	free(s);
}

/* --- what perf saw ------------------------------------------------------------------ */

struct sampled {
	const char *side, *name;
	uint64_t n;
};

static int sample_by_name(const void *a, const void *b)
{
	const struct sampled *x = a, *y = b;
	int side = strcmp(x->side, y->side);

	return side ? side : strcmp(x->name, y->name);
}

static int sample_by_count(const void *a, const void *b)
{
	const struct sampled *x = a, *y = b;

	return x->n != y->n ? (x->n < y->n ? 1 : -1) : sample_by_name(a, b);
}

static const char *sample_side(char c)
{
	return c == 'K' || c == 'H' ? "machine's kernel" : c == 'U' ? "machine's programs" :
	       c == 'G' ? "guest's kernel" : c == 'g' ? "guest's programs" : NULL;
}

/* "K  cpu-clock:HG:  ffffffff813a2313 finish_task_switch.isra.0 ([kernel.kallsyms])" */
static bool sample_line(char *line, struct sampled *s, char *event, size_t size)
{
	char *save, *misc = strtok_r(line, " ", &save), *what = strtok_r(NULL, " ", &save);
	char *ip = strtok_r(NULL, " ", &save), *name = strtok_r(NULL, " ", &save);
	char *dso = strtok_r(NULL, "", &save);

	s->side = misc && !misc[1] ? sample_side(*misc) : NULL;
	if (!s->side || !name)
		return false;
	if (!*event)
		snprintf(event, size, "%.*s", (int)strcspn(what, ": "), what);
	s->n = 1;
	s->name = name;
	if (*misc == 'G') {
		memcpy(ip - 2, "0x", 2);	/* there is a blank and the event's end before */
		s->name = ip - 2;
	} else if (!strcmp(name, "[unknown]") && dso) {
		s->name = strrchr(dso, '/') ? strrchr(dso, '/') + 1 : dso + strspn(dso, " (");
		((char *)s->name)[strcspn(s->name, ")")] = '\0';
	}
	return true;
}

/* Equal ones become one; how many are left. */
static size_t sample_sum(struct sampled *v, size_t n)
{
	size_t kept = 0;

	qsort(v, n, sizeof(*v), sample_by_name);
	for (size_t i = 0; i < n; i++)
		if (kept && !sample_by_name(&v[kept - 1], &v[i]))
			v[kept - 1].n += v[i].n;
		else
			v[kept++] = v[i];
	qsort(v, kept, sizeof(*v), sample_by_count);
	return kept;
}

/* What is beyond the most goes to its side, without a name. */
static json_t *sample_list(struct sampled *v, size_t n)
{
	json_t *list = json_array();

	for (size_t i = FUNCTIONS_MOST; i < n; i++)
		v[i].name = "[others]";
	if (n > FUNCTIONS_MOST)
		n = sample_sum(v, n);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_pack("[s, I, s]", v[i].side, (json_int_t)v[i].n,
						      v[i].name));
	return list;
}

int sample_parse(char *text, json_t *reply, struct err *err)
{
	size_t lines = 1, n = 0;
	struct sampled *v;
	char event[32] = "", *save, *line;

	for (char *c = text; *c; c++) {
		lines += *c == '\n';
		if (*c != '\n' && (*c < ' ' || *c > '~'))
			*c = '?';
	}
	v = calloc(lines, sizeof(*v));
	if (!v)
		return err_sys(err, ENOMEM, "cannot sample");
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		n += sample_line(line, &v[n], event, sizeof(event));
	n = sample_sum(v, n);
	json_object_set_new(reply, "sampled", json_string(*event ? event : "none"));
	json_object_set_new(reply, "hz", json_integer(atoi(HZ_WANTED)));
	json_object_set_new(reply, "functions", sample_list(v, n));
	free(v);
	return 0;
}

int sample_stop(struct sample *s, json_t *reply, struct err *err)
{
	const char *argv[] = { "perf", "script", "-i", s->path, "-F", "event,misc,ip,sym,dso", NULL };
	struct proc_options o = { .argv = argv, .clean = true };
	char *text = NULL;
	int ret;

	proc_signal(&s->perf, SIGINT);
	ret = proc_wait(&s->perf, END_SECONDS, NULL)
		? err_machine(err, "perf record did not end within %d s", END_SECONDS)
		: proc_capture(&o, END_SECONDS, &text, NULL, err);
	if (!ret)
		ret = sample_parse(text, reply, err);
	free(text);
	sample_free(s);
	return ret;
}
