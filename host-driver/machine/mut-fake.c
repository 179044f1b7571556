/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fake machine under test: a process that answers like one. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake-node.h"
#include "file.h"
#include "machine.h"
#include "plan/plan-files.h"
#include "safe.h"

/* Its commands run on this machine, where only root may change their root directory. */
static int fake_no_root(const struct plan_rootfs *r, void *arg, struct err *err)
{
	(void)r;
	(void)arg;
	return err_config(err, "rootfs: a fake machine has no guest that could have one");
}

static int fake_prepare(struct machine *m, const char *guest_kernel,
			struct err *err)
{
	(void)guest_kernel;
	if (plan_rootfs_each(m->plan, fake_no_root, NULL, err))
		return -EINVAL;
	return plan_files_tree(m->plan, &m->files_root, err);
}

struct fake_start {
	struct fake_node node;
	int console;
};

static int fake_run(void *arg)
{
	struct fake_start *s = arg;

	dup2(s->console, STDERR_FILENO);
	return fake_node_serve(&s->node);
}

/* The command line, followed by the words for a fake machine in the kernel's image. */
static char *fake_cmdline(const struct machine_boot *b)
{
	static const char word[] = "kduel.fa";
	char *all = text_format("%s", b->arm->cmdline), *data, *end, *p;
	size_t len;

	if (!b->kernel || file_read(b->kernel, &data, &len, NULL))
		return all;
	end = data + len;
	for (p = data; (p = memmem(p, (size_t)(end - p), word, sizeof(word) - 1)); p++) {
		char *more = text_format("%s %.*s", all, (int)strcspn(p, " \n"), p);

		free(all);
		all = more;
	}
	free(data);
	return all;
}

static int fake_boot(struct machine *m, const struct machine_boot *b,
		     struct err *err)
{
	int link[2] = { -1, -1 }, console[2] = { -1, -1 };
	struct fake_start s;
	char *cmdline = fake_cmdline(b);
	int ret = proc_socketpair(link, err);

	if (!ret)
		ret = proc_socketpair(console, err);
	if (!ret) {
		s = (struct fake_start){
			.node = { .in = link[1], .out = link[1],
				  .nonce = b->nonce, .cmdline = cmdline, .block = b->block,
				  .second_level = b->arm->second_level,
				  .files_root = m->files_root },
			.console = console[1],
		};
		ret = proc_fork(&m->proc, fake_run, &s, err);
	}
	free(cmdline);
	close(link[1]);
	close(console[1]);
	if (ret) {
		close(link[0]);
		close(console[0]);
		return ret;
	}
	m->link_in = m->link_out = link[0];
	m->console = console[0];
	return 0;
}

static int fake_link(struct machine *m, const struct machine_boot *b,
		     struct err *err)
{
	(void)m;
	(void)b;
	(void)err;
	return 0;
}

static uint64_t fake_memory(const struct plan *p)
{
	(void)p;
	return MACHINE_DRIVER_MEMORY;
}

static const char *fake_domain(const struct machine *m)
{
	(void)m;
	return "fake";
}

const struct machine_kind_ops mut_fake = {
	.name = "fake",
	.disposable = true,
	.memory = fake_memory,
	.domain = fake_domain,
	.prepare = fake_prepare,
	.boot = fake_boot,
	.link = fake_link,
};
