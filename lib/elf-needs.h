/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a program needs beside itself to start: its interpreter and libraries,
 * asked of the dynamic linker itself, so that the answer is the one it acts on.
 */
#ifndef KDUEL_ELF_NEEDS_H
#define KDUEL_ELF_NEEDS_H

#include <stdint.h>

#include "err.h"
#include "proc.h"

/* The program that an ELF file names to load it, the caller's; NULL for any other file. */
int elf_interpreter(const char *path, char **linker, struct err *err);

/*
 * Adds the absolute path of each to `needs`: nothing for a static program or
 * anything that is not an ELF file. A library that is not found is an error that names it.
 */
int elf_needs(const char *path, struct args *needs, struct err *err);

/*
 * How many bytes from the file's start are ever loaded; the rest are sections
 * for linkers and debuggers. The file's size if it is not an ELF file.
 */
int elf_loaded_size(const char *path, uint64_t *size, struct err *err);

#endif
