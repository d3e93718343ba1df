/*
 * The lines of a file of any size, plain or gzipped, in bounded memory.
 */
#ifndef MTASTS_SURVEY_LINES_H
#define MTASTS_SURVEY_LINES_H

#include "text.h"

/* Octets of the longest line that is handed on. */
#define SURVEY_LINE_MAX 16384

struct survey_lines {
	void *file; /* a gzFile */
	char buffer[SURVEY_LINE_MAX + 1];
	size_t begin, end; /* of what is in the buffer and not yet taken */
	const char *fault; /* why it ended, in words; NULL: that was all */

	/* The line at hand, valid until the next one. */
	struct text_span line; /* without LF; empty when it is too long */
	bool is_long;
	bool is_torn;      /* the file ends without LF behind it */
	uint64_t place;    /* of its first octet, unpacked */
	uint64_t consumed; /* octets up to its end */
	unsigned number;   /* from 1 */
};

/*
 * Begins to read. The descriptor is closed by survey_lines_close, and at once
 * where there is no memory, which is the only reason to answer false.
 */
bool survey_lines_open(struct survey_lines *lines, int file);

/* Takes the next line; false at the end, or with a fault. */
bool survey_lines_next(struct survey_lines *lines);

/* Whether the file is not gzipped. */
bool survey_lines_are_plain(const struct survey_lines *lines);

void survey_lines_close(struct survey_lines *lines);

#endif
