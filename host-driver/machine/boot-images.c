/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/exec.h"
#include "image.h"
#include "kernel/kernel-cache.h"
#include "plan/plan-files.h"
#include "proc.h"
#include "qemu.h"
#include "safe.h"

/* --- the root file systems of cells ------------------------------------------- */

const char *boot_rootfs_lacks(const char *config, char text[static 200])
{
	static const char *const options[] = {
		"CONFIG_BLK_DEV", "CONFIG_VIRTIO_BLK", "CONFIG_SQUASHFS", "CONFIG_SQUASHFS_ZLIB",
	};
	char *data, line[64];

	text[0] = '\0';
	if (!config || file_read(config, &data, NULL, NULL)) {
		strcpy(text, "the config of the guest's kernel is not known");
		return text;
	}
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		snprintf(line, sizeof(line), "\n%s=y\n", options[i]);
		if (!strstr(data, line))
			strcat(strcat(text, *text ? ", " : "the guest's kernel lacks "), options[i]);
	}
	free(data);
	return text;
}

struct placing {
	struct boot_images *b;
	const struct plan *p;
};

/* Appends the archive to the guest's image. */
static int boot_images_rootfs_put_behind(struct boot_images *b, const struct plan_rootfs *r,
					 const char *archive, struct err *err)
{
	char *joined;
	int ret = image_append(b->guest, archive, &joined, err);

	if (ret)
		return ret;
	free(b->guest);
	b->guest = joined;
	b->guest_size += r->bytes;
	return 0;
}

static int boot_images_rootfs_refuse(const struct plan_rootfs *r, const char *image, const char *lacks,
				     uint64_t most, struct err *err)
{
	unsigned long long mib = r->bytes >> 20;

	if (!image)
		return err_config(err, "rootfs: its tree (SHA-256 %.12s..., %llu MiB) is not in the cache as an image; install mksquashfs (Debian package squashfs-tools), and make a new plan from the config",
				  r->hash, mib);
	if (*lacks)
		return err_config(err, "rootfs: %s: a tree of %llu MiB cannot be its disk, and its memory takes at most %llu MiB",
				  lacks, mib, (unsigned long long)most >> 20);
	return err_config(err, "rootfs: cells have more than %d different ones", BOOT_DISKS_MAX);
}

static int boot_images_rootfs_place_one(const struct plan_rootfs *r, void *arg, struct err *err)
{
	struct placing *at = arg;
	struct boot_images *b = at->b;
	char lacks[200], *image = plan_rootfs_image(r), *archive = plan_rootfs_archive(r);
	uint64_t third = at->p->guest.memory / 3;
	uint64_t most = third < PLAN_ROOTFS_SMALL ? third : PLAN_ROOTFS_SMALL;
	int ret = 0;

	boot_rootfs_lacks(b->guest_config, lacks);
	if (image && !*lacks && b->n_disks < BOOT_DISKS_MAX) {
		struct boot_disk *d = &b->disks[b->n_disks++];

		snprintf(d->id, sizeof(d->id), "%s", r->id);
		d->path = image;
		image = NULL;
	} else if (archive && r->bytes <= most) {
		ret = boot_images_rootfs_put_behind(b, r, archive, err);
	} else {
		ret = boot_images_rootfs_refuse(r, image, lacks, most, err);
	}
	free(image);
	free(archive);
	return ret;
}

/*
 * Makes every root file system of the plan one of b->disks or, if the guest's kernel
 * cannot mount a disk and it is small, appends it to the guest's image.
 */
static int boot_images_rootfs_place(struct boot_images *b, const struct plan *p, struct err *err)
{
	struct placing at = { b, p };

	return p ? plan_rootfs_each(p, boot_images_rootfs_place_one, &at, err) : 0;
}

/* --- both images ---------------------------------------------------------------- */

#define AGENT_IN_IMAGE "/usr/bin/kduel-agent"
#define SHELL_IN_IMAGE "/usr/bin/busybox"	/* the agent expects it there */

/* Mount points and what PID 1 needs before it has mounted anything. */
static const char *const folders[] = {
	"/dev", "/proc", "/sys", "/run", "/tmp", "/mnt", "/root",
};

