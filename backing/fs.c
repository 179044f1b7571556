/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "proc.h"

#define MKFS_LIMIT_S 60

#ifndef STATX_ATTR_DAX
#define STATX_ATTR_DAX 0x00200000
#endif

/* Extents of at least 2M, aligned to 2M, is all that either asks for. */
static const char *const mkfs_xfs[] = {
	"mkfs.xfs", "-q", "-f", "-K", "-b", "size=4096", "-m", "reflink=0",
	"-d", "su=2m,sw=1,extszinherit=512", NULL
};
static const char *const mkfs_ext4[] = {
	"mkfs.ext4", "-q", "-F", "-b", "4096", "-E",
	"stride=512,stripe_width=512,nodiscard", NULL
};

const struct fs_kind fs_kinds[] = {
	{ "xfs", mkfs_xfs, "--unsupported -l size=16m", "dax", "CONFIG_XFS_FS and CONFIG_FS_DAX" },
	{ "ext4", mkfs_ext4, NULL, "dax", "CONFIG_EXT4_FS and CONFIG_FS_DAX" },
	{ NULL, NULL, NULL, NULL, NULL }
};

static void fs_add_words(struct args *a, const char *words)
{
	char *copy = strdup(words), *rest = copy, *word;

	a->failed |= !copy;
	while (copy && (word = strsep(&rest, " "))) {
		if (*word)
			args_add(a, word);
	}
	free(copy);
}

int fs_make(const struct fs_kind *k, const char *device, const char *extra,
	    struct err *err)
{
	struct args a = ARGS_INIT;
	int ret;

	for (const char *const *w = k->mkfs; *w; w++) {
		/* mkfs.xfs refuses a word that says anew what another has said. */
		if (extra && strstr(extra, "reflink=") && !strcmp(w[0], "-m") &&
		    !strncmp(w[1], "reflink=", 8))
			w++;
		else
			args_add(&a, *w);
	}
	if (extra)
		fs_add_words(&a, extra);
	args_add(&a, device);
	ret = args_done(&a, err);
	if (!ret)
		ret = proc_run(args_argv(&a), MKFS_LIMIT_S, NULL, err);
	args_release(&a);
	return ret;
}

int fs_mount(const struct fs_kind *k, const char *device, const char *where,
	     struct err *err)
{
	int ret = file_mkdirs(where, err);

	if (ret)
		return ret;
	if (!mount(device, where, k->type, MS_NOATIME, k->mount_options))
		return 0;
	return err_sys(err, errno, "cannot mount %s on %s as %s with %s (needs %s; "
		       "the kernel's log says more)",
		       device, where, k->type, k->mount_options, k->config);
}

void fs_unmount(const char *where)
{
	if (umount2(where, 0))
		umount2(where, MNT_DETACH);
	rmdir(where);
}

int fs_allocate(const char *path, uint64_t size, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int ret;

	if (fd < 0)
		return err_sys(err, errno, "cannot make %s", path);
	ret = posix_fallocate(fd, 0, size);
	if (!ret)
		return fd;
	close(fd);
	unlink(path);
	return err_sys(err, ret, "cannot allocate %" PRIu64 " MiB in %s", size >> 20,
		       path);
}

int fs_write_through(int fd, uint64_t size, struct err *err)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_POPULATE, fd, 0);

	if (p == MAP_FAILED)
		return err_sys(err, errno, "cannot map the file");
	/* MAP_POPULATE reports no failure; this does, by SIGBUS. */
	for (uint64_t at = 0; at < size; at += 4096)
		((volatile char *)p)[at] = 0;
	munmap(p, size);
	return 0;
}

int fs_check_dax(const char *path, struct err *err)
{
	struct statx st;

	if (statx(AT_FDCWD, path, 0, STATX_BASIC_STATS, &st))
		return err_sys(err, errno, "cannot look at %s", path);
	if (!(st.stx_attributes_mask & STATX_ATTR_DAX))
		return err_machine(err, "this kernel does not say whether %s is accessed by DAX "
				   "(STATX_ATTR_DAX, Linux 5.8)", path);
	if (!(st.stx_attributes & STATX_ATTR_DAX))
		return err_machine(err, "%s is not accessed by DAX: its file system is not mounted with "
				   "it (-o dax), has refused it (the kernel's log says why), or leaves "
				   "it to each folder (dax=inode), and this one has not got it "
				   "(xfs_io -c 'chattr +x' FOLDER)", path);
	return 0;
}
