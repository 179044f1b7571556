/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stop.h"

#include <signal.h>
#include <stddef.h>

#define SIGNALS 3

static const int stop_signals[SIGNALS] = { SIGINT, SIGTERM, SIGHUP };
static struct sigaction stop_before[SIGNALS];
static volatile sig_atomic_t asked;

static void stop_on_signal(int signo)
{
	(void)signo;
	asked = 1;
	for (size_t i = 0; i < SIGNALS; i++)
		signal(stop_signals[i], SIG_DFL);
}

void stop_catch(void)
{
	struct sigaction act = { .sa_handler = stop_on_signal };

	asked = 0;
	for (size_t i = 0; i < SIGNALS; i++) {
		sigaction(stop_signals[i], NULL, &stop_before[i]);
		/* nohup's wish comes first. */
		if (stop_signals[i] != SIGHUP || stop_before[i].sa_handler != SIG_IGN)
			sigaction(stop_signals[i], &act, NULL);
	}
}

bool stop_asked(void)
{
	return asked;
}

void stop_release(void)
{
	for (size_t i = 0; i < SIGNALS; i++)
		sigaction(stop_signals[i], &stop_before[i], NULL);
}
