/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "lib/proc.h"
#include "machine/machine.h"
#include "plan/plan-files.h"
#include "safe.h"

static char folder[] = "/tmp/kduel-rootfs-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return scratch_make(folder, NULL) >= 0 && !setenv("XDG_CACHE_HOME", folder, 1) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return file_remove_tree(folder, NULL);
}

static char *below(const char *tree, const char *name)
{
	return text_format("%s/%s%s%s", folder, tree, *name ? "/" : "", name);
}

static void put(const char *tree, const char *name, const void *data, size_t len, mode_t mode)
{
	char *path = below(tree, name), *slash = strrchr(path, '/');

	*slash = '\0';
	assert_int_equal(file_mkdirs(path, NULL), 0);
	*slash = '/';
	assert_int_equal(file_publish(path, data, len, NULL), 0);
	assert_int_equal(chmod(path, mode), 0);
	free(path);
}

static void link_to(const char *tree, const char *name, const char *target)
{
	char *path = below(tree, name);

	unlink(path);
	assert_int_equal(symlink(target, path), 0);
	free(path);
}

/* A program that is nothing but a header; of `machine`, with an interpreter or without. */
static void put_elf(const char *tree, const char *name, unsigned machine, const char *linker)
{
	struct {
		Elf64_Ehdr h;
		Elf64_Phdr p;
		char linker[64];
	} elf = { .h = { .e_machine = machine, .e_phoff = sizeof(Elf64_Ehdr),
			 .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = linker ? 1 : 0 } };

	memcpy(elf.h.e_ident, ELFMAG "\2\1\1", 7);
	elf.p = (Elf64_Phdr){ .p_type = PT_INTERP, .p_offset = sizeof(elf.h) + sizeof(elf.p),
			      .p_filesz = sizeof(elf.linker) };
	snprintf(elf.linker, sizeof(elf.linker), "%s", linker ? linker : "");
	put(tree, name, &elf, sizeof(elf), 0755);
}

static void make_tree(const char *tree)
{
	put_elf(tree, "bin/busybox", EM_X86_64, NULL);
	put_elf(tree, "usr/bin/dynamic", EM_X86_64, "/lib64/ld.so");
	put_elf(tree, "bin/arm", EM_AARCH64, NULL);
	put(tree, "bin/run.sh", "#!/bin/sh\n", 10, 0755);
	put(tree, "bin/py", "#!/usr/bin/env python9\n", 23, 0755);
	put(tree, "bin/text", "hello\n", 6, 0755);
	put(tree, "data/odd\nname\xff", "12.5\n", 5, 0644);
	link_to(tree, "bin/sh", "/bin/busybox");
	link_to(tree, "bin/out", "../../../../bin/run.sh");
	link_to(tree, "bin/loop", "loop");
}

static struct plan_rootfs keep(const char *tree)
{
	struct plan_rootfs r;
	struct err err = ERR_INIT;
	char *path = below(tree, "");

	if (plan_rootfs_keep(path, &r, &err))
		fail_msg("%s", err.text);
	free(path);
	return r;
}

static void is_known_by_its_content(void **state)
{
	struct plan_rootfs a, b;
	char *path;

	(void)state;
	make_tree("one");
	make_tree("two");
	a = keep("one");
	b = keep("two");
	assert_string_equal(a.hash, b.hash);
	assert_int_equal(strlen(a.id), EXEC_ROOTFS_ID);
	put("two", "data/in", "x", 1, 0644);
	b = keep("two");
	assert_string_not_equal(a.hash, b.hash);
	path = below("two", "data/in");
	unlink(path);
	free(path);
	assert_string_equal(keep("two").hash, a.hash);
	path = below("two", "bin/text");
	assert_int_equal(chmod(path, 0644), 0);
	assert_string_not_equal(keep("two").hash, a.hash);
	assert_int_equal(chmod(path, 0755), 0);
	free(path);
	link_to("two", "bin/sh", "busybox");
	assert_string_not_equal(keep("two").hash, a.hash);
}

/* Whatever bytes a name has, it is in the archive, below the folder of its id. */
static void small_ones_are_archives(void **state)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	struct plan_rootfs r;
	char *path, *odd, text[16];
	bool found = false;

	(void)state;
	make_tree("one");
	r = keep("one");
	path = plan_rootfs_archive(&r);
	assert_non_null(path);
	odd = text_format("rootfs/%s/data/odd\nname\xff", r.id);
	archive_read_support_format_cpio(a);
	assert_int_equal(archive_read_open_filename(a, path, 4096), ARCHIVE_OK);
	while (archive_read_next_header(a, &e) == ARCHIVE_OK) {
		assert_int_equal(archive_entry_uid(e), 0);
		assert_int_equal(archive_entry_mtime(e), 0);
		if (strcmp(archive_entry_pathname(e), odd))
			continue;
		found = true;
		assert_int_equal(archive_read_data(a, text, sizeof(text)), 5);
		assert_memory_equal(text, "12.5\n", 5);
	}
	assert_true(found);
	archive_read_free(a);
	free(odd);
	free(path);
}

