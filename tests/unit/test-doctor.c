/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The doctor's causes, each planted in a machine that is made up. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "doctor-machine.h"

#define SMALL "50000", "3", "50003"	/* in the second level, by as many faults */
#define ALL_4K "Rss: 262144 kB\nAnonHugePages: 0 kB\nShmemPmdMapped: 0 kB\nTHPeligible: 1\n"

/* --- what is planted ------------------------------------------------------------ */

static void fsdax_small(void)
{
	dm_begin();
	dm_second(SMALL);
}

static void raw(void)
{
	fsdax_small();
	dm_link("/sys/devices/nd/block/pmem0/device", "../../../namespace0.0");
	dm_put("/sys/bus/nd/devices/namespace0.0/mode", "raw\n");
	dm_mount("", "sunit=4096");
	dm.dax = DOCTOR_NO;
}

static void sector(void)
{
	raw();
	dm_put("/sys/bus/nd/devices/namespace0.0/mode", "safe\n");
}

static void namespace_off(void)
{
	fsdax_small();
	dm_put("/sys/bus/nd/devices/pfn0.0/resource", "0x140201000\n");
}

static void on_partition(const char *start)
{
	fsdax_small();
	dm_block("259:1", "pmem0p1", "nd/block/pmem0/pmem0p1");
	dm_put("/sys/devices/nd/block/pmem0/pmem0p1/partition", "1\n");
	dm_put("/sys/devices/nd/block/pmem0/pmem0p1/start", start);
	dm_put("/proc/42/mountinfo", "30 1 259:1 / /mnt rw - xfs /dev/pmem0p1 rw,dax=always,sunit=4096\n");
}

static void partition_off(void)
{
	on_partition("34\n");
}

static void on_volume(const char *table)
{
	fsdax_small();
	dm.volume = table;
	dm_block("253:0", "dm-0", "virtual/block/dm-0");
	dm_put("/sys/devices/virtual/block/dm-0/dm/name", "vg-ram\n");
	dm_put("/sys/devices/virtual/block/dm-0/dev", "253:0\n");
	dm_put("/proc/42/mountinfo", "30 1 253:0 / /mnt rw - xfs /dev/mapper/vg-ram rw,dax=always,sunit=4096\n");
}

static void volume_off(void)
{
	on_volume("0 524288 linear 259:0 2048");
}

static void no_hints(void)
{
	fsdax_small();
	dm_mount("", "dax=always");
	dm.extent[0].physical += 4096;
}

static void extents_off(void)
{
	fsdax_small();
	dm.extent[0].physical += 4096;
}

static void extents_short(void)
{
	fsdax_small();
	for (size_t i = 0; i < 4; i++)
		dm.extent[i] = (struct extent){ i << 20, (9 * i) << 21, 1 << 20 };
	dm.n = 4;
	dm.size = 4 << 20;
}

static void odd_size(void)
{
	dm_begin();
	dm_drop("/sys/kernel/debug/kvm");
	dm.size = DM_RAM - 4096;
}

static void mounted_without(void)
{
	fsdax_small();
	dm_mount("", "sunit=4096");
	dm.dax = DOCTOR_NO;
}

static void silently_cached(void)
{
	fsdax_small();
	dm.dax = DOCTOR_NO;
}

static void inode_without_flag(void)
{
	fsdax_small();
	dm_mount(",dax=inode", "sunit=4096");
	dm.dax = DOCTOR_NO;
}

static void flag_not_in_force(void)
{
	inode_without_flag();
	dm.flag = DOCTOR_YES;
}

