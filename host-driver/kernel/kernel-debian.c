/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel-source.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc.h"

#define ARGS_MAX 24
#define LINE_MAX_CHARS 1024
#define QUERY_SECONDS 60.0

static const char keyring[] = "/usr/share/keyrings/debian-archive-keyring.gpg";

/* Where apt keeps its lists: the machine's own folders, or a private one. */
struct apt {
	const char *folder;	/* NULL: the machine's own */
	char options[5][300];
};

/* Copies the next line of `*p` into `line`; 0 at the end. */
static int debian_next_line(const char **p, char line[LINE_MAX_CHARS])
{
	size_t n = strcspn(*p, "\n");

	if (!**p)
		return 0;
	snprintf(line, LINE_MAX_CHARS, "%.*s", (int)n, *p);
	*p += n + ((*p)[n] == '\n');
	return 1;
}

static int debian_is_of_suite(const char *dist, const char *suite)
{
	size_t n = strlen(suite);

	if (strncmp(dist, suite, n))
		return 0;
	dist += n;
	return *dist == '/' || !strncmp(dist, "-security/", 10) ||
	       !strncmp(dist, "-updates/", 9);
}

char *debian_pick(const char *madison, const char *suite, const char *want)
{
	char line[LINE_MAX_CHARS], version[200], dist[200];

	while (debian_next_line(&madison, line)) {
		if (sscanf(line, " %*[^|] | %199[^ |] | %*s %199s", version,
			   dist) != 2 || !debian_is_of_suite(dist, suite))
			continue;
		if (!want || !strcmp(want, version))
			return strdup(version);
	}
	return NULL;
}

char *debian_sources_list(const char *targets, const char *suite,
			  const char *keys)
{
	char line[LINE_MAX_CHARS], codename[200], uri[600], origin[100];
	char base[600] = "", security[600] = "", signed_by[400] = "";
	char *text = NULL;

	while (debian_next_line(&targets, line)) {
		if (sscanf(line, "%199s %599s %99s", codename, uri,
			   origin) != 3 || strcmp(origin, "Debian"))
			continue;
		if (strstr(codename, "-security"))
			strcpy(security, uri);
		else if (!strcmp(codename, suite) || !*base)
			strcpy(base, uri);
	}
	if (!*base)
		return NULL;
	if (keys)
		snprintf(signed_by, sizeof(signed_by), "[signed-by=%s] ", keys);
	/* Only a release has a security suite: sid and backports have none. */
	if (*security && !strchr(suite, '-') && strcmp(suite, "sid")) {
		if (asprintf(&text, "deb %s%s %s main\ndeb %s%s %s-security main\n",
			     signed_by, base, suite, signed_by, security,
			     suite) < 0)
			text = NULL;
	} else if (asprintf(&text, "deb %s%s %s main\n", signed_by, base,
			    suite) < 0) {
		text = NULL;
	}
	return text;
}

static void debian_apt_init(struct apt *apt, const char *folder)
{
	apt->folder = folder;
	if (!folder)
		return;
	snprintf(apt->options[0], 300, "Dir::Etc::SourceList=%s/apt/list",
		 folder);
	snprintf(apt->options[1], 300, "Dir::Etc::SourceParts=/dev/null");
	snprintf(apt->options[2], 300, "Dir::State::Lists=%s/apt/lists", folder);
	snprintf(apt->options[3], 300, "Dir::Cache=%s/apt/cache", folder);
	snprintf(apt->options[4], 300, "Acquire::Languages=none");
}

/* argv of an apt program in `apt`; `last` may be NULL. */
static void debian_apt_command(const struct apt *apt, const char *argv[ARGS_MAX],
			       const char *program, const char *verb, const char *last)
{
	int n = 0;

	argv[n++] = program;
	argv[n++] = "-q";
	for (int i = 0; apt->folder && i < 5; i++) {
		argv[n++] = "-o";
		argv[n++] = apt->options[i];
	}
	argv[n++] = verb;
	argv[n++] = last;
	argv[n] = NULL;
}

static int debian_apt_query(const char *const argv[], char **text, struct err *err)
{
	const struct proc_options o = { .argv = argv, .clean = true };

	return proc_capture(&o, QUERY_SECONDS, text, NULL, err);
}

static char *debian_apt_pick(const struct apt *apt, const struct kernel_source *s,
			     struct err *err)
{
	const char *argv[ARGS_MAX];
	char *text, *version;

	debian_apt_command(apt, argv, "apt-cache", "madison", s->debian);
	if (debian_apt_query(argv, &text, err))
		return NULL;
	version = debian_pick(text, s->suite, s->version);
	free(text);
	return version;
}

