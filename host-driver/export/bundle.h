/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A results folder as one file that proves itself: a tar archive, compressed with
 * zstd, whose bytes depend only on its contents (sorted names, times and owners of
 * zero, one thread).
 *
 *	struct bundle_said said;
 *
 *	if (bundle_write("results/x", "x.kduel.tar.zst", &said, err))
 *		return err->code;
 *	printf("%zu files\n", said.files);
 *	bundle_said_release(&said);
 *
 * In the archive, below one folder: the results folder's own files, kernels/
 * with the configuration, fragments and patches of each kernel as far as this
 * machine still has them, BUNDLE (what this is and how to check it) and SHA256SUMS
 * of all other files.
 *
 * Archives are not trusted when they are read: names that leave their folder, links,
 * devices, more than BUNDLE_FILES_MAX files and more than BUNDLE_BYTES_MAX bytes are
 * refused.
 */
#ifndef KDUEL_BUNDLE_H
#define KDUEL_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "err.h"

#define BUNDLE_FILES_MAX 100000
#define BUNDLE_BYTES_MAX (4ULL << 30)	/* unpacked */
#define BUNDLE_NAME_MAX 1024

struct bundle_said {
	size_t files;
	uint64_t bytes;		/* of all files, unpacked */
	char *missing;		/* what is not in it and why, one per line; or "" */
};
void bundle_said_release(struct bundle_said *said);

/* The archive appears when it is complete. */
int bundle_write(const char *folder, const char *path, struct bundle_said *said,
		 struct err *err);

/*
 * Unpacks into a temporary folder (in TMPDIR), checks every checksum, computes the
 * report again from the journal and compares it with report.json and data/. Each
 * difference is written to `to`, one per line, and counted in proof->unequal.
 * EXIT_CONFIG if `path` is not a bundle.
 */
struct bundle_proof {
	size_t files, numbers, texts, unequal;
};
int bundle_verify(const char *path, FILE *to, struct bundle_proof *proof, struct err *err);

#endif
