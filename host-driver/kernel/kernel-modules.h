/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The modules that a ready kernel needs to be a machine under test, with what
 * these need, as one archive that is put behind the machine's initramfs. The
 * agent loads /modules/000-name.ko, /modules/001-..., in this order.
 */
#ifndef KDUEL_KERNEL_MODULES_H
#define KDUEL_KERNEL_MODULES_H

#include <jansson.h>

#include "err.h"

/*
 * `folder` has a modules.dep, or a modules.order at least, or is a root that has
 * it in lib/modules/<release>.
 * `*path` is the archive in the cache, the caller's; `*facts` what is recorded:
 * {folder, sha256, names}, a new reference. EXIT_CONFIG if the modules are of
 * another kernel than `release`, or one is in neither the kernel nor the folder
 * that no machine under test can do without.
 */
int kernel_modules_pack(const char *folder, const char *release, char **path,
			json_t **facts, struct err *err);

/*
 * What modules.dep's text `dep` says of the module `name` ("kvm_amd"): appends
 * the files that it needs and its own to the words in `order`, each once, in the
 * order of loading. -ENOENT if it does not know it.
 */
struct args;
int kernel_modules_order(const char *dep, const char *name, struct args *order);

#endif
