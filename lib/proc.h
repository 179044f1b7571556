/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Child processes. Every child is held by a pidfd, so that it can be waited
 * for in a loop (loop_add_child) and never confused with another process, and
 * is sent SIGKILL by the kernel when the thread that started it dies, however
 * it dies: nothing that was started here outlives the driver.
 *
 *	struct proc p;
 *	struct proc_options o = { .argv = argv, .out = PROC_PIPE };
 *
 *	if (proc_spawn(&p, &o, err))	// says "cannot run qemu...: No such file"
 *		return err->code;
 *	...	// read p.out
 *	proc_release(&p);		// kills it if it still runs
 */
#ifndef KDUEL_PROC_H
#define KDUEL_PROC_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

/* Values for proc_options.in/out/err other than a descriptor > 0. */
#define PROC_NULL 0	/* /dev/null, the default */
#define PROC_PIPE (-1)	/* a pipe; our end is in struct proc, non-blocking */
#define PROC_INHERIT (-2)

/* A set of CPUs for the largest machines: one cpu_set_t has room for 1024 only. */
struct proc_cpus {
	cpu_set_t set[8];
};

struct proc_options {
	const char *const *argv;	/* NULL-terminated; argv[0] looked up in PATH */
	const char *root;		/* root folder, NULL: ours; only root can set it */
	const char *dir;		/* working directory, NULL: ours, or the top of `root` */
	int in, out, err;
	/*
	 * Further descriptors to hand over, -1-terminated; they keep their
	 * numbers. Everything else is closed at exec by O_CLOEXEC.
	 */
	const int *keep;
	/*
	 * Keeps the user's settings out of what the program does. Of our
	 * environment the child gets only what it needs to find programs and the network
	 * (PATH, HOME, TMPDIR, proxies), and LC_ALL=C; its umask is 022. Settings files
	 * below HOME are the program's own matter: switch them off by its options or
	 * with `env`.
	 */
	bool clean;
	const char *const *env;	/* "NAME=value", NULL-terminated, set on top */
	/*
	 * For proc_capture(): asked four times a second (NULL: never). A value
	 * other than 0 ends the command and is returned; `stop` sets the error.
	 */
	int (*stop)(void *arg, struct err *err);
	void *stop_arg;
	/*
	 * What it starts ends with it and with us, too: proc_release() and our death kill
	 * all of its process group. For make, whose compilers would otherwise run on.
	 */
	bool tree;
	bool as_user;		/* run it as uid and gid, without other groups */
	uid_t uid;
	gid_t gid;
	const struct proc_cpus *cpus;	/* those it may run on; NULL: ours */
};

struct proc {
	pid_t pid;		/* 0: not running (reaped, or never started) */
	int pidfd;		/* -1 when there is none */
	int in, out, err;	/* our ends of the pipes; -1 when there is none */
	pid_t guard;		/* proc_options.tree: leads the process group, ends it; or 0 */
};

/* A struct proc that owns nothing: proc_release() on it is a no-op. */
#define PROC_INIT { 0, -1, -1, -1, -1, 0 }

int proc_spawn(struct proc *p, const struct proc_options *o, struct err *err);

/*
 * Runs fn(arg) in a child that exits with what it returns. It has all our
 * open files, must not return into our code, and dies with us like the others.
 */
int proc_fork(struct proc *p, int (*fn)(void *arg), void *arg,
	      struct err *err);

/*
 * Waits for the end, at most `seconds` (negative: for ever). 0 with *status as
 * from waitpid(2), or -ETIME; the child then still runs.
 */
int proc_wait(struct proc *p, double seconds, int *status);

/* Someone else reaped it (loop_add_child): forget the pid, keep the pipes. */
void proc_reaped(struct proc *p);

/* Sends `signo` if it still runs; the second, to its whole process group. */
void proc_signal(struct proc *p, int signo);
void proc_signal_group(struct proc *p, int signo);

