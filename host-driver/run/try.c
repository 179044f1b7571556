/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "try.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/workload.h"
#include "data.h"
#include "file.h"
#include "kernel/kernel.h"
#include "machine/preflight.h"
#include "proc.h"
#include "safe.h"

/* --- the config ------------------------------------------------------------------------ */

/* Can time not be measured here? Then instructions are counted instead. */
static bool try_is_exact(const struct try_wish *w)
{
	const struct accel_probe probe = { .boot = NULL };
	enum qemu_accel accel;
	char why[256];

	if (w->exact)
		return true;
	if (w->machine && strcmp(w->machine, "vm"))
		return false;
	return accel_decide(ACCEL_AUTO, CLOCK_TIME, &probe, &accel, why, sizeof(why), NULL) ||
	       accel != QEMU_KVM;
}

/* A guest kernel that is built already, if there is one. */
static const char *try_guest(const struct try *t)
{
	const char *const wish[] = { "6.1-guest", "6.1", t->made->on };

	for (size_t i = 0; i < sizeof(wish) / sizeof(wish[0]); i++) {
		struct kernel k;
		bool ready;

		if (!wish[i] || data_is_path(DATA_KERNEL, wish[i]) ||
		    kernel_resolve(wish[i], NULL, &k, NULL))
			continue;
		ready = kernel_is_cached(&k);
		kernel_free(&k);
		if (ready)
			return wish[i];
	}
	return wish[0];
}

/* Is this word of a command a file below the current folder? */
static bool try_is_file_here(const char *word)
{
	return *word != '/' && strncmp(word, "../", 3) && !access(word, R_OK);
}

/* A program that is given by its path must be there. */
static int try_check_command(char *const *command, struct err *err)
{
	return command && strchr(command[0], '/') && access(command[0], R_OK)
		       ? err_config(err, "command %s: %s", command[0], strerror(errno)) : 0;
}

/* A config finds files beside itself, so each gets a link there. */
static int try_link_files(const struct try *t, struct err *err)
{
	char *const *command = t->w->command;
	int ret = 0;

	for (size_t i = 0; command && command[i] && !ret; i++) {
		char *to, *link, *slash;

		if (!try_is_file_here(command[i]))
			continue;
		to = realpath(command[i], NULL);
		link = text_format("%s/%s", t->made->folder, command[i]);
		slash = strrchr(link, '/');
		*slash = '\0';
		ret = file_mkdirs(link, err);
		*slash = '/';
		if (!ret && (!to || (symlink(to, link) && errno != EEXIST)))
			ret = err_sys(err, errno, "cannot link %s", link);
		free(link);
		free(to);
	}
	return ret;
}

static void try_put_exec(FILE *f, char *const *command)
{
	char *text = proc_command_text((const char *const *)command);

	fputs("  - backing: fsdax-xfs\n    workload: exec\n"
	      "    params:\n      command: ", f);
	try_quote(f, text);
	fputs("\n      files: [", f);
	for (size_t i = 0; command[i]; i++) {
		bool here = try_is_file_here(command[i]) && strncmp(command[i], "./", 2);
		char *word = text_format("%s%s", here ? "./" : "", command[i]);

		if (!i || try_is_file_here(command[i]) || (*word == '/' && !access(word, R_OK))) {
			fputs(i ? ", " : "", f);
			try_quote(f, word);
		}
		free(word);
	}
	fputs("]\n", f);
	free(text);
}

static void try_put_judged(const struct try *t, FILE *f, const char *metric)
{
	fputs("gates:\n  - { cell: \"*\", metric: ", f);
	try_quote(f, t->w->metric ? t->w->metric : metric);
	fputs(" }\n", f);
	if (!t->w->expect)
		return;
	fputs("expect:\n  - ", f);
	try_quote(f, t->w->expect);
	fputc('\n', f);
}

static int try_put_cells(const struct try *t, FILE *f, struct err *err)
{
	const struct try_wish *w = t->w;
	const struct workload *workload;
	char *text;
	int ret;

	if (w->cells) {
		ret = file_read_named(w->cells, &text, NULL, err);
		if (ret)
			return ret;
		fprintf(f, "# --- from %s\n%s\n", w->cells, text);
		free(text);
		return 0;
	}
	fputs("cells:\n", f);
	if (w->command) {
		try_put_exec(f, w->command);
		try_put_judged(t, f, "wall_time");
		return 0;
	}
	ret = workload_find(w->workload ? w->workload : "first-touch", &workload, err);
	if (ret)
		return ret;
	fprintf(f, "  - { backing: %s, source: anon-4k, workload: \"%s\", %ssamples: 3, allow-small: true }\n",
		w->machine && !strcmp(w->machine, "fake") ? "memfd" : "fsdax-xfs", workload->name,
		w->workload ? "" : "params: { size: 64M }, ");
	try_put_judged(t, f, workload->metrics[0].name);
	return 0;
}

