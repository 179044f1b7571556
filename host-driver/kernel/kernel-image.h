/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a bzImage says about itself in its setup header. */
#ifndef KDUEL_KERNEL_IMAGE_H
#define KDUEL_KERNEL_IMAGE_H

#include "err.h"

/*
 * The release (uname -r) of the bzImage `path`, malloc()ed; "" if it has no
 * version. An error if the file is no Linux boot image.
 */
int kernel_image_release(const char *path, char **release, struct err *err);

#endif