static int debian_apt_download(struct kernel_job *job, const struct apt *apt,
			       const struct kernel_source *s, const char *version,
			       const char *folder, char **deb, struct err *err)
{
	const char *argv[ARGS_MAX];
	char what[500];
	glob_t found;
	int ret;

	ret = job_phase(job, KERNEL_FETCH, err, "fetching %s %s", s->debian,
			version);
	if (ret)
		return ret;
	snprintf(what, sizeof(what), "%s=%s", s->debian, version);
	debian_apt_command(apt, argv, "apt-get", "download", what);
	ret = job_run(job, folder, NULL, argv, err);
	if (ret)
		return ret;
	snprintf(what, sizeof(what), "%s/*.deb", folder);
	if (glob(what, 0, NULL, &found))
		return err_machine(err, "apt-get downloaded no package of %s",
				   s->debian);
	*deb = strdup(found.gl_pathv[0]);
	globfree(&found);
	return *deb ? 0 : err_sys(err, ENOMEM, "%s", s->debian);
}

/* The machine's own lists: quick, but they may be absent or out of date. */
static int debian_fetch_known(struct kernel_job *job,
			      const struct kernel_source *s,
			      const char *folder, char **deb, char **version)
{
	struct err ignored = ERR_INIT;
	struct apt apt;
	int ret;

	debian_apt_init(&apt, NULL);
	*version = debian_apt_pick(&apt, s, &ignored);
	if (!*version)
		return -ENOENT;
	ret = debian_apt_download(job, &apt, s, *version, folder, deb, &ignored);
	if (!ret)
		return 0;
	free(*version);
	*version = NULL;
	return ret;
}

static int debian_apt_private_lists(const char *folder, const char *suite,
				    struct err *err)
{
	static const char *const targets[] = {
		"apt-get", "indextargets", "--format",
		"$(CODENAME) $(REPO_URI) $(ORIGIN)", "Created-By: Packages",
		NULL,
	};
	char path[400], *text, *list;
	int ret;

	snprintf(path, sizeof(path), "%s/apt/lists/partial", folder);
	ret = file_mkdirs(path, err);
	snprintf(path, sizeof(path), "%s/apt/cache/archives/partial", folder);
	if (!ret)
		ret = file_mkdirs(path, err);
	if (!ret)
		ret = debian_apt_query(targets, &text, err);
	if (ret)
		return ret;
	list = debian_sources_list(text, suite,
				   access(keyring, R_OK) ? NULL : keyring);
	free(text);
	if (!list)
		return err_machine(err, "apt has no Debian mirror configured on this machine; give a tarball or a git tree as the kernel's source instead");
	snprintf(path, sizeof(path), "%s/apt/list", folder);
	ret = file_publish(path, list, strlen(list), err);
	free(list);
	return ret;
}

static int debian_fetch_private(struct kernel_job *job,
				const struct kernel_source *s,
				const char *folder, char **deb, char **version,
				struct err *err)
{
	const char *argv[ARGS_MAX];
	struct apt apt;
	int ret;

	ret = job_phase(job, KERNEL_FETCH, err, "reading the package list of %s",
			s->suite);
	if (!ret)
		ret = debian_apt_private_lists(folder, s->suite, err);
	if (ret)
		return ret;
	debian_apt_init(&apt, folder);
	debian_apt_command(&apt, argv, "apt-get", "update", NULL);
	ret = job_run(job, NULL, NULL, argv, err);
	if (ret)
		return ret;
	*version = debian_apt_pick(&apt, s, err);
	if (!*version)
		return err_config(err, "Debian's %s has no %s%s%s", s->suite,
				  s->debian, s->version ? " of version " : "",
				  s->version ? s->version : "");
	return debian_apt_download(job, &apt, s, *version, folder, deb, err);
}

int debian_fetch(struct kernel_job *job, const struct kernel_source *s,
		 const char *folder, char **deb, char **version,
		 struct err *err)
{
	static const char *const programs[][2] = {
		{ "apt-get", "apt" }, { "dpkg-deb", "dpkg" }, { NULL, NULL },
	};
	int ret = job_need_programs("fetching Debian's kernel source", programs, err);

	*deb = *version = NULL;
	if (ret)
		return ret;
	ret = debian_fetch_known(job, s, folder, deb, version);
	if (ret && ret != -EINTR)
		ret = debian_fetch_private(job, s, folder, deb, version, err);
	else if (ret)
		ret = err_set(err, EXIT_INCOMPLETE, ret, "stopped");
	if (ret) {
		free(*version);
		*version = NULL;
	}
	return ret;
}
