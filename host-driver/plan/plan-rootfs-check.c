/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Can a command run with a folder as its root? As the kernel would see it in there. */
#include "plan-files.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proc.h"

#define LINKS_MAX 40		/* as the kernel follows */
#define INTERPRETERS_MAX 4
#define HEAD_MAX 4096		/* bytes: an ELF header, or the line after #! */

struct inside {
	const char *folder;
	char at[PATH_MAX];	/* below it, "" is the root: "/bin/sh" */
	char rest[2 * PATH_MAX];	/* still to be walked */
	unsigned links;
};

/* Takes the next part of the path; what `..` leads to is never above the root. */
static int check_step(struct inside *in, char part[static NAME_MAX + 1])
{
	size_t skip = strspn(in->rest, "/"), n = strcspn(in->rest + skip, "/");
	char *slash;

	if (!n || n > NAME_MAX)
		return n ? -ENAMETOOLONG : 0;
	memcpy(part, in->rest + skip, n);
	part[n] = '\0';
	memmove(in->rest, in->rest + skip + n, strlen(in->rest + skip + n) + 1);
	if (!strcmp(part, "..")) {
		slash = strrchr(in->at, '/');
		if (slash)
			*slash = '\0';
	}
	return 1;
}

/* What `at` would be with `part`: a link puts its target before what is left. */
static int check_enter(struct inside *in, const char *part)
{
	char here[2 * PATH_MAX], target[PATH_MAX], left[2 * PATH_MAX];
	ssize_t n;

	if (strlen(in->at) + strlen(part) + 2 > PATH_MAX ||
	    snprintf(here, sizeof(here), "%s%s/%s", in->folder, in->at, part) >= (int)sizeof(here))
		return -ENAMETOOLONG;
	n = readlink(here, target, sizeof(target) - 1);
	if (n < 0) {
		if (errno != EINVAL)
			return -errno;
		strcat(strcat(in->at, "/"), part);
		return 0;
	}
	target[n] = '\0';
	if (in->links++ == LINKS_MAX)
		return -ELOOP;
	if (*target == '/')
		in->at[0] = '\0';
	strcpy(left, in->rest);
	return snprintf(in->rest, sizeof(in->rest), "%s/%s", target, left) < (int)sizeof(in->rest)
		? 0 : -ENAMETOOLONG;
}

/* `found`: where `path` is here; an errno, negative, if it is not in there. */
static int check_find(const char *folder, const char *path, char found[static 2 * PATH_MAX])
{
	struct inside in = { .folder = folder };
	char part[NAME_MAX + 1];
	int ret, more;

	if (snprintf(in.rest, sizeof(in.rest), "%s", path) >= PATH_MAX)
		return -ENAMETOOLONG;
	while ((more = check_step(&in, part)) > 0) {
		if (!strcmp(part, ".") || !strcmp(part, ".."))
			continue;
		ret = check_enter(&in, part);
		if (ret)
			return ret;
	}
	if (snprintf(found, 2 * PATH_MAX, "%s%s", folder, in.at) >= 2 * PATH_MAX)
		return -ENAMETOOLONG;
	return more;
}

static const char *check_machine(unsigned machine, char text[static 32])
{
	static const struct {
		unsigned machine;
		const char *name;
	} names[] = {
		{ EM_386, "32-bit x86" }, { EM_AARCH64, "arm64" }, { EM_ARM, "arm" },
		{ EM_RISCV, "riscv" }, { EM_PPC64, "ppc64" }, { EM_S390, "s390" },
		{ EM_MIPS, "mips" }, { EM_LOONGARCH, "loongarch" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].machine == machine)
			return names[i].name;
	snprintf(text, 32, "machine %u", machine);
	return text;
}

struct program {
	const char *folder;
	const char *path;		/* in there */
	const char *found;		/* where that is here */
	char *head;
	size_t len;
	unsigned depth;
	struct err *err;
};

static int check_program(const char *folder, const char *path, unsigned depth, struct err *err);

/* The linker that the program names must be there, or it "does not exist" either. */
static int check_linker(const struct program *p)
{
	char found[2 * PATH_MAX], *linker;
	int ret = elf_interpreter(p->found, &linker, p->err);

	if (!ret && linker && (check_find(p->folder, linker, found) || access(found, F_OK)))
		ret = err_config(p->err, "%s needs %.200s to run, which is not in %s", p->path,
				 linker, p->folder);
	free(linker);
	return ret;
}

