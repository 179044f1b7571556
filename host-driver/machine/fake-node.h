/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A fake machine under test: one process that answers like a node and its
 * guest, so that the whole chain can be run in seconds without a kernel. The
 * workloads are real and run on this machine; what it says of pages outside
 * the workload's own is made up, and says so ("method":"fake").
 *
 * It takes from the arm's command line the faults of docs/protocol.md
 * (kduel.fault=<what>@<op>), kduel.fake-second-level=4k|2m|1g|none for a
 * machine that does not do what its arm claims, kduel.fake-walks=0.97 for a
 * count of dTLB walks, per access, that no processor made, kduel.fake-slow=2 for
 * times that are twice those measured, and kduel.fake-refuse=devdax for a
 * backing that cannot be prepared. kduel.fault=<what>@<op>/3 is a fault of the blocks
 * 3, 6, 9... alone.
 *
 * Where the arm's kernel is a file of its own and built (of a commit, say), the same
 * words are read from its image as well: so a commit can plant what it changes.
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

/* Serves until the stream ends or `poweroff`; what to exit with. */
int fake_node_serve(const struct fake_node *f);

#endif
