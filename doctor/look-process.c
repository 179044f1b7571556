/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A QEMU: its command line, where it mapped the guest's RAM, its limits. */
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "look.h"
#include "size.h"
#include "view.h"

/* The words of a command line, each ended by a NUL. */
struct words {
	const char *v[512];
	size_t n;
};

static void look_process_split(const char *text, size_t len, struct words *w)
{
	w->n = 0;
	for (size_t at = 0; at < len && w->n < 512; at += strlen(text + at) + 1)
		w->v[w->n++] = text + at;
}

/* The value of "key=" in "a,key=value,b", into `value`; false if it is not there. */
static bool look_process_option(const char *word, const char *key, char *value, size_t size)
{
	size_t n = strlen(key);

	for (const char *p = word; *p; p += strcspn(p, ","), p += *p == ',') {
		if (strncmp(p, key, n) || p[n] != '=')
			continue;
		snprintf(value, size, "%.*s", (int)strcspn(p + n + 1, ","), p + n + 1);
		return true;
	}
	return false;
}

/* QEMU takes a plain number as MiB for -m, as bytes elsewhere. */
static uint64_t look_process_bytes(const char *text, uint64_t unit)
{
	uint64_t v;
	size_t digits = strspn(text, "0123456789");

	if (size_parse(text, &v, NULL))
		return 0;
	return text[digits] ? v : v * unit;
}

/* "sev-snp-guest,id=..." as a word begins; a name that contains it is another thing. */
static bool look_process_is_kind(const char *word, const char *kind)
{
	size_t n = strlen(kind);

	return !strncmp(word, kind, n) && (!word[n] || word[n] == ',');
}

static void look_process_read_word(struct doctor_ram *r, const char *word)
{
	char value[256];

	/* The memory of a guest of plain SEV (sev-guest) is QEMU's, as any other's. */
	if (look_process_is_kind(word, "sev-snp-guest") || look_process_is_kind(word, "tdx-guest"))
		r->confidential = true;
	if (!strcmp(word, "-enable-kvm") || strstr(word, "accel=kvm"))
		r->kvm = true;
	if (look_process_option(word, "max-ram-below-4g", value, sizeof(value)))
		r->below_4g = look_process_bytes(value, 1);
	if (strncmp(word, "memory-backend-", 15))
		return;
	if (look_process_option(word, "align", value, sizeof(value)))
		r->align = look_process_bytes(value, 1);
	if (look_process_option(word, "host-nodes", value, sizeof(value)) && strstr(word, "policy=bind"))
		r->host_node = atoi(value);
}

static void look_process_put_members(FILE *f, const struct view *o)
{
	const struct view *v;

	view_each(v, o) {
		const char *key = v->key ? v->key : "";

		if (v->type == JSON_STRING && !strcmp(key, "qom-type"))
			continue;
		if (v->type == JSON_STRING)
			fprintf(f, ",%s=%s", key, v->text);
		else if (v->type == JSON_ARRAY && v->n)
			fprintf(f, ",%s=%.*s", key, (int)v[1].json_len, v[1].json);
		else
			fprintf(f, ",%s=%.*s", key, (int)v->json_len, v->json);
	}
}

/*
 * An -object as libvirt gives it: {"qom-type":"memory-backend-file","align":2097152,...}
 * becomes "memory-backend-file,align=2097152,...". Of a list the first element counts.
 */
static void look_process_read_object(struct doctor_ram *r, const char *json)
{
	struct view_doc doc = VIEW_DOC_INIT;
	const struct view *root;
	const char *kind;
	char *word = NULL;
	size_t len;
	FILE *f;

	if (view_parse(&doc, json, strlen(json), &root, NULL) || root->type != JSON_OBJECT ||
	    view_string(root, "qom-type", &kind, NULL) || !(f = open_memstream(&word, &len)))
		goto out;
	fputs(kind, f);
	look_process_put_members(f, root);
	if (!fclose(f))
		look_process_read_word(r, word);
out:
	free(word);
	view_release(&doc);
}

static void look_process_read_words(struct doctor_ram *r, const struct words *w)
{
	for (size_t i = 1; i < w->n; i++) {
		const char *last = w->v[i - 1];
		char value[64];

		if (!strcmp(last, "-object") && *w->v[i] == '{')
			look_process_read_object(r, w->v[i]);
		else if (strcmp(last, "-name"))
			look_process_read_word(r, w->v[i]);
		if (!strcmp(last, "-accel") && !strncmp(w->v[i], "kvm", 3))
			r->kvm = true;
		if (!strcmp(last, "-m")) {
			if (!look_process_option(w->v[i], "size", value, sizeof(value)))
				snprintf(value, sizeof(value), "%.*s",
					 (int)strcspn(w->v[i], ","), w->v[i]);
			r->wanted = look_process_bytes(value, 1 << 20);
		}
	}
}

