/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own symbol table (scripts/kallsyms.c in Linux), in its uncompressed
 * image. It has no header: its parts are found by their structure, backwards from the
 * one that is unmistakable (256 tokens with the digits in their places, and an index
 * of them). Two layouts are known:
 *
 *	to 6.3:  offsets base count names markers [sequence] tokens index
 *	6.4 on:  count names markers tokens index offsets base sequence
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "symbols.h"

#define TOKENS 256
#define MARK_EVERY 256
#define KERNEL_BASE 0xffffffff80000000ULL
#define NAME_MAX_HERE 512

struct kallsyms {
	const uint8_t *k;
	size_t size;
	size_t tokens, index;		/* offsets of the parts in `k` */
	size_t names, offsets;
	uint32_t n;
	uint64_t base;
};

static uint32_t kallsyms_u32(const struct kallsyms *t, size_t at)
{
	uint32_t v;

	memcpy(&v, t->k + at, sizeof(v));
	return v;
}

static size_t kallsyms_align(size_t at)
{
	return (at + 7) & ~(size_t)7;
}

static size_t kallsyms_token(const struct kallsyms *t, unsigned token)
{
	uint16_t at;

	memcpy(&at, t->k + t->index + 2 * token, sizeof(at));
	return t->tokens + at;
}

/* Are the tokens that begin at `tokens` directly followed by their index? */
static bool kallsyms_index(struct kallsyms *t, size_t tokens)
{
	size_t at = tokens;

	for (int i = 0; i < TOKENS; i++) {
		const uint8_t *end = memchr(t->k + at, 0, t->size - at);

		if (!end)
			return false;
		at = end + 1 - t->k;
	}
	t->tokens = tokens;
	t->index = kallsyms_align(at);
	if (t->index + 2 * TOKENS > t->size)
		return false;
	at = tokens;
	for (int i = 0; i < TOKENS; i++) {
		if (kallsyms_token(t, i) != at)
			return false;
		at += strlen((const char *)t->k + at) + 1;
	}
	return true;
}

/* '0' is token 48: the table begins 48 tokens before it. */
static bool kallsyms_find_tokens(struct kallsyms *t)
{
	static const char digits[] = "0\0" "1\0" "2\0" "3\0" "4\0" "5\0" "6\0" "7\0" "8\0" "9";
	const uint8_t *at = t->k;

	while ((at = memmem(at, t->k + t->size - at, digits, sizeof(digits)))) {
		size_t begin = at - t->k;

		for (int i = 0; i <= '0' && begin; i++)
			for (begin--; begin && t->k[begin - 1]; begin--)
				;
		/* Above: each step goes back to the beginning of the previous token. */
		for (size_t from = begin; from <= begin + 64 && from < t->size; from++)
			if (from % 8 == 0 && kallsyms_index(t, from))
				return true;
		at++;
	}
	return false;
}

/* The end of the `n` names that begin at `names`; 0 if there are not so many. */
static size_t kallsyms_names_end(const struct kallsyms *t, size_t names, uint32_t n,
				 size_t limit)
{
	size_t at = names;

	for (uint32_t i = 0; i < n; i++) {
		size_t len;

		if (at >= limit)
			return 0;
		len = t->k[at++];
		if (len & 0x80 && at < limit)
			len = (len & 0x7f) | t->k[at++] << 7;
		at += len;
	}
	return at <= limit ? at : 0;
}

/*
 * Markers are the offsets of every 256th name: 0, then increasing. Tries each place
 * where the names could begin, and looks for their count before it.
 */
static bool kallsyms_try_markers(struct kallsyms *t, size_t markers, uint32_t n_markers)
{
	size_t names_size = kallsyms_u32(t, markers + 4 * (n_markers - 1));
	/* Up to 256 names after the last marker, of 64 bytes on average at most. */
	size_t first = markers > names_size + 16384 + 64 ?
		       (markers - names_size - 16384 - 64) & ~(size_t)7 : 8;

	for (size_t count = first; count + 8 < markers; count += 4) {
		uint32_t n = kallsyms_u32(t, count);

		if ((n + MARK_EVERY - 1) / MARK_EVERY != n_markers)
			continue;
		for (size_t names = count + 4; names <= count + 8; names += 4) {
			size_t end = kallsyms_names_end(t, names, n, markers);

			if (end && markers - end < 16) {
				t->names = names;
				t->n = n;
				t->offsets = count;
				return true;
			}
		}
	}
	return false;
}

/* The markers lie between names and tokens: searches back over increasing numbers to a 0. */
static bool kallsyms_find_names(struct kallsyms *t)
{
	size_t at = t->tokens & ~(size_t)3;

	/* Skips what may lie in between, such as 6.2's sequence numbers (3 bytes per name). */
	for (size_t end = at; end > 8 && at - end < (1u << 20); end -= 4) {
		size_t begin = end - 4;
		uint32_t n = 1;

		if (!kallsyms_u32(t, begin))
			continue;
		while (begin >= 4 && kallsyms_u32(t, begin - 4) < kallsyms_u32(t, begin)) {
			begin -= 4;
			n++;
		}
		if (n > 4 && !kallsyms_u32(t, begin) && kallsyms_try_markers(t, begin, n))
			return true;
	}
	return false;
}

static bool kallsyms_base(struct kallsyms *t, size_t offsets, size_t base)
{
	if (base + 8 > t->size)
		return false;
	memcpy(&t->base, t->k + base, sizeof(t->base));
	t->offsets = offsets;
	return t->base >= KERNEL_BASE;
}

