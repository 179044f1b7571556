/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a source's memory lies on the guest's own NVDIMM: made ready by the code that
 * makes the node's persistent memory ready for backings (backing/pmem.h, fs.h).
 */
#ifndef KDUEL_PLACE_H
#define KDUEL_PLACE_H

#include "bench/source.h"
#include "err.h"

/*
 * Makes `s->place` ready; if it is already, what it holds stays. Nothing is done for a
 * source without one. What the NVDIMM held in another mode is lost.
 */
int place_prepare(const struct source *s, struct err *err);

#endif
