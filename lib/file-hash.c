/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sha256.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/*
 * The same few images and programs are asked for again and again, by their cache, the
 * plan, each boot and the report: tens of megabytes, a tenth of a second each time.
 */
#define KNOWN 16

/* A file changed twice within a tick of its clock looks unchanged: younger ones are not kept. */
#define SETTLED_SECONDS 2

static struct {
	pthread_mutex_t lock;
	struct {
		struct stat of;
		char hash[FILE_HASH_MAX];
	} v[KNOWN];
	unsigned n;		/* that were put in, the first ones overwritten */
} known = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool hash_is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static bool hash_is_known(const struct stat *of, char hex[static FILE_HASH_MAX])
{
	bool found = false;

	pthread_mutex_lock(&known.lock);
	for (unsigned i = 0; i < KNOWN && i < known.n && !found; i++) {
		found = hash_is_same_file(&known.v[i].of, of);
		if (found)
			memcpy(hex, known.v[i].hash, FILE_HASH_MAX);
	}
	pthread_mutex_unlock(&known.lock);
	return found;
}

/* `of` was asked for after `now` and before the file was read: what changed since is another file. */
static void hash_remember(const struct stat *of, time_t now, const char *hex)
{
	if (now < of->st_ctim.tv_sec + SETTLED_SECONDS)
		return;
	pthread_mutex_lock(&known.lock);
	known.v[known.n % KNOWN].of = *of;
	memcpy(known.v[known.n++ % KNOWN].hash, hex, FILE_HASH_MAX);
	pthread_mutex_unlock(&known.lock);
}

/* What is remembered is of the file that was read, even if its name is given to another meanwhile. */
static int hash_open(const char *path, time_t now, char hex[static FILE_HASH_MAX], struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), ret = 0;
	char itself[32];
	struct stat st;

	if (fd < 0)
		return err_sys(err, errno, "cannot read %s", path);
	snprintf(itself, sizeof(itself), "/proc/self/fd/%d", fd);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		ret = err_sys(err, EINVAL, "%s is not a regular file", path);
	else if (!SHA256File(itself, hex))
		ret = err_sys(err, errno, "cannot read %s", path);
	else
		hash_remember(&st, now, hex);
	close(fd);
	return ret;
}

int file_hash(const char *path, char hex[static FILE_HASH_MAX],
	      struct err *err)
{
	time_t now = time(NULL);
	struct stat st;

	if (stat(path, &st))
		return err_sys(err, errno, "cannot read %s", path);
	/* Results and configs of others name paths, and a pipe or /dev/zero has no end. */
	if (!S_ISREG(st.st_mode))
		return err_sys(err, EINVAL, "%s is not a regular file", path);
	return hash_is_known(&st, hex) ? 0 : hash_open(path, now, hex, err);
}

void data_hash(const void *data, size_t len, char hex[static FILE_HASH_MAX])
{
	SHA256Data(data, len, hex);
}
