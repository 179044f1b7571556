/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "look.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "file.h"

#ifndef STATX_ATTR_DAX
#define STATX_ATTR_DAX 0x00200000
#endif

#define M2 (2ULL << 20)

static void look_attributes(struct doctor_place *p)
{
	struct fsxattr x;
	struct statx st;
	int fd;

	if (!statx(AT_FDCWD, p->open, 0, STATX_BASIC_STATS, &st) &&
	    (st.stx_attributes_mask & STATX_ATTR_DAX))
		p->dax = st.stx_attributes & STATX_ATTR_DAX ? DOCTOR_YES : DOCTOR_NO;
	/* A FIFO would wait for a writer. */
	fd = open(p->open, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return;
	if (!ioctl(fd, FS_IOC_FSGETXATTR, &x)) {
		p->dax_flag = x.fsx_xflags & FS_XFLAG_DAX ? DOCTOR_YES : DOCTOR_NO;
		if (x.fsx_extsize >= M2 && x.fsx_extsize % M2 == 0)
			p->hints = DOCTOR_YES;
	}
	close(fd);
}

static int look_extents(struct doctor_place *p, struct err *err)
{
	int fd = open(p->open, O_RDONLY | O_NONBLOCK | O_CLOEXEC), ret;
	struct stat st;

	if (fd < 0)
		return err_sys(err, errno, "cannot open %s", p->path);
	ret = fstat(fd, &st) ? err_sys(err, errno, "cannot look at %s", p->path)
			     : extent_read(fd, &p->extents, &p->n_extents, err);
	p->size = ret ? 0 : (uint64_t)st.st_size;
	close(fd);
	return ret;
}

/* What DM_TABLE_STATUS says of the first target. */
static int look_volume(unsigned major, unsigned minor, char *text, size_t size)
{
	struct {
		struct dm_ioctl head;
		char data[1024];
	} arg = { .head = {
		.version = { DM_VERSION_MAJOR, 0, 0 },
		.data_size = sizeof(arg), .data_start = sizeof(arg.head),
		.flags = DM_STATUS_TABLE_FLAG, .dev = makedev(major, minor),
	} };
	const struct dm_target_spec *t = (const void *)((const char *)&arg + sizeof(arg.head));
	int fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = ioctl(fd, DM_TABLE_STATUS, &arg) ? -errno : 0;
	close(fd);
	if (ret || arg.head.target_count != 1)
		return ret ? ret : -ENOTSUP;
	snprintf(text, size, "%llu %llu %.16s %.200s", (unsigned long long)t->sector_start,
		 (unsigned long long)t->length, t->target_type, (const char *)(t + 1));
	return 0;
}

struct look_system look_system = { "", look_attributes, look_extents, pages_read, look_volume };

static void look_path(char path[static 768], const char *fmt, va_list ap)
{
	size_t n = snprintf(path, 768, "%s", look_system.root);

	if (n < 768)
		vsnprintf(path + n, 768 - n, fmt, ap);
}

static char *look_read(const char *fmt, va_list ap)
{
	char path[768], *text;
	size_t n;

	look_path(path, fmt, ap);
	if (file_read(path, &text, &n, NULL))
		return NULL;
	if (n && text[n - 1] == '\n')
		text[n - 1] = '\0';
	return text;
}

char *look_text(const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = look_read(fmt, ap);
	va_end(ap);
	return text;
}

bool look_number(uint64_t *value, const char *fmt, ...)
{
	char *text, *end;
	va_list ap;
	bool ok;

	va_start(ap, fmt);
	text = look_read(fmt, ap);
	va_end(ap);
	if (!text)
		return false;
	*value = strtoull(text, &end, 0);
	ok = end != text;
	free(text);
	return ok;
}

void look_word(char *word, size_t size, const char *fmt, ...)
{
	const char *from, *to;
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = look_read(fmt, ap);
	va_end(ap);
	word[0] = '\0';
	if (!text)
		return;
	text[strcspn(text, "\n")] = '\0';
	from = strchr(text, '[');
	to = from ? strchr(from, ']') : NULL;
	snprintf(word, size, "%.*s", to ? (int)(to - from - 1) : (int)strlen(text),
		 to ? from + 1 : text);
	free(text);
}

enum doctor_answer look_switch(const char *fmt, ...)
{
	enum doctor_answer a = DOCTOR_UNKNOWN;
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = look_read(fmt, ap);
	va_end(ap);
	if (text && strchr("Yy1", *text) && *text)
		a = DOCTOR_YES;
	else if (text && strchr("Nn0", *text) && *text)
		a = DOCTOR_NO;
	free(text);
	return a;
}

DIR *look_folder(const char *fmt, ...)
{
	char path[768];
	va_list ap;

	va_start(ap, fmt);
	look_path(path, fmt, ap);
	va_end(ap);
	return opendir(path);
}

void look_link(char *name, size_t size, const char *fmt, ...)
{
	char path[768], to[768];
	const char *last;
	va_list ap;
	ssize_t n;

	va_start(ap, fmt);
	look_path(path, fmt, ap);
	va_end(ap);
	n = readlink(path, to, sizeof(to) - 1);
	to[n > 0 ? n : 0] = '\0';
	last = strrchr(to, '/');
	snprintf(name, size, "%s", last ? last + 1 : to);
}

void look_blind(struct doctor_case *c, const char *layer, const char *fmt, ...)
{
	va_list ap;

	if (c->n_blind == DOCTOR_BLIND_MAX)
		return;
	c->blind[c->n_blind].layer = layer;
	va_start(ap, fmt);
	vsnprintf(c->blind[c->n_blind++].why, sizeof(c->blind[0].why), fmt, ap);
	va_end(ap);
}
