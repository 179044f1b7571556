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

#define ND "/sys/bus/nd"

/* The header of a claimed namespace is at 4K; a blank 64K holds none. */
#define HEADER_AREA (64 << 10)

static const struct mode {
	const char *seed;	/* region's attribute that names the free device */
	const char *prefix;	/* of the names of such devices */
	const char *driver;
} modes[] = {
	[PMEM_FSDAX] = { "pfn_seed", "pfn", "nd_pmem" },
	[PMEM_DEVDAX] = { "dax_seed", "dax", "dax_pmem" },
};

static int put(struct err *err, const char *text, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int put(struct err *err, const char *text, const char *fmt, ...)
{
	char path[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	return file_poke(path, text, err);
}

/* An attribute without its newline; "" if there is none. */
static void get(char *text, size_t size, const char *dev, const char *attr)
{
	char path[256], *data;

	text[0] = '\0';
	snprintf(path, sizeof(path), ND "/devices/%s/%s", dev, attr);
	if (file_read(path, &data, NULL, NULL))
		return;
	data[strcspn(data, "\n")] = '\0';
	snprintf(text, size, "%s", data);
	free(data);
}

static uint64_t get_number(const char *dev, const char *attr)
{
	char text[64];

	get(text, sizeof(text), dev, attr);
	return strtoull(text, NULL, 0);
}

/* The lowest name: readdir() has no order, and two boots must agree. */
static int first_namespace(char *name, size_t size, struct err *err)
{
	DIR *d = opendir(ND "/devices");

	name[0] = '\0';
	for (struct dirent *e; d && (e = readdir(d));) {
		if (!strncmp(e->d_name, "namespace", 9) &&
		    get_number(e->d_name, "size") &&
		    (!name[0] || strcmp(e->d_name, name) < 0))
			snprintf(name, size, "%.24s", e->d_name);
	}
	if (d)
		closedir(d);
	if (name[0])
		return 0;
	return err_machine(err, "no persistent memory: the machine has no NVDIMM, or its kernel "
			   "lacks CONFIG_LIBNVDIMM, CONFIG_ACPI_NFIT or CONFIG_BLK_DEV_PMEM");
}

static bool is_bound(const char *dev)
{
	char path[256];

	snprintf(path, sizeof(path), ND "/devices/%s/driver", dev);
	return !access(path, F_OK);
}

static int unbind(const char *dev, struct err *err)
{
	if (!is_bound(dev))
		return 0;
	return put(err, dev, ND "/devices/%s/driver/unbind", dev);
}

static int bind(const char *dev, const char *driver, struct err *err)
{
	int ret = put(err, dev, ND "/drivers/%s/bind", driver);

	if (ret)
		err_prefix(err, "the kernel refuses %s (its log says more)", dev);
	return ret;
}

static int blank_header(struct err *err)
{
	static const char zero[HEADER_AREA];
	int fd = open("/dev/pmem0", O_WRONLY | O_SYNC | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return err_sys(err, errno, "cannot open /dev/pmem0");
	if (write(fd, zero, sizeof(zero)) != (ssize_t)sizeof(zero))
		ret = err_sys(err, errno, "cannot write to /dev/pmem0");
	close(fd);
	return ret;
}

/* Takes a namespace from the device that holds it: raw, and blank. */
static int make_raw(const char *ns, const char *holder, struct err *err)
{
	int ret = unbind(holder, err);

	if (ret)
		return ret;
	if ((ret = put(err, "\n", ND "/devices/%s/namespace", holder)) ||
	    (ret = unbind(ns, err)) ||
	    (ret = put(err, "1", ND "/devices/%s/force_raw", ns)) ||
	    (ret = bind(ns, "nd_pmem", err)) ||
	    (ret = blank_header(err)) ||
	    (ret = unbind(ns, err)))
		return ret;
	return put(err, "0", ND "/devices/%s/force_raw", ns);
}

static void make_uuid(char *text, size_t size)
{
	/* Nobody looks for this name: constant, so that boots are alike. */
	snprintf(text, size, "6b647565-6c00-4000-8000-000000000001");
}

static int claim(const struct mode *m, const char *ns, uint64_t align,
		 char *claimant, size_t size, struct err *err)
{
	char region[32], text[64];
	int ret;

	snprintf(region, sizeof(region), "region%d", atoi(ns + strlen("namespace")));
	get(claimant, size, region, m->seed);
	if (!claimant[0])
		return err_machine(err, "%s offers no %s: the kernel lacks CONFIG_NVDIMM_%s",
				   region, m->seed, m->prefix[0] == 'p' ? "PFN" : "DAX");
	ret = unbind(ns, err);
	if (ret)
		return ret;
	make_uuid(text, sizeof(text));
	if ((ret = put(err, text, ND "/devices/%s/uuid", claimant)))
		return ret;
	snprintf(text, sizeof(text), "%" PRIu64, align);
	if ((ret = put(err, text, ND "/devices/%s/align", claimant)) ||
	    (ret = put(err, "ram", ND "/devices/%s/mode", claimant)) ||
	    (ret = put(err, ns, ND "/devices/%s/namespace", claimant)))
		return ret;
	return bind(claimant, m->driver, err);
}

static int find_node(enum pmem_mode mode, const char *claimant, struct pmem *p,
		     struct err *err)
{
	char path[256];
	DIR *d;

	snprintf(path, sizeof(path), ND "/devices/%s/%s", claimant,
		 mode == PMEM_FSDAX ? "block" : ".");
	d = opendir(path);
	for (struct dirent *e; d && (e = readdir(d));) {
		const char *want = mode == PMEM_FSDAX ? "pmem" : "dax";

		if (strncmp(e->d_name, want, strlen(want)))
			continue;
		snprintf(path, sizeof(path), "/dev/%.32s", e->d_name);
		if (!access(path, F_OK))
			snprintf(p->node, sizeof(p->node), "%.40s", path);
	}
	if (d)
		closedir(d);
	if (p->node[0])
		return 0;
	return err_machine(err, "%s has no device node: the kernel lacks %s", claimant,
			   mode == PMEM_FSDAX ? "CONFIG_BLK_DEV_PMEM" : "CONFIG_DEV_DAX_PMEM");
}

int pmem_setup(enum pmem_mode mode, const char *namespace, uint64_t align,
	       struct pmem *p, struct err *err)
{
	const struct mode *m = &modes[mode];
	char holder[32];
	int ret = 0;

	memset(p, 0, sizeof(*p));
	if (namespace)
		snprintf(p->namespace, sizeof(p->namespace), "%s", namespace);
	else
		ret = first_namespace(p->namespace, sizeof(p->namespace), err);
	if (ret)
		return ret;
	get(holder, sizeof(holder), p->namespace, "holder");
	if (strncmp(holder, m->prefix, strlen(m->prefix)) || !is_bound(holder) ||
	    get_number(holder, "align") != align) {
		if (holder[0])
			ret = make_raw(p->namespace, holder, err);
		if (!ret)
			ret = claim(m, p->namespace, align, holder, sizeof(holder), err);
		p->made = 1;
	}
	if (ret)
		return ret;
	p->base = get_number(holder, "resource");
	p->size = get_number(holder, "size");
	p->align = get_number(holder, "align");
	return find_node(mode, holder, p, err);
}
