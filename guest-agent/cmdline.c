/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *const role_names[ROLES] = {
	[ROLE_NODE] = "node",
	[ROLE_GUEST] = "guest",
};

static int cmdline_set_role(struct settings *s, const char *value, struct err *err)
{
	for (int r = 0; r < ROLES; r++) {
		if (!strcmp(value, role_names[r])) {
			s->role = r;
			return 0;
		}
	}
	return err_unknown(err, "role", value, role_names, ROLES);
}

static int cmdline_set_nonce(struct settings *s, const char *value, struct err *err)
{
	char *end;

	errno = 0;
	s->nonce = strtoull(value, &end, 16);
	if (errno || *end || end == value || strspn(value, "-+ "))
		return err_config(err, "nonce '%s': not a hexadecimal number of 64 bits",
				  value);
	return 0;
}

static int cmdline_set_fault(struct settings *s, const char *value, struct err *err)
{
	return fault_parse(&s->fault, value, err);
}

static const struct {
	const char *name;
	int (*set)(struct settings *s, const char *value, struct err *err);
} table[] = {
	{ "role", cmdline_set_role },
	{ "nonce", cmdline_set_nonce },
	{ "fault", cmdline_set_fault },
};

int settings_set(struct settings *s, const char *name, const char *value,
		 struct err *err)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (!strcmp(name, table[i].name))
			return table[i].set(s, value, err);
	}
	return err_set(err, EXIT_CONFIG, -ENOENT, "the agent has no setting '%s'", name);
}

int settings_from_cmdline(struct settings *s, const char *cmdline,
			  struct err *err)
{
	static const char prefix[] = "kduel.";
	char *copy = strdup(cmdline), *rest = copy, *word;
	int ret = copy ? 0 : err_sys(err, ENOMEM, "cannot read the command line");

	while (!ret && (word = strsep(&rest, " \t\n"))) {
		char *value;

		if (strncmp(word, prefix, sizeof(prefix) - 1))
			continue;
		value = strchr(word, '=');
		if (value)
			*value++ = '\0';
		ret = settings_set(s, word + sizeof(prefix) - 1,
				   value ? value : "", err);
	}
	free(copy);
	if (ret)
		err_prefix(err, "kernel command line");
	return ret;
}
