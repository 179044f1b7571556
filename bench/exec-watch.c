/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The largest mapping of a command and its children while they run. What counts
 * is memory that is there: of each process of the group the mapping with the most
 * resident bytes, and of all looks the one that had the most.
 */
#include "exec.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"

/* The parent and group are what follows the name, which may hold anything but ends with ')'. */
static bool watch_relations(const char *pid, pid_t *parent, pid_t *group)
{
	char path[64], *text, *end;
	bool known;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	if (file_read(path, &text, NULL, NULL))
		return false;
	end = strrchr(text, ')');
	known = end && sscanf(end + 1, " %*c %d %d", parent, group) == 2;
	free(text);
	return known;
}

static bool watch_in_group(const char *pid, pid_t group)
{
	pid_t parent, of;

	return watch_relations(pid, &parent, &of) && of == group;
}

pid_t exec_watch_child(void)
{
	const pid_t self = getpid();
	siginfo_t any;
	DIR *d;
	struct dirent *e;
	pid_t found = 0, parent, group;

	/* Mostly there is none, and then /proc need not be searched. */
	if (waitid(P_ALL, 0, &any, WEXITED | WNOHANG | WNOWAIT) && errno == ECHILD)
		return 0;
	d = opendir("/proc");
	while (d && !found && (e = readdir(d)))
		if (isdigit((unsigned char)e->d_name[0]) &&
		    watch_relations(e->d_name, &parent, &group) && parent == self)
			found = atoi(e->d_name);
	if (d)
		closedir(d);
	return found;
}

struct mapping {
	uint64_t start, end, rss;
};

static void watch_line(const char *line, struct mapping *now, struct mapping *most)
{
	uint64_t start, end, kb;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " ", &start, &end) == 2)
		*now = (struct mapping){ start, end, 0 };
	else if (sscanf(line, "Rss: %" SCNu64 " kB", &kb) == 1)
		now->rss = kb << 10;
	if (now->rss > most->rss)
		*most = *now;
}

static struct mapping watch_largest(const char *pid)
{
	struct mapping now = { 0 }, most = { 0 };
	char path[64], *text, *line, *rest;

	snprintf(path, sizeof(path), "/proc/%.20s/smaps", pid);
	if (file_read(path, &text, NULL, NULL))
		return most;
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		watch_line(line, &now, &most);
	free(text);
	return most;
}

static void watch_process(struct exec_watch *w, const char *pid)
{
	const struct mapping m = watch_largest(pid);
	struct page_bytes p = { 0 };
	struct err err = ERR_INIT;

	if (m.rss <= w->pages.b4k + w->pages.b2m + w->pages.b1g)
		return;
	if (pages_read(atoi(pid), m.start, m.end - m.start, &p, &err)) {
		snprintf(w->why, sizeof(w->why), "%.190s", err.text);
		return;
	}
	if (p.b4k + p.b2m + p.b1g <= w->pages.b4k + w->pages.b2m + w->pages.b1g)
		return;
	w->pages = p;
	w->start = m.start;
	w->end = m.end;
	w->readings++;
}

void exec_watch_look(struct exec_watch *w, pid_t pgid)
{
	DIR *d = opendir("/proc");
	struct dirent *e;

	if (!d) {
		snprintf(w->why, sizeof(w->why), "/proc cannot be read");
		return;
	}
	while ((e = readdir(d)))
		if (isdigit((unsigned char)e->d_name[0]) && watch_in_group(e->d_name, pgid))
			watch_process(w, e->d_name);
	closedir(d);
}
