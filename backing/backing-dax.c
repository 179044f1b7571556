/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Backings on persistent memory: files on a filesystem, and the device. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backing.h"
#include "dax.h"
#include "device.h"
#include "file.h"
#include "loop.h"
#include "size.h"

#define M2 (2ULL << 20)
#define MOUNT_POINT "/run/kduel-pmem"
#define WRITEBACK "/proc/sys/vm/dirty_writeback_centisecs"

static const char *backing_dax_param(const json_t *params, const char *name)
{
	return json_string_value(json_object_get(params, name));
}

static void backing_dax_note_base(struct backing *b)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, b->pmem.base);
	json_object_set_new(b->facts, "base", json_string(text));
}

/* `device` may be NULL, in a machine of ours: the first namespace. */
static int backing_dax_setup_namespace(struct backing *b, enum pmem_mode mode, const char *device,
				       uint64_t align, struct err *err)
{
	char namespace[32];

	if (device && device_namespace(device, namespace, sizeof(namespace), err))
		return err->code;
	/* Of an agent that was killed; where a guest still uses it, it stays. */
	umount2(MOUNT_POINT, 0);
	return device ? pmem_setup_by_ndctl(mode, namespace, align, &b->pmem, err)
		      : pmem_setup(mode, NULL, align, &b->pmem, err);
}

/* A DAX device stays as it is, so that it must be aligned as the cell says. */
static int backing_dax_setup_device(struct backing *b, const char *device, uint64_t align,
				    struct err *err)
{
	char has[SIZE_TEXT_MAX], wants[SIZE_TEXT_MAX];
	int ret = device_dax_open(device, &b->pmem, err);

	if (ret || b->pmem.align == align)
		return ret;
	return err_config(err, "%s is aligned to %s, and this backing to %s; give it align: %s, or "
			  "name the device's namespace, which is made anew", device,
			  size_format(b->pmem.align, has), size_format(align, wants), has);
}

static int backing_dax_setup_pmem(struct backing *b, enum pmem_mode mode,
				  const json_t *params, struct err *err)
{
	const char *align = backing_dax_param(params, "align");
	const char *device = backing_dax_param(params, "device");
	enum device_kind kind = DEVICE_NAMESPACE;
	uint64_t bytes = M2;
	int ret = align ? size_parse(align, &bytes, err) : 0;

	/* QEMU maps all of a device, and a device is mapped in pages of its alignment. */
	if (!ret && mode == PMEM_DEVDAX && bytes > M2 && b->size % bytes)
		ret = err_config(err, "%" PRIu64 " MiB is not a multiple of align, %s",
				 b->size >> 20, align);
	if (!ret && device)
		ret = device_parse(device, &kind, err);
	if (!ret)
		ret = kind == DEVICE_DAX
			? backing_dax_setup_device(b, device, bytes, err)
			: backing_dax_setup_namespace(b, mode, device, bytes, err);
	if (ret)
		return ret;
	if (b->pmem.size < b->size)
		return err_machine(err, "%s has %" PRIu64 " MiB, %" PRIu64 " are needed",
				   b->pmem.node, b->pmem.size >> 20, b->size >> 20);
	if (kind != DEVICE_DAX)
		json_object_set_new(b->facts, "namespace", json_string(b->pmem.namespace));
	json_object_set_new(b->facts, "device", json_string(b->pmem.node));
	json_object_set_new(b->facts, "device_size", json_integer(b->pmem.size));
	json_object_set_new(b->facts, "align", json_integer(b->pmem.align));
	backing_dax_note_base(b);
	return 0;
}

static const struct fs_kind *backing_dax_fs_of(const struct backing *b)
{
	const struct fs_kind *k = fs_kinds;

	while (strcmp(k->type, b->kind->variant))
		k++;
	return k;
}

static int backing_dax_make_file(struct backing *b, struct err *err)
{
	snprintf(b->path, sizeof(b->path), "%s/guest-ram", b->folder);
	b->fd = fs_allocate(b->path, b->size, err);
	if (b->fd < 0)
		return b->fd;
	return fs_check_dax(b->path, err);
}

/* Only old kernels need these counts; without them their proof is missing. */
static void backing_dax_start_trace(struct backing *b, int fd, struct dax_trace **trace)
{
	struct err err = ERR_INIT;
	struct stat st;

	if (fstat(fd, &st) || dax_trace_new(trace, st.st_ino, &err))
		json_object_set_new(b->facts, "no_fault_counts", json_string(err.text));
}

static int backing_dax_make_nvdimm(struct backing *b, struct err *err)
{
	struct backing_file *f = &b->nvdimm;
	int ret;

	snprintf(f->path, sizeof(f->path), "%s/guest-pmem", b->folder);
	f->fd = fs_allocate(f->path, f->size, err);
	ret = f->fd < 0 ? f->fd : fs_write_through(f->fd, f->size, err);
	if (!ret)
		backing_dax_start_trace(b, f->fd, &f->trace);
	return ret;
}

