/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backing.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "file.h"
#include "pages.h"

#define KINDS_MOST 32
#define M2 page_words[PAGE_2M].bytes

/* One line a kind. */
#define KINDS(kind)		\
	kind(fsdax_xfs)		\
	kind(fsdax_ext4)	\
	kind(devdax)		\
	kind(hugetlb_2m)	\
	kind(hugetlb_1g)	\
	kind(thp)		\
	kind(anon_4k)		\
	kind(memfd)		\
	kind(shmem_thp)		\
	kind(guest_memfd)

#define DECLARE(name) extern const struct backing_kind backing_##name;
#define ENTRY(name) &backing_##name,
KINDS(DECLARE)
const struct backing_kind *const backing_kinds[] = { KINDS(ENTRY) NULL };

int backing_find(const char *name, const struct backing_kind **kind,
		 struct err *err)
{
	const char *known[KINDS_MOST];
	size_t n = 0;

	for (; backing_kinds[n] && n < KINDS_MOST; n++) {
		if (!strcmp(backing_kinds[n]->name, name)) {
			*kind = backing_kinds[n];
			return 0;
		}
		known[n] = backing_kinds[n]->name;
	}
	return err_unknown(err, "backing", name, known, n);
}

static int backing_check_params(const struct backing_kind *k, const json_t *params,
				struct err *err)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)params, key, value) {
		bool found = false;
		size_t n = 0;

		for (; k->params && k->params[n]; n++)
			found |= !strcmp(k->params[n], key);
		if (!found) {
			err_unknown(err, "parameter", key, k->params, n);
			err_prefix(err, "backing %s", k->name);
			return -EINVAL;
		}
		if (!json_is_string(value))
			return err_config(err, "backing %s: parameter '%s' is not text",
					  k->name, key);
	}
	return 0;
}

static int backing_check(const struct backing_kind *k, uint64_t size,
			 const json_t *params, struct err *err)
{
	uint64_t unit = k->page > M2 ? k->page : M2;

	if (!size || size % unit)
		return err_config(err, "size: %" PRIu64 " bytes is not a multiple of %" PRIu64
				  "M, which backing %s needs", size, unit >> 20, k->name);
	return backing_check_params(k, params, err);
}

int backing_prepare(struct backing *b, const struct backing_kind *kind,
		    uint64_t size, const json_t *params, struct err *err)
{
	int ret;

	memset(b, 0, sizeof(*b));
	b->fd = b->nvdimm.fd = b->held = -1;
	ret = backing_check(kind, size, params, err);
	if (ret)
		return ret;
	b->kind = kind;
	b->size = size;
	b->facts = json_object();
	b->phases = json_object();
	ret = kind->prepare ? kind->prepare(b, params, err) : 0;
	if (ret) {
		err_prefix(err, "backing %s", kind->name);
		backing_release(b);
	}
	return ret;
}

void backing_release(struct backing *b)
{
	if (!b->kind)
		return;
	if (b->kind->release)
		b->kind->release(b);
	json_decref(b->facts);
	json_decref(b->phases);
	memset(b, 0, sizeof(*b));
	b->fd = b->nvdimm.fd = b->held = -1;
}

int backing_add_nvdimm(struct backing *b, uint64_t size, struct err *err)
{
	int ret;

	if (!b->kind->guest_pmem)
		return err_machine(err, "backing %s cannot hold a guest's NVDIMM",
				   b->kind->name);
	b->nvdimm.size = size;
	ret = b->kind->guest_pmem(b, err);
	if (ret)
		err_prefix(err, "backing %s, the guest's NVDIMM", b->kind->name);
	return ret;
}

struct backing backing_of_nvdimm(const struct backing *b)
{
	struct backing n = *b;

	n.size = b->nvdimm.size;
	n.fd = b->nvdimm.fd;
	n.trace = b->nvdimm.trace;
	if (b->kind->guest_pmem_apart)
		n.pmem = b->nvdimm.pmem;
	memcpy(n.path, b->nvdimm.path, sizeof(n.path));
	return n;
}

json_t *backing_file_proof(const struct backing *b)
{
	struct page_bytes p = { 0 };
	struct err err = ERR_INIT;

	if (!b->kind->file_pages)
		return pages_no_proof(layer_words[LAYER_FILE].name, "this memory is not in a "
			"file on a device");
	if (b->kind->file_pages(b, &p, &err))
		return pages_no_proof(layer_words[LAYER_FILE].name, err.text);
	return pages_proof(layer_words[LAYER_FILE].name, &p);
}

json_t *backing_mut_proof(const struct backing *b, pid_t qemu)
{
	struct page_bytes p = { 0 };
	struct err err = ERR_INIT;
	uint64_t start;
	/* A file that is reached by a descriptor has another name in the map. */
	const char *name = strncmp(b->path, "/proc/", 6) ? b->path : "";
	int ret;

	if (b->pmem.align > M2)
		return pages_no_proof(layer_words[LAYER_MUT].name, "reading the page table "
			"would make Linux split a device's 1G entries; it maps such a device by "
			"these or not at all");
	ret = backing_ram_find(qemu, name, b->size, &start, &err);

	if (!ret)
		ret = pages_read(qemu, start, b->size, &p, &err);
	if (ret == -ENOTSUP && b->kind->mut_pages) {
		err = (struct err)ERR_INIT;
		p = (struct page_bytes){ 0 };
		ret = b->kind->mut_pages(b, &p, &err);
	}
	if (ret)
		return pages_no_proof(layer_words[LAYER_MUT].name, err.text);
	return pages_proof(layer_words[LAYER_MUT].name, &p);
}

static bool backing_is_ram(const char *mapped, const char *path)
{
	if (*path)
		return !strcmp(mapped, path);
	return !*mapped || !strncmp(mapped, "/memfd:", 7) || !strncmp(mapped, "[anon", 5);
}

/* A guest may have an NVDIMM besides: the mapping of just this size is the surest. */
int backing_ram_parse(char *maps, const char *path, uint64_t size, uint64_t *start)
{
	int ret = -ENOENT;

	for (char *line; (line = strsep(&maps, "\n"));) {
		uint64_t from, to;
		int name = 0;

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*s %*s %*s %n",
			   &from, &to, &name) < 2 || !name)
			continue;
		if (to - from < size || !backing_is_ram(line + name, path))
			continue;
		if (ret || to - from == size)
			*start = from;
		ret = 0;
		if (to - from == size)
			break;
	}
	return ret;
}

int backing_ram_find(pid_t pid, const char *path, uint64_t size, uint64_t *start,
		     struct err *err)
{
	char name[64], *maps;
	int ret;

	snprintf(name, sizeof(name), "/proc/%d/maps", (int)pid);
	ret = file_read(name, &maps, NULL, err);
	if (ret)
		return ret;
	ret = backing_ram_parse(maps, path, size, start);
	free(maps);
	if (ret)
		return err_set(err, EXIT_MACHINE, ret, "QEMU has not mapped %s",
			       *path ? path : "a range as large as the guest's RAM");
	return 0;
}
