/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "profile.h"

#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "file.h"

#define LOOK_NS 2000000

static int profile_write_line(const char *path, const char *mode, const char *a,
			      const char *b, const char *c, struct err *err)
{
	FILE *f = fopen(path, mode);

	if (!f)
		return err_sys(err, errno, "cannot write %s", path);
	fprintf(f, "%s %s %s\n", a, b, c);
	return fclose(f) ? err_sys(err, errno, "cannot write %s", path) : 0;
}

/* Has the plugin written this line? */
static int profile_says(const char *path, const char *line, bool *says, struct err *err)
{
	char *text;
	int ret = file_read(path, &text, NULL, err);

	if (ret)
		return ret;
	*says = strstr(text, line);
	free(text);
	return 0;
}

int profile_start(const char *path, double seconds, struct err *err)
{
	uint64_t until = clock_raw_ns() + seconds * 1e9;
	FILE *f = fopen(path, "ae");
	bool says = false;
	int ret = 0;

	if (!f)
		return err_sys(err, errno, "cannot write %s", path);
	fputs("start\n", f);
	if (fclose(f))
		return err_sys(err, errno, "cannot write %s", path);
	while (!ret && !says && clock_raw_ns() < until) {
		nanosleep(&(struct timespec){ .tv_nsec = LOOK_NS }, NULL);
		ret = profile_says(path, "\nstarted\n", &says, err);
	}
	return ret || says ? ret : err_machine(err, "the emulator's plugin did not hear within %.0f s that it is to begin",
					       seconds);
}

int profile_counts(const char *path, bool *counts, struct err *err)
{
	return profile_says(path, "\ncounting\n", counts, err);
}

static int profile_write_kernel(const char *path, const char *mode, const char *whose,
				const char *image, struct err *err)
{
	char hash[FILE_HASH_MAX];
	int ret = file_hash(image, hash, err);

	return ret ? ret : profile_write_line(path, mode, whose, hash, image, err);
}

int profile_begin(const char *path, const char *mut_image, const char *guest_image,
		  const char *program, struct err *err)
{
	char *copy = strdup(path);
	int ret = copy ? file_mkdirs(dirname(copy), err) : err_sys(err, ENOMEM, "%s", path);

	free(copy);
	if (!ret)
		ret = mut_image ? profile_write_kernel(path, "we", "kernel m", mut_image, err)
				: profile_write_line(path, "we", "kduel-why 5", "vcpus", "0", err);
	if (!ret && guest_image)
		ret = profile_write_kernel(path, "ae", "kernel g", guest_image, err);
	if (!ret && program)
		ret = profile_write_kernel(path, "ae", "program g", program, err);
	return ret;
}

int profile_run(const char *path, unsigned process, const char *cell, struct err *err)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", process);
	return profile_write_line(path, "ae", "run", number, cell, err);
}

/* --- perf ------------------------------------------------------------------------------ */

/* A guest's agent may say anything: one line, one word. */
static bool profile_is_word(const char *name)
{
	if (!*name)
		return false;
	for (const char *c = name; *c; c++)
		if (*c < '!' || *c > '~')
			return false;
	return true;
}

/* [side, samples, name] */
static int profile_write_function(FILE *f, const json_t *one, uint64_t *sum)
{
	const char *side = json_string_value(json_array_get(one, 0));
	const char *name = json_string_value(json_array_get(one, 2));
	json_int_t n = json_integer_value(json_array_get(one, 1));

	if (!side || !name || n <= 0 || !profile_is_word(name))
		return -EINVAL;
	fprintf(f, "f %c %c %lld %s\n", *side == 'g' ? 'g' : 'm',
		strstr(side, "kernel") ? 'k' : 'p', (long long)n, name);
	*sum += n;
	return 0;
}

int profile_sampled(const char *path, unsigned seq, const struct view *reply, struct err *err)
{
	json_t *all = view_json(reply);
	const char *event = json_string_value(json_object_get(all, "sampled"));
	json_t *list = json_object_get(all, "functions"), *one;
	uint64_t sum = 0;
	int ret = 0;
	size_t i;
	FILE *f = fopen(path, "ae");

	if (!f) {
		ret = err_sys(err, errno, "cannot write %s", path);
	} else if (!event || !profile_is_word(event) || !json_is_array(list)) {
		ret = -EINVAL;
	} else {
		fprintf(f, "sampled %s %lld\nregion 0 %u 0\n", event,
			json_integer_value(json_object_get(all, "hz")), seq);
		json_array_foreach(list, i, one)
			ret = ret ? ret : profile_write_function(f, one, &sum);
		fprintf(f, "end %" PRIu64 "\nthings 1\n", sum);
	}
	if (f && fclose(f) && !ret)
		ret = err_sys(err, errno, "cannot write %s", path);
	json_decref(all);
	return ret == -EINVAL ? err_config(err, "the machine's agent gave no list of functions") : ret;
}
