/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of which domain are times that are taken on the machine at hand? */
#ifndef KDUEL_DOMAIN_H
#define KDUEL_DOMAIN_H

#include "words.h"

/*
 * DOMAIN_HARDWARE, or, where the processor says that it is virtual, DOMAIN_NESTED: a guest of
 * this machine is a guest's guest. DOMAIN_EMULATED: QEMU emulates it.
 */
enum domain domain_here(void);

#endif
