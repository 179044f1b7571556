/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

int main(void)
{
	fputs("kduel-agent " KDUEL_VERSION "\n", stdout);
	return 0;
}
