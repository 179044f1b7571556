/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "number.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DECIMALS_MAX 5
#define NUMBER_END 9999	/* an interval's end beyond this, and beyond ten times
			 * the effect, is only "more" */

enum number_style number_style(double effect)
{
	return effect < -0.5 || effect > 1.0 ? NUMBER_RATIO : NUMBER_PERCENT;
}

static int number_clamp(int value, int lo, int hi)
{
	return value < lo ? lo : value > hi ? hi : value;
}

/* Decimals that show `digits` significant digits of `x`. */
static int number_decimals_for(double x, int digits)
{
	int power;

	x = fabs(x);
	if (!(x > 0) || !isfinite(x))
		return 0;
	power = floor(log10(x));
	if (x * pow(10, digits - 1 - power) >= pow(10, digits) - 0.5)
		power++;	/* 9.996 is shown as 10.0 */
	return number_clamp(digits - 1 - power, 0, DECIMALS_MAX);
}

/*
 * Two digits of the half width, but not more than four significant digits of
 * the effect itself; an exact effect (no width) gets three.
 */
static int number_effect_decimals(double effect, double half)
{
	int most = number_decimals_for(effect, 4);

	if (half > 0)
		return fabs(effect) > half ? number_clamp(number_decimals_for(half, 2), 0, most)
					   : number_decimals_for(half, 2);
	return number_decimals_for(effect, 3);
}

/* A signed number; what rounds to zero has no sign. */
static const char *number_signed(double x, int decimals, double most,
				 char buf[static NUMBER_MAX])
{
	if (x > most)
		snprintf(buf, NUMBER_MAX, ">%.0f", most);
	else if (fabs(x) < 0.5 * pow(10, -decimals))
		snprintf(buf, NUMBER_MAX, "%.*f", decimals, 0.0);
	else
		snprintf(buf, NUMBER_MAX, "%+.*f", decimals, x);
	return buf;
}

static const char *number_plain_ratio(double x, int decimals, double most,
				      char buf[static NUMBER_MAX])
{
	if (x > most)
		snprintf(buf, NUMBER_MAX, ">%.0f", most);
	else
		snprintf(buf, NUMBER_MAX, "%.*f", decimals, x);
	return buf;
}

void number_effect(double effect, double lo, double hi,
		   struct number_effect *out)
{
	double half = (hi - lo) / 2, most = fmax(NUMBER_END, 10 * (1 + effect));
	int has_interval = !isnan(lo) && !isnan(hi);
	char a[NUMBER_MAX], b[NUMBER_MAX];
	int d;

	out->style = number_style(effect);
	strcpy(out->effect, "-");
	out->interval[0] = '\0';
	if (!isfinite(effect))
		return;
	if (!has_interval)
		half = 0;
	lo = fmax(lo, -1);	/* a ratio is not less than 0 */
	if (out->style == NUMBER_RATIO) {
		d = number_effect_decimals(1 + effect, half);
		if (d < number_decimals_for(1 + effect, 2))	/* "x0" would be wrong */
			d = number_decimals_for(1 + effect, 2);
		snprintf(out->effect, sizeof(out->effect), "x%.*f", d, 1 + effect);
		if (has_interval)
			snprintf(out->interval, sizeof(out->interval),
				 "[%s, %s]", number_plain_ratio(1 + lo, d, most, a),
				 number_plain_ratio(1 + hi, d, most, b));
		return;
	}
	d = number_effect_decimals(100 * effect, 100 * half);
	snprintf(out->effect, sizeof(out->effect), "%s%%",
		 number_signed(100 * effect, d, INFINITY, a));
	if (has_interval)
		snprintf(out->interval, sizeof(out->interval), "[%s, %s]%%",
			 number_signed(100 * lo, d, NUMBER_END, a),
			 number_signed(100 * hi, d, NUMBER_END, b));
}

static void number_as_ratio(double effect, struct number_effect *out)
{
	out->style = NUMBER_RATIO;
	out->interval[0] = '\0';
	snprintf(out->effect, sizeof(out->effect), "x%.*f",
		 number_decimals_for(1 + effect, 3), 1 + effect);
}

