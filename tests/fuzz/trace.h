/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which branches ran: one byte for each, as good as a hash is. */
#ifndef KDUEL_TRACE_H
#define KDUEL_TRACE_H

#include <stdint.h>

#define TRACE_SIZE 65536

extern unsigned char trace_map[TRACE_SIZE];

void __sanitizer_cov_trace_pc(void);

#endif
