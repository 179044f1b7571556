/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two initramfs images of a campaign: the guest's (the agent alone) and
 * the node's (the agent, QEMU, mkfs, and at /guest the guest's kernel and
 * image). Both are the same for all arms.
 */
#ifndef KDUEL_BOOT_IMAGES_H
#define KDUEL_BOOT_IMAGES_H

#include <stdint.h>

#include "lib/err.h"

struct boot_images {
	char *agent;		/* kduel-agent on this machine */
	char *guest, *node;	/* paths in the cache */
	uint64_t guest_size, node_size;	/* bytes */
};

#define BOOT_IMAGES_INIT { 0 }

/* $KDUEL_AGENT, beside this program, or in PATH; the caller frees it. */
char *boot_images_agent(struct err *err);

/*
 * Makes both, or takes them from the cache. `guest_kernel` is a bzImage; NULL
 * where the node is no machine of ours and needs no image.
 */
int boot_images_ensure(struct boot_images *b, const char *guest_kernel,
		       struct err *err);
void boot_images_release(struct boot_images *b);

#endif
