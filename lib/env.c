/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "env.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "file.h"

#define DMESG_MAX (64 << 10)
#define KLOG_READ_ALL 3
/* Bytes of the topology's XML: 1,024 CPUs need less, and all facts of a boot get 2 MiB. */
#define TOPOLOGY_MAX 1200000

/* Which module has this parameter depends on the kernel's version. */
#define MEDIATED_PMU "enable_mediated_pmu"

const char *env_root = "";

/* Single files whose whole text is the fact. */
static const struct {
	const char *group, *name, *path;
	bool node;
} files[] = {
	{ NULL, "cmdline", "/proc/cmdline", false },
	{ NULL, "clocksource", "/sys/devices/system/clocksource/clocksource0/current_clocksource", false },
	{ "cpu", "governor", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", false },
	{ "thp", "enabled", "/sys/kernel/mm/transparent_hugepage/enabled", false },
	{ "thp", "defrag", "/sys/kernel/mm/transparent_hugepage/defrag", false },
	{ "thp", "shmem", "/sys/kernel/mm/transparent_hugepage/shmem_enabled", false },
	{ "hugepages", "2m", "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", false },
	{ "hugepages", "1g", "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", false },
	{ "kvm", "nx_huge_pages", "/sys/module/kvm/parameters/nx_huge_pages", true },
	{ "kvm", "tdp_mmu", "/sys/module/kvm/parameters/tdp_mmu", true },
	{ "kvm", "eager_page_split", "/sys/module/kvm/parameters/eager_page_split", true },
	{ "kvm", "enable_mediated_pmu", "/sys/module/kvm/parameters/" MEDIATED_PMU, true },
	{ "kvm", "enable_mediated_pmu", "/sys/module/kvm_amd/parameters/" MEDIATED_PMU, true },
	{ "kvm", "enable_mediated_pmu", "/sys/module/kvm_intel/parameters/" MEDIATED_PMU, true },
	{ "kvm", "npt", "/sys/module/kvm_amd/parameters/npt", true },
	{ "kvm", "ept", "/sys/module/kvm_intel/parameters/ept", true },
	{ "kvm", "nested", "/sys/module/kvm_amd/parameters/nested", true },
	{ "kvm", "nested", "/sys/module/kvm_intel/parameters/nested", true },
};

static char *env_file(const char *path)
{
	char full[512], *text;

	snprintf(full, sizeof(full), "%s%s", env_root, path);
	return file_read(full, &text, NULL, NULL) ? NULL : text;
}

bool env_mediated_pmu(void)
{
	bool on = false;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char *text = strcmp(files[i].name, MEDIATED_PMU) ? NULL
								 : env_file(files[i].path);

		on |= text && (*text == 'Y' || *text == '1');
		free(text);
	}
	return on;
}

static json_t *env_text_of(char *text)
{
	size_t n = strlen(text);

	while (n && text[n - 1] == '\n')
		n--;
	return json_stringn(text, n);
}

/* `word` is module.parameter or module.parameter=value, where - may stand for _. */
static bool env_is_unknown(const char *word, size_t n)
{
	char name[256], path[600];
	size_t len = 0, dot;

	for (; len < n && word[len] != '=' && len + 1 < sizeof(name); len++)
		name[len] = word[len] == '-' ? '_' : word[len];
	name[len] = '\0';
	dot = strcspn(name, ".");
	if (!dot || !name[dot] || strchr(name, '/'))
		return false;
	name[dot] = '\0';
	snprintf(path, sizeof(path), "%s/sys/module/%s/parameters", env_root, name);
	if (access(path, F_OK))
		return false;
	snprintf(path, sizeof(path), "%s/sys/module/%s/parameters/%s", env_root, name,
		 name + dot + 1);
	return access(path, F_OK);
}

json_t *env_unknown_parameters(const char *cmdline)
{
	json_t *list = json_array();

	while (*cmdline) {
		size_t n = strcspn(cmdline, " \t\n");

		if (n && env_is_unknown(cmdline, n))
			json_array_append_new(list, json_stringn(cmdline, n));
		cmdline += n + (cmdline[n] != '\0');
	}
	return list;
}

static json_t *env_group_of(json_t *facts, const char *name)
{
	json_t *g = name ? json_object_get(facts, name) : facts;

	if (!g) {
		g = json_object();
		json_object_set_new(facts, name, g);
	}
	return g;
}

static void env_add_files(json_t *facts, bool node)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char *text = files[i].node && !node ? NULL : env_file(files[i].path);

		if (!text)
			continue;
		json_object_set_new(env_group_of(facts, files[i].group), files[i].name,
				    env_text_of(text));
		free(text);
	}
}

/* "Linux version 6.1 (who@where) (gcc 12.2.0, ld 2.40) #1 ..." */
json_t *env_compiler(const char *version)
{
	const char *from = strstr(version, ") ("), *to;

	from = from ? from + 3 : NULL;
	to = from ? strstr(from, ") #") : NULL;
	return to ? json_stringn(from, to - from) : NULL;
}

