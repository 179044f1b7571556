/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel-spec.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf.h"
#include "data.h"
#include "safe.h"

/* The file's content; its texts belong to its struct conf. */
struct file {
	char *title;
	struct kernel_source source;
	char **config;
	unsigned config_count;
	char **patches;
	unsigned patches_count;
	char *config_file;
	bool add_needed;
};

#define SOURCE_TEXT(key) \
	{ #key, CONF_AT(CONF_TEXT, struct kernel_source, key) }

static const struct conf_field source_fields[] = {
	SOURCE_TEXT(debian), SOURCE_TEXT(suite), SOURCE_TEXT(version),
	SOURCE_TEXT(tarball), SOURCE_TEXT(git), SOURCE_TEXT(revision),
	SOURCE_TEXT(image), SOURCE_TEXT(modules), { 0 }
};

static const struct conf_field file_fields[] = {
	{ "title", CONF_AT(CONF_TEXT, struct file, title) },
	{ "source", CONF_AT(CONF_MAP, struct file, source), .required = true,
	  .of = source_fields },
	{ "config", CONF_AT(CONF_TEXTS, struct file, config),
	  .count = offsetof(struct file, config_count) },
	{ "patches", CONF_AT(CONF_TEXTS, struct file, patches),
	  .count = offsetof(struct file, patches_count) },
	{ "config-file", CONF_AT(CONF_TEXT, struct file, config_file) },
	{ "add-needed", CONF_AT(CONF_BOOL, struct file, add_needed) },
	{ 0 }
};

/* --- the source ----------------------------------------------------------- */

static int spec_need(const struct conf *c, const char *have, const char *field,
		     const char *why, struct err *err)
{
	return have ? 0 : conf_error(c, field, err, "missing: %s", why);
}

static int spec_refuse(const struct conf *c, const char *have,
		       const char *field,
		       const char *belongs, struct err *err)
{
	return have ? conf_error(c, field, err, "is only allowed with '%s'", belongs)
		    : 0;
}

static int spec_check_source(const struct conf *c,
			     const struct kernel_source *s,
			     enum kernel_source_kind *kind, struct err *err)
{
	const char *const given[] = { s->debian, s->tarball, s->git, s->image };
	unsigned n = 0;

	for (unsigned i = 0; i < 4; i++) {
		if (given[i]) {
			*kind = i;
			n++;
		}
	}
	if (n != 1)
		return conf_error(c, "source", err,
				  "must have exactly one of debian, tarball, git, image");
	if (*kind != SOURCE_IMAGE &&
	    spec_refuse(c, s->modules, "source.modules", "image", err))
		return -EINVAL;
	if (*kind == SOURCE_DEBIAN) {
		if (spec_need(c, s->suite, "source.suite",
			      "the Debian suite, e.g. bookworm", err))
			return -EINVAL;
	} else if (spec_refuse(c, s->suite, "source.suite", "debian", err) ||
		   spec_refuse(c, s->version, "source.version", "debian", err)) {
		return -EINVAL;
	}
	if (*kind == SOURCE_GIT)
		return spec_need(c, s->revision, "source.revision",
				 "the revision, e.g. v6.1", err);
	return spec_refuse(c, s->revision, "source.revision", "git", err);
}

/* For words that end up as arguments and file names. */
static int spec_check_word(const struct conf *c, const char *word,
			   const char *field,
			   struct err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.+~:_-";

	if (!word || (*word != '-' && word[strspn(word, allowed)] == '\0'))
		return 0;
	return conf_error(c, field, err, "'%s' is not a name", word);
}

/* Makes `*path` absolute, relative to the YAML's folder; it must exist, of type `kind`. */
static int spec_settle_path(const struct conf *c, const char *folder, char **path,
			    mode_t kind, const char *field, struct err *err)
{
	char *full = NULL;
	struct stat st;
	int ret = 0;

	if (!*path)
		return 0;
	if (**path == '/')
		full = strdup(*path);
	else if (asprintf(&full, "%s/%s", folder, *path) < 0)
		full = NULL;
	if (!full)
		return err_sys(err, ENOMEM, "%s", *path);
	if (access(full, R_OK) || stat(full, &st))
		ret = conf_error(c, field, err, "cannot read %s: %s", full, strerror(errno));
	else if ((st.st_mode & S_IFMT) != kind)
		ret = conf_error(c, field, err, "%s is not a %s", full,
				 kind == S_IFDIR ? "folder" : "file");
	if (ret) {
		free(full);
		return ret;
	}
	free(*path);
	*path = full;
	return 0;
}

static int spec_take_source(const struct conf *c, const char *folder,
			    struct kernel_spec *spec, struct err *err)
{
	struct kernel_source *s = &spec->source;

	if (spec_check_source(c, s, &spec->kind, err) ||
	    spec_check_word(c, s->debian, "source.debian", err) ||
	    spec_check_word(c, s->suite, "source.suite", err) ||
	    spec_check_word(c, s->version, "source.version", err) ||
	    spec_settle_path(c, folder, &s->tarball, S_IFREG, "source.tarball", err) ||
	    spec_settle_path(c, folder, &s->git, S_IFDIR, "source.git", err) ||
	    spec_settle_path(c, folder, &s->image, S_IFREG, "source.image", err) ||
	    spec_settle_path(c, folder, &s->modules, S_IFDIR, "source.modules", err))
		return err->code ? err->code : -EINVAL;
	return 0;
}

/* --- fragments and patches ------------------------------------------------ */

struct list {
	const char *field;
	enum data_kind kind;
};

static const struct list fragments = { "config", DATA_FRAGMENT };
static const struct list patches = { "patches", DATA_PATCH };

int kernel_text_read(struct kernel_text *t, const char *name, const char *path,
		     struct err *err)
{
	int ret;

	*t = (struct kernel_text){ strdup(name), strdup(path), NULL, 0, "" };
	ret = t->name && t->path ? file_read_named(path, &t->text, &t->len, err)
				 : err_sys(err, ENOMEM, "%s", name);
	if (!ret)
		data_hash(t->text, t->len, t->hash);
	return ret;
}

static int spec_read_text(const struct conf *c, const char *folder,
			  const struct list *l, unsigned i, const char *name,
			  struct kernel_text *t, struct err *err)
{
	struct err cause = ERR_INIT;
	char field[64], *path = NULL;

	snprintf(field, sizeof(field), "%s[%u]", l->field, i);
	if (data_find(l->kind, name, folder, &path, &cause) ||
	    kernel_text_read(t, name, path, &cause))
		conf_error(c, field, err, "%s", cause.text);
	free(path);
	return cause.code ? -EINVAL : 0;
}

static int spec_read_texts(const struct conf *c, const char *folder,
			   const struct list *l, char **names, unsigned n,
			   struct kernel_text **texts, size_t *count,
			   struct err *err)
{
	*texts = calloc(n ? n : 1, sizeof(**texts));
	if (!*texts)
		return err_sys(err, ENOMEM, "%s", folder);
	*count = n;
	for (unsigned i = 0; i < n; i++) {
		int ret = spec_read_text(c, folder, l, i, names[i],
					 &(*texts)[i], err);
		if (ret)
			return ret;
	}
	return 0;
}

void kernel_texts_free(struct kernel_text *texts, size_t n)
{
	for (size_t i = 0; texts && i < n; i++) {
		free(texts[i].name);
		free(texts[i].path);
		free(texts[i].text);
	}
	free(texts);
}

/* --- the file ------------------------------------------------------------- */

static int spec_check_lists(const struct conf *c, const struct file *f,
			    enum kernel_source_kind kind, struct err *err)
{
	if (kind == SOURCE_IMAGE && f->config_count)
		return conf_error(c, "config", err,
				  "a ready image is not configured");
	if (kind == SOURCE_IMAGE && f->patches_count)
		return conf_error(c, "patches", err,
				  "a ready image cannot be patched");
	if (kind != SOURCE_IMAGE && !f->config_count)
		return conf_error(c, "config", err,
				  "missing: the config fragments, e.g. [base, kvm, pmem]");
	return 0;
}

static int spec_copy_source(struct kernel_spec *spec,
			    const struct kernel_source *from)
{
	struct kernel_source *s = &spec->source;
	char **const to[] = { &s->debian, &s->suite, &s->version, &s->tarball,
			      &s->git, &s->revision, &s->image, &s->modules };
	char *const texts[] = { from->debian, from->suite, from->version,
				from->tarball, from->git, from->revision,
				from->image, from->modules };

	for (size_t i = 0; i < sizeof(to) / sizeof(to[0]); i++) {
		*to[i] = texts[i] ? strdup(texts[i]) : NULL;
		if (texts[i] && !*to[i])
			return -ENOMEM;
	}
	return 0;
}

/* The user's own .config. */
static int spec_read_config_file(const struct conf *c, const char *folder,
				 const struct file *f, struct kernel_spec *spec,
				 struct err *err)
{
	struct err cause = ERR_INIT;
	char *path;
	int ret;

	if (!f->config_file)
		return f->add_needed ? conf_error(c, "add-needed", err, "is only allowed with 'config-file'") : 0;
	if (spec->kind == SOURCE_IMAGE)
		return conf_error(c, "config-file", err, "a ready image is not configured");
	path = *f->config_file == '/' ? text_format("%s", f->config_file)
				      : text_format("%s/%s", folder, f->config_file);
	spec->config_file = calloc(1, sizeof(*spec->config_file));
	ret = spec->config_file ? kernel_text_read(spec->config_file, f->config_file, path, &cause)
				: err_sys(&cause, ENOMEM, "%s", path);
	if (ret)
		conf_error(c, "config-file", err, "%s", cause.text);
	free(path);
	return ret ? -EINVAL : 0;
}

static int spec_fill(struct kernel_spec *spec, const struct conf *c,
		     const struct file *f,
		     const char *folder, const char *name, struct err *err)
{
	int ret;

	spec->title = strdup(f->title ? f->title : name);
	if (!spec->title || spec_copy_source(spec, &f->source))
		return err_sys(err, ENOMEM, "%s", name);
	ret = spec_take_source(c, folder, spec, err);
	if (!ret)
		ret = spec_check_lists(c, f, spec->kind, err);
	if (!ret)
		ret = spec_read_texts(c, folder, &fragments, f->config,
				      f->config_count, &spec->fragments,
				      &spec->n_fragments, err);
	if (!ret)
		ret = spec_read_texts(c, folder, &patches, f->patches,
				      f->patches_count, &spec->patches,
				      &spec->n_patches, err);
	spec->add_needed = f->add_needed;
	return ret ? ret : spec_read_config_file(c, folder, f, spec, err);
}

static int spec_read_file(struct kernel_spec *spec, const char *name,
			  struct err *err)
{
	struct file f = { 0 };
	char *copy = text_format("%s", spec->path);
	struct conf *c;
	int ret;

	ret = conf_open(spec->path, &c, err);
	if (!ret) {
		ret = conf_load(c, file_fields, &f, err);
		if (!ret)
			ret = spec_fill(spec, c, &f, dirname(copy), name, err);
		conf_close(c);
	}
	free(copy);
	return ret;
}

int kernel_spec_read(const char *path, const char *name,
		     struct kernel_spec **spec, struct err *err)
{
	struct kernel_spec *new = calloc(1, sizeof(*new));
	int ret;

	*spec = NULL;
	if (!new)
		return err_sys(err, ENOMEM, "%s", name);
	new->path = text_format("%s", path);
	ret = spec_read_file(new, name, err);
	if (ret)
		kernel_spec_free(new);
	else
		*spec = new;
	return ret;
}

void kernel_spec_free(struct kernel_spec *spec)
{
	if (!spec)
		return;
	kernel_texts_free(spec->fragments, spec->n_fragments);
	kernel_texts_free(spec->patches, spec->n_patches);
	free(spec->source.debian);
	free(spec->source.suite);
	free(spec->source.version);
	free(spec->source.tarball);
	free(spec->source.git);
	free(spec->source.revision);
	free(spec->source.image);
	free(spec->source.modules);
	kernel_texts_free(spec->config_file, 1);
	free(spec->title);
	free(spec->path);
	free(spec);
}

char *kernel_source_text(const struct kernel_spec *spec)
{
	const struct kernel_source *s = &spec->source;
	char *text = NULL;
	int n = -1;

	switch (spec->kind) {
	case SOURCE_DEBIAN:
		n = asprintf(&text, "Debian's %s of %s", s->debian, s->suite);
		break;
	case SOURCE_TARBALL:
		n = asprintf(&text, "%s", s->tarball);
		break;
	case SOURCE_GIT:
		n = asprintf(&text, "%s at %s", s->git, s->revision);
		break;
	case SOURCE_IMAGE:
		n = asprintf(&text, "the ready image %s", s->image);
		break;
	}
	return n < 0 ? NULL : text;
}