static const char *const node_programs[] = { "mkfs.xfs", "mkfs.ext4" };

/* Included if it exists: without it mkfs.ext4 has other defaults. */
static const char *const node_files[] = { "/etc/mke2fs.conf" };

/* The firmware that QEMU loads for a machine without display, disk or network. */
static const char *const roms[] = {
	"qboot.rom", "kvmvapic.bin", "linuxboot_dma.bin",
};

static const char *const rom_folders[] = {
	"/usr/share/qemu", "/usr/share/seabios", "/usr/local/share/qemu",
};

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* The agent: $KDUEL_AGENT, beside this program, or in PATH; the caller frees the path. */
static char *boot_images_agent(struct err *err)
{
	const char *wish = getenv("KDUEL_AGENT");
	char self[PATH_MAX], *path;
	ssize_t n;

	if (wish && *wish) {
		path = proc_find(wish);
		if (!path)
			err_machine(err, "KDUEL_AGENT: %s is not an executable file", wish);
		return path;
	}
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n > 0) {
		self[n] = '\0';
		if (asprintf(&path, "%s/kduel-agent", dirname(self)) < 0)
			return NULL;
		if (!access(path, X_OK))
			return path;
		free(path);
	}
	path = proc_find("kduel-agent");
	if (!path)
		err_machine(err, "kduel-agent is neither beside kduel nor in PATH; build or install it");
	return path;
}

static int boot_images_add_base(struct image *im, const struct boot_images *b,
				struct err *err)
{
	int ret = image_add_program(im, b->agent, AGENT_IN_IMAGE, err);

	if (!ret && b->shell)
		ret = image_add_program(im, "busybox", SHELL_IN_IMAGE, err);
	for (size_t i = 0; i < COUNT(folders) && !ret; i++)
		ret = image_add_folder(im, folders[i], err);
	if (!ret)
		ret = image_add_link(im, "/init", AGENT_IN_IMAGE, err);
	/* The kernel opens it for PID 1 before devtmpfs is mounted. */
	if (!ret)
		ret = image_add_device(im, "/dev/console", S_IFCHR | 0600, 5, 1,
				       err);
	return ret;
}

static int boot_images_add_rom(struct image *im, const char *name, struct err *err)
{
	for (size_t i = 0; i < COUNT(rom_folders); i++) {
		char *path, *as;
		int ret = 0;

		if (asprintf(&path, "%s/%s", rom_folders[i], name) < 0)
			break;
		if (asprintf(&as, "/usr/share/qemu/%s", name) < 0)
			as = NULL;
		if (as && !access(path, R_OK)) {
			ret = image_add_file(im, path, as, err);
			free(path);
			free(as);
			return ret;
		}
		free(path);
		free(as);
	}
	return err_machine(err, "QEMU's %s was not found; is qemu-system-x86 installed?",
			   name);
}

/* A wrapper script of this host would look for files that the image lacks. */
static int boot_images_check_is_program(const char *name, struct err *err)
{
	char *path = proc_find(name), magic[4] = "";
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1, ret = 0;

	if (fd >= 0 && (read(fd, magic, sizeof(magic)) != sizeof(magic) ||
			memcmp(magic, ELFMAG, SELFMAG)))
		ret = err_machine(err, "%s is a script or wrapper, and QEMU goes into the image of "
				  "the machine under test: set KDUEL_QEMU to the program that it "
				  "starts", path);
	if (fd >= 0)
		close(fd);
	free(path);
	return ret;
}

/* The mkfs programs: for the guest's memory on the node, for the NVDIMM in the guest. */
static int boot_images_add_mkfs(struct image *im, struct err *err)
{
	int ret = 0;

	for (size_t i = 0; i < COUNT(node_programs) && !ret; i++)
		ret = image_add_program(im, node_programs[i], NULL, err);
	for (size_t i = 0; i < COUNT(node_files) && !ret; i++) {
		if (!access(node_files[i], R_OK))
			ret = image_add_file(im, node_files[i], NULL, err);
	}
	return ret;
}

