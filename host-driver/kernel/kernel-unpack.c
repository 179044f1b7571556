/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel-source.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel-job.h"
#include "kernel-patch.h"
#include "proc.h"

#define GIT_SECONDS 600.0	/* for a whole history on a slow disk */
#define ASK_MAX 16
#define DEPTH_MAX 5		/* nested folders around the tree in an archive */
/* A compressed kernel source grows about 11-fold when it is unpacked. */
#define UNPACK_FACTOR 12

/* --- repositories ------------------------------------------------------------ */

int kernel_repository_ask(const char *path, const char *const args[], char **said,
			  struct err *err)
{
	static const char *const env[] = { "GIT_NO_REPLACE_OBJECTS=1", "GIT_OPTIONAL_LOCKS=0", NULL };
	const char *argv[ASK_MAX + 4] = { "git", "-C", path };
	const struct proc_options o = { .argv = argv, .clean = true, .env = env };
	int ret = job_need_git(err);

	for (size_t i = 0; args[i] && i < ASK_MAX; i++)
		argv[3 + i] = args[i];
	return ret ? ret : proc_capture(&o, GIT_SECONDS, said, NULL, err);
}

int kernel_repository_open(const char *path, struct kernel_repository *r,
			   struct err *err)
{
	static const char *const args[] = { "rev-parse", "--path-format=absolute",
					    "--show-prefix", "--git-path", "objects",
					    "--show-object-format", NULL };
	char *said, *objects = NULL, *format = NULL;
	int ret = kernel_repository_ask(path, args, &said, err);

	*r = (struct kernel_repository){ NULL, "" };
	if (ret) {
		err_prefix(err, "cannot read the git repository %s", path);
		return ret;
	}
	if (*said != '\n')
		ret = err_config(err, "%s is a folder inside a git repository; name the repository's top folder, since the whole tree is taken",
				 path);
	objects = strchr(said, '\n');
	format = objects ? strchr(objects + 1, '\n') : NULL;
	if (!ret && strchr(path, '\n'))
		ret = err_config(err, "cannot read the git repository %s: its path contains a newline; rename it", path);
	if (!ret && !format)
		ret = err_config(err, "cannot read the git repository %s: it needs git 2.31 or newer", path);
	if (!ret) {
		r->objects = strndup(objects + 1, format - objects - 1);
		snprintf(r->format, sizeof(r->format), "%.*s",
			 (int)strcspn(format + 1, "\n"), format + 1);
		if (!r->objects)
			ret = err_sys(err, ENOMEM, "%s", path);
	}
	free(said);
	return ret;
}

bool kernel_repository_is_shallow(const char *path)
{
	static const char *const ask[] = { "rev-parse", "--is-shallow-repository", NULL };
	char *said = NULL;
	bool is = !kernel_repository_ask(path, ask, &said, NULL) && !strncmp(said, "true", 4);

	free(said);
	return is;
}

int kernel_repository_commit(const char *path, const char *revision,
			     char **commit, struct err *err)
{
	struct err why = ERR_INIT;
	char *what = NULL;
	const char *args[] = { "rev-parse", "--verify", "--end-of-options", NULL, NULL };
	int ret;

	*commit = NULL;
	if (asprintf(&what, "%s^{commit}", revision) < 0)
		return err_sys(err, ENOMEM, "%s", path);
	args[3] = what;
	ret = kernel_repository_ask(path, args, commit, &why);
	free(what);
	if (!ret) {
		(*commit)[strcspn(*commit, "\n")] = '\0';
		return 0;
	}
	if (kernel_repository_is_shallow(path))
		return err_config(err, "%s has no revision %s: it is a shallow clone; git -C %s fetch --unshallow gets the rest",
				  path, revision, path);
	if (strstr(why.text, "Needed a single revision"))	/* git's words for that */
		return err_config(err, "%s has no revision %s", path, revision);
	return err_set(err, why.exit, why.code, "%s has no revision %s: %s", path, revision, why.text);
}

