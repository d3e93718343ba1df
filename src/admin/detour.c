/*
 * Calling another host; see detour.h.
 */
#include "detour.h"

#include <string.h>

/* Cuts the part before the next colon off; brackets hold colons together. */
static bool
cut_part(struct text_span *rest, struct text_span *part)
{
	const char *end, *at = rest->at;
	size_t left = rest->length;

	if (left > 0 && *at == '[') {
		end = memchr(at, ']', left);
		if (end == NULL)
			return false;
		part->at = at + 1;
		part->length = (size_t)(end - part->at);
		end++;
	} else {
		end = memchr(at, ':', left);
		if (end == NULL)
			end = at + left;
		part->at = at;
		part->length = (size_t)(end - at);
	}
	left -= (size_t)(end - at);
	if (left > 0 && *end != ':')
		return false;
	rest->at = left > 0 ? end + 1 : end;
	rest->length = left > 0 ? left - 1 : 0;
	return true;
}

static bool
read_port(struct text_span span, unsigned otherwise, unsigned *port)
{
	uint64_t number = otherwise;

	if (span.length > 0 &&
	    (!text_decimal(span, 5, &number) || number < 1 || number > 65535))
		return false;
	*port = (unsigned)number;
	return true;
}

bool
detour_find(
    const char *rule, const char *host, unsigned port, struct detour *detour)
{
	struct text_span rest, part[4] = { { 0 } };
	unsigned matched, called;
	size_t i;

	*detour = (struct detour){ .port = port };
	if (rule == NULL)
		return true;
	rest = (struct text_span){ rule, strlen(rule) };
	for (i = 0; i < 4; i++)
		if ((i < 3 && memchr(rest.at, ':', rest.length) == NULL) ||
		    !cut_part(&rest, &part[i]))
			return false;
	if (rest.length > 0 || !read_port(part[1], port, &matched) ||
	    !read_port(part[3], port, &called) ||
	    part[2].length >= sizeof(detour->host))
		return false;
	if (matched != port ||
	    (part[0].length > 0 && !text_equals_fold(part[0], host)))
		return true;
	memcpy(detour->host, part[2].at, part[2].length);
	detour->port = called;
	return true;
}
