/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine that calls functions where kernels are, for the plugin's test: from
 * multiboot's 32 bits into 64, to an address that is a kernel's, and a marked
 * region of calls. It ends the machine by port f4.
 */
#define MARKER(n) .byte 0x0f, 0x1f, 0x84, 0x00; .long 0x4b570000 | (n)
#define BEGIN MARKER(1)
#define END MARKER(2)

	.text
	.long 0x1badb002, 0, -0x1badb002
	.globl _start
_start:
	/* 4 MiB where they are, and again at ffffffff80000000. */
	movl	$pdpt + 3, pml4
	movl	$pdpt + 3, pml4 + 8 * 511
	movl	$pd + 3, pdpt
	movl	$pd + 3, pdpt + 8 * 510
	movl	$0x83, pd
	movl	$0x200083, pd + 8
	mov	$0x20, %eax		/* PAE */
	mov	%eax, %cr4
	mov	$pml4, %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx	/* EFER: long mode */
	xor	%edx, %edx
	mov	$0x100, %eax
	wrmsr
	mov	%cr0, %eax
	or	$0x80000000, %eax
	mov	%eax, %cr0
	lgdt	gdtr
	ljmp	$8, $long_mode

	.code64
long_mode:
	mov	$stack, %esp
	mov	$-0x80000000, %rcx
	add	%rcx, %rsp
	lea	idt(%rip), %rdx
	lea	divided(%rip), %rax
	call	gate
	lea	idt + 6 * 16(%rip), %rdx
	lea	undefined(%rip), %rax
	call	gate
	lidt	idtr(%rip)
	xor	%eax, %eax		/* iretq takes what the fault pushes */
	mov	%eax, %ss
	lea	kernel(%rip), %rax
	add	%rcx, %rax
	jmp	*%rax

	/*
	 * Without SVM enabled an entry into a guest faults, and the machine goes on, not where an
	 * exit would lead; the next block that holds such an entry tells that this is no guest.
	 * It is not executed.
	 */
kernel:	vmrun
	nop
	jmp	1f
1:	mov	$6, %ebx
	xor	%ecx, %ecx
	div	%ecx
	vmrun
	nop
	mov	$2, %ebx

	BEGIN				/* 1 */
	xor	%ecx, %ecx		/* 1 */
	div	%ecx			/* 1, which faults: the block is left, with 3 more in it */
	nop				/* 2 */
	nop
	call	outer			/* 1 */
	END
	mov	$0xf4, %dx
	xor	%eax, %eax
	out	%al, %dx
1:	hlt
	jmp	1b

divided: add	%rbx, (%rsp)		/* 2: goes on behind the division */
	iretq

undefined: addq	$4, (%rsp)
	iretq

	/* An interrupt gate at %rdx to what is at %rax, of the addresses that are a kernel's. */
gate:	add	%rcx, %rax
	mov	%ax, (%rdx)
	shr	$16, %rax
	mov	%ax, 6(%rdx)
	shr	$16, %rax
	mov	%eax, 8(%rdx)
	movw	$8, 2(%rdx)
	movw	$0x8e00, 4(%rdx)
	ret

outer:	mov	$10, %ecx		/* 1 + 3 x 10 + 3 */
1:	call	inner
	dec	%ecx
	jnz	1b
	lea	inner(%rip), %rax
	call	*%rax
	ret

	.p2align 12
	.space	4096 - 2
inner:	nop				/* 3, eleven times, the second on two pages */
	add	$0x12345678, %edx
	ret

	.p2align 3
gdt:	.quad 0, 0x00209a0000000000
gdtr:	.word 15
	.long gdt
idtr:	.word 7 * 16 - 1
	.long idt, 0

	.bss
	.p2align 12
idt:	.space 4096
pml4:	.space 4096
pdpt:	.space 4096
pd:	.space 4096
	.space 4096
stack:
