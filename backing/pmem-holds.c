/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is on a device, and who uses it, before anything overwrites it. */
#include "pmem.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

const char *pmem_sysfs = "/sys/bus/nd";
const char *pmem_dev = "/dev";

#define HEAD_BYTES (128u << 10)

/* What a device holds: where its magic number is, and where the user's label. */
static const struct {
	const char *what, *magic;
	unsigned at, magic_len, label, label_len;	/* bytes; label_len 0: it has none */
} signatures[] = {
	{ "xfs", "XFSB", 0, 4, 108, 12 },
	{ "ext4 (or ext2, ext3)", "\x53\xef", 1080, 2, 1144, 16 },
	{ "btrfs", "_BHRfS_M", 65600, 8, 65835, 64 },
	{ "swap", "SWAPSPACE2", 4086, 10, 1052, 16 },
	{ "a LUKS volume", "LUKS\xba\xbe", 0, 6, 0, 0 },
	{ "an LVM volume", "LABELONE", 512, 8, 0, 0 },
	{ "a partition table (GPT)", "EFI PART", 512, 8, 0, 0 },
	{ "a partition table or boot sector", "\x55\xaa", 510, 2, 0, 0 },
};

/* Copies `from`, which may hold anything, as printable text. */
static void pmem_holds_label(char *to, size_t size, const unsigned char *from, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len && from[i] && n + 1 < size; i++)
		to[n++] = isprint(from[i]) ? (char)from[i] : '?';
	to[n] = '\0';
}

void pmem_signature(const unsigned char *head, size_t len, char *text, size_t size)
{
	char label[65] = "";

	text[0] = '\0';
	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
		size_t end = signatures[i].at + signatures[i].magic_len;

		if (end > len || memcmp(head + signatures[i].at, signatures[i].magic,
					signatures[i].magic_len))
			continue;
		if (signatures[i].label + signatures[i].label_len <= len)
			pmem_holds_label(label, sizeof(label), head + signatures[i].label,
					 signatures[i].label_len);
		snprintf(text, size, "%s%s%s%s", signatures[i].what, *label ? " '" : "", label,
			 *label ? "'" : "");
		return;
	}
}

/* The block device of `dev`, "pmem0"; "" if it has none. */
static void pmem_holds_block(const char *dev, char *name, size_t size)
{
	char path[320];
	DIR *d;

	name[0] = '\0';
	snprintf(path, sizeof(path), "%s/devices/%.40s/block", pmem_sysfs, dev);
	d = opendir(path);
	for (struct dirent *e; d && !name[0] && (e = readdir(d));)
		if (e->d_name[0] != '.')
			snprintf(name, size, "%.31s", e->d_name);
	if (d)
		closedir(d);
}

/* Where it, or a part of it, is mounted; "" if nowhere. */
static void pmem_holds_mount(const char *block, char *where, size_t size)
{
	char device[48], from[120], to[120], *mounts, *rest;
	size_t n = (size_t)snprintf(device, sizeof(device), "/dev/%.32s", block);

	where[0] = '\0';
	if (file_read("/proc/self/mounts", &mounts, NULL, NULL))
		return;
	rest = mounts;
	for (char *line; !where[0] && (line = strsep(&rest, "\n"));)
		if (sscanf(line, "%119s %119s", from, to) == 2 && !strncmp(from, device, n) &&
		    (!from[n] || from[n] == 'p' || from[n] == 's'))
			pmem_holds_label(where, size, (unsigned char *)to, strlen(to));
	free(mounts);
}

static void pmem_holds_content(const char *block, char *text, size_t size)
{
	unsigned char *head = calloc(1, HEAD_BYTES);
	char path[120], known[120] = "";
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "%s/%.32s", pmem_dev, block);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = head ? read(fd, head, HEAD_BYTES) : -1;
		close(fd);
	}
	if (n >= 0)
		pmem_signature(head, (size_t)n, known, sizeof(known));
	snprintf(text, size, ", /dev/%.32s with %s", block, n < 0 ? "content that could not be "
		"read" :
		 *known ? known : "no file system that kduel knows");
	free(head);
}