/* SIGKILL if it still runs, reap, close everything. Safe to call again. */
void proc_release(struct proc *p);

/*
 * Runs a command to its end, at most `seconds`, and captures stdout and stderr
 * together. Fails, with the command and its last lines, if the command cannot
 * be started, is stopped by a signal or the time limit, or exits with anything
 * but 0. `output` (may be NULL) is then NULL, else the caller's to free.
 */
int proc_run(const char *const argv[], double seconds, char **output,
	     struct err *err);

/*
 * The same for a program whose output is data: `output` gets what it writes to
 * stdout, with a NUL after its `*len` bytes (`len` may be NULL), and an error
 * text what it writes to stderr. All of `o` counts except out and err.
 */
int proc_capture(const struct proc_options *o, double seconds, char **output,
		 size_t *len, struct err *err);

/* Two connected stream sockets, close-on-exec: a child's link or console. */
int proc_socketpair(int ends[2], struct err *err);

/* "exit 3", "killed by signal 9 (Killed)". Returns `buf`. */
const char *proc_status_text(int status, char *buf, size_t size);

/* The path of the program of this name in PATH, which the caller frees; NULL if none. */
char *proc_find(const char *name);

/* "qemu -m 3G 'a b'": a command as a shell would take it; caller frees. */
char *proc_command_text(const char *const argv[]);

/* --- the wish to stop --- */

/*
 * The user's wish to stop, where no loop runs: Ctrl-C, SIGTERM, or SIGHUP when a
 * connection is lost. The first one is remembered, for work that ends its children
 * in order; the second one ends the program at once. stop_catch() forgets earlier ones.
 * stop_hears(): does `signo` mean that wish? SIGHUP does not under nohup.
 *
 *	stop_catch();
 *	while (!stop_asked())
 *		...	// a part of the work, until it is done
 *	stop_release();		// as before stop_catch()
 */
bool stop_hears(int signo);
void stop_catch(void);
bool stop_asked(void);
void stop_release(void);

/* --- arguments --- */

/*
 * An argument list that grows. Every string is copied and owned by the list;
 * running out of memory is remembered and reported once, at the end, by args_done().
 *
 *	struct args a = ARGS_INIT;
 *
 *	args_add(&a, "qemu-system-x86_64");
 *	args_add(&a, "-m");
 *	args_addf(&a, "%uM", n);
 *	ret = args_done(&a, err);
 *	if (!ret)
 *		proc_options.argv = args_argv(&a);	// NULL-terminated
 *	args_release(&a);
 */
struct args {
	char **v;	/* NULL-terminated once anything was added */
	size_t n;
	bool failed;	/* out of memory: the list is not complete */
};

#define ARGS_INIT { NULL, 0, false }

void args_add(struct args *a, const char *word);
void args_addf(struct args *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Adds each word up to a NULL: args_add_all(a, "-serial", "null", NULL). */
void args_add_all(struct args *a, ...) __attribute__((sentinel));

/* 0, or -ENOMEM if any of the above failed. */
int args_done(const struct args *a, struct err *err);

static inline const char *const *args_argv(const struct args *a)
{
	return (const char *const *)a->v;
}

void args_release(struct args *a);

/* --- elf-needs.c --- */

/*
 * What a program needs beside itself to start: its interpreter and libraries,
 * asked of the dynamic linker itself, so that the answer is the one it acts on.
 */

/* The program that an ELF file names to load it, the caller's; NULL for any other file. */
int elf_interpreter(const char *path, char **linker, struct err *err);

/*
 * Adds the absolute path of each to `needs`: nothing for a static program or
 * anything that is not an ELF file. A library that is not found is an error that names it.
 */
int elf_needs(const char *path, struct args *needs, struct err *err);

/*
 * How many bytes from the file's start are ever loaded; the rest are sections
 * for linkers and debuggers. The file's size if it is not an ELF file.
 */
int elf_loaded_size(const char *path, uint64_t *size, struct err *err);

#endif
