/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel-build.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <glob.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel-prune.h"
#include "proc.h"
#include "safe.h"

#define OBJECT_ROOM (700ULL << 20)	/* of a tiny kernel's object tree */
#define LEAST_ROOM (32ULL << 20)	/* a disk with less may have been full */
#define ABOUT_FILES 1300		/* that a tiny kernel compiles */
#define SETTLED 60			/* seconds after which a file is whole */
#define ARGS_MAX 24

/* The make command line, being put together. */
struct command {
	const char *argv[ARGS_MAX];
	char text[ARGS_MAX][4400];
	int n;
};

static void build_add(struct command *c, const char *fmt, const char *value)
{
	snprintf(c->text[c->n], sizeof(c->text[0]), fmt, value);
	c->argv[c->n] = c->text[c->n];
	c->argv[++c->n] = NULL;
}

int kernel_compiler(char **text, struct err *err)
{
	static const char *const ask[][3] = {
		{ "gcc", "--version", NULL }, { "ld", "--version", NULL },
	};
	struct proc_options o = { .clean = true };
	char *said[2] = { NULL, NULL };
	int ret = 0;

	*text = NULL;
	for (int i = 0; i < 2 && !ret; i++) {
		o.argv = ask[i];
		ret = proc_capture(&o, 20, &said[i], NULL, err);
		if (!ret)
			said[i][strcspn(said[i], "\n")] = '\0';
	}
	if (!ret && asprintf(text, "%s; %s", said[0], said[1]) < 0) {
		*text = NULL;
		ret = err_sys(err, ENOMEM, "gcc");
	}
	free(said[0]);
	free(said[1]);
	return ret;
}

/* --- the object tree -------------------------------------------------------- */

/* Trees of one source, compiler and layout have one beginning of their names. */
static char *build_objects_begin(const struct kernel_build *b)
{
	char id[600], hash[FILE_HASH_MAX];

	snprintf(id, sizeof(id), "%s %s", b->compiler, b->layout);
	data_hash(id, strlen(id), hash);
	return text_format("objects/%.16s-%.8s", b->tree->place, hash);
}

/*
 * One tree a configuration: were it shared, make would compile what differs
 * whenever the next kernel has another one.
 */
static char *build_objects_path(const struct kernel_build *b)
{
	const struct kernel_spec *s = b->spec;
	char *begin = build_objects_begin(b), *below, *path, *all = NULL;
	char hash[FILE_HASH_MAX];
	size_t len;
	FILE *f = open_memstream(&all, &len);

	for (size_t i = 0; f && i < s->n_fragments; i++)
		fprintf(f, "%s\n", s->fragments[i].hash);
	if (f && s->config_file)
		fprintf(f, "%s %d\n", s->config_file->hash, s->add_needed);
	if (!f || fclose(f)) {
		free(begin);
		return NULL;
	}
	data_hash(all, len, hash);
	below = text_format("%s-%.8s", begin, hash);
	path = file_cache_path(below);
	free(below);
	free(begin);
	free(all);
	return path;
}

/* The tree of another configuration that was used last; NULL: there is none. */
static char *build_sibling(const struct kernel_build *b)
{
	char *begin = build_objects_begin(b), *pattern = text_format("%s*", begin);
	char *full = file_cache_path(pattern), *best = NULL;
	time_t newest = 0;
	glob_t found;

	if (full && !glob(full, 0, NULL, &found)) {
		for (size_t i = 0; i < found.gl_pathc; i++) {
			struct stat st;

			if (!stat(found.gl_pathv[i], &st) && st.st_mtime > newest) {
				newest = st.st_mtime;
				free(best);
				best = text_format("%s", found.gl_pathv[i]);
			}
		}
		globfree(&found);
	}
	free(full);
	free(pattern);
	free(begin);
	return best;
}

/*
 * A new object tree begins as a copy of a sibling: then only what the
 * configurations make different is compiled. Without one it begins empty. The
 * mark of a build that was cut off is copied, too, and makes the copy be
 * repaired as the tree itself would be.
 */
static int build_seed(struct kernel_job *job, const struct kernel_build *b,
		      const char *objects, struct err *err)
{
	char *fresh = file_cache_path("objects/.new");
	char *sibling = access(objects, F_OK) ? build_sibling(b) : NULL;
	const char *const argv[] = { "cp", "-a", "--reflink=auto", sibling, fresh, NULL };
	int ret = 0;

	if (sibling && fresh) {
		ret = file_remove_tree(fresh, err);
		if (!ret)
			ret = job_need_disk(sibling, OBJECT_ROOM, "building a kernel", err);
		if (!ret)
			ret = job_run(job, NULL, NULL, argv, err);
		if (!ret && rename(fresh, objects))
			ret = err_sys(err, errno, "cannot rename %s", fresh);
		if (ret)
			file_remove_tree(fresh, NULL);
	}
	free(sibling);
	free(fresh);
	return ret;
}

