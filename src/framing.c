/*
 * One whole FastCGI request or not; see framing.h.
 */
#include "framing.h"

#include <stdbool.h>

#define HEADER_SIZE 8
#define BEGIN_SIZE  8
#define VERSION_1   1

enum { BEGIN_REQUEST = 1, PARAMS = 4, STDIN = 5 };
enum { ROLE_RESPONDER = 1 };

struct record {
	unsigned type, id;
	size_t content; /* bytes of it */
	size_t size;    /* header, content and padding */
};

/* Reads a header at the given offset; false when it is not all there. */
static bool
record_at(
    const unsigned char *bytes, size_t length, size_t at, struct record *record)
{
	const unsigned char *header = bytes + at;

	if (length - at < HEADER_SIZE)
		return false;
	record->type = header[1];
	record->id = (unsigned)header[2] << 8 | header[3];
	record->content = (size_t)header[4] << 8 | header[5];
	record->size = HEADER_SIZE + record->content + header[6];
	return true;
}

/* What is not whole can become so, unless there is no more room for it. */
static enum framing
partial(size_t length)
{
	return length < FRAMING_SIZE_MAX ? FRAMING_PARTIAL : FRAMING_BROKEN;
}

static enum framing
look_at_params(const unsigned char *bytes, size_t length, size_t at,
    unsigned id, size_t *size)
{
	struct record record;

	for (; at <= length; at += record.size) {
		if (at < length && bytes[at] != VERSION_1)
			return FRAMING_BROKEN;
		if (!record_at(bytes, length, at, &record))
			return partial(length);
		if (record.type != PARAMS || record.id != id)
			return FRAMING_BROKEN;
		*size = at + record.size;
		if (record.content == 0 && *size <= length)
			return FRAMING_READY;
	}
	return at <= FRAMING_SIZE_MAX ? partial(length) : FRAMING_BROKEN;
}

enum framing
framing_look(const unsigned char *bytes, size_t length, size_t *size)
{
	struct record first;

	if (length > FRAMING_SIZE_MAX)
		length = FRAMING_SIZE_MAX;
	if (length > 0 && bytes[0] != VERSION_1)
		return FRAMING_BROKEN;
	if (!record_at(bytes, length, 0, &first))
		return FRAMING_PARTIAL;
	if (first.type == STDIN && first.content == 0) {
		*size = first.size;
		return first.size <= length ? FRAMING_LEFTOVER
					    : FRAMING_PARTIAL;
	}
	if (first.type != BEGIN_REQUEST || first.id == 0 ||
	    first.content != BEGIN_SIZE)
		return FRAMING_BROKEN;
	if (length < first.size)
		return FRAMING_PARTIAL;
	if (bytes[HEADER_SIZE] != 0 || bytes[HEADER_SIZE + 1] != ROLE_RESPONDER)
		return FRAMING_BROKEN;
	return look_at_params(bytes, length, first.size, first.id, size);
}

enum framing
framing_look_body(const unsigned char *bytes, size_t length, size_t *size)
{
	struct record record;

	*size = 0;
	if (length > 0 && bytes[0] != VERSION_1)
		return FRAMING_BROKEN;
	if (!record_at(bytes, length, 0, &record))
		return FRAMING_PARTIAL;
	if (record.type != STDIN)
		return FRAMING_READY;
	*size = record.size;
	return record.content == 0 ? FRAMING_READY : FRAMING_LEFTOVER;
}
