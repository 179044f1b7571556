/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "file.h"

const char *device_dax_sysfs = "/sys/bus/dax/devices";

/* 0 if there is no such attribute: none of these is 0. */
static uint64_t device_dax_number(const char *name, const char *attribute)
{
	char path[320], *text;
	uint64_t value;

	snprintf(path, sizeof(path), "%s/%s/%s", device_dax_sysfs, name, attribute);
	if (file_read(path, &text, NULL, NULL))
		return 0;
	value = strtoull(text, NULL, 0);
	free(text);
	return value;
}

int device_dax_open(const char *node, struct pmem *p, struct err *err)
{
	const char *name = strrchr(node, '/') + 1;
	char there[PMEM_NODE_MAX];

	*p = (struct pmem){ .size = device_dax_number(name, "size"),
			    .align = device_dax_number(name, "align"),
			    .base = device_dax_number(name, "resource") };
	snprintf(p->node, sizeof(p->node), "%s", node);
	snprintf(there, sizeof(there), "%s/%s", pmem_dev, name);
	/* A device that the kernel uses as ordinary memory has a name, but no node. */
	if (!p->size || access(there, F_OK))
		return err_config(err, "there is no DAX device %s here; daxctl list shows those that "
				  "there are", node);
	if (!p->align || !p->base)
		return err_machine(err, "%s: this kernel does not say where it lies and how it is "
				   "aligned (Linux 5.10 does, to root)", node);
	return pmem_check_node(there, err);
}
