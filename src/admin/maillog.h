/*
 * A line of a mail log: to which domains it says that mail has been sent. Knows
 * the forms of Postfix, Sendmail, Exim and OpenSMTPD. Pure: no files, no
 * memory. What strangers have their mail servers answer stands in such lines,
 * too; nothing behind the place where that begins is believed.
 */
#ifndef MTASTS_MAILLOG_H
#define MTASTS_MAILLOG_H

#include "text.h"

enum maillog_kind {
	MAILLOG_POSTFIX, /* its lines alone */
	MAILLOG_ANY,     /* whichever of the four a line is of */
};

/*
 * Calls take with the domain of each recipient that the line says mail has been
 * delivered to, at another machine: not in a local mailbox, not by LMTP or
 * through a pipe, not at a loopback address, where content filters listen. A
 * domain is what stands behind the last @ of an address, as it stands there but
 * for a final dot; whether it is a host name is for others. Address literals
 * and addresses without a domain bring no call. How many calls were made.
 *
 * The line is without its end, of any bytes. Before the message there may be
 * what syslog (RFC 3164, with RFC 3339 time stamps, RFC 5424), journalctl or
 * the servers themselves put there. One that begins with a blank goes on
 * from the line before, and brings no call.
 */
size_t maillog_line(struct text_span line, enum maillog_kind kind,
    void (*take)(void *context, struct text_span domain), void *context);

#endif
