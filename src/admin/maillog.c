/*
 * Lines of mail logs; see maillog.h. Fields are looked for in the order in
 * which the servers write them, from the left, so that neither an odd local
 * part nor a remote server's answer can pass for one.
 */
#include "maillog.h"

#include <string.h>

#include "maillog_scan.h"

#define SESSION 16 /* hexadecimal digits */

/* What is read of a line, and where its domains go. */
struct reading {
	struct text_span rest;
	void (*take)(void *context, struct text_span domain);
	void *context;
	size_t count;
};

/* Hands on the domain of an address, if it has one. */
static void
take_domain(struct reading *reading, struct text_span address)
{
	const char *at = memrchr(address.at, '@', address.length);
	struct text_span domain;

	/* An @ within quotes, at the end, is none. */
	if (at == NULL || maillog_quoted(address) == address.length)
		return;
	domain = (struct text_span){ at + 1,
		(size_t)(address.at + address.length - at - 1) };
	if (domain.length > 1 && domain.at[domain.length - 1] == '.')
		domain.length--;
	if (domain.length == 0 || domain.at[0] == '[')
		return;
	reading->count++;
	reading->take(reading->context, domain);
}

/* "Q1W2E3R4T5:", what Postfix and Sendmail begin with. */
static bool
accept_queue_id(struct text_span *rest)
{
	size_t i = 0;

	while (i < rest->length &&
	       (text_is_letter(rest->at[i]) || text_is_digit(rest->at[i])))
		i++;
	if (i == 0 || i == rest->length || rest->at[i] != ':')
		return false;
	maillog_skip(rest, i + 1);
	return true;
}

/*
 * QUEUEID: to=<ADDRESS>, [orig_to=<ADDRESS>, ]relay=HOST[IP]:PORT, ...,
 * status=sent (ANSWER): log_adhoc.c of Postfix.
 */
static void
read_postfix(struct reading *reading)
{
	struct text_span rest = reading->rest, to, other, relay;

	if (!accept_queue_id(&rest) || !maillog_accept(&rest, " to=<") ||
	    !maillog_address(&rest, ">, ", &to))
		return;
	if (maillog_accept(&rest, "orig_to=<") &&
	    !maillog_address(&rest, ">, ", &other))
		return;
	if (maillog_accept(&rest, "relay=") &&
	    maillog_until(&rest, ", ", &relay) && maillog_is_elsewhere(relay) &&
	    maillog_until(&rest, "status=", &other) &&
	    (maillog_begins(rest, "sent ") || text_equals(rest, "sent")))
		take_domain(reading, to);
}

/* Whether a mailer of Sendmail's takes mail to other machines by SMTP. */
static bool
is_smtp(struct text_span name)
{
	return (memmem(name.at, name.length, "smtp", 4) != NULL &&
		   memmem(name.at, name.length, "lmtp", 4) == NULL) ||
	       text_equals(name, "relay");
}

/* One of a list: <user@domain>, or without the brackets. */
static void
take_recipient(struct text_span *rest, struct text_span *address)
{
	if (maillog_accept(rest, "<") && maillog_address(rest, ">", address))
		return;
	*address = (struct text_span){ rest->at, maillog_quoted(*rest) };
	while (address->length < rest->length &&
	       rest->at[address->length] != ',' &&
	       !text_is_blank(rest->at[address->length]))
		address->length++;
	maillog_skip(rest, address->length);
}

/*
 * QUEUEID: to=<ADDRESS>,<ADDRESS>, [ctladdr=<ADDRESS> (UID/GID), ]delay=...,
 * mailer=esmtp, pri=..., relay=HOST. [IP], dsn=..., stat=Sent (ANSWER).
 */
static void
read_sendmail(struct reading *reading)
{
	struct text_span rest = reading->rest, list, after, mailer, part, to;

	if (!accept_queue_id(&rest) || !maillog_accept(&rest, " to="))
		return;
	list = rest;
	do
		take_recipient(&rest, &to);
	while (!maillog_begins(rest, ", ") && maillog_accept(&rest, ","));
	after = rest;
	if (!maillog_until(&rest, ", mailer=", &part) ||
	    !maillog_until(&rest, ", ", &mailer) || !is_smtp(mailer) ||
	    !maillog_until(&rest, ", stat=", &part) ||
	    !(text_equals(rest, "Sent") || maillog_begins(rest, "Sent ")))
		return;
	rest = part;
	if (!maillog_until(&rest, "relay=", &part))
		return;
	if (!maillog_until(&rest, ", ", &part))
		part = rest;
	if (!maillog_is_elsewhere(part))
		return;
	while (list.at < after.at) {
		take_recipient(&list, &to);
		take_domain(reading, to);
		(void)maillog_accept(&list, ",");
	}
}

/*
 * SESSION mta delivery evpid=ID from=<ADDRESS> to=<ADDRESS> rcpt=<ADDRESS>
 * source="IP" relay="IP (HOST)" delay=TIME result="Ok" stat="ANSWER": mta.c of
 * OpenSMTPD; "mta event=delivery" in older ones.
 */
