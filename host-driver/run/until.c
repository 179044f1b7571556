/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "campaign.h"

#include "compare/compare.h"
#include "stats/stats.h"
#include "store/store.h"

bool until_is_look(unsigned blocks)
{
	for (const unsigned *look = stats_until_looks; *look; look++) {
		if (*look == blocks)
			return true;
	}
	return false;
}

unsigned until_first(void)
{
	return stats_until_looks[0];
}

unsigned until_last(void)
{
	unsigned last = 0;

	for (const unsigned *look = stats_until_looks; *look; look++)
		last = *look;
	return last;
}

/* An A/A pair need not reach a verdict. */
static bool until_is_waited_for(const struct comparison *c, size_t arm)
{
	return arm != c->baseline && !c->arms[arm].control;
}

static bool until_all_decided(const struct comparison *c)
{
	bool gates = c->gate_tests > 0;
	size_t decided = 0;

	for (size_t i = 0; i < c->n_series; i++) {
		const struct compare_series *s = &c->series[i];

		if (gates && !s->gate)
			continue;
		for (size_t a = 0; a < c->n_arms; a++) {
			if (!until_is_waited_for(c, a))
				continue;
			if (s->vs[a].verdict == VERDICT_INCONCLUSIVE)
				return false;
			decided++;
		}
	}
	return !c->refused && decided > 0;
}

int until_decided(const char *folder, bool *decided, struct err *err)
{
	struct compare_options o = { .alpha = STATS_UNTIL_ALPHA };
	struct comparison c;
	struct store *s;
	int ret = store_open(&s, folder, STORE_READ, err);

	*decided = false;
	if (ret)
		return ret;
	ret = compare_run(s, &o, &c, err);
	if (!ret) {
		*decided = until_all_decided(&c);
		comparison_release(&c);
	}
	store_close(s);
	return ret;
}
