/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "place.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "backing/fs.h"
#include "backing/pmem.h"

#define M2 (2ULL << 20)
#define EXT4 "ext4"		/* XFS refuses a device as small as a guest's can be */
#define EXT4_MAGIC 0xef53

static bool place_is_mounted(const char *where)
{
	struct statfs fs;

	return !statfs(where, &fs) && fs.f_type == EXT4_MAGIC;
}

static int place_fsdax(const char *where, struct err *err)
{
	const struct fs_kind *k = fs_kinds;
	struct pmem p;
	int ret;

	if (place_is_mounted(where))
		return 0;
	while (strcmp(k->type, EXT4))
		k++;
	ret = pmem_setup(PMEM_FSDAX, NULL, M2, &p, err);
	if (!ret)
		ret = fs_make(k, p.node, NULL, err);
	return ret ? ret : fs_mount(k, p.node, where, err);
}

/* First unmounts what the source fsdax has there. */
static int place_devdax(const char *where, struct err *err)
{
	const struct source *fsdax;
	struct pmem p;
	int ret = source_find("fsdax", &fsdax, err);

	if (!ret && place_is_mounted(fsdax->place))
		fs_unmount(fsdax->place);
	if (!ret)
		ret = pmem_setup(PMEM_DEVDAX, NULL, M2, &p, err);
	if (!ret && strcmp(p.node, where))
		ret = err_machine(err, "the NVDIMM became %s, not %s", p.node, where);
	return ret;
}

static const struct {
	const char *source;
	int (*prepare)(const char *where, struct err *err);
} places[] = {
	{ "fsdax", place_fsdax },
	{ "devdax", place_devdax },
};

int place_prepare(const struct source *s, struct err *err)
{
	int ret = 0;

	for (size_t i = 0; s->place && i < sizeof(places) / sizeof(places[0]); i++)
		if (!strcmp(places[i].source, s->name))
			ret = places[i].prepare(s->place, err);
	if (ret)
		err_prefix(err, "source %s on the guest's NVDIMM", s->name);
	return ret;
}
