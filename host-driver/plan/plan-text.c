/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "qemu.h"
#include "size.h"

static void text_print_machine(const struct plan *p, FILE *to)
{
	const struct plan_machine *m = &p->machine;
	char a[SIZE_TEXT_MAX], b[SIZE_TEXT_MAX], c[SIZE_TEXT_MAX];

	fprintf(to, "machine   %s", m->kind->name);
	if (m->kind->sized)
		fprintf(to, ", accel %s, %u cpu%s, memory %s, pmem %s",
			machine_accel_name(m->accel), m->cpus, m->cpus == 1 ? "" : "s",
			size_format(m->memory, a), size_format(m->pmem, b));
	fprintf(to, "%s%s%s%s; clock: %s%s%s%s\n", m->host[0] ? " " : "", m->host,
		m->device[0] ? ", device " : "", m->device,
		plan_clock_name(p->clock), p->counters ? "" : "; no counters",
		p->profile ? "; profile: " : "",
		p->profile ? plan_profile_name(p->profile) : "");
	fprintf(to, "guest     kernel %s, %u cpu%s, memory %s%s%s%s\n",
		p->guest.kernel, p->guest.cpus, p->guest.cpus == 1 ? "" : "s",
		size_format(p->guest.memory, c), p->guest.pmem ? ", pmem " : "",
		p->guest.pmem ? size_format(p->guest.pmem, a) : "",
		p->guest.pmem_device == GUEST_VIRTIO_PMEM ? " (virtio)" : "");
}

static void text_print_arms(const struct plan *p, FILE *to)
{
	for (size_t i = 0; i < p->n_arms; i++) {
		const struct plan_arm *a = &p->arms[i];

		fprintf(to, "arm       %s%s%s", a->name,
			a->baseline ? " (baseline)" : "",
			a->aa ? " (the baseline again, for A/A)" : "");
		if (strcmp(a->name, a->kernel))
			fprintf(to, ", kernel %s", a->kernel);
		if (a->second_level[0])
			fprintf(to, ", second level must be %s",
				a->second_level);
		if (a->cmdline[0])
			fprintf(to, ", command line %s", a->cmdline);
		if (a->control)
			fprintf(to, ", control %s", control_words[a->control]);
		if (a->n_layouts > 1 || strcmp(a->layouts[0], "default"))
			for (size_t k = 0; k < a->n_layouts; k++)
				fprintf(to, "%s%s", k ? ", " : ", code layout ",
					a->layouts[k]);
		fputc('\n', to);
	}
}

static void text_print_backing_params(const struct plan_cell *c, FILE *to)
{
	const char *key;
	json_t *value;

	json_object_foreach(c->backing_params, key, value)
		fprintf(to, ", backing %s=%s", key, json_string_value(value));
}

static void text_print_cells(const struct plan *p, FILE *to)
{
	for (size_t i = 0; i < p->n_cells; i++) {
		const struct plan_cell *c = &p->cells[i];
		const char *key;
		json_t *value;

		fprintf(to, "cell      %s", c->id);
		json_object_foreach(c->params, key, value)
			if (json_is_string(value))
				fprintf(to, " %s=%s", key,
					json_string_value(value));
			else if (json_object_get(value, "sha256"))
				fprintf(to, " %s=%.12s...", key,
					json_string_value(json_object_get(value, "sha256")));
			else
				fprintf(to, " %s: %zu", key, json_is_array(value)
					? json_array_size(value) : json_object_size(value));
		if (c->processes > 1)
			fprintf(to, ", %u processes", c->processes);
		if (c->samples)
			fprintf(to, ", %u sample%s", c->samples, c->samples == 1 ? "" : "s");
		if (c->allow_small)
			fputs(", small sizes allowed", to);
		if (c->fresh_guest)
			fprintf(to, ", in a guest of its own");
		if (c->disturb)
			fprintf(to, ", disturb %s", disturb_words[c->disturb]);
		if (c->timeline)
			fprintf(to, ", a run apart read every %u ms", c->timeline);
		text_print_backing_params(c, to);
		fputc('\n', to);
	}
}

static void text_print_order(const struct plan *p, FILE *to)
{
	for (size_t i = 0; i < p->n_boots; i++) {
		const struct plan_boot *b = &p->boots[i];

		if (b->order == 1)
			fprintf(to, "%sblock %-3u ", i ? "\n" : "", b->block);
		fprintf(to, " %s", p->arms[b->arm].name);
		if (p->arms[b->arm].n_layouts > 1)
			fprintf(to, "/%s", b->layout);
	}
	fputc('\n', to);
}

/* The first that does not break a kernel of several processors while that patches itself. */
#define QEMU_PATCHES_WELL 8001

static void text_print_emulator(FILE *to)
{
	unsigned version = qemu_version();

	if (version >= QEMU_PATCHES_WELL)
		return;
	fputs("note      guest.cpus: emulation by QEMU before 8.1 may panic guests of several CPUs", to);
	if (version)
		fprintf(to, ", and %s is %u.%u", qemu_binary(), version / 1000, version % 1000);
	fputs("; use 1, or accel: hardware\n", to);
}

/* Warnings about a plan that is correct. */
static void text_print_notes(const struct plan *p, FILE *to)
{
	char *few = plan_few_blocks(p);

	if (few)
		fprintf(to, "note      %s\n", few);
	free(few);
	if (p->machine.kind->sized && p->machine.accel != ACCEL_HARDWARE &&
	    p->guest.cpus > 1)
		text_print_emulator(to);
}

static void text_print_cost(const struct plan *p, FILE *to)
{
	struct plan_cost cost;
	unsigned s;

	plan_cost(p, &cost);
	s = cost.seconds + 0.5;
	fprintf(to, "%zu boots, about ", p->n_boots);
	if (s >= 3600)
		fprintf(to, "%u h %u min", s / 3600, s / 60 % 60);
	else if (s >= 60)
		fprintf(to, "%u min %u s", s / 60, s % 60);
	else
		fprintf(to, "%u s", s);
	fprintf(to, " and %" PRIu64 " MiB of disk (estimates, without building kernels)\n",
		(cost.disk + (1 << 20) - 1) >> 20);
}

void plan_print(const struct plan *p, FILE *to)
{
	fprintf(to, "campaign  %s: %zu cell%s x %u block%s x %zu arms, seed %" PRIu64 "\n",
		p->name, p->n_cells, p->n_cells == 1 ? "" : "s", p->n_blocks,
		p->n_blocks == 1 ? "" : "s", p->n_arms, p->seed);
	if (p->question[0])
		fprintf(to, "question  %s\n", p->question);
	text_print_machine(p, to);
	text_print_arms(p, to);
	text_print_cells(p, to);
	text_print_order(p, to);
	for (size_t i = 0; i < p->n_gates; i++)
		fprintf(to, "gate      %s %s\n", p->gates[i].cell,
			p->gates[i].metric);
	for (size_t i = 0; i < p->n_expect; i++)
		fprintf(to, "expect    %s%s%s\n", p->expect[i].says,
			p->expect[i].says[0] ? ": " : "", p->expect[i].claim);
	text_print_notes(p, to);
	text_print_cost(p, to);
	fprintf(to, "plan      %s\n", p->hash);
}
