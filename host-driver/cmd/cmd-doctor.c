/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kduel doctor: why is memory not huge, and is this machine fit for measuring? */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "doctor/doctor.h"
#include "plan/plan.h"
#include "options.h"
#include "report/doc.h"
#include "safe.h"

struct options {
	const char *backing, *path, *campaign;
	int pid;
	bool guest, json;
};

enum { OPT_BACKING = 256, OPT_PATH, OPT_PID, OPT_CAMPAIGN, OPT_GUEST, OPT_JSON };

static const struct argp_option option_table[] = {
	{ "pid", OPT_PID, "PID", 0, "a running QEMU: why is its guest's memory not huge?", 0 },
	{ "path", OPT_PATH, "FILE", 0, "a file, folder or device: could it be mapped huge?", 0 },
	{ "backing", OPT_BACKING, "BACKING", 0, "could memory of this kind be huge here?", 0 },
	{ "campaign", OPT_CAMPAIGN, "CONFIG", 0, "the same for each backing of a campaign", 0 },
	{ "guest", OPT_GUEST, NULL, 0, "inside a guest: what takes huge pages from its own programs?", 0 },
	{ "json", OPT_JSON, NULL, 0, "print JSON", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static void doctor_read_pid(struct options *o, const char *arg, struct argp_state *state)
{
	char *end;
	long pid = strtol(arg, &end, 10);

	if (*end || end == arg || pid < 1 || pid > 1 << 22)
		argp_error(state, "--pid: '%s' is not a process ID", arg);
	o->pid = pid;
}

static error_t doctor_parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case OPT_PID: doctor_read_pid(o, arg, state); return 0;
	case OPT_PATH: o->path = arg; return 0;
	case OPT_BACKING: o->backing = arg; return 0;
	case OPT_CAMPAIGN: o->campaign = arg; return 0;
	case OPT_GUEST: o->guest = true; return 0;
	case OPT_JSON: o->json = true; return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s': say what it is: --pid, --path, --backing or --campaign", arg);
		return 0;
	case ARGP_KEY_END:
		if (!!o->pid + !!o->path + !!o->backing + !!o->campaign + o->guest > 1)
			argp_error(state, "one of --pid, --path, --backing, --campaign and --guest at a time");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	option_table, doctor_parse, NULL,
	"Says why a guest's memory is not mapped huge: the layer, what was seen, the rule "
	"it breaks, the command that mends it. Without an option it says what spoils "
	"measurements on this machine. It only reads.", NULL, NULL, NULL,
};

/* --- output ------------------------------------------------------------------ */

struct outcome {
	const struct options *o;
	json_t *all;		/* one object for each thing examined */
	size_t findings, unread;
};

static void doctor_print_finding(const struct doctor_finding *f, size_t i)
{
	bool machine = !strcmp(f->cause->layer, "machine");
	char *seen = safe_text(f->seen), *mend = safe_text(f->mend);

	printf("%zu. %s [%s, %s]\n", i + 1, f->cause->title, f->cause->layer,
	       doctor_sure_words[f->sure]);
	doc_print_line(stdout, "   seen:  ", seen);
	doc_print_line(stdout, machine ? "   does:  " : "   rule:  ", f->cause->rule);
	if (machine)
		doc_print_line(stdout, "   mend:  ", mend);
	else	/* commands stay whole, to be copied */
		printf("   mend:  %s\n", mend);
	free(seen);
	free(mend);
}

/* What cannot be read, and what is left of a guest to judge by. */
static void doctor_print_blind(const struct doctor_case *c)
{
	const char *layers[LAYERS];
	size_t n = doctor_layers_read(c, layers);

	for (size_t i = 0; i < c->n_blind; i++) {
		printf("not known: %s: ", c->blind[i].layer);
		text_put(stdout, c->blind[i].why);
		putchar('\n');
	}
	if (!c->n_blind || !c->pid)
		return;
	fputs("known: ", stdout);
	for (size_t i = 0; i < n; i++)
		printf("%s, ", layers[i]);
	puts("how it was started, the machine's settings");
}

static void doctor_print(const char *what, const struct doctor_case *c,
			 const struct doctor_report *r)
{
	char *name = safe_text(what);

	if (!r->n && doctor_is_huge(c) == DOCTOR_YES)
		printf("%s: mapped huge (%llu MiB, and %llu MiB in 4K)\n", name,
		       (unsigned long long)c->second.huge >> 20,
		       (unsigned long long)c->second.b4k >> 20);
	else
		printf("%s: %zu finding%s\n", name, r->n, r->n == 1 ? "" : "s");
	for (size_t i = 0; i < r->n; i++)
		doctor_print_finding(&r->finding[i], i);
	doctor_print_blind(c);
	free(name);
}

static void doctor_tell(struct outcome *out, const char *what, const struct doctor_case *c,
			const struct doctor_cause *table)
{
	struct doctor_report r;
	json_t *o;
	char *name;

	doctor_examine(c, table, &r);
	out->findings += r.n;
	/* If the deepest layer is huge, so are the others. */
	out->unread += doctor_is_huge(c) == DOCTOR_YES ? 0 : c->n_blind;
	if (!out->o->json)
		return doctor_print(what, c, &r);
	o = doctor_json(c, &r);
	name = safe_text(what);
	json_object_set_new(o, "what", json_string(name));
	free(name);
	json_array_append_new(out->all, o);
}

/* --- what is examined ---------------------------------------------------------- */

static int doctor_qemu(struct outcome *out, struct err *err)
{
	struct doctor_case c;
	char what[40];
	int ret;

	doctor_begin(&c);
	snprintf(what, sizeof(what), "QEMU %d", out->o->pid);
	ret = doctor_look_at_qemu(&c, out->o->pid, err);
	if (!ret)
		doctor_tell(out, what, &c, doctor_causes);
	doctor_end(&c);
	return ret;
}

/* Without align= QEMU maps a file at any address, and a DAX device not at all. */
static void doctor_print_object(const struct doctor_case *c)
{
	const struct doctor_place *p = &c->place;
	bool giant = p->align >= page_words[PAGE_1G].bytes;
	char *path;

	if (c->memory != DOCTOR_MEMORY_DEVDAX && !p->is_file)
		return;
	path = safe_text(p->path);
	printf("for QEMU: -object memory-backend-file,id=ram,mem-path=%s,size=<a multiple of %s>,share=on,align=%s\n",
	       path, giant ? "1G" : "2M", giant ? "1G" : "2M");
	free(path);
}

static int doctor_path(struct outcome *out, struct err *err)
{
	struct doctor_case c;
	int ret;

	doctor_begin(&c);
	ret = doctor_look_at_path(&c, out->o->path, err);
	if (!ret)
		doctor_tell(out, out->o->path, &c, doctor_causes);
	if (!ret && !out->o->json)
		doctor_print_object(&c);
	doctor_end(&c);
	return ret;
}

static int doctor_backing(struct outcome *out, const char *name, uint64_t size, struct err *err)
{
	const struct backing_kind *kind;
	struct doctor_case c;
	int ret = backing_find(name, &kind, err);

	if (ret)
		return ret;
	doctor_begin(&c);
	doctor_look_at_backing(&c, kind, size);
	doctor_tell(out, name, &c, doctor_causes);
	doctor_end(&c);
	return 0;
}

static int doctor_guest(struct outcome *out)
{
	struct doctor_case c;

	doctor_begin(&c);
	doctor_look_at_guest(&c);
	doctor_tell(out, "this guest", &c, doctor_causes);
	doctor_end(&c);
	return 0;
}

static int doctor_machine(struct outcome *out, struct err *err)
{
	struct doctor_case c;

	(void)err;
	doctor_begin(&c);
	doctor_look_at_machine(&c);
	doctor_tell(out, "this machine", &c, doctor_machine_causes);
	doctor_end(&c);
	return 0;
}

/* The campaign's backings, if this is the machine under test; and the machine itself. */
static int doctor_campaign(struct outcome *out, struct err *err)
{
	struct plan *p;
	int ret = plan_load(out->o->campaign, NULL, &p, err);

	if (ret)
		return ret;
	for (size_t i = 0; !ret && p->machine.kind->is_driver && i < p->n_cells; i++)
		if (!i || strcmp(p->cells[i].backing, p->cells[i - 1].backing))
			ret = doctor_backing(out, p->cells[i].backing, p->guest.memory, err);
	plan_free(p);
	return ret ? ret : doctor_machine(out, err);
}

static int doctor_run(struct outcome *out, struct err *err)
{
	const struct options *o = out->o;

	if (o->pid)
		return doctor_qemu(out, err);
	if (o->path)
		return doctor_path(out, err);
	if (o->backing)
		return doctor_backing(out, o->backing, 0, err);
	if (o->guest)
		return doctor_guest(out);
	return o->campaign ? doctor_campaign(out, err) : doctor_machine(out, err);
}

int cmd_doctor(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct options o = { .pid = 0 };
	struct outcome out = { .o = &o };
	int ret;

	options_parse(&argp, argc, argv, 0, &o);
	out.all = json_array();
	ret = doctor_run(&out, &err);
	if (!ret && o.json) {
		json_dumpf(out.all, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(out.all);
	if (ret)
		return command_fail(&err);
	/* Nothing was found, but if not everything could be read that proves little. */
	return out.findings ? EXIT_REGRESSION : out.unread ? EXIT_INCOMPLETE : EXIT_DONE;
}
