/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A results folder as one file that proves itself: a tar archive, compressed
 * with zstd, whose bytes depend on what is in it and on nothing else (sorted names,
 * times and owners of zero, one thread).
 *
 *	struct bundle_said said;
 *
 *	if (bundle_write("results/x", "x.kduel.tar.zst", &said, err))
 *		return err->code;
 *	printf("%zu files\n", said.files);
 *	bundle_said_release(&said);
 *
 * In the archive, below one folder: the results folder's own files, kernels/
 * with the configuration, fragments and patches of each kernel that this
 * machine still has, BUNDLE (what this is and how to check it) and SHA256SUMS of all
 * others.
 *
 * Archives are not trusted when they are read: names that leave their folder,
 * links, devices, more than BUNDLE_FILES_MAX files or BUNDLE_BYTES_MAX bytes are refused
 * before anything of them is believed.
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
	char *missing;		/* what is not in it and why, a line each; "" */
};
void bundle_said_release(struct bundle_said *said);

/* The archive appears when it is complete. */
int bundle_write(const char *folder, const char *path, struct bundle_said *said,
		 struct err *err);

/*
 * Unpacks `path` into the new folder `into`, a file for each of the archive's, below
 * the archive's one folder, whose name becomes *name (the caller's).
 */
int bundle_unpack(const char *path, const char *into, char **name, struct err *err);

/*
 * Unpacks into a folder of its own (in TMPDIR), checks every checksum, computes the report
 * again from the journal and holds it against report.json and data/.
 * What is not equal is said in `to`, a line each, and makes *equal false. An
 * archive that is none is EXIT_CONFIG.
 */
struct bundle_proof {
	size_t files, numbers, texts, unequal;
};
int bundle_verify(const char *path, FILE *to, struct bundle_proof *proof, struct err *err);

#endif
