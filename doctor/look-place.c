/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a path down to the persistent memory that it lies on. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "look.h"

#define M2 (2ULL << 20)
#define SECTOR 512
#define DEPTH 4		/* of volumes on partitions on volumes */

/* --- block devices ------------------------------------------------------------ */

/* "pmem0" of a link to ".../block/pmem0/pmem0p1". */
static void look_place_parent(const char *name, char *parent, size_t size)
{
	char path[600], to[PATH_MAX], *last;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/sys/class/block/%s", look_system.root, name);
	n = readlink(path, to, sizeof(to) - 1);
	to[n > 0 ? n : 0] = '\0';
	last = strrchr(to, '/');
	if (last)
		*last = '\0';
	last = strrchr(to, '/');
	snprintf(parent, size, "%s", last ? last + 1 : "");
}

static void look_place_read_namespace(struct doctor_place *p)
{
	char *ns = look_text("/sys/bus/nd/devices/%s/namespace", p->nd);

	snprintf(p->namespace, sizeof(p->namespace), "%s", ns && *ns ? ns : p->nd);
	free(ns);
	look_word(p->mode, sizeof(p->mode), "/sys/bus/nd/devices/%s/mode", p->namespace);
	look_number(&p->base, "/sys/bus/nd/devices/%s/resource", p->nd);
	look_number(&p->align, "/sys/bus/nd/devices/%s/align", p->nd);
}

/* What a whole disk is: persistent memory if the nvdimm subsystem made it. */
static void look_place_read_disk(struct doctor_place *p, const char *name)
{
	static const char *const kinds[] = { "pfn", "namespace", "btt", "dax" };
	char nd[40];

	snprintf(p->disk, sizeof(p->disk), "%s", name);
	look_link(nd, sizeof(nd), "/sys/class/block/%s/device", name);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strncmp(nd, kinds[i], strlen(kinds[i])))
			snprintf(p->nd, sizeof(p->nd), "%s", nd);
	if (p->nd[0])
		look_place_read_namespace(p);
}

/* What a volume lies on; false unless its table is one linear target. */
static bool look_place_read_volume(struct doctor_place *p, const char *name, char *below, size_t size)
{
	unsigned major, minor, on_major, on_minor;
	char table[300], *dev = look_text("/sys/class/block/%s/dev", name);
	uint64_t start = 0;
	bool ok = dev && sscanf(dev, "%u:%u", &major, &minor) == 2 &&
		  !look_system.volume(major, minor, table, sizeof(table)) &&
		  sscanf(table, "%*s %*s linear %u:%u %" SCNu64, &on_major, &on_minor,
			 &start) == 3;

	free(dev);
	p->volume = true;
	if (ok) {
		p->volume_start += start * SECTOR;
		look_link(below, size, "/sys/dev/block/%u:%u", on_major, on_minor);
	}
	return ok && *below;
}

static void look_place_block(struct doctor_place *p, const char *name)
{
	char at[40], below[40];

	snprintf(at, sizeof(at), "%s", name);
	snprintf(p->block, sizeof(p->block), "%s", name);
	for (int depth = 0; depth < DEPTH; depth++) {
		uint64_t n;
		char *dm;

		if (look_number(&n, "/sys/class/block/%s/partition", at)) {
			p->partition = true;
			if (look_number(&n, "/sys/class/block/%s/start", at))
				p->partition_start += n * SECTOR;
			look_place_parent(at, below, sizeof(below));
		} else if ((dm = look_text("/sys/class/block/%s/dm/name", at))) {
			free(dm);
			if (!look_place_read_volume(p, at, below, sizeof(below)))
				return;
		} else {
			break;
		}
		snprintf(at, sizeof(at), "%s", below);
	}
	look_place_read_disk(p, at);
}

/* --- filesystems --------------------------------------------------------------- */

static bool look_place_is_below(const char *path, const char *mount)
{
	size_t n = strlen(mount);

	if (n == 1)
		return true;
	return !strncmp(path, mount, n) && (!path[n] || path[n] == '/');
}

/* mountinfo writes blanks, tabs, newlines and backslashes as \\ and three octal digits. */
static void look_place_unescape(char *text)
{
	char *to = text;

	for (const char *at = text; *at; to++) {
		unsigned value;

		if (*at == '\\' && sscanf(at + 1, "%3o", &value) == 1) {
			*to = value;
			at += 4;
		} else {
			*to = *at++;
		}
	}
	*to = '\0';
}

/* Takes the mount of a line of mountinfo if `path` is below it and none before was deeper. */
static void look_place_take_mount(struct doctor_place *p, const char *line, char *dev, size_t *deepest)
{
	char at[256], mine[300], super[300], fs[16], id[24];
	const char *dash = strstr(line, " - ");

	if (!dash || sscanf(line, "%*s %*s %23s %*s %255s %299s", id, at, mine) != 3 ||
	    sscanf(dash, " - %15s %*s %299s", fs, super) != 2)
		return;
	look_place_unescape(at);
	if (strlen(at) < *deepest || !look_place_is_below(p->path, at))
		return;
	*deepest = strlen(at);
	snprintf(p->fs, sizeof(p->fs), "%s", fs);
	snprintf(p->options, sizeof(p->options), ",%.250s,%.250s,", mine, super);
	snprintf(dev, 24, "%s", id);
}