static void on_disk(void)
{
	fsdax_small();
	dm_block("8:1", "sda1", "pci/block/sda/sda1");
	dm_put("/proc/42/mountinfo", "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
	dm_map("7f0000000000-7f0010000000", "rw-s", "/var/ram", "Rss: 262144 kB\n");
}

static void kata(void)
{
	on_disk();
	dm_qemu("/opt/kata/bin/qemu-system-x86_64 -name sandbox-1 -accel kvm -m 256M");
}

static void private_map(void)
{
	fsdax_small();
	dm_map("7f0000000000-7f0010000000", "rw-p", "/mnt/ram", "Rss: 262144 kB\n");
}

static void unaligned_map(void)
{
	fsdax_small();
	dm_map("7f0000001000-7f0010001000", "rw-s", "/mnt/ram", "Rss: 262144 kB\n");
}

static void thp_never(void)
{
	dm_begin_anon(ALL_4K);
	dm_second(SMALL);
	dm_put("/sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]\n");
}

static void thp_absent(void)
{
	thp_never();
	dm_drop("/sys/kernel/mm/transparent_hugepage");
}

static void by_prctl(void)
{
	dm_begin_anon(ALL_4K);
	dm_second(SMALL);
	dm_put("/proc/42/status", "Name:\tqemu\nTHP_enabled:\t0\n");
}

static void advised_against(void)
{
	dm_begin_anon(ALL_4K "VmFlags: rd wr nh\n");
	dm_second(SMALL);
}

static void limited(void)
{
	dm_begin_anon(ALL_4K);
	dm_second(SMALL);
	dm_put("/sys/fs/cgroup/vm/memory.max", "134217728\n");
}

static void in_pieces(void)
{
	dm_begin_anon(ALL_4K);
	dm_second(SMALL);
	dm_put("/proc/buddyinfo", "Node 0, zone   Normal 9000 9000 400 1 1 1 1 1 1 0 0\n");
}

static void small_first(void)
{
	dm_begin_anon(ALL_4K);
	dm_second(SMALL);
}

static void shmem_never(void)
{
	dm_begin_anon("");
	dm_map("7f0000000000-7f0010000000", "rw-s", "/memfd:memory-backend-memfd (deleted)", ALL_4K);
	dm_second(SMALL);
	dm_put("/sys/kernel/mm/transparent_hugepage/shmem_enabled", "always within_size advise [never] deny force\n");
}

/* QEMU gives a memfd no alignment, and reserves a page before it. */
static void memfd_off(void)
{
	dm_begin_anon("");
	dm_map("7f000ffff000-7f001ffff000", "rw-s", "/memfd:memory-backend-memfd (deleted)", ALL_4K);
	dm_second(SMALL);
}

static void no_ept(void)
{
	fsdax_small();
	dm_put("/sys/module/kvm_intel/parameters/ept", "N\n");
}

static void no_npt(void)
{
	fsdax_small();
	dm_put("/proc/cpuinfo", "flags\t\t: fpu svm\n");
	dm_put("/sys/module/kvm_amd/parameters/npt", "N\n");
}

static void emulated(void)
{
	dm_begin();
	dm_drop("/sys/kernel/debug/kvm");
	dm_qemu("qemu-system-x86_64 -accel tcg -m 256M");
}

static void confidential(void)
{
	dm_begin_anon(ALL_4K);
	dm_second(SMALL);
	dm_map("7f0000000000-7f0010000000", "rw-p", "", "Rss: 262144 kB\nAnonHugePages: 262144 kB\n");
	dm_qemu("qemu-system-x86_64 -accel kvm -m 256M -machine confidential-guest-support=sev0 -object sev-snp-guest,id=sev0");
}

/* As libvirt starts one, its objects in JSON; the guest's name is not what tells. */
static void confidential_libvirt(void)
{
	confidential();
	dm_qemu("/usr/bin/qemu-system-x86_64 -name guest=db,debug-threads=on -machine "
		"pc-q35-9.1,usb=off,confidential-guest-support=lsec0,memory-backend=pc.ram -accel kvm -m size=262144k "
		"-object {\"qom-type\":\"memory-backend-memfd\",\"id\":\"pc.ram\",\"share\":true,\"x-use-canonical-path-for-ramblock-id\":false,\"size\":268435456} "
		"-object {\"qom-type\":\"sev-snp-guest\",\"id\":\"lsec0\",\"cbitpos\":51,\"reduced-phys-bits\":1,\"policy\":196608}");
}

static void confidential_tdx(void)
{
	confidential();
	dm_qemu("/usr/bin/qemu-system-x86_64 -accel kvm -m 256M -machine q35,kernel_irqchip=split -object "
		"{\"qom-type\":\"tdx-guest\",\"id\":\"tdx0\",\"quote-generation-socket\":{\"type\":\"vsock\",\"cid\":\"2\",\"port\":\"4050\"}}");
}

/* Plain SEV encrypts QEMU's own memory, whose pages are as large as any other guest's. */
static void encrypted_only(void)
{
	thp_never();
	dm_qemu("qemu-system-x86_64 -accel kvm -m 256M -machine confidential-guest-support=sev0 -object sev-guest,id=sev0");
}

static void crooked_slot(void)
{
	fsdax_small();
	dm_qemu("qemu-system-x86_64 -machine max-ram-below-4g=65M -accel kvm -m 256M -object "
		"memory-backend-file,id=ram,mem-path=/mnt/ram,share=on,align=2M");
}

static void executed(void)
{
	fsdax_small();
	dm_put("/sys/module/kvm/parameters/nx_huge_pages", "Y\n");
	dm_put("/sys/kernel/debug/kvm/42-10/nx_lpage_splits", "96\n");
}

static void migrating(void)
{
	fsdax_small();
	dm_put("/proc/42/task/43/comm", "live_migration\n");
}

static void split(void)
{
	dm_begin();
	dm_second("50000", "3", "600");
}

static void old(void)
{
	fsdax_small();
	dm_put("/proc/sys/kernel/osrelease", "5.4.0-42-generic\n");
}

static void nodaxhuge(void)
{
	fsdax_small();
}

/* Where QEMU's table can be read it tells the kernel's fault from an early touch. */
static void dax_small_first(void)
{
	fsdax_small();
	dm.b4k = 200 << 20;
	dm.b2m = 20 << 20;
}

static void scanned_nodaxhuge(void)
{
	fsdax_small();
	dm.b2m = 220 << 20;
}

static void blank_in_mount(void)
{
	partition_off();
	dm_put("/proc/42/mountinfo", "30 1 259:1 / /mnt/a\\040b rw - xfs /dev/pmem0p1 rw,dax=always,sunit=4096\n");
	dm_map("7f0000000000-7f0010000000", "rw-s", "/mnt/a b/ram", "Rss: 262144 kB\n");
}

/* As the kernels that only count pages of second-level tables by size since 5.15. */
static void no_statistic(void)
{
	dm_begin();
	dm_drop("/sys/kernel/debug/kvm/42-10/pages_4k");
	dm_drop("/sys/kernel/debug/kvm/42-10/pages_2m");
	dm_put("/sys/kernel/debug/kvm/42-10/largepages", "100\n");
}

static void good_partition(void)
{
	on_partition("4096\n");
	dm_second("458", "100", "558");
}

static void good_volume(void)
{
	on_volume("0 524288 linear 259:0 4096");
	dm_second("458", "100", "558");
}

static void good_anon(void)
{
	dm_begin_anon("Rss: 262144 kB\nAnonHugePages: 260096 kB\nTHPeligible: 1\n");
}

static const struct planted {
	void (*plant)(void);
	const char *first;	/* NULL: nothing may be found */
} planted[] = {
	{ raw, "ns-mode" }, { sector, "ns-mode" }, { namespace_off, "ns-align" },
	{ partition_off, "part-align" }, { volume_off, "lvm-align" }, { no_hints, "fs-hints" },
	{ extents_off, "extents" }, { extents_short, "extents" }, { odd_size, "file-size" },
	{ mounted_without, "mount-no-dax" }, { silently_cached, "mount-no-dax" },
	{ inode_without_flag, "dax-inode" }, { flag_not_in_force, "dax-inode" },
	{ on_disk, "page-cache" }, { kata, "runtime-page-cache" },
	{ private_map, "map-private" }, { unaligned_map, "map-align" },
	{ thp_never, "thp-off" }, { thp_absent, "thp-off" }, { by_prctl, "thp-prctl" },
	{ advised_against, "thp-advice" }, { limited, "cgroup-limit" }, { in_pieces, "fragmented" },
	{ small_first, "touched-small" }, { shmem_never, "shmem-off" }, { memfd_off, "map-align" },
	{ no_ept, "no-paging" }, { no_npt, "no-paging" }, { emulated, "emulated" },
	{ confidential, "confidential" },
	{ confidential_libvirt, "confidential" }, { confidential_tdx, "confidential" },
	{ encrypted_only, "thp-off" }, { crooked_slot, "slot-edge" }, { executed, "nx-split" },
	{ migrating, "dirty-log" }, { split, "dirty-log" }, { old, "old-kernel" },
	{ nodaxhuge, "zone-device" }, { scanned_nodaxhuge, "zone-device" },
	{ dax_small_first, "touched-small" }, { blank_in_mount, "part-align" },
	{ dm_begin, NULL }, { good_partition, NULL }, { good_volume, NULL }, { good_anon, NULL },
	{ no_statistic, NULL },
};

static void each_cause_comes_first_where_it_is_planted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(planted) / sizeof(planted[0]); i++) {
		struct err err = ERR_INIT;
		struct doctor_report r;
		struct doctor_case c;

		planted[i].plant();
		doctor_begin(&c);
		if (doctor_look_at_qemu(&c, 42, &err))
			fail_msg("case %zu: %s", i, err.text);
		doctor_examine(&c, doctor_causes, &r);
		if (!planted[i].first && r.n)
			fail_msg("case %zu, a healthy one: %s: %s", i, r.finding[0].cause->id,
				 r.finding[0].seen);
		if (planted[i].first &&
		    (!r.n || strcmp(r.finding[0].cause->id, planted[i].first)))
			fail_msg("case %zu: not %s, but %s", i, planted[i].first,
				 r.n ? r.finding[0].cause->id : "nothing");
		for (size_t k = 0; k < r.n; k++)
			assert_true(r.finding[k].seen[0] && r.finding[k].mend[0]);
		doctor_end(&c);
		dm_end();
	}
}

