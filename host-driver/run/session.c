/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "file.h"
#include "safe.h"
#include "session-cell.h"
#include "store/record.h"
#include "why/profile.h"
#include "why/symbols.h"

#define PHASES_MAX 64		/* of one request */
#define PHASE_NAME_MAX 60
#define FACTS_MAX (2u << 20)	/* bytes of JSON; a topology of 1,024 CPUs is smaller */

struct session_limits session_limits(const char *domain, double patience)
{
	struct session_limits l = {
		.hello = 60, .prepare = 60, .guest = 60, .ready = 120,
		.run = 300, .proof = 20, .ping = 5,
	};
	double *v[] = { &l.hello, &l.prepare, &l.guest, &l.ready, &l.run,
			&l.proof, &l.ping };

	/* One emulated processor does everything, and each instruction is counted. */
	if (!strcmp(domain, "instructions"))
		patience *= 4;
	/* Firmware of real servers is slow. */
	if (!strcmp(domain, "hardware"))
		l.hello = 900;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++)
		*v[i] *= patience;
	return l;
}

static void session_took(struct session *s, const char *name, double since)
{
	json_object_set_new(s->phases, name, json_real(loop_now() - since));
}

/* Adds the agent's own phases below ours: "prepare.mkfs". */
static int session_took_there(struct session *s, const char *name, const struct message *reply)
{
	const struct view *there, *v;
	struct err err = ERR_INIT;
	char full[96];
	int ret = view_list_or(reply->root, "phases", JSON_OBJECT, &there, &err);

	if (!ret && there && there->n > PHASES_MAX)
		ret = err_config(&err, "more than %d", PHASES_MAX);
	view_each(v, there) {
		if (!ret)
			ret = record_check_text("a phase", v->key, PHASE_NAME_MAX, &err);
		if (!ret && !(view_is_number(v) && v->real >= 0 && v->real < RECORD_VALUE_MAX))
			ret = err_config(&err, "%s: not a number of seconds", v->key);
		if (ret)
			break;
		snprintf(full, sizeof(full), "%s.%s", name, v->key);
		json_object_set_new(s->phases, full, json_real(v->real));
	}
	return ret ? wire_fail(&s->wire, "protocol", "phases: %.300s", err.text) : 0;
}

static bool session_has_word(const char *line, const char *word)
{
	for (; *line; line += strspn(line, " ")) {
		size_t n = strcspn(line, " ");

		if (n == strlen(word) && !strncmp(line, word, n))
			return true;
		line += n;
	}
	return false;
}

/* A kernel ignores unknown module parameters; arms that differ by one would be equal. */
static int session_check_parameters(struct session *s, const json_t *facts)
{
	const json_t *v;
	size_t i;

	json_array_foreach(json_object_get(facts, "unknown_parameters"), i, v)
		if (json_is_string(v) && session_has_word(s->arm->cmdline, json_string_value(v)))
			return wire_fail(&s->wire, "failed", "cmdline of arm %s: %.200s: the "
					 "kernel's module has no such parameter", s->arm->name,
					 json_string_value(v));
	return 0;
}

static int session_keep_env(struct session *s, enum frame_channel channel, const struct view *facts)
{
	json_t *tree = view_json(facts);
	int ret;

	if (s->plan->counters) {
		json_decref(s->count[channel].events);
		s->count[channel].events = events_of(tree, s->count[channel].table);
	}
	ret = session_record(s, json_pack("{s:s, s:s, s:i, s:O}", "t", "env", "where",
					  channel == FRAME_NODE ? "node" : "guest",
					  "boot", (int)s->o->boot->boot, "facts", tree));
	if (!ret && channel == FRAME_NODE)
		ret = session_check_parameters(s, tree);
	json_decref(tree);
	return ret;
}