/* The number after ",key=" of the mount's options; 0 if there is none. */
static uint64_t look_place_option(const struct doctor_place *p, const char *key)
{
	const char *at = strstr(p->options, key);

	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

static void look_place_read_hints(struct doctor_place *p)
{
	uint64_t unit = 0;

	if (!strcmp(p->fs, "xfs"))
		unit = look_place_option(p, ",sunit=") * SECTOR;
	else if (!strcmp(p->fs, "ext4"))
		unit = look_place_option(p, ",stripe=") * 4096;
	else
		return;
	p->hints = unit && unit % M2 == 0 ? DOCTOR_YES : DOCTOR_NO;
}

static void look_place_read_mount(const struct doctor_case *c, struct doctor_place *p)
{
	char *text = c->pid ? look_text("/proc/%d/mountinfo", (int)c->pid)
			    : look_text("/proc/self/mountinfo");
	char *rest = text, *line, dev[24] = "", name[40];
	size_t deepest = 0;

	while (rest && (line = strsep(&rest, "\n")))
		look_place_take_mount(p, line, dev, &deepest);
	free(text);
	look_link(name, sizeof(name), "/sys/dev/block/%s", dev);
	if (name[0])
		look_place_block(p, name);
	look_place_read_hints(p);
}

static void look_place_read_file(struct doctor_case *c, struct doctor_place *p)
{
	struct err why = ERR_INIT;

	look_system.attributes(p);
	/* A file in memory has no extents. */
	if (!p->block[0])
		return;
	p->is_file = !look_system.extents(p, &why);
	if (!p->is_file)
		return look_blind(c, layer_words[LAYER_FILE].name, "%.190s", why.text);
	extent_pages(p->extents, p->n_extents,
		     p->base + p->partition_start + p->volume_start,
		     p->size, &p->pages);
}

static void look_place_read_devdax(struct doctor_place *p, const char *name)
{
	snprintf(p->nd, sizeof(p->nd), "%s", name);
	look_place_read_namespace(p);
	look_number(&p->base, "/sys/bus/dax/devices/%s/resource", name);
	look_number(&p->size, "/sys/bus/dax/devices/%s/size", name);
	look_number(&p->align, "/sys/bus/dax/devices/%s/align", name);
}

void look_pmem_mount(struct doctor_case *c)
{
	struct doctor_place *p = &c->place;
	char *text = look_text("/proc/self/mountinfo"), *rest = text, *line, dev[24];

	while (rest && !c->has_place && (line = strsep(&rest, "\n"))) {
		const char *from = strstr(line, " /dev/pmem");
		size_t deepest = 0;

		if (!from || sscanf(line, "%*s %*s %*s %*s %255s", p->path) != 1)
			continue;
		look_place_take_mount(p, line, dev, &deepest);
		snprintf(p->block, sizeof(p->block), "%.*s", (int)strcspn(from + 6, " "), from + 6);
		c->has_place = p->fs[0];
	}
	free(text);
}

int look_place(struct doctor_case *c, const char *path, struct err *err)
{
	struct doctor_place *p = &c->place;
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	char class[400];
	bool device = !strncmp(path, "/dev/", 5);

	p->dax = p->dax_flag = p->hints = DOCTOR_UNKNOWN;
	snprintf(p->path, sizeof(p->path), "%s", path);
	snprintf(p->open, sizeof(p->open), "%s", path);
	if (c->pid && !*look_system.root)
		snprintf(p->open, sizeof(p->open), "/proc/%d/root%.250s", (int)c->pid, path);
	snprintf(class, sizeof(class), "%s/sys/class/block/%.40s", look_system.root, name);
	if (device && !strncmp(name, "dax", 3)) {
		look_place_read_devdax(p, name);
		if (!p->size)
			return err_config(err, "%s: the kernel has no DAX device of this name", path);
		return 0;
	}
	if (device && !access(class, F_OK)) {
		look_place_block(p, name);
		return 0;
	}
	look_place_read_mount(c, p);
	if (!p->fs[0])
		return err_machine(err, "%s: its filesystem is not in /proc/%s/mountinfo", path,
				   c->pid ? "<pid>" : "self");
	look_place_read_file(c, p);
	return 0;
}

/* Is a namespace's block device mounted, and where? */
static void look_place_read_use(struct doctor_place *p)
{
	char source[64] = "", *text = look_text("/proc/self/mountinfo"), *rest = text, *line;
	DIR *d = look_folder("/sys/bus/nd/devices/%s/block", p->nd);

	for (struct dirent *e; d && (e = readdir(d));)
		if (!strncmp(e->d_name, "pmem", 4))
			snprintf(source, sizeof(source), " /dev/%.50s", e->d_name);
	if (d)
		closedir(d);
	while (rest && *source && (line = strsep(&rest, "\n")))
		if (strstr(line, source))
			sscanf(line, "%*s %*s %*s %*s %199s", p->mounted);
	free(text);
}

/* The lowest name: readdir() has no order. */
void look_first_namespace(struct doctor_place *p)
{
	DIR *d = look_folder("/sys/bus/nd/devices");
	char holder[40];
	uint64_t size;

	for (struct dirent *e; d && (e = readdir(d));)
		if (!strncmp(e->d_name, "namespace", 9) &&
		    look_number(&size, "/sys/bus/nd/devices/%.30s/size", e->d_name) && size &&
		    (!p->nd[0] || strcmp(e->d_name, p->nd) < 0))
			snprintf(p->nd, sizeof(p->nd), "%.30s", e->d_name);
	if (d)
		closedir(d);
	if (!p->nd[0])
		return;
	look_word(holder, sizeof(holder), "/sys/bus/nd/devices/%s/holder", p->nd);
	if (holder[0])
		snprintf(p->nd, sizeof(p->nd), "%s", holder);
	look_place_read_namespace(p);
	look_number(&p->size, "/sys/bus/nd/devices/%s/size", p->nd);
	look_place_read_use(p);
}
