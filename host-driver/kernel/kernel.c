/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "data.h"
#include "err.h"
#include "kernel-build.h"
#include "kernel-cache.h"
#include "kernel-job.h"
#include "kernel-modules.h"
#include "kernel-patch.h"
#include "kernel-source.h"
#include "kernel-spec.h"

#define SUFFIX_DIGITS 8		/* of the key, in uname -r */

static const char *const layouts[] = { "default", "16", "32", "64", "128" };

/* --- descriptions --------------------------------------------------------------- */

/* Finds the errors that can be found before anything is fetched. */
int kernel_check_series(const struct kernel_text *patches, size_t n,
			struct err *err)
{
	struct kernel_series s;
	int ret = kernel_series_read(patches, n, &s, err);

	if (!ret)
		kernel_series_release(&s);
	return ret;
}

#define LACKS_SHOWN 40
#define LACKS_SHOWN_LEN (LACKS_SHOWN * 125)

/* The user's own .config must contain what is wanted, unless that is added. */
static int kernel_check_config_file(const struct kernel_spec *s, struct err *err)
{
	struct kernel_want *wants = NULL;
	char have[KERNEL_VALUE_MAX], said[LACKS_SHOWN_LEN] = "";
	size_t n = 0, lacks = 0, used = 0;
	int ret;

	if (!s->config_file || s->add_needed)
		return 0;
	ret = kernel_config_wants(s->fragments, s->n_fragments, &wants, &n, err);
	for (size_t i = 0; !ret && i < n; i++) {
		kernel_config_value(s->config_file->text, wants[i].symbol, have, sizeof(have));
		if (!strcmp(have, wants[i].value) || lacks++ >= LACKS_SHOWN)
			continue;
		used += snprintf(said + used, sizeof(said) - used, "%s%s=%.8s%s",
				 lacks > 1 ? ", " : "", wants[i].symbol, wants[i].value,
				 !strcmp(have, "m") ? " (it has m)" : "");
	}
	free(wants);
	if (ret || !lacks)
		return ret;
	return err_config(err, "%s lacks %s%s: a machine under test needs them built in; add-needed: true (kduel try --add-needed) adds them to a copy",
			  s->config_file->path, said, lacks > LACKS_SHOWN ? ", and more" : "");
}

int kernel_check_has(const struct kernel *k, const char *symbol, const char *who, struct err *err)
{
	const struct kernel_spec *s = k->spec;
	struct kernel_want *wants = NULL;
	char value[KERNEL_VALUE_MAX] = "n";
	size_t n = 0;
	int ret;

	if (s->kind == SOURCE_IMAGE)
		return 0;	/* it may have the module */
	if (s->config_file)
		kernel_config_value(s->config_file->text, symbol, value, sizeof(value));
	ret = kernel_config_wants(s->fragments, s->n_fragments, &wants, &n, err);
	for (size_t i = 0; !ret && i < n && (!s->config_file || s->add_needed); i++)
		if (!strcmp(wants[i].symbol, symbol))
			snprintf(value, sizeof(value), "%s", wants[i].value);
	free(wants);
	if (ret || !strcmp(value, "y"))
		return ret;
	return err_config(err, "kernel %s: its configuration has no %s=y, which %s needs; add a fragment that has it to config: in %s",
			  k->name, symbol, who, s->path);
}

/* Checks that the image is a kernel, and that the modules belong to it. */
static int kernel_look_at_image(struct kernel *k, struct err *err)
{
	const struct kernel_source *s = &k->spec->source;
	int ret = kernel_image_release(s->image, &k->release, err);

	if (!ret && s->modules)
		ret = kernel_modules_pack(s->modules, k->release, &k->modules,
					  &k->modules_facts, err);
	return ret;
}

/* "mine" of "./mine.yaml": what logs and records call it. */
static char *kernel_short_name(const char *name)
{
	const char *base = strrchr(name, '/');
	size_t n;

	base = base ? base + 1 : name;
	n = strlen(base);
	if (data_is_path(DATA_KERNEL, name) && n > 5 &&
	    !strcmp(base + n - 5, ".yaml"))
		n -= 5;
	return strndup(base, n);
}

int kernel_resolve(const char *name, const char *beside, struct kernel *k,
		   struct err *err)
{
	char *path;
	int ret;

	*k = (struct kernel)KERNEL_INIT;
	ret = data_find(DATA_KERNEL, name, beside, &path, err);
	if (ret)
		return ret;
	k->asked = strdup(name);
	k->name = kernel_short_name(name);
	k->layout = strdup("");
	if (!k->asked || !k->name || !k->layout)
		ret = err_sys(err, ENOMEM, "%s", name);
	if (!ret)
		ret = kernel_spec_read(path, k->name, &k->spec, err);
	free(path);
	if (!ret)
		ret = kernel_check_series(k->spec->patches, k->spec->n_patches, err);
	if (!ret)
		ret = kernel_check_config_file(k->spec, err);
	if (!ret && k->spec->kind == SOURCE_IMAGE)
		ret = kernel_look_at_image(k, err);
	if (ret)
		kernel_free(k);
	return ret;
}