static bool kallsyms_find_offsets(struct kallsyms *t)
{
	size_t count = t->offsets, size = kallsyms_align(4 * (size_t)t->n);
	size_t after = kallsyms_align(t->index + 2 * TOKENS);

	return (count > size + 8 && kallsyms_base(t, count - 8 - size, count - 8)) ||
	       kallsyms_base(t, after, after + size);
}

/*
 * If the table has per-CPU symbols, these have positive offsets, which are their
 * values; the others are base - 1 - offset.
 */
static uint64_t kallsyms_address(const struct kallsyms *t, uint32_t i, bool per_cpu)
{
	int32_t offset = (int32_t)kallsyms_u32(t, t->offsets + 4 * (size_t)i);

	if (!per_cpu)
		return t->base + (uint32_t)offset;
	return offset >= 0 ? (uint64_t)offset : t->base - 1 - offset;
}

static bool kallsyms_is_per_cpu(const struct kallsyms *t)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (kallsyms_u32(t, t->offsets + 4 * (size_t)i) >> 31)
			return true;
	return false;
}

/* Expands the name at `at`, preceded by its type; returns where the next one begins. */
static size_t kallsyms_name(const struct kallsyms *t, size_t at, char *name)
{
	size_t len = t->k[at++], n = 0;

	if (len & 0x80)
		len = (len & 0x7f) | t->k[at++] << 7;
	for (size_t i = 0; i < len; i++) {
		const char *token = (const char *)t->k + kallsyms_token(t, t->k[at + i]);
		size_t more = strlen(token);

		if (n + more < NAME_MAX_HERE) {
			memcpy(name + n, token, more);
			n += more;
		}
	}
	name[n] = '\0';
	return at + len;
}

static int kallsyms_take(struct symbols *s, const struct kallsyms *t)
{
	bool per_cpu = kallsyms_is_per_cpu(t);
	size_t at = t->names;
	char name[NAME_MAX_HERE];

	for (uint32_t i = 0; i < t->n; i++) {
		uint64_t addr = kallsyms_address(t, i, per_cpu);

		at = kallsyms_name(t, at, name);
		if (!strcmp(name + 1, "_einittext"))
			s->end = addr;
		if (addr < KERNEL_BASE || !*name || !strchr("tTwW", *name))
			continue;
		if (symbols_add(s, addr, name + 1, strlen(name + 1)))
			return -ENOMEM;
	}
	symbols_sort(s);
	return 0;
}

int symbols_of_kernel(struct symbols *s, const uint8_t *kernel, size_t size,
		      struct err *err)
{
	struct kallsyms t = { .k = kernel, .size = size };

	if (!kallsyms_find_tokens(&t) || !kallsyms_find_names(&t) ||
	    !kallsyms_find_offsets(&t))
		return err_config(err, "the kernel contains no symbol table; was it built without CONFIG_KALLSYMS?");
	if (kallsyms_take(s, &t))
		return err_sys(err, ENOMEM, "symbols");
	if (!s->n)
		return err_config(err, "the kernel's symbol table names no function");
	return 0;
}

/* --- the kernel inside a bzImage -------------------------------------------------- */

/* Offsets of the x86 boot protocol (Documentation/x86/boot.rst). */
#define MAGIC_AT 0x202
#define SETUP_SECTORS_AT 0x1f1
#define PAYLOAD_AT 0x248
#define PAYLOAD_LEN_AT 0x24c

static uint32_t kallsyms_le32(const uint8_t *b)
{
	return b[0] | b[1] << 8 | b[2] << 16 | (uint32_t)b[3] << 24;
}

static int kallsyms_inflate(const uint8_t *packed, size_t len, uint8_t **out, size_t *n)
{
	struct archive *a = archive_read_new();
	struct archive_entry *entry;
	size_t room = 0;
	la_ssize_t got = 0;

	*out = NULL;
	*n = 0;
	archive_read_support_filter_all(a);
	archive_read_support_format_raw(a);
	if (archive_read_open_memory(a, packed, len) || archive_read_next_header(a, &entry))
		got = -1;
	while (got >= 0) {
		if (*n == room) {
			uint8_t *bigger = realloc(*out, room += 16u << 20);

			if (!bigger)
				break;
			*out = bigger;
		}
		got = archive_read_data(a, *out + *n, room - *n);
		if (got <= 0)
			break;
		*n += got;
	}
	archive_read_free(a);
	/* Data after the compressed kernel is not an error. */
	return *n ? 0 : -EINVAL;
}

int symbols_of_image(struct symbols *s, const char *path, struct err *err)
{
	uint8_t *image, *kernel = NULL;
	size_t len, at, packed, n;
	int ret = file_read(path, (char **)&image, &len, err);

	if (ret)
		return ret;
	if (len < 0x260 || memcmp(image + MAGIC_AT, "HdrS", 4)) {
		free(image);
		return err_config(err, "%s is not a Linux bzImage", path);
	}
	at = (size_t)(image[SETUP_SECTORS_AT] + 1) * 512 + kallsyms_le32(image + PAYLOAD_AT);
	packed = kallsyms_le32(image + PAYLOAD_LEN_AT);
	if (at > len || packed > len - at ||
	    kallsyms_inflate(image + at, packed, &kernel, &n))
		ret = err_config(err, "%s: its kernel is compressed in an unknown way",
				 path);
	if (!ret) {
		ret = symbols_of_kernel(s, kernel, n, err);
		err_prefix(err, "%s", path);
	}
	free(kernel);
	free(image);
	return ret;
}
