/*
 * Lines as Postfix writes them, for test_maillog.c, and which domains they
 * name.
 */
#ifndef MTASTS_MAILLOG_ROWS_H
#define MTASTS_MAILLOG_ROWS_H

#define SYSLOG  "Jul  6 06:01:46 mail "
#define RFC3339 "2026-07-06T06:01:46.123456+02:00 mail "
#define SMTP    SYSLOG "postfix/smtp[1234]: 4WxYz12345: "
#define SENT                                                                   \
	", relay=mx.b.example[192.0.2.1]:25, delay=1.2, "                      \
	"delays=0.1/0/0.5/0.6, dsn=2.0.0, status=sent (250 2.0.0 OK)"

/* What both kinds of log have; "" for none. */
static const struct {
	int line;
	const char *text, *domains;
} postfix[] = {
	{ __LINE__, SMTP "to=<a@b.example>" SENT, "b.example" },
	{ __LINE__, RFC3339 "postfix/smtp[1]: NOQ1: to=<a@b.example>" SENT,
	    "b.example" },
	{ __LINE__,
	    "<22>1 2026-07-06T06:01:46Z mail postfix/smtp 12 - - "
	    "4W: to=<a@b.example>" SENT,
	    "b.example" },
	/* By any name of the instance, and of the service. */
	{ __LINE__, SYSLOG "postfix-out/smtp[1]: 4W: to=<a@b.example>" SENT,
	    "b.example" },
	{ __LINE__, SYSLOG "postfix/relay/smtp[1]: 4W: to=<a@b.example>" SENT,
	    "b.example" },
	/* The recipient, not the one that it was once. */
	{ __LINE__, SMTP "to=<a@b.example>, orig_to=<x@y.example>" SENT,
	    "b.example" },
	{ __LINE__, SMTP "to=<a@b.example>, orig_to=<root>" SENT, "b.example" },
	/* Postfix 2.2 and before. */
	{ __LINE__,
	    SMTP "to=<a@b.example>, relay=mx[192.0.2.1], delay=1, status=sent "
		 "(250 OK)",
	    "b.example" },
	{ __LINE__,
	    SMTP "to=<a@b.example>, relay=mx[2001:db8::1]:25, conn_use=2, "
		 "delay=1, status=sent (250 OK)",
	    "b.example" },
	/* Odd addresses. */
	{ __LINE__, SMTP "to=<\"odd @ local\"@b.example>" SENT, "b.example" },
	{ __LINE__, SMTP "to=<\"x>, relay=y\\\" @z\"@b.example>" SENT,
	    "b.example" },
	{ __LINE__, SMTP "to=<odd @ local@b.example>" SENT, "b.example" },
	{ __LINE__, SMTP "to=<@x.example,@y.example:a@b.example>" SENT,
	    "b.example" },
	{ __LINE__, SMTP "to=<a%x.example@b.example>" SENT, "b.example" },
	{ __LINE__, SMTP "to=<a@B.Example.>" SENT, "B.Example" },
	{ __LINE__, SMTP "to=<a@b\xc3\xbc.example>" SENT, "b\xc3\xbc.example" },
	{ __LINE__, SMTP "to=<a@[192.0.2.1]>" SENT, "" },
	{ __LINE__, SMTP "to=<a@[IPv6:2001:db8::1]>" SENT, "" },
	{ __LINE__, SMTP "to=<>" SENT, "" },
	{ __LINE__, SMTP "to=<root>" SENT, "" },
	{ __LINE__, SMTP "to=<\"a@b.example\">" SENT, "" },
	{ __LINE__, SMTP "to=<a@>" SENT, "" },
	{ __LINE__, SMTP "to=<a@.>" SENT, "." },
	/* Not sent. */
	{ __LINE__,
	    SMTP "to=<a@b.example>, relay=none, delay=3600, dsn=4.4.1, "
		 "status=deferred (connect to mx[192.0.2.1]:25: refused)",
	    "" },
	{ __LINE__,
	    SMTP "to=<a@b.example>, relay=mx[192.0.2.1]:25, delay=1, "
		 "dsn=5.1.1, status=bounced (mx said: status=sent (250 OK))",
	    "" },
	{ __LINE__,
	    SMTP "to=<a@b.example>, relay=mx[192.0.2.1]:25, delay=1, "
		 "dsn=2.1.5, status=deliverable (250 OK)",
	    "" },
	{ __LINE__,
	    SMTP "to=<a@b.example>, relay=mx[192.0.2.1]:25, status=sentinel",
	    "" },
	/* Not sent elsewhere: local, LMTP, a content filter. */
	{ __LINE__,
	    SYSLOG "postfix/local[1]: 4W: to=<a@b.example>, relay=local, "
		   "delay=0.1, dsn=2.0.0, status=sent (to mailbox)",
	    "" },
	{ __LINE__,
	    SYSLOG "postfix/virtual[1]: 4W: to=<a@b.example>, relay=virtual, "
		   "delay=0.1, dsn=2.0.0, status=sent (to maildir)",
	    "" },
	{ __LINE__,
	    SYSLOG "postfix/pipe[1]: 4W: to=<a@b.example>, relay=dovecot, "
		   "delay=0.1, dsn=2.0.0, status=sent (via dovecot service)",
	    "" },
	{ __LINE__,
	    SYSLOG "postfix/lmtp[1]: 4W: to=<a@b.example>, "
		   "relay=store[192.0.2.9]:24, dsn=2.0.0, status=sent (250 OK)",
	    "" },
	{ __LINE__,
	    SMTP "to=<a@b.example>, relay=mail[private/dovecot-lmtp], "
		 "dsn=2.0.0, status=sent (250 2.0.0 OK)",
	    "" },
	{ __LINE__,
	    SMTP "to=<a@b.example>, relay=127.0.0.1[127.0.0.1]:10024, "
		 "dsn=2.0.0, status=sent (250 queued as 4X)",
	    "" },
	{ __LINE__,
	    SMTP "to=<a@b.example>, relay=localhost[::1]:10024, dsn=2.0.0, "
		 "status=sent (250 OK)",
	    "" },
	{ __LINE__,
	    SMTP "to=<a@b.example>, relay=mx[::1234:1]:25, status=sent (250)",
	    "b.example" },
	{ __LINE__,
	    SYSLOG "postfix/discard[1]: 4W: to=<a@b.example>, relay=none, "
		   "dsn=2.0.0, status=sent (example.com)",
	    "" },
	{ __LINE__,
	    SYSLOG "postfix/error[1]: 4W: to=<a@b.example>, relay=none, "
		   "dsn=5.0.0, status=bounced (no)",
	    "" },
	/* No such line at all. */
	{ __LINE__, SMTP "host mx said: 450 to=<a@b.example>" SENT, "" },
	{ __LINE__,
	    SYSLOG "postfix/smtpd[1]: 4W: reject: RCPT from x[192.0.2.1]: 554; "
		   "from=<x@y.example> to=<a@b.example> proto=ESMTP",
	    "" },
	{ __LINE__, SYSLOG "postfix/cleanup[1]: 4W: to=<a@b.example>" SENT,
	    "" },
	{ __LINE__, SYSLOG "smtp[1]: 4W: to=<a@b.example>" SENT, "" },
	{ __LINE__, SYSLOG "xsmtp[1]: 4W: to=<a@b.example>" SENT, "" },
	{ __LINE__, "4W: to=<a@b.example>" SENT, "" },
	{ __LINE__, SMTP "to=<a@b.example", "" },
	{ __LINE__, SMTP "to=<\"a@b.example>" SENT, "b.example" },
	{ __LINE__, SMTP "to=<a@b.example>, orig_to=<x@y.example", "" },
	{ __LINE__, SMTP "to=<a@b.example>, relay=mx[192.0.2.1]:25", "" },
	{ __LINE__, "postfix/smtp[1]:", "" },
	{ __LINE__, "postfix/smtp[1]: ", "" },
	{ __LINE__, "]:", "" },
	{ __LINE__, "<22>1 a b c d e -", "" },
	{ __LINE__, "", "" },
};

#endif
