/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "insn.h"

#include <string.h>

enum kind {
	STOPS,		/* may, or not known */
	RUNS,		/* never stops */
	REGISTER,	/* never stops if its operand is a register */
	UNARY,		/* F6, F7: division traps */
	STEP,		/* FE, FF: only inc, dec and, of FF, the jump */
};

struct range {
	unsigned char first, last;
	enum kind kind;
};

/* Opcodes of one byte, and of two after 0F; what is missing may stop. */
static const struct range one_byte[] = {
	{ 0x63, 0x63, REGISTER }, { 0x69, 0x69, REGISTER }, { 0x6b, 0x6b, REGISTER },
	{ 0x70, 0x7f, RUNS }, { 0x80, 0x81, REGISTER }, { 0x83, 0x8b, REGISTER },
	{ 0x8d, 0x8d, RUNS }, { 0x90, 0x99, RUNS }, { 0xa8, 0xa9, RUNS },
	{ 0xb0, 0xbf, RUNS }, { 0xc0, 0xc1, REGISTER }, { 0xd0, 0xd3, REGISTER },
	{ 0xe0, 0xe3, RUNS }, { 0xe9, 0xe9, RUNS }, { 0xeb, 0xeb, RUNS },
	{ 0xf5, 0xf5, RUNS }, { 0xf6, 0xf7, UNARY }, { 0xf8, 0xf9, RUNS },
	{ 0xfc, 0xfd, RUNS }, { 0xfe, 0xff, STEP }, { 0, 0, STOPS },
}, two_bytes[] = {
	{ 0x0d, 0x0d, RUNS }, { 0x18, 0x18, RUNS }, { 0x1e, 0x1f, RUNS },
	{ 0x40, 0x4f, REGISTER }, { 0x80, 0x8f, RUNS }, { 0x90, 0x9f, REGISTER },
	{ 0xa3, 0xa5, REGISTER }, { 0xab, 0xad, REGISTER }, { 0xaf, 0xb1, REGISTER },
	{ 0xb3, 0xb3, REGISTER }, { 0xb6, 0xb7, REGISTER }, { 0xba, 0xbf, REGISTER },
	{ 0xc0, 0xc1, REGISTER }, { 0xc8, 0xcf, RUNS }, { 0, 0, STOPS },
};

static enum kind insn_kind(const struct range *r, unsigned char op)
{
	for (; r->last; r++)
		if (op >= r->first && op <= r->last)
			return r->kind;
	return STOPS;
}

/* The eight arithmetic operations, 00 to 3D, share one pattern. */
static enum kind insn_kind_one(unsigned char op)
{
	if (op < 0x40)
		return (op & 7) < 4 ? REGISTER : (op & 7) < 6 ? RUNS : STOPS;
	return insn_kind(one_byte, op);
}

static size_t insn_prefixes(const unsigned char *b, size_t size)
{
	static const unsigned char legacy[] = {
		0x66, 0xf2, 0xf3, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65,
	};
	size_t i = 0;

	while (i < size && memchr(legacy, b[i], sizeof(legacy)))
		i++;
	return i < size && (b[i] & 0xf0) == 0x40 ? i + 1 : i;
}

bool insn_never_stops(const unsigned char *b, size_t size)
{
	size_t at = insn_prefixes(b, size);
	enum kind kind;
	unsigned char op, modrm;

	if (at >= size)
		return false;
	op = b[at++];
	if (op == 0x0f) {
		if (at >= size)
			return false;
		op = b[at++];
		kind = insn_kind(two_bytes, op);
	} else {
		kind = insn_kind_one(op);
	}
	if (kind == RUNS || kind == STOPS)
		return kind == RUNS;
	if (at >= size)
		return false;
	modrm = b[at];
	if (modrm < 0xc0)
		return false;
	if (kind == UNARY)
		return (modrm >> 3 & 7) < 6;
	if (kind == STEP)
		return (modrm >> 3 & 7) < 2 || (op == 0xff && (modrm >> 3 & 7) == 4);
	return true;
}

bool insn_is_push_or_pop(const unsigned char *b, size_t size)
{
	return (size == 1 || (size == 2 && b[0] == 0x41)) && b[size - 1] >= 0x50 &&
	       b[size - 1] <= 0x5f;
}

enum insn_flow insn_flow(const unsigned char *b, size_t size, uint64_t vaddr,
			 uint64_t *target)
{
	size_t at = insn_prefixes(b, size);
	int32_t offset;

	*target = 0;
	if (at >= size)
		return INSN_GOES_ON;
	if (b[at] == 0xc3 || b[at] == 0xc2)
		return INSN_RETURNS;
	if (b[at] == 0xff && at + 1 < size && (b[at + 1] >> 3 & 7) == 2)
		return INSN_CALLS;
	if (b[at] != 0xe8 || size != at + 5)
		return INSN_GOES_ON;
	memcpy(&offset, b + at + 1, sizeof(offset));
	*target = vaddr + size + offset;
	return INSN_CALLS;
}

bool insn_uses_port(const unsigned char *b, size_t size)
{
	size_t at = insn_prefixes(b, size);

	return at < size && ((b[at] & 0xf4) == 0xe4 || (b[at] & 0xfc) == 0x6c);
}

bool insn_is_vmrun(const unsigned char *b, size_t size)
{
	return size == 3 && b[0] == 0x0f && b[1] == 0x01 && b[2] == 0xd8;
}
