/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a file in the format that its content shows. */
#include "foreign.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "view.h"

static bool foreign_read_has_line(const char *text, const char *begin)
{
	size_t len = strlen(begin);

	while (text) {
		if (!strncmp(text, begin, len))
			return true;
		text = strchr(text, '\n');
		text += !!text;
	}
	return false;
}

static void foreign_read_be(struct foreign *f, const char *format)
{
	if (!f->format)
		f->format = format;
}

/* One JSON document, or one per line. */
static int foreign_read_json(struct foreign_file *file, char *text, size_t len, struct err *err)
{
	struct view_doc doc = VIEW_DOC_INIT;
	struct err why = ERR_INIT;
	const struct view *root;
	int ret = view_parse(&doc, text, len, &root, &why);

	if (!ret) {
		ret = foreign_json(file, root, err);
		if (!ret && root->type == JSON_OBJECT && !memchr(text, '\n', len - 1))
			ret = foreign_ndjson(file, text, len, err);	/* a single line */
		if (!ret)
			ret = err_config(err, "is JSON of an unknown program; known are Google Benchmark, hyperfine, lkp and mmtests");
	} else if (strchr(text, '\n') && text[0] == '{' && strstr(text, "}\n{")) {
		ret = foreign_ndjson(file, text, len, err);
		foreign_read_be(file->f, "ndjson");
	} else {
		ret = err_config(err, "%s", why.text);
	}
	view_release(&doc);
	return ret;
}

static int foreign_read_text(struct foreign_file *file, char *text, size_t len, struct err *err)
{
	if (!len)
		return err_config(err, "the file is empty");
	if (strlen(text) != len)
		return err_config(err, "contains a NUL byte, so it is not text");
	if (*text == '{' || *text == '[')
		return foreign_read_json(file, text, len, err);
	if (foreign_read_has_line(text, "Benchmark") && !memchr(text, ',', strcspn(text, "\n"))) {
		foreign_read_be(file->f, "go-bench");
		return foreign_go(file, text, err);
	}
	foreign_read_be(file->f, "csv");
	return foreign_csv(file, text, err);
}

int foreign_read(struct foreign *f, const char *path, const char *arm, unsigned nth,
		 struct err *err)
{
	struct foreign_file file = { f, path, arm, nth };
	struct stat st;
	size_t before = f->n_values, len;
	char *data, *text;
	int ret;

	if (!stat(path, &st) && st.st_size > FOREIGN_FILE_MAX)
		return err_config(err, "%s: has more than %u MiB", path, FOREIGN_FILE_MAX >> 20);
	ret = file_read_named(path, &data, &len, err);
	if (ret)
		return ret;
	/* UTF-8 needs no byte-order mark; one that is there is skipped. */
	text = data + (strncmp(data, "\xef\xbb\xbf", 3) ? 0 : 3);
	while (isspace((unsigned char)*text))
		text++;
	ret = foreign_read_text(&file, text, len - (size_t)(text - data), err);
	free(data);
	if (ret >= 0 && f->n_values == before)
		ret = err_config(err, "no number was found in it");
	if (ret < 0)
		err_prefix(err, "%s", path);
	return ret < 0 ? ret : 0;
}
