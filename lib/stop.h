/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The user's wish to stop, where no loop runs: Ctrl-C, SIGTERM, or SIGHUP when a
 * connection is lost. The first one is remembered, for work that ends its children
 * in order; the second one ends the program at once.
 *
 *	stop_catch();
 *	while (!stop_asked())
 *		...	// a part of the work, until it is done
 *	stop_release();		// as before stop_catch()
 */
#ifndef KDUEL_STOP_H
#define KDUEL_STOP_H

#include <stdbool.h>

/* Forgets an earlier wish. */
void stop_catch(void);
bool stop_asked(void);
void stop_release(void);

#endif
