/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

#define PATTERN 6	/* of mkdtemp(3): XXXXXX */

/* Do we hold it, and does `path` still name it? A sweep may have been faster. */
static bool scratch_hold(int fd, const char *path)
{
	struct stat open, named;

	/* A file system without locks cannot be swept, either. */
	if (flock(fd, LOCK_EX | LOCK_NB) && errno != ENOLCK && errno != EOPNOTSUPP)
		return false;
	return !fstat(fd, &open) && !lstat(path, &named) && open.st_dev == named.st_dev &&
	       open.st_ino == named.st_ino;
}

/* Removes it if it is our user's and nobody holds its lock. */
static void scratch_sweep_one(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return;
	if (!fstat(fd, &st) && st.st_uid == geteuid() && !flock(fd, LOCK_EX | LOCK_NB))
		file_remove_tree(path, NULL);
	close(fd);
}

static void scratch_sweep(const char *template)
{
	const char *slash = strrchr(template, '/'), *name = slash ? slash + 1 : template;
	size_t beginning = strlen(name) - PATTERN;
	char *folder = slash ? strndup(template, slash - template + 1) : strdup("./");
	DIR *d = folder ? opendir(folder) : NULL;
	struct dirent *e;
	char *path;

	while (d && (e = readdir(d))) {
		if (strncmp(e->d_name, name, beginning) ||
		    strlen(e->d_name) != beginning + PATTERN ||
		    asprintf(&path, "%s%s", folder, e->d_name) < 0)
			continue;
		scratch_sweep_one(path);
		free(path);
	}
	if (d)
		closedir(d);
	free(folder);
}

int scratch_make(char *template, struct err *err)
{
	char *pattern = template + strlen(template) - PATTERN;

	scratch_sweep(template);
	for (int tries = 0; tries < 100; tries++) {
		int fd;

		memset(pattern, 'X', PATTERN);
		if (!mkdtemp(template))
			return err_sys(err, errno, "cannot make a folder %s", template);
		fd = open(template, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && scratch_hold(fd, template))
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return err_machine(err, "cannot keep a folder like %s: something removes each at "
		"once", template);
}

void scratch_remove(const char *folder, int held)
{
	file_remove_tree(folder, NULL);
	close(held);
}

const char *scratch_place(void)
{
	const char *place = getenv("TMPDIR");

	return place && *place == '/' ? place : "/tmp";
}
