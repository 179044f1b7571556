/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes as hexadecimal text, two digits each: for what must pass through JSON. */
#ifndef KDUEL_HEX_H
#define KDUEL_HEX_H

#include <stddef.h>
#include <sys/types.h>

/* `hex` has room for 2 * n digits and a NUL. */
void hex_write(const void *bytes, size_t n, char *hex);

/* The number of bytes, or -1: an odd or foreign digit, or more than `max` of them. */
ssize_t hex_read(const char *hex, void *bytes, size_t max);

#endif