static int try_put_config(const struct try *t, FILE *f, struct err *err)
{
	const struct try_wish *w = t->w;
	bool exact = try_is_exact(w);

	fprintf(f, "# Made by kduel try; edit it and run it again with kduel run.\n");
	fprintf(f, "name: try-%s\nquestion: ", t->name);
	try_quote(f, "What does it change?");
	fprintf(f, "\nblocks: %u\nclock: %s\n", w->blocks ? w->blocks : exact ? 2 : 10,
		exact ? "instructions" : "time");
	fprintf(f, "machine: { kind: %s, %scpus: 1, memory: 3G, pmem: 1G }\n",
		w->machine ? w->machine : "vm",
		w->machine && strcmp(w->machine, "vm") ? "" : exact ? "accel: emulation, " : "accel: auto, ");
	fprintf(f, "guest: { kernel: \"%s\", cpus: 1, memory: 256M }\n", try_guest(t));
	fprintf(f, "arms:\n");
	for (size_t i = 0; i < 2; i++) {
		fprintf(f, "  - { name: \"%s\", kernel: ", t->arm[i].name);
		if (t->arm[i].yaml)
			fprintf(f, "\"./kernels/%s.yaml\"", t->arm[i].name);
		else
			try_quote(f, t->arm[i].kernel);
		fputs(i ? " }\n" : ", baseline: true }\n", f);
	}
	return try_put_cells(t, f, err);
}

static int try_publish(const struct try *t, const char *below, const char *text, size_t len,
		       struct err *err)
{
	char *path = text_format("%s/%s", t->made->folder, below);
	int ret = file_publish(path, text, len, err);

	free(path);
	return ret;
}

static int try_write_kernels(const struct try *t, struct err *err)
{
	int ret = 0;

	for (size_t i = 0; i < 2 && !ret; i++) {
		char *below = text_format("kernels/%s.yaml", t->arm[i].name);

		if (t->arm[i].yaml)
			ret = try_publish(t, below, t->arm[i].yaml, strlen(t->arm[i].yaml), err);
		free(below);
	}
	for (size_t i = 0; i < t->n_patches && !ret; i++) {
		char *below = try_patch_below(t, i);

		ret = try_publish(t, below, t->patch[i].text, t->patch[i].len, err);
		free(below);
	}
	return ret;
}

/* Done even if the machine needs no kernels. */
static int try_check_kernels(const struct try *t, struct err *err)
{
	int ret = 0;

	for (size_t i = 0; i < 2 && !ret; i++) {
		char *path = text_format("%s/kernels/%s.yaml", t->made->folder, t->arm[i].name);
		struct kernel k;

		if (t->arm[i].yaml)
			ret = kernel_resolve(path, NULL, &k, err);
		if (t->arm[i].yaml && !ret)
			kernel_free(&k);
		free(path);
	}
	return ret;
}

static int try_make_folder(struct try *t, struct err *err)
{
	static const char *const below[] = { "kernels", "patches" };
	int ret = 0;

	try_name_folder(t);
	t->made->config = text_format("%s/campaign.yaml", t->made->folder);
	for (size_t i = 0; i < 2 && !ret; i++) {
		char *path = text_format("%s/%s", t->made->folder, below[i]);

		ret = file_mkdirs(path, err);
		free(path);
	}
	return ret;
}

static int try_write(struct try *t, struct err *err)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int ret = f ? try_put_config(t, f, err) : err_sys(err, ENOMEM, "try");

	if (f && fclose(f) && !ret)
		ret = err_sys(err, ENOMEM, "try");
	if (!ret)
		ret = try_make_folder(t, err);
	if (!ret)
		ret = try_write_kernels(t, err);
	if (!ret)
		ret = try_link_files(t, err);
	if (!ret)
		ret = try_check_kernels(t, err);
	if (!ret)
		ret = try_publish(t, "campaign.yaml", text, len, err);
	if (ret && t->made->folder && !t->w->folder) {
		file_remove_tree(t->made->folder, NULL);
		rmdir("try");	/* if nothing else is in it */
	}
	free(text);
	return ret;
}

/* --- the whole --------------------------------------------------------------------------- */

static void try_release(struct try *t)
{
	for (size_t i = 0; i < 2; i++) {
		free(t->arm[i].name);
		free(t->arm[i].kernel);
		free(t->arm[i].yaml);
	}
	kernel_texts_free(t->patch, t->n_patches);
	free(t->name);
}

int try_make(const struct try_wish *wish, struct try_made *made, struct err *err)
{
	struct try t = { .w = wish, .made = made };
	size_t len;
	int ret;

	*made = (struct try_made){ NULL };
	t.what = open_memstream(&made->what, &len);
	if (!t.what)
		return err_sys(err, ENOMEM, "try");
	ret = try_check_command(wish->command, err);
	if (!ret)
		ret = wish->git ? try_revisions(&t, err)
		      : wish->images[0] ? try_images(&t, err)
					: try_patches(&t, err);
	if (!ret)
		ret = try_write(&t, err);
	fclose(t.what);
	try_release(&t);
	if (ret)
		try_made_release(made);
	return ret;
}

void try_made_release(struct try_made *made)
{
	free(made->folder);
	free(made->config);
	free(made->on);
	free(made->input);
	free(made->what);
	*made = (struct try_made){ NULL };
}