static void
read_opensmtpd(struct reading *reading)
{
	struct text_span rest = reading->rest, part, to, relay;

	if (maillog_word(&rest).length != SESSION ||
	    !maillog_accept(&rest, " mta ") ||
	    (!maillog_accept(&rest, "delivery ") &&
		!maillog_accept(&rest, "event=delivery ")))
		return;
	part = maillog_word(&rest);
	if (!maillog_begins(part, "evpid=") ||
	    !maillog_accept(&rest, " from=<") ||
	    !maillog_address(&rest, "> ", &part) ||
	    !maillog_accept(&rest, "to=<") ||
	    !maillog_address(&rest, "> ", &to) ||
	    !maillog_accept(&rest, "rcpt=<") ||
	    !maillog_address(&rest, "> ", &part))
		return;
	if (maillog_until(&rest, "relay=\"", &part) &&
	    maillog_until(&rest, "\" ", &relay) &&
	    !maillog_is_loopback(relay) &&
	    maillog_until(&rest, "result=", &part) &&
	    (maillog_begins(rest, "\"Ok\"") || maillog_begins(rest, "Ok ")))
		take_domain(reading, to);
}

/* Whether it went to another host, or by a transport that is called so. */
static bool
is_exim_remote(struct text_span rest)
{
	struct text_span fields = rest, before, transport, host;

	/* What stands behind C= is the other side's. */
	if (maillog_until(&rest, " C=\"", &before))
		fields = before;
	if (!maillog_until(&fields, " T=", &before))
		return false;
	transport = maillog_word(&fields);
	if (!maillog_until(&fields, " H=", &before))
		return is_smtp(transport);
	(void)maillog_word(&fields);
	host = maillog_word(&fields);
	return memmem(transport.at, transport.length, "lmtp", 4) == NULL &&
	       !maillog_is_loopback(host);
}

/* Addresses, in which anything may stand. */
static void
skip_addresses(struct text_span *rest)
{
	static const char *const begins[] = { " <", " F=<", " SRS=<", " P=<" };
	struct text_span address;
	size_t i;

	if (maillog_accept(rest, " ("))
		(void)maillog_until(rest, ")", &address);
	for (i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (maillog_accept(rest, begins[i]))
			(void)maillog_address(rest, ">", &address);
}

/*
 * ID => ADDRESS [(PARENT)] [<ORIGINAL>] [F=<SENDER>] R=ROUTER T=TRANSPORT
 * H=HOST [IP]:PORT ... C="ANSWER". "->" is one more in the same delivery, ">>"
 * one while it was being received. A local user stands there by name.
 */
static void
read_exim(struct reading *reading)
{
	struct text_span rest = reading->rest, flag = maillog_word(&rest),
			 address;
	size_t quoted;

	if (!text_equals(flag, "=>") && !text_equals(flag, "->") &&
	    !text_equals(flag, ">>"))
		return;
	if (!maillog_accept(&rest, " "))
		return;
	quoted = maillog_quoted(rest);
	address = (struct text_span){ rest.at, quoted };
	maillog_skip(&rest, quoted);
	address.length += maillog_word(&rest).length;
	if (memchr(address.at, '@', address.length) == NULL &&
	    maillog_accept(&rest, " <") &&
	    !maillog_address(&rest, ">", &address))
		return;
	skip_addresses(&rest);
	/* Files, pipes and replies are none. */
	if (address.length > 0 && strchr("/|>:", address.at[0]) == NULL &&
	    is_exim_remote(rest))
		take_domain(reading, address);
}

/* postfix/smtp, postfix-out/smtp, postfix/relay/smtp, but not postfix/lmtp. */
static bool
is_postfix(struct text_span program)
{
	static const char name[] = "/smtp";
	const size_t length = sizeof(name) - 1;

	return program.length > length &&
	       memcmp(program.at + program.length - length, name, length) == 0;
}

size_t
maillog_line(struct text_span line, enum maillog_kind kind,
    void (*take)(void *context, struct text_span domain), void *context)
{
	struct reading reading = {
		.rest = line, .take = take, .context = context
	};
	struct text_span message = line, program;
	bool tagged;

	/* In Exim's reject log the folded headers of strangers' mails do. */
	if (line.length > 0 && text_is_blank(*line.at))
		return 0;
	tagged = maillog_message(&message, &program);
	/* First, for a host's name can look like a message's id of Exim's. */
	if (tagged && is_postfix(program)) {
		reading.rest = message;
		read_postfix(&reading);
	} else if (kind == MAILLOG_ANY && maillog_exim(&reading.rest)) {
		read_exim(&reading);
	} else if (kind == MAILLOG_ANY && tagged) {
		reading.rest = message;
		if (text_equals(program, "smtpd"))
			read_opensmtpd(&reading);
		else if (memchr(program.at, '/', program.length) == NULL)
			read_sendmail(&reading);
	}
	return reading.count;
}
