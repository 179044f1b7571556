/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel-modules.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fts.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "kernel-cache.h"
#include "proc.h"
#include "safe.h"

#define NAME_LEN 64
#define CHUNK (1 << 20)
#define MODULE_MAX (64 << 20)	/* bytes of one module, unpacked */

/* In the order of loading, where modules.dep requires no other. */
static const struct {
	const char *name;
	bool must;	/* be built in, or here as a module */
} wanted[] = {
	{ "virtio_pci", true }, { "virtio_console", true }, { "kvm", true },
	{ "kvm_intel", false }, { "kvm_amd", false }, { "ptp_kvm", false },
	{ "nfit", false }, { "nd_pmem", false }, { "device_dax", false },
	{ "dax_pmem", false }, { "virtio_pmem", false }, { "crc32c_intel", false },
	{ "crc32c_generic", false }, { "xfs", false }, { "ext4", false },
	{ "virtio_blk", false }, { "squashfs", false }, { "erofs", false },
};

/* "kvm_amd" of "kernel/arch/x86/kvm/kvm-amd.ko.xz". */
static void modules_name(const char *file, size_t len, char name[static NAME_LEN])
{
	const char *base = memrchr(file, '/', len);
	size_t n = 0;

	base = base ? base + 1 : file;
	for (; base < file + len && *base != '.' && n < NAME_LEN - 1; base++)
		name[n++] = *base == '-' ? '_' : *base;
	name[n] = '\0';
}

/* The line of modules.dep or modules.builtin for `name`; NULL: none. */
static const char *modules_line(const char *text, const char *name)
{
	char has[NAME_LEN];

	for (const char *p = text; p && *p; p = strchr(p, '\n'), p += p != NULL) {
		modules_name(p, strcspn(p, ":\n"), has);
		if (!strcmp(has, name))
			return p;
	}
	return NULL;
}

static void modules_add_once(struct args *order, const char *file, size_t len)
{
	for (size_t i = 0; i < order->n; i++)
		if (strlen(order->v[i]) == len && !strncmp(order->v[i], file, len))
			return;
	args_addf(order, "%.*s", (int)len, file);
}

int kernel_modules_order(const char *dep, const char *name, struct args *order)
{
	const char *line = modules_line(dep, name), *colon, *end, *p;

	if (!line)
		return -ENOENT;
	end = line + strcspn(line, "\n");
	colon = memchr(line, ':', end - line);
	if (!colon)
		return -ENOENT;
	/* modules.dep lists what must be loaded first last. */
	for (p = end; p > colon + 1;) {
		const char *from = p;

		while (from > colon + 1 && from[-1] != ' ')
			from--;
		if (p > from)
			modules_add_once(order, from, p - from);
		p = from > colon + 1 ? from - 1 : colon + 1;
	}
	modules_add_once(order, line, colon - line);
	return 0;
}

/* --- unpacking ------------------------------------------------------------------ */

/* A module's bytes, decompressed. */
static int modules_read(const char *path, char **data, size_t *len, struct err *err)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	ssize_t n = -1;

	*data = NULL;
	*len = 0;
	archive_read_support_filter_all(a);
	archive_read_support_format_raw(a);
	if (archive_read_open_filename(a, path, CHUNK) == ARCHIVE_OK &&
	    archive_read_next_header(a, &e) == ARCHIVE_OK) {
		do {
			char *more = *len < MODULE_MAX ? realloc(*data, *len + CHUNK) : NULL;

			n = -1;
			if (!more)
				break;
			*data = more;
			n = archive_read_data(a, more + *len, CHUNK);
			*len += n > 0 ? (size_t)n : 0;
		} while (n > 0);
	}
	if (n < 0) {
		err_config(err, "cannot read the module %s: %s", path,
			   archive_error_string(a) ? archive_error_string(a) : "too large");
		free(*data);
		*data = NULL;
	}
	archive_read_free(a);
	return n < 0 ? -EINVAL : 0;
}

/* Its "vermagic=6.1.0-56-amd64 SMP ..." must name this release. */
static int modules_check(const char *path, const char *data, size_t len,
			 const char *release, struct err *err)
{
	const char *magic = memmem(data, len, "vermagic=", 9);
	char is[128] = "";

	if (len < 4 || memcmp(data, "\177ELF", 4))
		return err_config(err, "%s is not a kernel module: it is not an ELF file", path);
	if (magic)
		snprintf(is, sizeof(is), "%.*s",
			 (int)strnlen(magic + 9, data + len - magic - 9), magic + 9);
	is[strcspn(is, " ")] = '\0';
	if (strcmp(is, release))
		return err_config(err, "%s is a module for kernel %s, but the image is kernel %s", path,
				  *is ? is : "(none)", release);
	return 0;
}

