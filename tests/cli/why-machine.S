/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine of a few instructions, for the plugin's test: QEMU starts it in 32
 * bits (multiboot), it executes two marked regions of a known length, and ends
 * the machine by port f4.
 */
#define MARKER(n) .byte 0x0f, 0x1f, 0x84, 0x00; .long 0x4b570000 | (n)
#define BEGIN MARKER(1)
#define END MARKER(2)
#define THINGS MARKER(3)
#define ZERO MARKER(4)
#define ONE MARKER(5)

	.text
	.long 0x1badb002, 0, -0x1badb002
	.globl _start
_start:
	mov	$90, %ecx		/* a number of more bits than are kept */
1:	ONE
	dec	%ecx
	jnz	1b
	mov	$62, %ecx
1:	ZERO
	dec	%ecx
	jnz	1b
	ONE
	ZERO				/* the number is 2 now */

	END				/* ends nothing */
	BEGIN				/* a region begun anew holds nothing before */
	mov	$5, %eax
	BEGIN				/* 1 */
	mov	$100000, %ecx		/* 1 */
spin:	sub	$1, %ecx		/* 2 x 100000 */
	jnz	spin
	mov	%eax, stack - 4		/* 2 */
	mov	stack - 4, %eax
	END
	ONE				/* 5 things */
	THINGS

	/* A loop that changes the code it calls, which is translated anew each time. */
	mov	$stack, %esp
	mov	$100, %ecx
	BEGIN				/* 1 */
anew:	movb	%cl, patched + 1	/* 6 x 100 */
	call	patched
	dec	%ecx
	jnz	anew
	END

	mov	$0xf4, %dx
	xor	%eax, %eax
	out	%al, %dx
1:	hlt
	jmp	1b

	.p2align 12
patched: mov	$0, %al
	ret

	.bss
	.space	4096
stack:
