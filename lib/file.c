/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What a device may give: /dev/zero would give until memory is full. */
#define FILE_DEVICE_MOST ((size_t)16 << 20)

/* Reads to the end of `fd`; st_size is meaningless for /proc and /sys. */
static int file_read_all(int fd, char **data, size_t *len)
{
	struct stat st;
	size_t most = !fstat(fd, &st) && S_ISCHR(st.st_mode) ? FILE_DEVICE_MOST : SIZE_MAX;
	size_t room = 4096, used = 0;
	char *buf = malloc(room + 1), *more;
	ssize_t n;

	if (!buf)
		return ENOMEM;
	for (;;) {
		if (used >= most) {
			free(buf);
			return EFBIG;
		}
		if (used == room) {
			room *= 2;
			more = realloc(buf, room + 1);
			if (!more) {
				free(buf);
				return ENOMEM;
			}
			buf = more;
		}
		n = read(fd, buf + used, room - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int error = errno;

			free(buf);
			return error;
		}
		if (n == 0)
			break;
		used += n;
	}
	buf[used] = '\0';
	*data = buf;
	if (len)
		*len = used;
	return 0;
}

int file_read(const char *path, char **data, size_t *len, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int error;

	if (fd < 0)
		return err_sys(err, errno, "cannot open %s", path);
	error = file_read_all(fd, data, len);
	close(fd);
	return error ? err_sys(err, error, "cannot read %s", path) : 0;
}

int file_read_named(const char *path, char **data, size_t *len, struct err *err)
{
	int ret = file_read(path, data, len, err);

	if (ret && err)
		err->exit = EXIT_CONFIG;
	return ret;
}

static int file_sync_folder_of(const char *path)
{
	char *copy = strdup(path);
	int fd, error = 0;

	if (!copy)
		return ENOMEM;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* A folder that we may write to but not read cannot be synced. */
	if ((fd < 0 && errno != EACCES) || (fd >= 0 && fsync(fd) && errno != EINVAL))
		error = errno;
	if (fd >= 0)
		close(fd);
	free(copy);
	return error;
}

/*
 * In the name of a file that is not complete yet, or is about to be renamed
 * over another. Its writer holds a lock on it.
 */
#define FILE_PART ".kduel-part-"
#define FILE_PART_DIGITS 8

/* Is `entry` a part of the file `name`, or of any file if that is NULL? */
static bool file_is_part(const char *entry, const char *name)
{
	const char *rest = name ? entry + strnlen(entry, strlen(name)) : strstr(entry, FILE_PART);

	return rest && (!name || !strncmp(entry, name, strlen(name))) &&
	       !strncmp(rest, FILE_PART, sizeof(FILE_PART) - 1) &&
	       strlen(rest) == sizeof(FILE_PART) - 1 + FILE_PART_DIGITS;
}

static void file_sweep_in(const char *folder, const char *name)
{
	DIR *d = opendir(folder);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		int fd;

		if (!file_is_part(e->d_name, name))
			continue;
		fd = openat(dirfd(d), e->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB))
			unlinkat(dirfd(d), e->d_name, 0);
		if (fd >= 0)
			close(fd);
	}
	if (d)
		closedir(d);
}

void file_sweep(const char *folder)
{
	file_sweep_in(folder, NULL);
}

/* Removes what killed writers of `path` have left: parts that nobody has locked. */
static void file_sweep_parts(const char *path)
{
	char *copy = strdup(path), *twin = strdup(path);

	if (copy && twin)
		file_sweep_in(dirname(copy), basename(twin));
	free(copy);
	free(twin);
}

/* Makes a new name beside `path` with `make`, which fails with EEXIST if it is taken. */
static int file_name_beside(const char *path, char **tmp, int (*make)(const char *name, int fd),
			    int fd)
{
	unsigned tries = 0, r;
	int ret;

	do {
		if (getrandom(&r, sizeof(r), 0) != sizeof(r) ||
		    asprintf(tmp, "%s" FILE_PART "%0*x", path, FILE_PART_DIGITS, r) < 0) {
			*tmp = NULL;
			return -1;
		}
		ret = make(*tmp, fd);
		if (ret < 0) {
			free(*tmp);
			*tmp = NULL;
		}
	} while (ret < 0 && errno == EEXIST && ++tries < 100);
	return ret;
}