void kernel_repository_release(struct kernel_repository *r)
{
	free(r->objects);
	r->objects = NULL;
}

/* --- what a source tree is ---------------------------------------------------- */

/* Does its Makefile have a rule for configurations ("%config:", "allnoconfig:")? */
static bool unpack_is_kernel(const char *folder)
{
	char path[4400], *text;
	bool found = false;

	snprintf(path, sizeof(path), "%s/Makefile", folder);
	if (file_read(path, &text, NULL, NULL))
		return false;
	for (const char *line = text; line && !found;
	     line = strchr(line, '\n'), line += line != NULL) {
		size_t n = strcspn(line, "\n#\t");
		const char *rule = memmem(line, n, "config:", 7);

		found = rule && rule[7] != '=';
	}
	free(text);
	return found;
}

/*
 * Finds the source tree in an unpacked archive: descends from `path`, the root, into
 * single folders until one is a tree. Of several folders exactly one must be a tree.
 */
static bool unpack_find_top(char *path, size_t size, int depth)
{
	size_t n = strlen(path);
	unsigned folders = 0, kernels = 0;
	char only[256] = "";
	struct dirent *e;
	DIR *dir;

	if (unpack_is_kernel(path))
		return true;
	dir = depth < DEPTH_MAX ? opendir(path) : NULL;
	while (dir && (e = readdir(dir))) {
		struct stat st;

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		snprintf(path + n, size - n, "/%s", e->d_name);
		if (lstat(path, &st) || !S_ISDIR(st.st_mode))
			continue;
		folders++;
		if (unpack_is_kernel(path) ? !kernels++ : !kernels)
			snprintf(only, sizeof(only), "%s", e->d_name);
	}
	if (dir)
		closedir(dir);
	snprintf(path + n, size - n, "/%s", only);
	if (kernels)
		return kernels == 1;
	return folders == 1 && unpack_find_top(path, size, depth + 1);
}

static int unpack_is_none(const char *of, struct err *err)
{
	return err_config(err, "%s is not a Linux source tree: at its top there must be exactly one Makefile with a rule for configurations",
			  of);
}

/* --- archives -------------------------------------------------------------------- */

#define TAR_BLOCK 512

/*
 * Does an uncompressed archive lack its end-of-archive mark? tar itself would accept
 * it as complete.
 */
