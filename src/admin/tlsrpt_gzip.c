/*
 * gzip by zlib, in bounded memory; see tlsrpt_unpack.h.
 */
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "tlsrpt_read.h"
#include "tlsrpt_unpack.h"

#define GZIP_ONLY  (16 + MAX_WBITS)
#define FIRST_SIZE ((size_t)64 << 10)

bool
tlsrpt_is_gzip(struct text_span bytes)
{
	return bytes.length >= 2 && memcmp(bytes.at, "\x1f\x8b", 2) == 0;
}

/* One more octet than a report may have, so that too many are seen. */
static bool
grow(z_stream *stream, char **out, size_t *size)
{
	const size_t used = *size - stream->avail_out;
	size_t wanted = *size > 0 ? 2 * *size : FIRST_SIZE;
	char *larger;

	if (wanted > TLSRPT_TEXT_MAX + 1)
		wanted = TLSRPT_TEXT_MAX + 1;
	larger = realloc(*out, wanted);
	if (larger == NULL)
		return false;
	*out = larger;
	*size = wanted;
	stream->next_out = (Bytef *)larger + used;
	stream->avail_out = (uInt)(wanted - used);
	return true;
}

/* Whether another member follows. */
static bool
next_member(z_stream *stream)
{
	return tlsrpt_is_gzip((struct text_span){
		   (const char *)stream->next_in, stream->avail_in }) &&
	       inflateReset(stream) == Z_OK;
}

static const char *
unpack(z_stream *stream, char **out, size_t *length)
{
	size_t size = 0, members = 1;
	int code;

	for (;;) {
		if (stream->avail_out == 0 && size > TLSRPT_TEXT_MAX)
			return "unpacks to more than 16 MiB";
		if (stream->avail_out == 0 && !grow(stream, out, &size))
			return "takes more memory than there is";
		code = inflate(stream, Z_NO_FLUSH);
		*length = size - stream->avail_out;
		if (code == Z_STREAM_END) {
			if (!next_member(stream))
				return NULL;
			if (++members > TLSRPT_MEMBERS_MAX)
				return "has more than 1000 members";
		} else if (code == Z_BUF_ERROR ||
			   (code == Z_OK && stream->avail_out > 0)) {
			return "ends too soon";
		} else if (code != Z_OK) {
			return "is damaged";
		}
	}
}

const char *
tlsrpt_gunzip(struct text_span packed, char **out, size_t *length)
{
	z_stream stream = { .zalloc = Z_NULL };
	const char *fault;

	*out = NULL;
	*length = 0;
	if (inflateInit2(&stream, GZIP_ONLY) != Z_OK)
		return "takes more memory than there is";
	stream.next_in = (z_const Bytef *)packed.at;
	stream.avail_in = (uInt)packed.length;
	fault = unpack(&stream, out, length);
	(void)inflateEnd(&stream);
	return *length > TLSRPT_TEXT_MAX ? "unpacks to more than 16 MiB"
					 : fault;
}
