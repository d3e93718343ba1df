/*
 * Private to maillog: what is taken off a line from the left, first of all what
 * syslog puts there. A function that answers false has taken nothing.
 */
#ifndef MTASTS_MAILLOG_SCAN_H
#define MTASTS_MAILLOG_SCAN_H

#include "text.h"

/* Takes so many octets. Pre: they are there. */
void maillog_skip(struct text_span *rest, size_t length);

/* Whether the span begins with the string. */
bool maillog_begins(struct text_span span, const char *string);

/* Takes the string, if the rest begins with it. */
bool maillog_accept(struct text_span *rest, const char *string);

/* Takes all before the string, which goes to before, and the string itself. */
bool maillog_until(
    struct text_span *rest, const char *string, struct text_span *before);

/* Takes blanks and what follows up to the next one; maybe nothing. */
struct text_span maillog_word(struct text_span *rest);

/* The length of a quoted-string that the span begins with, or 0. */
size_t maillog_quoted(struct text_span span);

/*
 * Takes an address and what ends it. Where the local part is quoted, what is
 * within the quotes is no end.
 */
bool maillog_address(
    struct text_span *rest, const char *end, struct text_span *address);

/* Whether an IP address, and whatever stands behind it, is this machine. */
bool maillog_is_loopback(struct text_span address);

/* Whether a relay, "host[address]:port", is another machine. */
bool maillog_is_elsewhere(struct text_span relay);

/*
 * Takes all before a message that a program has written by syslog or to its
 * own log: "Jul  6 06:01:46 mail postfix/smtp[123]: " and the like. The program
 * is without its number. What looks like that behind the first words of a
 * message is none.
 */
bool maillog_message(struct text_span *rest, struct text_span *program);

/*
 * Takes all before a message of Exim's, and the id with which it begins. False
 * for other programs.
 */
bool maillog_exim(struct text_span *rest);

#endif