static FTS *build_walk(const char *path)
{
	char *paths[] = { (char *)path, NULL };

	return fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
}

int kernel_build_repair(const char *objects, struct err *err)
{
	time_t newest = 0;

	for (int pass = 0; pass < 2; pass++) {
		FTS *fts = build_walk(objects);
		FTSENT *e;

		if (!fts)
			return err_sys(err, errno, "cannot read %s", objects);
		while ((e = fts_read(fts))) {
			time_t t;

			if (e->fts_info != FTS_F)
				continue;
			t = e->fts_statp->st_mtime;
			if (pass == 0 && t > newest)
				newest = t;
			if (pass == 1 && t > newest - SETTLED)
				unlink(e->fts_accpath);
		}
		fts_close(fts);
	}
	return 0;
}

static int build_begin(const char *objects, const char *mark,
		       unsigned *expected,
		       struct err *err)
{
	int fd, ret;

	*expected = access(objects, F_OK) ? ABOUT_FILES : 0;
	ret = file_mkdirs(objects, err);
	if (ret)
		return ret;
	if (*expected)
		ret = job_need_disk(objects, OBJECT_ROOM, "building a kernel",
				    err);
	if (!ret && !access(mark, F_OK))
		ret = kernel_build_repair(objects, err);
	if (ret) {
		rmdir(objects);	/* if it is new: the next build asks again */
		return ret;
	}
	fd = open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_sys(err, errno, "cannot write %s", mark);
	close(fd);
	return 0;
}

/* --- make ---------------------------------------------------------------------- */

static void build_make_command(struct command *c, const struct kernel_build *b,
			       const char *objects)
{
	char tree[4096];

	c->n = 0;
	snprintf(tree, sizeof(tree), "%s/tree", b->tree->dir);
	build_add(c, "%s", "make");
	build_add(c, "-C%s", tree);
	build_add(c, "O=%s", objects);
	/* The same input is to give the same image. */
	build_add(c, "%s", "KBUILD_BUILD_TIMESTAMP=Thu Jan  1 00:00:00 UTC 1970");
	build_add(c, "%s", "KBUILD_BUILD_USER=kduel");
	build_add(c, "%s", "KBUILD_BUILD_HOST=kduel");
	build_add(c, "%s", "KBUILD_BUILD_VERSION=1");
	build_add(c, "LOCALVERSION=%s", b->suffix);
	if (*b->layout)
		build_add(c, "KCFLAGS=-falign-functions=%s", b->layout);
}

/* What tinyconfig is made of in this tree; not every version has all. */
static void build_write_tiny(FILE *f, const char *dir)
{
	static const char *const parts[] = {
		"kernel/configs/tiny-base.config",
		"kernel/configs/tiny.config", "arch/x86/configs/tiny.config",
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		char path[4096], *text;

		snprintf(path, sizeof(path), "%s/tree/%s", dir, parts[i]);
		if (file_read(path, &text, NULL, NULL))
			continue;
		fputs(text, f);
		free(text);
	}
}

/* Is the line about a symbol that is wanted? */
static bool build_line_is_wanted(const char *line, const struct kernel_want *wants, size_t n)
{
	const char *at = !strncmp(line, "# ", 2) ? line + 2 : line;

	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(wants[i].symbol);

		if (!strncmp(at, wants[i].symbol, len) && strchr("= ", at[len]))
			return true;
	}
	return false;
}

/* The user's configuration without what is added to it. */
static void build_write_own(FILE *f, const struct kernel_spec *s,
			    const struct kernel_want *wants, size_t n)
{
	const char *p = s->config_file->text;

	while (*p) {
		size_t len = strcspn(p, "\n");

		if (!s->add_needed || !build_line_is_wanted(p, wants, n))
			fprintf(f, "%.*s\n", (int)len, p);
		p += len + (p[len] == '\n');
	}
}

/* The user's configuration, or the smallest; and on top of it what is wanted. */
static int build_write_wants(const char *path, const struct kernel_build *b,
			     const struct kernel_want *wants, size_t n,
			     struct err *err)
{
	const struct kernel_spec *s = b->spec;
	FILE *f = fopen(path, "we");

	if (!f)
		return err_sys(err, errno, "cannot write %s", path);
	if (s->config_file)
		build_write_own(f, s, wants, n);
	else
		build_write_tiny(f, b->tree->dir);
	for (size_t i = 0; i < n && (!s->config_file || s->add_needed); i++) {
		if (!strcmp(wants[i].value, "n"))
			fprintf(f, "# %s is not set\n", wants[i].symbol);
		else
			fprintf(f, "%s=%s\n", wants[i].symbol, wants[i].value);
	}
	if (fclose(f))
		return err_sys(err, errno, "cannot write %s", path);
	return 0;
}

