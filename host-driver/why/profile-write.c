/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "profile-write.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <time.h>

#include "clock.h"
#include "file.h"

#define LOOK_NS 2000000

static int profile_write_line(const char *path, const char *mode, const char *a,
			      const char *b, const char *c, struct err *err)
{
	FILE *f = fopen(path, mode);

	if (!f)
		return err_sys(err, errno, "cannot write %s", path);
	fprintf(f, "%s %s %s\n", a, b, c);
	return fclose(f) ? err_sys(err, errno, "cannot write %s", path) : 0;
}

int profile_start(const char *path, struct err *err)
{
	FILE *f = fopen(path, "ae");

	if (!f)
		return err_sys(err, errno, "cannot write %s", path);
	fputs("start\n", f);
	return fclose(f) ? err_sys(err, errno, "cannot write %s", path) : 0;
}

int profile_wait(const char *path, double seconds, struct err *err)
{
	uint64_t until = clock_raw_ns() + seconds * 1e9;
	bool counting = false, late = false;
	int ret = 0;

	while (!ret && !counting) {
		char *text;

		late = clock_raw_ns() > until;
		ret = file_read(path, &text, NULL, err);
		if (ret)
			break;
		counting = strstr(text, "\ncounting\n");
		free(text);
		if (!counting && late)
			ret = err_machine(err, "the emulator's plugin did not begin to count within %.0f s",
					  seconds);
		if (!counting)
			nanosleep(&(struct timespec){ .tv_nsec = LOOK_NS }, NULL);
	}
	return ret;
}

static int profile_write_kernel(const char *path, const char *mode, const char *whose,
				const char *image, struct err *err)
{
	char hash[FILE_HASH_MAX];
	int ret = file_hash(image, hash, err);

	return ret ? ret : profile_write_line(path, mode, whose, hash, image, err);
}

int profile_begin(const char *path, const char *mut_image, const char *guest_image,
		  struct err *err)
{
	char *copy = strdup(path);
	int ret = copy ? file_mkdirs(dirname(copy), err) : err_sys(err, ENOMEM, "%s", path);

	free(copy);
	if (!ret)
		ret = profile_write_kernel(path, "we", "kernel m", mut_image, err);
	if (!ret)
		ret = profile_write_kernel(path, "ae", "kernel g", guest_image, err);
	return ret;
}

int profile_run(const char *path, unsigned process, const char *cell, struct err *err)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", process);
	return profile_write_line(path, "ae", "run", number, cell, err);
}
