/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void drain_console(struct vm *vm)
{
	char bytes[4096];
	ssize_t n;

	while ((n = read(vm->console_fd, bytes, sizeof(bytes))) > 0)
		tail_feed(&vm->console, bytes, n);
	/* At the end: nothing will ever come again, so stop asking. */
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		loop_set_events(vm->loop, vm->console_id, 0);
}

static void on_console(struct loop *loop, int fd, unsigned events, void *arg)
{
	struct vm *vm = arg;
	char bytes[4096];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	(void)loop;
	(void)events;
	/* One read a turn: a guest that floods must not keep the loop busy. */
	if (n > 0)
		tail_feed(&vm->console, bytes, n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		loop_set_events(vm->loop, vm->console_id, 0);
}

static void lose(struct vm *vm, const char *class, const char *text)
{
	if (!vm->running)
		return;
	vm->running = false;
	vm->lost(vm, class, text, vm->arg);
}

static void on_child(struct loop *loop, int status, void *arg)
{
	struct vm *vm = arg;
	char how[64], text[200];

	(void)loop;
	proc_reaped(&vm->proc);
	vm->child_id = 0;
	drain_console(vm);
	tail_feed(&vm->console, "\n", 1);
	snprintf(text, sizeof(text), "the guest's QEMU ended: %s%s",
		 proc_status_text(status, how, sizeof(how)),
		 vm->console.panic ? ", after its kernel panicked" : "");
	lose(vm, vm->console.panic ? "panic" : "lost", text);
}

static void on_frame(struct link *l, const struct frame *f, void *arg)
{
	struct vm *vm = arg;

	(void)l;
	if (vm->running)
		vm->frame(vm, f, vm->arg);
}

/* A plain end comes before QEMU's own, which knows more. */
static void on_closed(struct link *l, const struct err *why, void *arg)
{
	struct vm *vm = arg;

	(void)l;
	if (why->code == -EPROTO)
		lose(vm, "protocol", why->text);
}

static int spawn(struct vm *vm, const struct qemu_vm *q, int link_fd,
		 int console_fd, struct err *err)
{
	const int keep[] = { link_fd, console_fd, -1 };
	struct qemu_vm with_fds = *q;
	struct proc_options o = {
		.out = console_fd, .err = console_fd, .keep = keep,
	};
	int ret;

	with_fds.link_fd = link_fd;
	with_fds.console_fd = console_fd;
	ret = qemu_args(&with_fds, &vm->args, err);
	if (ret)
		return ret;
	o.argv = args_argv(&vm->args);
	return proc_spawn(&vm->proc, &o, err);
}

static int watch(struct vm *vm, int link_fd, uint64_t nonce, struct err *err)
{
	int out = fcntl(link_fd, F_DUPFD_CLOEXEC, 3);
	int ret;

	if (out < 0)
		return err_sys(err, errno, "cannot talk to the guest");
	ret = link_init(&vm->link, vm->loop, link_fd, out, nonce, on_frame,
			on_closed, vm, err);
	if (ret) {
		close(out);
		return ret;
	}
	fcntl(vm->console_fd, F_SETFL, O_NONBLOCK);
	vm->console_id = loop_add_fd(vm->loop, vm->console_fd, POLLIN, on_console, vm);
	vm->child_id = loop_add_child(vm->loop, vm->proc.pidfd, on_child, vm);
	if (vm->console_id < 0 || vm->child_id < 0)
		return err_sys(err, ENOMEM, "cannot wait for the guest");
	return 0;
}

int vm_start(struct vm *vm, struct loop *loop, const struct qemu_vm *q,
	     uint64_t nonce, vm_frame_fn frame, vm_lost_fn lost, void *arg,
	     struct err *err)
{
	int link[2], console[2], ret;

	*vm = (struct vm){ .loop = loop, .frame = frame, .lost = lost, .arg = arg,
			   .proc = PROC_INIT, .console_fd = -1 };
	tail_init(&vm->console);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, link))
		return err_sys(err, errno, "cannot make a link to the guest");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, console)) {
		ret = err_sys(err, errno, "cannot make a console for the guest");
		close(link[0]);
		close(link[1]);
		return ret;
	}
	vm->console_fd = console[0];
	ret = spawn(vm, q, link[1], console[1], err);
	close(link[1]);
	close(console[1]);
	if (!ret)
		ret = watch(vm, link[0], nonce, err);
	if (!vm->link.open)
		close(link[0]);
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
	loop_remove(vm->loop, vm->console_id);
	if (vm->console_fd >= 0)
		close(vm->console_fd);
	link_release(&vm->link);
	args_release(&vm->args);
	memset(vm, 0, sizeof(*vm));
}
