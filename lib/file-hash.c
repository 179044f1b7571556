/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "file.h"

#include <errno.h>
#include <pthread.h>
#include <sha256.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

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

/* `of` is from before the file was read: what changed since is another file. */
static void hash_remember(const struct stat *of, const char *hex)
{
	if (time(NULL) < of->st_ctim.tv_sec + SETTLED_SECONDS)
		return;
	pthread_mutex_lock(&known.lock);
	known.v[known.n % KNOWN].of = *of;
	memcpy(known.v[known.n++ % KNOWN].hash, hex, FILE_HASH_MAX);
	pthread_mutex_unlock(&known.lock);
}

int file_hash(const char *path, char hex[static FILE_HASH_MAX],
	      struct err *err)
{
	struct stat st;

	if (stat(path, &st))
		return err_sys(err, errno, "cannot read %s", path);
	/* Results and configs of others name paths, and a pipe or /dev/zero has no end. */
	if (!S_ISREG(st.st_mode))
		return err_sys(err, EINVAL, "%s is not a regular file", path);
	if (hash_is_known(&st, hex))
		return 0;
	if (!SHA256File(path, hex))
		return err_sys(err, errno, "cannot read %s", path);
	hash_remember(&st, hex);
	return 0;
}

void data_hash(const void *data, size_t len, char hex[static FILE_HASH_MAX])
{
	SHA256Data(data, len, hex);
}
