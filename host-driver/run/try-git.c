/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two states of a repository. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data.h"
#include "kernel/kernel-source.h"
#include "kernel/kernel.h"
#include "safe.h"
#include "try.h"

#define COMMIT_LEN 12

static int try_git_commit(const struct try *t, const char *revision, char **commit, struct err *err)
{
	struct err why = ERR_INIT;

	return kernel_repository_commit(t->w->git, revision, commit, &why)
		       ? err_config(err, "%s", why.text) : 0;
}

static int try_git_check_config(const char *path, struct err *err)
{
	return path && access(path, R_OK) ? err_config(err, "--config %s: %s", path, strerror(errno)) : 0;
}

/* The files' differences from HEAD, as a patch; empty if there are none. */
static int try_git_diff(struct try *t, struct err *err)
{
	static const char *const diff[] = {
		"-c", "core.quotePath=true", "diff", "--binary", "--no-ext-diff",
		"--no-textconv", "--no-color", "--full-index", "--src-prefix=a/",
		"--dst-prefix=b/", "HEAD", NULL };
	struct kernel_text *p = calloc(1, sizeof(*p));
	int ret = p ? kernel_repository_ask(t->w->git, diff, &p->text, err) : err_sys(err, ENOMEM, "try");

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

/* git diff leaves out untracked files: says which ones. */
static void try_git_tell_untracked(struct try *t)
{
	static const char *const list[] = { "ls-files", "--others", "--exclude-standard", NULL };
	char *said = NULL, *name;
	unsigned n = 0;

	if (!kernel_repository_ask(t->w->git, list, &said, NULL) && *said) {
		for (const char *p = said; (p = strchr(p, '\n')); p++)
			n++;
		name = text_format("%.*s", (int)strcspn(said, "\n"), said);
		fprintf(t->what, "  without %u untracked file%s (git add -N includes them): ",
			n, n == 1 ? "" : "s");
		text_put(t->what, name);
		fputs(n > 1 ? ", ...\n" : "\n", t->what);
		free(name);
	}
	free(said);
}

static int try_git_split_range(const char *rev, char **from, char **to, struct err *err)
{
	const char *dots = strstr(rev, "..");

	if (!dots || dots == rev || !dots[2])
		return err_config(err, "--rev %s: a range has two ends, as in v6.9..topic", rev);
	if (dots[2] == '.')
		return err_config(err, "--rev %s: three dots start at the common ancestor; find that with git merge-base, and give A..B",
				  rev);
	*from = text_format("%.*s", (int)(dots - rev), rev);
	*to = text_format("%s", dots + 2);
	return 0;
}

/* The name of the fragment for this version: "6.12" if the Makefile says 6 and 12. */
static char *try_git_version(const char *dir, const char *commit)
{
	char *what = text_format("%s:Makefile", commit), *said = NULL, *path, *name = NULL;
	const char *show[] = { "show", what, NULL };
	unsigned v = 0, p = 0;

	if (!kernel_repository_ask(dir, show, &said, NULL)) {
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

static char *try_git_revision_yaml(const struct try_wish *w, const char *commit,
				    const struct try *patches)
{
	char *text = NULL, *version = try_git_version(w->git, commit), *path = realpath(w->git, NULL);
	size_t len;
	FILE *f = text_open(&text, &len);

	fprintf(f, "source:\n  ");
	try_field(f, "git", path);
	fprintf(f, "  revision: %s\n", commit);
	free(path);
	if (w->config) {
		path = realpath(w->config, NULL);
		fprintf(f, "config: [needed]\n");
		try_field(f, "config-file", path);
		fprintf(f, "add-needed: %s\n", w->add_needed ? "true" : "false");
		free(path);
	} else {
		fprintf(f, "config: [base, kvm, pmem%s%s]\n", version ? ", " : "", version ? version : "");
	}
	if (patches)
		try_put_texts(f, "patches", DATA_PATCH, NULL, 0, patches);
	fclose(f);
	free(version);
	return text;
}

char *try_revision_yaml(const struct try_wish *wish, const char *commit)
{
	return try_git_revision_yaml(wish, commit, NULL);
}

static void try_git_tell_commit(struct try *t, const char *commit)
{
	const char *log[] = { "log", "-1", "--format=%h %s", commit, NULL };
	char *said = NULL;

	fputs("  ", t->what);
	if (!kernel_repository_ask(t->w->git, log, &said, NULL)) {
		said[strcspn(said, "\n")] = '\0';
		text_put(t->what, said);
	} else {
		fprintf(t->what, "%.*s", COMMIT_LEN, commit);
	}
	fputc('\n', t->what);
	free(said);
}

static void try_git_set_arm(struct try *t, size_t i, const char *commit, bool patched)
{
	t->arm[i].name = t->w->names[i] ? text_format("%s", t->w->names[i])
		: text_format("%.*s%s", COMMIT_LEN, commit, patched ? "-uncommitted" : "");
	t->arm[i].yaml = try_git_revision_yaml(t->w, commit, patched ? t : NULL);
	if (patched)
		fprintf(t->what, "  the same with what is not committed, sha256 %.12s\n", t->patch[0].hash);
	else
		try_git_tell_commit(t, commit);
}

int try_revisions(struct try *t, struct err *err)
{
	struct kernel_repository r = { NULL, "" };
	char *from = NULL, *to = NULL, *a = NULL, *b = NULL, *path;
	int ret = kernel_repository_open(t->w->git, &r, err);

	if (ret && err)
		err->exit = EXIT_CONFIG;
	if (!ret)
		ret = try_git_check_config(t->w->config, err);
	if (!ret && t->w->rev)
		ret = try_git_split_range(t->w->rev, &from, &to, err);
	else if (!ret)
		ret = try_git_diff(t, err);
	if (!ret && !t->w->rev) {
		from = text_format(t->n_patches ? "HEAD" : "HEAD~1");
		to = text_format("HEAD");
	}
	if (!ret)
		ret = try_git_commit(t, from, &a, err);
	if (!ret)
		ret = try_git_commit(t, to, &b, err);
	if (!ret && !t->n_patches && !strcmp(a, b))
		ret = err_config(err, "%s and %s are the same commit, %.*s", from, to, COMMIT_LEN, a);
	if (!ret) {
		path = realpath(t->w->git, NULL);
		t->name = try_stem(path ? path : t->w->git);
		fprintf(t->what, "two states of ");
		text_put(t->what, path ? path : t->w->git);
		fputc('\n', t->what);
		free(path);
		try_git_set_arm(t, 0, a, false);
		try_git_set_arm(t, 1, b, t->n_patches);
		if (t->n_patches)
			try_git_tell_untracked(t);
	}
	kernel_repository_release(&r);
	free(from);
	free(to);
	free(a);
	free(b);
	return ret;
}
