/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes as hexadecimal text, two digits each: for what must pass through JSON. */
#ifndef KDUEL_HEX_H
#define KDUEL_HEX_H

#include <stddef.h>
#include <sys/types.h>

/* `hex` has room for 2 * n digits and a NUL. */
void hex_write(const void *bytes, size_t n, char *hex);

/*
 * The number of bytes, or -1 for an odd number of digits, one that is not hexadecimal
 * (lower case), or more than `max` bytes.
 */
ssize_t hex_read(const char *hex, void *bytes, size_t max);

#endif
