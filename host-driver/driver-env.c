/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "driver-env.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/proc.h"
#include "lib/topology.h"

/* The first line of a file that begins with `key`, after its colon. */
static void add_line(json_t *o, const char *name, const char *path,
		     const char *key)
{
	char *text, *line;

	if (file_read(path, &text, NULL, NULL))
		return;
	line = *key ? strstr(text, key) : text;
	if (line && *key)
		line = strchr(line, ':');
	if (line && *key)
		line += 1 + strspn(line + 1, " \t");
	if (line) {
		line[strcspn(line, "\n")] = '\0';
		json_object_set_new(o, name, json_string(line));
	}
	free(text);
}

static json_t *cpu_facts(void)
{
	json_t *cpu = json_object();

	add_line(cpu, "model", "/proc/cpuinfo", "model name");
	add_line(cpu, "microcode", "/proc/cpuinfo", "microcode");
	add_line(cpu, "governor",
		 "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "");
	json_object_set_new(cpu, "count",
			    json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
	return cpu;
}

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
	json_t *o = json_object();
	struct utsname u;

	if (!uname(&u)) {
		json_object_set_new(o, "kernel", json_string(u.release));
		json_object_set_new(o, "system", json_string(u.machine));
	}
	json_object_set_new(o, "version", json_string(KDUEL_VERSION));
	json_object_set_new(o, "cpu", cpu_facts());
	json_object_set_new(o, "memory_bytes",
			    json_integer((json_int_t)sysconf(_SC_PHYS_PAGES) *
					 sysconf(_SC_PAGESIZE)));
	json_object_set_new(o, "machine", json_string(m->ops->name));
	if (*m->accel_why)
		json_object_set_new(o, "accelerator", json_string(m->accel_why));
	json_object_set_new(o, "events", json_string(loop_backend(m->loop)));
	if (m->ops == &mut_vm)
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
