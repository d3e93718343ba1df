/*
 * How far long work has come, as one line on stderr that is drawn over and
 * over: for a person at a terminal, and for nobody else.
 */
#ifndef MTASTS_PROGRESS_H
#define MTASTS_PROGRESS_H

#include <stddef.h>

/*
 * To be called as often as you like. Draws a bar on stderr if that is a
 * terminal and the work has taken a while; total 0 stands for unknown. The work
 * begins with the first call after progress_end or the start.
 */
void progress_show(const char *what, size_t done, size_t total);

/* Wipes the bar away; the next progress_show draws it again. */
void progress_wipe(void);

/* Wipes the bar away; the work is done. */
void progress_end(void);

#endif
