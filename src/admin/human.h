/*
 * Times and durations as a person reads them.
 */
#ifndef MTASTS_HUMAN_H
#define MTASTS_HUMAN_H

#include <stdint.h>
#include <time.h>

#include "text.h"

/*
 * Appends seconds in the largest unit that divides them, as text_duration reads
 * them: 7d, 36h, 90s; a year is 1y.
 */
void human_add_duration(struct text *text, uint64_t seconds);

/* The same in words: "7 days", "1 hour". */
void human_add_words(struct text *text, uint64_t seconds);

/* Appends a time in UTC: 2026-11-22, and 2026-11-22T04:51:52Z. */
void human_add_date(struct text *text, time_t time);
void human_add_time(struct text *text, time_t time);

#endif
