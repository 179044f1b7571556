/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel-build.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proc.h"
#include "safe.h"

#define LEAST_ROOM (32ULL << 20)	/* with less free, make may have run out of space */
#define ABOUT_FILES 1300		/* compiled for a tiny kernel */
#define ARGS_MAX 24

/*
 * What takes a sixth of the compiler's time and makes no code: gcc remembers which macros
 * each token came through, for the notes of its messages, and compares the columns of
 * statements. Without the former, -Waddress and -Wtautological-compare would complain of
 * comparisons inside macros, and a complaint must not end a build with CONFIG_WERROR.
 */
#define CHEAPER "-ftrack-macro-expansion=0 -Wno-misleading-indentation -Wno-address " \
		"-Wno-tautological-compare -Wno-error"

#define PATH_SIZE 8192
#define ENV_MAX 6

/* The make command line under construction, and what it adds to the environment. */
struct command {
	const char *argv[ARGS_MAX], *env[ENV_MAX];
	char text[ARGS_MAX][4400], path[PATH_SIZE], place[4200];
	int n;
};

static void build_add(struct command *c, const char *fmt, const char *value)
{
	snprintf(c->text[c->n], sizeof(c->text[0]), fmt, value);
	c->argv[c->n] = c->text[c->n];
	c->argv[++c->n] = NULL;
}

int kernel_build_needs(struct err *err)
{
	static const char *const programs[][2] = {
		{ "make", "make" }, { "gcc", "gcc" }, { "ld", "binutils" },
		{ "flex", "flex" }, { "bison", "bison" }, { "bc", "bc" },
		{ "awk", "mawk" }, { "lz4", "lz4" }, { "git", "git" }, { NULL, NULL },
	};

	return job_need_programs("building a kernel", programs, err);
}

int kernel_compiler(char **text, struct err *err)
{
	static const char *const programs[][2] = {
		{ "gcc", "gcc" }, { "ld", "binutils" }, { NULL, NULL },
	};
	static const char *const ask[][3] = {
		{ "gcc", "--version", NULL }, { "ld", "--version", NULL },
	};
	struct proc_options o = { .clean = true };
	char *said[2] = { NULL, NULL };
	int ret = job_need_programs("building a kernel", programs, err);

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

/* --- make ---------------------------------------------------------------------- */

static void build_make_command(struct command *c, const struct kernel_build *b,
			       const char *objects)
{
	char tree[4096], align[64] = "";

	c->n = 0;
	snprintf(tree, sizeof(tree), "%s/tree", b->tree->dir);
	build_add(c, "%s", "make");
	build_add(c, "-C%s", tree);
	build_add(c, "O=%s", objects);
	/* Reproducible: the same input gives the same image. */
	build_add(c, "%s", "KBUILD_BUILD_TIMESTAMP=Thu Jan  1 00:00:00 UTC 1970");
	build_add(c, "%s", "KBUILD_BUILD_USER=kduel");
	build_add(c, "%s", "KBUILD_BUILD_HOST=kduel");
	build_add(c, "%s", "KBUILD_BUILD_VERSION=1");
	build_add(c, "LOCALVERSION=%s", b->suffix);
	/*
	 * 5.19 to 6.2 run three programs on each object to find local symbols that are
	 * exported to modules: 6% of the build time, and there are no modules.
	 */
	build_add(c, "%s", "cmd_check_local_export=:");
	if (*b->layout)
		snprintf(align, sizeof(align), " -falign-functions=%s", b->layout);
	build_add(c, "KCFLAGS=" CHEAPER "%s", align);
}

/* The folder where ccache has its links named like compilers. */
static const char *build_ccache(void)
{
	static const char *const folders[] = {
		"/usr/lib/ccache", "/usr/lib64/ccache", "/usr/lib/ccache/bin",
	};
	char gcc[64];

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(gcc, sizeof(gcc), "%s/gcc", folders[i]);
		if (!access(gcc, X_OK) && !getenv("CCACHE_DISABLE"))
			return folders[i];
	}
	return NULL;
}

/*
 * ccache, if installed, reuses what was compiled for another tree. The user's
 * CCACHE_DIR is respected; sloppiness is not, since a wrong hit would be measured.
 * What a file depends on is what the compiler writes for make, without a run of the
 * preprocessor before: that would make a first arm a third dearer, and find next to
 * nothing more (30 files of 4,700, of kernels and of this program), as another
 * configuration changes what headers give.
 */
static bool build_use_ccache(struct command *c)
{
	const char *folder = build_ccache(), *path = getenv("PATH");
	const char *place = getenv("CCACHE_DIR");
	int n = 0, len;

	len = folder ? snprintf(c->path, sizeof(c->path), "PATH=%s:%s", folder,
				path && *path ? path : "/usr/bin:/bin") : 0;
	if (!folder || len >= (int)sizeof(c->path))
		return false;
	c->env[n++] = c->path;
	c->env[n++] = "CCACHE_SLOPPINESS=";
	c->env[n++] = "CCACHE_DEPEND=1";
	if (place && snprintf(c->place, sizeof(c->place), "CCACHE_DIR=%s", place) <
		     (int)sizeof(c->place))
		c->env[n++] = c->place;
	return true;
}

/* The fragments that make up tinyconfig in this tree; not every version has them all. */
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

/* Does the line set a symbol that is wanted? */
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

/* The user's configuration without the lines that `wants` overrides. */
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

/* The user's configuration, or else tinyconfig; then the wants on top of it. */
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

/* Done before compiling, to fail early, and again after it, to be sure. */
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

