/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine behind ssh, with an ssh that is a script and writes down its arguments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host-driver/machine/machine.h"
#include "lib/file.h"

/*
 * Does what the remote shell would: kexec changes the boot id, cat > writes a
 * file, the agent echoes. Each call's arguments are one line of `log`.
 */
static const char fake_ssh[] =
	"#!/bin/sh\n"
	"cd \"$(dirname \"$0\")\"\n"
	"echo \"$@\" >> log\n"
	"for last; do :; done\n"
	"case $last in\n"
	"*boot_id*uname*) cat id; cat release;;\n"
	"*boot_id) cat id;;\n"
	"*'kexec -l'*) sh ./kexec && echo 22222222-2222-2222-2222-222222222222 > id;;\n"
	"'cat > '*) cat > \"$(basename \"${last#cat > }\")\";;\n"
	"'kduel-agent --domain') cat domain;;\n"
	"kduel-agent\\ --device=*) echo 16 GiB, mounted on /mnt;;\n"
	"kduel-agent*) cat;;\n"
	"esac\n";

static char folder[] = "/tmp/kduel-ssh-XXXXXX";
static char *old_path;
static struct plan_arm arm = { .name = "6.1", .cmdline = (char *)"it's kvm.tdp_mmu=N" };
static struct plan plan = { .machine = { .host = (char *)"root@mut" } };

static char *in_folder(const char *name)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
	return path;
}

static void put(const char *name, const char *text)
{
	char *path = in_folder(name);

	assert_int_equal(file_publish(path, text, strlen(text), NULL), 0);
	assert_int_equal(chmod(path, 0755), 0);
	free(path);
}

static int make_folder(void **state)
{
	char *path;

	(void)state;
	if (scratch_make(folder, NULL) < 0)
		return -1;
	old_path = strdup(getenv("PATH"));
	assert_true(asprintf(&path, "%s:%s", folder, old_path) > 0);
	setenv("PATH", path, 1);
	setenv("XDG_CACHE_HOME", folder, 1);
	setenv("KDUEL_AGENT", "/bin/true", 1);
	free(path);
	put("ssh", fake_ssh);
	put("kernel", "a guest's kernel\n");
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	setenv("PATH", old_path, 1);
	free(old_path);
	return file_remove_tree(folder, NULL);
}

static int fresh(void **state)
{
	(void)state;
	put("log", "");
	put("id", "11111111-1111-1111-1111-111111111111\n");
	put("release", "6.1.192\n");
	put("domain", "nested\n");
	put("kexec", "");
	return 0;
}

static void logged(const char *want)
{
	char *path = in_folder("log"), *text;

	assert_int_equal(file_read(path, &text, NULL, NULL), 0);
	if (!strstr(text, want))
		fail_msg("'%s' was not run; but\n%s", want, text);
	free(text);
	free(path);
}

static int open_machine(struct machine *m, struct loop **l, struct err *err)
{
	char *kernel = in_folder("kernel");
	int ret = loop_new(l, err);

	plan.machine.kind = machine_kind_find("ssh");
	machine_init(m, machine_ops(&plan), &plan, *l);
	if (!ret)
		ret = machine_prepare(m, kernel, err);
	/* Owned by the test for the machine's life. */
	plan.question = kernel;
	return ret;
}

static void close_machine(struct machine *m, struct loop *l)
{
	machine_release(m);
	loop_free(l);
	free(plan.question);
}

static void boots_by_kexec_and_opens_the_stream(void **state)
{
	struct machine_boot b = { .arm = &arm, .release = "6.1.192", .nonce = 0x1f };
	double ahead;
	struct pollfd fd = { .events = POLLIN };
	struct machine m;
	struct loop *l;
	struct stat st;
	char echo[4] = "", *path;

	(void)state;
	assert_int_equal(open_machine(&m, &l, NULL), 0);
	logged("-T -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=5 root@mut");
	assert_string_equal(machine_domain(&m), "nested");
	assert_int_equal(machine_boot(&m, &b, &ahead, NULL), 0);
	logged("own=$(sed 's/ kduel.arm.*//' /proc/cmdline) && "
	       "kexec -l /boot/vmlinuz-6.1.192 --initrd=/boot/initrd.img-6.1.192 "
	       "--command-line=\"$own kduel.arm \"'it'\\''s kvm.tdp_mmu=N' && {");
	logged("cat > /run/kduel-guest-kernel");
	path = in_folder("kduel-guest-kernel");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 17);
	free(path);
	assert_int_equal(write(m.link_out, "hey", 3), 3);
	fd.fd = m.link_in;
	assert_int_equal(poll(&fd, 1, 5000), 1);
	assert_int_equal(read(m.link_in, echo, 3), 3);
	assert_string_equal(echo, "hey");
	logged("root@mut kduel-agent --role=node --stdio --nonce=000000000000001f");
	close_machine(&m, l);
}

