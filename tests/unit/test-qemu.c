/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/proc.h"
#include "lib/qemu.h"

static struct qemu_vm mut(enum qemu_accel accel)
{
	return (struct qemu_vm){
		.role = QEMU_MUT, .accel = accel, .binary = "qemu",
		.cpus = accel == QEMU_ICOUNT ? 1 : 2,
		.memory = 3ULL << 30, .pmem = 1ULL << 30,
		.kernel = "bzImage", .initrd = "initrd", .append = "kduel.nonce=1f",
		.console_fd = 5, .link_fd = 6,
	};
}

static char *line(const struct qemu_vm *vm)
{
	struct args a = ARGS_INIT;
	struct err err = ERR_INIT;
	char *text;

	assert_int_equal(qemu_args(vm, &a, &err), 0);
	text = proc_command_text(args_argv(&a));
	args_release(&a);
	return text;
}

/* Each of `words` (to a NULL) stands in the command line, whole. */
static void has(const struct qemu_vm *vm, ...)
{
	char *text = line(vm), *padded;
	const char *word;
	va_list ap;

	assert_true(asprintf(&padded, " %s ", text) > 0);
	va_start(ap, vm);
	while ((word = va_arg(ap, const char *))) {
		char *want;

		assert_true(asprintf(&want, " %s ", word) > 0);
		if (!strstr(padded, want))
			fail_msg("'%s' is not in:%s", word, padded);
		free(want);
	}
	va_end(ap);
	free(padded);
	free(text);
}

static void lacks(const struct qemu_vm *vm, const char *word)
{
	char *text = line(vm);

	if (strstr(text, word))
		fail_msg("'%s' is in: %s", word, text);
	free(text);
}

static void emulated_mut(void **state)
{
	struct qemu_vm vm = mut(QEMU_TCG);

	(void)state;
	has(&vm, "-accel tcg,thread=multi", "-cpu EPYC,svm=on,npt=on", "-smp 2",
	    "-m 3072M,slots=1,maxmem=4096M", "-machine nvdimm=on",
	    "-object memory-backend-ram,id=pmem,size=1073741824",
	    "-device nvdimm,id=nvdimm0,memdev=pmem",
	    "-chardev socket,id=console,fd=5", "-serial chardev:console",
	    "-chardev socket,id=link,fd=6",
	    "-device virtserialport,chardev=link,name=kduel.0",
	    "-kernel bzImage", "-initrd initrd", "-no-reboot", "-nodefaults", NULL);
	lacks(&vm, "icount");
	lacks(&vm, "nolapic_timer");
	lacks(&vm, "kvm");
	lacks(&vm, "qboot");
}

/* One processor alone keeps time by another timer than its own. */
static void emulated_mut_of_one(void **state)
{
	struct qemu_vm vm = mut(QEMU_TCG);

	(void)state;
	vm.cpus = 1;
	has(&vm, "-accel tcg,thread=multi", "-smp 1", "nolapic_timer", NULL);
	lacks(&vm, "norandmaps");
	vm.accel = QEMU_KVM;
	lacks(&vm, "nolapic_timer");
}

static void counted_mut(void **state)
{
	struct qemu_vm vm = mut(QEMU_ICOUNT);

	(void)state;
	has(&vm, "-accel tcg,thread=single", "-icount shift=0,sleep=off", "-smp 1",
	    "-seed 1", "norandmaps", "nolapic_timer",
	    "-cpu EPYC,svm=on,npt=on", "-rtc base=2018-10-01T00:00:00,clock=vm", NULL);
}

static void hardware_mut(void **state)
{
	struct qemu_vm vm = mut(QEMU_KVM);

	(void)state;
	has(&vm, "-accel kvm", "-cpu host", "-device nvdimm,id=nvdimm0,memdev=pmem", NULL);
	lacks(&vm, "tcg");
	lacks(&vm, "kvm-pit");
	lacks(&vm, "EPYC");
}

