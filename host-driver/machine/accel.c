/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preflight.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

struct kvm_module {
	const char *name;
	const char *paging;	/* the module parameter for two-level paging */
	const char *paging_name;
};

static const struct kvm_module kvm_modules[] = {
	{ "kvm_intel", "ept", "EPT" },
	{ "kvm_amd", "npt", "NPT" },
};

static bool accel_is_on(const char *modules, const char *module, const char *name)
{
	char *path, *text = NULL;
	bool on = false;

	if (asprintf(&path, "%s/%s/parameters/%s", modules, module, name) < 0)
		return false;
	if (!file_read(path, &text, NULL, NULL))
		on = *text == 'Y' || *text == 'y' || *text == '1';
	free(text);
	free(path);
	return on;
}

static bool accel_is_loaded(const char *modules, const char *module)
{
	struct stat st;
	char *path;
	bool loaded;

	if (asprintf(&path, "%s/%s", modules, module) < 0)
		return false;
	loaded = !stat(path, &st);
	free(path);
	return loaded;
}

static int accel_check_module(const char *modules, const struct kvm_module **module,
			      struct err *err)
{
	for (size_t i = 0; i < sizeof(kvm_modules) / sizeof(*kvm_modules); i++) {
		const struct kvm_module *k = &kvm_modules[i];

		if (!accel_is_loaded(modules, k->name))
			continue;
		*module = k;
		if (!accel_is_on(modules, k->name, k->paging))
			return err_machine(err, "%s is loaded without %s (%s=0)",
					   k->name, k->paging_name, k->paging);
		if (!accel_is_on(modules, k->name, "nested"))
			return err_machine(err, "%s is loaded without nesting (nested=0)",
					   k->name);
		return 0;
	}
	return err_machine(err, "neither kvm_intel nor kvm_amd is loaded");
}

static int accel_check_hardware(const struct accel_probe *p, char *why, size_t size,
				struct err *err)
{
	const char *device = p->device ? p->device : "/dev/kvm";
	const struct kvm_module *module = NULL;
	int ret = accel_check_module(p->modules ? p->modules : "/sys/module", &module,
				     err);

	if (ret)
		return ret;
	if (access(device, R_OK | W_OK))
		return err_machine(err, "%s cannot be opened: %s", device,
				   strerror(errno));
	if (p->boot) {
		struct err cause = ERR_INIT;

		if (p->boot(p->arg, &cause))
			return err_machine(err, "%s is loaded, but a short boot with it failed: %s",
					   module->name, cause.text);
	}
	snprintf(why, size, "hardware (%s with %s and nesting%s)", module->name,
		 module->paging_name, p->boot ? ", and a short boot succeeded" : "");
	return 0;
}

static void accel_take_emulation(enum plan_clock clock, enum qemu_accel *accel,
				 char *why, size_t size, const char *because)
{
	*accel = clock == CLOCK_INSTRUCTIONS ? QEMU_ICOUNT : QEMU_TCG;
	snprintf(why, size, "%s (%s)", qemu_accel_name(*accel), because);
}

int accel_decide(enum machine_accel wish, enum plan_clock clock,
		 const struct accel_probe *probe, enum qemu_accel *accel,
		 char *why, size_t size, struct err *err)
{
	struct err cause = ERR_INIT;

	if (clock == CLOCK_INSTRUCTIONS) {
		if (wish == ACCEL_HARDWARE)
			return err_config(err, "machine.accel: hardware cannot count instructions; use emulation, or clock: time");
		accel_take_emulation(clock, accel, why, size, "clock: instructions");
		return 0;
	}
	if (wish == ACCEL_EMULATION) {
		accel_take_emulation(clock, accel, why, size, "as the config asks");
		return 0;
	}
	if (!accel_check_hardware(probe, why, size, &cause)) {
		*accel = QEMU_KVM;
		return 0;
	}
	if (wish == ACCEL_HARDWARE)
		return err_machine(err, "machine.accel: hardware: %s; load the module with nested=1, or use accel: emulation",
				   cause.text);
	accel_take_emulation(clock, accel, why, size, cause.text);
	return 0;
}
