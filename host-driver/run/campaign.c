/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "campaign.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "arm-kernels.h"
#include "campaign-begin.h"
#include "file.h"
#include "keep.h"
#include "kernel/kernel.h"
#include "loop.h"
#include "machine/machine.h"
#include "machine/preflight.h"
#include "proc.h"
#include "progress.h"
#include "safe.h"
#include "session.h"
#include "store/store.h"

struct campaign {
	const struct plan *plan;
	const struct campaign_options *o;
	struct campaign_result *r;
	struct loop *loop;
	struct machine machine;
	struct arm_kernels kernels;
	struct kernel_watch build;
	struct store *store;
	struct progress progress;
	struct keep_stub stub;
	struct keep_terminal terminal;
	const char *booted;	/* the arm of the running boot */
	int64_t tick;
	unsigned signals;	/* how often the user asked to stop */
	unsigned watched;	/* number of blocks when kduel watch last showed intervals */
	double start;
};

static void campaign_on_signal(struct loop *l, int signo, void *arg)
{
	struct campaign *c = arg;

	(void)l;
	if (signo == SIGINT && keep_interrupt(&c->terminal))
		return;
	c->terminal.stopped = true;
	if (c->signals++)
		return;
	progress_say(&c->progress, c->progress.boot_start
		     ? "stopping after this boot; once more stops at once"
		     : "stopping");
}

static void campaign_on_tick(struct loop *l, void *arg)
{
	struct campaign *c = arg;

	progress_tick(&c->progress);
	loop_set_timer(l, c->tick, 1);
}

static int campaign_open_loop(struct campaign *c, struct err *err)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	int ret = loop_new(&c->loop, err);

	if (ret)
		return ret;
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		if (stop_hears(signals[i]) &&
		    loop_add_signal(c->loop, signals[i], campaign_on_signal, c) < 0)
			return err_sys(err, ENOMEM, "cannot wait for signals");
	}
	c->tick = loop_add_timer(c->loop, 1, campaign_on_tick, c);
	/* A machine that dies while we write to it must not kill us. */
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

/* --- before the first boot ------------------------------------------------ */

static int campaign_on_build(const struct kernel_progress *k, void *arg)
{
	struct campaign *c = arg;
	bool due = kernel_watch_due(&c->build, k);
	char text[160];

	loop_step(c->loop, 0);
	kernel_watch_text(k, text, sizeof(text));
	if (due && !c->progress.terminal)
		progress_say(&c->progress, "kernel %s", text);
	progress_phase(&c->progress, "kernel %s", text);
	return c->signals > 0;
}

static int campaign_get_kernels(struct campaign *c, struct err *err)
{
	int ret = arm_kernels_ensure(&c->kernels, campaign_on_build, c, err);

	progress_clear(&c->progress);
	for (size_t i = 0; i < c->kernels.n && !ret; i++) {
		const struct kernel *k = &c->kernels.v[i];

		progress_detail(&c->progress, "kernel %s: %s, %s", k->name,
				k->release, k->cached ? "in the cache" : "built");
	}
	return ret;
}

/* For --keep-on-fail: a stub for gdb, and a shell in the images. */
static int campaign_prepare_keeping(struct campaign *c, struct err *err)
{
	const struct machine_kind_ops *ops = c->machine.ops;
	char *busybox = ops->boots_image ? proc_find("busybox") : NULL;
	int ret = 0;

	if (!ops->disposable)
		return err_config(err, "--keep-on-fail is for machines that end with their boot; one of kind %s stays up anyway",
				  ops->name);
	c->terminal.loop = c->loop;
	c->machine.stays = true;
	c->machine.shell = busybox;
	free(busybox);
	if (ops->boots_image)
		ret = keep_stub_open(&c->stub, &c->machine, err);
	return ret;
}

static int campaign_prepare(struct campaign *c, struct err *err)
{
	bool fake = !c->plan->machine.kind->has_kernel;
	const struct kernel *guest;
	int ret = 0;

	machine_init(&c->machine, machine_ops(c->plan), c->plan, c->loop);
	if (c->o->keep_on_fail)
		ret = campaign_prepare_keeping(c, err);
	if (!ret && !fake)
		ret = arm_kernels_resolve(&c->kernels, c->plan, err);
	if (!ret && !fake)
		ret = campaign_get_kernels(c, err);
	if (fake)
		arm_kernels_take(&c->kernels, c->plan);
	if (ret)
		return ret;
	guest = fake ? NULL : arm_kernels_guest(&c->kernels, c->plan);
	progress_phase(&c->progress, "preparing the machine under test");
	c->machine.guest_config = guest ? guest->config : NULL;
	ret = machine_prepare(&c->machine, guest ? guest->image : NULL, err);
	if (!ret && *c->machine.accel_why)
		progress_say(&c->progress, "machine under test: %s, %s",
			     c->machine.ops->name, c->machine.accel_why);
	return ret;
}

/* A new folder, even if two campaigns begin in the same second. */
static int campaign_make_folder(const struct plan *p, char **path, struct err *err)
{
	char stamp[32];
	time_t now = time(NULL);
	struct tm tm;
	int ret = file_mkdirs("results", err);

	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", localtime_r(&now, &tm));
	for (unsigned i = 1; !ret; i++) {
		char more[16] = "";

		if (i > 1)
			snprintf(more, sizeof(more), "-%u", i);
		if (asprintf(path, "results/%s-%s%s", p->name, stamp, more) < 0)
			return err_sys(err, ENOMEM, "cannot name the results folder");
		if (!mkdir(*path, 0777))
			return 0;
		if (errno != EEXIST)
			ret = err_sys(err, errno, "cannot make folder %s", *path);
		free(*path);
		*path = NULL;
	}
	return ret;
}

static int campaign_find_folder(struct campaign *c, struct err *err)
{
	const char *given = c->o->resume ? c->o->resume : c->o->out;

	if (!given)
		return campaign_make_folder(c->plan, &c->r->folder, err);
	c->r->folder = strdup(given);
	return c->r->folder ? 0 : err_sys(err, ENOMEM, "cannot name the results folder");
}

static int campaign_open_store(struct campaign *c, struct err *err)
{
	const struct campaign_means means = {
		c->plan, &c->machine, &c->kernels, c->o->only, c->o->like,
	};
	int ret = c->o->like ? campaign_check_like(&means, err) : 0;

	if (ret)
		return ret;
	if (c->o->resume)
		return campaign_go_on(&means, c->r->folder,
				      c->o->allow_differences, &c->store, err);
	return campaign_begin(&means, c->r->folder, &c->store, err);
}

/* --- boots ------------------------------------------------------------------ */

static int campaign_on_record(void *arg, const char *text, size_t len, struct err *err)
{
	static const char proof[] = "{\"t\":\"proof\"";
	struct campaign *c = arg;

	if (c->o->debug_proof && !strncmp(text, proof, sizeof(proof) - 1))
		progress_say(&c->progress, "[proof] %.*s", (int)len, text);
	return store_append_text(c->store, text, len, err);
}

static void campaign_on_phase(void *arg, const char *phase, const char *cell)
{
	struct campaign *c = arg;

	if (!strcmp(phase, "cell") || !strcmp(phase, "at"))
		progress_phase(&c->progress, "%s", cell);
	else
		progress_phase(&c->progress, "%s%s%s", phase, cell ? " " : "",
			       cell ? cell : "");
}

static void campaign_on_log(void *arg, const char *text)
{
	struct campaign *c = arg;

	progress_detail(&c->progress, "  %s", text);
}

static void campaign_on_failed(void *arg, struct wire *w, const struct session_result *r)
{
	struct campaign *c = arg;

	progress_clear(&c->progress);
	keep_hold(&c->terminal, &c->stub, w, r, c->booted);
}

static bool campaign_abandoned(void *arg)
{
	return ((struct campaign *)arg)->signals > 1;
}

/* Each attempt of a boot has a file of counts of its own, whose hash is recorded; NULL: none. */
static int campaign_name_profile(const struct campaign *c, unsigned boot, char **path)
{
	*path = NULL;
	if (!c->plan->profile)
		return 0;
	if (asprintf(path, "%s/why/boot-%u.%u", c->r->folder, boot,
		     store_boot_attempts(c->store, boot) + 1) < 0)
		return -ENOMEM;
	return 0;
}

/* Is the boot of this run, and has not ended yet? */
static bool campaign_is_left(const struct campaign *c, const struct plan_boot *b)
{
	return (!c->o->only || !strcmp(c->plan->arms[b->arm].name, c->o->only)) &&
	       !store_boot_done(c->store, b->boot);
}

/*
 * The next boot after this one that still has to be run, to be booted ahead; `*profile` is
 * the caller's to free. False: there is none, or its phases are counted, so that nothing
 * may run beside them.
 */
static bool campaign_next(struct campaign *c, const struct plan_boot *b,
			  struct machine_boot *next, char **profile)
{
	const struct plan *p = c->plan;
	const struct kernel *guest = arm_kernels_guest(&c->kernels, p);

