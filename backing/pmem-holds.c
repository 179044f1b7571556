/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is on a device, before anything overwrites it. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "pmem.h"

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
static void holds_label(char *to, size_t size, const unsigned char *from, size_t len)
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
			holds_label(label, sizeof(label), head + signatures[i].label,
				    signatures[i].label_len);
		snprintf(text, size, "%s%s%s%s", signatures[i].what, *label ? " '" : "", label,
			 *label ? "'" : "");
		return;
	}
}

/* The block device of `dev`, "pmem0"; "" if it has none. */
static void holds_block(const char *dev, char *name, size_t size)
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
static void holds_mount(const char *block, char *where, size_t size)
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
			holds_label(where, size, (unsigned char *)to, strlen(to));
	free(mounts);
}

static void holds_content(const char *block, char *text, size_t size)
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

static void holds_attribute(const char *dev, const char *name, char *text, size_t size)
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
	holds_attribute(namespace, "size", bytes, sizeof(bytes));
	holds_attribute(namespace, "holder", holder, sizeof(holder));
	holds_block(*holder ? holder : namespace, block, sizeof(block));
	if (*block) {
		holds_mount(block, where, sizeof(where));
		holds_content(block, content, sizeof(content));
	}
	if (!*bytes)
		snprintf(text, size, "no namespace of that name on this machine");
	else
		snprintf(text, size, "%llu MiB%s%s%s", strtoull(bytes, NULL, 0) >> 20,
			 *content ? content : ", not in use as a block device",
			 *where ? ", mounted on " : ", not mounted", where);
}
