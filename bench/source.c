/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "bench.h"
#include "file.h"
#include "size.h"

#ifndef MAP_SYNC
#define MAP_SYNC 0x80000
#endif
#define MAP_HUGE_FLAG(shift) (MAP_HUGETLB | (shift) << 26)

#define K4 4096UL
#define M2 (2UL << 20)
#define G1 (1UL << 30)

static size_t round_up(size_t n, size_t page)
{
	return (n + page - 1) / page * page;
}

/* A number from a file of the kernel; `fallback` if it cannot be read. */
static uint64_t number_in(const char *path, uint64_t fallback)
{
	uint64_t value = fallback;
	char *text;

	if (file_read(path, &text, NULL, NULL))
		return fallback;
	sscanf(text, "%" SCNu64, &value);
	free(text);
	return value;
}

uint64_t source_memory(void)
{
	uint64_t kb = UINT64_MAX / 1024;
	char *text, *at;

	if (file_read("/proc/meminfo", &text, NULL, NULL))
		return UINT64_MAX;
	at = strstr(text, "MemAvailable:");
	if (at)
		sscanf(at, "MemAvailable: %" SCNu64, &kb);
	free(text);
	return kb * 1024;
}

static int check_memory(const struct source *s, size_t size, const char *path,
			struct err *err)
{
	uint64_t have = source_memory();

	(void)path;
	if (size <= have)
		return 0;
	return err_machine(err, "source %s: %zu MiB are wanted, %" PRIu64
			   " MiB of memory are available", s->name, size >> 20, have >> 20);
}

static int check_thp(const struct source *s, size_t size, const char *path,
		     struct err *err)
{
	static const char file[] = "/sys/kernel/mm/transparent_hugepage/enabled";
	char *text;
	bool never;

	if (file_read(file, &text, NULL, NULL))
		return err_machine(err, "source thp: this kernel has no transparent huge "
				   "pages (CONFIG_TRANSPARENT_HUGEPAGE)");
	never = strstr(text, "[never]");
	free(text);
	if (never)
		return err_machine(err, "source thp: transparent huge pages are switched off; "
				   "allow them with: echo madvise > %s", file);
	return check_memory(s, size, path, err);
}

static int check_hugetlb(const struct source *s, size_t size, const char *path,
			 struct err *err)
{
	uint64_t kb = s->page / 1024, want = round_up(size, s->page) / s->page, have;
	char file[128];

	(void)path;
	snprintf(file, sizeof(file),
		 "/sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB/free_hugepages", kb);
	have = number_in(file, UINT64_MAX);
	if (have == UINT64_MAX)
		return err_machine(err, "source %s: this kernel has no huge pages of %" PRIu64
				   " kB (CONFIG_HUGETLBFS and the processor decide)",
				   s->name, kb);
	if (have >= want)
		return 0;
	return err_machine(err, "source %s: %" PRIu64 " free huge pages of %" PRIu64
			   " kB are needed, there are %" PRIu64 "; reserve them with:\n"
			   "  echo %" PRIu64 " > /sys/kernel/mm/hugepages/hugepages-%" PRIu64
			   "kB/nr_hugepages\nor at boot: hugepagesz=%s hugepages=%" PRIu64,
			   s->name, want, kb, have, want, kb,
			   s->page == G1 ? "1G" : "2M", want);
}

