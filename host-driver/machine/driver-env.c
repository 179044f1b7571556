/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "driver-env.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/env.h"
#include "lib/file.h"
#include "lib/proc.h"
#include "lib/topology.h"

static void add_qemu(json_t *o)
{
	const char *argv[] = { qemu_binary(), "--version", NULL };
	char *text;

	if (proc_run(argv, 20, &text, NULL))
		return;
	text[strcspn(text, "\n")] = '\0';
	json_object_set_new(o, "qemu", json_string(text));
	free(text);
}

json_t *driver_env(const struct machine *m)
{
	json_t *o = env_capture(true);

	json_object_set_new(o, "machine", json_string(m->ops->name));
	if (*m->accel_why)
		json_object_set_new(o, "accelerator", json_string(m->accel_why));
	if (m->ops->runs_qemu)
		add_qemu(o);
	return o;
}

int driver_env_topology(const char *folder, struct err *err)
{
	struct topology *t;
	char *xml = NULL, *path = NULL;
	int ret = topology_new(&t, err);

	if (ret)
		return ret;
	ret = topology_xml(t, &xml, err);
	if (!ret && asprintf(&path, "%s/hwloc.xml", folder) < 0)
		ret = err_sys(err, ENOMEM, "cannot write hwloc.xml");
	if (!ret)
		ret = file_publish(path, xml, strlen(xml), err);
	free(path);
	free(xml);
	topology_free(t);
	return ret;
}
