/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * git bisect in a bare repository of our own, which borrows the user's objects. The
 * user's checkout and references are never written to.
 */
#include "bisect.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "kernel/kernel-source.h"
#include "proc.h"
#include "safe.h"

#define GIT_SECONDS 600.0

/* Runs git in our own repository, without the user's and the machine's settings. */
static int bisect_git_do(const char *const args[], char **said, struct err *err)
{
	static const char *const env[] = {
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_ATTR_NOSYSTEM=1",
		"GIT_NO_REPLACE_OBJECTS=1", "GIT_OPTIONAL_LOCKS=0", NULL };
	const char *argv[20] = { "git" };
	const struct proc_options o = { .argv = argv, .clean = true, .env = env };
	char *text = NULL;
	size_t n = 1;
	int ret;

	for (size_t i = 0; args[i]; i++)
		argv[n++] = args[i];
	ret = proc_capture(&o, GIT_SECONDS, &text, NULL, err);
	if (said)
		*said = text;
	else
		free(text);
	return ret;
}

/* --- the user's repository ------------------------------------------------------ */

int bisect_git_check(const char *dir, const char *good, const char *bad, unsigned *commits,
		     struct err *err)
{
	char *range = text_format("%s..%s", good, bad), *said = NULL;
	const char *const ancestor[] = { "merge-base", "--is-ancestor", good, bad, NULL };
	const char *const count[] = { "rev-list", "--count", range, NULL };
	int ret = 0;

	if (kernel_repository_ask(dir, ancestor, &said, NULL))
		ret = kernel_repository_is_shallow(dir)
			? err_config(err, "between --good %.12s and --bad %.12s history is missing: %s is a shallow clone; git -C %s fetch --unshallow gets the rest",
				     good, bad, dir, dir)
			: err_config(err, "--good %.12s is not an ancestor of --bad %.12s (git -C %s merge-base %.12s %.12s names their common ancestor)",
				     good, bad, dir, good, bad);
	free(said);
	said = NULL;
	if (!ret)
		ret = kernel_repository_ask(dir, count, &said, err);
	if (!ret)
		*commits = (unsigned)strtoul(said, NULL, 10);
	free(said);
	free(range);
	return ret;
}

char *bisect_git_subject(const char *dir, const char *commit)
{
	const char *const log[] = { "log", "-1", "--format=%s", commit, NULL };
	char *said = NULL;

	if (kernel_repository_ask(dir, log, &said, NULL))
		return text_format("%s", "");
	said[strcspn(said, "\n")] = '\0';
	return said;
}

/* --- our own repository --------------------------------------------------------- */

static int bisect_git_put(const char *repository, const char *below, const char *text,
			  struct err *err)
{
	char *path = text_format("%s/%s", repository, below);
	int ret = file_publish(path, text, strlen(text), err);

	free(path);
	return ret;
}

static int bisect_git_make(const struct bisect *b, const char *repository, struct err *err)
{
	struct kernel_repository of = { NULL, "" };
	char *format = NULL, *objects = NULL, *info = text_format("%s/objects/info", repository);
	int ret = file_remove_tree(repository, err);

	if (!ret)
		ret = kernel_repository_open(b->git, &of, err);
	if (!ret) {
		const char *const init[] = { "init", "-q", "--bare", "--template=",
			format = text_format("--object-format=%s", of.format), repository, NULL };

		ret = bisect_git_do(init, NULL, err);
	}
	if (!ret)
		ret = file_mkdirs(info, err);
	if (!ret)
		ret = bisect_git_put(repository, "objects/info/alternates",
				     objects = text_format("%s\n", of.objects), err);
	if (!ret) {
		/* git bisect needs a HEAD that exists. */
		char *head = text_format("%s\n", b->bad);

		ret = bisect_git_put(repository, "HEAD", head, err);
		free(head);
	}
	kernel_repository_release(&of);
	free(format);
	free(objects);
	free(info);
	return ret;
}

/* Writes the decisions so far as a log for git bisect replay. */
static int bisect_git_write_log(const struct bisect *b, const char *path, struct err *err)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int ret;

	if (!f)
		return err_sys(err, ENOMEM, "bisect");
	fprintf(f, "git bisect start '--no-checkout' '%s' '%s'\n", b->bad, b->good);
	for (size_t i = 1; i < b->n; i++)
		if (b->step[i].mark != BISECT_OPEN)
			fprintf(f, "git bisect %s %s\n", bisect_mark_words[b->step[i].mark],
				b->step[i].commit);
	fclose(f);
	ret = file_publish(path, text, len, err);
	free(text);
	return ret;
}

/* The commit in "[...]" after `words`; NULL: they are not in the log. */
static char *bisect_git_named(const char **log, const char *words)
{
	const char *at = strstr(*log, words);

	if (!at)
		return NULL;
	*log = at + strlen(words);
	return text_format("%.*s", (int)strspn(*log, "0123456789abcdef"), *log);
}

static bool bisect_git_has_ended(struct bisect *b, const char *log)
{
	const char *at = log;
	char *one = bisect_git_named(&at, "# first bad commit: [");

	if (one) {
		b->end = BISECT_FOUND;
		free(b->found);
		b->found = one;
		return true;
	}
	if (!strstr(log, "# only skipped commits left to test"))
		return false;
	b->end = BISECT_ONLY_SKIPPED;
	for (at = log; (one = bisect_git_named(&at, "# possible first bad commit: [")); free(one)) {
		char *all = text_format("%s%s%s", b->found, *b->found ? "\n" : "", one);

		free(b->found);
		b->found = all;
	}
	return true;
}

int bisect_git_next(struct bisect *b, char **commit, struct err *err)
{
	char *repository = text_format("%s/git", b->folder), *said = NULL;
	char *replayed = text_format("%s/replay", repository);
	char *in = text_format("--git-dir=%s", repository);
	const char *const replay[] = { in, "bisect", "replay", replayed, NULL };
	const char *const log[] = { in, "bisect", "log", NULL };
	const char *const head[] = { in, "rev-parse", "--verify", "BISECT_HEAD", NULL };
	struct err why = ERR_INIT;
	int ret = bisect_git_make(b, repository, err), rc = 0;

	*commit = NULL;
	if (!ret)
		ret = bisect_git_write_log(b, replayed, err);
	if (!ret)
		rc = bisect_git_do(replay, NULL, &why);	/* fails if only skipped commits are left */
	if (!ret)
		ret = bisect_git_do(log, &said, err);
	if (!ret && !bisect_git_has_ended(b, said)) {
		ret = rc ? err_set(err, EXIT_MACHINE, rc, "%s", why.text)
			 : bisect_git_do(head, commit, err);
		if (!ret)
			(*commit)[strcspn(*commit, "\n")] = '\0';
	}
	free(said);
	free(replayed);
	free(repository);
	free(in);
	return ret;
}