/* Address space aligned to `align`, with a guard page's worth on both sides. */
static int reserve(struct buffer *buf, size_t align, struct err *err)
{
	uintptr_t start;

	buf->reserved = buf->mapped + 2 * align;
	if (buf->reserved < buf->mapped)
		return err_machine(err, "%zu bytes do not fit in the address space", buf->size);
	buf->base = mmap(NULL, buf->reserved, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (buf->base == MAP_FAILED) {
		buf->base = NULL;
		return err_sys(err, errno, "cannot reserve %zu MiB of address space",
			       buf->reserved >> 20);
	}
	start = round_up((uintptr_t)buf->base + 1, align);
	buf->addr = (void *)start;
	return 0;
}

static int map_again(const struct buffer *buf)
{
	void *p = mmap(buf->addr, buf->mapped, PROT_READ | PROT_WRITE,
		       MAP_FIXED | buf->map_flags, buf->fd, 0);

	if (p == MAP_FAILED)
		return errno;
	/* Without THP in the kernel there is nothing to switch off. */
	if (buf->advice && madvise(buf->addr, buf->mapped, buf->advice) &&
	    !(errno == EINVAL && buf->advice == MADV_NOHUGEPAGE))
		return errno;
	return 0;
}

static int map_into(struct buffer *buf, int flags, int advice, struct err *err)
{
	int error;

	buf->map_flags = flags;
	buf->advice = advice;
	error = map_again(buf);
	return error ? err_sys(err, error, "source %s: cannot map %zu MiB",
			       buf->source->name, buf->mapped >> 20) : 0;
}

static int map_anon(const struct source *s, const char *path,
		    struct buffer *buf, struct err *err)
{
	int advice = s->page == M2 ? MADV_HUGEPAGE : MADV_NOHUGEPAGE;
	int ret;

	(void)path;
	ret = reserve(buf, M2, err);
	if (!ret)
		ret = map_into(buf, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, advice, err);
	return ret;
}

static int map_hugetlb(const struct source *s, const char *path,
		       struct buffer *buf, struct err *err)
{
	int shift = __builtin_ctzl(s->page), ret;

	(void)path;
	ret = reserve(buf, s->page, err);
	if (!ret)
		ret = map_into(buf, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGE_FLAG(shift),
			       0, err);
	return ret;
}

static int check_path(const struct source *s, size_t size, const char *path,
		      struct err *err)
{
	struct stat st;

	(void)size;
	if (!path || !*path)
		return err_config(err, "source %s: say where with --path", s->name);
	if (stat(path, &st))
		return err_sys(err, errno, "source %s: %s", s->name, path);
	return 0;
}

static int check_fsdax(const struct source *s, size_t size, const char *path,
		       struct err *err)
{
	struct stat st;
	int ret = check_path(s, size, path, err);

	if (ret)
		return ret;
	if (stat(path, &st) || (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode)))
		return err_config(err, "source %s: %s is neither a folder nor a file",
				  s->name, path);
	if (S_ISREG(st.st_mode) && (uint64_t)st.st_size < size)
		return err_config(err, "source %s: %s has %lld bytes, %zu are wanted",
				  s->name, path, (long long)st.st_size, size);
	return 0;
}

