/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every program does before anything else. */
#ifndef KDUEL_PROGRAM_H
#define KDUEL_PROGRAM_H

/*
 * For the beginning of main(). Where descriptor 0, 1 or 2 is closed, opens /dev/null,
 * for reading only, so that no file of ours gets its number and what is printed there
 * still fails. Also unsets the user's variables that would show our libraries another
 * machine or another processor's events (HWLOC_*, LIBPFM_*, PAPI_*), and
 * ARGP_HELP_FMT, with some values of which the C library never finishes printing --help. Ignores
 * SIGXFSZ: a file beyond `ulimit -f` is an error of the write.
 */
void program_begin(void);

#endif
