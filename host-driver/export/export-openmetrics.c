/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * OpenMetrics text 1.0 (RFC draft "OpenMetrics, a cloud-native, highly scalable
 * metrics protocol"). Only gauges without timestamps, so that the file is valid in
 * Prometheus' older text format too, which node_exporter's textfile collector reads.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "export-values.h"
#include "export.h"
#include "safe.h"

static void openmetrics_label(FILE *to, const char *name, const char *foreign, bool first)
{
	char *safe = safe_text(foreign);

	fprintf(to, "%s%s=\"", first ? "{" : ",", name);
	for (const char *p = safe; *p; p++) {
		if (*p == '\\' || *p == '"')
			putc('\\', to);
		putc(*p, to);
	}
	putc('"', to);
	free(safe);
}

static void openmetrics_campaign(FILE *to, const struct export_from *from)
{
	openmetrics_label(to, "campaign", from->c->name, true);
	openmetrics_label(to, "domain", from->c->domain, false);
}

static void openmetrics_head(FILE *to, const char *name, const char *unit, const char *help)
{
	fprintf(to, "# TYPE %s gauge\n", name);
	if (*unit)
		fprintf(to, "# UNIT %s %s\n", name, unit);
	fprintf(to, "# HELP %s %s\n", name, help);
}

/* A family of values; those of verdicts are 1, with the verdict as a label. */
struct openmetrics_family {
	const char *name, *unit, *help;
	enum { OM_SECONDS, OM_INSTRUCTIONS, OM_OTHER, OM_EFFECT, OM_LOW, OM_HIGH,
	       OM_VERDICT } what;
};

static const struct openmetrics_family families[] = {
	{ "kduel_time_seconds", "seconds", "Mean over boots.", OM_SECONDS },
	{ "kduel_executed_instructions", "instructions",
	  "Instructions executed, mean over boots; not a time.", OM_INSTRUCTIONS },
	{ "kduel_value", "", "Mean over boots, in the unit of the label.", OM_OTHER },
	{ "kduel_effect_ratio", "ratio", "Change against the baseline: 0.02 is 2% more.",
	  OM_EFFECT },
	{ "kduel_effect_low_ratio", "ratio", "Lower end of the effect's interval.", OM_LOW },
	{ "kduel_effect_high_ratio", "ratio", "Upper end of the effect's interval.", OM_HIGH },
	{ "kduel_verdict", "", "1, with the verdict as a label.", OM_VERDICT },
};

/* NaN: the value does not belong to this family. */
static double openmetrics_value(const struct openmetrics_family *f, const struct export_value *v)
{
	double per = export_per_second(v->s);
	bool instructions = !strcmp(v->s->unit, "instr");
	bool effect = v->vs->verdict != VERDICT_NONE && v->vs->e.n && !v->vs->e.absolute;

	switch (f->what) {
	case OM_SECONDS: return per > 0 ? v->est->value / per : NAN;
	case OM_INSTRUCTIONS: return instructions ? v->est->value : NAN;
	case OM_OTHER: return per > 0 || instructions ? NAN : v->est->value;
	case OM_EFFECT: return effect ? v->vs->e.effect : NAN;
	case OM_LOW: return effect ? v->vs->e.lo : NAN;
	case OM_HIGH: return effect ? v->vs->e.hi : NAN;
	default: return v->vs->verdict == VERDICT_NONE ? NAN : 1;
	}
}

static void openmetrics_family(FILE *to, const struct export_from *from,
			       const struct openmetrics_family *f)
{
	struct export_value v = EXPORT_VALUE_INIT;
	bool any = false;

	while (export_next(from, &v)) {
		double value = openmetrics_value(f, &v);

		if (!isfinite(value))
			continue;
		if (!any)
			openmetrics_head(to, f->name, f->unit, f->help);
		any = true;
		fputs(f->name, to);
		openmetrics_campaign(to, from);
		openmetrics_label(to, "arm", v.arm, false);
		openmetrics_label(to, "cell", v.s->cell, false);
		openmetrics_label(to, "metric", v.s->metric, false);
		openmetrics_label(to, "point", v.s->point_text, false);
		if (f->what == OM_OTHER)
			openmetrics_label(to, "unit", v.s->unit, false);
		if (f->what == OM_VERDICT) {
			openmetrics_label(to, "gate", v.s->gate ? "true" : "false", false);
			openmetrics_label(to, "verdict", verdict_name(v.vs->verdict), false);
		}
		fprintf(to, "} %.17g\n", value);
	}
}

static void openmetrics_one(FILE *to, const struct export_from *from, const char *name,
			    const char *unit, const char *help, double value)
{
	openmetrics_head(to, name, unit, help);
	fputs(name, to);
	openmetrics_campaign(to, from);
	fprintf(to, "} %.17g\n", value);
}

static void openmetrics_boots(FILE *to, const struct export_from *from)
{
	const struct comparison *c = from->c;

	openmetrics_head(to, "kduel_boots_failed", "", "Failed boots of an arm.");
	for (size_t a = 0; a < c->n_arms; a++) {
		fputs("kduel_boots_failed", to);
		openmetrics_campaign(to, from);
		openmetrics_label(to, "arm", c->arms[a].name, false);
		fprintf(to, "} %u\n", c->arms[a].failed);
	}
}

static int openmetrics_write(const struct export_from *from, FILE *to, struct err *err)
{
	double begun, ended;
	int ret = export_times(from->store, &begun, &ended, err);

	if (ret)
		return ret;
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		openmetrics_family(to, from, &families[i]);
	openmetrics_boots(to, from);
	openmetrics_one(to, from, "kduel_blocks", "", "Blocks in which every arm has a good boot.",
			from->c->blocks);
	openmetrics_one(to, from, "kduel_ended_timestamp_seconds", "seconds",
			"When the last boot ended.", ended);
	fputs("# EOF\n", to);
	return 0;
}

const struct export_format export_openmetrics = {
	.name = "openmetrics", .judged = true, .write = openmetrics_write,
	.help = "OpenMetrics text, for Prometheus and GitLab",
};