static int fsdax_guest_pmem(struct backing *b, struct err *err)
{
	return BACKING_PHASE(b, "guest-pmem", backing_dax_make_nvdimm(b, err));
}

static void backing_dax_note_extents(struct backing *b)
{
	struct extent *v;
	size_t n;

	if (extent_read(b->fd, &v, &n, NULL))
		return;
	json_object_set_new(b->facts, "extents", json_integer(n));
	free(v);
}

/*
 * Writing a DAX file back write-protects its pages, and KVM drops them from
 * the second-level table: a guest would fault again every few seconds, at
 * times that no two boots share. The file's content is never read.
 */
static void backing_dax_stop_writeback(struct backing *b)
{
	char *text;

	if (file_read(WRITEBACK, &text, NULL, NULL))
		return;
	snprintf(b->writeback_before, sizeof(b->writeback_before), "%.*s",
		 (int)strcspn(text, "\n"), text);
	free(text);
	if (!file_poke(WRITEBACK, "0", NULL))
		json_object_set_new(b->facts, "periodic_writeback", json_false());
}

/* The user's own options, or those for a machine of ours, which names no device. */
static const char *fsdax_mkfs_options(const struct fs_kind *fs, const json_t *params)
{
	const char *own = backing_dax_param(params, "mkfs");

	return own || backing_dax_param(params, "device") ? own : fs->mkfs_scratch;
}

/* A new file system on the whole namespace. */
static int fsdax_make_folder(struct backing *b, const json_t *params, struct err *err)
{
	const struct fs_kind *fs = backing_dax_fs_of(b);
	int ret = BACKING_PHASE(b, "pmem", backing_dax_setup_pmem(b, PMEM_FSDAX, params, err));

	if (!ret)
		ret = BACKING_PHASE(b, "mkfs", fs_make(fs, b->pmem.node,
						       fsdax_mkfs_options(fs, params), err));
	if (!ret)
		ret = BACKING_PHASE(b, "mount", fs_mount(fs, b->pmem.node,
							 MOUNT_POINT, err));
	if (!ret)
		snprintf(b->folder, sizeof(b->folder), "%s", MOUNT_POINT);
	return ret;
}

/*
 * A folder of our own inside one of the user's, as temporary ones are: what a kill leaves
 * there is removed by the next.
 */
static int fsdax_take_folder(struct backing *b, const char *in, struct err *err)
{
	char there[PATH_MAX];
	int ret = fs_mounted_check(in, b->kind->variant, b->size, err);

	if (!ret)
		ret = fs_mounted_base(in, &b->pmem.base, b->pmem.node, sizeof(b->pmem.node), err);
	if (ret)
		return ret;
	/* QEMU's mapping has the path without links. */
	if (!realpath(in, there) || strlen(there) > DEVICE_NAME_MAX)
		return err_config(err, "%s leads to a path of more than %d characters", in,
				  DEVICE_NAME_MAX);
	snprintf(b->folder, sizeof(b->folder), "%.*s/kduel-ram-XXXXXX", DEVICE_NAME_MAX, there);
	b->held = scratch_make(b->folder, err);
	if (b->held < 0) {
		b->folder[0] = '\0';
		return err->code;
	}
	json_object_set_new(b->facts, "folder", json_string(there));
	json_object_set_new(b->facts, "device", json_string(b->pmem.node));
	backing_dax_note_base(b);
	return 0;
}

static int fsdax_prepare(struct backing *b, const json_t *params, struct err *err)
{
	const char *device = backing_dax_param(params, "device");
	enum device_kind kind = DEVICE_NAMESPACE;
	int ret = device ? device_parse(device, &kind, err) : 0;

	if (!ret)
		ret = kind == DEVICE_FOLDER
			? BACKING_PHASE(b, "folder", fsdax_take_folder(b, device, err))
			: fsdax_make_folder(b, params, err);
	if (ret)
		return ret;
	json_object_set_new(b->facts, "filesystem", json_string(b->kind->variant));
	ret = BACKING_PHASE(b, "allocate", backing_dax_make_file(b, err));
	if (ret)
		return ret;
	ret = BACKING_PHASE(b, "write", fs_write_through(b->fd, b->size, err));
	if (ret)
		return ret;
	backing_dax_note_extents(b);
	backing_dax_stop_writeback(b);
	backing_dax_start_trace(b, b->fd, &b->trace);
	return 0;
}

static int fsdax_file_pages(const struct backing *b, struct page_bytes *p,
			    struct err *err)
{
	struct extent *v;
	size_t n;
	int ret = extent_read(b->fd, &v, &n, err);

	if (ret)
		return ret;
	extent_pages(v, n, b->pmem.base, b->size, p);
	free(v);
	return 0;
}

static uint64_t backing_dax_at_most(uint64_t n, uint64_t limit)
{
	return n < limit ? n : limit;
}

/* An entry that faulted twice (read, then write) is counted twice, hence the caps. */
static int fsdax_mut_pages(const struct backing *b, struct page_bytes *p,
			   struct err *err)
{
	struct dax_counts c;
	int ret;

