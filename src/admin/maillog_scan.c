/*
 * Spans of a log line, taken off it from the left; see maillog_scan.h.
 */
#include "maillog_scan.h"

#include <string.h>

#define HEAD_MAX  12 /* words before a message */
#define STAMP_MAX 4  /* words of Exim's before an id: "DATE TIME ZONE [PID]" */
#define DATE      10 /* 2026-07-06 */
#define EXIM_OLD  16 /* 1ajLoq-0001wC-Pk */
#define EXIM_NEW  23 /* 1ajLoq-00000001wCx-Pkab, from 4.97 on */
#define EXIM_DASH 6

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

static bool
is_name(char c)
{
	return text_is_letter(c) || text_is_digit(c) ||
	       (c != '\0' && strchr("-._/@", c) != NULL);
}

/*
 * "postfix/smtp[123]:", or without the number, where that is not wanted; the
 * program alone.
 */
static bool
is_tag(struct text_span word, struct text_span *program)
{
	struct text_span rest = word;

	while (rest.length > 0 && is_name(*rest.at))
		maillog_skip(&rest, 1);
	*program = (struct text_span){ word.at, word.length - rest.length };
	if (maillog_accept(&rest, "[")) {
		while (rest.length > 0 && text_is_digit(*rest.at))
			maillog_skip(&rest, 1);
		if (!maillog_accept(&rest, "]"))
			return false;
	}
	return program->length > 0 && text_equals(rest, ":");
}

/* Whether it is a word of a message; behind it a stranger may speak. */
static bool
is_said(struct text_span word)
{
	return memchr(word.at, '=', word.length) != NULL ||
	       memchr(word.at, '(', word.length) != NULL ||
	       memchr(word.at, '"', word.length) != NULL ||
	       (word.length > 0 && word.at[word.length - 1] == ':');
}

/* "-", or [NAME KEY="VALUE" ...], any number of times (RFC 5424, 6.3). */
static bool
accept_data(struct text_span *rest)
{
	bool inside = false, quoted = false;
	size_t i;

	if (maillog_accept(rest, "- "))
		return true;
	for (i = 0; i < rest->length; i++) {
		const char c = rest->at[i];

		if (!inside && c != '[')
			break;
		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted)
			inside = c != ']';
	}
	if (i == 0 || i >= rest->length || rest->at[i] != ' ')
		return false;
	maillog_skip(rest, i + 1);
	return true;
}

/* RFC 5424: <22>1 TIME HOST PROGRAM PID ID DATA MESSAGE. */
static bool
find_syslog(struct text_span *rest, struct text_span *program)
{
	struct text_span line = *rest;
	const struct text_span first = maillog_word(&line);

	if (!maillog_begins(first, "<") || first.length < 4 ||
	    memcmp(first.at + first.length - 2, ">1", 2) != 0)
		return false;
	(void)maillog_word(&line);
	(void)maillog_word(&line);
	*program = maillog_word(&line);
	(void)maillog_word(&line);
	(void)maillog_word(&line);
	if (!maillog_accept(&line, " ") || !accept_data(&line))
		return false;
	(void)maillog_accept(&line, "\xef\xbb\xbf");
	*rest = line;
	return true;
}

bool
maillog_message(struct text_span *rest, struct text_span *program)
{
	struct text_span line = *rest, word, number;
	size_t i;

	if (find_syslog(rest, program))
		return true;
	for (i = 0; i < HEAD_MAX && line.length > 0; i++) {
		word = maillog_word(&line);
		if (is_tag(word, program)) {
			if (!maillog_accept(&line, " "))
				return false;
			/* Solaris: "[ID 801593 mail.info] ". */
			if (maillog_begins(line, "[ID "))
				(void)maillog_until(&line, "] ", &number);
			*rest = line;
			return true;
		}
		if (is_said(word))
			return false;
	}
	return false;
}

static bool
is_exim_id(struct text_span word)
{
	size_t i;

	if (word.length != EXIM_OLD && word.length != EXIM_NEW)
		return false;
	for (i = 0; i < word.length; i++) {
		const bool dash =
		    i == EXIM_DASH ||
		    i == word.length - (word.length == EXIM_OLD ? 3 : 5);

		if (dash ? word.at[i] != '-'
			 : !text_is_letter(word.at[i]) &&
			       !text_is_digit(word.at[i]))
			return false;
	}
	return true;
}

/* Takes an id, and before it the time, its zone and the process. */
static bool
accept_exim_id(struct text_span *rest)
{
	struct text_span word;
	size_t i;

	for (i = 0; i <= STAMP_MAX; i++) {
		word = maillog_word(rest);
		if (is_exim_id(word))
			return true;
		if (word.length == 0 || (!text_is_digit(*word.at) &&
					    memchr("+-[", *word.at, 3) == NULL))
			return false;
	}
	return false;
}

/* Takes what stands before a date, such as a container's name. */
static bool
find_date(struct text_span *rest)
{
	struct text_span after = *rest, word;
	size_t i;

	for (i = 0; i < HEAD_MAX; i++) {
		*rest = after;
		word = maillog_word(&after);
		if (word.length == 0 || is_said(word))
			return false;
		if (word.length == DATE && text_is_digit(*word.at) &&
		    word.at[4] == '-' && word.at[7] == '-')
			return true;
	}
	return false;
}

bool
maillog_exim(struct text_span *rest)
{
	struct text_span own = *rest, sent = *rest, program;

	if (find_date(&own) && accept_exim_id(&own))
		*rest = own;
	else if (maillog_message(&sent, &program) &&
		 maillog_begins(program, "exim") && accept_exim_id(&sent))
		*rest = sent;
	else
		return false;
	return true;
}