/* The same tree elsewhere and later gives the same bytes, where mksquashfs is here. */
static void images_repeat(void **state)
{
	char *tool = proc_find("mksquashfs"), *path, hash[2][FILE_HASH_MAX];
	struct plan_rootfs r;

	(void)state;
	if (!tool)
		skip();
	free(tool);
	setenv("SOURCE_DATE_EPOCH", "1", 1);
	for (int i = 0; i < 2; i++) {
		make_tree(i ? "two" : "one");
		r = keep(i ? "two" : "one");
		path = plan_rootfs_image(&r);
		assert_non_null(path);
		assert_int_equal(file_hash(path, hash[i], NULL), 0);
		unlink(path);
		free(path);
	}
	unsetenv("SOURCE_DATE_EPOCH");
	assert_string_equal(hash[0], hash[1]);
}

static void says(const char *command, const char *in, const char *text)
{
	struct args words = ARGS_INIT;
	struct err err = ERR_INIT;
	char *path = below("one", "");
	int ret;

	assert_int_equal(exec_words(command, &words, NULL), 0);
	ret = plan_rootfs_check(path, &words, in, &err);
	if (!text && ret)
		fail_msg("%s: %s", command, err.text);
	if (text && (!ret || err.exit != EXIT_CONFIG || !strstr(err.text, text)))
		fail_msg("%s: '%s' does not say '%s'", command, err.text, text);
	args_release(&words);
	free(path);
}

static void a_command_must_run_in_it(void **state)
{
	(void)state;
	make_tree("one");
	says("run.sh", NULL, NULL);
	says("/bin/sh -c x", NULL, NULL);
	says("./sh", "bin", NULL);
	says("bin/out", NULL, NULL);		/* a link that leads out of this tree, but not in it */
	says("../../bin/sh", "data", NULL);	/* nothing is above the root */
	says("bash", NULL, "in none of the folders for programs");
	says("./sh", "data", "not in");
	says("sh", "nowhere", "the folder to run in, nowhere");
	says("/data", NULL, "not executable");
	says("bin/loop", NULL, "Too many levels");
	says("bin/text", NULL, "neither a program nor a script");
	says("arm", NULL, "is a program for arm64, and the guest is x86-64");
	says("dynamic", NULL, "needs /lib64/ld.so to run");
	says("py", NULL, "/usr/bin/env is not in");
	link_to("one", "usr/bin/env", "/bin/busybox");
	says("py", NULL, "'python9' is in none");
	put("one", "lib64/ld.so", "x", 1, 0755);
	says("dynamic", NULL, NULL);
}

static void what_is_wrong_with_a_tree(void **state)
{
	struct err err = ERR_INIT;
	struct plan_rootfs r;
	char *path = below("empty", "");

	(void)state;
	assert_int_not_equal(plan_rootfs_keep(path, &r, &err), 0);
	assert_non_null(strstr(err.text, "No such file"));
	assert_int_equal(file_mkdirs(path, NULL), 0);
	err = (struct err)ERR_INIT;
	assert_int_not_equal(plan_rootfs_keep(path, &r, &err), 0);
	assert_non_null(strstr(err.text, "is empty"));
	free(path);
}

static void options_that_are_missing_are_named(void **state)
{
	char text[200], *path = below("config", "");
	const char *config = "# x\nCONFIG_BLK_DEV=y\nCONFIG_VIRTIO_BLK=m\nCONFIG_SQUASHFS=y\n"
			     "CONFIG_SQUASHFS_ZLIB=y\n";

	(void)state;
	assert_int_equal(file_publish(path, config, strlen(config), NULL), 0);
	assert_string_equal(boot_rootfs_lacks(path, text),
			    "the guest's kernel lacks CONFIG_VIRTIO_BLK");
	config = "# x\nCONFIG_BLK_DEV=y\nCONFIG_VIRTIO_BLK=y\nCONFIG_SQUASHFS=y\nCONFIG_SQUASHFS_ZLIB=y\n";
	assert_int_equal(file_publish(path, config, strlen(config), NULL), 0);
	assert_string_equal(boot_rootfs_lacks(path, text), "");
	assert_non_null(strstr(boot_rootfs_lacks(NULL, text), "not known"));
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_known_by_its_content),
		cmocka_unit_test(small_ones_are_archives),
		cmocka_unit_test(images_repeat),
		cmocka_unit_test(a_command_must_run_in_it),
		cmocka_unit_test(what_is_wrong_with_a_tree),
		cmocka_unit_test(options_that_are_missing_are_named),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
