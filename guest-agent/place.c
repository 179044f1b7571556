/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "backing/fs.h"
#include "backing/pmem.h"
#include "file.h"

#define M2 (2ULL << 20)
#define EXT4 "ext4"		/* XFS refuses a device as small as a guest's can be */
#define EXT4_MAGIC 0xef53

static bool place_is_mounted(const char *where)
{
	struct statfs fs;

	return !statfs(where, &fs) && fs.f_type == EXT4_MAGIC;
}

static int place_fsdax(const char *where, struct err *err)
{
	const struct fs_kind *k = fs_kinds;
	struct pmem p;
	int ret;

	if (place_is_mounted(where))
		return 0;
	while (strcmp(k->type, EXT4))
		k++;
	ret = pmem_setup(PMEM_FSDAX, NULL, M2, &p, err);
	if (!ret)
		ret = fs_make(k, p.node, NULL, err);
	return ret ? ret : fs_mount(k, p.node, where, err);
}

/* First unmounts what the source fsdax has there. */
static int place_devdax(const char *where, struct err *err)
{
	const struct source *fsdax;
	struct pmem p;
	int ret = source_find("fsdax", &fsdax, err);

	if (!ret && place_is_mounted(fsdax->place))
		fs_unmount(fsdax->place);
	if (!ret)
		ret = pmem_setup(PMEM_DEVDAX, NULL, M2, &p, err);
	if (!ret && strcmp(p.node, where))
		ret = err_machine(err, "the NVDIMM became %s, not %s", p.node, where);
	return ret;
}

static const struct {
	const char *source;
	int (*prepare)(const char *where, struct err *err);
} places[] = {
	{ "fsdax", place_fsdax },
	{ "devdax", place_devdax },
};

int place_prepare(const struct source *s, struct err *err)
{
	int ret = 0;

	for (size_t i = 0; s->place && i < sizeof(places) / sizeof(places[0]); i++)
		if (!strcmp(places[i].source, s->name))
			ret = places[i].prepare(s->place, err);
	if (ret)
		err_prefix(err, "source %s on the guest's NVDIMM", s->name);
	return ret;
}

/* --- root file systems --- */

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

static bool place_is_ready(const char *path)
{
	char proc[ROOTFS_PATH_MAX + 8];
	struct statfs fs;

	snprintf(proc, sizeof(proc), "%s/proc", path);
	return !statfs(proc, &fs) && fs.f_type == PROC_MAGIC;
}

static bool place_has_serial(const char *disk, const char *id)
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

static bool place_find_disk(const char *id, char device[static 300])
{
	DIR *d = opendir(DISKS);
	struct dirent *e;
	bool found = false;

	while (d && !found && (e = readdir(d))) {
		found = place_has_serial(e->d_name, id);
		snprintf(device, 300, "/dev/%s", e->d_name);
	}
	if (d)
		closedir(d);
	return found;
}

/* What the image brought is read-only, too, so that every run finds the same. */
static int place_mount_folder(const char *path, struct err *err)
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

static int place_mount_disk(const char *device, const char *path, struct err *err)
{
	if (file_mkdirs(path, err))
		return err->code;
	if (mount(device, path, "squashfs", MS_RDONLY, NULL))
		return err_sys(err, errno, "rootfs: cannot mount %s", device);
	return 0;
}

/* Only where it has a folder: a link would lead into our own tree. */
static int place_mount_all(const char *path, struct err *err)
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
	if (place_is_ready(path))
		return 0;
	if (place_find_disk(id, device))
		ret = place_mount_disk(device, path, err);
	else if (!stat(path, &st))
		ret = place_mount_folder(path, err);
	else
		ret = err_machine(err, "rootfs: the guest has neither a disk nor a folder %s", id);
	return ret ? ret : place_mount_all(path, err);
}