static int session_record_env(struct session *s, enum frame_channel channel)
{
	struct err err = ERR_INIT;
	const struct view *facts;
	struct message reply;
	int ret = session_must(s, channel, "env", NULL, s->o->limits.proof, &reply);

	if (ret)
		return ret;
	ret = view_list(reply.root, "facts", JSON_OBJECT, &facts, &err);
	if (!ret && facts->json_len > FACTS_MAX)
		ret = err_config(&err, "facts: longer than %u bytes", FACTS_MAX);
	ret = ret ? wire_fail(&s->wire, "protocol", "env: %.300s", err.text)
		  : session_keep_env(s, channel, facts);
	message_release(&reply);
	return ret;
}

static int session_power_on(struct session *s)
{
	struct machine_boot b = {
		.boot = s->o->boot->boot, .arm = s->arm, .kernel = s->o->kernel, .release = s->o->release,
		.modules = s->o->modules, .block = s->o->boot->block,
		.guest_kernel = s->o->guest_kernel, .profile = s->o->profile, .profile_boot = s->o->profile_boot,
		.profile_memory = s->plan->profile == PROFILE_MEMORY,
	};
	struct err err = ERR_INIT;
	double ahead;
	int ret;

	session_phase(s, "boot", NULL);
	if (getrandom(&b.nonce, sizeof(b.nonce), 0) != sizeof(b.nonce))
		return err_sys(s->err, errno, "cannot make a nonce");
	s->power_on = loop_now();
	ret = machine_boot(s->o->machine, &b, &ahead, &err);
	if (!ret)
		ret = wire_open(&s->wire, s->o, b.nonce, &err);
	if (ret) {
		s->fatal = err_set(s->err, err.exit, ret, "%s", err.text);
		return ret;
	}
	ret = wire_wait_hello(&s->wire, FRAME_NODE, s->o->limits.hello,
			      "the boot of the machine under test");
	session_took(s, "boot", s->power_on);
	if (ahead > 0)
		json_object_set_new(s->phases, "ahead", json_real(ahead));
	if (!ret && s->o->next)
		machine_boot_ahead(s->o->machine, s->o->next);
	return ret;
}

/* Includes the device of a real machine that may be overwritten, for pmem backings. */
static json_t *session_prepare_arguments(const struct session *s, const struct plan_cell *cell)
{
	const struct plan *p = s->plan;
	json_t *a = json_pack("{s:s, s:I}", "backing", cell->backing,
			      "size", (json_int_t)p->guest.memory);
	json_t *params = cell->backing_params ? json_copy(cell->backing_params) : json_object();
	const char *device = plan_cell_device(p, cell);

	if (device)
		json_object_set_new(params, "device", json_string(device));
	if (json_object_size(params))
		json_object_set(a, "params", params);
	if (p->guest.pmem)
		json_object_set_new(a, "guest_pmem", json_integer((json_int_t)p->guest.pmem));
	if (s->o->own)
		json_object_set_new(a, "own", json_string(s->o->own));
	json_decref(params);
	return a;
}

static int session_prepare(struct session *s, const struct plan_cell *cell)
{
	double start = loop_now();
	int ret;

	session_phase(s, "prepare", cell->backing);
	message_release(&s->prepared);
	ret = session_must(s, FRAME_NODE, "prepare", session_prepare_arguments(s, cell),
			   s->o->limits.prepare, &s->prepared);
	session_took(s, "prepare", start);
	return ret ? ret : session_took_there(s, "prepare", &s->prepared);
}

static json_t *session_disks(const struct machine *m)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < m->images.n_disks; i++) {
		const struct boot_disk *d = &m->images.disks[i];
		char *there = m->guest_disks ? text_format("%s%s", m->guest_disks, d->id) : NULL;

		json_array_append_new(list, json_pack("{s:s, s:s}", "path", there ? there : d->path,
						      "serial", d->id));
		free(there);
	}
	return list;
}