/* Does it have a VM of KVM open? We may not be allowed to see its descriptors. */
static bool look_process_has_vm(pid_t pid)
{
	DIR *d = look_folder("/proc/%d/fd", (int)pid);
	bool has = false;

	for (struct dirent *e; d && !has && (e = readdir(d));) {
		char to[64];

		look_link(to, sizeof(to), "/proc/%d/fd/%.20s", (int)pid, e->d_name);
		has = !strcmp(to, "anon_inode:kvm-vm");
	}
	if (d)
		closedir(d);
	return has;
}

static int look_process_read_command(struct doctor_case *c, struct err *err)
{
	char path[512], *text, comm[32];
	const char *name;
	struct words w;
	size_t len;
	bool vm = look_process_has_vm(c->pid);

	snprintf(path, sizeof(path), "%s/proc/%d/cmdline", look_system.root, (int)c->pid);
	if (file_read(path, &text, &len, NULL))
		return err_config(err, "--pid: there is no process %d", (int)c->pid);
	look_process_split(text, len, &w);
	name = w.n ? strrchr(w.v[0], '/') : NULL;
	name = name ? name + 1 : w.n ? w.v[0] : "";
	look_word(comm, sizeof(comm), "/proc/%d/comm", (int)c->pid);
	if (!vm && strncmp(name, "qemu", 4) && strcmp(name, "kvm")) {
		err_config(err, "--pid: process %d (%s) is not a QEMU: it has neither that name "
			"nor a virtual machine of KVM; pgrep qemu lists those that are",
			   (int)c->pid, comm);
		free(text);
		return -EINVAL;
	}
	look_process_read_words(&c->ram, &w);
	c->ram.kvm |= vm;
	c->ram.container = strstr(text, "kata") != NULL;
	for (size_t i = 0; i < w.n; i++)
		c->ram.container |= strstr(w.v[i], "kata") || strstr(w.v[i], "/run/vc/");
	free(text);
	return 0;
}

/* --- smaps ------------------------------------------------------------------ */

struct mapping {
	struct doctor_ram r;	/* what the mapping says of it */
	char path[256];
	bool writable, executable;
};

static bool look_process_parse_head(const char *line, struct mapping *m)
{
	char perms[8];
	uint64_t end;
	int at = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %*s %*s %n", &m->r.start, &end,
		   perms, &m->r.offset, &at) < 4 || !at)
		return false;
	m->r.size = end - m->r.start;
	m->r.shared = strchr(perms, 's');
	m->writable = strchr(perms, 'w');
	m->executable = strchr(perms, 'x');
	m->r.rss = m->r.huge = m->r.page = 0;
	m->r.forbidden = false;
	snprintf(m->path, sizeof(m->path), "%s", line + at);
	return true;
}

static void look_process_parse_field(const char *line, struct mapping *m)
{
	const char *colon = strchr(line, ':');
	uint64_t kib = colon ? strtoull(colon + 1, NULL, 10) << 10 : 0;

	if (!strncmp(line, "Rss:", 4))
		m->r.rss = kib;
	else if (!strncmp(line, "AnonHugePages:", 14) || !strncmp(line, "ShmemPmdMapped:", 15))
		m->r.huge += kib;
	else if (!strncmp(line, "KernelPageSize:", 15))
		m->r.page = kib;
	else if (!strncmp(line, "VmFlags:", 8))
		m->r.forbidden = strstr(line, " nh") != NULL;
}

static enum doctor_memory look_process_memory_of(const struct mapping *m)
{
	if (m->r.page >= 2u << 20 && strncmp(m->path, "/dev/dax", 8))
		return DOCTOR_MEMORY_HUGETLB;
	if (!strncmp(m->path, "/dev/dax", 8))
		return DOCTOR_MEMORY_DEVDAX;
	if (!strncmp(m->path, "/memfd:", 7) || !strncmp(m->path, "/dev/shm/", 9) ||
	    !strncmp(m->path, "/dev/zero", 9))
		return DOCTOR_MEMORY_SHARED;
	return *m->path == '/' ? DOCTOR_MEMORY_FILE : DOCTOR_MEMORY_ANON;
}

/* The guest's RAM is the largest mapping that is written and not executed. */
static void look_process_take(struct doctor_case *c, const struct mapping *m, char *path)
{
	struct doctor_ram *r = &c->ram;

	if (!m->writable || m->executable || m->r.size <= r->size)
		return;
	r->known = true;
	r->start = m->r.start;
	r->size = m->r.size;
	r->offset = m->r.offset;
	r->rss = m->r.rss;
	r->huge = m->r.huge;
	r->page = m->r.page;
	r->shared = m->r.shared;
	r->forbidden = m->r.forbidden;
	c->memory = look_process_memory_of(m);
	snprintf(path, 256, "%s", m->path);
}