static struct qemu_vm guest(enum qemu_ram ram)
{
	return (struct qemu_vm){
		.role = QEMU_GUEST, .accel = QEMU_KVM, .binary = "qemu",
		.firmware = "/usr/share/qemu", .cpus = 1, .memory = 512ULL << 20,
		.ram = ram, .ram_path = "/mnt/ram", .ram_page = 2ULL << 20,
		.kernel = "/guest/bzImage", .initrd = "/guest/initrd",
		.console_fd = 3, .link_fd = 4,
	};
}

static void guest_backings(void **state)
{
	struct qemu_vm vm = guest(QEMU_RAM_FILE);

	(void)state;
	has(&vm, "-accel kvm", "-cpu host,tsc-deadline=off", "-m 512M", "-L /usr/share/qemu",
	    "-global kvm-pit.lost_tick_policy=discard",
	    "-object memory-backend-file,id=ram,mem-path=/mnt/ram,size=536870912,share=on,align=2M",
	    "-machine memory-backend=ram", NULL);
	lacks(&vm, "nvdimm");
	lacks(&vm, "maxmem");
	lacks(&vm, "kvm-pv-eoi");
	vm.append = "norandmaps " QEMU_CMDLINE_EXIT;
	has(&vm, "host,tsc-deadline=off,kvm-pv-eoi=off", NULL);
	vm = guest(QEMU_RAM_MEMFD);
	has(&vm, "memory-backend-memfd,id=ram,size=536870912,share=on", NULL);
	vm = guest(QEMU_RAM_HUGETLB);
	has(&vm, "memory-backend-memfd,id=ram,size=536870912,share=on,hugetlb=on,hugetlbsize=2097152", NULL);
	vm = guest(QEMU_RAM_ANON);
	lacks(&vm, "memory-backend");
}

/* A comma in a path ends nothing, and what is on it cannot be changed. */
static void a_guest_can_have_disks(void **state)
{
	struct qemu_vm vm = guest(QEMU_RAM_ANON);

	(void)state;
	lacks(&vm, "virtio-blk");
	vm.disks[0] = (struct qemu_disk){ "/guest/a,b", "0123456789abcdef0123" };
	vm.n_disks = 1;
	has(&vm, "-device virtio-blk-pci,drive=disk0,serial=0123456789abcdef0123",
	    "'{\"driver\":\"raw\",\"node-name\":\"disk0\",\"read-only\":true,"
	    "\"file\":{\"driver\":\"file\",\"filename\":\"/guest/a,b\"}}'", NULL);
}

/* An NVDIMM of the guest's is a file beside its RAM's. */
static void a_guest_can_have_an_nvdimm(void **state)
{
	struct qemu_vm vm = guest(QEMU_RAM_FILE);

	(void)state;
	vm.pmem = 128ULL << 20;
	vm.pmem_path = "/mnt/pmem";
	has(&vm, "-m 512M,slots=1,maxmem=640M", "nvdimm=on", "-device nvdimm,id=nvdimm0,memdev=pmem", NULL);
	has(&vm, "memory-backend-file,id=pmem,mem-path=/mnt/pmem,size=134217728,share=on,align=2M", NULL);
	vm.pmem_next = 64ULL << 20;
	has(&vm, "-m 512M,slots=2,maxmem=704M", "memory-backend-ram,id=pmem1,size=67108864",
	    "-device nvdimm,id=nvdimm1,memdev=pmem1", NULL);
	vm.pmem_next = 0;
	vm.pmem_virtio = true;
	has(&vm, "-device virtio-pmem-pci,id=nvdimm0,memdev=pmem", NULL);
	lacks(&vm, "nvdimm=on");
	vm = guest(QEMU_RAM_HUGETLB);
	vm.pmem = 128ULL << 20;
	has(&vm, "memory-backend-memfd,id=pmem,size=134217728,share=on,hugetlb=on,hugetlbsize=2097152", NULL);
}