static json_t *session_guest_arguments(const struct session *s, uint64_t nonce)
{
	const struct machine *m = s->o->machine;
	char hex[20], cmdline[256];
	json_t *a;

	snprintf(hex, sizeof(hex), "%016" PRIx64, nonce);
	snprintf(cmdline, sizeof(cmdline), "kduel.role=guest kduel.nonce=%s%s%s",
		 hex, m->guest_cmdline ? " " : "",
		 m->guest_cmdline ? m->guest_cmdline : "");
	a = json_pack("{s:I, s:i, s:s, s:s}",
		      "memory", (json_int_t)s->plan->guest.memory,
		      "cpus", (int)s->plan->guest.cpus, "nonce", hex,
		      "cmdline", cmdline);
	if (m->guest_kernel)
		json_object_set_new(a, "kernel", json_string(m->guest_kernel));
	if (m->guest_initrd)
		json_object_set_new(a, "initrd", json_string(m->guest_initrd));
	if (m->images.n_disks)
		json_object_set_new(a, "disks", session_disks(m));
	if (s->arm->control == CONTROL_SHIFT_4K)
		json_object_set_new(a, "shift", json_integer(page_words[PAGE_4K].bytes));
	if (s->plan->guest.pmem_device)
		json_object_set_new(a, "pmem_device",
				    json_string(guest_pmem_words[s->plan->guest.pmem_device]));
	session_align(s, a, 0);
	return a;
}

/* Does the guest need a monitor, for what will be done to it? */
static bool session_wants_monitor(const struct session *s, const struct plan_cell *first)
{
	const struct plan *p = s->plan;

	for (const struct plan_cell *c = first; c < p->cells + p->n_cells; c++)
		if (plan_same_backing(c, first) && c->disturb && c->disturb != DISTURB_SPLIT)
			return true;
	return s->arm->control == CONTROL_DIRTY_LOG;
}

static int session_start_guest(struct session *s, const struct plan_cell *first)
{
	double start = loop_now();
	uint64_t nonce;
	struct message reply;
	json_t *args;
	int ret;

	session_phase(s, "guest", NULL);
	if (getrandom(&nonce, sizeof(nonce), 0) != sizeof(nonce))
		return wire_fail(&s->wire, "failed", "cannot make a nonce");
	s->wire.hello[FRAME_GUEST] = false;
	s->wire.guest_expected = true;
	args = session_guest_arguments(s, nonce);
	if (session_wants_monitor(s, first))
		json_object_set_new(args, "monitor", json_true());
	ret = session_must(s, FRAME_NODE, "guest-start", args, s->o->limits.guest, &reply);
	if (ret)
		return ret;
	ret = session_took_there(s, "guest", &reply);
	message_release(&reply);
	if (!ret)
		ret = wire_wait_hello(&s->wire, FRAME_GUEST, s->o->limits.guest,
				      "the boot of the guest");
	session_took(s, "guest", start);
	return ret;
}

/* Stops the guest and releases its backing, as far as they exist. */
static int session_tidy_up(struct session *s, const char *backing)
{
	struct message reply;
	int ret = session_must(s, FRAME_NODE, "guest-stop", NULL, s->o->limits.prepare, NULL);

	if (ret)
		return ret;
	/* It is refused if it was never prepared, which does not matter. */
	ret = wire_call(&s->wire, FRAME_NODE, "release", json_pack("{s:s}", "backing", backing),
			s->o->limits.prepare, &reply);
	message_release(&reply);
	return ret;
}

/* A machine that ends with its process need not be tidied up. */
static int session_stop_guest(struct session *s, const char *backing, bool last)
{
	int ret;

	s->wire.guest_expected = false;
	if (last && s->o->machine->ops->disposable)
		return 0;
	session_phase(s, "release", backing);
	ret = session_must(s, FRAME_NODE, "guest-stop", NULL, s->o->limits.prepare, NULL);
	if (ret)
		return ret;
	return session_must(s, FRAME_NODE, "release", json_pack("{s:s}", "backing", backing),
			    s->o->limits.prepare, NULL);
}

/* --- a backing that this machine cannot provide ------------------------------ */

/*
 * If the machine under test refuses a backing and still answers, only the cells of
 * this backing fail, provided there is another one. Anything else fails the boot.
 */
