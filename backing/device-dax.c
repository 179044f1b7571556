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

/* The node itself, which tests have elsewhere. */
static void device_dax_node(const char *node, char there[static PMEM_NODE_MAX])
{
	snprintf(there, PMEM_NODE_MAX, "%s/%s", pmem_dev, strrchr(node, '/') + 1);
}

int device_dax_find(const char *node, struct pmem *p, struct err *err)
{
	const char *name = strrchr(node, '/') + 1;
	char there[PMEM_NODE_MAX];

	*p = (struct pmem){ .size = device_dax_number(name, "size"),
			    .align = device_dax_number(name, "align"),
			    .base = device_dax_number(name, "resource") };
	snprintf(p->node, sizeof(p->node), "%s", node);
	device_dax_node(node, there);
	/* A device that the kernel uses as ordinary memory has a name, but no node. */
	if (!p->size || access(there, F_OK))
		return err_config(err, "there is no DAX device %s here; daxctl list shows those that "
				  "there are", node);
	if (!p->align || !p->base)
		return err_machine(err, "%s: this kernel does not say where it lies and how it is "
				   "aligned (Linux 5.10 does, to root)", node);
	return 0;
}

int device_dax_open(const char *node, struct pmem *p, struct err *err)
{
	char there[PMEM_NODE_MAX];
	int ret = device_dax_find(node, p, err);

	device_dax_node(node, there);
	return ret ? ret : pmem_check_node(there, err);
}