/*
 * Was .config made from these same wants, and has no Kconfig file changed since? For
 * a patched arm this is usually so, and asking kconfig itself takes seconds.
 */
static bool build_is_configured(const char *objects, const char *tree, const char *wants)
{
	static const char begin[] = "deps_config := \\\n";
	char *stamp = text_format("%s/.configured", objects), *was = NULL, *deps = NULL;
	char *config = text_format("%s/.config", objects);
	char *list = text_format("%s/include/config/auto.conf.cmd", objects);
	struct stat at, st;
	bool same = !file_read(stamp, &was, NULL, NULL) && !strcmp(was, wants) &&
		    !stat(stamp, &at) && !stat(config, &st) && st.st_mtime <= at.st_mtime &&
		    !file_read(list, &deps, NULL, NULL) &&
		    !strncmp(deps, begin, sizeof(begin) - 1);

	for (char *p = same ? deps + sizeof(begin) - 1 : NULL; same && *p == '\t';) {
		size_t n = strcspn(++p, " \n");
		char *path = text_format("%s/%.*s", tree, (int)n, p);

		same = !stat(path, &st) && st.st_mtime < at.st_mtime;
		free(path);
		p += strcspn(p, "\n");
		p += *p == '\n';
	}
	free(stamp);
	free(was);
	free(deps);
	free(config);
	free(list);
	return same;
}

static int build_configure(struct kernel_job *job, const struct kernel_build *b,
			   const char *objects, const struct kernel_want *wants,
			   size_t n, struct err *err)
{
	struct command *c = calloc(1, sizeof(*c));
	char path[4200], stamp[4200], tree[4200], hash[FILE_HASH_MAX] = "";
	int ret;

	if (!c)
		return err_sys(err, ENOMEM, "make");
	build_use_ccache(c);
	snprintf(tree, sizeof(tree), "%s/tree", b->tree->dir);
	snprintf(stamp, sizeof(stamp), "%s/.configured", objects);
	ret = job_phase(job, KERNEL_CONFIGURE, err, "configuring");
	snprintf(path, sizeof(path), "%s/%s", objects,
		 b->spec->config_file ? ".config" : "wanted.config");
	if (!ret)
		ret = build_write_wants(path, b, wants, n, err);
	if (!ret && !b->spec->config_file)
		ret = file_hash(path, hash, err);
	if (!ret && *hash && build_is_configured(objects, tree, hash)) {
		free(c);
		return build_check_config(objects, wants, n, err);
	}
	unlink(stamp);
	build_make_command(c, b, objects);
	if (!b->spec->config_file)
		build_add(c, "KCONFIG_ALLCONFIG=%s", path);
	build_add(c, "%s", b->spec->config_file ? "olddefconfig" : "allnoconfig");
	if (!ret)
		ret = job_run(job, NULL, c->env, c->argv, err);
	if (!ret)
		ret = build_check_config(objects, wants, n, err);
	if (!ret && *hash)
		ret = file_publish(stamp, hash, strlen(hash), err);
	free(c);
	return ret;
}

static int build_compile(struct kernel_job *job, const struct kernel_build *b,
			 const struct kernel_objects *o, struct err *err)
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
	build_make_command(c, b, o->path);
	build_add(c, "-j%s", jobs);
	build_add(c, "%s", "bzImage");
	ret = job_phase(job, KERNEL_COMPILE, err, "compiling%s",
			build_use_ccache(c) ? " with ccache" : "");
	job->expected = o->is_new ? ABOUT_FILES : 0;
	if (!ret)
		ret = job_run(job, NULL, c->env, c->argv, err);
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

/* For gdb, and for line numbers in a panic: only a user's own configuration has it. */
static int build_take_debug(const char *objects, const char *out, struct err *err)
{
	char path[4200], value[KERNEL_VALUE_MAX], *text;
	int ret;

	snprintf(path, sizeof(path), "%s/config", out);
	ret = file_read(path, &text, NULL, err);
	if (ret)
		return ret;
	kernel_config_value(text, "CONFIG_DEBUG_INFO", value, sizeof(value));
	free(text);
	return strcmp(value, "y") ? 0 : build_take(objects, "vmlinux", out, "vmlinux", err);
}

static int build_all(struct kernel_job *job, const struct kernel_build *b,
		     const struct kernel_objects *o, const struct kernel_want *wants,
		     size_t n, struct err *err)
{
	int ret = build_configure(job, b, o->path, wants, n, err);

	if (!ret)
		ret = build_compile(job, b, o, err);
	/* make was not interrupted, so only a full disk can have left half-written files. */
	if (ret != -EINTR)
		kernel_objects_ended(o, !ret || !job_need_disk(o->path, LEAST_ROOM,
							       "make", NULL));
	if (!ret)
		ret = build_check_config(o->path, wants, n, err);
	if (!ret)
		ret = build_take(o->path, "arch/x86/boot/bzImage", b->out, "bzImage",
				 err);
	if (!ret)
		ret = build_take(o->path, ".config", b->out, "config", err);
	if (!ret)
		ret = build_take_debug(o->path, b->out, err);
	return ret;
}

int kernel_build_run(struct kernel_job *job, const struct kernel_build *b,
		     struct err *err)
{
	struct kernel_objects o = KERNEL_OBJECTS_INIT;
	struct kernel_want *wants = NULL;
	size_t n = 0;
	int ret = kernel_config_wants(b->spec->fragments, b->spec->n_fragments,
				      &wants, &n, err);

	if (!ret)
		ret = kernel_objects_take(job, b, &o, err);
	if (!ret)
		ret = build_all(job, b, &o, wants, n, err);
	kernel_objects_release(&o);
	free(wants);
	return ret;
}
