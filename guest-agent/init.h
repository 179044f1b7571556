/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An agent's VM, which exists for one run. Its PID 1 mounts what the agent needs, runs it
 * as a child, reaps what it leaves behind, and ends the machine.
 *
 * The machine ends by a restart, which QEMU's -no-reboot makes an exit: it
 * works on every machine type, with and without ACPI. An agent that fails
 * takes the kernel with it (PID 1 exits, the kernel panics, and its last words
 * are on the console).
 */
#ifndef KDUEL_INIT_H
#define KDUEL_INIT_H

#include <stdbool.h>

#include "err.h"

/* Calls agent(arg), which returns an exit code, in a child. Does not return. */
void init_run(int (*agent)(void *arg), void *arg)
	__attribute__((noreturn));

/*
 * The stream to the driver is the virtio-serial port with a given name. Its device
 * node is made by devtmpfs; its name comes from the host a moment after the driver
 * found the device, and can be read from sysfs: no udev is needed.
 */
#define PORT_NAME "kduel.0"

/*
 * Opens the port called `name`, waiting at most `seconds` for it to come up
 * and for the host to connect to it. Returns the descriptor.
 */
int port_open(const char *name, double seconds, struct err *err);

/* Writes the device node of the port called `name` in a sysfs class folder. */
int port_find(const char *class_dir, const char *name, char *node, unsigned size);

#endif
