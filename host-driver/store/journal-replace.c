/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "journal.h"

static int write_part(const char *part, journal_fill_fn fill, void *arg,
		      struct err *err)
{
	struct journal *to = NULL;
	int ret = journal_create(&to, part, err);

	if (!ret)
		ret = fill(to, arg, err);
	if (!ret)
		ret = journal_sync(to, err);
	journal_close(to);
	return ret;
}

int journal_replace(const char *path, journal_fill_fn fill, void *arg,
		    struct err *err)
{
	struct journal *lock = NULL;
	char *part;
	int ret = 0;

	if (asprintf(&part, "%s.part", path) < 0)
		return err_sys(err, ENOMEM, "cannot write %s", path);
	if (!access(path, F_OK))
		ret = journal_open(&lock, path, NULL, err);
	if (!ret) {
		unlink(part);
		ret = write_part(part, fill, arg, err);
		if (!ret && rename(part, path))
			ret = err_sys(err, errno, "cannot write %s", path);
		if (ret)
			unlink(part);
	}
	journal_close(lock);
	free(part);
	return ret;
}
