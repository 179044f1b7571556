/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fake machine under test: one process that answers like a node and its
 * guest, so that the whole chain can be run in seconds without a kernel. The
 * workloads are real and run on this machine; page sizes of layers other than the
 * workload's own are made up, and marked so ("method":"fake").
 *
 * It reads these words from the arm's command line:
 *	kduel.fault=<what>@<op>		a fault of docs/protocol.md; with "/3" at its end
 *					only in blocks 3, 6, 9, ...
 *	kduel.fake-second-level=4k|2m|1g|none	what it claims instead of the arm's size
 *	kduel.fake-walks=0.97		a made-up count of dTLB walks per access
 *	kduel.fake-slow=2		times are twice those measured
 *	kduel.fake-refuse=devdax	a backing that cannot be prepared
 *	kduel.fake-stays-4k		dirty logging leaves 4K mappings behind
 *	kduel.fake-complains		splitting makes the kernel report a bug
 *	kduel.fake-never		a workload is never done, though the machine lives
 *
 * If the arm's kernel is given by a path and is built (a commit, say), the same words
 * are also read from its image, so that a commit can plant what it changes.
 */
#ifndef KDUEL_FAKE_NODE_H
#define KDUEL_FAKE_NODE_H

#include <stdint.h>

struct fake_node {
	int in, out;		/* the stream */
	uint64_t nonce;
	const char *second_level;	/* what it claims; "" = unavailable */
	const char *cmdline;
	unsigned block;
	const char *files_root;	/* of the plan's files here; NULL: there are none */
};

/* Serves until the stream ends or `poweroff`; returns the exit code. */
int fake_node_serve(const struct fake_node *f);

#endif