static int kernel_applies_locked(struct kernel *k, struct kernel_job *job,
				 struct kernel_tree *t, const struct kernel_text *more,
				 size_t n, struct err *err)
{
	const struct kernel_spec *s = k->spec;
	struct kernel_text *all = calloc(s->n_patches + n + 1, sizeof(*all));
	int ret = all ? kernel_source_get(job, s, false, t, err)
		      : err_sys(err, ENOMEM, "%s", k->name);

	for (size_t i = 0; all && i < s->n_patches; i++)
		all[i] = s->patches[i];
	for (size_t i = 0; all && i < n; i++)
		all[s->n_patches + i] = more[i];
	if (!ret)
		ret = kernel_patch_check(job, t->dir, all, s->n_patches + n, err);
	free(all);
	return ret;
}

int kernel_applies(struct kernel *k, const struct kernel_text *more, size_t n,
		   kernel_progress_fn fn, void *arg, struct err *err)
{
	struct kernel_tree t = KERNEL_TREE_INIT;
	struct kernel_job job;
	int ret = kernel_source_identify(k->spec, &t, err);

	if (!ret && !kernel_source_is_here(&t))
		ret = -ENOENT;
	if (!ret) {
		ret = job_open(&job, "try", fn, arg, err);
		if (!ret)
			ret = kernel_applies_locked(k, &job, &t, more, n, err);
		job_close(&job);
	}
	kernel_tree_release(&t);
	return ret;
}

int kernel_set_layout(struct kernel *k, const char *layout, struct err *err)
{
	const size_t n = sizeof(layouts) / sizeof(layouts[0]);
	char text[200];

	for (size_t i = 0; i < n; i++) {
		if (strcmp(layouts[i], layout))
			continue;
		if (i && k->spec->kind == SOURCE_IMAGE)
			return err_config(err, "%s: the layout of a ready image cannot be changed",
					  k->spec->path);
		free(k->layout);
		k->layout = strdup(i ? layout : "");
		return k->layout ? 0 : err_sys(err, ENOMEM, "%s", layout);
	}
	unknown_text("layout", layout, layouts, n, text, sizeof(text));
	return err_config(err, "%s (the alignment of functions in bytes)", text);
}

/* --- ensure ----------------------------------------------------------------------- */

static int kernel_build_it(struct kernel *k, struct kernel_job *job,
			   const struct kernel_tree *t, const char *compiler,
			   struct err *err)
{
	char suffix[SUFFIX_DIGITS + 3], *fresh = file_cache_path("kernels/.new");
	const struct kernel_build b = {
		.spec = k->spec, .tree = t, .compiler = compiler,
		.layout = k->layout, .suffix = suffix, .out = fresh,
	};
	int ret;

	if (!fresh)
		return err_sys(err, ENOMEM, "%s", k->name);
	snprintf(suffix, sizeof(suffix), "-k%.*s", SUFFIX_DIGITS, k->key);
	ret = file_remove_tree(fresh, err);
	if (!ret)
		ret = file_mkdirs(fresh, err);
	cache_used(t->dir);
	if (!ret)
		ret = kernel_patch_tree(job, t->dir, k->spec->patches,
					k->spec->n_patches, err);
	if (!ret)
		ret = kernel_build_run(job, &b, err);
	if (!ret)
		ret = kernel_cache_publish(k, fresh, job->log_path, err);
	file_remove_tree(fresh, NULL);
	free(fresh);
	return ret;
}

/* Another process may have built it while we waited for the lock. */
static int kernel_ensure_locked(struct kernel *k,
				const struct kernel_options *o,
				struct kernel_job *job, struct kernel_tree *t,
				const char *compiler, struct err *err)
{
	int ret = kernel_source_get(job, k->spec, o->update, t, err);

	if (!ret)
		ret = kernel_cache_key(k, t, compiler, err);
	if (ret)
		return ret;
	k->cached = !o->force && !kernel_cache_take(k, t, compiler, NULL);
	if (k->cached)
		return 0;
	ret = kernel_build_it(k, job, t, compiler, err);
	if (!ret)
		ret = kernel_cache_take(k, t, compiler, err);
	if (!ret)
		ret = job_phase(job, KERNEL_DONE, err, "built %s", k->release);
	return ret == -ENOENT ? err_machine(err, "%s: the kernel that was just built is gone from the cache",
					    k->name) : ret;
}

