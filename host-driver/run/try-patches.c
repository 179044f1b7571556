/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A series of patches, and the kernel that it is applied to. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "data.h"
#include "file.h"
#include "kernel/kernel-build.h"
#include "kernel/kernel.h"
#include "safe.h"
#include "try.h"

#define SUBJECTS_MAX 12	/* shown of a series */

/* The next subject of a mail after `line`, or from the beginning if that is NULL; NULL: no more. */
static const char *try_patches_next_subject(const char *text, const char *line)
{
	line = line ? strchr(line, '\n') : text;
	while (line) {
		line += *line == '\n';
		if (!strncmp(line, "Subject: ", 9))
			return line + 9;
		line = strchr(line, '\n');
	}
	return NULL;
}

/* Writes the subjects of the mails in a patch. */
static void try_patches_tell_subjects(struct try *t, const struct kernel_text *p)
{
	const char *at = NULL;

	for (unsigned n = 0; n < SUBJECTS_MAX; n++) {
		char *subject;

		at = try_patches_next_subject(p->text, at);
		if (!at)
			return;
		subject = text_format("%.*s", (int)strcspn(at, "\r\n"), at);
		fputs("    ", t->what);
		text_put(t->what, subject);
		fputc('\n', t->what);
		free(subject);
	}
}

/* Without "Re: " and "[PATCH v2 1/2]". */
static const char *try_patches_title(const char *subject)
{
	for (;; subject += strspn(subject, " ")) {
		size_t tag = *subject == '[' ? strcspn(subject, "]\r\n") : 0;

		if (!strncasecmp(subject, "Re:", 3))
			subject += 3;
		else if (tag && subject[tag] == ']')
			subject += tag + 1;
		else
			return subject;
	}
}

/* Is there a letter in the line that a name can have? */
static bool try_patches_has_letter(const char *line)
{
	while (*line && !strchr("\r\n", *line) && !isalnum((unsigned char)*line))
		line++;
	return isalnum((unsigned char)*line);
}

/*
 * A name for what came without one: the first subject that says something, which that of a cover
 * letter nobody wrote does not, nor one whose letters are encoded, or none. The caller frees it.
 */
static char *try_patches_name_of(const char *text)
{
	for (const char *at = NULL; (at = try_patches_next_subject(text, at));) {
		const char *title = try_patches_title(at);
		char *line, *name;

		if (!strncmp(title, "***", 3) || !strncmp(title, "=?", 2) || !try_patches_has_letter(title))
			continue;
		line = text_format("%.*s", (int)strcspn(title, "\r\n"), title);
		name = try_slug(line);
		free(line);
		return name;
	}
	return text_format("stdin");
}

static bool try_patches_is_input(const char *path)
{
	return !strcmp(path, "-");
}

static int try_patches_read_patch(const char *path, struct kernel_text *p, struct err *err)
{
	bool in = try_patches_is_input(path);
	char *name = in ? text_format("stdin") : try_stem(path);
	int ret = kernel_text_read(p, name, in ? "/dev/stdin" : path, err);

	free(name);
	if (!ret && in) {
		free(p->name);
		p->name = try_patches_name_of(p->text);
	}
	return ret;
}

static int try_patches_read_patches(struct try *t, struct err *err)
{
	const struct try_wish *w = t->w;
	int ret = 0;

	t->patch = calloc(w->n_patches, sizeof(*t->patch));
	if (!t->patch)
		return err_sys(err, ENOMEM, "try");
	for (; t->n_patches < w->n_patches && !ret; t->n_patches++)
		ret = try_patches_read_patch(w->patches[t->n_patches], &t->patch[t->n_patches], err);
	return ret ? ret : kernel_check_series(t->patch, t->n_patches, err);
}

/* Does the kernel have KVM, and so can be a machine under test? */
static bool try_patches_has_kvm(const struct kernel *k)
{
	char *text = NULL, value[KERNEL_VALUE_MAX] = "";

	if (k->config && !file_read(k->config, &text, NULL, NULL))
		kernel_config_value(text, "CONFIG_KVM", value, sizeof(value));
	free(text);
	return !strcmp(value, "y");
}

/* Is it a better base for a patch: newer, or of the same version with fewer patches? */
static bool try_patches_is_better(const struct kernel *k, const struct kernel *than)
{
	char version[2][64];
	int newer;

	if (!than->name)
		return true;
	/* The part after the version comes from the key. */
	snprintf(version[0], 64, "%.*s", (int)strcspn(k->release, "-"), k->release);
	snprintf(version[1], 64, "%.*s", (int)strcspn(than->release, "-"), than->release);
	newer = strverscmp(version[0], version[1]);
	return newer ? newer > 0 : k->spec->n_patches < than->spec->n_patches;
}

/* The best built kernel with KVM that was not `tried` yet. */
static int try_patches_next_base(const struct data_list *all, bool *tried, struct kernel *best,
			 size_t *at)
{
	*best = (struct kernel)KERNEL_INIT;
	for (size_t i = 0; i < all->n; i++) {
		struct kernel k;

		if (tried[i] || kernel_resolve(all->v[i].name, NULL, &k, NULL))
			continue;
		if (k.spec->kind == SOURCE_IMAGE || !kernel_is_cached(&k) || !try_patches_has_kvm(&k)) {
			tried[i] = true;
		} else if (try_patches_is_better(&k, best)) {
			struct kernel was = *best;

			*best = k;
			k = was;
			*at = i;
		}
		kernel_free(&k);
	}
	if (!best->name)
		return -ENOENT;
	tried[*at] = true;
	return 0;
}

