/* SPDX-License-Identifier: GPL-2.0-or-later */

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proc.h"

struct elf_file {
	const char *data;
	size_t size;
	const Elf64_Phdr *ph;	/* NULL: not a 64-bit ELF file */
	unsigned n;
};

static void elf_release(struct elf_file *e)
{
	if (e->size)
		munmap((void *)e->data, e->size);
}

static void elf_needs_find_headers(struct elf_file *e)
{
	const Elf64_Ehdr *h = (const Elf64_Ehdr *)e->data;

	if (e->size < sizeof(*h) || memcmp(h->e_ident, ELFMAG, SELFMAG) ||
	    h->e_ident[EI_CLASS] != ELFCLASS64 ||
	    h->e_phentsize != sizeof(Elf64_Phdr) || h->e_phoff > e->size ||
	    h->e_phnum > (e->size - h->e_phoff) / sizeof(Elf64_Phdr))
		return;
	e->ph = (const Elf64_Phdr *)(e->data + h->e_phoff);
	e->n = h->e_phnum;
}

static int elf_init(struct elf_file *e, const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int ret = 0;

	*e = (struct elf_file){ 0 };
	if (fd < 0 || fstat(fd, &st)) {
		ret = err_sys(err, errno, "cannot read %s", path);
		goto out;
	}
	if (!st.st_size)
		goto out;
	e->data = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (e->data == MAP_FAILED) {
		ret = err_sys(err, errno, "cannot read %s", path);
		goto out;
	}
	e->size = st.st_size;
	elf_needs_find_headers(e);
out:
	if (fd >= 0)
		close(fd);
	return ret;
}

static char *elf_needs_interpreter(const struct elf_file *e)
{
	for (unsigned i = 0; e->ph && i < e->n; i++) {
		const Elf64_Phdr *p = &e->ph[i];

		if (p->p_type == PT_INTERP && p->p_offset < e->size &&
		    p->p_filesz <= e->size - p->p_offset)
			return strndup(e->data + p->p_offset, p->p_filesz);
	}
	return NULL;
}

/* "	libz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x00007f...)" */
static int elf_needs_take_line(const char *program, char *line, struct args *needs,
			       struct err *err)
{
	char *arrow = strstr(line, "=> ");
	char *path = arrow ? arrow + 3 : line + strspn(line, " \t");

	if (!strncmp(path, "not found", 9))
		return err_machine(err, "%s needs a library that is not installed: %.*s",
				   program, (int)strcspn(line + strspn(line, " \t"), " "),
				   line + strspn(line, " \t"));
	if (*path != '/')
		return 0;	/* the kernel's vdso */
	path[strcspn(path, " ")] = '\0';
	args_add(needs, path);
	return 0;
}

static int elf_needs_ask_linker(const char *linker, const char *path, struct args *needs,
				struct err *err)
{
	const char *const argv[] = { linker, "--list", path, NULL };
	char *text, *line, *rest;
	int ret = proc_run(argv, 20, &text, err);

	if (ret)
		return ret;
	args_add(needs, linker);
	for (line = strtok_r(text, "\n", &rest); line && !ret;
	     line = strtok_r(NULL, "\n", &rest))
		ret = elf_needs_take_line(path, line, needs, err);
	free(text);
	return ret ? ret : args_done(needs, err);
}

int elf_interpreter(const char *path, char **linker, struct err *err)
{
	struct elf_file e;
	int ret = elf_init(&e, path, err);

	*linker = NULL;
	if (ret)
		return ret;
	*linker = elf_needs_interpreter(&e);
	elf_release(&e);
	return 0;
}

int elf_needs(const char *path, struct args *needs, struct err *err)
{
	char *linker;
	int ret = elf_interpreter(path, &linker, err);

	if (!ret && linker)
		ret = elf_needs_ask_linker(linker, path, needs, err);
	free(linker);
	return ret;
}

int elf_loaded_size(const char *path, uint64_t *size, struct err *err)
{
	struct elf_file e;
	uint64_t end = 0;
	int ret = elf_init(&e, path, err);

	if (ret)
		return ret;
	for (unsigned i = 0; e.ph && i < e.n; i++) {
		if (e.ph[i].p_offset + e.ph[i].p_filesz > end)
			end = e.ph[i].p_offset + e.ph[i].p_filesz;
	}
	*size = end && end <= e.size ? end : e.size;
	elf_release(&e);
	return 0;
}
