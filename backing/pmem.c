/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pmem.h"

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

int pmem_check(const char *namespace, struct err *err)
{
	int ret = pmem_check_name(namespace, err);

	return ret ? ret : pmem_check_unused(namespace, err);
}
