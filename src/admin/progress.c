/*
 * The bar of long work; see progress.h.
 */
#include "progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

#define WAIT_MS  500 /* what is done by then needs no bar */
#define AGAIN_MS 100
#define WIDTH    30

/* There is one terminal, and so one bar. */
static struct {
	bool begun, drawn;
	bool wanted; /* stderr is a terminal that can go back in a line */
	uint64_t first, last;
} bar;

static bool
is_capable(void)
{
	const char *terminal = getenv("TERM");

	return isatty(STDERR_FILENO) == 1 &&
	       (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

static void
draw(const char *what, size_t done, size_t total)
{
	static const char full[] = "##############################";
	int part;

	if (total == 0) {
		(void)fprintf(stderr, "\r%s: %zu\033[K", what, done);
	} else {
		if (done > total)
			done = total;
		part = (int)(done * WIDTH / total);
		(void)fprintf(stderr, "\r%s [%-*.*s] %zu of %zu\033[K", what,
		    WIDTH, part, full, done, total);
	}
	(void)fflush(stderr);
	bar.drawn = true;
}

void
progress_show(const char *what, size_t done, size_t total)
{
	uint64_t now;

	if (!bar.begun) {
		bar.begun = true;
		bar.wanted = is_capable();
		bar.first = bar.last = clock_ms();
	}
	if (!bar.wanted)
		return;
	now = clock_ms();
	if (now - bar.first < WAIT_MS || now - bar.last < AGAIN_MS)
		return;
	bar.last = now;
	draw(what, done, total);
}

void
progress_wipe(void)
{
	if (!bar.drawn)
		return;
	(void)fputs("\r\033[K", stderr);
	(void)fflush(stderr);
	bar.drawn = false;
	bar.last = 0;
}

void
progress_end(void)
{
	progress_wipe();
	bar.begun = false;
}
