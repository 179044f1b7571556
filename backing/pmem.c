/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pmem.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

const char *pmem_sysfs = "/sys/bus/nd";
const char *pmem_dev = "/dev";

/* The header of a claimed namespace is at 4K: zeros over the first 64K remove it. */
#define HEADER_AREA (64 << 10)

static const struct mode {
	const char *seed;	/* region's attribute that names the free device */
	const char *prefix;	/* of the names of such devices */
	const char *driver;
} modes[] = {
	[PMEM_FSDAX] = { "pfn_seed", "pfn", "nd_pmem" },
	[PMEM_DEVDAX] = { "dax_seed", "dax", "dax_pmem" },
};

static int pmem_put(struct err *err, const char *text, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int pmem_put(struct err *err, const char *text, const char *fmt, ...)
{
	char path[256];
	size_t n = snprintf(path, sizeof(path), "%s/", pmem_sysfs);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path + n, sizeof(path) - n, fmt, ap);
	va_end(ap);
	return file_poke(path, text, err);
}

/* An attribute without its newline; "" if there is none. */
static void pmem_get(char *text, size_t size, const char *dev, const char *attr)
{
	char path[320], *data;

	text[0] = '\0';
	snprintf(path, sizeof(path), "%s/devices/%s/%s", pmem_sysfs, dev, attr);
	if (file_read(path, &data, NULL, NULL))
		return;
	data[strcspn(data, "\n")] = '\0';
	snprintf(text, size, "%s", data);
	free(data);
}

static uint64_t pmem_get_number(const char *dev, const char *attr)
{
	char text[64];

	pmem_get(text, sizeof(text), dev, attr);
	return strtoull(text, NULL, 0);
}

/* The lowest name beyond `after`: readdir() has no order, and two boots must agree. */
static void pmem_find_namespace(const char *after, char *name, size_t size)
{
	char path[256];
	DIR *d;

	snprintf(path, sizeof(path), "%s/devices", pmem_sysfs);
	d = opendir(path);
	name[0] = '\0';
	for (struct dirent *e; d && (e = readdir(d));) {
		if (!strncmp(e->d_name, "namespace", 9) &&
		    strcmp(e->d_name, after) > 0 && pmem_get_number(e->d_name, "size") &&
		    (!name[0] || strcmp(e->d_name, name) < 0))
			snprintf(name, size, "%.24s", e->d_name);
	}
	if (d)
		closedir(d);
}

int pmem_next_namespace(const char *name, char *next, size_t size, struct err *err)
{
	pmem_find_namespace(name, next, size);
	return next[0] ? 0 : err_machine(err, "the machine has no namespace of persistent memory "
					 "beside %s", name);
}

static int pmem_first_namespace(char *name, size_t size, struct err *err)
{
	pmem_find_namespace("", name, size);
	if (name[0])
		return 0;
	return err_machine(err, "no persistent memory: the machine has no NVDIMM, or its kernel "
			   "lacks CONFIG_LIBNVDIMM, CONFIG_ACPI_NFIT or CONFIG_BLK_DEV_PMEM");
}

/* Accepts only a name that the kernel lists, so that no other becomes part of a path. */
static int pmem_check_name(const char *name, struct err *err)
{
	char first[32];

	if (!strncmp(name, "namespace", 9) && !strchr(name, '/') &&
	    pmem_get_number(name, "size"))
		return 0;
	if (pmem_first_namespace(first, sizeof(first), err))
		return -ENOTSUP;
	return err_config(err, "there is no persistent memory called '%s'; the first one is %s",
			  name, first);
}

static bool pmem_is_bound(const char *dev)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/devices/%s/driver", pmem_sysfs, dev);
	return !access(path, F_OK);
}

static int pmem_unbind(const char *dev, struct err *err)
{
	if (!pmem_is_bound(dev))
		return 0;
	return pmem_put(err, dev, "devices/%s/driver/unbind", dev);
}

static int pmem_bind(const char *dev, const char *driver, struct err *err)
{
	int ret = pmem_put(err, dev, "drivers/%s/bind", driver);

	if (ret)
		err_prefix(err, "the kernel refuses %s (its log says more)", dev);
	return ret;
}

/* The device node of a block or character device below `dev`, into `node`. */
static int pmem_find_node(enum pmem_mode mode, const char *dev, char *node,
			  size_t size, struct err *err)
{
	const char *want = mode == PMEM_FSDAX ? "pmem" : "dax";
	char path[256];
	DIR *d;

	node[0] = '\0';
	snprintf(path, sizeof(path), "%s/devices/%s/%s", pmem_sysfs, dev,
		 mode == PMEM_FSDAX ? "block" : ".");
	d = opendir(path);
	for (struct dirent *e; d && !node[0] && (e = readdir(d));) {
		if (strncmp(e->d_name, want, strlen(want)))
			continue;
		snprintf(path, sizeof(path), "%s/%.32s", pmem_dev, e->d_name);
		if (!access(path, F_OK))
			snprintf(node, size, "%.79s", path);
	}
	if (d)
		closedir(d);
	if (node[0])
		return 0;
	return err_machine(err, "%s has no device node: the kernel lacks %s", dev,
			   mode == PMEM_FSDAX ? "CONFIG_BLK_DEV_PMEM" : "CONFIG_DEV_DAX_PMEM");
}