static void what_cannot_be_read_is_named_and_not_guessed(void **state)
{
	struct doctor_report r;
	struct doctor_case c;
	json_t *o;

	(void)state;
	no_statistic();
	doctor_begin(&c);
	assert_int_equal(doctor_look_at_qemu(&c, 42, NULL), 0);
	doctor_examine(&c, doctor_causes, &r);
	assert_int_equal(r.n, 0);
	assert_int_equal(doctor_is_huge(&c), DOCTOR_UNKNOWN);
	o = doctor_json(&c, &r);
	assert_int_equal(json_array_size(json_object_get(o, "findings")), 0);
	assert_non_null(strstr(json_string_value(json_object_get(json_array_get(
		json_object_get(o, "unread"), 1), "why")), "5.15"));
	/* The second level is not among what was read. */
	assert_int_equal(json_array_size(json_object_get(o, "read")), 2);
	assert_string_equal(json_string_value(json_array_get(json_object_get(o, "read"), 0)), "mut");
	json_decref(o);
	doctor_end(&c);
	dm_end();
}

/* No processor here runs such guests: the finding says that its rule was not tried on one. */
static void a_confidential_guest_is_told_as_far_as_it_is_known(void **state)
{
	struct doctor_report r;
	struct doctor_case c;

	(void)state;
	confidential_tdx();
	doctor_begin(&c);
	assert_int_equal(doctor_look_at_qemu(&c, 42, NULL), 0);
	doctor_examine(&c, doctor_causes, &r);
	assert_int_equal(r.finding[0].sure, DOCTOR_LIKELY);
	assert_non_null(strstr(r.finding[0].seen, "on no processor that runs them"));
	c.second.huge = c.second.b4k * 100;
	doctor_examine(&c, doctor_causes, &r);
	assert_int_equal(r.n, 0);
	doctor_end(&c);
	dm_end();
}