	*profile = NULL;
	for (b++; p->profile != PROFILE_BOOT && b < p->boots + p->n_boots; b++) {
		const struct plan_arm *arm = &p->arms[b->arm];
		const struct kernel *k = arm_kernels_of(&c->kernels, arm, b->layout);

		if (!campaign_is_left(c, b))
			continue;
		if (campaign_name_profile(c, b->boot, profile))
			return false;
		*next = (struct machine_boot){
			.boot = b->boot, .block = b->block, .arm = arm,
			.kernel = k ? k->image : NULL, .modules = k ? k->modules : NULL,
			.release = k && k->release ? k->release : "",
			.guest_kernel = guest ? guest->image : NULL, .profile = *profile,
			.profile_memory = p->profile == PROFILE_MEMORY,
		};
		return true;
	}
	return false;
}

static int campaign_run_boot(struct campaign *c, const struct plan_boot *b,
			     struct err *err)
{
	const struct plan_arm *arm = &c->plan->arms[b->arm];
	const struct kernel *k = arm_kernels_of(&c->kernels, arm, b->layout);
	struct session_options so = {
		.plan = c->plan,
		.boot = b,
		.machine = &c->machine,
		.attempt = store_boot_attempts(c->store, b->boot) + 1,
		.kernel = k ? k->image : NULL,
		.modules = k ? k->modules : NULL,
		.release = k && k->release ? k->release : "",
		.profile_boot = c->plan->profile == PROFILE_BOOT,
		.own = c->o->own,
		.debug_vm = c->o->debug_vm,
		.debug_proto = c->o->debug_proto,
		.limits = session_limits(machine_domain(&c->machine), c->o->patience),
		.calls = {campaign_on_record, campaign_on_phase, campaign_on_log,
			  c->o->keep_on_fail ? campaign_on_failed : NULL,
			  campaign_abandoned, c},
	};
	const struct kernel *guest = arm_kernels_guest(&c->kernels, c->plan);
	struct machine_boot next;
	struct session_result s;
	char *log, *profile, *next_profile;
	int ret;

	if (asprintf(&log, "%s/console/boot-%u.log", c->r->folder, b->boot) < 0)
		return err_sys(err, ENOMEM, "cannot boot");
	if (campaign_name_profile(c, b->boot, &profile)) {
		free(log);
		return err_sys(err, ENOMEM, "cannot boot");
	}
	so.console_log = log;
	so.profile = profile;
	so.profile_name = profile ? profile + strlen(c->r->folder) + 1 : NULL;
	if (campaign_next(c, b, &next, &next_profile))
		so.next = &next;
	so.guest_kernel = guest ? guest->image : NULL;
	c->booted = arm->name;
	progress_boot_begin(&c->progress, "block %u/%u  %s", b->block,
			    c->plan->n_blocks, arm->name);
	ret = session_run(&so, &s, err);
	free(log);
	free(profile);
	free(next_profile);
	if (ret)
		return ret;
	progress_boot_end(&c->progress);
	c->r->boots++;
	c->r->failed += strcmp(s.class, "ok") != 0;
	c->r->voids += s.cells_void;
	tell_boot(&c->progress, c->plan, b, &s);
	return 0;
}

/* Would another boot end after the time limit? */
static bool campaign_out_of_time(const struct campaign *c)
{
	const struct progress *p = &c->progress;
	double each = p->done ? p->spent / p->done : 0;

	return c->o->stop_after > 0 &&
	       loop_now() - c->start + each > c->o->stop_after;
}

/*
 * Called after the last boot of a block, at the looks that the correction allows for.
 * The look is recorded, since any later comparison must use the corrected level.
 */
static int campaign_note_look(struct campaign *c, unsigned block, struct err *err)
{
	return store_append(c->store,
			    json_pack("{s:s, s:s, s:n, s:{s:i}}", "t", "env",
				      "where", "driver", "boot", "facts",
				      "looked_after_blocks", (int)block), err);
}

static int campaign_ask_rule(struct campaign *c, unsigned block, struct err *err)
{
	const struct campaign_rule *rule = c->o->rule;
	bool looked = false;
	int ret = rule->enough(rule->arg, c->r->folder, block, &c->r->decided, &looked, err);

	return !ret && looked ? campaign_note_look(c, block, err) : ret;
}

static int campaign_look(struct campaign *c, size_t next, struct err *err)
{
	const struct plan *p = c->plan;
	unsigned block = p->boots[next - 1].block;
	int ret;

	if (c->r->decided)
		return 0;
	for (; next < p->n_boots && p->boots[next].block == block; next++)
		if (campaign_is_left(c, &p->boots[next]))
			return 0;
	if (c->o->rule)
		return campaign_ask_rule(c, block, err);
	if (!c->o->until_verdict || !until_is_look(block))
		return 0;
	ret = campaign_note_look(c, block, err);
	return ret ? ret : until_decided(c->r->folder, &c->r->decided, err);
}

