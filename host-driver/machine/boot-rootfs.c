/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the root file systems of cells reach the guest. */
#include "machine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "plan/plan-rootfs.h"

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
static int rootfs_put_behind(struct boot_images *b, const struct plan_rootfs *r,
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

static int rootfs_refuse(const struct plan_rootfs *r, const char *image, const char *lacks,
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

static int rootfs_place_one(const struct plan_rootfs *r, void *arg, struct err *err)
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
		ret = rootfs_put_behind(b, r, archive, err);
	} else {
		ret = rootfs_refuse(r, image, lacks, most, err);
	}
	free(image);
	free(archive);
	return ret;
}

int boot_rootfs_place(struct boot_images *b, const struct plan *p, struct err *err)
{
	struct placing at = { b, p };

	return p ? plan_rootfs_each(p, rootfs_place_one, &at, err) : 0;
}