/* `path` (256 bytes) gets the file that is mapped; "" if none is. False without a mapping. */
static bool look_process_parse(struct doctor_case *c, char *text, char *path)
{
	struct mapping m = { .writable = false };
	bool any = false;
	char *line;

	while (text && (line = strsep(&text, "\n"))) {
		struct mapping next;

		if (look_process_parse_head(line, &next)) {
			if (any)
				look_process_take(c, &m, path);
			m = next;
			any = true;
		} else {
			look_process_parse_field(line, &m);
		}
	}
	if (any)
		look_process_take(c, &m, path);
	return any;
}

/*
 * To read smaps is to walk the page table, and for that Linux splits the 1G entries
 * of a device. What a device of that alignment maps is 1G or nothing.
 */
static bool look_process_is_1g(struct doctor_case *c, char *path)
{
	char *text = look_text("/proc/%d/maps", (int)c->pid);
	struct doctor_ram was = c->ram;
	uint64_t align = 0;

	look_process_parse(c, text, path);
	free(text);
	if (c->memory == DOCTOR_MEMORY_DEVDAX &&
	    look_number(&align, "/sys/bus/dax/devices/%s/align", path + strlen("/dev/")) &&
	    align >= 1u << 30) {
		c->ram.page = align;
		return true;
	}
	c->ram = was;
	*path = '\0';
	return false;
}

static void look_process_read_maps(struct doctor_case *c, char *path)
{
	char *text;

	if (look_process_is_1g(c, path))
		return;
	text = look_text("/proc/%d/smaps", (int)c->pid);
	if (!look_process_parse(c, text, path))
		look_blind(c, layer_words[LAYER_MUT].name,
			   "/proc/%d/smaps cannot be read (QEMU's user, or root, can)",
			   (int)c->pid);
	free(text);
}

/* --- limits, threads --------------------------------------------------------- */

static void look_process_read_group(struct doctor_case *c)
{
	char *text = look_text("/proc/%d/cgroup", (int)c->pid), *v2, group[200];

	c->ram.limit = UINT64_MAX;
	v2 = text ? strstr(text, "0::/") : NULL;
	snprintf(group, sizeof(group), "%.*s", v2 ? (int)strcspn(v2 + 3, "\n") : 0, v2 ? v2 + 3 : "");
	free(text);
	for (char *slash; *group; *slash = '\0') {
		uint64_t max;

		if (look_number(&max, "/sys/fs/cgroup%s/memory.max", group) && max < c->ram.limit) {
			c->ram.limit = max;
			snprintf(c->ram.limit_group, sizeof(c->ram.limit_group), "%s", group);
		}
		slash = strrchr(group, '/');
	}
}

/* QEMU's thread of a migration, by the names that its versions give. */
static void look_process_read_threads(struct doctor_case *c)
{
	static const char *const names[] = { "live_migration", "mig/src/main", "get_dirtyrate",
					     "dirtyrate" };
	DIR *d = look_folder("/proc/%d/task", (int)c->pid);

	for (struct dirent *e; d && (e = readdir(d));) {
		char name[32];

		look_word(name, sizeof(name), "/proc/%d/task/%.20s/comm", (int)c->pid, e->d_name);
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			c->ram.migrating |= !strcmp(name, names[i]);
	}
	if (d)
		closedir(d);
}

/* smaps shows huge entries of memory, PAGEMAP_SCAN (Linux 6.7) those of files, too. */
static void look_process_read_pages(struct doctor_case *c)
{
	struct page_bytes p = { 0 };
	struct err why = ERR_INIT;

	c->ram.huge_known = c->memory == DOCTOR_MEMORY_ANON || c->memory == DOCTOR_MEMORY_SHARED;
	if (!c->ram.known || c->ram.huge_known || c->ram.page >= 2u << 20)
		return;
	if (look_system.pages(c->pid, c->ram.start, c->ram.size, &p, &why)) {
		look_blind(c, layer_words[LAYER_MUT].name, "%.190s", why.text);
		return;
	}
	c->ram.huge_known = true;
	c->ram.huge = p.b2m + p.b1g;
	c->ram.rss = p.b4k + c->ram.huge;
}

int look_process(struct doctor_case *c, struct err *err)
{
	char path[256] = "", *status, *line;
	int ret = look_process_read_command(c, err);

	if (ret)
		return ret;
	look_process_read_maps(c, path);
	look_process_read_pages(c);
	look_process_read_group(c);
	look_process_read_threads(c);
	status = look_text("/proc/%d/status", (int)c->pid);
	line = status ? strstr(status, "THP_enabled:") : NULL;
	if (line)
		c->ram.process_thp = atoi(line + 12) ? DOCTOR_YES : DOCTOR_NO;
	free(status);
	if (c->memory == DOCTOR_MEMORY_FILE || c->memory == DOCTOR_MEMORY_DEVDAX) {
		struct err why = ERR_INIT;

		c->has_place = !look_place(c, path, &why);
		if (!c->has_place)
			look_blind(c, layer_words[LAYER_FILE].name, "%.190s", why.text);
	}
	return 0;
}