void number_ratios(double a, double b, struct number_effect *ta,
		   struct number_effect *tb)
{
	number_as_ratio(a, ta);
	number_as_ratio(b, tb);
}

const char *number_percent(double fraction, char buf[static NUMBER_MAX])
{
	if (!isfinite(fraction))
		strcpy(buf, "-");
	else if (fraction > 3)	/* nothing depends on how much more */
		strcpy(buf, ">300%");
	else if (fraction == 0 || fabs(fraction) >= 0.0995)
		snprintf(buf, NUMBER_MAX, "%.0f%%", 100 * fraction);
	else
		snprintf(buf, NUMBER_MAX, "%.*f%%",
			 number_decimals_for(100 * fraction, 2), 100 * fraction);
	return buf;
}

const char *number_spread(double fraction, char buf[static NUMBER_MAX])
{
	if (fraction > 3 || !isfinite(fraction))
		return number_percent(fraction, buf);
	snprintf(buf, NUMBER_MAX, "%.3f%%", 100 * fraction);
	return buf;
}

const char *number_share(double fraction, char buf[static NUMBER_MAX])
{
	if (!isfinite(fraction))
		strcpy(buf, "-");
	else if (fraction == 0 || fraction == 1)
		snprintf(buf, NUMBER_MAX, "%.0f%%", 100 * fraction);
	else if (fraction > 0 && fraction < 0.0005)
		strcpy(buf, "<0.1%");
	else if (fraction < 1 && fraction >= 0.9995)
		strcpy(buf, ">99.9%");
	else
		snprintf(buf, NUMBER_MAX, "%.1f%%", 100 * fraction);
	return buf;
}

const char *number_shares(double least, double most, char buf[static NUMBER_MAX])
{
	char a[NUMBER_MAX], b[NUMBER_MAX];

	number_share(least, a);
	if (!strcmp(a, number_share(most, b)))
		return strcpy(buf, b);
	a[strcspn(a, "%")] = '\0';
	snprintf(buf, NUMBER_MAX, "%.20s-%.20s", a, b);
	return buf;
}

static void number_group_thousands(double value, char buf[static NUMBER_MAX])
{
	char plain[NUMBER_MAX];
	size_t len, out = 0;
	const char *p = plain;

	snprintf(plain, sizeof(plain), "%.0f", value);
	if (*p == '-')
		buf[out++] = *p++;
	len = strlen(p);
	for (size_t i = 0; i < len && out + 2 < NUMBER_MAX; i++) {
		if (i && (len - i) % 3 == 0)
			buf[out++] = ',';
		buf[out++] = p[i];
	}
	buf[out] = '\0';
}

/* Three significant digits without an exponent where that stays short. */
static void number_plain(double value, char buf[static NUMBER_MAX])
{
	double size = fabs(value);

	if (size >= 1e15 || (size > 0 && size < 1e-4))
		snprintf(buf, NUMBER_MAX, "%.2e", value);
	else if (size >= 1000 || (value == floor(value) && size >= 100))
		number_group_thousands(value, buf);
	else if (value == floor(value))
		snprintf(buf, NUMBER_MAX, "%.0f", value);
	else
		snprintf(buf, NUMBER_MAX, "%.*f", number_decimals_for(value, 3), value);
}

/* Units that scale by 1000: each row is a family, smallest first. */
static const char *const families[][5] = {
	{ "ns", "us", "ms", "s", NULL },
	{ "B/s", "kB/s", "MB/s", "GB/s", "TB/s" },
};

static const char *number_scale(double *value, const char *unit)
{
	for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++)
		for (int i = 0; i < 5 && families[f][i]; i++) {
			if (strcmp(unit, families[f][i]))
				continue;
			while (i < 4 && families[f][i + 1] && fabs(*value) >= 999.5) {
				*value /= 1000;
				i++;
			}
			while (i > 0 && *value != 0 && fabs(*value) < 0.1) {
				*value *= 1000;
				i--;
			}
			return families[f][i];
		}
	return unit;
}

