/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"
#include "options.h"

int main(int argc, char **argv)
{
	program_begin();
	return command_main(argc, argv);
}
