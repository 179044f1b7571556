/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files that cells bring into the guest. A config names programs, scripts and
 * folders; the plan lists every file with its SHA-256, including libraries and
 * interpreters, and plan-files.c keeps their contents, so that a campaign resumed
 * later runs exactly the same files.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/exec.h"
#include "bench/workload.h"
#include "file.h"
#include "plan-files.h"
#include "proc.h"

#define FILES_MAX 4000
#define FOLDERS_MAX 16		/* nested in each other */
#define INTERPRETERS_MAX 4

struct carried {
	struct build *b;
	json_t *list;		/* of the plan */
	uint64_t bytes;
	unsigned depth;
	char field[120];	/* the config entry being read, for errors */
};

__attribute__((format(printf, 2, 3)))
static int files_error(struct carried *c, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX / 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return conf_error(c->b->y, c->field, c->b->err, "%s", text);
}

static const json_t *files_find(const struct carried *c, const char *as)
{
	const json_t *one;
	size_t i;

	json_array_foreach(c->list, i, one)
		if (!strcmp(json_string_value(json_object_get(one, "path")), as))
			return one;
	return NULL;
}

static int files_put(struct carried *c, const char *path, const char *as, bool needed, bool *new);

/* --- what programs need ------------------------------------------------------- */

static int files_add_libraries(struct carried *c, const char *path)
{
	struct args needs = ARGS_INIT;
	struct err why = ERR_INIT;
	int ret = elf_needs(path, &needs, &why);

	if (ret)
		ret = files_error(c, "%s", why.text);
	for (size_t i = 0; !ret && i < needs.n; i++)
		ret = files_put(c, needs.v[i], needs.v[i], false, NULL);
	args_release(&needs);
	return ret;
}

/* Parses a "#!" line: "#!/usr/bin/env bash" names two programs. False: not a script. */
static bool files_script(const char *path, char program[static PATH_MAX], char argument[static 256])
{
	char line[PATH_MAX + 256] = "";
	FILE *f = fopen(path, "re");
	bool script = f && fgets(line, sizeof(line), f) && !strncmp(line, "#!", 2);

	if (f)
		fclose(f);
	program[0] = argument[0] = '\0';
	return script && sscanf(line + 2, " %4095[^ \t\r\n] %255[^ \t\r\n]", program, argument) >= 1;
}

static int files_add_interpreter(struct carried *c, const char *script, const char *name)
{
	char *path = proc_find(name);
	int ret;

	if (!path)
		return files_error(c, "%s needs the interpreter %s, which is not installed; install it, or change the #! line",
				   script, name);
	ret = files_put(c, path, path, true, NULL);
	free(path);
	return ret;
}

static int files_add_needs(struct carried *c, const char *path)
{
	char program[PATH_MAX], argument[256], *base;
	int ret;

	if (!files_script(path, program, argument))
		return files_add_libraries(c, path);
	if (c->depth++ == INTERPRETERS_MAX)
		return files_error(c, "%s: its interpreters are scripts themselves, nested too deeply", path);
	ret = files_add_interpreter(c, path, program);
	base = strrchr(program, '/');
	if (!ret && base && !strcmp(base, "/env") && *argument)
		ret = files_add_interpreter(c, path, argument);
	c->depth--;
	return ret;
}

/* --- one file --------------------------------------------------------------------- */

static int files_check_same(struct carried *c, const json_t *have, const char *as, const char *hash)
{
	if (!strcmp(json_string_value(json_object_get(have, "sha256")), hash))
		return 0;
	return files_error(c, "two different files would both be %s in the guest; rename one of them", as);
}