static void env_add_kernel(json_t *facts)
{
	json_t *k = env_group_of(facts, "kernel"), *compiler;
	char hex[FILE_HASH_MAX], *text;
	struct utsname u;

	uname(&u);
	json_object_set_new(k, "release", json_string(u.release));
	json_object_set_new(k, "version", json_string(u.version));
	if (!file_hash("/proc/config.gz", hex, NULL))
		json_object_set_new(k, "config_hash", json_string(hex));
	if (file_read("/proc/version", &text, NULL, NULL))
		return;
	/* Not in the kernel's group: two arms should not differ in it. */
	if ((compiler = env_compiler(text)))
		json_object_set_new(facts, "compiler", compiler);
	free(text);
}

json_t *env_cpuinfo(const char *cpuinfo, const char *key)
{
	size_t n = strlen(key);

	for (const char *line = cpuinfo; line && *line;) {
		const char *end = strchrnul(line, '\n');
		const char *colon = memchr(line, ':', end - line);

		if (colon && !strncmp(line, key, n) && strspn(line + n, "\t ") == (size_t)(colon - line - n)) {
			colon += strspn(colon, ": ");
			return json_stringn(colon, end > colon ? end - colon : 0);
		}
		line = *end ? end + 1 : NULL;
	}
	return NULL;
}

static void env_add_cpu(json_t *facts)
{
	static const struct {
		const char *key, *fact;
	} lines[] = {
		{ "model name", "model" }, { "microcode", "microcode" },
		/* The driver finds the events of a processor by these. */
		{ "vendor_id", "vendor" }, { "cpu family", "family" },
		{ "model", "model_number" }, { "stepping", "stepping" },
	};
	json_t *cpu = env_group_of(facts, "cpu"), *v;
	char *text;

	json_object_set_new(cpu, "count", json_integer(get_nprocs()));
	if (file_read("/proc/cpuinfo", &text, NULL, NULL))
		return;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if ((v = env_cpuinfo(text, lines[i].key)))
			json_object_set_new(cpu, lines[i].fact, v);
	free(text);
}

static void env_add_unknown(json_t *facts)
{
	char *cmdline = env_file("/proc/cmdline");
	json_t *list = env_unknown_parameters(cmdline ? cmdline : "");

	if (json_array_size(list))
		json_object_set(facts, "unknown_parameters", list);
	json_decref(list);
	free(cmdline);
}

static void env_add_mitigations(json_t *facts)
{
	static const char dir[] = "/sys/devices/system/cpu/vulnerabilities";
	DIR *d = opendir(dir);
	json_t *all;

	if (!d)
		return;
	all = env_group_of(facts, "mitigations");
	for (struct dirent *e; (e = readdir(d));) {
		char path[400], *text;

		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (e->d_name[0] == '.' || file_read(path, &text, NULL, NULL))
			continue;
		json_object_set_new(all, e->d_name, env_text_of(text));
		free(text);
	}
	closedir(d);
}

static void env_add_kvm(json_t *facts)
{
	static const char *const modules[] = { "kvm_intel", "kvm_amd" };
	char path[64], *text;

	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/sys/module/%s/parameters/nested", modules[i]);
		if (file_read(path, &text, NULL, NULL))
			continue;
		free(text);
		/* Built in, both are there; the one that serves has the CPU's flag. */
		if (!file_read("/proc/cpuinfo", &text, NULL, NULL)) {
			if (strstr(text, i ? " svm" : " vmx"))
				json_object_set_new(env_group_of(facts, "kvm"), "module",
						    json_string(modules[i]));
			free(text);
		}
	}
}

static void env_add_topology(json_t *facts)
{
	struct topology *t;
	char *xml, text[256];

	if (topology_new(&t, NULL))
		return;
	topology_text(t, text, sizeof(text));
	json_object_set_new(facts, "topology", json_string(text));
	if (!topology_xml(t, &xml, NULL)) {
		if (strlen(xml) <= TOPOLOGY_MAX)
			json_object_set_new(facts, "hwloc", json_string(xml));
		free(xml);
	}
	topology_free(t);
}

/* Only the log's end, since a message must fit a frame; and a log need not be UTF-8. */
static void env_add_dmesg(json_t *facts)
{
	char *text = malloc(DMESG_MAX);
	int n = text ? klogctl(KLOG_READ_ALL, text, DMESG_MAX) : -1;

	for (int i = 0; i < n; i++) {
		if ((unsigned char)text[i] >= 127 || !text[i])
			text[i] = '?';
	}
	if (n > 0)
		json_object_set_new(facts, "dmesg", json_stringn(text, n));
	free(text);
}

json_t *env_capture(bool node)
{
	json_t *facts = json_object();
	struct sysinfo si;

	env_add_kernel(facts);
	env_add_cpu(facts);
	env_add_files(facts, node);
	env_add_unknown(facts);
	env_add_mitigations(facts);
	if (node)
		env_add_kvm(facts);
	if (!sysinfo(&si))
		json_object_set_new(facts, "memory",
				    json_integer((json_int_t)si.totalram * si.mem_unit));
	env_add_topology(facts);
	env_add_dmesg(facts);
	json_object_set_new(facts, "agent", json_string(KDUEL_VERSION));
	return facts;
}
