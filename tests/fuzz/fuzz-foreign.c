/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as the results of another program: read, judged, or refused. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "file.h"
#include "host-driver/foreign/foreign.h"
#include "target.h"

static char fuzz_folder[] = "/tmp/kduel-fuzz-XXXXXX", fuzz_file[64];

static void fuzz_end(void)
{
	file_remove_tree(fuzz_folder, NULL);
}

void fuzz_begin(void)
{
	if (scratch_make(fuzz_folder, NULL) < 0)
		abort();
	atexit(fuzz_end);
	snprintf(fuzz_file, sizeof(fuzz_file), "%s/f", fuzz_folder);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	static const struct foreign_rule rule = { .kind = RULE_MANN_WHITNEY };
	FILE *to = fopen(fuzz_file, "w");
	struct err err = ERR_INIT;
	struct foreign_rate rate;
	struct comparison c;
	struct foreign f;

	if (!to || (size && fwrite(data, size, 1, to) != 1) || fclose(to))
		abort();
	foreign_init(&f);
	if (!foreign_read(&f, fuzz_file, NULL, 0, &err) && !foreign_compare(&f, &c, &err)) {
		if (foreign_rate(&f, &c, &rule, true, &rate, NULL))
			abort();
		comparison_release(&c);
	}
	foreign_release(&f);
}
