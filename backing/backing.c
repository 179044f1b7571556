/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backing.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "layer.h"
#include "ram-map.h"

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
	b->fd = b->nvdimm.fd = -1;
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
	b->fd = b->nvdimm.fd = -1;
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
		return layer_unavailable(layer_words[LAYER_FILE].name, "this memory is not in a "
			"file on a device");
	if (b->kind->file_pages(b, &p, &err))
		return layer_unavailable(layer_words[LAYER_FILE].name, err.text);
	return layer_new(layer_words[LAYER_FILE].name, &p);
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
		return layer_unavailable(layer_words[LAYER_MUT].name, "reading the page table "
			"would make Linux split a device's 1G entries; it maps such a device by "
			"these or not at all");
	ret = ram_map_find(qemu, name, b->size, &start, &err);

	if (!ret)
		ret = pages_read(qemu, start, b->size, &p, &err);
	if (ret == -ENOTSUP && b->kind->mut_pages) {
		err = (struct err)ERR_INIT;
		p = (struct page_bytes){ 0 };
		ret = b->kind->mut_pages(b, &p, &err);
	}
	if (ret)
		return layer_unavailable(layer_words[LAYER_MUT].name, err.text);
	return layer_new(layer_words[LAYER_MUT].name, &p);
}
