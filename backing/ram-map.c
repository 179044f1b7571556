/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ram-map.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

static bool ram_map_is_it(const char *mapped, const char *path)
{
	if (*path)
		return !strcmp(mapped, path);
	return !*mapped || !strncmp(mapped, "/memfd:", 7) || !strncmp(mapped, "[anon", 5);
}

/* A guest may have an NVDIMM besides: the mapping of just this size is the surest. */
int ram_map_parse(char *maps, const char *path, uint64_t size, uint64_t *start)
{
	int ret = -ENOENT;

	for (char *line; (line = strsep(&maps, "\n"));) {
		uint64_t from, to;
		int name = 0;

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*s %*s %*s %n",
			   &from, &to, &name) < 2 || !name)
			continue;
		if (to - from < size || !ram_map_is_it(line + name, path))
			continue;
		if (ret || to - from == size)
			*start = from;
		ret = 0;
		if (to - from == size)
			break;
	}
	return ret;
}

int ram_map_find(pid_t pid, const char *path, uint64_t size, uint64_t *start,
		 struct err *err)
{
	char name[64], *maps;
	int ret;

	snprintf(name, sizeof(name), "/proc/%d/maps", (int)pid);
	ret = file_read(name, &maps, NULL, err);
	if (ret)
		return ret;
	ret = ram_map_parse(maps, path, size, start);
	free(maps);
	if (ret)
		return err_set(err, EXIT_MACHINE, ret, "QEMU has not mapped %s",
			       *path ? path : "a range as large as the guest's RAM");
	return 0;
}