static bool session_refused_group(const struct session *s)
{
	const struct plan *p = s->plan;

	if (strcmp(s->wire.class, "failed"))
		return false;
	for (size_t i = 1; i < p->n_cells; i++)
		if (!plan_same_backing(&p->cells[i], &p->cells[0]))
			return true;
	return false;
}

/* Records the backing's cells from *cell on as failed, and clears the way for the next one. */
static int session_give_up_group(struct session *s, size_t *cell)
{
	const struct plan *p = s->plan;
	const struct plan_cell *first = &p->cells[*cell];
	char why[sizeof(s->wire.text)];
	int ret = 0;

	snprintf(why, sizeof(why), "%s", s->wire.text);
	s->wire.class[0] = s->wire.text[0] = '\0';
	s->wire.guest_expected = false;
	for (; !ret && *cell < p->n_cells &&
	       plan_same_backing(&p->cells[*cell], first); (*cell)++)
		for (unsigned i = 1; !ret && i <= p->cells[*cell].processes; i++)
			ret = session_cell_failed(s, &p->cells[*cell], i, why);
	if (!ret && *cell < p->n_cells)
		ret = session_tidy_up(s, first->backing);
	/* A boot in which every cell failed is a failed boot. */
	else if (!ret && !s->r->cells_ok && !s->r->cells_void)
		ret = wire_fail(&s->wire, "failed", "%s", why);
	return ret;
}

/* --- one boot --------------------------------------------------------------- */

static bool session_is_last_backing(const struct plan *p, size_t cell)
{
	for (size_t i = cell + 1; i < p->n_cells; i++) {
		if (!plan_same_backing(&p->cells[i], &p->cells[cell]))
			return false;
	}
	return true;
}

/* Starts a new guest, so that earlier cells' effects on the old one do not matter. */
static int session_renew_guest(struct session *s, const struct plan_cell *cell)
{
	int ret;

	s->wire.guest_expected = false;
	ret = session_must(s, FRAME_NODE, "guest-stop", NULL, s->o->limits.prepare, NULL);
	return ret ? ret : session_start_guest(s, cell);
}

/* All processes of a cell; with fresh_guest each gets a new guest if the old one is `used`. */
static int session_run_cell(struct session *s, const struct plan_cell *cell, bool used)
{
	int ret = 0;

	for (unsigned i = 1; !ret && i <= cell->processes; i++) {
		if (cell->fresh_guest && (used || i > 1))
			ret = session_renew_guest(s, cell);
		if (!ret)
			ret = session_cell(s, cell, i);
	}
	return ret;
}

static int session_run_apart(struct session *s, const struct plan_cell *cell)
{
	int ret = session_renew_guest(s, cell);

	return ret ? ret : session_cell_apart(s, cell);
}

/* Cells of one backing are adjacent in the plan, and share a guest. */
static int session_run_group(struct session *s, size_t *cell)
{
	const struct plan *p = s->plan;
	const struct plan_cell *first = &p->cells[*cell];
	bool last = session_is_last_backing(p, *cell);
	double start;
	int ret = session_prepare(s, first);

	if (!ret)
		ret = session_start_guest(s, first);
	if (ret == -EIO && session_refused_group(s))
		return session_give_up_group(s, cell);
	/* The replies are long, so they are asked for while nothing is timed. */
	if (!ret && !s->told)
		ret = session_record_env(s, FRAME_NODE);
	if (!ret && !s->told)
		ret = session_record_env(s, FRAME_GUEST);
	s->told = !ret;
	start = loop_now();
	for (; !ret && *cell < p->n_cells &&
	       plan_same_backing(&p->cells[*cell], first); (*cell)++)
		ret = session_run_cell(s, &p->cells[*cell], &p->cells[*cell] != first);
	if (!ret)
		session_took(s, "cells", start);
	for (const struct plan_cell *c = first; !ret && c < &p->cells[*cell]; c++)
		if (c->timeline && !s->o->profile)
			ret = session_run_apart(s, c);
	return ret ? ret : session_stop_guest(s, first->backing, last);
}