static int boot_images_add_node(struct image *im, struct err *err)
{
	int ret = boot_images_check_is_program(qemu_binary(), err);

	if (!ret)
		ret = image_add_program(im, qemu_binary(),
					"/usr/bin/qemu-system-x86_64", err);

	for (size_t i = 0; i < COUNT(roms) && !ret; i++)
		ret = boot_images_add_rom(im, roms[i], err);
	return ret ? ret : boot_images_add_mkfs(im, err);
}

static int boot_images_add_carried(const char *from, const char *as, unsigned mode, void *arg,
				   struct err *err)
{
	/* Commands run in this folder, even if they brought no files to it. */
	int ret = image_add_folder(arg, EXEC_FOLDER, err);

	return ret ? ret : image_add_as(arg, from, as, mode, err);
}

static int boot_images_make_guest(struct boot_images *b, const struct plan *p, struct err *err)
{
	struct image *im;
	int ret = image_new(&im, err);

	if (ret)
		return ret;
	ret = boot_images_add_base(im, b, err);
	if (!ret && p && p->guest.pmem)
		ret = boot_images_add_mkfs(im, err);
	if (!ret)
		ret = plan_files_each(p, boot_images_add_carried, im, err);
	if (!ret)
		ret = image_publish(im, &b->guest, err);
	b->guest_size = image_size(im);
	image_free(im);
	return ret ? ret : boot_images_rootfs_place(b, p, err);
}

/* The disk lies in the node's memory, next to what is measured: at most `most` bytes. */
static int boot_images_add_disk(struct image *im, const struct boot_disk *d, uint64_t most,
				struct err *err)
{
	char *as = text_format(BOOT_IMAGES_DISKS "%s", d->id);
	struct stat st;
	int ret = stat(d->path, &st) ? err_sys(err, errno, "%s", d->path) : 0;

	if (!ret && (uint64_t)st.st_size > most)
		ret = err_config(err, "machine.memory: a root file system of %llu MiB is more than a quarter of it; make it larger",
				 (unsigned long long)st.st_size >> 20);
	if (!ret)
		ret = image_add_file(im, d->path, as, err);
	free(as);
	return ret;
}

static int boot_images_make_node(struct boot_images *b, const struct plan *p,
				 const char *guest_kernel, struct err *err)
{
	struct image *im;
	int ret = image_new(&im, err);

	if (ret)
		return ret;
	ret = boot_images_add_base(im, b, err);
	if (!ret)
		ret = boot_images_add_node(im, err);
	if (!ret)
		ret = image_add_file(im, guest_kernel, "/guest/bzImage", err);
	if (!ret)
		ret = image_add_file(im, b->guest, "/guest/initrd", err);
	for (unsigned i = 0; i < b->n_disks && !ret; i++)
		ret = boot_images_add_disk(im, &b->disks[i], p->machine.memory / 4, err);
	if (!ret)
		ret = image_publish(im, &b->node, err);
	b->node_size = image_size(im);
	image_free(im);
	return ret;
}

int boot_images_ensure(struct boot_images *b, const struct plan *p, const char *guest_kernel,
		       struct err *err)
{
	int ret = 0;

	*b = (struct boot_images){ .shell = b->shell, .guest_config = b->guest_config };
	b->agent = boot_images_agent(err);
	if (!b->agent)
		return err && err->code ? err->code : -1;
	ret = boot_images_make_guest(b, p, err);
	if (!ret && guest_kernel)
		ret = boot_images_make_node(b, p, guest_kernel, err);
	if (ret)
		boot_images_release(b);
	return ret;
}

int boot_images_join(const struct boot_images *b, const char *modules, char **path,
		     struct err *err)
{
	return image_append(b->node, modules, path, err);
}

void boot_images_used(const struct boot_images *b, const char *modules)
{
	if (b->guest)
		cache_used(b->guest);
	if (b->node)
		cache_used(b->node);
	if (modules)
		cache_used(modules);
}

void boot_images_release(struct boot_images *b)
{
	for (unsigned i = 0; i < b->n_disks; i++)
		free(b->disks[i].path);
	free(b->agent);
	free(b->guest);
	free(b->node);
	*b = (struct boot_images)BOOT_IMAGES_INIT;
}
