/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rootfs.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "file.h"

#define DISKS "/sys/block"
#define PROC_MAGIC 0x9fa0

static const struct {
	const char *type, *where;
	const char *options;
} mounts[] = {
	{ "proc", "proc", NULL },
	{ "sysfs", "sys", NULL },
	{ "devtmpfs", "dev", NULL },
	{ "tmpfs", "run", "mode=0755" },
	{ "tmpfs", "tmp", "mode=1777" },
	{ "tmpfs", "var/tmp", "mode=1777" },
};

static bool rootfs_is_ready(const char *path)
{
	char proc[ROOTFS_PATH_MAX + 8];
	struct statfs fs;

	snprintf(proc, sizeof(proc), "%s/proc", path);
	return !statfs(proc, &fs) && fs.f_type == PROC_MAGIC;
}

static bool rootfs_has_serial(const char *disk, const char *id)
{
	char path[300], serial[EXEC_ROOTFS_ID + 1] = "";
	FILE *f;

	snprintf(path, sizeof(path), DISKS "/%s/serial", disk);
	f = fopen(path, "re");
	if (!f)
		return false;
	serial[fread(serial, 1, EXEC_ROOTFS_ID, f)] = '\0';
	fclose(f);
	return !strcmp(serial, id);
}

static bool rootfs_find_disk(const char *id, char device[static 300])
{
	DIR *d = opendir(DISKS);
	struct dirent *e;
	bool found = false;

	while (d && !found && (e = readdir(d))) {
		found = rootfs_has_serial(e->d_name, id);
		snprintf(device, 300, "/dev/%s", e->d_name);
	}
	if (d)
		closedir(d);
	return found;
}

/* What the image brought is read-only, too, so that every run finds the same. */
static int rootfs_mount_folder(const char *path, struct err *err)
{
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		char below[ROOTFS_PATH_MAX + 16];

		snprintf(below, sizeof(below), "%s/%s", path, mounts[i].where);
		mkdir(below, 0755);
	}
	if (mount(path, path, NULL, MS_BIND, NULL) ||
	    mount(NULL, path, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL))
		return err_sys(err, errno, "rootfs: cannot mount %s", path);
	return 0;
}

static int rootfs_mount_disk(const char *device, const char *path, struct err *err)
{
	if (file_mkdirs(path, err))
		return err->code;
	if (mount(device, path, "squashfs", MS_RDONLY, NULL))
		return err_sys(err, errno, "rootfs: cannot mount %s", device);
	return 0;
}

/* Only where it has a folder: a link would lead into our own tree. */
static int rootfs_mount_all(const char *path, struct err *err)
{
	char below[ROOTFS_PATH_MAX + 16];
	struct stat st;

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		snprintf(below, sizeof(below), "%s/%s", path, mounts[i].where);
		if (lstat(below, &st) || !S_ISDIR(st.st_mode))
			continue;
		if (mount("kduel", below, mounts[i].type, 0, mounts[i].options))
			return err_sys(err, errno, "rootfs: cannot mount %s", below);
	}
	return 0;
}

int rootfs_prepare(const json_t *rootfs, char path[static ROOTFS_PATH_MAX], struct err *err)
{
	const char *hash = json_string_value(json_object_get(rootfs, "sha256"));
	char id[EXEC_ROOTFS_ID + 1], device[300];
	struct stat st;
	int ret;

	if (!hash || !exec_is_hash(hash))
		return err_config(err, "rootfs: sha256 is missing");
	snprintf(id, sizeof(id), "%.*s", EXEC_ROOTFS_ID, hash);
	snprintf(path, ROOTFS_PATH_MAX, EXEC_ROOTFS "/%s", id);
	if (rootfs_is_ready(path))
		return 0;
	if (rootfs_find_disk(id, device))
		ret = rootfs_mount_disk(device, path, err);
	else if (!stat(path, &st))
		ret = rootfs_mount_folder(path, err);
	else
		ret = err_machine(err, "rootfs: the guest has neither a disk nor a folder %s", id);
	return ret ? ret : rootfs_mount_all(path, err);
}