static int modules_write(struct archive *a, const char *name, const char *data,
			 size_t len, mode_t mode)
{
	struct archive_entry *e = archive_entry_new();
	int ret;

	archive_entry_set_pathname(e, name);
	archive_entry_set_mode(e, mode);
	archive_entry_set_size(e, (la_int64_t)len);
	ret = archive_write_header(a, e) != ARCHIVE_OK ||
	      (len && archive_write_data(a, data, len) != (la_ssize_t)len);
	archive_entry_free(e);
	return ret;
}

static int modules_pack_one(struct archive *a, const char *folder, const char *file,
			    size_t number, const char *release, struct err *err)
{
	char *path = text_format("%s/%s", folder, file), name[NAME_LEN], *as, *data;
	size_t len;
	int ret = modules_read(path, &data, &len, err);

	if (!ret)
		ret = modules_check(path, data, len, release, err);
	modules_name(file, strlen(file), name);
	as = text_format("modules/%03zu-%s.ko", number, name);
	if (!ret && modules_write(a, as, data, len, S_IFREG | 0644))
		ret = err_sys(err, ENOMEM, "cannot pack %s", path);
	free(data);
	free(as);
	free(path);
	return ret;
}

/* The archive, growing in memory. */
struct modules_out {
	char *data;
	size_t len;
	FILE *f;
};

static la_ssize_t modules_put(struct archive *a, void *arg, const void *data, size_t len)
{
	struct modules_out *o = arg;

	(void)a;
	return fwrite(data, 1, len, o->f) == len ? (la_ssize_t)len : -1;
}

static int modules_archive(const char *folder, const struct args *order,
			   const char *release, struct modules_out *o, struct err *err)
{
	struct archive *a = archive_write_new();
	int ret = 0;

	o->f = open_memstream(&o->data, &o->len);
	archive_write_set_format_cpio_newc(a);
	archive_write_add_filter_none(a);
	if (!o->f || archive_write_open(a, o, NULL, modules_put, NULL) != ARCHIVE_OK ||
	    modules_write(a, "modules", NULL, 0, S_IFDIR | 0755))
		ret = err_sys(err, ENOMEM, "cannot pack modules");
	for (size_t i = 0; i < order->n && !ret; i++)
		ret = modules_pack_one(a, folder, order->v[i], i, release, err);
	if (archive_write_close(a) != ARCHIVE_OK && !ret)
		ret = err_sys(err, ENOMEM, "cannot pack modules");
	archive_write_free(a);
	if (o->f && fclose(o->f) && !ret)
		ret = err_sys(err, ENOMEM, "cannot pack modules");
	return ret;
}

/* --- the whole -------------------------------------------------------------------- */

static char *modules_folder(const char *folder, const char *release, struct err *err)
{
	char *const tried[] = {
		text_format("%s", folder), text_format("%s/%s", folder, release),
		text_format("%s/lib/modules/%s", folder, release),
		text_format("%s/usr/lib/modules/%s", folder, release),
	};
	char *found = NULL;

	for (size_t i = 0; i < sizeof(tried) / sizeof(tried[0]); i++) {
		/* A package unpacked by hand has modules.order only. */
		char *dep = text_format("%s/modules.dep", tried[i]);
		char *all = text_format("%s/modules.order", tried[i]);

		if (!found && (!access(dep, R_OK) || !access(all, R_OK)))
			found = text_format("%s", tried[i]);
		free(dep);
		free(all);
		free(tried[i]);
	}
	if (!found)
		err_config(err, "there is no modules.dep of kernel %s in %s, nor in lib/modules/%s below it",
			   release, folder, release);
	return found;
}

/* The paths of all modules, one per line, where there is no modules.dep. */
static char *modules_list(const char *folder)
{
	char *paths[] = { (char *)folder, NULL }, *text = NULL;
	size_t len, skip = strlen(folder) + 1;
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FILE *f = text_open(&text, &len);
	FTSENT *e;

	while (fts && (e = fts_read(fts)))
		if (e->fts_info == FTS_F && strstr(e->fts_name, ".ko"))
			fprintf(f, "%s\n", e->fts_path + skip);
	if (fts)
		fts_close(fts);
	text_close(f);
	return text;
}

