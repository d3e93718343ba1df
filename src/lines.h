/*
 * The lines of a text, whoever wrote it: ended by LF, CRLF, CR or the end of
 * the text; a byte order mark at its beginning belongs to none.
 */
#ifndef MTASTS_LINES_H
#define MTASTS_LINES_H

#include <stdbool.h>

#include "text.h"

/* To be called once with the whole text. */
void lines_begin(struct text_span *rest);

/* Takes the next line, without its end, off the rest; false when none is. */
bool lines_next(struct text_span *rest, struct text_span *line);

#endif
