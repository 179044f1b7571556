/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hex.h"

#include <string.h>

static const char digits[] = "0123456789abcdef";

void hex_write(const void *bytes, size_t n, char *hex)
{
	const unsigned char *b = bytes;

	for (size_t i = 0; i < n; i++) {
		hex[2 * i] = digits[b[i] >> 4];
		hex[2 * i + 1] = digits[b[i] & 15];
	}
	hex[2 * n] = '\0';
}

ssize_t hex_read(const char *hex, void *bytes, size_t max)
{
	size_t n = strlen(hex);
	unsigned char *to = bytes;

	if (n % 2 || n / 2 > max)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const char *d = strchr(digits, hex[i]);

		if (!d)
			return -1;
		to[i / 2] = i % 2 ? to[i / 2] << 4 | (d - digits) : d - digits;
	}
	return n / 2;
}
