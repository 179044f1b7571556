/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a fuzz target is: two functions that drive.c calls. Whatever is wrong
 * ends the program: abort(), or a sanitizer.
 */
#ifndef KDUEL_TARGET_H
#define KDUEL_TARGET_H

#include <stddef.h>
#include <stdint.h>

void fuzz_begin(void);	/* once */
void fuzz_one(const uint8_t *data, size_t size);

#endif
