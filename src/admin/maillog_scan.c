/*
 * Spans of a log line, taken off it from the left; see maillog_scan.h.
 */
#include "maillog_scan.h"

#include <string.h>

void
maillog_skip(struct text_span *rest, size_t length)
{
	rest->at += length;
	rest->length -= length;
}

bool
maillog_begins(struct text_span span, const char *string)
{
	const size_t length = strlen(string);

	return span.length >= length && memcmp(span.at, string, length) == 0;
}

bool
maillog_accept(struct text_span *rest, const char *string)
{
	if (!maillog_begins(*rest, string))
		return false;
	maillog_skip(rest, strlen(string));
	return true;
}

bool
maillog_until(
    struct text_span *rest, const char *string, struct text_span *before)
{
	const char *found =
	    memmem(rest->at, rest->length, string, strlen(string));

	if (found == NULL)
		return false;
	*before = (struct text_span){ rest->at, (size_t)(found - rest->at) };
	maillog_skip(rest, before->length + strlen(string));
	return true;
}

struct text_span
maillog_word(struct text_span *rest)
{
	struct text_span word;

	while (rest->length > 0 && text_is_blank(*rest->at))
		maillog_skip(rest, 1);
	word = (struct text_span){ rest->at, 0 };
	while (
	    word.length < rest->length && !text_is_blank(rest->at[word.length]))
		word.length++;
	maillog_skip(rest, word.length);
	return word;
}

size_t
maillog_quoted(struct text_span span)
{
	size_t i;

	if (span.length == 0 || span.at[0] != '"')
		return 0;
	for (i = 1; i < span.length; i++)
		if (span.at[i] == '\\')
			i++;
		else if (span.at[i] == '"')
			return i + 1;
	return 0;
}

/* Postfix up to 3.4 does not quote, and the first end counts. */
bool
maillog_address(
    struct text_span *rest, const char *end, struct text_span *address)
{
	struct text_span after = *rest, domain;

	maillog_skip(&after, maillog_quoted(*rest));
	if (!maillog_until(&after, end, &domain))
		return false;
	*address = (struct text_span){ rest->at,
		(size_t)(domain.at + domain.length - rest->at) };
	*rest = after;
	return true;
}

bool
maillog_is_loopback(struct text_span address)
{
	(void)maillog_accept(&address, "[");
	(void)maillog_accept(&address, "IPv6:");
	if (maillog_begins(address, "127."))
		return true;
	/* Sendmail writes it out. */
	return (maillog_accept(&address, "::1") ||
		   maillog_accept(&address, "0:0:0:0:0:0:0:1")) &&
	       (address.length == 0 ||
		   strchr("0123456789abcdefABCDEF:", *address.at) == NULL);
}

bool
maillog_is_elsewhere(struct text_span relay)
{
	const char *bracket = memrchr(relay.at, '[', relay.length);
	size_t i;

	if (bracket == NULL)
		return false;
	maillog_skip(&relay, (size_t)(bracket + 1 - relay.at));
	for (i = 0; i < relay.length && relay.at[i] != ']'; i++)
		if (relay.at[i] == '/') /* a socket's path */
			return false;
	return i > 0 && i < relay.length && !maillog_is_loopback(relay);
}
