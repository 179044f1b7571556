/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "env.h"

#include <errno.h>
#include <hwloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "size.h"

struct topology {
	hwloc_topology_t hw;
	hwloc_bitmap_t ours;	/* of any size: machines with thousands of CPUs exist */
};

static int topology_load(struct topology *t, struct err *err)
{
	if (hwloc_topology_init(&t->hw)) {
		t->hw = NULL;
		return err_machine(err, "hwloc cannot start");
	}
	if (hwloc_topology_load(t->hw))
		return err_machine(err, "hwloc cannot read the topology of this machine");
	if (hwloc_get_cpubind(t->hw, t->ours, HWLOC_CPUBIND_THREAD))
		return err_sys(err, errno, "cannot read the CPUs of this process");
	return 0;
}

int topology_new(struct topology **out, struct err *err)
{
	struct topology *t = calloc(1, sizeof(*t));
	int ret;

	if (t)
		t->ours = hwloc_bitmap_alloc();
	if (!t || !t->ours) {
		free(t);
		return err_sys(err, ENOMEM, "topology");
	}
	ret = topology_load(t, err);
	if (ret) {
		topology_free(t);
		return ret;
	}
	*out = t;
	return 0;
}

void topology_free(struct topology *t)
{
	if (!t)
		return;
	if (t->hw)
		hwloc_topology_destroy(t->hw);
	hwloc_bitmap_free(t->ours);
	free(t);
}

int topology_first_cpu(const struct topology *t)
{
	int cpu = hwloc_bitmap_first(t->ours);

	return cpu < 0 ? 0 : cpu;
}

static int topology_core_of(const struct topology *t, int cpu)
{
	hwloc_obj_t pu = hwloc_get_pu_obj_by_os_index(t->hw, cpu);
	hwloc_obj_t core = pu ? hwloc_get_ancestor_obj_by_type(t->hw, HWLOC_OBJ_CORE, pu) : NULL;

	return core ? (int)core->logical_index : cpu;
}

int topology_cores(const struct topology *t, int first, int *cpus, int max)
{
	hwloc_bitmap_t seen = hwloc_bitmap_alloc();
	int n = 0, cpu = first;

	/* `first`, then all of ours: its own core is seen by then. */
	for (int at = -1; seen && cpu >= 0; cpu = at = hwloc_bitmap_next(t->ours, at)) {
		int core = topology_core_of(t, cpu);

		if (!hwloc_bitmap_isset(t->ours, cpu) || hwloc_bitmap_isset(seen, core))
			continue;
		hwloc_bitmap_set(seen, core);
		if (n < max)
			cpus[n] = cpu;
		n++;
	}
	hwloc_bitmap_free(seen);
	return n;
}

static int topology_is_data_cache(hwloc_obj_t o)
{
	return hwloc_obj_type_is_dcache(o->type);
}

uint64_t topology_cache(const struct topology *t, int cpu, unsigned level)
{
	hwloc_obj_t o = hwloc_get_pu_obj_by_os_index(t->hw, cpu);

	for (; o; o = o->parent)
		if (topology_is_data_cache(o) && o->attr->cache.depth == level)
			return o->attr->cache.size;
	return 0;
}

uint64_t topology_llc(const struct topology *t, int cpu)
{
	hwloc_obj_t o = hwloc_get_pu_obj_by_os_index(t->hw, cpu);
	uint64_t size = 0;

	for (; o; o = o->parent)
		if (topology_is_data_cache(o))
			size = o->attr->cache.size;
	return size;
}

int topology_node(const struct topology *t, int cpu)
{
	hwloc_obj_t pu = hwloc_get_pu_obj_by_os_index(t->hw, cpu);
	hwloc_obj_t node = NULL;

	while (pu && (node = hwloc_get_next_obj_by_type(t->hw, HWLOC_OBJ_NUMANODE, node)))
		if (hwloc_bitmap_isset(node->cpuset, cpu))
			return node->os_index;
	return -1;
}

int topology_has_node(const struct topology *t, int node)
{
	return node >= 0 && hwloc_get_numanode_obj_by_os_index(t->hw, node) != NULL;
}

int topology_pin(struct topology *t, int cpu, struct err *err)
{
	hwloc_obj_t pu = hwloc_get_pu_obj_by_os_index(t->hw, cpu);

	if (!pu)
		return err_config(err, "this machine has no CPU %d, or its cpuset excludes it", cpu);
	if (!hwloc_bitmap_isset(t->ours, cpu))
		return err_config(err, "CPU %d is not ours to pin to: the affinity mask "
				  "or cpuset of this process excludes it", cpu);
	if (hwloc_set_cpubind(t->hw, pu->cpuset, HWLOC_CPUBIND_THREAD | HWLOC_CPUBIND_STRICT))
		return err_sys(err, errno, "cannot pin to CPU %d", cpu);
	return 0;
}

int topology_last_cpu(struct topology *t)
{
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	int cpu = -1;

	if (set && !hwloc_get_last_cpu_location(t->hw, set, HWLOC_CPUBIND_THREAD))
		cpu = hwloc_bitmap_first(set);
	hwloc_bitmap_free(set);
	return cpu;
}

static void topology_put_kind(FILE *out, const struct topology *t, int depth)
{
	hwloc_obj_t first = hwloc_get_obj_by_depth(t->hw, depth, 0);
	char name[64], size[SIZE_TEXT_MAX];

	if (!first || first->type == HWLOC_OBJ_MACHINE)
		return;
	hwloc_obj_type_snprintf(name, sizeof(name), first, 0);
	fprintf(out, "%s%u %s", ftell(out) ? ", " : "",
		hwloc_get_nbobjs_by_depth(t->hw, depth), name);
	if (hwloc_obj_type_is_cache(first->type))
		fprintf(out, " (%s)", size_format(first->attr->cache.size, size));
}

void topology_text(const struct topology *t, char *buf, size_t size)
{
	FILE *out = fmemopen(buf, size, "w");

	buf[0] = '\0';
	if (!out)
		return;
	for (int d = 0; d < hwloc_topology_get_depth(t->hw); d++)
		topology_put_kind(out, t, d);
	topology_put_kind(out, t, HWLOC_TYPE_DEPTH_NUMANODE);
	fclose(out);
	buf[size - 1] = '\0';
}

int topology_xml(struct topology *t, char **xml, struct err *err)
{
	char *buf;
	int len;

	if (hwloc_topology_export_xmlbuffer(t->hw, &buf, &len, 0))
		return err_machine(err, "hwloc cannot export the topology");
	*xml = strdup(buf);
	hwloc_free_xmlbuffer(t->hw, buf);
	return *xml ? 0 : err_sys(err, ENOMEM, "topology");
}
