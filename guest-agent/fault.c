/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

static void fault_do_panic(struct link *l, bool pid1)
{
	(void)l;
	if (pid1) {
		file_poke("/proc/sys/kernel/panic_on_oops", "1", NULL);
		file_poke("/proc/sysrq-trigger", "c", NULL);
	}
	abort();
}

static void fault_do_hang(struct link *l, bool pid1)
{
	(void)l;
	(void)pid1;
	for (;;)
		pause();
}

static void fault_do_garbage(struct link *l, bool pid1)
{
	char bytes[4096];

	(void)pid1;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7 + 1);
	link_send_raw(l, bytes, sizeof(bytes), NULL);
}

static void fault_do_flood(struct link *l, bool pid1)
{
	(void)l;
	(void)pid1;
	for (unsigned long n = 0;; n++)
		fprintf(stderr, "kduel-agent: flood %lu: all work and no play\n", n);
}

static void fault_do_exit(struct link *l, bool pid1)
{
	(void)l;
	(void)pid1;
	_exit(1);
}

static const struct {
	const char *name;
	void (*act)(struct link *l, bool pid1);
} kinds[FAULT_KINDS] = {
	[FAULT_NONE] = { "", NULL },
	[FAULT_PANIC] = { "panic", fault_do_panic },
	[FAULT_HANG] = { "hang", fault_do_hang },
	[FAULT_GARBAGE] = { "garbage", fault_do_garbage },
	[FAULT_FLOOD] = { "flood", fault_do_flood },
	[FAULT_EXIT] = { "exit", fault_do_exit },
};

int fault_parse(struct fault *f, const char *text, struct err *err)
{
	const char *at = strchr(text, '@');
	size_t n = at ? (size_t)(at - text) : 0;

	memset(f, 0, sizeof(*f));
	if (!*text)
		return 0;
	if (!at || !at[1] || strlen(at + 1) >= sizeof(f->op))
		return err_config(err, "fault '%s': not of the form <kind>@<op>", text);
	for (int k = 1; k < FAULT_KINDS; k++) {
		if (strlen(kinds[k].name) == n && !strncmp(text, kinds[k].name, n)) {
			f->kind = k;
			snprintf(f->op, sizeof(f->op), "%s", at + 1);
			return 0;
		}
	}
	return err_config(err, "fault '%s': the kinds are panic, hang, garbage, flood, exit",
			  text);
}

void fault_at(const struct fault *f, const char *op, struct link *l, bool pid1)
{
	if (f->kind != FAULT_NONE && !strcmp(f->op, op))
		kinds[f->kind].act(l, pid1);
}
