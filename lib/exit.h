/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The exit codes of every kduel program. They are part of the interface:
 * documented in the manual pages, tested in tests/cli.
 */
#ifndef KDUEL_EXIT_H
#define KDUEL_EXIT_H

enum kduel_exit {
	EXIT_DONE = 0,		/* what was asked was done */
	EXIT_REGRESSION = 1,	/* a gate regressed, an expectation fails */
	EXIT_CONFIG = 2,	/* usage or config error; it can never be measured as asked */
	EXIT_MACHINE = 3,	/* this machine cannot do it */
	EXIT_INCOMPLETE = 4,	/* undecided: blocks are missing, or too few */
};

#endif
