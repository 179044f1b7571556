/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counting on the machine under test, around a cell's timed region: the node
 * counts the guest's vCPU threads from before `go` to after the result.
 */
#ifndef KDUEL_SESSION_COUNT_H
#define KDUEL_SESSION_COUNT_H

#include "measure-records.h"
#include "session-cell.h"

/*
 * Both do nothing if the campaign counts nothing. -EIO if the session has failed.
 * `*counted` is the node's reply; the caller releases it.
 */
int session_count_start(struct session *s, const struct measure *m);
int session_count_stop(struct session *s, struct message *counted);

/*
 * Appends the sample of the region to `t`, with what was counted in it, and lists in
 * the cell's summary what was not. -EPROTO naming what is wrong.
 */
int session_count_keep(struct session *s, const struct measure *m,
		       const struct message *counted, const char *void_reason,
		       struct record_text *t, struct err *err);

#endif