/* Linux splits them where smaps is read. */
static void entries_of_1g_are_left_whole(void **state)
{
	struct doctor_report r;
	struct doctor_case c;

	(void)state;
	dm_begin();
	dm_drop("/proc/42/smaps");
	dm_put("/proc/42/maps", "7f0000000000-7f0080000000 rw-s 00000000 00:05 131 /dev/dax0.0\n");
	dm_put("/sys/bus/dax/devices/dax0.0/align", "1073741824\n");
	dm_put("/sys/bus/dax/devices/dax0.0/size", "2147483648\n");
	doctor_begin(&c);
	assert_int_equal(doctor_look_at_qemu(&c, 42, NULL), 0);
	assert_int_equal(c.memory, DOCTOR_MEMORY_DEVDAX);
	assert_int_equal(c.ram.page, 1u << 30);
	doctor_examine(&c, doctor_causes, &r);
	assert_int_equal(r.n, 0);
	doctor_end(&c);
	dm_end();
}

/* What others named reaches neither a terminal nor a shell as it is. */
static void foreign_names_are_made_safe(void **state)
{
	struct doctor_report r;
	struct doctor_case c;
	json_t *o, *first;

	(void)state;
	odd_size();
	dm_map("7f0000000000-7f0010000000", "rw-s", "/mnt/\x1b\xff;reboot", "Rss: 262144 kB\n");
	doctor_begin(&c);
	assert_int_equal(doctor_look_at_qemu(&c, 42, NULL), 0);
	doctor_examine(&c, doctor_causes, &r);
	o = doctor_json(&c, &r);
	first = json_array_get(json_object_get(o, "findings"), 0);
	assert_string_equal(json_string_value(json_object_get(first, "id")), "file-size");
	assert_null(strchr(json_string_value(json_object_get(first, "seen")), '\x1b'));
	assert_non_null(strstr(json_string_value(json_object_get(first, "mend")), "reboot'"));
	json_decref(o);
	doctor_end(&c);
	dm_end();
}