static int check_elf(const struct program *p)
{
	const Elf64_Ehdr *h = (const Elf64_Ehdr *)p->head;
	bool big = h->e_ident[EI_DATA] == ELFDATA2MSB;
	unsigned machine = big ? __builtin_bswap16(h->e_machine) : h->e_machine;
	char text[32];

	if (machine != EM_X86_64 || h->e_ident[EI_CLASS] != ELFCLASS64)
		return err_config(p->err, "%s in %s is a program for %s, and the guest is x86-64; take the tree of another architecture",
				  p->path, p->folder,
				  machine == EM_X86_64 ? "x32" : check_machine(machine, text));
	return check_linker(p);
}

/* "#!/usr/bin/env bash" names two; env looks where a shell would. */
static int check_search(const char *folder, const char *name, unsigned depth, struct err *err)
{
	char path[PATH_MAX], found[2 * PATH_MAX];

	for (size_t i = 0; exec_places[i]; i++) {
		snprintf(path, sizeof(path), "%s/%.255s", exec_places[i], name);
		if (!check_find(folder, path, found) && !access(found, F_OK))
			return check_program(folder, path, depth, err);
	}
	return err_config(err, "'%.80s' is in none of the folders for programs of %s", name, folder);
}

static int check_script(const struct program *p)
{
	char program[PATH_MAX] = "", argument[256] = "", line[PATH_MAX + 256], *base;
	int ret;

	snprintf(line, sizeof(line), "%.*s", (int)strcspn(p->head, "\n"), p->head);
	if (sscanf(line + 2, " %4095[^ \t\r] %255[^ \t\r]", program, argument) < 1)
		return err_config(p->err, "%s in %s names nothing behind its #!", p->path, p->folder);
	if (p->depth == INTERPRETERS_MAX)
		return err_config(p->err, "%s in %s: interpreters of interpreters", p->path, p->folder);
	ret = check_program(p->folder, program, p->depth + 1, p->err);
	base = strrchr(program, '/');
	if (!ret && base && !strcmp(base, "/env") && *argument && *argument != '-')
		ret = check_search(p->folder, argument, p->depth + 1, p->err);
	return ret;
}

static int check_head(const struct program *p)
{
	if (p->len >= 2 && !memcmp(p->head, "#!", 2))
		return check_script(p);
	if (p->len >= sizeof(Elf64_Ehdr) && !memcmp(p->head, ELFMAG, SELFMAG))
		return check_elf(p);
	return err_config(p->err, "%s in %s is neither a program nor a script with #!", p->path,
			  p->folder);
}

static int check_program(const char *folder, const char *path, unsigned depth, struct err *err)
{
	char found[2 * PATH_MAX];
	struct program p = { folder, path, found, NULL, 0, depth, err };
	int ret = check_find(folder, path, found), fd;
	struct stat st;
	ssize_t n;

	if (!ret && stat(found, &st))
		ret = -errno;
	if (ret)
		return err_config(err, "%s is not in %s: %s", path, folder, strerror(-ret));
	if (!S_ISREG(st.st_mode) || !(st.st_mode & 0111))
		return err_config(err, "%s in %s is not executable", path, folder);
	p.head = calloc(1, HEAD_MAX + 1);
	fd = open(found, O_RDONLY | O_CLOEXEC);
	n = fd >= 0 && p.head ? read(fd, p.head, HEAD_MAX) : -1;
	p.len = n > 0 ? (size_t)n : 0;
	ret = n < 0 ? err_config(err, "%s: %s", found, strerror(errno)) : check_head(&p);
	if (fd >= 0)
		close(fd);
	free(p.head);
	return ret;
}

int plan_rootfs_check(const char *folder, const struct args *words, const char *in,
		      struct err *err)
{
	const char *name = words->v[0];
	char path[2 * PATH_MAX], found[2 * PATH_MAX];
	struct stat st;
	int ret;

	if (in) {
		ret = check_find(folder, in, found);
		if (!ret && (stat(found, &st) || !S_ISDIR(st.st_mode)))
			ret = -ENOTDIR;
		if (ret)
			return err_config(err, "the folder to run in, %.200s, is not in %s", in, folder);
	}
	if (!strchr(name, '/'))
		return check_search(folder, name, 0, err);
	snprintf(path, sizeof(path), "%s%s%s", *name == '/' || !in ? "" : in,
		 *name == '/' ? "" : "/", name);
	return check_program(folder, path, 0, err);
}
