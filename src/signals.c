/*
 * The signals that end the service; see signals.h.
 */
#include "signals.h"

#include <stddef.h>

static const int numbers[] = { SIGTERM, SIGINT, SIGUSR1, SIGHUP };

#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static volatile sig_atomic_t caught;

static void
on_signal(int number)
{
	caught = number;
}

void
signals_block(sigset_t *unblocked)
{
	sigset_t blocked;
	size_t i;

	sigemptyset(&blocked);
	for (i = 0; i < NUMBERS; i++)
		sigaddset(&blocked, numbers[i]);
	(void)sigprocmask(SIG_BLOCK, &blocked, unblocked);
	for (i = 0; i < NUMBERS; i++)
		sigdelset(unblocked, numbers[i]);
}

void
signals_handle(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	size_t i;

	for (i = 0; i < NUMBERS; i++)
		(void)sigaction(numbers[i], &action, NULL);
	action.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &action, NULL);
}

void
signals_let_in(const sigset_t *unblocked)
{
	sigset_t blocked;

	(void)sigprocmask(SIG_SETMASK, unblocked, &blocked);
	(void)sigprocmask(SIG_SETMASK, &blocked, NULL);
}

int
signals_caught(void)
{
	return caught;
}
