/*
 * Lines of CSV (RFC 4180) that are safe in a spreadsheet, whoever chose the
 * words. Which cells a line has is for others.
 */
#ifndef MTASTS_CSV_H
#define MTASTS_CSV_H

#include "text.h"

/*
 * Appends a cell, and a comma before all but the first one of a line. What
 * begins a formula does so behind an apostrophe: at the start of the cell, and
 * behind a semicolon, since that is where cells begin in countries that write
 * numbers with a comma. Pre: no line end in it, and the first one is not empty.
 */
void csv_add(struct text *text, const char *cell);

/* The same of a number. */
void csv_add_number(struct text *text, uint64_t number);

/*
 * Takes the first cell off a line, but for what follows it, and appends what
 * csv_add had been given. False where quotes do not match.
 */
bool csv_take(struct text_span *line, struct text *cell);

#endif