static void another_kernel_is_refused(void **state)
{
	struct machine_boot b = { .arm = &arm, .release = "6.1.192", .nonce = 1 };
	double ahead;
	struct err err = ERR_INIT;
	struct machine m;
	struct loop *l;

	(void)state;
	put("release", "6.1.192-other\n");
	assert_int_equal(open_machine(&m, &l, NULL), 0);
	assert_true(machine_boot(&m, &b, &ahead, &err) < 0);
	assert_non_null(strstr(err.text, "not with kernel 6.1.192"));
	close_machine(&m, l);
}

/* At once, and not after the time that a boot may take. */
static void a_kernel_that_cannot_be_loaded(void **state)
{
	struct machine_boot b = { .arm = &arm, .release = "6.1.192", .nonce = 1 };
	struct err err = ERR_INIT;
	struct machine m;
	struct loop *l;
	double ahead;

	(void)state;
	put("kexec", "echo 'Cannot open /boot/vmlinuz-6.1.192' >&2; exit 1\n");
	assert_int_equal(open_machine(&m, &l, NULL), 0);
	assert_true(machine_boot(&m, &b, &ahead, &err) < 0);
	assert_non_null(strstr(err.text, "root@mut: cannot load kernel 6.1.192, which must be installed there in /boot"));
	assert_non_null(strstr(err.text, "Cannot open /boot/vmlinuz-6.1.192"));
	close_machine(&m, l);
}

/* A release comes from a kernel's own text: no shell may see anything else. */
static void a_release_is_no_shell_command(void **state)
{
	struct machine_boot b = { .arm = &arm, .release = "6.1; reboot", .nonce = 1 };
	double ahead;
	struct err err = ERR_INIT;
	struct machine m;
	struct loop *l;

	(void)state;
	assert_int_equal(open_machine(&m, &l, NULL), 0);
	assert_true(machine_boot(&m, &b, &ahead, &err) < 0);
	assert_int_equal(err.exit, EXIT_CONFIG);
	close_machine(&m, l);
}

/* Before anything is overwritten there. */
static void what_a_device_holds_is_asked(void **state)
{
	char text[200];

	(void)state;
	plan.machine.kind = machine_kind_find("ssh");
	machine_ops(&plan)->describe(&plan, "/dev/pmem0", text, sizeof(text));
	assert_string_equal(text, "on root@mut: 16 GiB, mounted on /mnt");
	logged("root@mut kduel-agent --device=/dev/pmem0");
}

static void a_host_that_cannot_be_reached(void **state)
{
	struct err err = ERR_INIT;
	struct machine m;
	struct loop *l;
	char text[200];

	(void)state;
	put("ssh", "#!/bin/sh\necho 'Permission denied' >&2\nexit 255\n");
	assert_true(open_machine(&m, &l, &err) < 0);
	assert_int_equal(err.exit, EXIT_MACHINE);
	assert_non_null(strstr(err.text, "root@mut"));
	assert_non_null(strstr(err.text, "Permission denied"));
	close_machine(&m, l);
	machine_ops(&plan)->describe(&plan, "namespace0.0", text, sizeof(text));
	assert_non_null(strstr(text, "what it holds is unknown here"));
	put("ssh", fake_ssh);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(boots_by_kexec_and_opens_the_stream, fresh),
		cmocka_unit_test_setup(another_kernel_is_refused, fresh),
		cmocka_unit_test_setup(a_kernel_that_cannot_be_loaded, fresh),
		cmocka_unit_test_setup(a_release_is_no_shell_command, fresh),
		cmocka_unit_test_setup(what_a_device_holds_is_asked, fresh),
		cmocka_unit_test_setup(a_host_that_cannot_be_reached, fresh),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
