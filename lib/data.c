/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "data.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool has(const char *folder, const char *name)
{
	char *path;
	bool there;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return false;
	there = !access(path, F_OK);
	free(path);
	return there;
}

static bool is_source_tree(const char *folder)
{
	return has(folder, "VERSION") && has(folder, "kernels");
}

/* The running program's path, "" if it is not known. */
static void program_path(char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);

	path[n < 0 ? 0 : n] = '\0';
}

/* Installed as PREFIX/bin/kduel: PREFIX/share/kduel. */
static void installed_data(char folder[PATH_MAX])
{
	static const char below[] = "/share/kduel";
	char *slash;

	program_path(folder);
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
static bool source_tree(char folder[PATH_MAX])
{
	char *slash;

	program_path(folder);
	while ((slash = strrchr(folder, '/')) && slash != folder) {
		*slash = '\0';
		if (is_source_tree(folder))
			return true;
	}
	return getcwd(folder, PATH_MAX) && is_source_tree(folder);
}

static int found(const char *folder, const char *below, char **path,
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
		if (has(told, below))
			return found(told, below, path, err);
		return err_config(err, "KDUEL_DATA is %s, but there is no %s in it",
				  told, below);
	}
	in_tree = source_tree(tree);
	if (in_tree && has(tree, below))
		return found(tree, below, path, err);
	installed_data(installed);
	if (has(installed, below))
		return found(installed, below, path, err);
	return err_machine(err, "no %s in %s%s%s; reinstall kduel, or set KDUEL_DATA to the folder that has it",
			   below, in_tree ? tree : "", in_tree ? " nor in " : "",
			   installed);
}