static bool unpack_is_cut(const char *tarball)
{
	static const char nothing[TAR_BLOCK];
	FILE *f = fopen(tarball, "re");
	char head[TAR_BLOCK], size[13] = "";
	bool cut = false, is_tar = false;

	while (f && !cut) {
		uint64_t bytes = 0;

		cut = fread(head, 1, sizeof(head), f) != sizeof(head);
		if (cut || memcmp(head + 257, "ustar", 5)) {
			cut = is_tar && (cut || memcmp(head, nothing, sizeof(head)));
			break;	/* the end mark, or not a tar file */
		}
		is_tar = true;
		memcpy(size, head + 124, 12);
		if (size[0] & 0x80)	/* binary, if too large for eleven octal digits */
			for (int i = 4; i < 12; i++)
				bytes = bytes << 8 | (unsigned char)size[i];
		else
			bytes = strtoull(size, NULL, 8);
		cut = fseeko(f, (bytes + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK, SEEK_CUR);
	}
	if (f)
		fclose(f);
	return cut;
}

/* tar reads what it knows; of the rest it would only say that this is no archive. */
static int unpack_check_kind(const char *tarball, struct err *err)
{
	static const struct { const char *begin, *is; } others[] = {
		{ "PK\3\4", "a zip archive" }, { "\4\"M\030", "compressed by lz4" },
		{ "0707", "a cpio archive" }, { "7z\274\257", "a 7z archive" },
	};
	char head[5] = "";
	FILE *f = fopen(tarball, "re");
	size_t n = f ? fread(head, 1, 4, f) : 0;

	if (f)
		fclose(f);
	for (size_t i = 0; n == 4 && i < sizeof(others) / sizeof(others[0]); i++)
		if (!memcmp(head, others[i].begin, 4))
			return err_config(err, "%s is %s; a tarball is a tar archive, plain or compressed by gzip, bzip2, xz, zstd, lzip, lzma or lzop",
					  tarball, others[i].is);
	return unpack_is_cut(tarball)
		       ? err_config(err, "%s is truncated or damaged: it has no end-of-archive mark", tarball) : 0;
}

/* Unpacks `tarball` and moves the source tree in it to <dir>/tree. */
static int unpack_tar(struct kernel_job *job, const char *tarball,
		      const char *dir, struct err *err)
{
	static const char *const env[] = { "XZ_DEFAULTS=-T0", NULL };
	char all[4200], top[4400], tree[4200];
	/* A repository inside the tree would hide its files from ours. */
	const char *const argv[] = { "tar", "-xf", tarball, "-C", all,
				     "--no-same-owner", "--exclude=.git", NULL };
	const char *const mode[] = { "chmod", "-R", "u+rwX", all, NULL };
	int ret;

	snprintf(all, sizeof(all), "%s/archive", dir);
	snprintf(top, sizeof(top), "%s", all);
	snprintf(tree, sizeof(tree), "%s/tree", dir);
	ret = unpack_check_kind(tarball, err);
	if (!ret)
		ret = file_mkdirs(all, err);
	if (!ret)
		ret = job_run(job, NULL, env, argv, err);
	if (!ret)
		ret = job_run(job, NULL, NULL, mode, err);
	if (!ret && !unpack_find_top(top, sizeof(top), 0))
		ret = unpack_is_none(tarball, err);
	if (!ret && rename(top, tree))
		ret = err_sys(err, errno, "cannot rename %s", top);
	if (!ret)
		ret = file_remove_tree(all, err);
	return ret;
}

static int unpack_debian(struct kernel_job *job, const char *deb,
			 const char *dir, struct err *err)
{
	const char *argv[] = { "dpkg-deb", "-x", deb, NULL, NULL };
	char *out = NULL, *pattern = NULL;
	glob_t found = { 0 };
	int ret;

	if (asprintf(&out, "%s/package", dir) < 0 ||
	    asprintf(&pattern, "%s/usr/src/linux-source-*.tar.*", out) < 0) {
		free(out);
		return err_sys(err, ENOMEM, "%s", dir);
	}
	argv[3] = out;
	ret = job_run(job, NULL, NULL, argv, err);
	if (!ret && glob(pattern, 0, NULL, &found))
		ret = err_machine(err, "%s contains no usr/src/linux-source-*.tar.*",
				  deb);
	if (!ret) {
		ret = unpack_tar(job, found.gl_pathv[0], dir, err);
		globfree(&found);
	}
	if (!ret)
		ret = file_remove_tree(out, err);
	free(pattern);
	free(out);
	return ret;
}

static int unpack_archive(struct kernel_job *job,
			  const struct kernel_spec *spec, const char *archive,
			  const char *dir, struct err *err)
{
	struct kernel_git g;
	struct stat st;
	int ret = 0;

	if (!stat(archive, &st))
		ret = job_need_disk(dir, (uint64_t)st.st_size * UNPACK_FACTOR,
				    "unpacking the kernel's source", err);
	if (ret)
		return ret;
	if (spec->kind == SOURCE_DEBIAN)
		ret = unpack_debian(job, archive, dir, err);
	else
		ret = unpack_tar(job, archive, dir, err);
	if (!ret)
		ret = kernel_git_create(&g, dir, "sha1", err);
	return ret ? ret : kernel_patch_import(job, dir, false, err);
}

/* --- git -------------------------------------------------------------------------- */

static void unpack_alternates(const char *dir, char path[static 4300])
{
	snprintf(path, 4300, "%s/git/objects/info/alternates", dir);
}

static int unpack_borrow(const char *dir, const char *objects, struct err *err)
{
	char path[4300], line[4300];

	unpack_alternates(dir, path);
	snprintf(line, sizeof(line), "%s\n", objects);
	return file_publish(path, line, strlen(line), err);
}

static void unpack_give_back(const char *dir)
{
	char path[4300];

	unpack_alternates(dir, path);
	unlink(path);
}

/*
 * Checks out `commit` in a repository of our own that borrows the user's objects
 * meanwhile: nothing else of theirs is read.
 */
static int unpack_check_out(struct kernel_job *job, const char *objects,
			    const char *format, const char *commit,
			    const char *dir, struct err *err)
{
	const char *const read[] = { "git", "read-tree", commit, NULL };
	static const char *const write[] = { "git", "checkout-index", "-a",
					     "-f", "-q", "-u", NULL };
	struct kernel_git g;
	int ret = kernel_git_create(&g, dir, format, err);

	if (!ret)
		ret = unpack_borrow(dir, objects, err);
	if (!ret)
		ret = job_run(job, NULL, g.env, read, err);
	if (!ret)
		ret = job_run(job, NULL, g.env, write, err);
	unpack_give_back(dir);
	return ret;
}

/* A clone with --filter has packs beside which git puts a mark; it lacks files then. */
static void unpack_tell_partial(const char *path, const struct kernel_repository *r,
				struct err *err)
{
	char pattern[4300];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/pack/*.promisor", r->objects);
	if (glob(pattern, GLOB_NOSORT, NULL, &found))
		return;
	globfree(&found);
	err_prefix(err, "%s is a partial clone, which may lack files of this commit; get them all with: git -C '%s' fetch --refetch --no-filter",
		   path, path);
}

static int unpack_git(struct kernel_job *job, const struct kernel_source *s,
		      const char *commit, const char *dir, struct err *err)
{
	struct kernel_repository r;
	char tree[4300];
	int ret = kernel_repository_open(s->git, &r, err);

	snprintf(tree, sizeof(tree), "%s/tree", dir);
	if (!ret)
		ret = file_mkdirs(tree, err);
	if (!ret)
		ret = unpack_check_out(job, r.objects, r.format, commit, dir,
				       err);
	if (ret && ret != -EINTR)
		unpack_tell_partial(s->git, &r, err);
	if (!ret && !unpack_is_kernel(tree))
		ret = unpack_is_none(s->git, err);
	if (!ret)
		ret = kernel_patch_import(job, dir, true, err);
	kernel_repository_release(&r);
	return ret;
}

int kernel_unpack_update(struct kernel_job *job, const struct kernel_spec *spec,
			 const char *commit, const char *dir, struct err *err)
{
	struct kernel_repository r;
	char tree[4300];
	int ret = job_phase(job, KERNEL_UNPACK, err, "going to commit %.12s", commit);

	if (!ret)
		ret = kernel_repository_open(spec->source.git, &r, err);
	if (ret)
		return ret;
	snprintf(tree, sizeof(tree), "%s/tree", dir);
	ret = unpack_borrow(dir, r.objects, err);
	if (!ret)
		ret = kernel_patch_check_out(job, dir, commit, err);
	/* From here on everything is stored in our own repository. */
	unpack_give_back(dir);
	if (!ret && !unpack_is_kernel(tree))
		ret = unpack_is_none(spec->source.git, err);
	if (!ret)
		ret = kernel_patch_import(job, dir, true, err);
	kernel_repository_release(&r);
	return ret;
}

int kernel_unpack(struct kernel_job *job, const struct kernel_spec *spec,
		  const char *archive, const char *commit, const char *dir,
		  struct err *err)
{
	int ret = job_phase(job, KERNEL_UNPACK, err, "unpacking the source");

	if (ret)
		return ret;
	if (archive)
		return unpack_archive(job, spec, archive, dir, err);
	return unpack_git(job, &spec->source, commit, dir, err);
}