/* A folder gets a file without a name, gone with the process. */
static int open_fsdax(const char *path, struct buffer *buf, struct err *err)
{
	struct stat st;
	int error;

	if (stat(path, &st) || !S_ISDIR(st.st_mode)) {
		buf->fd = open(path, O_RDWR | O_CLOEXEC);
		return buf->fd < 0 ? err_sys(err, errno, "cannot open %s", path) : 0;
	}
	buf->fd = open(path, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (buf->fd < 0)
		return err_sys(err, errno, "cannot make a file in %s", path);
	error = posix_fallocate(buf->fd, 0, buf->mapped);
	if (error)
		return err_sys(err, error, "cannot allocate %zu MiB in %s",
			       buf->mapped >> 20, path);
	return 0;
}

static int map_fsdax(const struct source *s, const char *path,
		     struct buffer *buf, struct err *err)
{
	int error, ret = open_fsdax(path, buf, err);

	if (!ret)
		ret = reserve(buf, M2, err);
	if (ret)
		return ret;
	/* Only a DAX mapping can be synchronous: this proves that it is one. */
	buf->map_flags = MAP_SHARED_VALIDATE | MAP_SYNC;
	error = map_again(buf);
	if (error == EOPNOTSUPP)
		return err_machine(err, "source %s: %s is not on a DAX file system "
				   "(mount it with -o dax=always)", s->name, path);
	return error ? err_sys(err, error, "source %s: cannot map %s", s->name, path) : 0;
}

static uint64_t device_attribute(const char *path, const char *name)
{
	char file[128];
	struct stat st;

	if (stat(path, &st) || !S_ISCHR(st.st_mode))
		return 0;
	snprintf(file, sizeof(file), "/sys/dev/char/%u:%u/%s", major(st.st_rdev),
		 minor(st.st_rdev), name);
	return number_in(file, 0);
}

static int check_devdax(const struct source *s, size_t size, const char *path,
			struct err *err)
{
	int ret = check_path(s, size, path, err);
	uint64_t have;

	if (ret)
		return ret;
	have = device_attribute(path, "size");
	if (!have)
		return err_config(err, "source %s: %s is not a DAX device", s->name, path);
	if (have < size)
		return err_config(err, "source %s: %s has %" PRIu64 " bytes, %zu are wanted",
				  s->name, path, have, size);
	return 0;
}

static int map_devdax(const struct source *s, const char *path,
		      struct buffer *buf, struct err *err)
{
	uint64_t align = device_attribute(path, "align");
	int ret;

	(void)s;
	buf->page = align ? align : M2;
	buf->mapped = round_up(buf->size, buf->page);
	ret = check_devdax(s, buf->mapped, path, err);
	if (ret)
		return ret;
	buf->fd = open(path, O_RDWR | O_CLOEXEC);
	if (buf->fd < 0)
		return err_sys(err, errno, "cannot open %s", path);
	ret = reserve(buf, buf->page, err);
	return ret ? ret : map_into(buf, MAP_SHARED, 0, err);
}

const struct source sources[] = {
	{ "anon-4k", "anonymous memory, huge pages refused (MADV_NOHUGEPAGE)",
	  K4, true, check_memory, map_anon },
	{ "thp", "anonymous memory, transparent 2M pages (MADV_HUGEPAGE)",
	  M2, true, check_thp, map_anon },
	{ "hugetlb-2m", "reserved huge pages of 2M (MAP_HUGETLB)",
	  M2, true, check_hugetlb, map_hugetlb },
	{ "hugetlb-1g", "reserved huge pages of 1G (MAP_HUGETLB)",
	  G1, true, check_hugetlb, map_hugetlb },
	{ "fsdax", "a file on a DAX file system, at --path (MAP_SYNC); 2M pages where its extents allow",
	  M2, false, check_fsdax, map_fsdax },
	{ "devdax", "a DAX device, at --path; pages of the device's alignment",
	  M2, false, check_devdax, map_devdax },
	{ 0 },
};

const char *bench_source_name(unsigned i)
{
	return i + 1 < sizeof(sources) / sizeof(sources[0]) ? sources[i].name : NULL;
}

int source_find(const char *name, const struct source **s, struct err *err)
{
	char list[256] = "";
	size_t used = 0;

	for (const struct source *i = sources; i->name; i++) {
		if (!strcmp(i->name, name)) {
			*s = i;
			return 0;
		}
		used += snprintf(list + used, sizeof(list) - used, "%s%s",
				 i == sources ? "" : ", ", i->name);
	}
	return err_config(err, "there is no source '%s' (there are: %s)", name, list);
}

int source_check(const struct source *s, size_t size, const char *path,
		 struct err *err)
{
	return s->check(s, size, path, err);
}

int source_map(const struct source *s, size_t size, const char *path,
	       struct buffer *buf, struct err *err)
{
	int ret;

	memset(buf, 0, sizeof(*buf));
	buf->fd = -1;
	buf->source = s;
	buf->size = size;
	buf->page = s->page;
	buf->mapped = round_up(size, s->page);
	if (!size || buf->mapped < size)
		return err_config(err, "a buffer of %zu bytes cannot be", size);
	ret = s->check(s, buf->mapped, path, err);
	if (!ret)
		ret = s->map(s, path, buf, err);
	if (ret)
		source_unmap(buf);
	return ret;
}

int source_renew(struct buffer *buf, struct err *err)
{
	int error = map_again(buf);

	return error ? err_sys(err, error, "source %s: cannot map %zu MiB again",
			       buf->source->name, buf->mapped >> 20) : 0;
}

int source_map_file(const char *path, size_t size, struct buffer *buf,
		    struct err *err)
{
	static const struct source file = { .name = "file", .page = K4 };
	int ret;

	memset(buf, 0, sizeof(*buf));
	buf->fd = -1;
	buf->source = &file;
	buf->size = size;
	buf->page = K4;
	buf->mapped = round_up(size, K4);
	if (!size || buf->mapped < size)
		return err_config(err, "a buffer of %zu bytes cannot be", size);
	ret = check_fsdax(&file, buf->mapped, path, err);
	if (!ret)
		ret = open_fsdax(path, buf, err);
	if (!ret)
		ret = reserve(buf, M2, err);
	if (!ret)
		ret = map_into(buf, MAP_SHARED, 0, err);
	if (ret)
		source_unmap(buf);
	return ret;
}

void source_unmap(struct buffer *buf)
{
	if (buf->base)
		munmap(buf->base, buf->reserved);
	if (buf->fd >= 0)
		close(buf->fd);
	memset(buf, 0, sizeof(*buf));
	buf->fd = -1;
}