/* The same check before compiling, to fail early, and after, to be sure. */
static int build_check_config(const char *objects,
			      const struct kernel_want *wants,
			      size_t n, struct err *err)
{
	char path[4200], *text;
	int ret;

	snprintf(path, sizeof(path), "%s/.config", objects);
	ret = file_read(path, &text, NULL, err);
	if (ret)
		return ret;
	ret = kernel_config_check(text, wants, n, err);
	free(text);
	return ret;
}

static int build_configure(struct kernel_job *job, const struct kernel_build *b,
			   const char *objects, const struct kernel_want *wants,
			   size_t n, struct err *err)
{
	struct command *c = calloc(1, sizeof(*c));
	char path[4200];
	int ret;

	if (!c)
		return err_sys(err, ENOMEM, "make");
	ret = job_phase(job, KERNEL_CONFIGURE, err, "configuring");
	snprintf(path, sizeof(path), "%s/%s", objects,
		 b->spec->config_file ? ".config" : "wanted.config");
	if (!ret)
		ret = build_write_wants(path, b, wants, n, err);
	build_make_command(c, b, objects);
	if (!b->spec->config_file)
		build_add(c, "KCONFIG_ALLCONFIG=%s", path);
	build_add(c, "%s", b->spec->config_file ? "olddefconfig" : "allnoconfig");
	if (!ret)
		ret = job_run(job, NULL, NULL, c->argv, err);
	if (!ret)
		ret = build_check_config(objects, wants, n, err);
	free(c);
	return ret;
}

static int build_compile(struct kernel_job *job, const struct kernel_build *b,
			 const char *objects, unsigned expected, struct err *err)
{
	struct command *c = calloc(1, sizeof(*c));
	char jobs[16];
	cpu_set_t cpus;
	int n = 1, ret;

	if (!c)
		return err_sys(err, ENOMEM, "make");
	if (!sched_getaffinity(0, sizeof(cpus), &cpus))
		n = CPU_COUNT(&cpus);
	snprintf(jobs, sizeof(jobs), "%d", n);
	build_make_command(c, b, objects);
	build_add(c, "-j%s", jobs);
	build_add(c, "%s", "bzImage");
	ret = job_phase(job, KERNEL_COMPILE, err, "compiling");
	job->expected = expected;
	if (!ret)
		ret = job_run(job, NULL, NULL, c->argv, err);
	free(c);
	return ret;
}

static int build_take(const char *objects, const char *from, const char *out,
		      const char *to, struct err *err)
{
	char a[4200], b[4200], *data;
	size_t len;
	int ret;

	snprintf(a, sizeof(a), "%s/%s", objects, from);
	snprintf(b, sizeof(b), "%s/%s", out, to);
	ret = file_read(a, &data, &len, err);
	if (ret)
		return ret;
	ret = file_publish(b, data, len, err);
	free(data);
	return ret;
}

static int build_all(struct kernel_job *job, const struct kernel_build *b,
		     const char *objects, const struct kernel_want *wants,
		     size_t n, struct err *err)
{
	char mark[4200];
	unsigned expected;
	int ret;

	snprintf(mark, sizeof(mark), "%s/.building", objects);
	ret = build_seed(job, b, objects, err);
	if (!ret)
		ret = build_begin(objects, mark, &expected, err);
	if (ret)
		return ret;
	ret = build_configure(job, b, objects, wants, n, err);
	cache_used(objects);
	if (!ret)
		ret = build_compile(job, b, objects, expected, err);
	/* make ended by itself: no file is half written, unless for want of room. */
	if (!ret || (ret != -EINTR &&
		     !job_need_disk(objects, LEAST_ROOM, "make", NULL)))
		unlink(mark);
	if (!ret)
		ret = build_check_config(objects, wants, n, err);
	if (!ret)
		ret = build_take(objects, "arch/x86/boot/bzImage", b->out, "bzImage",
				 err);
	if (!ret)
		ret = build_take(objects, ".config", b->out, "config", err);
	return ret;
}

int kernel_build_run(struct kernel_job *job, const struct kernel_build *b,
		     struct err *err)
{
	static const char *const programs[][2] = {
		{ "make", "make" }, { "gcc", "gcc" }, { "ld", "binutils" },
		{ "flex", "flex" }, { "bison", "bison" }, { "bc", "bc" },
		{ "awk", "mawk" }, { "lz4", "lz4" }, { NULL, NULL },
	};
	struct kernel_want *wants = NULL;
	size_t n = 0;
	char *objects = build_objects_path(b);
	int ret;

	ret = objects ? job_need_programs(programs, err)
		      : err_sys(err, ENOMEM, "make");
	if (!ret)
		ret = kernel_config_wants(b->spec->fragments,
					  b->spec->n_fragments, &wants, &n,
					  err);
	if (!ret)
		ret = build_all(job, b, objects, wants, n, err);
	free(wants);
	free(objects);
	return ret;
}
