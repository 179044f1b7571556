/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of the workload exec, which runs a command of the user's: what was
 * asked for (exec-spec.c), one run of it and its largest mapping meanwhile
 * (exec-child.c), and the numbers in what it printed (exec-format.c, exec-json.c).
 * docs/exec.md is the user's manual.
 *
 *	struct exec_spec spec;
 *	struct exec_run run;
 *
 *	ret = exec_spec_init(&spec, params, err);
 *	if (!ret)
 *		ret = exec_child_run(&spec, NULL, NULL, NULL, &run, err);
 *	...	// run.wall_ns, run.usage; exec_value_of() for each metric
 *	exec_run_release(&run);
 *	exec_spec_release(&spec);
 *
 * Nothing here is trusted: not the parameters, which an agent gets over a wire,
 * and not the output, which is bounded and made safe before it is shown.
 */
#ifndef KDUEL_EXEC_H
#define KDUEL_EXEC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include "err.h"
#include "pages.h"
#include "proc.h"
#include "workload.h"

#define EXEC_FOLDER "/exec"	/* where relative paths of `files` lie in a guest */
#define EXEC_ROOTFS "/rootfs"	/* `rootfs` is a folder there, named by */
#define EXEC_ROOTFS_ID 20	/* so many digits of its hash, which fit a disk's serial number */
#define EXEC_METRICS_MAX 64

/* Where a guest looks for programs, as its PATH (guest-agent/init.c) says; ends in NULL. */
extern const char *const exec_places[];

#define EXEC_SELECT_MAX 200	/* bytes of a regex, path or pattern */

/* Why a run does not count; each is a class of its own (lib/message.h). */
#define EXEC_EXIT (-EBADE)	/* exit status that is not 0 */
#define EXEC_SIGNAL (-EOWNERDEAD)
#define EXEC_LIMIT (-EDOTDOT)	/* its time limit */
#define EXEC_MISSING (-EL2NSYNC)	/* a metric is not in the output, or is not a number */
#define EXEC_FLOOD (-EXFULL)	/* too much output */

struct exec_format;

struct exec_metric {
	struct workload_metric metric;	/* its texts belong to the spec's JSON */
	const struct exec_format *format;
	const char *select;	/* of the format: a regex, a path, a pattern of keys; or "" */
	const char *which;	/* regex: "first", "last", "min", ... of several matches */
};

struct exec_spec {
	json_t *params;		/* a copy; texts below point into it */
	struct args argv, env;	/* words; "NAME=value" */
	const char *folder;	/* to run in; NULL: where we are */
	const char *root;	/* its root; NULL: ours */
	bool as_user;
	unsigned uid, gid;
	double limit_s;		/* of one run */
	uint64_t output;	/* bytes of each of stdout and stderr */
	unsigned warmup;
	bool proof;
	struct exec_metric metrics[EXEC_METRICS_MAX];
	size_t n_metrics;
	char field[80];		/* of an error: "metrics[1].regex", "" */
};

/* Is it a hash: 64 hexadecimal digits, in lower case? */
bool exec_is_hash(const char *text);

extern const struct param exec_params[];
extern const struct workload_metric exec_metrics[];

/*
 * Reads an object of exec's parameters. Whatever can be known to be wrong without
 * running anything is EXIT_CONFIG, and spec->field says where. To be released
 * whatever the outcome.
 */
int exec_spec_init(struct exec_spec *s, const json_t *params, struct err *err);
void exec_spec_release(struct exec_spec *s);

/*
 * A command as words: split at blanks; '...' is literal, in "..." a backslash
 * quotes \ " $ and `, elsewhere it quotes any character. What only a shell could
 * do (| & ; < > ( ) $ ` * ? [ ~) is refused where it is not quoted.
 */
int exec_words(const char *text, struct args *words, struct err *err);

/* "us": its kind; EXIT_CONFIG with the nearest one if it is not known. */
int exec_unit(const char *unit, enum value_kind *kind, struct err *err);

/* --- the numbers in an output ------------------------------------------------- */

struct exec_output {
	char *out, *err;	/* what it wrote, NUL-terminated; may hold other NULs */
	size_t out_len, err_len;
};

/* One number that an output has, by the name the format gives it. */
struct exec_value {
	char *key;
	double value;
};
struct exec_values {
	struct exec_value *v;
	size_t n, room;
};

struct exec_format {
	const char *name;	/* "fio" */
	/*
	 * Returns why `select` is wrong, a static text, or NULL. NULL where it is a pattern
	 * of keys.
	 */
	const char *(*check)(const char *select);
	/* All numbers of the output; EXEC_MISSING if it is not of this format. */
	int (*parse)(const struct exec_output *o, struct exec_values *v, struct err *err);
	/* Or the one that is selected, of formats without keys. */
	int (*find)(const struct exec_output *o, const struct exec_metric *m, double *value,
		    struct err *err);
};

/* EXIT_CONFIG with the nearest name if there is none. */
int exec_format_find(const char *name, const struct exec_format **f, struct err *err);

/* The metric's number: finite and below 1e30, or EXEC_MISSING with what there was. */
int exec_value_of(const struct exec_metric *m, const struct exec_output *o, double *value,
		  struct err *err);

/* For parsers: takes a copy of the key; "a/b" where `under` is "a". */
void exec_values_add(struct exec_values *v, const char *under, const char *key, double value);
void exec_values_release(struct exec_values *v);

/* The first lines of an output, made safe, at most `size` bytes with the NUL. */
const char *exec_first_lines(const struct exec_output *o, char *buf, size_t size);

int exec_parse_google(const struct exec_output *o, struct exec_values *v, struct err *err);
int exec_parse_hyperfine(const struct exec_output *o, struct exec_values *v, struct err *err);
int exec_parse_fio(const struct exec_output *o, struct exec_values *v, struct err *err);
const char *exec_path_check(const char *select);
int exec_path_find(const struct exec_output *o, const struct exec_metric *m, double *value,
		   struct err *err);

/* --- one run --------------------------------------------------------------------- */

/* The largest mapping of a process and its children, at its fullest. */
struct exec_watch {
	struct page_bytes pages;	/* as pages_read() gives them */
	uint64_t start, end;
	unsigned readings;
	char why[200];			/* why the last reading failed; "" */
};

struct exec_run {
	double wall_ns;
	struct rusage usage;	/* of it and of its children that it waited for */
	struct exec_output output;
};

struct exec_timer {		/* around the run; may be NULL */
	void (*begin)(void *arg);
	double (*end)(void *arg);	/* ns */
	void *arg;
};

/*
 * Runs the command once, in a process group of its own that is gone when this
 * returns. `cpus` it may run on (NULL: ours). `watch` (may be NULL) is filled
 * while it runs, which costs time: not for a timed run. To be released in any
 * case.
 */
int exec_child_run(const struct exec_spec *s, const struct proc_cpus *cpus, struct exec_watch *watch,
		   const struct exec_timer *timer, struct exec_run *run, struct err *err);
void exec_run_release(struct exec_run *run);
/* For a signal handler: kills all processes of the run in progress. */
void exec_child_kill(void);

/*
 * Such a run, and all that is measured of it: v[] gets the values of exec_metrics[],
 * then those of the spec's metrics. All or none.
 */
enum { EXEC_WALL, EXEC_CPU, EXEC_MINOR, EXEC_MAJOR, EXEC_RSS, EXEC_ALWAYS };
int exec_run_values(const struct exec_spec *s, const struct proc_cpus *cpus, struct exec_watch *watch,
		    const struct exec_timer *timer, double *v, struct err *err);

#endif