static void pools_are_looked_at_for_who_wants_them(void **state)
{
	const struct backing_kind *kind;
	struct doctor_report r;
	struct doctor_case c;

	(void)state;
	assert_int_equal(backing_find("hugetlb-2m", &kind, NULL), 0);
	for (int i = 0; i < 3; i++) {
		static const char *const expect[] = { NULL, "pool-empty", "pool-node" };

		dm_begin();
		if (i == 1)
			dm_put("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "100\n");
		if (i == 2) {
			dm_put("/sys/devices/system/node/node0/hugepages/hugepages-2048kB/free_hugepages", "0\n");
			dm_put("/sys/devices/system/node/node1/hugepages/hugepages-2048kB/free_hugepages", "300\n");
		}
		doctor_begin(&c);
		doctor_look_at_backing(&c, kind, DM_RAM);
		doctor_examine(&c, doctor_causes, &r);
		assert_int_equal(r.n, expect[i] ? 1 : 0);
		if (expect[i])
			assert_string_equal(r.finding[0].cause->id, expect[i]);
		doctor_end(&c);
		dm_end();
	}
}

static void what_a_backing_lacks_is_told(void **state)
{
	static const struct {
		const char *backing, *size, *id, *seen;
	} cases[] = {
		{ "fsdax-xfs", NULL, NULL, NULL },
		{ "devdax", "201326592\n", "pmem-small", "pfn0.0 has 192 MiB, and backing devdax needs at least 256 MiB (64 more)" },
		{ "fsdax-xfs", "536870912\n", "pmem-small", "needs at least 544 MiB (32 more)" },
		{ "guest-memfd", NULL, "guest-memfd", "backing guest-memfd is memory of KVM's own" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct backing_kind *kind;
		struct doctor_report r;
		struct doctor_case c;

		dm_begin();
		if (cases[i].size)
			dm_put("/sys/bus/nd/devices/pfn0.0/size", cases[i].size);
		assert_int_equal(backing_find(cases[i].backing, &kind, NULL), 0);
		doctor_begin(&c);
		doctor_look_at_backing(&c, kind, DM_RAM);
		doctor_examine(&c, doctor_causes, &r);
		assert_int_equal(r.n, cases[i].id ? 1 : 0);
		if (cases[i].id) {
			assert_string_equal(r.finding[0].cause->id, cases[i].id);
			assert_non_null(strstr(r.finding[0].seen, cases[i].seen));
		}
		doctor_end(&c);
		dm_end();
	}
}

static void a_namespace_in_use_is_told(void **state)
{
	const struct backing_kind *kind;
	struct doctor_report r;
	struct doctor_case c;

	(void)state;
	assert_int_equal(backing_find("fsdax-xfs", &kind, NULL), 0);
	for (int used = 0; used < 2; used++) {
		dm_begin();
		if (used)
			dm_put("/sys/bus/nd/devices/pfn0.0/block/pmem0/dev", "259:0\n");
		doctor_begin(&c);
		doctor_look_at_backing(&c, kind, DM_RAM);
		doctor_examine(&c, doctor_causes, &r);
		assert_int_equal(r.n, used);
		if (used)
			assert_non_null(strstr(r.finding[0].seen, "mounted on /mnt"));
		doctor_end(&c);
		dm_end();
	}
}

static void guests_are_looked_at_from_inside(void **state)
{
	struct doctor_report r;
	struct doctor_case c;

	(void)state;
	for (int i = 0; i < 3; i++) {
		static const char *const expect[] = { NULL, "guest-thp", "guest-dax" };

		dm_begin();
		if (i == 1)
			dm_put("/sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]\n");
		if (i == 2)
			dm_put("/proc/self/mountinfo", "20 1 259:1 / / ro - ext4 /dev/pmem0p1 ro,errors=remount-ro\n");
		doctor_begin(&c);
		doctor_look_at_guest(&c);
		doctor_examine(&c, doctor_causes, &r);
		assert_int_equal(r.n, expect[i] ? 1 : 0);
		if (expect[i])
			assert_string_equal(r.finding[0].cause->id, expect[i]);
		doctor_end(&c);
		dm_end();
	}
}

static void bad_input_is_refused(void **state)
{
	struct err err = ERR_INIT;
	struct doctor_case c;

	(void)state;
	dm_begin();
	dm_put("/proc/7/cmdline", "sleep");
	dm_put("/proc/7/comm", "sleep\n");
	doctor_begin(&c);
	assert_int_equal(doctor_look_at_qemu(&c, 7, &err), -EINVAL);
	assert_non_null(strstr(err.text, "(sleep) is not a QEMU"));
	err = (struct err)ERR_INIT;
	assert_int_equal(doctor_look_at_qemu(&c, 8, &err), -EINVAL);
	assert_non_null(strstr(err.text, "no process 8"));
	doctor_end(&c);
	dm_put("/var/ram", "");
	dm_block("8:1", "sda1", "pci/block/sda/sda1");
	dm_put("/mnt/ram", "");
	doctor_begin(&c);
	err = (struct err)ERR_INIT;
	assert_int_equal(doctor_look_at_path(&c, "/var/ram", &err), -EINVAL);
	assert_non_null(strstr(err.text, "not on DAX: ext4 on sda1"));
	doctor_end(&c);
	doctor_begin(&c);
	assert_int_equal(doctor_look_at_path(&c, "/mnt/ram", &err), 0);
	assert_string_equal(c.place.namespace, "namespace0.0");
	doctor_end(&c);
	dm_end();
}

static const struct {
	const char *file, *text, *id;
} conditions[] = {
	{ "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n", "governor" },
	{ "/sys/devices/system/cpu/intel_pstate/no_turbo", "0\n", "turbo" },
	{ "/sys/devices/system/cpu/cpufreq/boost", "1\n", "turbo" },
	{ "/sys/devices/system/cpu/smt/active", "1\n", "smt" },
	{ "/sys/devices/system/cpu/isolated", "\n", "isolated" },
	{ "/sys/devices/system/cpu/vulnerabilities/meltdown", "Mitigation: PTI\n", "mitigations" },
	{ "/proc/swaps", "Filename Type\n/dev/sda2 partition 1 0 -2\n", "swap" },
	{ "/sys/kernel/mm/ksm/run", "1\n", "ksm" },
	{ "/proc/stat", "cpu  100 0 100 800 0 0 0 50 0 0\n", "stolen-time" },
	{ "/proc/loadavg", "2.20 1.00 0.50 3/200 999\n", "load" },
	{ "/proc/meminfo", "MemTotal: 1000000 kB\nMemFree: 90000 kB\nMemAvailable: 100000 kB\n", "memory" },
	{ "/proc/meminfo", "MemTotal: 90000000 kB\nMemFree: 80000000 kB\nMemAvailable: 80000000 kB\n", "fragmented" },
	{ "/proc/sys/kernel/perf_event_paranoid", "2\n", "perf" },
	{ "/sys/module/kvm_intel/parameters/nested", "N\n", "kvm" },
	{ "/sys/module/kvm_intel/parameters/ept", "N\n", "kvm" },
	{ "/proc/cpuinfo", "flags : fpu\n", "kvm" },
};

static void examine_machine(struct doctor_report *r)
{
	struct doctor_case c;

	doctor_begin(&c);
	doctor_look_at_machine(&c);
	doctor_examine(&c, doctor_machine_causes, r);
	doctor_end(&c);
}

static void conditions_of_the_machine_are_told(void **state)
{
	struct doctor_report r;

	(void)state;
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		dm_begin();
		dm_put("/dev/kvm", "");
		dm_put("/sys/devices/system/cpu/isolated", "1-3\n");
		examine_machine(&r);
		if (r.n)
			fail_msg("a good machine: %s: %s", r.finding[0].cause->id, r.finding[0].seen);
		dm_put(conditions[i].file, conditions[i].text);
		examine_machine(&r);
		if (r.n != 1 || strcmp(r.finding[0].cause->id, conditions[i].id))
			fail_msg("%s: not %s alone, but %zu, first %s", conditions[i].file,
				 conditions[i].id, r.n, r.n ? r.finding[0].cause->id : "none");
		dm_end();
	}
}

static void the_tables_are_sound(void **state)
{
	const struct doctor_cause *tables[] = { doctor_causes, doctor_machine_causes };

	(void)state;
	for (size_t t = 0; t < 2; t++)
		for (const struct doctor_cause *c = tables[t]; c->id; c++) {
			for (const struct doctor_cause *d = tables[t]; d < c; d++)
				assert_string_not_equal(c->id, d->id);
			assert_true(layer_find(c->layer) >= 0 || !strcmp(c->layer, "machine"));
			assert_true(c->title[0] && c->rule[0] && c->check);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tables_are_sound),
		cmocka_unit_test(each_cause_comes_first_where_it_is_planted),
		cmocka_unit_test(what_cannot_be_read_is_named_and_not_guessed),
		cmocka_unit_test(a_confidential_guest_is_told_as_far_as_it_is_known),
		cmocka_unit_test(entries_of_1g_are_left_whole),
		cmocka_unit_test(foreign_names_are_made_safe),
		cmocka_unit_test(pools_are_looked_at_for_who_wants_them),
		cmocka_unit_test(what_a_backing_lacks_is_told),
		cmocka_unit_test(a_namespace_in_use_is_told),
		cmocka_unit_test(guests_are_looked_at_from_inside),
		cmocka_unit_test(bad_input_is_refused),
		cmocka_unit_test(conditions_of_the_machine_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
