/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CRC-32C (Castagnoli), the checksum of frames and of journal records. It uses
 * the processor's instruction where there is one, tables otherwise; both give
 * the same result: crc32c(0, "123456789", 9) is 0xe3069283.
 *
 * A checksum can be computed in pieces: crc32c(crc32c(0, a, n), b, m) is the
 * checksum of a followed by b.
 */
#ifndef KDUEL_CRC32C_H
#define KDUEL_CRC32C_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32c(uint32_t crc, const void *data, size_t len);

/* The table version alone, for the test that compares both. */
uint32_t crc32c_table(uint32_t crc, const void *data, size_t len);

#endif
