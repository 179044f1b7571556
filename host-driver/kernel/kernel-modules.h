/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The modules that a ready kernel needs to be a machine under test, with their
 * dependencies, as one archive that is appended to the machine's initramfs. The
 * agent loads /modules/000-name.ko, /modules/001-..., in this order.
 */
#ifndef KDUEL_KERNEL_MODULES_H
#define KDUEL_KERNEL_MODULES_H

#include <jansson.h>

#include "err.h"

/*
 * `folder` holds a modules.dep, or at least a modules.order, or is a root folder
 * with one in lib/modules/<release>. `*path` gets the path of the archive in the
 * cache, for the caller to free; `*facts` what is recorded about it, {folder,
 * sha256, names}, a new reference. EXIT_CONFIG if the modules are for another
 * kernel than `release`, or if a module that every machine under test needs is
 * neither built in nor in the folder.
 */
int kernel_modules_pack(const char *folder, const char *release, char **path,
			json_t **facts, struct err *err);

/*
 * Looks up the module `name` ("kvm_amd") in modules.dep's text `dep` and appends the
 * files that it needs, then its own, to the words in `order`, each once, in the
 * order of loading. -ENOENT if modules.dep does not list it.
 */
struct args;
int kernel_modules_order(const char *dep, const char *name, struct args *order);

#endif
