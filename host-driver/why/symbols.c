/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbols.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "safe.h"

void symbols_release(struct symbols *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].name);
	free(s->v);
	*s = (struct symbols)SYMBOLS_INIT;
}

/* A program's or kernel's file may be somebody else's, and its names are shown as they stand. */
static char *symbols_name(const char *name, size_t len)
{
	char *own = strndup(name, len), *safe;

	if (!own || safe_is_plain(own))
		return own;
	safe = safe_text(own);
	free(own);
	return safe;
}

int symbols_add(struct symbols *s, uint64_t addr, const char *name, size_t len)
{
	if (s->n == s->room) {
		size_t room = s->room ? 2 * s->room : 4096;
		struct symbol *v = realloc(s->v, room * sizeof(*v));

		if (!v)
			return -ENOMEM;
		s->v = v;
		s->room = room;
	}
	s->v[s->n].addr = addr;
	s->v[s->n].name = symbols_name(name, len);
	return s->v[s->n].name ? (s->n++, 0) : -ENOMEM;
}

/* Symbols of equal address keep their order: merge sort is stable. */
static int symbols_by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

static void symbols_merge(struct symbol *v, struct symbol *spare, size_t n)
{
	size_t half = n / 2, a = 0, b = half, k = 0;

	if (n < 2)
		return;
	symbols_merge(v, spare, half);
	symbols_merge(v + half, spare, n - half);
	while (a < half && b < n)
		spare[k++] = symbols_by_address(&v[a], &v[b]) <= 0 ? v[a++] : v[b++];
	while (a < half)
		spare[k++] = v[a++];
	memcpy(v, spare, k * sizeof(*v));
}

void symbols_sort(struct symbols *s)
{
	struct symbol *spare = malloc((s->n + 1) * sizeof(*spare));
	size_t kept = 0;

	must_have(spare);
	symbols_merge(s->v, spare, s->n);
	free(spare);
	for (size_t i = 0; i < s->n; i++) {
		if (kept && s->v[kept - 1].addr == s->v[i].addr)
			free(s->v[i].name);
		else
			s->v[kept++] = s->v[i];
	}
	s->n = kept;
}

const struct symbol *symbols_find(const struct symbols *s, uint64_t addr)
{
	size_t lo = 0, hi = s->n;

	if (s->end && addr >= s->end)
		return NULL;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (s->v[mid].addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? &s->v[lo - 1] : NULL;
}

uint64_t symbols_address(const struct symbols *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->v[i].name, name))
			return s->v[i].addr;
	return 0;
}

/* --- of an ELF file ------------------------------------------------------------------- */

#define NO_FUNCTION "[program]"	/* what lies behind a function and belongs to none */

/* `len` bytes at `at` of a file of `size`. */
static bool symbols_inside(uint64_t at, uint64_t len, size_t size)
{
	return at <= size && len <= size - at;
}

static const Elf64_Shdr *symbols_section(const char *elf, size_t size, uint32_t which)
{
	const Elf64_Ehdr *h = (const Elf64_Ehdr *)elf;
	const Elf64_Shdr *s;

	if (which >= h->e_shnum || h->e_shentsize != sizeof(*s) || h->e_shoff % 8 ||
	    !symbols_inside(h->e_shoff, (uint64_t)h->e_shnum * sizeof(*s), size))
		return NULL;
	s = (const Elf64_Shdr *)(elf + h->e_shoff) + which;
	return s->sh_type != SHT_NOBITS && symbols_inside(s->sh_offset, s->sh_size, size) ? s : NULL;
}

static int symbols_of_table(struct symbols *s, const char *elf, const Elf64_Shdr *table,
			    const Elf64_Shdr *names)
{
	const Elf64_Sym *sym = (const Elf64_Sym *)(elf + table->sh_offset);
	size_t n = table->sh_size / sizeof(*sym);
	int ret = 0;

	/* Ends come last: where one function ends another one may begin. */
	for (int ends = 0; ends < 2; ends++)
		for (size_t i = 0; i < n && !ret; i++) {
			const char *name = elf + names->sh_offset + sym[i].st_name;
			uint64_t end = sym[i].st_value + sym[i].st_size;

			if (ELF64_ST_TYPE(sym[i].st_info) != STT_FUNC || !sym[i].st_size ||
			    sym[i].st_name >= names->sh_size)
				continue;
			ret = ends ? symbols_add(s, end, NO_FUNCTION, strlen(NO_FUNCTION)) :
			      symbols_add(s, sym[i].st_value, name,
					  strnlen(name, names->sh_size - sym[i].st_name));
			if (end > s->end)
				s->end = end;
		}
	return ret;
}

static int symbols_of_elf(struct symbols *s, const char *elf, size_t size)
{
	const Elf64_Ehdr *h = (const Elf64_Ehdr *)elf;

	if (size < sizeof(*h) || memcmp(h->e_ident, ELFMAG, SELFMAG) ||
	    h->e_ident[EI_CLASS] != ELFCLASS64)
		return -EINVAL;
	for (uint32_t i = 0; i < h->e_shnum; i++) {
		const Elf64_Shdr *table = symbols_section(elf, size, i), *names;

		if (!table || table->sh_type != SHT_SYMTAB || table->sh_offset % 8)
			continue;
		names = symbols_section(elf, size, table->sh_link);
		return names ? symbols_of_table(s, elf, table, names) : -EINVAL;
	}
	return -EINVAL;
}

int symbols_of_program(struct symbols *s, const char *path, struct err *err)
{
	char *elf;
	size_t size;
	int ret = file_read(path, &elf, &size, err);

	if (ret)
		return ret;
	ret = symbols_of_elf(s, elf, size);
	free(elf);
	symbols_sort(s);
	if (!ret && s->n)
		return 0;
	return err_config(err, "%s has no symbols: it is no ELF program, or was stripped", path);
}