/* What lies above 4G does so 4K off the file's huge pages. */
static void guest_memory_can_be_shifted(void **state)
{
	struct qemu_vm vm = guest(QEMU_RAM_FILE);
	struct args a = ARGS_INIT;
	struct err err = ERR_INIT;

	(void)state;
	lacks(&vm, "max-ram-below-4g");
	vm.memory = 3ULL << 30;
	assert_int_equal(qemu_low_memory(&vm), 2ULL << 30);
	vm.memory = 256ULL << 20;
	assert_int_equal(qemu_low_memory(&vm), 256ULL << 20);
	vm.shift = 4096;
	assert_int_equal(qemu_low_memory(&vm), 67112960);
	has(&vm, "-machine max-ram-below-4g=67112960", NULL);
	vm.shift = 4097;
	assert_int_equal(qemu_args(&vm, &a, &err), -EINVAL);
	vm.shift = 4096;
	vm.memory = 128ULL << 20;
	assert_int_equal(qemu_args(&vm, &a, &err), -EINVAL);
	assert_non_null(strstr(err.text, "more than 128M"));
	args_release(&a);
}

/* The domains must not share a processor model by accident. */
static void guest_under_emulation_only_as_wished(void **state)
{
	struct qemu_vm vm = guest(QEMU_RAM_ANON);

	(void)state;
	vm.accel = QEMU_TCG;
	has(&vm, "-cpu max", NULL);
	lacks(&vm, "svm");
}

static void no_streams(void **state)
{
	struct qemu_vm vm = mut(QEMU_TCG);

	(void)state;
	vm.console_fd = vm.link_fd = -1;
	vm.pmem = 0;
	has(&vm, "-serial null", "-m 3072M", NULL);
	lacks(&vm, "virtserialport");
	lacks(&vm, "nvdimm");
}

static void cmdline_ends_with_the_callers(void **state)
{
	struct qemu_vm vm = mut(QEMU_TCG);
	char *text = qemu_cmdline(&vm);

	(void)state;
	assert_non_null(strstr(text, "console=ttyS0"));
	assert_non_null(strstr(text, "panic=-1"));
	assert_non_null(strstr(text, " swiotlb=noforce "));
	assert_string_equal(strrchr(text, ' '), " kduel.nonce=1f");
	free(text);
}

static void refused(struct qemu_vm vm, const char *field)
{
	struct args a = ARGS_INIT;
	struct err err = ERR_INIT;

	assert_int_equal(qemu_args(&vm, &a, &err), -EINVAL);
	assert_non_null(strstr(err.text, field));
	assert_int_equal(err.exit, EXIT_CONFIG);
	args_release(&a);
}

static void nonsense_is_refused(void **state)
{
	struct qemu_vm vm = mut(QEMU_ICOUNT);

	(void)state;
	vm.cpus = 2;
	refused(vm, "cpus: counting instructions needs 1");
	vm = mut(QEMU_TCG);
	vm.cpus = 0;
	refused(vm, "cpus");
	vm = mut(QEMU_TCG);
	vm.memory += 4096;
	refused(vm, "memory");
	vm = mut(QEMU_TCG);
	vm.pmem = 12345;
	refused(vm, "pmem");
	vm = guest(QEMU_RAM_FILE);
	vm.ram_path = NULL;
	refused(vm, "path");
	vm = guest(QEMU_RAM_HUGETLB);
	vm.ram_page = 1ULL << 30;
	refused(vm, "memory");
}

/* A machine whose kernel died is to be looked at, not gone. */
static void stays_if_asked(void **state)
{
	struct qemu_vm vm = mut(QEMU_TCG);
	char *text = line(&vm);

	(void)state;
	assert_null(strstr(text, "-no-shutdown"));
	free(text);
	vm.stays = true;
	text = line(&vm);
	assert_non_null(strstr(text, " -no-reboot "));
	assert_non_null(strstr(text, " -no-shutdown"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(emulated_mut),
		cmocka_unit_test(emulated_mut_of_one),
		cmocka_unit_test(counted_mut),
		cmocka_unit_test(hardware_mut),
		cmocka_unit_test(guest_backings),
		cmocka_unit_test(a_guest_can_have_disks),
		cmocka_unit_test(a_guest_can_have_an_nvdimm),
		cmocka_unit_test(guest_memory_can_be_shifted),
		cmocka_unit_test(guest_under_emulation_only_as_wished),
		cmocka_unit_test(no_streams),
		cmocka_unit_test(cmdline_ends_with_the_callers),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(stays_if_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