static int file_make_named(const char *name, int fd)
{
	struct stat st;

	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	/* On a file system without locks nobody sweeps, either. */
	if (fd < 0 || (flock(fd, LOCK_EX | LOCK_NB) && errno != EWOULDBLOCK) ||
	    (!fstat(fd, &st) && st.st_nlink))
		return fd;
	close(fd);	/* swept between open() and flock() */
	errno = EEXIST;
	return -1;
}

static int file_make_link(const char *name, int fd)
{
	char open_file[32];

	snprintf(open_file, sizeof(open_file), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, open_file, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
}

/*
 * A new file in the folder of `path`, with the permissions that the umask gives.
 * It has no name yet, so that a kill leaves nothing behind, except on file
 * systems that need one.
 */
static int file_beside(const char *path, char **tmp)
{
	char *copy = strdup(path);
	int fd = copy ? open(dirname(copy), O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666) : -1;

	free(copy);
	file_sweep_parts(path);
	if (fd >= 0)
		flock(fd, LOCK_EX | LOCK_NB);	/* for when it has a name */
	return fd >= 0 ? fd : file_name_beside(path, tmp, file_make_named, -1);
}

/* Gives a file without a name one: `path` if that is free, else another beside it. */
static int file_give_name(struct file_out *o)
{
	if (!file_make_link(o->path, fileno(o->to)))
		return 0;
	return errno == EEXIST ? file_name_beside(o->path, &o->tmp, file_make_link,
						  fileno(o->to)) : -1;
}

/*
 * A duplicate of our stdout or stderr if `st` is one of them (/dev/stdout), so that what is
 * already in that file stays; else -1.
 */
static int file_our_own(const struct stat *st)
{
	struct stat own;

	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
		if (!fstat(fd, &own) && own.st_dev == st->st_dev && own.st_ino == st->st_ino)
			return fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return -1;
}

/* The target of a dangling link; NULL with errno set. */
static char *file_link_target(const char *link)
{
	char target[PATH_MAX], *copy, *path = NULL;
	ssize_t n = readlink(link, target, sizeof(target) - 1);

	if (n < 0)
		return NULL;
	target[n] = '\0';
	if (target[0] == '/')
		return strdup(target);
	copy = strdup(link);
	if (copy && asprintf(&path, "%s/%s", dirname(copy), target) < 0)
		path = NULL;
	free(copy);
	return path;
}

#define LINKS_MOST 40

/* A descriptor to write to. Sets `o->path` if it is a new file, `o->tmp` if that has a name. */
static int file_open_at(struct file_out *o, const char *path, int links)
{
	struct stat st, itself;
	bool there = !stat(path, &st), is_link;
	char *target;
	int fd;

	if (!there && errno == ELOOP)
		return -1;
	is_link = !lstat(path, &itself) && S_ISLNK(itself.st_mode);
	fd = there && is_link ? file_our_own(&st) : -1;
	if (fd >= 0)
		return fd;
	/* A device or pipe, without O_CREAT: it was there a moment ago. */
	if (there && !S_ISREG(st.st_mode))
		return open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	if (!is_link) {
		o->path = strdup(path);
		return o->path ? file_beside(path, &o->tmp) : -1;
	}
	if (links == LINKS_MOST) {
		errno = ELOOP;
		return -1;
	}
	target = there ? realpath(path, NULL) : file_link_target(path);
	fd = target ? file_open_at(o, target, links + 1) : -1;
	free(target);
	return fd;
}

int file_begin(struct file_out *o, const char *path, struct err *err)
{
	int fd, error;

	*o = (struct file_out){ .asked = path };
	fflush(NULL);
	fd = file_open_at(o, path, 0);
	if (fd >= 0)
		o->to = fdopen(fd, "w");
	if (o->to)
		return 0;
	error = errno;
	if (fd >= 0)
		close(fd);
	file_drop(o);
	return err_sys(err, error, "cannot write %s", path);
}

int file_commit(struct file_out *o, struct err *err)
{
	const char *asked = o->asked;
	int error = 0;

	/* stdio has forgotten the errno: all is lost, so writing one more byte is safe. */
	if (ferror(o->to))
		error = write(fileno(o->to), "", 1) < 0 ? errno : EIO;
	else if (fflush(o->to) || (o->path && fsync(fileno(o->to))) ||
		 (o->path && !o->tmp && file_give_name(o)))
		error = errno;
	if (fclose(o->to) && !error)
		error = errno;
	o->to = NULL;
	if (!error && o->tmp && rename(o->tmp, o->path))
		error = errno;
	if (!error) {
		free(o->tmp);
		o->tmp = NULL;
	}
	if (!error && o->path)
		error = file_sync_folder_of(o->path);
	file_drop(o);
	return error ? err_sys(err, error, "cannot write %s", asked) : 0;
}

void file_drop(struct file_out *o)
{
	if (o->to)
		fclose(o->to);
	if (o->tmp)
		unlink(o->tmp);
	free(o->tmp);
	free(o->path);
	*o = (struct file_out){ 0 };
}

int file_publish(const char *path, const void *data, size_t len,
		 struct err *err)
{
	struct file_out o;
	int ret = file_begin(&o, path, err);

	if (ret)
		return ret;
	fwrite(data, 1, len, o.to);
	return file_commit(&o, err);
}

int file_poke(const char *path, const char *text, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int error = 0;

	if (fd < 0)
		return err_sys(err, errno, "cannot open %s for writing", path);
	if (write(fd, text, strlen(text)) < 0)
		error = errno;
	close(fd);
	return error ? err_sys(err, error, "cannot write '%s' to %s", text, path)
		     : 0;
}

const char *file_cache_hint(const char *path)
{
	char *cache = file_cache_path("");
	bool is = cache && !strncmp(path, cache, strlen(cache));

	free(cache);
	return is ? "; the cache is kept there: set HOME, or set XDG_CACHE_HOME to an absolute path" : "";
}

static int file_no_folder(const char *path, int error, const char *whole, struct err *err)
{
	return err_set(err, EXIT_MACHINE, -error, "cannot make folder %s: %s%s", path,
		       strerror(error), file_cache_hint(whole));
}

/* On the way to `whole`: a folder that is there already, or why it cannot become one. */
static int file_check_folder(const char *path, const char *whole, struct err *err)
{
	char target[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (!stat(path, &st))
		return S_ISDIR(st.st_mode) ? 0 : file_no_folder(path, ENOTDIR, whole, err);
	if (errno != ENOENT)
		return file_no_folder(path, errno, whole, err);
	n = readlink(path, target, sizeof(target));
	return err_set(err, EXIT_CONFIG, -ENOENT,
		       "cannot make folder %s: it is a link to %.*s, which is not there; make that folder, or remove the link",
		       path, (int)(n < 0 ? 0 : n), target);
}

int file_mkdirs(const char *path, struct err *err)
{
	char *copy = strdup(path);
	int ret = 0;

	if (!copy)
		return err_sys(err, ENOMEM, "cannot make folder %s", path);
	for (char *p = copy + 1; !ret; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(copy, 0755))
			ret = errno == EEXIST ? file_check_folder(copy, path, err)
					      : file_no_folder(copy, errno, path, err);
		*p = c;
		if (c == '\0')
			break;
	}
	free(copy);
	return ret;
}

static int file_remove_one(const char *path, const struct stat *st, int flag,
			   struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path) && errno != ENOENT ? errno : 0;
}

