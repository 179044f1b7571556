/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "size.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char units[] = "KMGT";

/* The bytes of one such unit; 0: not a unit. */
static uint64_t size_unit_bytes(const char *unit)
{
	const char *u = strchr(units, toupper((unsigned char)unit[0]));
	uint64_t bytes = 1, step = 1024;

	if (!*unit || !strcasecmp(unit, "B"))
		return 1;
	if (!u)
		return 0;
	if (!strcasecmp(unit + 1, "B"))
		step = 1000;
	else if (unit[1] && strcasecmp(unit + 1, "iB"))
		return 0;
	for (; u >= units; u--)
		bytes *= step;
	return bytes;
}

int size_parse(const char *text, uint64_t *value, struct err *err)
{
	unsigned long long n;
	uint64_t unit;
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return err_config(err, "'%s' is not a number (write 4096, 64k, 4KiB, 1G)",
				  text);
	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno == ERANGE)
		return err_config(err, "'%s' is too large for 64 bits", text);
	if ((*end == '.' || *end == ',') && isdigit((unsigned char)end[1]))
		return err_config(err, "'%s' has a fraction; write a whole number of a smaller unit (1536M, not 1.5G)",
				  text);
	unit = size_unit_bytes(end);
	if (!unit)
		return err_config(err, "'%s': unknown unit '%s' (k, M, G, T or KiB, MiB, GiB, TiB: "
				  "powers of 1024; kB, MB, GB, TB: of 1000)", text, end);
	if (__builtin_mul_overflow((uint64_t)n, unit, value))
		return err_config(err, "'%s' is too large for 64 bits", text);
	return 0;
}

const char *size_format(uint64_t value, char buf[static SIZE_TEXT_MAX])
{
	int u = -1;

	while (value && value % 1024 == 0 && u < (int)strlen(units) - 1) {
		value /= 1024;
		u++;
	}
	if (u < 0)
		snprintf(buf, SIZE_TEXT_MAX, "%" PRIu64, value);
	else
		snprintf(buf, SIZE_TEXT_MAX, "%" PRIu64 "%c", value, units[u]);
	return buf;
}

int size_parse_range(const char *text, uint64_t *lo, uint64_t *hi,
		     struct err *err)
{
	const char *dots = strstr(text, "..");
	char head[64];
	int ret;

	if (!dots) {
		ret = size_parse(text, lo, err);
		*hi = *lo;
		return ret;
	}
	if ((size_t)(dots - text) >= sizeof(head))
		return err_config(err, "'%s' is not a range (write 64..65536)", text);
	memcpy(head, text, dots - text);
	head[dots - text] = '\0';
	ret = size_parse(head, lo, err);
	if (!ret)
		ret = size_parse(dots + 2, hi, err);
	if (!ret && *lo > *hi)
		ret = err_config(err, "'%s': the range ends before it starts", text);
	return ret;
}

int duration_parse(const char *text, double *seconds, struct err *err)
{
	static const struct {
		const char *unit;
		double seconds;
	} scale[] = { { "", 1 }, { "s", 1 }, { "ms", 1e-3 }, { "m", 60 },
		      { "min", 60 }, { "h", 3600 }, { "d", 86400 } };
	char *end;
	double n;

	if (!isdigit((unsigned char)text[0]))
		return err_config(err, "'%s' is not a duration (write 90s, 20m, 1h)",
				  text);
	n = strtod(text, &end);
	for (size_t i = 0; i < sizeof(scale) / sizeof(scale[0]); i++)
		if (!strcmp(end, scale[i].unit) && isfinite(n)) {
			*seconds = n * scale[i].seconds;
			return 0;
		}
	return err_config(err, "'%s': unknown unit '%s' (ms, s, m, h or d)",
			  text, end);
}

int share_parse(const char *text, double *share, struct err *err)
{
	char *end;
	double v;

	if (!isdigit((unsigned char)text[0]) && text[0] != '.')
		return err_config(err, "'%s' is not a share (write 1%% or 0.01)",
				  text);
	v = strtod(text, &end);
	if (!strcmp(end, "%"))
		v /= 100;
	else if (*end)
		return err_config(err, "'%s' is not a share (write 1%% or 0.01)",
				  text);
	if (!(v > 0 && v < 1))
		return err_config(err, "'%s' is not above 0 and below 100%%", text);
	*share = v;
	return 0;
}
