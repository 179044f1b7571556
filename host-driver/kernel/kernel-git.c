/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel-job.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "file.h"
#include "proc.h"

#define GIT_SECONDS 600.0

/* $GIT_DIR/info/attributes overrides any .gitattributes in the tree. */
static const char attributes[] =
	"* -text !eol -ident !filter !working-tree-encoding !whitespace\n";

static const char settings[] =
	"[core]\n"
	"\tbare = false\n"
	"\tfileMode = true\n"
	"\tsymlinks = true\n"
	"\tignoreCase = false\n"
	"\tautocrlf = false\n"
	"\tlogAllRefUpdates = false\n";

void kernel_git_init(struct kernel_git *g, struct kernel_job *job, const char *source,
		     const char *index)
{
	static const char *const always[] = {
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_ATTR_NOSYSTEM=1", "GIT_NO_REPLACE_OBJECTS=1",
		"GIT_LITERAL_PATHSPECS=1", "HOME=/dev/null",
	};
	size_t n = 0;

	g->job = job;
	g->keep = NULL;
	for (; n < sizeof(always) / sizeof(always[0]); n++)
		g->env[n] = always[n];
	snprintf(g->dir, sizeof(g->dir), "GIT_DIR=%s%s",
		 source ? source : "/dev/null", source ? "/git" : "");
	g->env[n++] = g->dir;
	if (source) {
		snprintf(g->tree, sizeof(g->tree), "GIT_WORK_TREE=%s/tree",
			 source);
		snprintf(g->index, sizeof(g->index), "GIT_INDEX_FILE=%s/git/%s",
			 source, index);
		g->env[n++] = g->tree;
		g->env[n++] = g->index;
	}
	g->env[n] = NULL;
}

static int git_put_file(const char *source, const char *below, const char *text,
			const char *mode, struct err *err)
{
	char path[4300];
	FILE *f;

	snprintf(path, sizeof(path), "%s/git/%s", source, below);
	f = fopen(path, mode);
	if (!f || fputs(text, f) < 0 || fclose(f))
		return err_sys(err, errno, "cannot write %s", path);
	return 0;
}

int kernel_git_create(struct kernel_git *g, const char *source,
		      const char *format, struct err *err)
{
	char option[40], path[4300];
	const char *const argv[] = { "git", "init", "-q", "--template=",
				     option, NULL };
	int ret;

	kernel_git_init(g, NULL, source, "index");
	snprintf(option, sizeof(option), "--object-format=%.16s", format);
	snprintf(path, sizeof(path), "%s/git/info", source);
	ret = file_mkdirs(path, err);
	if (!ret)
		ret = kernel_git_run(g, argv, NULL, NULL, err);
	if (!ret)
		ret = git_put_file(source, "config", settings, "ae", err);
	if (!ret)
		ret = git_put_file(source, "info/attributes", attributes, "we",
				   err);
	return ret;
}

/* A descriptor to read `b` from. */
static int git_input_of(const struct kernel_bytes *b, struct err *err)
{
	int fd = memfd_create("input", MFD_CLOEXEC);
	size_t done = 0;

	while (fd >= 0 && done < b->len) {
		ssize_t n = write(fd, b->data + done, b->len - done);

		if (n <= 0) {
			close(fd);
			return err_sys(err, errno, "cannot give git its input");
		}
		done += n;
	}
	if (fd < 0)
		return err_sys(err, errno, "cannot give git its input");
	lseek(fd, 0, SEEK_SET);
	return fd;
}

int kernel_git_run(const struct kernel_git *g, const char *const argv[],
		   const struct kernel_bytes *in, struct kernel_bytes *out,
		   struct err *err)
{
	struct proc_options o = { .argv = argv, .dir = "/", .clean = true,
				  .env = g->env, .keep = g->keep, .tree = true,
				  .stop = g->job ? job_watch : NULL, .stop_arg = g->job };
	char *text;
	size_t len;
	int fd, ret = job_need_git(err);

	if (ret)
		return ret;
	fd = in ? git_input_of(in, err) : PROC_NULL;
	if (fd < 0)
		return fd;
	o.in = fd;
	ret = proc_capture(&o, GIT_SECONDS, &text, &len, err);
	if (in)
		close(fd);
	if (ret)
		return ret;
	if (out)
		*out = (struct kernel_bytes){ text, len };
	else
		free(text);
	return 0;
}