int file_remove_tree(const char *path, struct err *err)
{
	static const struct timespec pause = { .tv_nsec = 20000000 };
	int error;

	/* A child of a run that was killed may still be writing in it. */
	for (int tries = 0; tries < 50; tries++) {
		error = nftw(path, file_remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
		if (error < 0)
			error = errno;
		if (error != ENOTEMPTY)
			break;
		nanosleep(&pause, NULL);
	}
	if (error && error != ENOENT)
		return err_sys(err, error, "cannot remove %s", path);
	return 0;
}

/* $HOME, or what the user database says; NULL if neither is a path. */
static const char *file_home(void)
{
	const char *home = getenv("HOME");
	const struct passwd *user;

	if (home && home[0] == '/')
		return home;
	user = getpwuid(getuid());
	return user && user->pw_dir && user->pw_dir[0] == '/' ? user->pw_dir
							      : NULL;
}

size_t file_path_len(const char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	return len;
}

char *file_cache_path(const char *below)
{
	const char *cache = getenv("XDG_CACHE_HOME");
	const char *home = file_home();
	char *path = NULL;
	int n = -1;

	if (cache && cache[0] == '/')
		n = asprintf(&path, "%s/kduel/%s", cache, below);
	else if (home)
		n = asprintf(&path, "%s/.cache/kduel/%s", home, below);
	return n < 0 ? NULL : path;
}
