/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void vm_lose(struct vm *vm, const char *class, const char *text)
{
	if (!vm->running)
		return;
	vm->running = false;
	vm->lost(vm->arg, class, text);
}

static void vm_on_child(struct loop *loop, int status, void *arg)
{
	struct vm *vm = arg;
	char how[64], text[200];
	bool panic;

	(void)loop;
	proc_reaped(&vm->proc);
	vm->child_id = 0;
	console_drain(vm->console);
	panic = console_panic(vm->console);
	snprintf(text, sizeof(text), "the guest's QEMU ended: %s%s",
		 proc_status_text(status, how, sizeof(how)),
		 panic ? ", after its kernel panicked" : "");
	vm_lose(vm, panic ? "panic" : "lost", text);
}

static void vm_on_frame(void *arg, const struct frame *f)
{
	struct vm *vm = arg;

	if (vm->running)
		vm->frame(vm->arg, f);
}

/* A plain end of the stream comes before QEMU's exit, which tells more. */
static void vm_on_closed(void *arg, const struct err *why)
{
	if (why->code == -EPROTO)
		vm_lose(arg, "protocol", why->text);
}

static int vm_spawn(struct vm *vm, const struct qemu_vm *q, int link_fd,
		    int console_fd, int monitor_fd, struct err *err)
{
	const int keep[] = { link_fd, console_fd, monitor_fd, -1 };
	struct qemu_vm with_fds = *q;
	struct proc_options o = {
		.out = console_fd, .err = console_fd, .keep = keep,
	};
	int ret;

	with_fds.link_fd = link_fd;
	with_fds.console_fd = console_fd;
	with_fds.monitor_fd = monitor_fd;
	ret = qemu_args(&with_fds, &vm->args, err);
	if (ret)
		return ret;
	o.argv = args_argv(&vm->args);
	return proc_spawn(&vm->proc, &o, err);
}

/* Owns both descriptors from here on, even if this fails. */
static int vm_watch(struct vm *vm, int link_fd, int console_fd, uint64_t nonce,
		    struct err *err)
{
	int ret = link_init(&vm->link, vm->loop, link_fd, link_fd, nonce,
			    vm_on_frame, vm_on_closed, vm, err);

	if (ret) {
		close(console_fd);
		return ret;
	}
	ret = console_new(&vm->console, vm->loop, console_fd, NULL, false, err);
	if (ret)
		return ret;
	vm->child_id = loop_add_child(vm->loop, vm->proc.pidfd, vm_on_child, vm);
	return vm->child_id < 0 ? err_sys(err, ENOMEM, "cannot wait for the guest") : 0;
}

/* A pair of sockets, or -1 twice where none is wanted. */
static int vm_pair(int pair[2], bool wanted, struct err *err)
{
	pair[0] = pair[1] = -1;
	return wanted ? proc_socketpair(pair, err) : 0;
}

static void vm_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

int vm_start(struct vm *vm, struct loop *loop, const struct qemu_vm *q, bool monitor,
	     uint64_t nonce, vm_frame_fn frame, vm_lost_fn lost, void *arg,
	     struct err *err)
{
	int link[2], console[2] = { -1, -1 }, mon[2] = { -1, -1 }, ret;

	*vm = (struct vm){ .loop = loop, .frame = frame, .lost = lost, .arg = arg,
			   .proc = PROC_INIT, .monitor = MONITOR_INIT };
	ret = vm_pair(link, true, err);
	if (!ret)
		ret = vm_pair(console, true, err);
	if (!ret)
		ret = vm_pair(mon, monitor, err);
	if (!ret)
		ret = vm_spawn(vm, q, link[1], console[1], mon[1], err);
	vm_close(link[1]);
	vm_close(console[1]);
	vm_close(mon[1]);
	monitor_open(&vm->monitor, mon[0]);
	if (ret) {
		vm_close(link[0]);
		vm_close(console[0]);
	} else {
		ret = vm_watch(vm, link[0], console[0], nonce, err);
	}
	vm->running = !ret;
	if (ret)
		vm_release(vm);
	return ret;
}

void vm_release(struct vm *vm)
{
	if (!vm->loop)
		return;
	vm->running = false;
	loop_remove(vm->loop, vm->child_id);
	proc_release(&vm->proc);
	console_free(vm->console);
	link_release(&vm->link);
	monitor_release(&vm->monitor);
	args_release(&vm->args);
	memset(vm, 0, sizeof(*vm));
}
