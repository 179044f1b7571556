/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers as a reader wants them: no more digits than the measurement
 * carries, always with a unit, the same notation within a row.
 *
 * Relative effects (arm / baseline - 1) are shown in one of two styles,
 * chosen once per row by number_style(): percent for changes up to a factor
 * of two ("-3.2%"), else the plain ratio ("x0.081" = 0.081 times the
 * baseline), since "-91.9%" hides the difference between 10 and 12 times.
 */
#ifndef KDUEL_NUMBER_H
#define KDUEL_NUMBER_H

#include <stdint.h>

#define NUMBER_MAX 48

enum number_style { NUMBER_PERCENT, NUMBER_RATIO };

/* An effect with its interval, in text and ready to print. */
struct number_effect {
	enum number_style style;
	char effect[NUMBER_MAX + 1];	/* "-3.2%", "x0.081" */
	char interval[2 * NUMBER_MAX + 8];	/* "[-3.9, -2.5]%", "[0.079, 0.084]" */
};

enum number_style number_style(double effect);

/*
 * Both numbers with two digits of the interval's half width. Not finite:
 * "-" and "".
 */
void number_effect(double effect, double lo, double hi,
		   struct number_effect *out);

/* Two effects as ratios, where one of them has to be. */
void number_ratios(double a, double b, struct number_effect *ta,
		   struct number_effect *tb);

/* "1.2%": a smallest detectable effect, a D, a share; ">300%". Not finite: "-". */
const char *number_percent(double fraction, char buf[static NUMBER_MAX]);

/* The same with three decimals, for spreads beside each other: "0.412%". */
const char *number_spread(double fraction, char buf[static NUMBER_MAX]);

/* A part of a whole, "99.7%": exactly 0 and 1 alone are 0% and 100%. */
const char *number_share(double fraction, char buf[static NUMBER_MAX]);
/* From the least to the most, "12.0-99.7%"; one share where both read alike. */
const char *number_shares(double least, double most, char buf[static NUMBER_MAX]);

/*
 * A measured value with three significant digits, its unit scaled to suit:
 * 71234 ns -> "71.2 us", 13400 MB/s -> "13.4 GB/s", 143612 with the unit
 * "faults" or "count" -> "143,612 faults" or "143,612", 14600 with "/s" ->
 * "14.6 k/s", 28663301410 instr -> "28.7 Ginstr", 0.00001 with "count" -> "10 per million". Not finite: "-".
 */
const char *number_value(double value, const char *unit,
			 char buf[static NUMBER_MAX]);

/* The same for a scale's tick: "20 us", "5 GB/s"; as few digits as it takes. */
const char *number_tick(double value, const char *unit,
			char buf[static NUMBER_MAX]);

/*
 * The unit where each nanosecond of a clock is an instruction, and what a value
 * must be multiplied by: "ns" and "us" become "instr" (1 and 1000), "GB/s"
 * "B/instr", "pages/s" "pages/Ginstr" (both 1). A unit that has no time in it
 * stays.
 */
#define UNIT_MAX 64
double unit_instructions(const char *unit, char instead[static UNIT_MAX]);

/* "560 MiB", "1.75 GiB", "4 KiB", "0". */
const char *number_bytes(uint64_t bytes, char buf[static NUMBER_MAX]);

/* "3 min 12 s", "4.2 s". */
const char *number_duration(double seconds, char buf[static NUMBER_MAX]);

#endif
