/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine that is made up for the doctor: a QEMU (process 42) whose guest has
 * 256M of RAM in a DAX file on XFS on an fsdax namespace, all of it as it
 * should be. A test changes one thing and asks.
 */
#ifndef KDUEL_DOCTOR_MACHINE_H
#define KDUEL_DOCTOR_MACHINE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor/look.h"
#include "file.h"

#define DM_M2 (2ull << 20)
#define DM_RAM (256ull << 20)

/* What the made-up system calls say. */
static struct {
	struct extent extent[4];
	size_t n;
	uint64_t size;
	enum doctor_answer dax, flag;
	const char *volume;
	uint64_t b4k, b2m;	/* of PAGEMAP_SCAN; both 0: the kernel has none */
} dm;

static char dm_root[64];

static void dm_path(const char *name, char *path, size_t size)
{
	char dir[400];

	snprintf(path, size, "%s%s", dm_root, name);
	snprintf(dir, sizeof(dir), "%.399s", path);
	*strrchr(dir, '/') = '\0';
	assert_int_equal(file_mkdirs(dir, NULL), 0);
}

static void dm_put_bytes(const char *name, const char *text, size_t len)
{
	char path[400];

	dm_path(name, path, sizeof(path));
	assert_int_equal(file_publish(path, text, len, NULL), 0);
}

static void dm_put(const char *name, const char *text)
{
	dm_put_bytes(name, text, strlen(text));
}

static void dm_link(const char *name, const char *to)
{
	char path[400];

	dm_path(name, path, sizeof(path));
	unlink(path);
	assert_int_equal(symlink(to, path), 0);
}

static void dm_drop(const char *name)
{
	char path[400];

	snprintf(path, sizeof(path), "%s%s", dm_root, name);
	file_remove_tree(path, NULL);
}

static void dm_attributes(struct doctor_place *p)
{
	p->dax = dm.dax;
	p->dax_flag = dm.flag;
}

static int dm_extents(struct doctor_place *p, struct err *err)
{
	(void)err;
	p->extents = malloc(sizeof(dm.extent));
	memcpy(p->extents, dm.extent, sizeof(dm.extent));
	p->n_extents = dm.n;
	p->size = dm.size;
	return 0;
}

static int dm_pages(pid_t pid, uint64_t addr, uint64_t len, struct page_bytes *p, struct err *err)
{
	(void)pid, (void)addr, (void)len;
	p->b4k = dm.b4k;
	p->b2m = dm.b2m;
	if (dm.b4k + dm.b2m)
		return 0;
	return err_machine(err, "no PAGEMAP_SCAN in a made-up kernel");
}

static int dm_volume(unsigned major, unsigned minor, char *text, size_t size)
{
	(void)major, (void)minor;
	snprintf(text, size, "%s", dm.volume);
	return 0;
}

/* QEMU's words, blanks between them. */
static void dm_qemu(const char *words)
{
	char line[1000];
	size_t n = snprintf(line, sizeof(line), "%s", words);

	for (size_t i = 0; i < n; i++)
		if (line[i] == ' ')
			line[i] = '\0';
	dm_put_bytes("/proc/42/cmdline", line, n + 1);
}

/* One mapping of the guest's RAM. */
static void dm_map(const char *start_end, const char *perms, const char *path, const char *fields)
{
	char text[1000];

	snprintf(text, sizeof(text),
		 "55d0c0a00000-55d0c0b00000 r-xp 00000000 08:01 11 /usr/bin/qemu-system-x86_64\n"
		 "Size: 1024 kB\nVmFlags: rd ex mr\n"
		 "%s %s 00000000 103:00 131 %s\n"
		 "Size: 262144 kB\nKernelPageSize: 4 kB\n%s%s"
		 "7fffb0000000-7fffb0021000 rw-p 00000000 00:00 0 [stack]\n"
		 "Size: 132 kB\nRss: 60 kB\nVmFlags: rd wr\n",
		 start_end, perms, path, fields,
		 strstr(fields, "VmFlags:") ? "" : "VmFlags: rd wr mr\n");
	dm_put("/proc/42/smaps", text);
}

static void dm_second(const char *n4k, const char *n2m, const char *fixed)
{
	dm_put("/sys/kernel/debug/kvm/42-10/pages_4k", n4k);
	dm_put("/sys/kernel/debug/kvm/42-10/pages_2m", n2m);
	dm_put("/sys/kernel/debug/kvm/42-10/pages_1g", "0");
	dm_put("/sys/kernel/debug/kvm/42-10/pf_fixed", fixed);
	dm_put("/sys/kernel/debug/kvm/42-10/pf_fast", "0");
	dm_put("/sys/kernel/debug/kvm/42-10/nx_lpage_splits", "0");
}

