/*
 * Lines; see lines.h.
 */
#include "lines.h"

#include <string.h>

#define MARK "\xef\xbb\xbf"

static void
drop(struct text_span *rest, size_t length)
{
	rest->at += length;
	rest->length -= length;
}

void
lines_begin(struct text_span *rest)
{
	if (rest->length >= strlen(MARK) &&
	    memcmp(rest->at, MARK, strlen(MARK)) == 0)
		drop(rest, strlen(MARK));
}

bool
lines_next(struct text_span *rest, struct text_span *line)
{
	const char *at = rest->at, *end = at + rest->length;

	if (at == end)
		return false;
	while (at < end && *at != '\n' && *at != '\r')
		at++;
	*line = (struct text_span){ rest->at, (size_t)(at - rest->at) };
	drop(rest, line->length);
	if (rest->length >= 2 && memcmp(rest->at, "\r\n", 2) == 0)
		drop(rest, 2);
	else if (rest->length > 0)
		drop(rest, 1);
	return true;
}
