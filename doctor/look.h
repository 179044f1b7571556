/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the doctor looks at. All of /proc, /sys and /dev is below `root`, and
 * what only system calls tell comes through functions, so that a test shows it
 * a machine that it made up.
 */
#ifndef KDUEL_LOOK_H
#define KDUEL_LOOK_H

#include <dirent.h>

#include "doctor.h"

struct look_system {
	const char *root;	/* "" */
	/* Is the file accessed by DAX, and does its inode ask for it? -> place */
	void (*attributes)(struct doctor_place *p);
	/* Its extents and its size -> place; a negative errno if they cannot be read. */
	int (*extents)(struct doctor_place *p, struct err *err);
	/* How QEMU's page table maps a range, where smaps does not tell. */
	int (*pages)(pid_t pid, uint64_t addr, uint64_t len, struct page_bytes *p,
		     struct err *err);
	/* The table of a device-mapper volume: "0 8192 linear 259:0 2048". */
	int (*volume)(unsigned major, unsigned minor, char *text, size_t size);
};
extern struct look_system look_system;

/* A file below the root, without its last newline; NULL if it cannot be read. The caller's. */
char *look_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Its number; false if there is none. */
bool look_number(uint64_t *value, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Its first line, or the word in brackets if it has one; "" if there is no file. */
void look_word(char *word, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Y or 1, N or 0. */
enum doctor_answer look_switch(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A folder below the root; NULL if it cannot be read. The caller's, for closedir(). */
DIR *look_folder(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The last part of where a link leads; "" if there is none. */
void look_link(char *name, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Notes that a layer could not be read. */
void look_blind(struct doctor_case *c, const char *layer, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The parts of a case, each in a file of its own. */
int look_process(struct doctor_case *c, struct err *err);
/* Fills c->place for a path; an error if nothing is known of it. */
int look_place(struct doctor_case *c, const char *path, struct err *err);
/* The first filesystem that is mounted from persistent memory. */
void look_pmem_mount(struct doctor_case *c);
/* The first namespace of persistent memory; p->nd is "" if there is none. */
void look_first_namespace(struct doctor_place *p);

#endif
