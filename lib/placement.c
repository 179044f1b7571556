/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "placement.h"

#include <errno.h>
#include <numaif.h>
#include <stdint.h>
#include <string.h>

#define PAGE 4096UL
#define MOST 4096

int placement_bind(void *addr, size_t len, int node, struct err *err)
{
	unsigned long mask[PLACEMENT_NODES / 64 + 1] = { 0 };

	if (node < 0)
		return 0;
	if (node >= PLACEMENT_NODES)
		return err_config(err, "node %d: at most %d nodes are known",
				  node, PLACEMENT_NODES);
	mask[node / 64] = 1UL << (node % 64);
	if (!mbind(addr, len, MPOL_BIND, mask, PLACEMENT_NODES + 1, 0))
		return 0;
	/* A kernel without NUMA has one node, and no mbind. */
	if (errno == ENOSYS && node == 0)
		return 0;
	return err_sys(err, errno, "cannot bind memory to node %d", node);
}

int placement_read(const void *addr, size_t len, struct placement *p,
		   struct err *err)
{
	size_t pages = len / PAGE, n = pages < MOST ? pages : MOST;
	void *at[MOST];
	int status[MOST];

	memset(p, 0, sizeof(*p));
	for (size_t i = 0; i < n; i++)
		at[i] = (char *)(uintptr_t)addr + i * pages / n * PAGE;
	if (move_pages(0, n, at, NULL, status, 0))
		return err_sys(err, errno, "cannot ask for the nodes of memory (move_pages)");
	p->asked = n;
	for (size_t i = 0; i < n; i++) {
		if (status[i] >= 0 && status[i] < PLACEMENT_NODES)
			p->on[status[i]]++;
		else if (status[i] == -ENOENT)
			p->absent++;
		else
			p->unknown++;
	}
	return 0;
}

int placement_verify(const struct placement *p, int node, struct err *err)
{
	for (int i = 0; node >= 0 && i < PLACEMENT_NODES; i++)
		if (i != node && p->on[i])
			return err_machine(err, "memory was wanted on node %d, but %zu of %zu "
					   "pages are on node %d", node, p->on[i],
					   p->asked, i);
	return 0;
}
