/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"
#include "file.h"

int main(int argc, char **argv)
{
	file_hold_stdio();
	return command_main(argc, argv);
}
