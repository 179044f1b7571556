/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "device.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

#define NAMESPACE "a namespace (namespace0.0)"
#define BLOCK "the block device of one (/dev/pmem0)"
#define DAX "a DAX device (/dev/dax0.0)"
#define FOLDER "a folder of a file system that is mounted with DAX (/mnt/pmem)"

/* Part of paths, of messages and of a command for a remote shell: these characters alone. */
static bool device_is_plain(const char *name)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789/._-+:@";

	return strlen(name) <= DEVICE_NAME_MAX && !name[strspn(name, good)];
}

/* Is it this word with a number behind, 0 or 0.0? */
static bool device_is_numbered(const char *name, const char *word)
{
	size_t n = strlen(word);

	return !strncmp(name, word, n) && name[n] && !name[n + strspn(name + n, "0123456789.")];
}

int device_parse(const char *name, enum device_kind *kind, struct err *err)
{
	static const struct { const char *word; enum device_kind kind; } words[] = {
		{ "namespace", DEVICE_NAMESPACE },
		{ "/dev/pmem", DEVICE_BLOCK },
		{ "/dev/dax", DEVICE_DAX },
	};

	for (size_t i = 0; device_is_plain(name) && i < sizeof(words) / sizeof(words[0]); i++)
		if (device_is_numbered(name, words[i].word)) {
			*kind = words[i].kind;
			return 0;
		}
	*kind = DEVICE_FOLDER;
	if (device_is_plain(name) && name[0] == '/' && strncmp(name, "/dev/", 5))
		return 0;
	return err_config(err, "'%.80s' is none of these: " NAMESPACE ", " BLOCK ", " DAX ", "
			  FOLDER "; at most %d characters, of which blanks are none", name,
			  DEVICE_NAME_MAX);
}

int device_suits(const struct backing_kind *k, const char *name, struct err *err)
{
	enum device_kind kind;
	int ret = device_parse(name, &kind, err);

	if (!ret && k->variant && kind == DEVICE_DAX)
		return err_config(err, "backing %s is a file on %s, which %s cannot hold; name "
				  NAMESPACE ", " BLOCK ", or " FOLDER, k->name, k->variant, name);
	if (!ret && !k->variant && kind == DEVICE_FOLDER)
		return err_config(err, "backing %s is a device, and %s is a folder; name " NAMESPACE
				  ", " BLOCK ", or " DAX, k->name, name);
	return ret;
}

bool device_is_granted(const char *name, const char *own)
{
	return own && !strcmp(own, name);
}

int device_refuse(const struct backing_kind *k, const char *name, const char *own,
		  const char *holds, struct err *err)
{
	enum device_kind kind;
	char other[200] = "";

	if (own && *own)
		snprintf(other, sizeof(other), ", and --i-own names %.80s, not %.80s", own, name);
	if (!device_parse(name, &kind, NULL) && kind == DEVICE_FOLDER)
		return err_config(err, "backing %s would make a file in %s (%s)%s; if it may, add "
				  "--i-own %s", k->name, name, holds, other, name);
	return err_config(err, "backing %s would overwrite %s (%s)%s; if all of that may be lost, "
			  "add --i-own %s", k->name, name, holds, other, name);
}

/* Copies what the nvdimm device `dev` says of its namespace; "" if it has none. */
static void device_namespace_of(const char *dev, char *namespace, size_t size)
{
	char path[320], *text;

	snprintf(path, sizeof(path), "%s/devices/%.40s/namespace", pmem_sysfs, dev);
	namespace[0] = '\0';
	if (!strncmp(dev, "namespace", 9)) {
		snprintf(namespace, size, "%.31s", dev);
	} else if (!file_read(path, &text, NULL, NULL)) {
		snprintf(namespace, size, "%.*s", (int)strcspn(text, "\n"), text);
		free(text);
	}
}

/* The block device is the namespace's while that is raw, else that of what has claimed it. */
static int device_namespace_behind(const char *node, char *namespace, size_t size,
				   struct err *err)
{
	const char *block = strrchr(node, '/') + 1;
	char path[400];
	DIR *d;

	snprintf(path, sizeof(path), "%s/devices", pmem_sysfs);
	namespace[0] = '\0';
	d = opendir(path);
	for (struct dirent *e; d && !namespace[0] && (e = readdir(d));) {
		snprintf(path, sizeof(path), "%s/devices/%.40s/block/%s", pmem_sysfs, e->d_name, block);
		if (e->d_name[0] != '.' && !access(path, F_OK))
			device_namespace_of(e->d_name, namespace, size);
	}
	if (d)
		closedir(d);
	return namespace[0] ? 0 : err_config(err, "%s is not the block device of a namespace here; "
					     "ndctl list -N shows those that there are", node);
}

int device_namespace(const char *name, char *namespace, size_t size, struct err *err)
{
	if (name[0] == '/')
		return device_namespace_behind(name, namespace, size, err);
	snprintf(namespace, size, "%s", name);
	return 0;
}

int device_find(const char *name, struct err *err)
{
	char namespace[32];
	enum device_kind kind;
	struct pmem dax;
	struct stat st;
	int ret = device_parse(name, &kind, err);

	if (!ret && kind == DEVICE_FOLDER)
		return !stat(name, &st) && S_ISDIR(st.st_mode) ? 0 :
			err_config(err, "%s is not a folder here", name);
	if (!ret && kind == DEVICE_DAX)
		return device_dax_find(name, &dax, err);
	if (!ret)
		ret = device_namespace(name, namespace, sizeof(namespace), err);
	return ret ? ret : pmem_find(namespace, err);
}

int device_check(const struct backing_kind *k, const char *name, uint64_t size, struct err *err)
{
	char namespace[32];
	enum device_kind kind;
	struct pmem dax;
	int ret = device_parse(name, &kind, err);

	if (!ret && kind == DEVICE_FOLDER)
		return fs_mounted_check(name, k->variant, size, err);
	if (!ret && kind == DEVICE_DAX)
		return device_dax_open(name, &dax, err);
	if (!ret)
		ret = device_namespace(name, namespace, sizeof(namespace), err);
	return ret ? ret : pmem_check(namespace, err);
}

void device_describe(const char *name, char *text, size_t size)
{
	char namespace[32];
	enum device_kind kind;
	struct pmem dax;
	struct err err = ERR_INIT;

	if (device_parse(name, &kind, &err))
		snprintf(text, size, "no device");
	else if (kind == DEVICE_FOLDER)
		fs_mounted_describe(name, text, size);
	else if (kind == DEVICE_DAX && device_dax_find(name, &dax, &err))
		snprintf(text, size, "%.200s", err.text);
	else if (kind == DEVICE_DAX)
		snprintf(text, size, "%" PRIu64 " MiB, whose content only the programs know that "
			 "map it", dax.size >> 20);
	else if (device_namespace(name, namespace, sizeof(namespace), &err))
		snprintf(text, size, "%.200s", err.text);
	else
		pmem_describe(namespace, text, size);
}
