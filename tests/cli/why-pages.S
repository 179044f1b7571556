/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine whose loop has an instruction that lies on two pages, after one that
 * never stops, for the plugin's test: QEMU ends a block before such an instruction.
 */
#define MARKER(n) .byte 0x0f, 0x1f, 0x84, 0x00; .long 0x4b570000 | (n)
#define BEGIN MARKER(1)
#define END MARKER(2)

	.text
	.long 0x1badb002, 0, -0x1badb002
	.globl _start
_start:	xor	%eax, %eax
	BEGIN				/* 1 */
	mov	$1000, %ecx		/* 1 */
	jmp	again			/* 1 */
	.p2align 12
	.space	4096 - 2
again:	nop				/* 5 x 1000 */
	add	$0x12345678, %eax	/* one byte of it on this page */
	nop
	dec	%ecx
	jnz	again
	END
	mov	$0xf4, %dx
	xor	%eax, %eax
	out	%al, %dx
1:	hlt
	jmp	1b
