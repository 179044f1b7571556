/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "data.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool data_has(const char *folder, const char *name)
{
	char *path;
	bool there;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return false;
	there = !access(path, F_OK);
	free(path);
	return there;
}

static bool data_is_source_tree(const char *folder)
{
	return data_has(folder, "VERSION") && data_has(folder, "kernels");
}

/* The running program's path, "" if it is not known. */
static void data_program_path(char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);

	path[n < 0 ? 0 : n] = '\0';
}

/* Installed as PREFIX/bin/kduel: PREFIX/share/kduel. */
static void installed_data(char folder[PATH_MAX])
{
	static const char below[] = "/share/kduel";
	char *slash;

	data_program_path(folder);
	for (int i = 0; i < 2; i++) {
		slash = strrchr(folder, '/');
		if (slash)
			*slash = '\0';
	}
	if (strlen(folder) + sizeof(below) <= PATH_MAX)
		strcat(folder, below);
}

/*
 * The nearest folder above the running program that is a source tree, or the
 * current folder: objects may be built elsewhere (make O=).
 */
static bool data_source_tree(char folder[PATH_MAX])
{
	char *slash;

	data_program_path(folder);
	while ((slash = strrchr(folder, '/')) && slash != folder) {
		*slash = '\0';
		if (data_is_source_tree(folder))
			return true;
	}
	return getcwd(folder, PATH_MAX) && data_is_source_tree(folder);
}

static int data_found(const char *folder, const char *below, char **path,
		      struct err *err)
{
	if (asprintf(path, "%s/%s", folder, below) < 0) {
		*path = NULL;
		return err_sys(err, ENOMEM, "%s", below);
	}
	return 0;
}

int data_path(const char *below, char **path, struct err *err)
{
	const char *told = getenv("KDUEL_DATA");
	char tree[PATH_MAX], installed[PATH_MAX];
	bool in_tree;

	*path = NULL;
	if (told && *told) {
		if (data_has(told, below))
			return data_found(told, below, path, err);
		return err_config(err, "KDUEL_DATA is %s, but there is no %s in it",
				  told, below);
	}
	in_tree = data_source_tree(tree);
	if (in_tree && data_has(tree, below))
		return data_found(tree, below, path, err);
	installed_data(installed);
	if (data_has(installed, below))
		return data_found(installed, below, path, err);
	return err_machine(err, "no %s in %s%s%s; reinstall kduel, or set KDUEL_DATA to the folder that has it",
			   below, in_tree ? tree : "", in_tree ? " nor in " : "",
			   installed);
}