/* `needed`: the file must be executable, and its libraries and interpreters come along. */
static int files_put(struct carried *c, const char *path, const char *as, bool needed, bool *new)
{
	char hash[FILE_HASH_MAX], mode[8];
	struct err why = ERR_INIT;
	const json_t *have;
	struct stat st;
	bool runs;

	if (stat(path, &st))
		return files_error(c, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return files_error(c, "%s is neither a file nor a folder", path);
	c->bytes += (uint64_t)st.st_size;
	if (c->bytes > c->b->p->guest.memory / 3)
		return files_error(c, "these files and their libraries exceed %llu MiB, a third of the guest's memory; make guest.memory larger",
				   (unsigned long long)(c->b->p->guest.memory / 3 >> 20));
	if (json_array_size(c->list) >= FILES_MAX)
		return files_error(c, "these are more than %d files, with their libraries", FILES_MAX);
	if (plan_files_keep(path, hash, &why))
		return files_error(c, "%s", why.text);
	have = files_find(c, as);
	if (have)
		return files_check_same(c, have, as, hash);
	if (new)
		*new = true;
	snprintf(mode, sizeof(mode), "%o", st.st_mode & 0777);
	json_array_append_new(c->list, json_pack("{s:s, s:s, s:s}", "path", as, "mode", mode,
						 "sha256", hash));
	runs = st.st_mode & 0111;
	if (needed && !runs)
		return files_error(c, "%s is not executable; chmod +x it", path);
	return runs ? files_add_needs(c, path) : 0;
}

/* --- folders ------------------------------------------------------------------------ */

static int files_put_any(struct carried *c, const char *path, const char *as);

static int files_put_folder(struct carried *c, const char *path, const char *as)
{
	struct dirent **names;
	int n = scandir(path, &names, NULL, alphasort), ret = 0;

	if (n < 0)
		return files_error(c, "%s: %s", path, strerror(errno));
	if (c->depth++ == FOLDERS_MAX)
		ret = files_error(c, "%s: folders are nested too deep", path);
	for (int i = 0; i < n; i++) {
		const char *name = names[i]->d_name;
		char *below = NULL, *below_as = NULL;

		if (!ret && strcmp(name, ".") && strcmp(name, "..")) {
			if (asprintf(&below, "%s/%s", path, name) < 0 ||
			    asprintf(&below_as, "%s/%s", as, name) < 0)
				ret = err_sys(c->b->err, ENOMEM, "cannot read the config");
			else
				ret = files_put_any(c, below, below_as);
		}
		free(below);
		free(below_as);
		free(names[i]);
	}
	free(names);
	c->depth--;
	return ret;
}

static int files_put_any(struct carried *c, const char *path, const char *as)
{
	struct stat st;

	if (!lstat(path, &st) && S_ISLNK(st.st_mode) && !stat(path, &st) && S_ISDIR(st.st_mode) &&
	    c->depth)
		return files_error(c, "%s is a link to a folder, which is not followed", path);
	return stat(path, &st) || !S_ISDIR(st.st_mode) ? files_put(c, path, as, false, NULL)
						       : files_put_folder(c, path, as);
}

/* --- a config's entries --------------------------------------------------------------- */

/* The place in the guest: below EXEC_FOLDER as written, or by its last name if that leads out. */
static void files_place(const char *text, char as[static PATH_MAX])
{
	char copy[PATH_MAX], *at = copy;

	snprintf(copy, sizeof(copy), "%.*s", PATH_MAX - 16, text);
	while (!strncmp(at, "./", 2))
		at += 2;
	at[file_path_len(at)] = '\0';
	if (!strncmp(at, "../", 3) || strstr(at, "/../") || strstr(at, "/./"))
		at = basename(at);
	if (*text == '/')
		snprintf(as, PATH_MAX, "%s", at);
	else if (!strcmp(at, ".") || !*at)
		snprintf(as, PATH_MAX, EXEC_FOLDER);
	else
		snprintf(as, PATH_MAX, EXEC_FOLDER "/%.*s", PATH_MAX - 16, at);
}

/* Such a folder has no name of its own to be placed by. */
static bool files_ends_above(const char *text)
{
	size_t n = file_path_len(text);

	return n >= 2 && !strncmp(text + n - 2, "..", 2) && (n == 2 || text[n - 3] == '/');
}

/* Beside the config; if a word without a / is not found there, it is looked up in PATH. */
static int files_take(struct carried *c, const char *folder, const char *text)
{
	char path[2 * PATH_MAX], as[PATH_MAX], *found = NULL;
	int ret;

	if (!*text || strlen(text) > PATH_MAX / 2)
		return files_error(c, "is not a usable path");
	if (files_ends_above(text))
		return files_error(c, "ends in '..': name the folder that it is");
	snprintf(path, sizeof(path), "%s%s%s", *text == '/' ? "" : folder, *text == '/' ? "" : "/",
		 text);
	files_place(text, as);
	if (!strchr(text, '/') && access(path, F_OK) && (found = proc_find(text))) {
		snprintf(path, sizeof(path), "%s", found);
		snprintf(as, sizeof(as), "%s", found);
	}
	free(found);
	ret = files_put_any(c, path, as);
	return ret;
}

/* The command's program must be one of the files. */
static int files_check_command(struct carried *c, const json_t *params)
{
	const char *folder = json_string_value(json_object_get(params, "folder")), *name;
	const char *text = json_string_value(json_object_get(params, "command"));
	struct args words = ARGS_INIT;
	char as[PATH_MAX], whole[PATH_MAX];
	bool found = false;
	int ret = text ? exec_words(text, &words, NULL) : -EINVAL;

	if (ret) {	/* the later check of all parameters reports it */
		args_release(&words);
		return 0;
	}
	name = words.v[0];
	if (strchr(name, '/')) {
		snprintf(whole, sizeof(whole), "%s%s%s", *name != '/' && folder ? folder : "",
			 *name != '/' && folder ? "/" : "", name + (strncmp(name, "./", 2) ? 0 : 2));
		files_place(whole, as);
		found = files_find(c, as);
	}
	for (size_t i = 0; !strchr(name, '/') && !found && exec_places[i]; i++) {
		snprintf(as, sizeof(as), "%s/%.200s", exec_places[i], name);
		found = files_find(c, as);
	}
	if (!found)
		ret = files_error(c, "'%.80s' is not among the files; add it: files: [%.80s]", name, name);
	args_release(&words);
	return ret;
}

/* --- a root file system ----------------------------------------------------------------- */

static int files_check_root(struct carried *c, const char *path, const json_t *params)
{
	const char *command = json_string_value(json_object_get(params, "command"));
	struct args words = ARGS_INIT;
	struct err why = ERR_INIT;
	int ret = command ? exec_words(command, &words, NULL) : -EINVAL;

	if (!ret && plan_rootfs_check(path, &words,
				      json_string_value(json_object_get(params, "folder")), &why)) {
		strcpy(strrchr(c->field, '.') + 1, "command");
		ret = files_error(c, "%s", why.text);
	} else {
		ret = 0;	/* said by the check of all parameters, which comes later */
	}
	args_release(&words);
	return ret;
}

static int files_take_root(struct carried *c, const char *folder, json_t *params)
{
	const json_t *list = json_object_get(params, "rootfs");	/* a text is a list of one */
	const char *text = json_array_size(list) == 1 ? json_string_value(json_array_get(list, 0)) : NULL;
	char joined[2 * PATH_MAX], path[PATH_MAX], bytes[24];
	struct err why = ERR_INIT;
	struct plan_rootfs r;
	struct stat st;
	int ret;

	if (!text || strlen(text) > PATH_MAX / 2)
		return files_error(c, "must be the path of a folder");
	if (json_object_get(params, "files"))
		return files_error(c, "is all there is for the command; put what is in files into that tree");
	snprintf(joined, sizeof(joined), "%s%s%s", *text == '/' ? "" : folder,
		 *text == '/' ? "" : "/", text);
	if (!realpath(joined, path))
		return files_error(c, "%s: %s", joined, strerror(errno));
	if (stat(path, &st) || !S_ISDIR(st.st_mode))
		return files_error(c, "%s is no folder; unpack it, and name that", path);
	if (!strcmp(path, "/"))
		return files_error(c, "is the root of this machine; name a tree of its own");
	ret = files_check_root(c, path, params);
	if (!ret && plan_rootfs_keep(path, &r, &why))
		ret = files_error(c, "%s", why.text);
	if (ret)
		return ret;
	snprintf(bytes, sizeof(bytes), "%llu", (unsigned long long)r.bytes);
	return json_object_set_new(params, "rootfs", json_pack("{s:s, s:s}", "sha256", r.hash,
							       "bytes", bytes))
		? err_sys(c->b->err, ENOMEM, "cannot read the config") : 0;
}

static int files_of_cell(struct build *b, size_t cell, const char *folder)
{
	json_t *params = b->p->cells[cell].params, *texts = json_object_get(params, "files");
	struct carried c = { .b = b, .list = json_array() };
	unsigned entry = b->cells[cell].entry;
	const json_t *one;
	size_t i;
	int ret = 0;

	snprintf(c.field, sizeof(c.field), "cells[%u].params.rootfs", entry);
	if (json_object_get(params, "rootfs")) {
		json_decref(c.list);
		return files_take_root(&c, folder, params);
	}
	json_array_foreach(texts, i, one) {
		snprintf(c.field, sizeof(c.field), "cells[%u].params.files[%zu]", entry, i);
		ret = json_is_string(one) ? files_take(&c, folder, json_string_value(one))
					  : files_error(&c, "must be a path");
		if (ret)
			break;
	}
	snprintf(c.field, sizeof(c.field), "cells[%u].params.command", entry);
	if (!ret)
		ret = files_check_command(&c, params);
	if (!ret)
		json_object_set(params, "files", c.list);
	json_decref(c.list);
	return ret;
}

int build_files(struct build *b)
{
	char *copy = strdup(conf_path(b->y)), *folder;
	const struct workload *w;
	int ret = 0;

	if (!copy)
		return err_sys(b->err, ENOMEM, "cannot read the config");
	folder = dirname(copy);
	for (size_t i = 0; !ret && i < b->p->n_cells; i++)
		if (!workload_find(b->p->cells[i].workload, &w, NULL) && w->files)
			ret = files_of_cell(b, i, folder);
	free(copy);
	return ret;
}
