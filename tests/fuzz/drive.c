/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a fuzz target: changes inputs, keeps those that reach a branch none has
 * reached, and changes these again.
 *
 *	fuzz-NAME SECONDS SEED FOUND SEED-FILE...	fuzz
 *	fuzz-NAME 0 0 FOUND SEED-FILE...		only what the files hold
 *
 * The input at work lies in the file FOUND, which is removed when all is well:
 * after a crash, or HANG_S seconds without an answer, it holds the culprit.
 * The same SEED makes the same inputs, as long as the machine gets as far.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "target.h"
#include "trace.h"

#define INPUT_MAX 65536
#define KEPT_MAX 4096
#define HANG_S 20

struct input {
	unsigned char *bytes;
	size_t n;
};

static struct input kept[KEPT_MAX];
static size_t n_kept;
static unsigned char seen[TRACE_SIZE];
static uint64_t state;
static int found = -1;	/* the file of the input at work */

/* What a text format likes to trip over. */
static const char *const words[] = {
	"{", "}", "[", "]", "\"", ":", ",", "\n", "null", "true", "-", "0", "1e999", "\\u0000",
	"\\ud800", "\xff", "18446744073709551616", "-9223372036854775808", "&a ", "*a", "- ",
	"<<: ", "? ", "| ", "'", "\t", "  ",
};

static _Noreturn void drive_die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(2);
}

static size_t drive_pick(size_t below)	/* splitmix64 */
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return below ? (z ^ z >> 31) % below : 0;
}

static void drive_keep(const unsigned char *bytes, size_t n)
{
	struct input *to = &kept[n_kept < KEPT_MAX ? n_kept++ : drive_pick(KEPT_MAX)];

	free(to->bytes);
	to->n = n;
	to->bytes = malloc(n + 1);
	if (!to->bytes)
		drive_die("an input");
	memcpy(to->bytes, bytes, n);
}

static void drive_read(const char *path)
{
	static unsigned char bytes[INPUT_MAX];
	FILE *f = fopen(path, "r");

	if (!f)
		drive_die(path);
	drive_keep(bytes, fread(bytes, 1, sizeof(bytes), f));
	fclose(f);
}

/* Puts `n` bytes in the place of `gone` at `at`, where there is room. */
static size_t drive_splice(unsigned char *in, size_t size, size_t at, size_t gone,
			   const void *bytes, size_t n)
{
	if (size - gone + n > INPUT_MAX)
		return size;
	memmove(in + at + n, in + at + gone, size - at - gone);
	memcpy(in + at, bytes, n);
	return size - gone + n;
}

static size_t drive_change(unsigned char *in, size_t size)
{
	size_t at = drive_pick(size + 1), rest = size - at;
	size_t some = drive_pick((rest < 64 ? rest : 64) + 1);
	const struct input *other = &kept[drive_pick(n_kept)];
	const char *word = words[drive_pick(sizeof(words) / sizeof(*words))];
	size_t from = drive_pick(other->n + 1);
	unsigned char byte = drive_pick(256), copy[64];

	switch (drive_pick(7)) {
	case 0:
		return drive_splice(in, size, at, some, "", 0);
	case 1:
		return drive_splice(in, size, at, drive_pick(2) ? some : 0, word, strlen(word));
	case 2:
		return drive_splice(in, size, at, rest > 0, &byte, 1);
	case 3:
		if (rest)
			in[at] ^= 1 << drive_pick(8);
		return size;
	case 4:	/* again */
		memcpy(copy, in + at, some);
		return drive_splice(in, size, at, 0, copy, some);
	case 5:	/* a piece of another */
		return drive_splice(in, size, at, some, other->bytes + from,
				    drive_pick(other->n - from + 1));
	default:
		if (rest)
			in[at] += drive_pick(2) ? 1 : -1;
		return size;
	}
}

static bool drive_is_new(void)
{
	bool is = false;

	for (size_t i = 0; i < TRACE_SIZE; i += 8) {
		uint64_t eight, known;

		memcpy(&eight, trace_map + i, 8);
		memcpy(&known, seen + i, 8);
		is |= (eight & ~known) != 0;
		known |= eight;
		memcpy(seen + i, &known, 8);
	}
	return is;
}

static bool drive_try(const unsigned char *in, size_t size)
{
	/* At its exact size on the heap: AddressSanitizer sees a byte too far. */
	unsigned char *exact = malloc(size + !size);

	if (!exact)
		drive_die("an input");
	memcpy(exact, in, size);
	/* Before it can break anything. */
	if (pwrite(found, in, size, 0) != (ssize_t)size || ftruncate(found, size))
		drive_die("the input at work");
	memset(trace_map, 0, sizeof(trace_map));
	alarm(HANG_S);
	fuzz_one(exact, size);
	alarm(0);
	free(exact);
	return drive_is_new();
}

static unsigned long drive_fuzz(time_t end)
{
	static unsigned char in[INPUT_MAX];
	unsigned long runs = 0;

	for (; time(NULL) < end; runs++) {
		const struct input *from = &kept[drive_pick(n_kept)];
		size_t size = from->n;

		memcpy(in, from->bytes, size);
		for (size_t i = drive_pick(5) + 1; i; i--)
			size = drive_change(in, size);
		if (drive_try(in, size))
			drive_keep(in, size);
	}
	return runs;
}

int main(int argc, char **argv)
{
	unsigned long runs;

	if (argc < 5) {
		fprintf(stderr, "usage: %s SECONDS SEED FOUND SEED-FILE...\n", argv[0]);
		return 2;
	}
	state = strtoull(argv[2], NULL, 10);
	found = open(argv[3], O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (found < 0)
		drive_die(argv[3]);
	fuzz_begin();
	for (int i = 4; i < argc; i++)
		drive_read(argv[i]);
	for (size_t i = 0; i < n_kept; i++)
		drive_try(kept[i].bytes, kept[i].n);
	runs = drive_fuzz(time(NULL) + atol(argv[1]));
	printf("%s: %lu inputs, %zu kept\n", argv[0], runs, n_kept);
	for (size_t i = 0; i < n_kept; i++)
		free(kept[i].bytes);
	close(found);
	return unlink(argv[3]) ? 2 : 0;
}
