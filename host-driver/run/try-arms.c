/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Helpers for a try's folder and the descriptions of its kernels; and those of ready images. */
#include "try.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "data.h"
#include "file.h"
#include "kernel/kernel-source.h"
#include "kernel/kernel.h"
#include "safe.h"

#define NAME_LEN 40

char *try_slug(const char *text)
{
	char *slug = text_format("%.*s", NAME_LEN, text);
	size_t n = 0;

	for (const char *p = slug; *p; p++) {
		bool fit = isalnum((unsigned char)*p) || strchr("._+-", *p);

		if (n ? fit || slug[n - 1] != '-' : isalnum((unsigned char)*p))
			slug[n++] = fit ? *p : '-';
	}
	while (n && strchr(".-", slug[n - 1]))
		n--;
	slug[n] = '\0';
	if (!n) {
		free(slug);
		return text_format("patched");
	}
	return slug;
}

char *try_stem(const char *path)
{
	const char *base = strrchr(path, '/'), *end;
	char *copy, *slug;

	base = base ? base + 1 : path;
	end = strrchr(base, '.');
	copy = text_format("%.*s", end && end != base ? (int)(end - base) : INT_MAX, base);
	slug = try_slug(copy);
	free(copy);
	return slug;
}

void try_quote(FILE *f, const char *text)
{
	fputc('"', f);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', f);
		if ((unsigned char)*text < ' ')
			fprintf(f, "\\x%02x", *text);
		else
			fputc(*text, f);
	}
	fputc('"', f);
}

void try_field(FILE *f, const char *key, const char *value)
{
	if (!value)
		return;
	fprintf(f, "%s: ", key);
	try_quote(f, value);
	fputc('\n', f);
}

void try_put_texts(FILE *f, const char *key, enum data_kind kind,
			  const struct kernel_text *v, size_t n, const struct try *more)
{
	fprintf(f, "%s: [", key);
	for (size_t i = 0; i < n; i++) {
		char *path = NULL;
		bool known = !data_is_path(kind, v[i].name) &&
			     !data_find(kind, v[i].name, NULL, &path, NULL) &&
			     !strcmp(path, v[i].path);

		fputs(i ? ", " : "", f);
		try_quote(f, known ? v[i].name : v[i].path);
		free(path);
	}
	for (size_t i = 0; more && i < more->n_patches; i++) {
		char *below = try_patch_below(more, i), *path = text_format("../%s", below);

		fputs(n || i ? ", " : "", f);
		try_quote(f, path);
		free(path);
		free(below);
	}
	fputs("]\n", f);
}

void try_name_folder(struct try *t)
{
	char date[32];
	time_t now = time(NULL);
	struct tm tm;

	if (t->made->folder)
		return;
	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%Y%m%d-%H%M%S", &tm);
	t->made->folder = t->w->folder ? text_format("%s", t->w->folder)
				       : text_format("try/%s-%s", t->name, date);
	for (unsigned n = 2; !t->w->folder && !access(t->made->folder, F_OK); n++) {
		free(t->made->folder);
		t->made->folder = text_format("try/%s-%s-%u", t->name, date, n);
	}
}

char *try_patch_below(const struct try *t, size_t i)
{
	return text_format("patches/%02zu-%s.patch", i + 1, t->patch[i].name);
}

int try_images(struct try *t, struct err *err)
{
	const struct try_wish *w = t->w;

	t->name = text_format("images");
	fputs("two images\n", t->what);
	for (size_t i = 0; i < 2; i++) {
		const char *modules = w->modules[i] ? w->modules[i] : w->modules[0];
		char *release, hash[FILE_HASH_MAX], *text = NULL, *path, *stem;
		int ret = kernel_image_release(w->images[i], &release, err);
		size_t len;
		FILE *f;

		if (!ret)
			ret = file_hash(w->images[i], hash, err);
		if (ret) {
			if (err)
				err->exit = EXIT_CONFIG;
			return ret;
		}
		path = realpath(w->images[i], NULL);
		if (!path)
			return err_sys(err, errno, "cannot open %s", w->images[i]);
		f = text_open(&text, &len);
		fprintf(f, "source:\n  ");
		try_field(f, "image", path);
		free(path);
		path = modules ? realpath(modules, NULL) : NULL;
		if (modules && !path) {
			fclose(f);
			free(text);
			free(release);
			return err_config(err, "--modules %s: %s", modules, strerror(errno));
		}
		if (path)
			fputs("  ", f);
		try_field(f, "modules", path);
		fclose(f);
		free(path);
		stem = try_slug(*release ? release : "image");
		t->arm[i].name = i && !strcmp(stem, t->arm[0].name) ? text_format("%s-b", stem)
								 : text_format("%s", stem);
		t->arm[i].yaml = text;
		fprintf(t->what, "  %s: ", t->arm[i].name);
		text_put(t->what, w->images[i]);
		fprintf(t->what, ", sha256 %.12s\n", hash);
		free(stem);
		free(release);
	}
	return 0;
}