static void dm_mount(const char *options, const char *super)
{
	char text[600];

	snprintf(text, sizeof(text),
		 "20 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"
		 "30 20 259:0 / /mnt rw,noatime%s - xfs /dev/pmem0 rw,%s\n", options, super);
	dm_put("/proc/42/mountinfo", text);
	dm_put("/proc/self/mountinfo", text);
}

static void dm_block(const char *dev, const char *name, const char *folder)
{
	char at[200], to[200];

	snprintf(at, sizeof(at), "/sys/dev/block/%s", dev);
	snprintf(to, sizeof(to), "../../devices/%s", folder);
	dm_link(at, to);
	snprintf(at, sizeof(at), "/sys/class/block/%s", name);
	dm_link(at, to);
}

static void dm_begin(void)
{
	strcpy(dm_root, "/tmp/kduel-doctor-XXXXXX");
	assert_true(scratch_make(dm_root, NULL) >= 0);
	look_system = (struct look_system){ dm_root, dm_attributes, dm_extents, dm_pages, dm_volume };
	memset(&dm, 0, sizeof(dm));
	dm.extent[0] = (struct extent){ 0, 16 * DM_M2, DM_RAM };
	dm.n = 1;
	dm.size = DM_RAM;
	dm.dax = DOCTOR_YES;
	dm.flag = DOCTOR_NO;

	dm_put("/proc/sys/kernel/osrelease", "6.1.0\n");
	dm_put("/proc/cpuinfo", "flags\t\t: fpu vmx svm\n");
	dm_put("/proc/buddyinfo", "Node 0, zone   Normal 1 1 1 1 1 1 1 1 1 90 400\n");
	dm_put("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
	dm_put("/sys/kernel/mm/transparent_hugepage/shmem_enabled", "always within_size [advise] never deny force\n");
	dm_put("/sys/module/kvm_intel/parameters/ept", "Y\n");
	dm_put("/sys/module/kvm_intel/parameters/nested", "Y\n");
	dm_put("/sys/module/kvm/parameters/nx_huge_pages", "N\n");
	dm_put("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "300\n");
	dm_put("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "300\n");
	dm_put("/sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages", "0\n");

	dm_block("259:0", "pmem0", "nd/block/pmem0");
	dm_put("/sys/devices/nd/block/pmem0/dev", "259:0\n");
	dm_link("/sys/devices/nd/block/pmem0/device", "../../../pfn0.0");
	dm_put("/sys/bus/nd/devices/pfn0.0/namespace", "namespace0.0\n");
	dm_put("/sys/bus/nd/devices/pfn0.0/resource", "0x140200000\n");
	dm_put("/sys/bus/nd/devices/pfn0.0/align", "2097152\n");
	dm_put("/sys/bus/nd/devices/namespace0.0/mode", "memory\n");
	dm_put("/sys/bus/nd/devices/namespace0.0/size", "1073741824\n");
	dm_put("/sys/bus/nd/devices/namespace0.0/holder", "pfn0.0\n");
	dm_mount("", "dax=always,sunit=4096,swidth=4096");

	dm_qemu("/usr/bin/qemu-system-x86_64 -accel kvm -m 256M -object "
		"memory-backend-file,id=ram,mem-path=/mnt/ram,size=268435456,share=on,align=2M");
	dm_put("/proc/42/comm", "qemu-system-x86\n");
	dm_put("/proc/42/status", "Name:\tqemu\nTHP_enabled:\t1\n");
	dm_put("/proc/42/cgroup", "0::/vm/one\n");
	dm_put("/sys/fs/cgroup/vm/one/memory.max", "max\n");
	dm_put("/sys/fs/cgroup/vm/memory.max", "max\n");
	dm_put("/proc/42/task/42/comm", "qemu-system-x86\n");
	dm_map("7f0000000000-7f0010000000", "rw-s", "/mnt/ram", "Rss: 262144 kB\n");
	dm_second("458", "100", "558");
}

/* Its guest's RAM in ordinary memory instead. */
static void dm_begin_anon(const char *fields)
{
	dm_begin();
	dm_qemu("qemu-system-x86_64 -accel kvm -m 256M");
	dm_map("7f0000000000-7f0010000000", "rw-p", "", fields);
}

static void dm_end(void)
{
	file_remove_tree(dm_root, NULL);
	look_system.root = "";
}

#endif
