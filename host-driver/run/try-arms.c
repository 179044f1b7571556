/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From patches, revisions or images to two descriptions of kernels. */
#include "try-arms.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/kernel-build.h"
#include "kernel/kernel-source.h"
#include "kernel/kernel.h"
#include "lib/data.h"
#include "lib/file.h"
#include "lib/proc.h"
#include "lib/safe.h"

#define NAME_LEN 40
#define COMMIT_LEN 12
#define SUBJECTS_MAX 12	/* shown of a series */
#define GIT_SECONDS 120.0

/* --- words ---------------------------------------------------------------------- */

/* A campaign's name, an arm's, a file's: of what `text` has that is fit for one. */
static char *try_arms_slug(const char *text)
{
	char *slug = text_format("%.*s", NAME_LEN, text);
	size_t n = 0;

	for (const char *p = slug; *p; p++) {
		bool fit = isalnum((unsigned char)*p) || strchr("._+-", *p);

		if (n || isalnum((unsigned char)*p))
			slug[n++] = fit ? *p : '-';
	}
	slug[n] = '\0';
	if (!n) {
		free(slug);
		return text_format("patched");
	}
	return slug;
}

/* "0001-fix" of "/x/0001-fix.patch". */
static char *try_arms_stem(const char *path)
{
	const char *base = strrchr(path, '/'), *end;
	char *copy, *slug;

	base = base ? base + 1 : path;
	end = strrchr(base, '.');
	copy = text_format("%.*s", end && end != base ? (int)(end - base) : INT_MAX, base);
	slug = try_arms_slug(copy);
	free(copy);
	return slug;
}

/* As YAML takes it, whatever is in it. */
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

static void try_arms_field(FILE *f, const char *key, const char *value)
{
	if (!value)
		return;
	fprintf(f, "%s: ", key);
	try_quote(f, value);
	fputc('\n', f);
}

/* The subjects of mails in a patch, as they are. */
static void try_arms_tell_subjects(struct try *t, const struct kernel_text *p)
{
	unsigned n = 0;

	for (const char *line = p->text; line; line = strchr(line, '\n'), line += line != NULL) {
		char *subject;

		if (strncmp(line, "Subject: ", 9))
			continue;
		if (++n > SUBJECTS_MAX)
			break;
		subject = text_format("%.*s", (int)strcspn(line + 9, "\r\n"), line + 9);
		fputs("    ", t->what);
		text_put(t->what, subject);
		fputc('\n', t->what);
		free(subject);
	}
}

/* --- patches ---------------------------------------------------------------------- */

static int try_arms_read_patch(const char *path, struct kernel_text *p, struct err *err)
{
	bool in = !strcmp(path, "-");
	char *name = in ? text_format("stdin") : try_arms_stem(path);
	int ret = kernel_text_read(p, name, in ? "/dev/stdin" : path, err);

	free(name);
	if (ret && err)
		err->exit = EXIT_CONFIG;
	return ret;
}

static int try_arms_read_patches(struct try *t, struct err *err)
{
	const struct try_wish *w = t->w;
	int ret = 0;

	t->patch = calloc(w->n_patches, sizeof(*t->patch));
	if (!t->patch)
		return err_sys(err, ENOMEM, "try");
	for (; t->n_patches < w->n_patches && !ret; t->n_patches++)
		ret = try_arms_read_patch(w->patches[t->n_patches], &t->patch[t->n_patches], err);
	return ret ? ret : kernel_check_series(t->patch, t->n_patches, err);
}

/* Can it be a machine under test? */
static bool try_arms_has_kvm(const struct kernel *k)
{
	char *text = NULL, value[KERNEL_VALUE_MAX] = "";

	if (k->config && !file_read(k->config, &text, NULL, NULL))
		kernel_config_value(text, "CONFIG_KVM", value, sizeof(value));
	free(text);
	return !strcmp(value, "y");
}

/* The better one for a patch: the newer; of one version, the one less patched. */
static bool try_arms_is_better(const struct kernel *k, const struct kernel *than)
{
	char version[2][64];
	int newer;

	if (!than->name)
		return true;
	/* What follows the version is the key's. */
	snprintf(version[0], 64, "%.*s", (int)strcspn(k->release, "-"), k->release);
	snprintf(version[1], 64, "%.*s", (int)strcspn(than->release, "-"), than->release);
	newer = strverscmp(version[0], version[1]);
	return newer ? newer > 0 : k->spec->n_patches < than->spec->n_patches;
}

