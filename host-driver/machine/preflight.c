/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preflight.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "env.h"
#include "file.h"
#include "machine.h"
#include "proc.h"
#include "qemu.h"
#include "size.h"

#define MIB (1ull << 20)
/* For both images. */
#define IMAGES_DISK (160 * MIB)

static int preflight_read_memory(uint64_t *bytes, struct err *err)
{
	char *text, *line;
	int ret = file_read("/proc/meminfo", &text, NULL, err);

	if (ret)
		return ret;
	line = strstr(text, "MemAvailable:");
	*bytes = line ? strtoull(line + 13, NULL, 10) << 10 : UINT64_MAX;
	free(text);
	return 0;
}

/* Free bytes of the filesystem on which `path` is or will be. */
static int preflight_read_disk(const char *path, uint64_t *bytes, struct err *err)
{
	char *at = strdup(path);
	struct statvfs st;
	int ret = at ? 0 : -ENOMEM;

	while (!ret && statvfs(at, &st)) {
		if (errno != ENOENT || !strcmp(at, "/") || !strcmp(at, "."))
			ret = -errno;
		else
			memmove(at, dirname(at), strlen(dirname(at)) + 1);
	}
	free(at);
	if (ret)
		return err_set(err, EXIT_MACHINE, ret, "cannot determine the free space of %s: %s%s", path,
			       strerror(-ret), file_cache_hint(path));
	*bytes = (uint64_t)st.f_bavail * st.f_frsize;
	return 0;
}

int preflight_read(struct preflight *f, const char *folder, struct err *err)
{
	char *cache = file_cache_path("images");
	int ret = cache ? 0 : err_sys(err, ENOMEM, "cannot find the cache");

	if (!ret)
		ret = preflight_read_memory(&f->memory, err);
	if (!ret)
		ret = preflight_read_disk(folder, &f->disk, err);
	if (!ret)
		ret = preflight_read_disk(cache, &f->cache, err);
	free(cache);
	return ret;
}

static int preflight_check_bytes(uint64_t need, uint64_t have, const char *what,
				 const char *where, const char *hint, struct err *err)
{
	char a[SIZE_TEXT_MAX], b[SIZE_TEXT_MAX];

	if (have >= need)
		return 0;
	size_format(need / MIB * MIB, a);
	size_format(have / MIB * MIB, b);
	return err_machine(err, "too little %s%s: %s are needed, but %s are free; %s",
			   what, where, a, b, hint);
}

static int preflight_check_qemu(struct err *err)
{
	char *path = proc_find(qemu_binary());
	int ret = path ? 0 : err_machine(err, "QEMU was not found: %s is not in PATH; install qemu-system-x86, or set KDUEL_QEMU",
					 qemu_binary());

	free(path);
	return ret;
}

static int preflight_check_perf(struct err *err)
{
	char *path = proc_find("perf");
	int ret = path ? 0 : err_machine(err, "profile: functions are sampled by perf on this machine, which has none (Debian: linux-perf)");

	free(path);
	return ret;
}

int preflight_check(const struct preflight *f, const struct plan *p,
		    const char *folder, struct err *err)
{
	struct plan_cost cost;
	char where[512];
	int ret = preflight_check_bytes(
		machine_ops(p)->memory(p), f->memory, "memory", "",
		"make machine.memory or machine.pmem smaller, or close other programs", err);

	plan_cost(p, &cost);
	snprintf(where, sizeof(where), " for %s", folder);
	if (!ret)
		ret = preflight_check_bytes(cost.disk, f->disk, "disk", where,
					    "choose another disk with --out", err);
	if (!ret && p->machine.kind->has_kernel)
		ret = preflight_check_bytes(IMAGES_DISK, f->cache, "disk", " for the cache",
					    "free some, or set XDG_CACHE_HOME to another disk", err);
	if (!ret && machine_ops(p)->runs_qemu)
		ret = preflight_check_qemu(err);
	if (!ret && p->machine.kind->is_driver && plan_is_sampled(p))
		ret = preflight_check_perf(err);
	return ret;
}

static void preflight_add_qemu(json_t *o)
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
		preflight_add_qemu(o);
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
