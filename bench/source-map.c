/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A buffer's place in the address space, and how much memory is available. */
#include "source-map.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "file.h"

int source_reserve(struct buffer *buf, size_t align, struct err *err)
{
	uintptr_t start;

	buf->reserved = buf->mapped + 2 * align;
	if (buf->reserved < buf->mapped)
		return err_machine(err, "%zu bytes do not fit in the address space", buf->size);
	buf->base = mmap(NULL, buf->reserved, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (buf->base == MAP_FAILED) {
		buf->base = NULL;
		return err_sys(err, errno, "cannot reserve %zu MiB of address space",
			       buf->reserved >> 20);
	}
	start = source_round((uintptr_t)buf->base + 1, align);
	buf->addr = (void *)start;
	return 0;
}

int source_map_again(const struct buffer *buf)
{
	void *p = mmap(buf->addr, buf->mapped, PROT_READ | PROT_WRITE,
		       MAP_FIXED | buf->map_flags, buf->fd, 0);

	if (p == MAP_FAILED)
		return errno;
	/* Without THP in the kernel there is nothing to switch off. */
	if (buf->advice && madvise(buf->addr, buf->mapped, buf->advice) &&
	    !(errno == EINVAL && buf->advice == MADV_NOHUGEPAGE))
		return errno;
	return 0;
}

int source_map_into(struct buffer *buf, int flags, int advice, struct err *err)
{
	int error;

	buf->map_flags = flags;
	buf->advice = advice;
	error = source_map_again(buf);
	return error ? err_sys(err, error, "source %s: cannot map %zu MiB",
			       buf->source->name, buf->mapped >> 20) : 0;
}

int source_renew(struct buffer *buf, struct err *err)
{
	int error = source_map_again(buf);

	return error ? err_sys(err, error, "source %s: cannot map %zu MiB again",
			       buf->source->name, buf->mapped >> 20) : 0;
}

void source_unmap(struct buffer *buf)
{
	if (buf->base)
		munmap(buf->base, buf->reserved);
	if (buf->fd >= 0)
		close(buf->fd);
	memset(buf, 0, sizeof(*buf));
	buf->fd = -1;
}

/* --- what is available, on the machine and in our control group --- */

uint64_t source_number(const char *path, uint64_t fallback)
{
	uint64_t value = fallback;
	char *text;

	if (file_read(path, &text, NULL, NULL))
		return fallback;
	sscanf(text, "%" SCNu64, &value);
	free(text);
	return value;
}

/* The number after a name in a file of names and numbers. */
static uint64_t source_map_field(const char *path, const char *name, uint64_t fallback)
{
	uint64_t value = fallback;
	char *text, *at;

	if (file_read(path, &text, NULL, NULL))
		return fallback;
	at = strstr(text, name);
	if (at)
		sscanf(at + strlen(name), "%" SCNu64, &value);
	free(text);
	return value;
}

/* The files of both versions of control groups. */
static const struct {
	const char *line;	/* of /proc/self/cgroup, before the path */
	const char *mount, *limit, *usage, *reclaimable;
} source_map_groups[] = {
	{ "0::", "/sys/fs/cgroup", "memory.max", "memory.current", "\ninactive_file" },
	{ ":memory:", "/sys/fs/cgroup/memory", "memory.limit_in_bytes",
	  "memory.usage_in_bytes", "\ntotal_inactive_file" },
};

/* What one group leaves of its limit; cached files give way. */
static uint64_t source_map_of_group(int version, const char *group)
{
	char path[4096 + 64];
	uint64_t limit, used, files;

	snprintf(path, sizeof(path), "%s/%s", group, source_map_groups[version].limit);
	limit = source_number(path, UINT64_MAX);
	snprintf(path, sizeof(path), "%s/%s", group, source_map_groups[version].usage);
	used = source_number(path, 0);
	snprintf(path, sizeof(path), "%s/memory.stat", group);
	files = source_map_field(path, source_map_groups[version].reclaimable, 0);
	used -= files < used ? files : used;
	return limit > used ? limit - used : 0;
}

/* The least of the group and all above it: each has a limit of its own. */
static uint64_t source_map_of_groups(int version, const char *below)
{
	size_t root = strlen(source_map_groups[version].mount);
	uint64_t least = UINT64_MAX;
	char group[4096];

	if (snprintf(group, sizeof(group), "%s%s", source_map_groups[version].mount, below) >=
	    (int)sizeof(group))
		return least;
	for (char *slash = group + strlen(group); slash; slash = strrchr(group, '/')) {
		uint64_t one;

		*slash = '\0';
		if (strlen(group) < root)
			break;
		one = source_map_of_group(version, group);
		least = one < least ? one : least;
	}
	return least;
}

uint64_t source_memory(bool *limited)
{
	uint64_t kb = source_map_field("/proc/meminfo", "MemAvailable:", UINT64_MAX >> 10);
	uint64_t machine = kb << 10, group = UINT64_MAX;
	char *text, *at;

	if (!file_read("/proc/self/cgroup", &text, NULL, NULL)) {
		for (int v = 0; v < 2; v++) {
			uint64_t one;

			at = strstr(text, source_map_groups[v].line);
			if (!at)
				continue;
			at += strlen(source_map_groups[v].line);
			at = strndup(at, strcspn(at, "\n"));
			one = at ? source_map_of_groups(v, at) : UINT64_MAX;
			free(at);
			group = one < group ? one : group;
		}
		free(text);
	}
	if (limited)
		*limited = group < machine;
	return group < machine ? group : machine;
}
