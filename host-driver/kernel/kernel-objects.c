/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel-build.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel-cache.h"
#include "safe.h"

#define OBJECT_ROOM (700ULL << 20)	/* of a tiny kernel's object tree */
#define SETTLED 60			/* seconds after which a file is on disk */
#define BOOT "/proc/sys/kernel/random/boot_id"

/* --- where trees are --------------------------------------------------------- */

/* The common prefix of the names of all trees of one source, compiler and layout. */
static char *objects_begin(const struct kernel_build *b)
{
	char id[600], hash[FILE_HASH_MAX], *below, *path;

	snprintf(id, sizeof(id), "%s %s", b->compiler, b->layout);
	data_hash(id, strlen(id), hash);
	below = text_format("objects/%.16s-%.8s", b->tree->place, hash);
	path = file_cache_path(below);
	free(below);
	return path;
}

/*
 * One tree per configuration: in a shared one make would recompile what differs
 * whenever the next kernel has another configuration.
 */
static int objects_configuration(const struct kernel_spec *s, char hash[FILE_HASH_MAX])
{
	char *all = NULL;
	size_t len;
	FILE *f = open_memstream(&all, &len);

	for (size_t i = 0; f && i < s->n_fragments; i++)
		fprintf(f, "%s\n", s->fragments[i].hash);
	if (f && s->config_file)
		fprintf(f, "%s %d\n", s->config_file->hash, s->add_needed);
	if (!f || fclose(f)) {
		free(all);
		return -ENOMEM;
	}
	data_hash(all, len, hash);
	free(all);
	return 0;
}