static int pmem_blank_header(const char *ns, struct err *err)
{
	static const char zero[HEADER_AREA];
	char path[PMEM_NODE_MAX];
	int fd, ret = pmem_find_node(PMEM_FSDAX, ns, path, sizeof(path), err);

	if (ret)
		return ret;
	fd = open(path, O_WRONLY | O_SYNC | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, errno, "cannot open %s", path);
	if (write(fd, zero, sizeof(zero)) != (ssize_t)sizeof(zero))
		ret = err_sys(err, errno, "cannot write to %s", path);
	close(fd);
	return ret;
}

/* Takes a namespace from the device that holds it; it is raw and blank then. */
static int pmem_make_raw(const char *ns, const char *holder, struct err *err)
{
	int ret = pmem_unbind(holder, err);

	if (ret)
		return ret;
	if ((ret = pmem_put(err, "\n", "devices/%s/namespace", holder)) ||
	    (ret = pmem_unbind(ns, err)) ||
	    (ret = pmem_put(err, "1", "devices/%s/force_raw", ns)) ||
	    (ret = pmem_bind(ns, "nd_pmem", err)) ||
	    (ret = pmem_blank_header(ns, err)) ||
	    (ret = pmem_unbind(ns, err)))
		return ret;
	return pmem_put(err, "0", "devices/%s/force_raw", ns);
}

static void pmem_make_uuid(char *text, size_t size)
{
	/* The UUID is never looked up; it is constant so that boots are alike. */
	snprintf(text, size, "6b647565-6c00-4000-8000-000000000001");
}

static int pmem_claim(const struct mode *m, const char *ns, uint64_t align,
		      char *claimant, size_t size, struct err *err)
{
	char region[32], text[64];
	int ret;

	snprintf(region, sizeof(region), "region%d", atoi(ns + strlen("namespace")));
	pmem_get(claimant, size, region, m->seed);
	if (!claimant[0])
		return err_machine(err, "%s offers no %s: the kernel lacks CONFIG_NVDIMM_%s",
				   region, m->seed, m->prefix[0] == 'p' ? "PFN" : "DAX");
	ret = pmem_unbind(ns, err);
	if (ret)
		return ret;
	pmem_make_uuid(text, sizeof(text));
	if ((ret = pmem_put(err, text, "devices/%s/uuid", claimant)))
		return ret;
	snprintf(text, sizeof(text), "%" PRIu64, align);
	if ((ret = pmem_put(err, text, "devices/%s/align", claimant)) ||
	    (ret = pmem_put(err, "ram", "devices/%s/mode", claimant)) ||
	    (ret = pmem_put(err, ns, "devices/%s/namespace", claimant)))
		return ret;
	return pmem_bind(claimant, m->driver, err);
}

int pmem_setup(enum pmem_mode mode, const char *namespace, uint64_t align,
	       struct pmem *p, struct err *err)
{
	const struct mode *m = &modes[mode];
	char holder[32];
	int ret = 0;

	memset(p, 0, sizeof(*p));
	if (!namespace)
		ret = pmem_first_namespace(p->namespace, sizeof(p->namespace), err);
	if (!ret)
		ret = pmem_check(namespace ? namespace : p->namespace, err);
	if (ret)
		return ret;
	if (namespace)
		snprintf(p->namespace, sizeof(p->namespace), "%s", namespace);
	pmem_get(holder, sizeof(holder), p->namespace, "holder");
	if (strncmp(holder, m->prefix, strlen(m->prefix)) || !pmem_is_bound(holder) ||
	    pmem_get_number(holder, "align") != align) {
		if (holder[0])
			ret = pmem_make_raw(p->namespace, holder, err);
		if (!ret)
			ret = pmem_claim(m, p->namespace, align, holder, sizeof(holder), err);
		p->made = 1;
	}
	if (ret)
		return ret;
	p->base = pmem_get_number(holder, "resource");
	p->size = pmem_get_number(holder, "size");
	p->align = pmem_get_number(holder, "align");
	return pmem_find_node(mode, holder, p->node, sizeof(p->node), err);
}

/* What is on a device, before anything overwrites it. */

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
static int pmem_holds_check_users(const char *node, struct err *err)
{
	DIR *d = opendir("/proc");
	pid_t user = 0;

	for (struct dirent *e; d && !user && (e = readdir(d));)
		if (isdigit((unsigned char)e->d_name[0]) && atoi(e->d_name) != getpid() &&
		    pmem_holds_has_open(e->d_name, node))
			user = atoi(e->d_name);
	if (d)
		closedir(d);
	return !user ? 0 : err_machine(err, "%s is in use: process %d has it open; end that first, "
				       "or take another device (nothing has been changed)",
				       node, (int)user);
}

/* What is mounted, or a part of a volume, or swapped to, cannot be opened so. */
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

static int pmem_check_unused(const char *namespace, struct err *err)
{
	char holder[32], block[32], node[PMEM_NODE_MAX];

	pmem_holds_attribute(namespace, "holder", holder, sizeof(holder));
	pmem_holds_block(*holder ? holder : namespace, block, sizeof(block));
	if (*block)
		return pmem_holds_check_block(block, err);
	snprintf(node, sizeof(node), "%.40s/%.30s", pmem_dev, holder);
	return strncmp(holder, "dax", 3) ? 0 : pmem_holds_check_users(node, err);
}

int pmem_check(const char *namespace, struct err *err)
{
	int ret = pmem_check_name(namespace, err);

	return ret ? ret : pmem_check_unused(namespace, err);
}
