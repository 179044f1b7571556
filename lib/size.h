/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers with units, as users write them: "4096", "64k", "4KiB", "1G", "3MB".
 * k, M, G, T, whatever their case, are powers of 1024, as KiB, MiB, ... are: in
 * this field a 2M page has 2097152 bytes. kB, MB, GB, TB are powers of 1000, as
 * they are in GB/s.
 */
#ifndef KDUEL_SIZE_H
#define KDUEL_SIZE_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

#define SIZE_TEXT_MAX 32

/* Parses all of `text` into `*value`; refuses overflow, signs and trailing text. */
int size_parse(const char *text, uint64_t *value, struct err *err);

/* "2M", "1536K", "77": exact, never rounded. Returns `buf`. */
const char *size_format(uint64_t value, char buf[static SIZE_TEXT_MAX]);

/* Parses "64" (a range of one) or "64..65536"; refuses lo > hi. */
int size_parse_range(const char *text, uint64_t *lo, uint64_t *hi,
		     struct err *err);

/* A duration, "20m", "90s", "1h", "30d", "250ms" or "90" (seconds), in seconds. */
int duration_parse(const char *text, double *seconds, struct err *err);

/* A share above 0 and below 1: "1%", "0.5%" or "0.01". */
int share_parse(const char *text, double *share, struct err *err);

#endif