static int kernel_ensure_one(struct kernel *k, const struct kernel_options *o,
			     kernel_progress_fn fn, void *arg, struct kernel_tree *t,
			     const char *compiler, struct err *err)
{
	struct kernel_job job;
	int ret = kernel_source_identify(k->spec, t, err);

	if (ret && ret != -ENOENT)
		return ret;
	if (!ret && k->spec->kind == SOURCE_IMAGE) {
		ret = kernel_cache_key(k, t, "", err);
		if (!ret)
			ret = kernel_cache_take_image(k, t, err);
		if (!ret && k->modules_facts)
			ret = json_object_set(k->identity, "modules", k->modules_facts);
		return ret;
	}
	if (!ret && !o->force && !o->update) {
		ret = kernel_cache_key(k, t, compiler, err);
		if (!ret)
			ret = kernel_cache_take(k, t, compiler, err);
		k->cached = !ret;
		if (ret != -ENOENT)
			return ret;
	}
	ret = job_need_path(err);
	if (!ret)
		ret = kernel_build_needs(err);
	if (ret)
		return ret;
	ret = job_open(&job, k->name, fn, arg, err);
	if (!ret)
		ret = kernel_ensure_locked(k, o, &job, t, compiler, err);
	job_close(&job);
	return ret;
}

/* Locks the image, so that kduel prune leaves it alone as long as we run. */
static void kernel_hold(struct kernel *k)
{
	char *folder = strndup(k->image, strrchr(k->image, '/') - k->image);

	if (k->held < 0)
		k->held = open(k->image, O_RDONLY | O_CLOEXEC);
	if (k->held >= 0)
		flock(k->held, LOCK_SH | LOCK_NB);
	if (folder)
		cache_used(folder);
	free(folder);
}

int kernel_ensure_with(struct kernel *k, const struct kernel_options *o,
		       kernel_progress_fn fn, void *arg, struct err *err)
{
	struct kernel_tree t = KERNEL_TREE_INIT;
	char *compiler = NULL;
	int ret = 0;

	if (k->spec->kind != SOURCE_IMAGE)
		ret = kernel_compiler(&compiler, err);
	if (!ret)
		ret = kernel_ensure_one(k, o, fn, arg, &t, compiler, err);
	kernel_tree_release(&t);
	free(compiler);
	if (ret)
		err_prefix(err, "kernel %s", k->name);
	else if (k->spec->kind != SOURCE_IMAGE)
		kernel_hold(k);
	return ret;
}

int kernel_ensure(struct kernel *k, kernel_progress_fn fn, void *arg,
		  struct err *err)
{
	const struct kernel_options o = { .force = false };

	return kernel_ensure_with(k, &o, fn, arg, err);
}

bool kernel_is_cached(struct kernel *k)
{
	struct kernel_tree t = KERNEL_TREE_INIT;
	char *compiler = NULL;
	bool cached;

	cached = !kernel_source_identify(k->spec, &t, NULL);
	if (cached && k->spec->kind != SOURCE_IMAGE)
		cached = !kernel_compiler(&compiler, NULL) &&
			 !kernel_cache_key(k, &t, compiler, NULL) &&
			 !kernel_cache_take(k, &t, compiler, NULL);
	kernel_tree_release(&t);
	free(compiler);
	return cached;
}

void kernel_free(struct kernel *k)
{
	if (k->held >= 0)
		close(k->held);
	kernel_spec_free(k->spec);
	json_decref(k->identity);
	json_decref(k->modules_facts);
	free(k->modules);
	free(k->asked);
	free(k->name);
	free(k->layout);
	free(k->image);
	free(k->config);
	free(k->release);
	*k = (struct kernel)KERNEL_INIT;
}

#define QUIET 20.0	/* seconds between plain lines of a long phase */

void kernel_watch_text(const struct kernel_progress *p, char *text, size_t size)
{
	int n = snprintf(text, size, "%s: %s", p->kernel, p->text);

	if (n < 0 || (size_t)n >= size || p->phase != KERNEL_COMPILE)
		return;
	if (p->expected)
		snprintf(text + n, size - n, ", %u of about %u files", p->done,
			 p->expected > p->done ? p->expected : p->done);
	else if (p->done)
		snprintf(text + n, size - n, ", %u file%s", p->done,
			 p->done == 1 ? "" : "s");
}

bool kernel_watch_due(struct kernel_watch *w, const struct kernel_progress *p)
{
	char now[sizeof(w->last)];

	snprintf(now, sizeof(now), "%s: %s", p->kernel, p->text);
	/* Waiting for another build may take long; one line about it is enough. */
	if (!strcmp(now, w->last) &&
	    (p->phase == KERNEL_WAIT || p->seconds - w->shown < QUIET))
		return false;
	memcpy(w->last, now, sizeof(now));
	w->shown = p->seconds;
	return true;
}
