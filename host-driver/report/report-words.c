/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every form of the report says in the same words. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "vocab/number.h"
#include "vocab/words.h"

char *report_vformat(const char *fmt, va_list args)
{
	char *s = NULL;

	if (vasprintf(&s, fmt, args) < 0)
		abort();
	return s;
}

char *report_format(const char *fmt, ...)
{
	va_list args;
	char *s;

	va_start(args, fmt);
	s = report_vformat(fmt, args);
	va_end(args);
	return s;
}

const char *report_domain_meaning(const char *domain)
{
	const struct domain_word *d = domain_find(domain);

	return d ? d->meaning : "";
}

const char *report_layer_name(const char *layer)
{
	int l = layer_find(layer);

	return l < 0 ? layer : layer_words[l].title;
}

const char *report_domain_title(const char *domain)
{
	const struct domain_word *d = domain_find(domain);

	return d ? d->title : domain;
}

char *report_control(const struct comparison *c)
{
	if (!c->control_tests)
		return NULL;
	return report_format("%u of %u test%s called the baseline different from "
			     "itself; %u had p <= %.3g before the correction",
			     c->control_alarms, c->control_tests,
			     c->control_tests == 1 ? "" : "s", c->control_nominal,
			     c->alpha);
}

const char *report_model_bound(const struct report_model_row *m, char *buf, size_t size)
{
	double ratio = m->measured / m->expected;

	if (!isfinite(m->least))
		return "";
	snprintf(buf, size, "%g to %g%s", m->least, m->most, !isfinite(ratio) ? "" :
		 ratio >= m->least && ratio <= m->most ? ": holds" : ": fails");
	return buf;
}

bool report_proof_missing(const struct comparison *c, const char *layer)
{
	const char *reason = NULL;

	for (size_t i = 0; i < c->n_proofs; i++) {
		const struct compare_proof *p = &c->proofs[i];

		if (p->cell || strcmp(p->layer, layer))
			continue;
		if (p->after.readings || (reason && strcmp(reason, p->unavailable)))
			return false;
		reason = p->unavailable;
	}
	return reason;
}

const char *report_huge_share(const struct compare_proof *p, char buf[static 2 * NUMBER_MAX])
{
	char least[NUMBER_MAX], most[NUMBER_MAX];

	number_share(p->huge_least, least);
	number_share(p->huge_most, most);
	if (strcmp(least, most))
		snprintf(buf, 2 * NUMBER_MAX, "%.*s-%.40s", (int)strcspn(least, "%"), least,
			 most);
	else
		snprintf(buf, 2 * NUMBER_MAX, "%s", most);
	return buf;
}

struct limits {
	char **text;
	size_t n;
};

static void __attribute__((format(printf, 2, 3)))
say(struct limits *l, const char *fmt, ...)
{
	char **more = realloc(l->text, (l->n + 2) * sizeof(*more));
	va_list args;

	if (!more)
		abort();
	l->text = more;
	va_start(args, fmt);
	l->text[l->n++] = report_vformat(fmt, args);
	va_end(args);
	l->text[l->n] = NULL;
}

static void say_samples_left_out(struct limits *l, const struct comparison *c)
{
	unsigned voids = 0, failed = 0;

	for (size_t i = 0; i < c->n_arms; i++) {
		voids += c->arms[i].voids;
		failed += c->arms[i].failed;
	}
	if (voids)
		say(l, "%u void sample%s: recorded, but never averaged, because "
		    "the proof contradicts the cell.", voids, voids == 1 ? "" : "s");
	if (failed)
		say(l, "The samples of %u boot%s that did not end well.", failed,
		    failed == 1 ? "" : "s");
	if (c->blocks < c->blocks_planned)
		say(l, "%u of the %u planned blocks: not every arm has finished "
		    "them.", c->blocks_planned - c->blocks, c->blocks_planned);
}

char **report_limits(const struct report *r)
{
	struct limits l = { NULL, 0 };
	const struct comparison *c = r->c;
	const struct domain_word *d = domain_find(c->domain);

	if (d && *d->limit)
		say(&l, "%s", d->limit);
	say_samples_left_out(&l, c);
	if (c->n_missing)
		say(&l, "%zu counter%s that could not be read, listed above with "
		    "the reason.", c->n_missing, c->n_missing == 1 ? "" : "s");
	if (*r->model_reason)
		say(&l, "Expected figures of a model: %s.", r->model_reason);
	say(&l, "Other machines: every interval is about repetitions on this one.");
	return l.text;
}

void report_limits_free(char **limits)
{
	for (size_t i = 0; limits && limits[i]; i++)
		free(limits[i]);
	free(limits);
}