#define DEPTH 16	/* of modules that depend on modules */

/* As kernel_modules_order(), but from each module's own "depends=a,b". */
static int modules_order_by_themselves(const char *folder, const char *list, const char *name,
				       unsigned depth, struct args *order, struct err *err)
{
	const char *line = modules_line(list, name), *needs;
	char *file, *path, *data;
	size_t len;
	int ret;

	if (!line || depth > DEPTH)
		return -ENOENT;
	file = text_format("%.*s", (int)strcspn(line, "\n"), line);
	path = text_format("%s/%s", folder, file);
	ret = modules_read(path, &data, &len, err);
	needs = ret ? NULL : memmem(data, len, "depends=", 8);
	for (needs = needs ? needs + 8 : NULL; needs && needs < data + len && *needs && !ret;) {
		char need[NAME_LEN];
		size_t n = strnlen(needs, data + len - needs);
		const char *comma = memchr(needs, ',', n);

		n = comma ? (size_t)(comma - needs) : n;
		modules_name(needs, n, need);
		ret = modules_order_by_themselves(folder, list, need, depth + 1, order, err);
		ret = ret == -ENOENT ? 0 : ret;	/* it is built in */
		needs += n + (comma != NULL);
	}
	if (!ret)
		modules_add_once(order, file, strlen(file));
	free(data);
	free(path);
	free(file);
	return ret;
}

static int modules_find(const char *folder, const char *release, struct args *order,
			struct err *err)
{
	char *path = text_format("%s/modules.dep", folder), *dep = NULL, *builtin = NULL;
	char *list = NULL;
	int ret = 0;

	if (!access(path, F_OK))
		ret = file_read(path, &dep, NULL, err);
	else
		list = modules_list(folder);
	free(path);
	if (ret)
		return ret;
	path = text_format("%s/modules.builtin", folder);
	file_read(path, &builtin, NULL, NULL);
	free(path);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]) && !ret; i++) {
		if (builtin && modules_line(builtin, wanted[i].name))
			continue;
		ret = dep ? kernel_modules_order(dep, wanted[i].name, order)
			  : modules_order_by_themselves(folder, list ? list : "",
							wanted[i].name, 0, order, err);
		if (ret == -ENOENT && !wanted[i].must)
			ret = 0;
		if (ret == -ENOENT)
			ret = err_config(err, "%s: kernel %s lacks %s, both built in and as a module, so it cannot be a machine under test",
					 folder, release, wanted[i].name);
	}
	free(dep);
	free(list);
	free(builtin);
	return ret ? ret : args_done(order, err);
}

static int modules_publish(const struct modules_out *o, const char *hash, char **path,
			   struct err *err)
{
	char *below = text_format("images/%s.modules", hash), *folder = file_cache_path("images");
	int ret = folder ? file_mkdirs(folder, err) : err_sys(err, ENOMEM, "the cache");

	*path = file_cache_path(below);
	if (!ret && !*path)
		ret = err_sys(err, ENOMEM, "the cache");
	if (!ret && !cache_take_image(*path))
		ret = file_publish(*path, o->data, o->len, err);
	free(below);
	free(folder);
	return ret;
}

int kernel_modules_pack(const char *folder, const char *release, char **path,
			json_t **facts, struct err *err)
{
	struct args order = ARGS_INIT;
	struct modules_out o = { NULL, 0, NULL };
	char hash[FILE_HASH_MAX], *from = modules_folder(folder, release, err);
	int ret = from ? modules_find(from, release, &order, err) : -EINVAL;
	json_t *names = json_array();

	*path = NULL;
	*facts = NULL;
	if (!ret)
		ret = modules_archive(from, &order, release, &o, err);
	if (!ret) {
		data_hash(o.data, o.len, hash);
		ret = modules_publish(&o, hash, path, err);
	}
	for (size_t i = 0; i < order.n; i++) {
		char name[NAME_LEN];

		modules_name(order.v[i], strlen(order.v[i]), name);
		json_array_append_new(names, json_string(name));
	}
	if (!ret)
		*facts = json_pack("{s:s, s:s, s:O}", "folder", from, "sha256", hash, "names",
				   names);
	json_decref(names);
	args_release(&order);
	free(o.data);
	free(from);
	return ret;
}
