/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kvm-stats.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "pages.h"
#include "vocab/words.h"

#define KVM_DEBUGFS "/sys/kernel/debug/kvm"

/* The folder is "<pid>-<descriptor of the VM>". */
int kvm_stats_find_vm(const char *root, pid_t pid, char *dir, size_t size)
{
	char prefix[32];
	DIR *d = opendir(root ? root : KVM_DEBUGFS);
	int ret = -ENOENT;

	if (!d)
		return -errno;
	snprintf(prefix, sizeof(prefix), "%d-", (int)pid);
	for (struct dirent *e; ret && (e = readdir(d));) {
		if (strncmp(e->d_name, prefix, strlen(prefix)))
			continue;
		snprintf(dir, size, "%s/%.64s", root ? root : KVM_DEBUGFS, e->d_name);
		ret = 0;
	}
	closedir(d);
	return ret;
}

bool kvm_stats_number(const char *dir, const char *name, uint64_t *value)
{
	char path[512], *text, *end;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (file_read(path, &text, NULL, NULL))
		return false;
	*value = strtoull(text, &end, 10);
	ok = end != text;
	free(text);
	return ok;
}

bool kvm_stats_pages(const char *dir, struct page_bytes *p)
{
	if (!kvm_stats_number(dir, "pages_4k", &p->b4k) ||
	    !kvm_stats_number(dir, "pages_2m", &p->b2m) ||
	    !kvm_stats_number(dir, "pages_1g", &p->b1g))
		return false;
	p->b4k <<= 12;
	p->b2m <<= 21;
	p->b1g <<= 30;
	return true;
}

static json_t *kvm_stats_bytes_of(const char *dir)
{
	struct page_bytes p = { .method = "kvm debugfs pages_*" };
	uint64_t n;
	json_t *layer;

	if (kvm_stats_pages(dir, &p))
		return pages_proof(layer_words[LAYER_SECOND].name, &p);
	if (!kvm_stats_number(dir, "largepages", &n))
		return pages_no_proof(layer_words[LAYER_SECOND].name,
				      "this KVM does not count pages (pages_* since Linux "
				      "5.15, largepages before)");
	/* Without a count of 4K entries their share is not known, nor can 1G be told from 2M. */
	layer = pages_no_proof(layer_words[LAYER_SECOND].name,
			       "this KVM counts large pages only, not 4K ones (Linux 5.15 does)");
	json_object_set_new(layer, "largepages", json_integer(n));
	return layer;
}

json_t *kvm_stats_proof(const char *root, pid_t qemu)
{
	static const struct {
		const char *stat, *field;
	} counts[] = {
		{ "pf_taken", "faults" }, { "pf_fixed", "faults" },
		{ "exits", "exits" }, { "mmu_shadow_zapped", "zapped" },
	};
	char dir[400];
	json_t *layer;
	int ret = kvm_stats_find_vm(root, qemu, dir, sizeof(dir));

	if (ret)
		return pages_no_proof(layer_words[LAYER_SECOND].name, ret == -ENOENT ?
			"KVM has no statistics in debugfs for this guest (not a KVM guest, or no CONFIG_DEBUG_FS)" :
			"cannot read KVM's statistics in debugfs (not root?)");
	layer = kvm_stats_bytes_of(dir);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		uint64_t n;

		if (!json_object_get(layer, counts[i].field) &&
		    kvm_stats_number(dir, counts[i].stat, &n))
			json_object_set_new(layer, counts[i].field, json_integer(n));
	}
	return layer;
}
