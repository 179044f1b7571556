/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much memory is available: on the machine, and in our control group. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "source-map.h"

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
static uint64_t memory_field(const char *path, const char *name, uint64_t fallback)
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
} memory_groups[] = {
	{ "0::", "/sys/fs/cgroup", "memory.max", "memory.current", "\ninactive_file" },
	{ ":memory:", "/sys/fs/cgroup/memory", "memory.limit_in_bytes",
	  "memory.usage_in_bytes", "\ntotal_inactive_file" },
};

/* What one group leaves of its limit; cached files give way. */
static uint64_t memory_of_group(int version, const char *group)
{
	char path[4096 + 64];
	uint64_t limit, used, files;

	snprintf(path, sizeof(path), "%s/%s", group, memory_groups[version].limit);
	limit = source_number(path, UINT64_MAX);
	snprintf(path, sizeof(path), "%s/%s", group, memory_groups[version].usage);
	used = source_number(path, 0);
	snprintf(path, sizeof(path), "%s/memory.stat", group);
	files = memory_field(path, memory_groups[version].reclaimable, 0);
	used -= files < used ? files : used;
	return limit > used ? limit - used : 0;
}

/* The least of the group and all above it: each has a limit of its own. */
static uint64_t memory_of_groups(int version, const char *below)
{
	size_t root = strlen(memory_groups[version].mount);
	uint64_t least = UINT64_MAX;
	char group[4096];

	if (snprintf(group, sizeof(group), "%s%s", memory_groups[version].mount, below) >=
	    (int)sizeof(group))
		return least;
	for (char *slash = group + strlen(group); slash; slash = strrchr(group, '/')) {
		uint64_t one;

		*slash = '\0';
		if (strlen(group) < root)
			break;
		one = memory_of_group(version, group);
		least = one < least ? one : least;
	}
	return least;
}

uint64_t source_memory(bool *limited)
{
	uint64_t kb = memory_field("/proc/meminfo", "MemAvailable:", UINT64_MAX >> 10);
	uint64_t machine = kb << 10, group = UINT64_MAX;
	char *text, *at;

	if (!file_read("/proc/self/cgroup", &text, NULL, NULL)) {
		for (int v = 0; v < 2; v++) {
			uint64_t one;

			at = strstr(text, memory_groups[v].line);
			if (!at)
				continue;
			at += strlen(memory_groups[v].line);
			at = strndup(at, strcspn(at, "\n"));
			one = at ? memory_of_groups(v, at) : UINT64_MAX;
			free(at);
			group = one < group ? one : group;
		}
		free(text);
	}
	if (limited)
		*limited = group < machine;
	return group < machine ? group : machine;
}
