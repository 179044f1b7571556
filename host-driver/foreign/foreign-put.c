/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stores what was read: numbers, and the names of their arms, blocks and metrics. */
#include "foreign.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_MAX 1e30		/* as RECORD_VALUE_MAX */

const char *const foreign_column_names[] = {
	"arm", "block", "metric", "value", "unit", "better", NULL,
};

void foreign_init(struct foreign *f)
{
	*f = (struct foreign){ .n_series = 0 };
}

static void foreign_put_list_release(struct foreign_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->name[i]);
	free(l->name);
}

void foreign_release(struct foreign *f)
{
	foreign_put_list_release(&f->arms);
	foreign_put_list_release(&f->blocks);
	for (size_t i = 0; i < f->n_series; i++) {
		free(f->series[i].metric);
		free(f->series[i].unit);
	}
	free(f->series);
	free(f->values);
	foreign_init(f);
}

/* The index of a name, added if it is new; -1: more than `max`, -2: out of memory. */
static int foreign_put_list_place(struct foreign_list *l, const char *name, size_t max)
{
	char **more;

	for (size_t i = l->n; i-- > 0;)	/* most often the last */
		if (!strcmp(l->name[i], name))
			return (int)i;
	if (l->n >= max)
		return -1;
	more = realloc(l->name, (l->n + 1) * sizeof(*more));
	if (!more)
		return -2;
	l->name = more;
	l->name[l->n] = strdup(name);
	return l->name[l->n] ? (int)l->n++ : -2;
}

unsigned foreign_run(struct foreign_runs *runs, const char *name)
{
	size_t before = runs->names.n;
	int at = foreign_put_list_place(&runs->names, name, FOREIGN_VALUES_MAX);
	unsigned *more;

	if (at < 0)
		return 0;
	if (runs->names.n > before) {
		more = realloc(runs->count, runs->names.n * sizeof(*more));
		if (!more)
			return 0;
		runs->count = more;
		more[at] = 0;
	}
	return ++runs->count[at];
}

void foreign_runs_release(struct foreign_runs *runs)
{
	foreign_put_list_release(&runs->names);
	free(runs->count);
}

/* --- a number ---------------------------------------------------------------- */

static bool foreign_put_ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && !strcmp(text + n - m, end);
}

static void foreign_put_direct(const struct foreign *f, struct foreign_series *s, const char *better)
{
	bool known = better && *better;

	s->better = foreign_put_ends_with(s->unit, "/s") ? STATS_HIGHER : STATS_LOWER;
	if (known)
		s->better = !strcmp(better, "higher") ? STATS_HIGHER :
			    !strcmp(better, "none") ? STATS_NEITHER : STATS_LOWER;
	s->stated = known;
	if (f->higher && !fnmatch(f->higher, s->metric, 0)) {
		s->better = STATS_HIGHER;
		s->stated = true;
	} else if (f->lower && !fnmatch(f->lower, s->metric, 0)) {
		s->better = STATS_LOWER;
		s->stated = true;
	}
}

static int foreign_put_series_place(struct foreign *f, const struct foreign_row *row,
				struct err *err)
{
	const char *unit = row->unit ? row->unit : "";
	struct foreign_series *more;

	for (size_t i = f->n_series; i-- > 0;)
		if (!strcmp(f->series[i].metric, row->metric) && !strcmp(f->series[i].unit, unit))
			return (int)i;
	if (f->n_series >= FOREIGN_SERIES_MAX)
		return err_config(err, "more than %d metrics", FOREIGN_SERIES_MAX);
	more = realloc(f->series, (f->n_series + 1) * sizeof(*more));
	if (!more)
		return err_sys(err, ENOMEM, "cannot judge");
	f->series = more;
	more += f->n_series;
	*more = (struct foreign_series){ .metric = strdup(row->metric), .unit = strdup(unit) };
	if (!more->metric || !more->unit) {
		free(more->metric);
		free(more->unit);
		return err_sys(err, ENOMEM, "cannot judge");
	}
	foreign_put_direct(f, more, row->better);
	return (int)f->n_series++;
}

static int foreign_put_check_name(const char *what, const char *name, struct err *err)
{
	size_t len = strlen(name);

	return len && len <= FOREIGN_NAME_MAX ? 0 :
		err_config(err, "%s: '%.40s%s' has %zu bytes, not 1 to %d", what, name,
			   len > 40 ? "..." : "", len, FOREIGN_NAME_MAX);
}

static int foreign_put_value_room(struct foreign *f, struct err *err)
{
	size_t room = f->room ? 2 * f->room : 1024;
	struct foreign_value *more;

	if (f->n_values < f->room)
		return 0;
	if (f->n_values >= FOREIGN_VALUES_MAX)
		return err_config(err, "more than %d numbers", FOREIGN_VALUES_MAX);
	more = realloc(f->values, room * sizeof(*more));
	if (!more)
		return err_sys(err, ENOMEM, "cannot judge");
	f->values = more;
	f->room = room;
	return 0;
}

int foreign_put(struct foreign_file *file, const struct foreign_row *row, struct err *err)
{
	const char *arm = row->arm ? row->arm : file->arm ? file->arm : file->path;
	struct foreign *f = file->f;
	bool rows = row->runs_are_blocks || !f->files_are_blocks;
	int s, a, b;
	char block[64];

	if (!isfinite(row->value) || fabs(row->value) > VALUE_MAX)
		return err_config(err, "%.60s: %g is too large, or not finite", row->metric,
				  row->value);
	if (foreign_put_check_name("metric", row->metric, err) || foreign_put_check_name("arm", arm, err) ||
	    (row->block && foreign_put_check_name("block", row->block, err)))
		return -EINVAL;
	snprintf(block, sizeof(block), "%u.%u", file->nth + 1, rows ? row->run : 0);
	f->rows_as_blocks |= !row->block && !row->runs_are_blocks && rows;
	s = foreign_put_series_place(f, row, err);
	if (s < 0)
		return s;
	a = foreign_put_list_place(&f->arms, arm, FOREIGN_ARMS_MAX);
	b = foreign_put_list_place(&f->blocks, row->block ? row->block : block, FOREIGN_BLOCKS_MAX);
	if (a == -1 || b == -1)
		return err_config(err, "more than %d %s", a == -1 ? FOREIGN_ARMS_MAX :
				  FOREIGN_BLOCKS_MAX, a == -1 ? "arms" : "blocks");
	if (a < 0 || b < 0)
		return err_sys(err, ENOMEM, "cannot judge");
	if (foreign_put_value_room(f, err))
		return err ? err->code : -EINVAL;
	f->values[f->n_values++] = (struct foreign_value){ (unsigned)s, (unsigned)a, (unsigned)b,
							   row->value };
	return 0;
}