/* The most recently used tree of another configuration; NULL: there is none. */
static char *objects_sibling(const char *begin)
{
	char *pattern = text_format("%s-*", begin), *best = NULL;
	time_t newest = 0;
	glob_t found;

	if (!glob(pattern, 0, NULL, &found)) {
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
	free(pattern);
	return best;
}

/*
 * Moves the tree that a killed build left at the build path back to its resting
 * place, whose name it contains (.rest). A tree without that name was made
 * elsewhere or by an older version; it still serves as a start.
 */
static int objects_clear(const char *path, struct err *err)
{
	char *note = text_format("%s/.rest", path), *rest, *said = NULL;
	int ret = 0;

	if (!access(path, F_OK)) {
		if (file_read(note, &said, NULL, NULL) || strlen(said) != 8 ||
		    strspn(said, "0123456789abcdef") != 8) {
			free(said);
			said = text_format("older");
		}
		rest = text_format("%s-%s", path, said);
		if (!access(rest, F_OK))
			ret = file_remove_tree(path, err);
		else if (rename(path, rest))
			ret = err_sys(err, errno, "cannot rename %s", path);
		free(rest);
		free(said);
	}
	free(note);
	return ret;
}

/* --- after a build that was cut off ------------------------------------------ */

/* Does a file's record (.<name>.cmd) show that the command that made it finished? */
static bool objects_record_is_whole(const char *record, const struct stat *of)
{
	struct stat st;
	char last = 0;
	int fd = open(record, O_RDONLY | O_CLOEXEC);
	bool whole = fd >= 0 && !fstat(fd, &st) && st.st_size > 0 &&
		     pread(fd, &last, 1, st.st_size - 1) == 1 && last == '\n' &&
		     (st.st_mtim.tv_sec > of->st_mtim.tv_sec ||
		      (st.st_mtim.tv_sec == of->st_mtim.tv_sec &&
		       st.st_mtim.tv_nsec >= of->st_mtim.tv_nsec));

	if (fd >= 0)
		close(fd);
	return whole;
}

/*
 * kbuild writes a record after the file, and removes the list of included files
 * (.<name>.d) after the record. Everything below include/ is written to a temporary
 * file and renamed; without include/config/auto.conf, kconfig would take every
 * symbol for new, and make would recompile everything.
 */
static bool objects_is_finished(const char *root, const FTSENT *e)
{
	const char *name = e->fts_name;
	size_t n = e->fts_namelen, folder = e->fts_pathlen - n;
	char *record, *list;
	bool finished;

	if (!strncmp(e->fts_path + strlen(root), "/include/", 9) || !strcmp(name, ".rest") ||
	    !strcmp(name, ".config"))
		return true;
	if (*name == '.' && n > 2 && !strcmp(name + n - 2, ".d"))
		return true;	/* its presence marks what is unfinished */
	if (*name == '.' && n > 5 && !strcmp(name + n - 4, ".cmd")) {
		record = text_format("%s", e->fts_path);
		list = text_format("%.*s.d", (int)(e->fts_pathlen - 4), e->fts_path);
	} else {
		record = text_format("%.*s.%s.cmd", (int)folder, e->fts_path, name);
		list = text_format("%.*s.%s.d", (int)folder, e->fts_path, name);
	}
	finished = access(list, F_OK) && objects_record_is_whole(record, e->fts_statp);
	free(record);
	free(list);
	return finished;
}

int kernel_objects_repair(const char *path, bool lost, struct err *err)
{
	char *paths[] = { (char *)path, NULL };
	time_t newest = 0;

	for (int pass = 0; pass < 2; pass++) {
		FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
		FTSENT *e;

		if (!fts)
			return err_sys(err, errno, "cannot read %s", path);
		while ((e = fts_read(fts))) {
			time_t t;

			if (e->fts_info != FTS_F)
				continue;
			t = e->fts_statp->st_mtime;
			if (pass == 0 && t > newest)
				newest = t;
			if (pass == 1 && t > newest - SETTLED &&
			    (lost || !objects_is_finished(path, e)))
				unlink(e->fts_accpath);
		}
		fts_close(fts);
	}
	return 0;
}

/* The mark holds the ID of this machine's boot, to tell whether it went down since. */
static int objects_mark(const char *path, struct err *err)
{
	char *mark = text_format("%s/.building", path), *boot = NULL, *old = NULL;
	int ret = 0;

	file_read(BOOT, &boot, NULL, NULL);
	if (!access(mark, F_OK)) {
		file_read(mark, &old, NULL, NULL);
		ret = kernel_objects_repair(path, !boot || !old || strcmp(boot, old), err);
	}
	if (!ret)
		ret = file_publish(mark, boot ? boot : "", boot ? strlen(boot) : 0, err);
	free(boot);
	free(old);
	free(mark);
	return ret;
}

void kernel_objects_ended(const struct kernel_objects *o, bool whole)
{
	char *mark = text_format("%s/.building", o->path);
	int fd = -1;

	/* An empty mark matches no boot: everything recent is removed, as after a crash. */
	if (whole)
		unlink(mark);
	else
		fd = open(mark, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	free(mark);
}

/* --- taking one --------------------------------------------------------------- */

/* An interrupted build's mark is copied with the files that it says need repair. */
static int objects_copy(struct kernel_job *job, const char *sibling,
			const char *path, struct err *err)
{
	char *fresh = file_cache_path("objects/.new");
	const char *const argv[] = { "cp", "-a", "--reflink=auto", sibling, fresh, NULL };
	int ret = fresh ? file_remove_tree(fresh, err) : err_sys(err, ENOMEM, "cp");

	if (!ret)
		ret = job_need_disk(sibling, OBJECT_ROOM, "building a kernel", err);
	if (!ret)
		ret = job_run(job, NULL, NULL, argv, err);
	if (!ret && rename(fresh, path))
		ret = err_sys(err, errno, "cannot rename %s", fresh);
	if (ret && fresh)
		file_remove_tree(fresh, NULL);
	free(fresh);
	return ret;
}

static int objects_make(struct kernel_job *job, struct kernel_objects *o,
			struct err *err)
{
	char *sibling = objects_sibling(o->path);
	int ret;

	o->is_new = !sibling;
	if (sibling) {
		ret = objects_copy(job, sibling, o->path, err);
	} else {
		ret = file_mkdirs(o->path, err);
		if (!ret)
			ret = job_need_disk(o->path, OBJECT_ROOM, "building a kernel", err);
		if (ret)
			rmdir(o->path);	/* the next build asks again */
	}
	free(sibling);
	return ret;
}

int kernel_objects_take(struct kernel_job *job, const struct kernel_build *b,
			struct kernel_objects *o, struct err *err)
{
	char hash[FILE_HASH_MAX], *note = NULL;
	int ret;

	o->path = objects_begin(b);
	if (!o->path || objects_configuration(b->spec, hash))
		return err_sys(err, ENOMEM, "make");
	hash[8] = '\0';
	o->rest = text_format("%s-%s", o->path, hash);
	note = text_format("%s/.rest", o->path);
	ret = objects_clear(o->path, err);
	if (!ret && !access(o->rest, F_OK)) {
		if (rename(o->rest, o->path))
			ret = err_sys(err, errno, "cannot rename %s", o->rest);
	} else if (!ret) {
		ret = objects_make(job, o, err);
	}
	if (!ret)
		ret = file_publish(note, hash, strlen(hash), err);
	if (!ret)
		ret = objects_mark(o->path, err);
	if (!ret)
		cache_used(o->path);
	free(note);
	return ret;
}

void kernel_objects_release(struct kernel_objects *o)
{
	if (o->path && o->rest && access(o->rest, F_OK))
		rename(o->path, o->rest);
	free(o->path);
	free(o->rest);
	*o = (struct kernel_objects)KERNEL_OBJECTS_INIT;
}
