/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "split.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "file.h"

#define M2 (2ULL << 20)
#define MARK 0xeeeeeeeeeeeeeeeeULL
#define LOOKS 3			/* at the blocks, while the guest goes on */
#define PAUSE_US 1000
#define STOP_TRIES 2000		/* of a PAUSE_US */

/* In words: what the library does for memory is slow where a processor is emulated. */
static void split_scratch_mark(volatile uint64_t *word)
{
	for (uint64_t i = 0; i < M2 / sizeof(*word); i++)
		word[i] = MARK;
}

static bool split_scratch_is_marked(const volatile uint64_t *word)
{
	for (uint64_t i = 0; i < M2 / sizeof(*word); i++)
		if (word[i] != MARK)
			return false;
	return true;
}

/* Takes blocks, and looks whether anybody else still writes to them. */
static int split_scratch_own(int fd)
{
	uint64_t *map;
	int ret = posix_fallocate(fd, 0, M2);

	if (ret)
		return -ret;
	map = mmap(NULL, M2, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	split_scratch_mark(map);
	for (int i = 0; !ret && i < LOOKS; i++) {
		usleep(PAUSE_US);
		if (!split_scratch_is_marked(map))
			ret = -EBADSLT;
	}
	munmap(map, M2);
	return ret;
}

int split_scratch_hole(const struct split_scratch *s, uint64_t at)
{
	int fd, ret;

	if (fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at, M2))
		return -errno;
	fd = open(s->other, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	ret = split_scratch_own(fd);
	close(fd);
	unlink(s->other);
	return ret;
}

/* Is each thread stopped? "12 (CPU 0/KVM) T 1 ..." */
static bool split_scratch_stands(pid_t pid)
{
	char path[64], *text;
	struct dirent *e;
	bool all = true;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	d = opendir(path);
	while (all && d && (e = readdir(d))) {
		const char *end;

		snprintf(path, sizeof(path), "/proc/%d/task/%.20s/stat", (int)pid, e->d_name);
		if (e->d_name[0] == '.' || file_read(path, &text, NULL, NULL))
			continue;
		end = strrchr(text, ')');
		all = end && end[1] == ' ' && (end[2] == 'T' || end[2] == 't');
		free(text);
	}
	if (d)
		closedir(d);
	return d && all;
}

int split_scratch_truncate(const struct split_scratch *s, uint64_t at)
{
	int ret = kill(s->qemu, SIGSTOP) ? -errno : -ETIME;

	for (int i = 0; ret == -ETIME && i < STOP_TRIES; i++) {
		if (split_scratch_stands(s->qemu))
			ret = 0;
		else
			usleep(PAUSE_US);
	}
	if (!ret && (ftruncate(s->fd, (off_t)at) || ftruncate(s->fd, (off_t)s->size)))
		ret = -errno;
	if (!ret)
		ret = -posix_fallocate(s->fd, (off_t)at, (off_t)(s->size - at));
	kill(s->qemu, SIGCONT);
	return ret;
}