/* Another build may take minutes: says that it is waited for. */
static int try_patches_on_wait(const struct kernel_progress *p, void *watch)
{
	if (p->phase == KERNEL_WAIT && kernel_watch_due(watch, p))
		fprintf(stderr, "%s\n", p->text);
	return 0;
}

/* Finds the newest built kernel to which the patches apply. */
static int try_patches_find_base(struct try *t, struct kernel *base, struct err *err)
{
	struct kernel_watch watch = { .shown = 0 };
	struct err first = ERR_INIT;
	struct data_list all;
	bool *tried;
	int ret = -ENOENT;
	size_t at = 0;

	data_all(DATA_KERNEL, NULL, &all);
	tried = calloc(all.n + 1, sizeof(*tried));
	while (tried && !try_patches_next_base(&all, tried, base, &at)) {
		struct err why = ERR_INIT;

		ret = kernel_applies(base, t->patch, t->n_patches, try_patches_on_wait, &watch, &why);
		if (!ret || ret == -EINTR)
			break;
		if (!first.code) {
			err_prefix(&why, "on %s", base->name);
			first = why;
		}
		kernel_free(base);
	}
	free(tried);
	data_list_free(&all);
	if (!ret)
		return 0;
	if (first.code)
		return err_config(err, "the series applies to none of the built kernels; %s\n(--on NAME names another kernel; kduel list kernels shows them)",
				  first.text);
	return err_config(err, "no kernel is built yet; run kduel build 6.1, or name one with --on");
}

static int try_patches_take_base(struct try *t, struct kernel *base, struct err *err)
{
	struct kernel_watch watch = { .shown = 0 };
	int ret = kernel_resolve(t->w->on, NULL, base, err);

	if (ret)
		return ret;
	if (base->spec->kind == SOURCE_IMAGE) {
		ret = err_config(err, "--on %s: a ready image cannot be patched", t->w->on);
	} else {
		ret = kernel_applies(base, t->patch, t->n_patches, try_patches_on_wait, &watch, err);
		/* Its source is not in the cache yet; the build will tell whether they apply. */
		if (ret == -ENOENT)
			ret = 0;
		err_prefix(err, "on %s", t->w->on);
	}
	if (ret)
		kernel_free(base);
	return ret;
}

static void try_patches_put_source(FILE *f, const struct kernel_source *s)
{
	const char *const fields[][2] = {
		{ "debian", s->debian }, { "suite", s->suite }, { "version", s->version },
		{ "tarball", s->tarball }, { "git", s->git }, { "revision", s->revision },
	};

	fputs("source:\n", f);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (fields[i][1])
			fputs("  ", f);
		try_field(f, fields[i][0], fields[i][1]);
	}
}

/* `base` with our patches on top. */
static char *try_patches_patched_yaml(const struct try *t, const struct kernel *base)
{
	const struct kernel_spec *s = base->spec;
	char *text = NULL, *title;
	size_t len;
	FILE *f = text_open(&text, &len);

	title = text_format("%s with %s", s->title, t->name);
	try_field(f, "title", title);
	free(title);
	try_patches_put_source(f, &s->source);
	try_put_texts(f, "config", DATA_FRAGMENT, s->fragments, s->n_fragments, NULL);
	try_field(f, "config-file", s->config_file ? s->config_file->path : NULL);
	if (s->add_needed)
		fputs("add-needed: true\n", f);
	try_put_texts(f, "patches", DATA_PATCH, s->patches, s->n_patches, t);
	fclose(f);
	return text;
}

/* What came from the standard input can be read again only where the campaign keeps it. */
static void try_patches_place_input(struct try *t)
{
	for (size_t i = 0; i < t->n_patches; i++) {
		struct kernel_text *p = &t->patch[i];
		char *below;

		if (!try_patches_is_input(t->w->patches[i]))
			continue;
		below = try_patch_below(t, i);
		try_name_folder(t);
		free(p->path);
		p->path = text_format("%s/%s", t->made->folder, below);
		free(t->made->input);
		t->made->input = text_format("%s", p->path);
		free(below);
	}
}

int try_patches(struct try *t, struct err *err)
{
	struct kernel base;
	int ret = try_patches_read_patches(t, err);

	if (!ret)
		ret = t->w->on ? try_patches_take_base(t, &base, err) : try_patches_find_base(t, &base, err);
	if (ret)
		return ret;
	t->name = text_format("%s", t->patch[0].name);
	try_patches_place_input(t);
	t->arm[0].name = text_format("%s", base.name);
	t->arm[0].kernel = text_format("%s", base.asked);
	if (data_is_path(DATA_KERNEL, base.asked)) {
		free(t->arm[0].kernel);
		t->arm[0].kernel = realpath(base.spec->path, NULL);
	}
	t->arm[1].name = text_format("%s", strcmp(t->name, base.name) ? t->name : "patched");
	t->arm[1].yaml = try_patches_patched_yaml(t, &base);
	t->made->on = text_format("%s", base.asked);
	fprintf(t->what, "%s (%s), without and with\n", base.name, base.spec->title);
	for (size_t i = 0; i < t->n_patches; i++) {
		fputs("  ", t->what);
		text_put(t->what, t->patch[i].path);
		fprintf(t->what, ", sha256 %.12s\n", t->patch[i].hash);
		try_patches_tell_subjects(t, &t->patch[i]);
	}
	kernel_free(&base);
	return 0;
}
