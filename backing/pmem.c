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
#include "proc.h"

/* The header of a claimed namespace is at 4K: zeros over the first 64K remove it. */
#define HEADER_AREA (64 << 10)
/* More than any driver waits: killed half-way, it leaves a namespace in no mode at all. */
#define NDCTL_SECONDS 600

static const struct mode {
	const char *seed;	/* region's attribute that names the free device */
	const char *prefix;	/* of the names of such devices */
	const char *driver;
	const char *ndctl;	/* its name of the mode */
} modes[] = {
	[PMEM_FSDAX] = { "pfn_seed", "pfn", "nd_pmem", "fsdax" },
	[PMEM_DEVDAX] = { "dax_seed", "dax", "dax_pmem", "devdax" },
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
int pmem_find(const char *name, struct err *err)
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

/* Is the namespace's holder, `dev`, of that mode, and used? */
static bool pmem_is(const struct mode *m, const char *dev, uint64_t align)
{
	return !strncmp(dev, m->prefix, strlen(m->prefix)) && pmem_is_bound(dev) &&
	       pmem_get_number(dev, "align") == align;
}

/* How a namespace is brought into a mode: `holder` is who holds it, before and after. */
typedef int pmem_make_fn(const struct mode *m, const char *ns, uint64_t align, char *holder,
			 size_t size, struct err *err);

static int pmem_make(const struct mode *m, const char *ns, uint64_t align, char *holder,
		     size_t size, struct err *err)
{
	int ret = holder[0] ? pmem_make_raw(ns, holder, err) : 0;

	return ret ? ret : pmem_claim(m, ns, align, holder, size, err);
}

/* What ndctl has made the kernel shows, as it shows ours. */
static int pmem_make_by_ndctl(const struct mode *m, const char *ns, uint64_t align, char *holder,
			      size_t size, struct err *err)
{
	char bytes[24], *program = proc_find("ndctl");
	const char *const argv[] = {
		"ndctl", "create-namespace", "--force", "--reconfig", ns, "--mode", m->ndctl,
		"--align", bytes, NULL,
	};
	int ret;

	if (!program)
		return err_machine(err, "%s has to be made %s, and ndctl is not installed (Debian package "
				   "ndctl); nothing has been changed", ns, m->ndctl);
	free(program);
	snprintf(bytes, sizeof(bytes), "%" PRIu64, align);
	ret = proc_run(argv, NDCTL_SECONDS, NULL, err);
	if (ret) {
		err_prefix(err, "cannot make %s %s", ns, m->ndctl);
		return ret;
	}
	pmem_get(holder, size, ns, "holder");
	if (pmem_is(m, holder, align))
		return 0;
	return err_machine(err, "ndctl has made %s %s, but the kernel does not show it so: ndctl list "
			   "-N says what it is now", ns, m->ndctl);
}

static int pmem_bring(enum pmem_mode mode, const char *namespace, uint64_t align,
		      pmem_make_fn *make, struct pmem *p, struct err *err)
{
	const struct mode *m = &modes[mode];
	char holder[32];
	int ret = pmem_check(namespace, err);

	if (ret)
		return ret;
	snprintf(p->namespace, sizeof(p->namespace), "%s", namespace);
	pmem_get(holder, sizeof(holder), namespace, "holder");
	p->made = !pmem_is(m, holder, align);
	if (p->made)
		ret = make(m, namespace, align, holder, sizeof(holder), err);
	if (ret)
		return ret;
	p->base = pmem_get_number(holder, "resource");
	p->size = pmem_get_number(holder, "size");
	p->align = pmem_get_number(holder, "align");
	return pmem_find_node(mode, holder, p->node, sizeof(p->node), err);
}

int pmem_setup(enum pmem_mode mode, const char *namespace, uint64_t align,
	       struct pmem *p, struct err *err)
{
	char first[32];

	memset(p, 0, sizeof(*p));
	if (!namespace && pmem_first_namespace(first, sizeof(first), err))
		return -ENOTSUP;
	return pmem_bring(mode, namespace ? namespace : first, align, pmem_make, p, err);
}

int pmem_setup_by_ndctl(enum pmem_mode mode, const char *namespace, uint64_t align,
			struct pmem *p, struct err *err)
{
	memset(p, 0, sizeof(*p));
	return pmem_bring(mode, namespace, align, pmem_make_by_ndctl, p, err);
}

int pmem_check(const char *namespace, struct err *err)
{
	int ret = pmem_find(namespace, err);

	return ret ? ret : pmem_check_unused(namespace, err);
}