double unit_instructions(const char *unit, char instead[static UNIT_MAX])
{
	size_t len = strlen(unit);
	double factor = 1;

	for (int i = 0; i < 4; i++, factor *= 1000)
		if (!strcmp(unit, families[0][i])) {
			strcpy(instead, "instr");
			return factor;
		}
	if (len < 3 || strcmp(unit + len - 2, "/s"))
		snprintf(instead, UNIT_MAX, "%s", unit);
	else if (*unit == 'G' && unit[1] != 'i')
		snprintf(instead, UNIT_MAX, "%.*s/instr", (int)len - 3, unit + 1);
	else
		snprintf(instead, UNIT_MAX, "%.*s/Ginstr", (int)len - 2, unit);
	return 1;
}

/* "14.6 k/s", "2.30 Mpages/s": rates that are in no family, from ten thousand on. */
static const char *number_prefix(double *value, const char *unit)
{
	static const char *const prefixes[] = { "", "k", "M", "G", "T" };
	bool instructions = !strcmp(unit, "instr");	/* exact: kept whole up to 10 million */
	size_t len = strlen(unit), i = 0;

	if (instructions ? fabs(*value) < 1e7 :
	    len < 2 || strcmp(unit + len - 2, "/s") || fabs(*value) < 9999.5)
		return "";
	while (i < 4 && fabs(*value) >= 999.5) {
		*value /= 1000;
		i++;
	}
	return prefixes[i];
}

static bool number_is_count(const char *unit)
{
	return !*unit || !strcmp(unit, "count") || !strcmp(unit, "1");
}

const char *number_value(double value, const char *unit,
			 char buf[static NUMBER_MAX])
{
	char digits[NUMBER_MAX];
	const char *prefix;

	if (!isfinite(value))
		return strcpy(buf, "-");
	unit = number_scale(&value, unit ? unit : "");
	if (unit[0] == 'c' && number_is_count(unit) && value > 0 && value < 1e-3) {
		number_plain(1e6 * value, digits);
		snprintf(buf, NUMBER_MAX, "%.20s per million", digits);
		return buf;
	}
	prefix = number_prefix(&value, unit);
	number_plain(value, digits);
	if (number_is_count(unit))
		snprintf(buf, NUMBER_MAX, "%s", digits);
	else
		snprintf(buf, NUMBER_MAX, "%.20s %s%.20s", digits, prefix, unit);
	return buf;
}

const char *number_tick(double value, const char *unit,
			char buf[static NUMBER_MAX])
{
	char digits[NUMBER_MAX];

	unit = number_scale(&value, unit ? unit : "");
	if (value == 0)		/* 0 needs no unit */
		unit = "";
	if (fabs(value) >= 10000)
		number_group_thousands(value, digits);
	else
		snprintf(digits, sizeof(digits), "%.4g", value);
	if (!*unit || !strcmp(unit, "count") || !strcmp(unit, "1"))
		snprintf(buf, NUMBER_MAX, "%s", digits);
	else
		snprintf(buf, NUMBER_MAX, "%.20s %.24s", digits, unit);
	return buf;
}

const char *number_bytes(uint64_t bytes, char buf[static NUMBER_MAX])
{
	static const char *const unit[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double value = bytes;
	int i = 0;

	while (i < 4 && value >= 1024) {
		value /= 1024;
		i++;
	}
	if (!bytes)
		strcpy(buf, "0");
	else if (value == floor(value) || value >= 99.95)
		snprintf(buf, NUMBER_MAX, "%.0f %s", value, unit[i]);
	else
		snprintf(buf, NUMBER_MAX, "%.*f %s", value < 9.995 ? 2 : 1,
			 value, unit[i]);
	return buf;
}

const char *number_duration(double seconds, char buf[static NUMBER_MAX])
{
	double s = round(seconds);

	if (!isfinite(seconds) || seconds < 0)
		strcpy(buf, "-");
	else if (seconds < 60)
		snprintf(buf, NUMBER_MAX, "%.*f s", seconds < 10 ? 1 : 0, seconds);
	else if (s < 3600)
		snprintf(buf, NUMBER_MAX, "%.0f min %.0f s", floor(s / 60),
			 fmod(s, 60));
	else
		snprintf(buf, NUMBER_MAX, "%.0f h %.0f min", floor(s / 3600),
			 floor(fmod(s, 3600) / 60));
	return buf;
}
