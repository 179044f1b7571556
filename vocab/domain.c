/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain.h"

#include <cpuid.h>
#include <string.h>

#define HYPERVISOR (1u << 31)		/* of leaf 1, ecx */
#define HYPERVISOR_NAME 0x40000000u	/* twelve bytes: ebx, ecx, edx */

enum domain domain_here(void)
{
	unsigned a, b, c, d;
	char name[13] = "";

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & HYPERVISOR))
		return DOMAIN_HARDWARE;
	__cpuid(HYPERVISOR_NAME, a, b, c, d);
	memcpy(name, &b, 4);
	memcpy(name + 4, &c, 4);
	memcpy(name + 8, &d, 4);
	return strcmp(name, "TCGTCGTCGTCG") ? DOMAIN_NESTED : DOMAIN_EMULATED;
}
