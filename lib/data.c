/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "data.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "safe.h"

#define PLACES_MAX 40
#define DEPTH_MAX 4	/* folders in a name */

struct data_what {
	const char *folder, *suffix;
	const char *beside;	/* its folder beside a file that names one */
	const char *called, *list;
};

static const struct data_what whats[] = {
	[DATA_KERNEL] = { "kernels", ".yaml", "kernels", "kernel", "kernels" },
	[DATA_PATCH] = { "kernels/patches", ".patch", "patches", "patch", NULL },
	[DATA_FRAGMENT] = { "kernels/fragments", ".config", "fragments",
			    "config fragment", NULL },
	[DATA_CONFIG] = { "configs", ".yaml", "configs", "campaign", "configs" },
	[DATA_CLAIMS] = { "configs/claims", ".yaml", "claims", "file of claims",
			  "claims" },
	[DATA_CPU] = { "configs/cpus", ".yaml", "cpus", "processor", "cpus" },
};

/* --- the places ------------------------------------------------------------- */

struct data_places {
	char *v[PLACES_MAX];	/* folders, in the order of the search */
	size_t n;
};

static void data_places_add(struct data_places *p, char *folder)
{
	if (p->n < PLACES_MAX)
		p->v[p->n++] = folder;
	else
		free(folder);
}

static void data_places_release(struct data_places *p)
{
	while (p->n)
		free(p->v[--p->n]);
}

static bool data_has(const char *folder, const char *name)
{
	char *path = text_format("%s/%s", folder, name);
	bool there = !access(path, F_OK);

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
static char *data_installed(void)
{
	char folder[PATH_MAX], *slash;

	data_program_path(folder);
	for (int i = 0; i < 2; i++) {
		slash = strrchr(folder, '/');
		if (slash)
			*slash = '\0';
	}
	return text_format("%s/share/kduel", folder);
}

/*
 * The nearest folder above the running program that is a source tree, or the
 * current folder: objects may be built elsewhere (make O=). NULL: neither.
 */
static char *data_source_tree(void)
{
	char folder[PATH_MAX], *slash;

	data_program_path(folder);
	while ((slash = strrchr(folder, '/')) && slash != folder) {
		*slash = '\0';
		if (data_is_source_tree(folder))
			return text_format("%s", folder);
	}
	return getcwd(folder, PATH_MAX) && data_is_source_tree(folder)
		       ? text_format("%s", folder) : NULL;
}

/* The user's configuration folder. */
static void data_add_own(struct data_places *p)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (config && *config == '/')
		data_places_add(p, text_format("%s/kduel", config));
	else if (home && *home == '/')
		data_places_add(p, text_format("%s/.config/kduel", home));
}

static void data_add_told(struct data_places *p)
{
	const char *told = getenv("KDUEL_DATA");

	while (told && *told) {
		size_t n = strcspn(told, ":");

		if (n)
			data_places_add(p, text_format("%.*s", (int)n, told));
		told += n + (told[n] == ':');
	}
}

static void data_add_shipped(struct data_places *p)
{
	char *tree = data_source_tree();

	if (tree)
		data_places_add(p, tree);
	data_places_add(p, data_installed());
}

/* The folders that hold things of one kind, in the order of the search. */
static void data_places_of(struct data_places *p, enum data_kind kind,
			   const char *beside)
{
	struct data_places roots = { .n = 0 };

	if (beside) {
		data_places_add(p, text_format("%s/%s", beside, whats[kind].beside));
		data_places_add(p, text_format("%s", beside));
	}
	data_places_add(&roots, text_format("."));
	data_add_own(&roots);
	data_add_told(&roots);
	data_add_shipped(&roots);
	for (size_t i = 0; i < roots.n; i++)
		data_places_add(p, text_format("%s/%s", roots.v[i], whats[kind].folder));
	data_places_release(&roots);
}

/* --- one thing -------------------------------------------------------------- */

static bool data_ends_in(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	return n > m && !strcmp(name + n - m, suffix);
}

bool data_is_path(enum data_kind kind, const char *name)
{
	static const char *const mails[] = { ".mbox", ".mbx", ".diff", ".eml" };
	bool path = *name == '/' || !strncmp(name, "./", 2) ||
		    !strncmp(name, "../", 3) ||
		    data_ends_in(name, whats[kind].suffix);

	for (size_t i = 0; kind == DATA_PATCH && i < sizeof(mails) / sizeof(mails[0]); i++)
		path |= data_ends_in(name, mails[i]);
	return path;
}

static bool data_is_file(const char *path)
{
	struct stat st;

	return !stat(path, &st) && !S_ISDIR(st.st_mode);
}

static char *data_absolute(char *path)
{
	char *full = realpath(path, NULL);

	if (!full)
		return path;
	free(path);
	return full;
}

static int data_find_path(const char *name, const char *beside, char **path,
			  struct err *err)
{
	*path = *name == '/' || !beside ? text_format("%s", name)
					: text_format("%s/%s", beside, name);
	if (data_is_file(*path)) {
		*path = data_absolute(*path);
		return 0;
	}
	err_config(err, "cannot open %s: %s", *path,
		   access(*path, F_OK) ? strerror(errno) : "it is a folder");
	free(*path);
	*path = NULL;
	return -EINVAL;
}

static const char *data_nearest(const char *name, const struct data_list *all)
{
	const char **names = calloc(all->n + 1, sizeof(*names)), *near;

	for (size_t i = 0; names && i < all->n; i++)
		names[i] = all->v[i].name;
	near = names ? nearest_word(name, names, all->n) : NULL;
	free(names);
	return near;
}

static int data_unknown(enum data_kind kind, const char *name,
			const char *beside, const struct data_places *places,
			struct err *err)
{
	struct data_list all;
	const char *near;
	char said[2000] = "", *here = text_format("%s%s", name, whats[kind].suffix);
	size_t n = 0;

	for (size_t i = 0; i < places->n && n < sizeof(said); i++)
		n += snprintf(said + n, sizeof(said) - n, "%s%s",
			      !i ? "" : i + 1 < places->n ? ", " : " or ",
			      places->v[i]);
	data_all(kind, beside, &all);
	near = data_nearest(name, &all);
	if (data_is_file(here))
		err_config(err, "unknown %s '%s'; did you mean ./%s?",
			   whats[kind].called, name, here);
	else if (near)
		err_config(err, "unknown %s '%s'; did you mean '%s'?",
			   whats[kind].called, name, near);
	else
		err_config(err, "unknown %s '%s': there is no %s%s in %s%s%s%s",
			   whats[kind].called, name, name, whats[kind].suffix,
			   said, whats[kind].list ? "; kduel list " : "",
			   whats[kind].list ? whats[kind].list : "",
			   whats[kind].list ? " shows all" : "");
	free(here);
	data_list_free(&all);
	return -EINVAL;
}

int data_find(enum data_kind kind, const char *name, const char *beside,
	      char **path, struct err *err)
{
	struct data_places places = { .n = 0 };
	int ret = 0;

	*path = NULL;
	if (data_is_path(kind, name))
		return data_find_path(name, beside, path, err);
	if (strstr(name, ".."))
		return err_config(err, "'%s' is neither a name nor a path", name);
	data_places_of(&places, kind, beside);
	for (size_t i = 0; i < places.n && !*path; i++) {
		*path = text_format("%s/%s%s", places.v[i], name,
				    whats[kind].suffix);
		if (data_is_file(*path)) {
			*path = data_absolute(*path);
			break;
		}
		free(*path);
		*path = NULL;
	}
	if (!*path)
		ret = data_unknown(kind, name, beside, &places, err);
	data_places_release(&places);
	return ret;
}

/* --- all things of a kind ----------------------------------------------------- */

static bool data_knows(const struct data_list *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->v[i].name, name))
			return true;
	return false;
}

/* Takes `name` and `path`. */
static void data_list_add(struct data_list *list, char *name, char *path)
{
	struct data_item *more = NULL;

	if (!data_knows(list, name))
		more = realloc(list->v, (list->n + 1) * sizeof(*more));
	if (!more) {
		free(name);
		free(path);
		return;
	}
	list->v = more;
	list->v[list->n++] = (struct data_item){ name, data_absolute(path) };
}

/* Folders to skip: other kinds live inside the kernels' and the campaigns' folders. */
static bool data_is_other(enum data_kind kind, const char *name)
{
	return kind == DATA_KERNEL ||
	       (kind == DATA_CONFIG &&
		(!strcmp(name, "claims") || !strcmp(name, "cpus")));
}

static void data_scan(enum data_kind kind, const char *folder,
		      const char *prefix, int depth, struct data_list *list)
{
	const char *suffix = whats[kind].suffix;
	DIR *dir = opendir(folder);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		char *path, *name;
		struct stat st;

		if (*e->d_name == '.')
			continue;
		path = text_format("%s/%s", folder, e->d_name);
		name = text_format("%s%s", prefix, e->d_name);
		if (stat(path, &st)) {
			;
		} else if (S_ISDIR(st.st_mode)) {
			char *below = text_format("%s/", name);

			if (depth < DEPTH_MAX && !data_is_other(kind, e->d_name))
				data_scan(kind, path, below, depth + 1, list);
			free(below);
		} else if (data_ends_in(e->d_name, suffix)) {
			name[strlen(name) - strlen(suffix)] = '\0';
			data_list_add(list, name, path);
			continue;
		}
		free(path);
		free(name);
	}
	if (dir)
		closedir(dir);
}

static int data_compare_items(const void *a, const void *b)
{
	return strcmp(((const struct data_item *)a)->name,
		      ((const struct data_item *)b)->name);
}

void data_all(enum data_kind kind, const char *beside, struct data_list *list)
{
	struct data_places places = { .n = 0 };

	*list = (struct data_list){ NULL, 0 };
	data_places_of(&places, kind, beside);
	/* Not the naming file's own folder (place 1): it holds files of that file's kind. */
	for (size_t i = 0; i < places.n; i++)
		if (!beside || i != 1)
			data_scan(kind, places.v[i], "", 0, list);
	data_places_release(&places);
	if (list->n)
		qsort(list->v, list->n, sizeof(*list->v), data_compare_items);
}

void data_list_free(struct data_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->v[i].name);
		free(list->v[i].path);
	}
	free(list->v);
	*list = (struct data_list){ NULL, 0 };
}

/* --- the program's own -------------------------------------------------------- */

int data_path(const char *below, char **path, struct err *err)
{
	struct data_places p = { .n = 0 };
	char said[2000] = "";
	size_t n = 0;

	*path = NULL;
	data_add_told(&p);
	data_add_shipped(&p);
	for (size_t i = 0; i < p.n && !*path; i++) {
		if (data_has(p.v[i], below))
			*path = text_format("%s/%s", p.v[i], below);
		if (n < sizeof(said))
			n += snprintf(said + n, sizeof(said) - n, "%s%s",
				      i ? " nor in " : "", p.v[i]);
	}
	data_places_release(&p);
	return *path ? 0 : err_machine(err, "cannot find %s in %s; reinstall kduel, or set "
		"KDUEL_DATA to a folder that has it",
				       below, said);
}

int data_built(const char *below, char **path, struct err *err)
{
	char folder[PATH_MAX], *slash;

	data_program_path(folder);
	slash = strrchr(folder, '/');
	if (slash)
		*slash = '\0';
	if (!slash || !data_has(folder, below))
		return data_path(below, path, err);
	*path = text_format("%s/%s", folder, below);
	return 0;
}
