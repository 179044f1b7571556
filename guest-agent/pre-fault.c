/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "file.h"
#include "inject.h"

#define KVM_DEVICE "/dev/kvm"
#define CAP_PRE_FAULT 236	/* KVM_CAP_PRE_FAULT_MEMORY */
#define TRIES 10000		/* calls, each of which may be interrupted early */

/* The interface of Linux 6.11, spelled out: Debian 12's headers are older. */
struct memory {
	uint64_t gpa, size, flags, padding[5];
};
#define PRE_FAULT_IOCTL _IOWR(KVMIO, 0xd5, struct memory)

static int pre_fault_check(struct err *err)
{
	int kvm = open(KVM_DEVICE, O_RDWR | O_CLOEXEC);
	int has;

	if (kvm < 0)
		return err_sys(err, errno, "cannot open " KVM_DEVICE);
	has = ioctl(kvm, KVM_CHECK_EXTENSION, CAP_PRE_FAULT);
	close(kvm);
	return has > 0 ? 0 : err_machine(err, "this kernel's KVM cannot fill the second level "
					 "beforehand (KVM_PRE_FAULT_MEMORY, Linux 6.11)");
}

/* QEMU's descriptor of its first vCPU; -1 if there is none. */
static int pre_fault_vcpu(pid_t qemu)
{
	char dir[48], path[320], to[64];
	int found = -1;
	DIR *d;

	snprintf(dir, sizeof(dir), "/proc/%d/fd", (int)qemu);
	d = opendir(dir);
	for (struct dirent *e; d && found < 0 && (e = readdir(d));) {
		ssize_t n;

		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		n = readlink(path, to, sizeof(to) - 1);
		if (n <= 0)
			continue;
		to[n] = '\0';
		if (!strcmp(to, "anon_inode:kvm-vcpu:0"))
			found = atoi(e->d_name);
	}
	if (d)
		closedir(d);
	return found;
}

/* The thread that runs it, by the name that QEMU gives it; 0 if there is none. */
static pid_t pre_fault_thread(pid_t qemu)
{
	char dir[48], path[320], *comm;
	pid_t found = 0;
	DIR *d;

	snprintf(dir, sizeof(dir), "/proc/%d/task", (int)qemu);
	d = opendir(dir);
	for (struct dirent *e; d && !found && (e = readdir(d));) {
		snprintf(path, sizeof(path), "%s/%s/comm", dir, e->d_name);
		if (file_read(path, &comm, NULL, NULL))
			continue;
		if (!strncmp(comm, "CPU 0/", 6))
			found = atoi(e->d_name);
		free(comm);
	}
	if (d)
		closedir(d);
	return found;
}

static int pre_fault_range(struct inject *in, int vcpu, const struct pre_fault_range *range,
			   struct err *err)
{
	struct memory m = { .gpa = range->gpa, .size = range->size };
	uint64_t at = inject_room(in);
	long got = inject_put(in, at, &m, sizeof(m));

	for (int i = 0; !got && i < TRIES; i++) {
		got = inject_call(in, SYS_ioctl, (unsigned)vcpu, PRE_FAULT_IOCTL, at);
		if (got != -EINTR && got != -EAGAIN && got)
			break;
		got = inject_get(in, at, &m, sizeof(m));
		if (!m.size)
			return 0;
	}
	return err_sys(err, got ? (int)-got : ETIME, "KVM_PRE_FAULT_MEMORY at %" PRIx64 ", %" PRIu64
		       " MiB to go", m.gpa, m.size >> 20);
}

int pre_fault(pid_t qemu, const struct pre_fault_range *ranges, size_t n, struct err *err)
{
	int vcpu = pre_fault_vcpu(qemu), ret = pre_fault_check(err);
	pid_t tid = pre_fault_thread(qemu);
	struct inject in;

	if (!ret && (vcpu < 0 || !tid))
		ret = err_machine(err, "no vCPU of the guest's QEMU has a name that kduel knows");
	if (!ret)
		ret = inject_open(&in, tid, err);
	if (ret)
		return ret;
	for (size_t i = 0; !ret && i < n; i++)
		if (ranges[i].size)
			ret = pre_fault_range(&in, vcpu, &ranges[i], err);
	inject_close(&in);
	return ret;
}