static void pmem_holds_attribute(const char *dev, const char *name, char *text, size_t size)
{
	char path[320], *data;

	text[0] = '\0';
	snprintf(path, sizeof(path), "%s/devices/%.40s/%s", pmem_sysfs, dev, name);
	if (file_read(path, &data, NULL, NULL))
		return;
	snprintf(text, size, "%.*s", (int)strcspn(data, "\n"), data);
	free(data);
}

void pmem_describe(const char *namespace, char *text, size_t size)
{
	char bytes[24], holder[32], block[32] = "", where[120] = "", content[240] = "";

	if (strncmp(namespace, "namespace", 9) || strchr(namespace, '/')) {
		snprintf(text, size, "no namespace of that name");
		return;
	}
	pmem_holds_attribute(namespace, "size", bytes, sizeof(bytes));
	pmem_holds_attribute(namespace, "holder", holder, sizeof(holder));
	pmem_holds_block(*holder ? holder : namespace, block, sizeof(block));
	if (*block) {
		pmem_holds_mount(block, where, sizeof(where));
		pmem_holds_content(block, content, sizeof(content));
	}
	if (!*bytes)
		snprintf(text, size, "no namespace of that name on this machine");
	else
		snprintf(text, size, "%llu MiB%s%s%s", strtoull(bytes, NULL, 0) >> 20,
			 *content ? content : ", not in use as a block device",
			 *where ? ", mounted on " : ", not mounted", where);
}

/* Has this process a file open that is called `node`? */
static bool pmem_holds_has_open(const char *pid, const char *node)
{
	char folder[64], link[400], to[PMEM_NODE_MAX + 1];
	bool found = false;
	DIR *d;

	snprintf(folder, sizeof(folder), "/proc/%.20s/fd", pid);
	d = opendir(folder);
	for (struct dirent *e; d && !found && (e = readdir(d));) {
		ssize_t n;

		snprintf(link, sizeof(link), "%s/%s", folder, e->d_name);
		n = readlink(link, to, sizeof(to) - 1);
		to[n < 0 ? 0 : n] = '\0';
		found = !strcmp(to, node);
	}
	if (d)
		closedir(d);
	return found;
}

/* A DAX device has no mark of who maps it: whoever does has it open. */
int pmem_check_node(const char *node, struct err *err)
{
	DIR *d = opendir("/proc");
	pid_t user = 0;

	for (struct dirent *e; d && !user && (e = readdir(d));)
		if (isdigit((unsigned char)e->d_name[0]) && atoi(e->d_name) != getpid() &&
		    pmem_holds_has_open(e->d_name, node))
			user = atoi(e->d_name);
	if (d)
		closedir(d);
	return !user ? 0 : err_machine(err, "%s is in use: process %d has it open; end it first, "
				       "or take another device (nothing has been changed)",
				       node, (int)user);
}

/* What is mounted, a part of a volume or used for swap cannot be opened like this. */
static int pmem_holds_check_block(const char *block, struct err *err)
{
	char path[PMEM_NODE_MAX], where[120];
	int fd;

	snprintf(path, sizeof(path), "%.40s/%.32s", pmem_dev, block);
	fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	if (fd >= 0 || errno != EBUSY)
		return 0;
	pmem_holds_mount(block, where, sizeof(where));
	return err_machine(err, "%s is in use: %s%s; free it first, or take another device (nothing "
			   "has been changed)", path, *where ? "mounted on " :
			   "the kernel has it, as a mount, swap or part of a volume", where);
}

int pmem_check_unused(const char *namespace, struct err *err)
{
	char holder[32], block[32], node[PMEM_NODE_MAX];

	pmem_holds_attribute(namespace, "holder", holder, sizeof(holder));
	pmem_holds_block(*holder ? holder : namespace, block, sizeof(block));
	if (*block)
		return pmem_holds_check_block(block, err);
	snprintf(node, sizeof(node), "%.40s/%.30s", pmem_dev, holder);
	return strncmp(holder, "dax", 3) ? 0 : pmem_check_node(node, err);
}
