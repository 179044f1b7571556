/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "port.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "loop.h"

#define CLASS_DIR "/sys/class/virtio-ports"

static bool port_named(const char *class_dir, const char *port, const char *name)
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
		if (e->d_name[0] == '.' || !port_named(class_dir, e->d_name, name))
			continue;
		snprintf(node, size, "/dev/%s", e->d_name);
		ret = 0;
	}
	closedir(d);
	return ret;
}

static bool port_host_is_there(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, 0) > 0 && !(p.revents & POLLHUP);
}

static int port_try_open(const char *name)
{
	char node[300];
	int fd, ret = port_find(CLASS_DIR, name, node, sizeof(node));

	if (ret)
		return ret;
	fd = open(node, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (port_host_is_there(fd))
		return fd;
	close(fd);
	return -ENOTCONN;
}

int port_open(const char *name, double seconds, struct err *err)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	double end = loop_now() + seconds;
	int fd;

	while ((fd = port_try_open(name)) < 0 && loop_now() < end)
		nanosleep(&pause, NULL);
	if (fd == -ENOENT)
		return err_machine(err, "no virtio-serial port named %s after %.0f s: "
				   "the VM has none, or its kernel lacks CONFIG_VIRTIO_CONSOLE "
				   "or CONFIG_VIRTIO_PCI", name, seconds);
	if (fd < 0)
		return err_sys(err, -fd, "cannot open the virtio-serial port %s", name);
	return fd;
}
