/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KVM and the settings of the machine; and how a case begins and ends. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backing/kvm-stats.h"
#include "look.h"

#define ORDER_2M 9

/* The module whose flag the processor has: built in, both are there. */
static void look_machine_read_kvm(struct doctor_second *s)
{
	static const struct {
		const char *module, *paging, *flag;
	} kinds[] = {
		{ "kvm_intel", "ept", "vmx" }, { "kvm_amd", "npt", "svm" },
	};
	char *cpu = look_text("/proc/cpuinfo");

	for (size_t i = 0; i < 2; i++) {
		enum doctor_answer a = look_switch("/sys/module/%s/parameters/%s",
						   kinds[i].module, kinds[i].paging);
		char flag[8];

		snprintf(flag, sizeof(flag), " %s", kinds[i].flag);
		if (a == DOCTOR_UNKNOWN || (cpu && !strstr(cpu, flag)))
			continue;
		s->module = kinds[i].module;
		s->paging = a;
	}
	free(cpu);
	s->nx_huge_pages = look_switch("/sys/module/kvm/parameters/nx_huge_pages");
}

static void look_machine_second(struct doctor_case *c)
{
	static const char kvm[] = "/sys/kernel/debug/kvm";
	struct doctor_second *s = &c->second;
	struct page_bytes p = { 0 };
	uint64_t fast = 0;
	char root[400], dir[512];
	int ret;

	look_machine_read_kvm(s);
	if (!c->pid || !c->ram.kvm)
		return;
	snprintf(root, sizeof(root), "%s%s", look_system.root, kvm);
	ret = kvm_stats_find_vm(root, c->pid, dir, sizeof(dir));
	if (ret)
		return look_blind(c, layer_words[LAYER_SECOND].name, ret == -ENOENT ?
			"%s has no folder for this guest (is debugfs mounted?)" :
			"%s cannot be read: root can", kvm);
	s->known = kvm_stats_pages(dir, &p);
	s->b4k = p.b4k;
	s->huge = p.b2m + p.b1g;
	/* A fast fault only makes a page writable again, and maps none. */
	kvm_stats_number(dir, "pf_fast", &fast);
	kvm_stats_number(dir, "pf_fixed", &s->faults);
	s->faults -= fast < s->faults ? fast : s->faults;
	kvm_stats_number(dir, "nx_lpage_splits", &s->nx_splits);
	if (!s->known)
		look_blind(c, layer_words[LAYER_SECOND].name, "this KVM does not count pages of "
			   "4K (Linux 5.15 does): the proof is missing");
}

static void look_machine_read_pools(struct doctor_settings *s)
{
	DIR *d;

	for (int i = PAGE_2M; i < PAGE_SIZES; i++) {
		unsigned long kb = page_words[i].bytes >> 10;
		uint64_t promised = 0;

		s->pool[i].known =
			look_number(&s->pool[i].pages, "/sys/kernel/mm/hugepages/hugepages-%lukB/nr_hugepages", kb) &&
			look_number(&s->pool[i].free, "/sys/kernel/mm/hugepages/hugepages-%lukB/free_hugepages", kb);
		look_number(&promised, "/sys/kernel/mm/hugepages/hugepages-%lukB/resv_hugepages", kb);
		s->pool[i].free -= promised < s->pool[i].free ? promised : s->pool[i].free;
	}
	d = look_folder("/sys/devices/system/node");
	for (struct dirent *e; d && (e = readdir(d));) {
		uint64_t n;

		if (strncmp(e->d_name, "node", 4) || s->n_nodes == 16 ||
		    !look_number(&n, "/sys/devices/system/node/%.20s/hugepages/hugepages-2048kB/free_hugepages",
				 e->d_name))
			continue;
		s->node[s->n_nodes].id = atoi(e->d_name + 4);
		s->node[s->n_nodes++].free = n;
	}
	if (d)
		closedir(d);
}

/* Lines of buddyinfo: "Node 0, zone Normal 1 2 3 ...", a count for each order. */
static uint64_t look_machine_read_buddies(void)
{
	char *text = look_text("/proc/buddyinfo"), *rest = text, *line;
	uint64_t bytes = 0;

	while (rest && (line = strsep(&rest, "\n"))) {
		char *at = strstr(line, "zone");
		unsigned order = 0;

		at = at ? at + 4 + strspn(at + 4, " ") : NULL;
		at = at ? strchr(at, ' ') : NULL;
		for (char *end; at; order++, at = end) {
			uint64_t n = strtoull(at, &end, 10);

			if (end == at)
				break;
			if (order >= ORDER_2M)
				bytes += n << (12 + order);
		}
	}
	free(text);
	return bytes;
}

