/*
 * Lines of large files, by zlib, which reads what is no gzip as it is; see
 * survey_lines.h.
 */
#include "survey_lines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

bool
survey_lines_open(struct survey_lines *lines, int file)
{
	lines->file = gzdopen(file, "rb");
	lines->begin = lines->end = 0;
	lines->place = lines->consumed = 0;
	lines->number = 0;
	lines->fault = NULL;
	if (lines->file == NULL)
		(void)close(file);
	return lines->file != NULL;
}

static void
set_fault(struct survey_lines *lines)
{
	int code = Z_OK;

	(void)gzerror(lines->file, &code);
	if (code == Z_ERRNO)
		lines->fault = strerror(errno);
	else if (code == Z_BUF_ERROR)
		lines->fault = "the gzip data ends too soon";
	else if (code != Z_OK && code != Z_STREAM_END)
		lines->fault = "the gzip data is damaged";
}

/* Gets more behind what there is; false at the end. */
static bool
fill(struct survey_lines *lines)
{
	int count;

	memmove(lines->buffer, lines->buffer + lines->begin,
	    lines->end - lines->begin);
	lines->end -= lines->begin;
	lines->begin = 0;
	count = gzread(lines->file, lines->buffer + lines->end,
	    (unsigned)(sizeof(lines->buffer) - lines->end));
	if (count <= 0) {
		set_fault(lines);
		return false;
	}
	lines->end += (size_t)count;
	return true;
}

/* Passes over the rest of a line that does not fit. */
static bool
pass_over(struct survey_lines *lines)
{
	const char *feed;
	size_t length;

	lines->is_long = true;
	do {
		feed = memchr(lines->buffer + lines->begin, '\n',
		    lines->end - lines->begin);
		length = feed != NULL
			     ? (size_t)(feed + 1 - lines->buffer) - lines->begin
			     : lines->end - lines->begin;
		lines->begin += length;
		lines->consumed += length;
	} while (feed == NULL && fill(lines));
	lines->is_torn = feed == NULL;
	return lines->fault == NULL;
}

bool
survey_lines_next(struct survey_lines *lines)
{
	const char *feed = NULL;
	size_t length, known = 0;

	lines->line = (struct text_span){ lines->buffer, 0 };
	lines->is_long = lines->is_torn = false;
	lines->place = lines->consumed;
	lines->number++;
	for (;;) {
		length = lines->end - lines->begin;
		feed = memchr(
		    lines->buffer + lines->begin + known, '\n', length - known);
		known = length;
		if (feed != NULL || length > SURVEY_LINE_MAX)
			break;
		if (!fill(lines)) {
			lines->is_torn = true;
			break;
		}
	}
	if (feed == NULL && !lines->is_torn)
		return pass_over(lines);
	if (lines->fault != NULL || (feed == NULL && length == 0))
		return false;
	if (feed != NULL)
		length = (size_t)(feed - lines->buffer) - lines->begin;
	lines->line =
	    (struct text_span){ lines->buffer + lines->begin, length };
	length += feed != NULL ? 1 : 0;
	lines->begin += length;
	lines->consumed += length;
	return true;
}

bool
survey_lines_are_plain(const struct survey_lines *lines)
{
	return gzdirect(lines->file) == 1;
}

void
survey_lines_close(struct survey_lines *lines)
{
	if (lines->file != NULL)
		(void)gzclose_r(lines->file);
	lines->file = NULL;
}
