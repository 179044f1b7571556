/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The folder of the page: what lies in it, what goes, and who may write it. */
#include "site.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "data.h"
#include "file.h"
#include "safe.h"

/* Has `path` these bytes already? Then it costs no write, and no wait for a disk. */
static bool page_is(const char *path, const char *text, size_t len)
{
	size_t have;
	char *is;
	bool same = !file_read(path, &is, &have, NULL);

	if (same) {
		same = have == len && !memcmp(is, text, len);
		free(is);
	}
	return same;
}

static int page_copy(const char *out, const char *name, bool built, struct err *err)
{
	char *below = text_format("dashboard/%s", name), *from, *to, *text;
	size_t len;
	int rc = built ? data_built(below, &from, err) : data_path(below, &from, err);

	if (!rc)
		rc = file_read(from, &text, &len, err);
	if (!rc) {
		to = text_format("%s/%s", out, name);
		if (!page_is(to, text, len))
			rc = file_publish(to, text, len, err);
		free(to);
		free(text);
	}
	free(below);
	free(from);
	return rc;
}

int site_copy(const char *out, struct err *err)
{
	static const struct { const char *name; bool built; } files[] = {
		{ "uPlot.iife.min.js", true }, { "uPlot.min.css", true },
		{ "uPlot-LICENSE.txt", true }, { "app.css", false }, { "app.js", false },
		{ "index.html", false },
	};
	int rc = 0;

	for (size_t i = 0; !rc && i < sizeof(files) / sizeof(files[0]); i++)
		rc = page_copy(out, files[i].name, files[i].built, err);
	return rc;
}

/* Removes the files of `below` whose names have this form and are not among `names`. */
static void page_remove_others(const char *out, const char *below, const json_t *names,
			       const char *begin)
{
	char *folder = text_format("%s/%s", out, below);
	DIR *d = opendir(folder);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.' && !strncmp(e->d_name, begin, strlen(begin)) &&
		    !json_object_get(names, e->d_name))
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	free(folder);
}

void site_remove_old(const char *out, const struct site_list *l, const json_t *parts)
{
	json_t *names = json_object(), *none = json_object(), *part;
	size_t i;

	json_array_foreach(parts, i, part)
		json_object_set_new(names, json_string_value(part), json_true());
	for (i = 0; i < site_list_size(l); i++) {
		char *name = text_format("%s.js", site_digest_key(site_list_at(l, i)));

		json_object_set_new(names, name, json_true());
		free(name);
	}
	page_remove_others(out, "data", names, "p-");
	page_remove_others(out, "data", none, "c-");	/* where other versions have them */
	page_remove_others(out, "data/c", names, "");
	json_decref(names);
	json_decref(none);
}

size_t site_count(const char *out, const char *below, const char *begin)
{
	char *folder = text_format("%s/%s", out, below);
	DIR *d = opendir(folder);
	struct dirent *e;
	size_t n = 0;

	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.' && !strncmp(e->d_name, begin, strlen(begin));
	if (d)
		closedir(d);
	free(folder);
	return n;
}

int site_lock(const char *out, struct err *err)
{
	char *data = text_format("%s/data", out), *below = text_format("%s/c", data);
	int fd = file_mkdirs(below, err) ? -1 : open(data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		flock(fd, LOCK_EX);	/* a file system without locks has to do without */
	else if (!err->code)
		err_sys(err, errno, "cannot open %s", data);
	free(below);
	free(data);
	return fd;
}
