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

/* Where in the parameters we are, whose octets go on from record to record. */
struct params {
	const unsigned char *record; /* the one being read */
	size_t at;                   /* in its content */
	size_t left;                 /* of all of them together */
};

/* How many octets come one after the other here, 1 at least. Pre: left > 0. */
static size_t
params_run(struct params *params)
{
	struct record record;

	for (;;) {
		(void)record_at(params->record, HEADER_SIZE, 0, &record);
		if (params->at < record.content)
			return record.content - params->at;
		params->record += record.size;
		params->at = 0;
	}
}

/* Pre: as many are left. */
static void
params_skip(struct params *params, size_t count)
{
	while (count > 0) {
		size_t run = params_run(params);

		run = run < count ? run : count;
		params->at += run;
		params->left -= run;
		count -= run;
	}
}

/* Reads a length: an octet, or four of which the first one's top bit is set. */
static bool
params_length(struct params *params, size_t *length)
{
	size_t octets = 1, i;

	*length = 0;
	for (i = 0; i < octets; i++) {
		if (params->left == 0)
			return false;
		(void)params_run(params);
		*length =
		    *length << 8 | params->record[HEADER_SIZE + params->at];
		if (i == 0 && *length >= 128) {
			*length &= 127;
			octets = 4;
		}
		params_skip(params, 1);
	}
	return true;
}

/*
 * Whether each name and value is all there: libfcgi allocates whatever length
 * it is told, up to 2 GiB, and aborts when there is no memory.
 */
static bool
params_are_whole(const unsigned char *record, size_t content)
{
	struct params params = { record, 0, content };
	size_t name, value;

	while (params.left > 0) {
		if (!params_length(&params, &name) ||
		    !params_length(&params, &value) ||
		    name + value > params.left)
			return false;
		params_skip(&params, name + value);
	}
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
	const unsigned char *params = bytes + at;
	struct record record;
	size_t content = 0;

	for (; at <= length; at += record.size) {
		if (at < length && bytes[at] != VERSION_1)
			return FRAMING_BROKEN;
		if (!record_at(bytes, length, at, &record))
			return partial(length);
		if (record.type != PARAMS || record.id != id)
			return FRAMING_BROKEN;
		/* libfcgi takes the padding of these two for records. */
		if (record.content == 0 && record.size != HEADER_SIZE)
			return FRAMING_BROKEN;
		*size = at + record.size;
		if (record.content == 0 && *size <= length)
			return params_are_whole(params, content)
				   ? FRAMING_READY
				   : FRAMING_BROKEN;
		content += record.content;
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
	if (first.type == STDIN && first.content == 0 && first.id != 0) {
		*size = first.size;
		return first.size <= length ? FRAMING_LEFTOVER
					    : FRAMING_PARTIAL;
	}
	if (first.type != BEGIN_REQUEST || first.id == 0 ||
	    first.content != BEGIN_SIZE ||
	    first.size != HEADER_SIZE + BEGIN_SIZE)
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
