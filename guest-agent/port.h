/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding the stream to the driver.
 *
 * In a VM it is the virtio-serial port with a given name. Its device node is
 * made by devtmpfs; its name comes from the host a moment after the driver
 * found the device, and can be read from sysfs: no udev is needed.
 */
#ifndef KDUEL_PORT_H
#define KDUEL_PORT_H

#include <stdbool.h>

#include "err.h"

#define PORT_NAME "kduel.0"

/*
 * Opens the port called `name`, waiting at most `seconds` for it to come up
 * and for the host to connect to it. Returns the descriptor.
 */
int port_open(const char *name, double seconds, struct err *err);

/* Writes the device node of the port called `name` in a sysfs class folder. */
int port_find(const char *class_dir, const char *name, char *node, unsigned size);

#endif