static void look_machine_settings(struct doctor_case *c)
{
	struct doctor_settings *s = &c->set;
	char *release = look_text("/proc/sys/kernel/osrelease");

	if (release)
		sscanf(release, "%d.%d", &s->kernel[0], &s->kernel[1]);
	free(release);
	look_word(s->thp, sizeof(s->thp), "/sys/kernel/mm/transparent_hugepage/enabled");
	look_word(s->shmem, sizeof(s->shmem), "/sys/kernel/mm/transparent_hugepage/shmem_enabled");
	look_machine_read_pools(s);
	s->largest_free = look_machine_read_buddies();
}

void doctor_begin(struct doctor_case *c)
{
	memset(c, 0, sizeof(*c));
	c->ram.process_thp = DOCTOR_UNKNOWN;
	c->ram.host_node = -1;
	c->ram.limit = UINT64_MAX;
	c->place.dax = c->place.dax_flag = c->place.hints = DOCTOR_UNKNOWN;
	c->second.paging = c->second.nx_huge_pages = DOCTOR_UNKNOWN;
}

void doctor_end(struct doctor_case *c)
{
	free(c->place.extents);
	c->place.extents = NULL;
}

int doctor_look_at_qemu(struct doctor_case *c, pid_t pid, struct err *err)
{
	int ret;

	c->pid = pid;
	ret = look_process(c, err);
	if (ret)
		return ret;
	look_machine_second(c);
	look_machine_settings(c);
	return 0;
}

static int look_machine_refuse_path(const struct doctor_place *p, struct err *err)
{
	if (p->block[0])
		return err_config(err, "%s is not on DAX: %s%s%s is not persistent memory, so "
			"nothing on it "
				  "can be mapped huge from the device", p->path,
				  p->fs, p->fs[0] ? " on " : "", p->block);
	return err_config(err, "%s is not on DAX: a filesystem of type %s has no device of its own",
			  p->path, p->fs);
}

int doctor_look_at_path(struct doctor_case *c, const char *path, struct err *err)
{
	char full[512], *real;
	int ret;

	snprintf(full, sizeof(full), "%s%s", look_system.root, path);
	real = realpath(full, NULL);
	if (!real)
		return err_config(err, "--path: cannot look at %s: %s%s", path, strerror(errno),
				  errno == EACCES ? " (its owner, or root, can)" : "");
	ret = look_place(c, real + strlen(look_system.root), err);
	free(real);
	if (ret)
		return ret;
	c->has_place = true;
	c->memory = !strcmp(c->place.fs, "hugetlbfs") ? DOCTOR_MEMORY_HUGETLB :
		    !strcmp(c->place.fs, "tmpfs") ? DOCTOR_MEMORY_SHARED :
		    !strncmp(c->place.nd, "dax", 3) && !c->place.block[0] ? DOCTOR_MEMORY_DEVDAX :
		    DOCTOR_MEMORY_FILE;
	if (c->memory == DOCTOR_MEMORY_FILE && !c->place.nd[0])
		return look_machine_refuse_path(&c->place, err);
	look_machine_second(c);
	look_machine_settings(c);
	return 0;
}

void doctor_look_at_backing(struct doctor_case *c, const struct backing_kind *kind,
			    uint64_t size)
{
	c->backing = kind;
	c->ram.wanted = size;
	c->memory = kind->ram == QEMU_RAM_HUGETLB ? DOCTOR_MEMORY_HUGETLB :
		    kind->ram == QEMU_RAM_GUEST_MEMFD ? DOCTOR_MEMORY_UNKNOWN :
		    kind->ram == QEMU_RAM_MEMFD ? DOCTOR_MEMORY_SHARED :
		    kind->ram == QEMU_RAM_ANON ? DOCTOR_MEMORY_ANON :
		    kind->page ? DOCTOR_MEMORY_DEVDAX : DOCTOR_MEMORY_FILE;
	if (kind->pmem)
		look_first_namespace(&c->place);
	c->has_place = c->place.nd[0];
	look_machine_second(c);
	look_machine_settings(c);
}

void doctor_look_at_guest(struct doctor_case *c)
{
	c->guest = true;
	look_pmem_mount(c);
	look_machine_settings(c);
}

void doctor_look_at_machine(struct doctor_case *c)
{
	look_machine_second(c);
	look_machine_settings(c);
}
