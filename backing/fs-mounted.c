/* SPDX-License-Identifier: GPL-2.0-or-later */
/* File systems that the user has mounted: what they are, and where they lie in memory. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "file.h"
#include "fs.h"

#define SECTOR 512

struct fs_mount {
	unsigned major, minor;
	char type[16], source[64];
};

/* Takes the line of /proc/self/mountinfo that begins with this id. */
static bool fs_mounted_take(const char *line, uint64_t id, struct fs_mount *m)
{
	const char *dash = strstr(line, " - ");
	uint64_t line_id;

	return dash && sscanf(line, "%" SCNu64 " %*u %u:%u", &line_id, &m->major, &m->minor) == 3 &&
	       line_id == id && sscanf(dash, " - %15s %63s", m->type, m->source) == 2;
}

static int fs_mounted_find(const char *folder, struct fs_mount *m, struct err *err)
{
	char *text, *rest, *line;
	bool found = false;
	struct statx st;
	int ret;

	if (statx(AT_FDCWD, folder, 0, STATX_TYPE | STATX_MNT_ID, &st) || !S_ISDIR(st.stx_mode))
		return err_config(err, "%s is not a folder here", folder);
	if (!(st.stx_mask & STATX_MNT_ID))
		return err_machine(err, "this kernel does not say where %s is mounted from "
				   "(STATX_MNT_ID, Linux 5.8)", folder);
	ret = file_read("/proc/self/mountinfo", &text, NULL, err);
	if (ret)
		return ret;
	rest = text;
	while (!found && (line = strsep(&rest, "\n")))
		found = fs_mounted_take(line, st.stx_mnt_id, m);
	free(text);
	return found ? 0 : err_machine(err, "%s: its file system is not in /proc/self/mountinfo",
				       folder);
}

void fs_mounted_describe(const char *folder, char *text, size_t size)
{
	struct err err = ERR_INIT;
	struct fs_mount m;
	struct statvfs v;

	if (fs_mounted_find(folder, &m, &err))
		snprintf(text, size, "%.200s", err.text);
	else if (statvfs(folder, &v))
		snprintf(text, size, "%s of %s", m.type, m.source);
	else
		snprintf(text, size, "%s of %s, %" PRIu64 " MiB free", m.type, m.source,
			 (uint64_t)v.f_bavail * v.f_frsize >> 20);
}

int fs_mounted_check(const char *folder, const char *type, uint64_t size, struct err *err)
{
	struct fs_mount m;
	struct statvfs v;
	uint64_t has;
	int ret = fs_mounted_find(folder, &m, err);

	if (ret)
		return ret;
	if (strcmp(m.type, type))
		return err_config(err, "%s is on %s (%s), and this backing needs %s", folder, m.type,
				  m.source, type);
	if (statvfs(folder, &v))
		return err_sys(err, errno, "cannot look at %s", folder);
	has = (uint64_t)v.f_bavail * v.f_frsize;
	if (has >= size)
		return 0;
	return err_machine(err, "%s has %" PRIu64 " MiB free, %" PRIu64 " are needed: %" PRIu64
			   " too little", folder, has >> 20, size >> 20, (size >> 20) - (has >> 20));
}

/* A number in /sys/dev/block/<major>:<minor>/<name>; 0 if there is none. */
static uint64_t fs_mounted_number(const struct fs_mount *m, const char *name)
{
	char path[80], *text;
	uint64_t value;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s", m->major, m->minor, name);
	if (file_read(path, &text, NULL, NULL))
		return 0;
	value = strtoull(text, NULL, 0);
	free(text);
	return value;
}

int fs_mounted_base(const char *folder, uint64_t *base, char *source, size_t size, struct err *err)
{
	struct fs_mount m;
	int ret = fs_mounted_find(folder, &m, err);

	if (ret)
		return ret;
	snprintf(source, size, "%s", m.source);
	/* A partition lies in the folder of its disk, and has no device of its own. */
	*base = fs_mounted_number(&m, "partition") ? fs_mounted_number(&m, "../device/resource")
						   : fs_mounted_number(&m, "device/resource");
	if (!*base)
		return err_machine(err, "%s lies on %s, which is neither a namespace of persistent memory "
				   "nor a partition of one: where it is in memory is not known",
				   folder, m.source);
	*base += fs_mounted_number(&m, "start") * SECTOR;
	return 0;
}