	if (!b->trace)
		return err_machine(err, "neither PAGEMAP_SCAN (Linux 6.7) nor the fs_dax "
			"tracepoints are available");
	ret = dax_trace_read(b->trace, &c, err);
	if (ret)
		return ret;
	p->method = "fs_dax tracepoints, faults from the guest's start";
	p->b2m = backing_dax_at_most(c.pmd_mapped * M2, b->size);
	p->b4k = backing_dax_at_most(c.pte_mapped * 4096, b->size - p->b2m);
	return 0;
}

static void fsdax_release(struct backing *b)
{
	dax_trace_free(b->trace);
	dax_trace_free(b->nvdimm.trace);
	if (b->nvdimm.fd >= 0) {
		close(b->nvdimm.fd);
		unlink(b->nvdimm.path);
	}
	if (b->writeback_before[0])
		file_poke(WRITEBACK, b->writeback_before, NULL);
	if (b->fd >= 0) {
		close(b->fd);
		unlink(b->path);
	}
	if (b->held >= 0)
		scratch_remove(b->folder, b->held);
	else if (b->folder[0])
		fs_unmount(b->folder);
}

static int devdax_prepare(struct backing *b, const json_t *params, struct err *err)
{
	int ret = BACKING_PHASE(b, "pmem", backing_dax_setup_pmem(b, PMEM_DEVDAX, params, err));

	if (!ret)
		snprintf(b->path, sizeof(b->path), "%s", b->pmem.node);
	return ret;
}

/* QEMU maps a device from its beginning, so that the guest's NVDIMM needs another one. */
static int backing_dax_claim_next(struct backing *b, struct err *err)
{
	struct backing_file *f = &b->nvdimm;
	char next[32];
	int ret = pmem_next_namespace(b->pmem.namespace, next, sizeof(next), err);

	if (!ret)
		ret = pmem_setup(PMEM_DEVDAX, next, b->pmem.align, &f->pmem, err);
	if (ret)
		return ret;
	if (f->pmem.size < f->size)
		return err_machine(err, "%s has %" PRIu64 " MiB, %" PRIu64 " are needed", next,
				   f->pmem.size >> 20, f->size >> 20);
	snprintf(f->path, sizeof(f->path), "%s", f->pmem.node);
	json_object_set_new(b->facts, "guest_pmem_device", json_string(f->path));
	return 0;
}

static int devdax_guest_pmem(struct backing *b, struct err *err)
{
	return BACKING_PHASE(b, "guest-pmem", backing_dax_claim_next(b, err));
}

/* A device maps by its alignment: all of it, or the mapping is refused. */
static int devdax_file_pages(const struct backing *b, struct page_bytes *p,
			     struct err *err)
{
	(void)err;
	p->method = "device's address and alignment";
	if (b->pmem.align >= 1ULL << 30 && b->pmem.base % (1ULL << 30) == 0)
		p->b1g = b->size;
	else if (b->pmem.align >= M2 && b->pmem.base % M2 == 0)
		p->b2m = b->size;
	else
		p->b4k = b->size;
	return 0;
}

static const char *const params_fsdax[] = { "device", "mkfs", "align", NULL };
static const char *const params_devdax[] = { "device", "align", NULL };

const struct backing_kind backing_fsdax_xfs = {
	.name = "fsdax-xfs",
	.help = "a file on XFS on persistent memory, mapped by DAX",
	.ram = QEMU_RAM_FILE, .variant = "xfs", .params = params_fsdax,
	/* mkfs.xfs asks for more than 512M, beside the page structs. */
	.pmem = true, .pmem_least = 544ULL << 20, .file_page = PAGE_2M,
	.prepare = fsdax_prepare, .guest_pmem = fsdax_guest_pmem, .file_pages = fsdax_file_pages,
	.mut_pages = fsdax_mut_pages, .release = fsdax_release,
};

/* ext4 does not promise that its extents are 2M-aligned. */
const struct backing_kind backing_fsdax_ext4 = {
	.name = "fsdax-ext4",
	.help = "a file on ext4 on persistent memory, mapped by DAX",
	.ram = QEMU_RAM_FILE, .variant = "ext4", .params = params_fsdax,
	.pmem = true, .file_page = PAGE_SIZES,
	.prepare = fsdax_prepare, .guest_pmem = fsdax_guest_pmem, .file_pages = fsdax_file_pages,
	.mut_pages = fsdax_mut_pages, .release = fsdax_release,
};

const struct backing_kind backing_devdax = {
	.name = "devdax",
	.help = "persistent memory itself, as a character device",
	.ram = QEMU_RAM_FILE, .page = M2, .params = params_devdax,
	.pmem = true, .file_page = PAGE_SIZES,
	.prepare = devdax_prepare, .guest_pmem = devdax_guest_pmem, .guest_pmem_apart = true,
	.file_pages = devdax_file_pages,
};
