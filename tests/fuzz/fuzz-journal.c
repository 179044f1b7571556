/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a journal, and any lines as the records that
 * follow a good campaign record. The first input byte chooses. Everything a
 * reader can ask of a results folder that opened is asked.
 */
#include "fuzz-results.h"

/* Lines to frames. */
static void put_lines(const char *text, size_t len)
{
	char *frames = malloc(len * (JOURNAL_FRAME_HEAD + 1) + 1), *to = frames;

	while (len) {
		const char *end = memchr(text, '\n', len);
		uint32_t n = end ? (size_t)(end - text) : len, crc = crc32c(0, text, n);

		if (n >= 2) {
			memcpy(to, &n, 4);
			memcpy(to + 4, &crc, 4);
			memcpy(to + JOURNAL_FRAME_HEAD, text, n);
			to += JOURNAL_FRAME_HEAD + n;
		}
		text += n + (end != NULL);
		len -= n + (end != NULL);
	}
	put(head, head_len, frames, to - frames);
	free(frames);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct err err = ERR_INIT;
	struct store *s;

	if (size < 2)
		return;
	if (data[0] & 1)
		put_lines((const char *)data + 1, size - 1);
	else if (data[0] & 2)
		put(head, head_len, data + 1, size - 1);
	else
		put(JOURNAL_MAGIC, JOURNAL_MAGIC_LEN, data + 1, size - 1);
	if (store_open(&s, folder, STORE_READ, &err)) {
		if (!strstr(err.text, journal))
			abort();	/* which file was it? */
		return;
	}
	read_all(s);
	store_close(s);
}