/* The best of the kernels that are built and have KVM, but `not` (NULL ends it). */
static int try_arms_next_base(const struct data_list *all, bool *tried, struct kernel *best,
			 size_t *at)
{
	*best = (struct kernel)KERNEL_INIT;
	for (size_t i = 0; i < all->n; i++) {
		struct kernel k;

		if (tried[i] || kernel_resolve(all->v[i].name, NULL, &k, NULL))
			continue;
		if (k.spec->kind == SOURCE_IMAGE || !kernel_is_cached(&k) || !try_arms_has_kvm(&k)) {
			tried[i] = true;
		} else if (try_arms_is_better(&k, best)) {
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

/* The newest kernel that is built and takes the patches. */
static int try_arms_find_base(struct try *t, struct kernel *base, struct err *err)
{
	struct err first = ERR_INIT;
	struct data_list all;
	bool *tried;
	int ret = -ENOENT;
	size_t at = 0;

	data_all(DATA_KERNEL, NULL, &all);
	tried = calloc(all.n + 1, sizeof(*tried));
	while (tried && !try_arms_next_base(&all, tried, base, &at)) {
		struct err why = ERR_INIT;

		ret = kernel_applies(base, t->patch, t->n_patches, &why);
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
		return err_config(err, "no kernel that is built takes the series; %s\n(with --on NAME it is tried on another one; kduel list kernels shows them)",
				  first.text);
	return err_config(err, "no kernel is built that a patch could be tried on; kduel build 6.1, or name one with --on");
}

static int try_arms_take_base(struct try *t, struct kernel *base, struct err *err)
{
	int ret = kernel_resolve(t->w->on, NULL, base, err);

	if (ret)
		return ret;
	if (base->spec->kind == SOURCE_IMAGE) {
		ret = err_config(err, "--on %s: a ready image cannot be patched", t->w->on);
	} else {
		ret = kernel_applies(base, t->patch, t->n_patches, err);
		/* Its source is not here yet; the build will say whether they apply. */
		if (ret == -ENOENT)
			ret = 0;
		err_prefix(err, "on %s", t->w->on);
	}
	if (ret)
		kernel_free(base);
	return ret;
}

/* "[base, kvm]", by names where these lead to the same files from anywhere. */
static void try_arms_put_texts(FILE *f, const char *key, enum data_kind kind,
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
		char *name = text_format("../patches/%02zu-%s.patch", i + 1, more->patch[i].name);

		fputs(n || i ? ", " : "", f);
		try_quote(f, name);
		free(name);
	}
	fputs("]\n", f);
}

static void try_arms_put_source(FILE *f, const struct kernel_source *s)
{
	const char *const fields[][2] = {
		{ "debian", s->debian }, { "suite", s->suite }, { "version", s->version },
		{ "tarball", s->tarball }, { "git", s->git }, { "revision", s->revision },
	};

	fputs("source:\n", f);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (fields[i][1])
			fputs("  ", f);
		try_arms_field(f, fields[i][0], fields[i][1]);
	}
}

/* `base` with our patches on top. */
static char *try_arms_patched_yaml(const struct try *t, const struct kernel *base)
{
	const struct kernel_spec *s = base->spec;
	char *text = NULL, *title;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		abort();
	title = text_format("%s with %s", s->title, t->name);
	try_arms_field(f, "title", title);
	free(title);
	try_arms_put_source(f, &s->source);
	try_arms_put_texts(f, "config", DATA_FRAGMENT, s->fragments, s->n_fragments, NULL);
	try_arms_field(f, "config-file", s->config_file ? s->config_file->path : NULL);
	if (s->add_needed)
		fputs("add-needed: true\n", f);
	try_arms_put_texts(f, "patches", DATA_PATCH, s->patches, s->n_patches, t);
	fclose(f);
	return text;
}

int try_patches(struct try *t, struct err *err)
{
	struct kernel base;
	int ret = try_arms_read_patches(t, err);

	if (!ret)
		ret = t->w->on ? try_arms_take_base(t, &base, err) : try_arms_find_base(t, &base, err);
	if (ret)
		return ret;
	t->name = text_format("%s", t->patch[0].name);
	t->arm[0].name = text_format("%s", base.name);
	t->arm[0].kernel = text_format("%s", base.asked);
	if (data_is_path(DATA_KERNEL, base.asked)) {
		free(t->arm[0].kernel);
		t->arm[0].kernel = realpath(base.spec->path, NULL);
	}
	t->arm[1].name = text_format("%s", strcmp(t->name, base.name) ? t->name : "patched");
	t->arm[1].yaml = try_arms_patched_yaml(t, &base);
	t->made->on = text_format("%s", base.asked);
	fprintf(t->what, "%s (%s), without and with\n", base.name, base.spec->title);
	for (size_t i = 0; i < t->n_patches; i++) {
		fputs("  ", t->what);
		text_put(t->what, t->patch[i].path);
		fprintf(t->what, ", sha256 %.12s\n", t->patch[i].hash);
		try_arms_tell_subjects(t, &t->patch[i]);
	}
	kernel_free(&base);
	return 0;
}

/* --- a repository ------------------------------------------------------------------- */

static int try_arms_git(const char *dir, const char *const args[], char **said, struct err *err)
{
	const char *argv[16] = { "git", "-C", dir };
	static const char *const env[] = { "GIT_NO_REPLACE_OBJECTS=1", "GIT_OPTIONAL_LOCKS=0", NULL };
	const struct proc_options o = { .argv = argv, .clean = true, .env = env };
	size_t n = 3;

	for (size_t i = 0; args[i]; i++)
		argv[n++] = args[i];
	return proc_capture(&o, GIT_SECONDS, said, NULL, err);
}

static bool try_arms_is_shallow(const char *dir)
{
	static const char *const ask[] = { "rev-parse", "--is-shallow-repository", NULL };
	char *said = NULL;
	bool is = !try_arms_git(dir, ask, &said, NULL) && !strncmp(said, "true", 4);

	free(said);
	return is;
}

static int try_arms_commit(const struct try *t, const char *revision, char **commit, struct err *err)
{
	struct err why = ERR_INIT;

	if (!kernel_repository_commit(t->w->git, revision, commit, &why))
		return 0;
	if (try_arms_is_shallow(t->w->git))
		return err_config(err, "%s has no revision %s: it is shallow, its history is cut off; git -C %s fetch --unshallow gets the rest",
				  t->w->git, revision, t->w->git);
	return err_config(err, "%s", why.text);
}

/* What the files differ in from HEAD, as a patch; empty if in nothing. */
static int try_arms_diff(struct try *t, struct err *err)
{
	static const char *const diff[] = {
		"-c", "core.quotePath=true", "diff", "--binary", "--no-ext-diff",
		"--no-textconv", "--no-color", "--full-index", "--src-prefix=a/",
		"--dst-prefix=b/", "HEAD", NULL };
	struct kernel_text *p = calloc(1, sizeof(*p));
	int ret = p ? try_arms_git(t->w->git, diff, &p->text, err) : err_sys(err, ENOMEM, "try");

	if (ret || !*p->text) {
		if (p)
			free(p->text);
		free(p);
		return ret;
	}
	p->len = strlen(p->text);
	p->name = text_format("uncommitted");
	p->path = text_format("%s, not committed", t->w->git);
	data_hash(p->text, p->len, p->hash);
	t->patch = p;
	t->n_patches = 1;
	return kernel_check_series(p, 1, err);
}

static int try_arms_split_range(const char *rev, char **from, char **to, struct err *err)
{
	const char *dots = strstr(rev, "..");

	if (!dots || dots == rev || !dots[2])
		return err_config(err, "--rev %s: a range has two ends, as in v6.9..topic", rev);
	if (dots[2] == '.')
		return err_config(err, "--rev %s: three dots mean the point where the two part; say it with git merge-base, and give A..B",
				  rev);
	*from = text_format("%.*s", (int)(dots - rev), rev);
	*to = text_format("%s", dots + 2);
	return 0;
}

/* The fragment for this version: "6.12" of a Makefile that says 6 and 12. */
static char *try_arms_version(const char *dir, const char *commit)
{
	char *what = text_format("%s:Makefile", commit), *said = NULL, *path, *name = NULL;
	const char *show[] = { "show", what, NULL };
	unsigned v = 0, p = 0;

	if (!try_arms_git(dir, show, &said, NULL)) {
		const char *version = strstr(said, "VERSION ="), *patch = strstr(said, "PATCHLEVEL =");

		if (version && patch && sscanf(version, "VERSION = %u", &v) == 1 &&
		    sscanf(patch, "PATCHLEVEL = %u", &p) == 1)
			name = text_format("%u.%u", v, p);
	}
	free(said);
	free(what);
	if (name && data_find(DATA_FRAGMENT, name, NULL, &path, NULL)) {
		free(name);
		return NULL;
	}
	if (name)
		free(path);
	return name;
}

static char *try_arms_revision_yaml(const struct try_wish *w, const char *commit,
				    const struct try *patches)
{
	char *text = NULL, *version = try_arms_version(w->git, commit), *path = realpath(w->git, NULL);
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		abort();
	fprintf(f, "source:\n  ");
	try_arms_field(f, "git", path);
	fprintf(f, "  revision: %s\n", commit);
	free(path);
	if (w->config) {
		path = realpath(w->config, NULL);
		fprintf(f, "config: [needed]\n");
		try_arms_field(f, "config-file", path);
		fprintf(f, "add-needed: %s\n", w->add_needed ? "true" : "false");
		free(path);
	} else {
		fprintf(f, "config: [base, kvm, pmem%s%s]\n", version ? ", " : "", version ? version : "");
	}
	if (patches)
		try_arms_put_texts(f, "patches", DATA_PATCH, NULL, 0, patches);
	fclose(f);
	free(version);
	return text;
}

char *try_revision_yaml(const struct try_wish *wish, const char *commit)
{
	return try_arms_revision_yaml(wish, commit, NULL);
}

static void try_arms_tell_commit(struct try *t, const char *commit)
{
	const char *log[] = { "log", "-1", "--format=%h %s", commit, NULL };
	char *said = NULL;

	fputs("  ", t->what);
	if (!try_arms_git(t->w->git, log, &said, NULL)) {
		said[strcspn(said, "\n")] = '\0';
		text_put(t->what, said);
	} else {
		fprintf(t->what, "%.*s", COMMIT_LEN, commit);
	}
	fputc('\n', t->what);
	free(said);
}

static void try_arms_set_arm(struct try *t, size_t i, const char *commit, bool patched)
{
	t->arm[i].name = t->w->names[i] ? text_format("%s", t->w->names[i])
		: text_format("%.*s%s", COMMIT_LEN, commit, patched ? "-uncommitted" : "");
	t->arm[i].yaml = try_arms_revision_yaml(t->w, commit, patched ? t : NULL);
	if (patched)
		fprintf(t->what, "  the same with what is not committed, sha256 %.12s\n", t->patch[0].hash);
	else
		try_arms_tell_commit(t, commit);
}

int try_revisions(struct try *t, struct err *err)
{
	struct kernel_repository r = { NULL, "" };
	char *from = NULL, *to = NULL, *a = NULL, *b = NULL, *path;
	int ret = kernel_repository_open(t->w->git, &r, err);

	if (ret && err)
		err->exit = EXIT_CONFIG;
	if (!ret && t->w->rev)
		ret = try_arms_split_range(t->w->rev, &from, &to, err);
	else if (!ret)
		ret = try_arms_diff(t, err);
	if (!ret && !t->w->rev) {
		from = text_format(t->n_patches ? "HEAD" : "HEAD~1");
		to = text_format("HEAD");
	}
	if (!ret)
		ret = try_arms_commit(t, from, &a, err);
	if (!ret)
		ret = try_arms_commit(t, to, &b, err);
	if (!ret && !t->n_patches && !strcmp(a, b))
		ret = err_config(err, "%s and %s are the same commit, %.*s", from, to, COMMIT_LEN, a);
	if (!ret) {
		path = realpath(t->w->git, NULL);
		t->name = try_arms_stem(path ? path : t->w->git);
		fprintf(t->what, "two states of ");
		text_put(t->what, path ? path : t->w->git);
		fputc('\n', t->what);
		free(path);
		try_arms_set_arm(t, 0, a, false);
		try_arms_set_arm(t, 1, b, t->n_patches);
	}
	kernel_repository_release(&r);
	free(from);
	free(to);
	free(a);
	free(b);
	return ret;
}

/* --- images --------------------------------------------------------------------------- */

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
		f = open_memstream(&text, &len);
		path = realpath(w->images[i], NULL);
		if (!f || !path)
			abort();
		fprintf(f, "source:\n  ");
		try_arms_field(f, "image", path);
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
		try_arms_field(f, "modules", path);
		fclose(f);
		free(path);
		stem = try_arms_slug(*release ? release : "image");
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
