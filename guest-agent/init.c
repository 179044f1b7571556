/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "loop.h"

#define MODULES "/modules"

static const struct {
	const char *type, *where;
	int needed;	/* report it if the kernel lacks it */
} mounts[] = {
	{ "proc", "/proc", 1 },
	{ "sysfs", "/sys", 1 },
	{ "devtmpfs", "/dev", 1 },
	{ "tmpfs", "/tmp", 1 },
	{ "tmpfs", "/run", 1 },
	{ "debugfs", "/sys/kernel/debug", 0 },
	{ "tracefs", "/sys/kernel/tracing", 0 },
};

static void init_mount_all(void)
{
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i].where, 0755);
		if (!mount("kduel", mounts[i].where, mounts[i].type, 0, NULL) ||
		    errno == EBUSY || !mounts[i].needed)
			continue;
		fprintf(stderr, "kduel-agent: cannot mount %s: %s\n",
			mounts[i].where, strerror(errno));
	}
	mkdir("/dev/shm", 01777);
}

/*
 * Kernels switch transparent huge pages off where there is less than 512 MiB;
 * our workloads ask for them by madvise, and must then be given them.
 */
static void init_allow_huge_pages(void)
{
	file_poke("/sys/kernel/mm/transparent_hugepage/enabled", "madvise", NULL);
}

static int init_is_module(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 3 && !strcmp(e->d_name + n - 3, ".ko");
}

/*
 * A kernel that was not built for this has drivers as modules, whose file names
 * begin with their order. One for other hardware refuses to be loaded.
 */
static void init_load_modules(void)
{
	struct dirent **list;
	int n = scandir(MODULES, &list, init_is_module, alphasort);

	for (int i = 0; i < n; i++) {
		char path[300];
		int fd;

		snprintf(path, sizeof(path), MODULES "/%s", list[i]->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if ((fd < 0 || syscall(SYS_finit_module, fd, "", 0)) && errno != EEXIST &&
		    errno != ENODEV && errno != EOPNOTSUPP)
			fprintf(stderr, "kduel-agent: cannot load %s: %s\n", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

/* An initramfs need not hold /dev/console: the kernel then gave us no stdio. */
static void init_open_console(void)
{
	int fd;

	if (fcntl(2, F_GETFD) >= 0)
		return;
	fd = open("/dev/console", O_RDWR);
	for (int i = 0; fd >= 0 && i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
}

static int init_reap_until(pid_t agent)
{
	int status;
	pid_t pid;

	for (;;) {
		pid = wait(&status);
		if (pid == agent)
			return status;
		if (pid < 0 && errno != EINTR)
			return 1;
	}
}

void init_run(int (*agent)(void *arg), void *arg)
{
	int status;
	pid_t pid;

	init_mount_all();
	init_open_console();
	init_load_modules();
	init_allow_huge_pages();
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", "/tmp", 1);
	pid = fork();
	if (pid == 0)
		_exit(agent(arg));
	status = pid < 0 ? 1 : init_reap_until(pid);
	if (status) {
		fprintf(stderr, "kduel-agent: the agent ended with %s %d\n",
			WIFSIGNALED(status) ? "signal" : "exit code",
			WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
		_exit(1);
	}
	reboot(RB_AUTOBOOT);
	_exit(1);
}

/* --- the port --- */

#define CLASS_DIR "/sys/class/virtio-ports"

static bool init_port_named(const char *class_dir, const char *port, const char *name)
{
	char path[512], *text;
	bool same;

	snprintf(path, sizeof(path), "%s/%s/name", class_dir, port);
	if (file_read(path, &text, NULL, NULL))
		return false;
	text[strcspn(text, "\n")] = '\0';
	same = !strcmp(text, name);
	free(text);
	return same;
}

int port_find(const char *class_dir, const char *name, char *node, unsigned size)
{
	DIR *d = opendir(class_dir);
	int ret = -ENOENT;

	if (!d)
		return -errno;
	for (struct dirent *e; ret && (e = readdir(d));) {
		if (e->d_name[0] == '.' || !init_port_named(class_dir, e->d_name, name))
			continue;
		snprintf(node, size, "/dev/%s", e->d_name);
		ret = 0;
	}
	closedir(d);
	return ret;
}

static bool init_port_is_there(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, 0) > 0 && !(p.revents & POLLHUP);
}

static int init_try_port(const char *name)
{
	char node[300];
	int fd, ret = port_find(CLASS_DIR, name, node, sizeof(node));

	if (ret)
		return ret;
	fd = open(node, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (init_port_is_there(fd))
		return fd;
	close(fd);
	return -ENOTCONN;
}

int port_open(const char *name, double seconds, struct err *err)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	double end = loop_now() + seconds;
	int fd;

	while ((fd = init_try_port(name)) < 0 && loop_now() < end)
		nanosleep(&pause, NULL);
	if (fd == -ENOENT)
		return err_machine(err, "no virtio-serial port named %s after %.0f s: "
				   "the VM has none, or its kernel lacks CONFIG_VIRTIO_CONSOLE "
				   "or CONFIG_VIRTIO_PCI", name, seconds);
	if (fd < 0)
		return err_sys(err, -fd, "cannot open the virtio-serial port %s", name);
	return fd;
}