static int session_visit(struct session *s)
{
	const struct session_options *o = s->o;
	int ret = session_prepare(s, &s->plan->cells[0]);

	if (!ret && o->in_guest)
		ret = session_start_guest(s, &s->plan->cells[0]);
	return ret ? ret : o->visit(o->visit_arg, &s->wire,
				    o->in_guest ? FRAME_GUEST : FRAME_NODE);
}

static int session_run_boot(struct session *s)
{
	const struct plan_boot *b = s->o->boot;
	size_t cell = 0;
	int ret = session_record(s, json_pack("{s:s, s:i, s:i, s:s, s:i, s:i}", "t", "boot",
				      "boot", (int)b->boot, "block", (int)b->block,
				      "arm", s->arm->name, "order", (int)b->order,
				      "attempt", (int)s->o->attempt));

	if (!ret)
		ret = session_power_on(s);
	if (!ret && s->o->visit)
		return session_visit(s);
	while (!ret && cell < s->plan->n_cells)
		ret = session_run_group(s, &cell);
	return ret;
}

static json_t *session_last_lines(struct session *s)
{
	bool panic = !strcmp(s->wire.class, "panic");
	json_t *lines;

	if (!s->wire.console)
		return json_array();
	console_drain(s->wire.console);
	lines = console_tail(s->wire.console);
	if (panic && s->o->kernel)
		explain_console(lines, s->o->kernel);
	if (panic && s->wire.guest_console && s->o->guest_kernel)
		explain_console(s->wire.guest_console, s->o->guest_kernel);
	if (s->wire.guest_console)
		json_array_extend(lines, s->wire.guest_console);
	return lines;
}

/* Records the file of counts and its hash; nothing more will be added to it. */
static int session_seal_profile(struct session *s, json_t *end)
{
	char hash[FILE_HASH_MAX];
	int ret = file_hash(s->o->profile, hash, s->err);

	if (ret) {
		json_decref(end);
		return s->fatal = ret;
	}
	json_object_set_new(end, "profile", json_pack("{s:s, s:s}", "file",
						      s->o->profile_name, "sha256", hash));
	return session_record(s, end);
}

static int session_finish(struct session *s)
{
	struct session_result *r = s->r;
	json_t *end;

	snprintf(r->class, sizeof(r->class), "%s",
		 s->wire.class[0] ? s->wire.class : "ok");
	snprintf(r->text, sizeof(r->text), "%s", s->wire.text);
	r->seconds = loop_now() - s->power_on;
	json_object_set_new(s->phases, "total", json_real(r->seconds));
	if (r->first_sample)
		json_object_set_new(s->phases, "first-sample",
				    json_real(r->first_sample));
	end = json_pack("{s:s, s:i, s:s, s:s, s:O, s:o}",
			"t", "boot-end", "boot", (int)s->o->boot->boot,
			"class", r->class, "text", r->text,
			"phases", s->phases, "console", session_last_lines(s));
	return s->o->profile ? session_seal_profile(s, end) : session_record(s, end);
}

int session_run(const struct session_options *o, struct session_result *r,
		struct err *err)
{
	struct session s = {
		.o = o, .plan = o->plan, .arm = &o->plan->arms[o->boot->arm],
		.r = r, .phases = json_object(), .err = err,
		.wire = { .o = o },
	};
	int ret;

	*r = (struct session_result){ .seconds = 0 };
	ret = session_run_boot(&s);
	/* -EIO: the boot failed, and has a class. */
	if (ret == -EIO && !s.fatal)
		ret = 0;
	if (!ret)
		ret = session_finish(&s);
	if (!ret && o->calls.failed && (strcmp(r->class, "ok") || r->cells_failed))
		o->calls.failed(o->calls.arg, &s.wire, r);
	wire_close(&s.wire);
	machine_stop(o->machine);
	json_decref(s.phases);
	message_release(&s.prepared);
	for (int i = 0; i < FRAME_CHANNELS; i++)
		json_decref(s.count[i].events);
	return s.fatal ? s.fatal : ret;
}