/*
 * `kduel watch` notes in a file how many blocks it showed intervals of. That is recorded:
 * if the campaign then ends early, it may have been stopped because of them.
 */
static int campaign_note_watch(struct campaign *c, struct err *err)
{
	char *path = text_format("%s/watched", c->r->folder), *text;
	unsigned blocks = 0;

	if (!file_read(path, &text, NULL, NULL)) {
		blocks = (unsigned)strtoul(text, NULL, 10);
		free(text);
	}
	free(path);
	if (blocks < 2 || blocks > c->plan->n_blocks || blocks == c->watched)
		return 0;
	c->watched = blocks;
	return store_append(c->store, json_pack("{s:s, s:s, s:n, s:{s:i}}", "t", "env", "where",
						"driver", "boot", "facts", "watched_after_blocks",
						(int)blocks), err);
}

static unsigned campaign_count_left(const struct campaign *c)
{
	unsigned n = 0;

	for (size_t i = 0; i < c->plan->n_boots; i++)
		n += campaign_is_left(c, &c->plan->boots[i]);
	return n;
}

/* If the folder was removed meanwhile, everything written to it is lost. */
static int campaign_check_folder(const struct campaign *c, struct err *err)
{
	if (!access(store_journal(c->store), W_OK))
		return 0;
	return err_machine(err, "%s: %s; the results of this campaign are gone, begin it again",
			   store_journal(c->store), strerror(errno));
}

static int campaign_run_boots(struct campaign *c, struct err *err)
{
	const struct plan *p = c->plan;
	int ret = 0;

	for (size_t i = 0; i < p->n_boots && !ret && !c->r->decided; i++) {
		if (!campaign_is_left(c, &p->boots[i]))
			continue;
		loop_step(c->loop, 0);
		if (c->signals || campaign_out_of_time(c))
			break;
		ret = campaign_check_folder(c, err);
		if (!ret)
			ret = campaign_run_boot(c, &p->boots[i], err);
		if (!ret)
			ret = campaign_note_watch(c, err);
		if (!ret)
			ret = campaign_look(c, i + 1, err);
	}
	/* Abandoned: the unfinished boot is ignored, and run again by --resume. */
	return ret == -EINTR && c->signals ? 0 : ret;
}

static int campaign_run_all(struct campaign *c, struct err *err)
{
	struct plan_cost cost;
	struct preflight f;
	int ret = campaign_find_folder(c, err);

	if (ret)
		return ret;
	plan_cost(c->plan, &cost);
	progress_init(&c->progress, stderr, c->o->verbose, c->plan->n_boots,
		      cost.seconds / c->plan->n_boots);
	ret = preflight_read(&f, c->r->folder, err);
	if (!ret)
		ret = preflight_check(&f, c->plan, c->r->folder, err);
	if (!ret)
		ret = campaign_open_loop(c, err);
	if (!ret)
		ret = campaign_prepare(c, err);
	if (!ret)
		ret = campaign_open_store(c, err);
	if (ret)
		return ret;
	progress_say(&c->progress, "results: %s", c->r->folder);
	c->progress.total = campaign_count_left(c);
	if (!c->progress.total)
		progress_say(&c->progress, "all %zu boots are done; --blocks adds more",
			     c->plan->n_boots);
	ret = campaign_run_boots(c, err);
	c->r->complete = !ret && (c->r->decided || !campaign_count_left(c));
	return ret;
}

int campaign_run(const struct plan *plan, const struct campaign_options *o,
		 struct campaign_result *r, struct err *err)
{
	struct campaign c = { .plan = plan, .o = o, .r = r, .start = loop_now() };
	int ret;

	*r = (struct campaign_result){ .complete = false };
	ret = campaign_run_all(&c, err);
	progress_clear(&c.progress);
	r->interrupted = c.signals > 0;
	r->abandoned = c.signals > 1;
	if (!c.store && !o->resume) {
		if (!o->out && r->folder) {
			rmdir(r->folder);	/* nothing is in it, */
			rmdir("results");	/* nor perhaps beside it */
		}
		free(r->folder);
		r->folder = NULL;
	}
	machine_release(&c.machine);
	keep_stub_close(&c.stub);
	store_close(c.store);
	arm_kernels_release(&c.kernels);
	loop_free(c.loop);
	if (ret && r->interrupted && !c.store)
		return err_set(err, EXIT_INCOMPLETE, ret, "stopped before the first boot");
	return ret;
}
