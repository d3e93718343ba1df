/*
 * The time that has gone by, whatever anybody does to the date.
 */
#ifndef MTASTS_CLOCK_H
#define MTASTS_CLOCK_H

#include <stdint.h>

/* Milliseconds since some moment in the past; never goes back. */
uint64_t clock_ms(void);

#endif
