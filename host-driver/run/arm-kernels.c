/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "arm-kernels.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "data.h"

#define DEFAULT_LAYOUT "default"

static bool arm_kernels_same_layout(const char *held, const char *wanted)
{
	return !strcmp(held, wanted) || (!*held && !strcmp(wanted, DEFAULT_LAYOUT));
}

static const struct kernel *arm_kernels_find(const struct arm_kernels *k, const char *name,
					     const char *layout)
{
	for (size_t i = 0; i < k->n; i++) {
		if (!strcmp(k->v[i].asked, name) &&
		    arm_kernels_same_layout(k->v[i].layout ? k->v[i].layout : "", layout))
			return &k->v[i];
	}
	return NULL;
}

static int arm_kernels_add(struct arm_kernels *k, const struct plan *p, const char *name,
			   const char *layout, struct err *err)
{
	struct kernel *more, kernel = KERNEL_INIT;
	int ret;

	if (arm_kernels_find(k, name, layout))
		return 0;
	ret = kernel_resolve(name, plan_beside(p), &kernel, err);
	if (!ret && strcmp(layout, DEFAULT_LAYOUT))
		ret = kernel_set_layout(&kernel, layout, err);
	more = ret ? NULL : realloc(k->v, (k->n + 1) * sizeof(*more));
	if (!ret && !more)
		ret = err_sys(err, ENOMEM, "cannot hold kernel %s", name);
	if (ret) {
		kernel_free(&kernel);
		return ret;
	}
	k->v = more;
	k->v[k->n++] = kernel;
	return 0;
}

/* What no boot can do without is looked for before anything is built. */
static int arm_kernels_check(const struct arm_kernels *k, const struct plan *p, struct err *err)
{
	int ret = kernel_check_has(arm_kernels_guest(k, p), "CONFIG_VIRTIO_CONSOLE", "a guest", err);

	/* A host may have them as modules. */
	for (size_t a = 0; p->machine.kind->sized && a < p->n_arms && !ret; a++) {
		const struct kernel *arm = arm_kernels_of(k, &p->arms[a], p->arms[a].layouts[0]);

		ret = kernel_check_has(arm, "CONFIG_KVM", "a machine under test", err);
		if (!ret)
			ret = kernel_check_has(arm, "CONFIG_VIRTIO_CONSOLE", "a machine under test", err);
	}
	return ret;
}

int arm_kernels_resolve(struct arm_kernels *k, const struct plan *p,
			struct err *err)
{
	int ret = arm_kernels_add(k, p, p->guest.kernel, DEFAULT_LAYOUT, err);

	for (size_t a = 0; a < p->n_arms && !ret; a++) {
		for (size_t l = 0; l < p->arms[a].n_layouts && !ret; l++)
			ret = arm_kernels_add(k, p, p->arms[a].kernel, p->arms[a].layouts[l], err);
	}
	return ret ? ret : arm_kernels_check(k, p, err);
}

int arm_kernels_ensure(struct arm_kernels *k, kernel_progress_fn fn, void *arg,
		       struct err *err)
{
	int ret = 0;

	for (size_t i = 0; i < k->n && !ret; i++)
		ret = kernel_ensure(&k->v[i], fn, arg, err);
	return ret;
}

void arm_kernels_take(struct arm_kernels *k, const struct plan *p)
{
	for (size_t a = 0; a < p->n_arms; a++) {
		struct kernel *last;

		if (!data_is_path(DATA_KERNEL, p->arms[a].kernel) ||
		    arm_kernels_add(k, p, p->arms[a].kernel, DEFAULT_LAYOUT, NULL))
			continue;
		last = &k->v[k->n - 1];
		if (!kernel_is_cached(last) || kernel_ensure(last, NULL, NULL, NULL)) {
			kernel_free(last);
			k->n--;
		}
	}
}

void arm_kernels_release(struct arm_kernels *k)
{
	for (size_t i = 0; i < k->n; i++)
		kernel_free(&k->v[i]);
	free(k->v);
	*k = (struct arm_kernels){ NULL, 0 };
}

const struct kernel *arm_kernels_guest(const struct arm_kernels *k,
				       const struct plan *p)
{
	return arm_kernels_find(k, p->guest.kernel, DEFAULT_LAYOUT);
}

const struct kernel *arm_kernels_of(const struct arm_kernels *k,
				    const struct plan_arm *arm,
				    const char *layout)
{
	return arm_kernels_find(k, arm->kernel, layout);
}

/* "CONFIG_SMP=y" becomes "CONFIG_SMP": "y"; symbols that are not set are left out. */
static json_t *arm_kernels_read_config(const char *path)
{
	json_t *config = json_object();
	char *text, *line, *save;

	if (!path || file_read(path, &text, NULL, NULL))
		return config;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *value = strchr(line, '=');

		if (strncmp(line, "CONFIG_", 7) || !value)
			continue;
		*value = '\0';
		json_object_set_new(config, line, json_string(value + 1));
	}
	free(text);
	return config;
}

json_t *arm_kernels_identity(const struct arm_kernels *k, const struct plan *p,
			     const struct plan_arm *arm)
{
	const struct kernel *guest = arm_kernels_guest(k, p);
	const struct kernel *first = arm_kernels_of(k, arm, arm->layouts[0]);
	json_t *id = json_object(), *layouts = json_object();

	for (size_t l = 0; l < arm->n_layouts; l++) {
		const struct kernel *one = arm_kernels_of(k, arm, arm->layouts[l]);

		if (one && one->identity)
			json_object_set(layouts, arm->layouts[l], one->identity);
	}
	json_object_set_new(id, "kernel", layouts);
	if (first)
		json_object_set_new(id, "config", arm_kernels_read_config(first->config));
	if (guest && guest->identity)
		json_object_set(id, "guest_kernel", guest->identity);
	return id;
}
