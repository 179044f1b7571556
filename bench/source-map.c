/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A buffer's place in the address space. */
#include "source-map.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int source_reserve(struct buffer *buf, size_t align, struct err *err)
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
	start = source_round((uintptr_t)buf->base + 1, align);
	buf->addr = (void *)start;
	return 0;
}

int source_map_again(const struct buffer *buf)
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

int source_map_into(struct buffer *buf, int flags, int advice, struct err *err)
{
	int error;

	buf->map_flags = flags;
	buf->advice = advice;
	error = source_map_again(buf);
	return error ? err_sys(err, error, "source %s: cannot map %zu MiB",
			       buf->source->name, buf->mapped >> 20) : 0;
}

int source_renew(struct buffer *buf, struct err *err)
{
	int error = source_map_again(buf);

	return error ? err_sys(err, error, "source %s: cannot map %zu MiB again",
			       buf->source->name, buf->mapped >> 20) : 0;
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
