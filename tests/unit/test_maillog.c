/*
 * maillog.c: which domains a line of a mail log names. Lines are as the servers
 * write them; those without a domain are there to be mistaken.
 */
#include "unit.h"

#include "maillog.h"
#include "maillog_rows.h"

#define EXIM  "2026-07-06 06:01:46 1ajLoq-0001wC-Pk "
#define VIA   " R=dnslookup T=remote_smtp H=mx.b.example [192.0.2.1]"
#define SMTPD SYSLOG "smtpd[75295]: 5df87c9b982c840c mta delivery "
#define OK                                                                     \
	" rcpt=<-> source=\"198.51.100.1\" relay=\"192.0.2.1 (mx.b.example)\"" \
	" delay=2s result=\"Ok\" stat=\"250 2.0.0 OK\""
#define SENDMAIL SYSLOG "sm-mta[593]: r39G922P001173: to="
#define STAT                                                                   \
	", delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=120553, "        \
	"relay=mx.b.example. [192.0.2.1], dsn=2.0.0, stat=Sent (OK id=1)"

/* The domains, a blank between. */
struct seen {
	struct text text;
	char storage[1000];
};

static void
take(void *context, struct text_span domain)
{
	struct seen *seen = context;

	if (seen->text.length > 0)
		text_add_string(&seen->text, " ");
	text_add(&seen->text, domain.at, domain.length);
}

static size_t
read_line(
    const char *line, size_t length, enum maillog_kind kind, struct seen *seen)
{
	char *copy = malloc(length + 1);
	size_t count;

	/* In a block of its own, where nobody can look beyond the end. */
	assert_non_null(copy);
	memcpy(copy, line, length);
	text_init(&seen->text, seen->storage, sizeof(seen->storage));
	count =
	    maillog_line((struct text_span){ copy, length }, kind, take, seen);
	free(copy);
	return count;
}

static void
test_postfix(void **state)
{
	const __typeof__(postfix[0]) *row;
	struct seen seen;

	(void)state;
	UNIT_EACH (row, postfix) {
		const size_t length = strlen(row->text);

		(void)read_line(row->text, length, MAILLOG_POSTFIX, &seen);
		UNIT_STRING(row->line, seen.storage, row->domains);
		(void)read_line(row->text, length, MAILLOG_ANY, &seen);
		UNIT_STRING(row->line, seen.storage, row->domains);
	}
}

static const struct {
	int line;
	const char *text, *domains;
} others[] = {
	/* Sendmail. */
	{ __LINE__, SENDMAIL "<a@b.example>" STAT, "b.example" },
	{ __LINE__, SENDMAIL "<a@b.example>,<c@d.example>" STAT,
	    "b.example d.example" },
	{ __LINE__, SENDMAIL "a@b.example, ctladdr=www (33/33)" STAT,
	    "b.example" },
	{ __LINE__, SENDMAIL "<a@b.example>, ctladdr=<x@y.example> (1/1)" STAT,
	    "b.example" },
	{ __LINE__, SENDMAIL "<\"a, mailer=x @y\"@b.example>,c@d.example" STAT,
	    "b.example d.example" },
	{ __LINE__,
	    SYSLOG "sendmail[1]: [ID 801593 mail.info] r72DY20O010335: "
		   "to=<a@b.example>" STAT,
	    "b.example" },
	{ __LINE__, SENDMAIL "<a@[192.0.2.1]>,<c@d.example>,root" STAT,
	    "d.example" },
	{ __LINE__,
	    SENDMAIL "a@b.example, delay=00:00:01, mailer=relay, pri=30234, "
		     "relay=[127.0.0.1] [127.0.0.1], dsn=2.0.0, stat=Sent (r3 "
		     "Message accepted for delivery)",
	    "" },
	{ __LINE__,
	    SENDMAIL "a@b.example, delay=00:00:01, mailer=relay, pri=30234, "
		     "relay=localhost [IPv6:0:0:0:0:0:0:0:1], dsn=2.0.0, "
		     "stat=Sent",
	    "" },
	{ __LINE__,
	    SENDMAIL "a@b.example, delay=00:00:01, mailer=relay, pri=30234, "
		     "relay=smart.example [192.0.2.1], stat=Sent",
	    "b.example" },
	{ __LINE__,
	    SENDMAIL "<a@b.example>, delay=00:00:02, mailer=local, pri=1, "
		     "dsn=2.0.0, stat=Sent",
	    "" },
	{ __LINE__,
	    SENDMAIL "\"| exec procmail @b.example\", mailer=prog, pri=3, "
		     "dsn=2.0.0, stat=Sent",
	    "" },
	{ __LINE__,
	    SENDMAIL "<a@b.example>, delay=00:00:02, mailer=esmtp, pri=1, "
		     "relay=mx. [192.0.2.1], dsn=4.0.0, stat=Deferred: 421 "
		     ", stat=Sent",
	    "" },
	{ __LINE__, SENDMAIL ",,", "" },
	{ __LINE__, SENDMAIL, "" },
	{ __LINE__, SENDMAIL " a@b.example" STAT, "" },
	/* Exim. */
	{ __LINE__, EXIM "=> a@b.example" VIA " C=\"250 OK\"", "b.example" },
	{ __LINE__, EXIM "-> a@b.example" VIA, "b.example" },
	{ __LINE__, EXIM ">> a@b.example" VIA, "b.example" },
	{ __LINE__, EXIM "=> a@b.example R=smarthost T=remote_smtp",
	    "b.example" },
	{ __LINE__,
	    "2026-07-06 06:01:46.123 +0200 [77] 1ajLoq-00000001wCx-Pkab => "
	    "a@b.example" VIA,
	    "b.example" },
	{ __LINE__,
	    SYSLOG "exim[77]: 2026-07-06 06:01:46 1ajLoq-0001wC-Pk => "
		   "a@b.example" VIA,
	    "b.example" },
	{ __LINE__, SYSLOG "exim[77]: 1ajLoq-0001wC-Pk => a@b.example" VIA,
	    "b.example" },
	{ __LINE__, EXIM "=> a@b.example <x@y.example>" VIA, "b.example" },
	{ __LINE__,
	    EXIM "=> a@b.example (a@b.example, c@d.example) <x@y.example> "
		 "F=<s@t.example>" VIA,
	    "b.example" },
	{ __LINE__, EXIM "=> \"odd @ local\"@b.example" VIA, "b.example" },
	{ __LINE__, EXIM "=> name <a@b.example>" VIA, "b.example" },
	{ __LINE__, EXIM "=> name <a@b.example> R=local_user T=maildir_home",
	    "" },
	{ __LINE__, EXIM "=> a@b.example R=virtual T=dovecot_virtual", "" },
	{ __LINE__, EXIM "=> a@b.example R=store T=lmtp H=store [192.0.2.9]",
	    "" },
	{ __LINE__,
	    EXIM "=> a@b.example R=store T=store_lmtp_smtp C=\"250 H=x\"", "" },
	{ __LINE__,
	    EXIM "=> a@b.example R=scan T=scan H=localhost [127.0.0.1]:10024",
	    "" },
	{ __LINE__,
	    EXIM "=> |/usr/bin/x a@b.example (a@b.example) <a@b.example> "
		 "R=pipe T=address_pipe",
	    "" },
	{ __LINE__,
	    EXIM "=> a@b.example R=v T=virtual C=\"250 H=x [192.0.2.1]\"", "" },
	{ __LINE__, EXIM "=> /var/mail/x <a@b.example> R=f T=address_file",
	    "" },
	{ __LINE__, EXIM "=> >a@b.example <x@y.example> R=v T=vacation_smtp",
	    "" },
	{ __LINE__, EXIM "=> :blackhole: <a@b.example> R=system_aliases", "" },
	{ __LINE__, EXIM "*> a@b.example" VIA, "" },
	{ __LINE__, EXIM "** a@b.example" VIA ": 550 no", "" },
	{ __LINE__, EXIM "== a@b.example" VIA " defer (-53)", "" },
	{ __LINE__,
	    EXIM "<= x@y.example H=h [192.0.2.1] T=\"1ajLoq-0001wC-Pk => "
		 "a@b.example R=x T=smtp H=h\" for c@d.example",
	    "" },
	{ __LINE__, EXIM "Completed", "" },
	{ __LINE__, EXIM "=>", "" },
	{ __LINE__, EXIM "=> ", "" },
	{ __LINE__, EXIM "=> a@b.example R=x T=", "" },
	{ __LINE__, "2026-07-06 06:01:46 cwd=/ 3 args: exim -Mc 1ajLoq", "" },
	/* OpenSMTPD. */
	{ __LINE__,
	    SMTPD "evpid=3d4c4a424797fe79 from=<x@y.example> "
		  "to=<a@b.example>" OK,
	    "b.example" },
	{ __LINE__, SMTPD "evpid=3d4c4a424797fe79 from=<> to=<a@b.example>" OK,
	    "b.example" },
	{ __LINE__,
	    SYSLOG "smtpd[75295]: 5df87c9b982c840c mta event=delivery "
		   "evpid=3d4c4a424797fe79 from=<x@y.example> "
		   "to=<a@b.example>" OK,
	    "b.example" },
	{ __LINE__,
	    SMTPD "evpid=3d4c4a424797fe79 from=<\"> to=<c@d.example\"@y.ex> "
		  "to=<a@b.example>" OK,
	    "b.example" },
	{ __LINE__,
	    SMTPD "evpid=3d4c4a424797fe79 from=<x@y.example> to=<a@b.example> "
		  "rcpt=<-> source=\"127.0.0.1\" relay=\"127.0.0.1 "
		  "(localhost)\" delay=0s result=\"Ok\" stat=\"250 2.0.0\"",
	    "" },
	{ __LINE__,
	    SMTPD "evpid=3d4c4a424797fe79 from=<x@y.example> to=<a@b.example> "
		  "rcpt=<-> source=\"-\" relay=\"192.0.2.1 (mx)\" delay=1s "
		  "result=\"TempFail\" stat=\"421 result=\"Ok\"\"",
	    "" },
	{ __LINE__,
	    SYSLOG "smtpd[3920]: f274cf35d39a7d0b mda delivery "
		   "evpid=78e5c402920bcc4f from=<x@y.example> "
		   "to=<a@b.example>" OK,
	    "" },
	{ __LINE__,
	    SYSLOG "smtpd[3920]: f274cf35d39a7d0b smtp envelope "
		   "evpid=78e5c402920bcc4f from=<x@y.example> "
		   "to=<a@b.example>",
	    "" },
	{ __LINE__, SMTPD "evpid=3d4c4a424797fe79 from=<x@y.example", "" },
	{ __LINE__, SMTPD, "" },
};

static void
test_others(void **state)
{
	const __typeof__(others[0]) *row;
	struct seen seen;
	size_t count;

	(void)state;
	UNIT_EACH (row, others) {
		const size_t length = strlen(row->text);

		count = read_line(row->text, length, MAILLOG_ANY, &seen);
		UNIT_STRING(row->line, seen.storage, row->domains);
		UNIT_EXPECT(row->line, (count > 0) == (*row->domains != '\0'));
		/* They are no lines of Postfix. */
		UNIT_EXPECT(row->line,
		    read_line(row->text, length, MAILLOG_POSTFIX, &seen) == 0);
	}
}

/* What may stand before a message; a line of Postfix each, but for the last. */
#define TO "4W: to=<a@b.example>" SENT
static const struct {
	int line;
	const char *text;
} heads[] = {
	{ __LINE__, "Jul 06 06:01:46 mail postfix/smtp[1]: " TO },
	{ __LINE__, "Mon 2026-07-06 06:01:46 CEST mail postfix/smtp[1]: " TO },
	{ __LINE__, "1783310506.123456 mail postfix/smtp[1]: " TO },
	{ __LINE__, "[ 1234.567890] mail postfix/smtp[1]: " TO },
	{ __LINE__, "<22>Jul  6 06:01:46 mail postfix/smtp[1]: " TO },
	{ __LINE__, "Jul  6 06:01:46 mail mail.info postfix/smtp[1]: " TO },
	{ __LINE__, "Jul  6 06:01:46 mail postfix/smtp: " TO },
	{ __LINE__, "mail-1  | Jul  6 06:01:46 m postfix/smtp[1]: " TO },
	{ __LINE__, "2026-07-06T06:01:46.1Z stdout F Jul  6 06:01:46 m "
		    "postfix/smtp[1]: " TO },
	{ __LINE__, "<22>1 2026-07-06T06:01:46Z mail postfix/smtp 12 - "
		    "[meta sequenceId=\"29\"] " TO },
	{ __LINE__, "<22>1 2026-07-06T06:01:46Z mail postfix/smtp 12 - "
		    "[a b=\"\\\"] x\"][c] \xef\xbb\xbf" TO },
	{ __LINE__, "mail-1  | " EXIM "=> a@b.example" VIA },
	{ __LINE__, SYSLOG "exim: " EXIM "=> a@b.example" VIA },
	{ __LINE__, "<22>1 x m exim 7 - - " EXIM "=> a@b.example" VIA },
	{ __LINE__, "2026-07-06 06:01:46 m exim[7]: 1ajLoq-0001wC-Pk => "
		    "a@b.example" VIA },
};

static void
test_heads(void **state)
{
	const __typeof__(heads[0]) *row;
	struct seen seen;

	(void)state;
	UNIT_EACH (row, heads) {
		(void)read_line(
		    row->text, strlen(row->text), MAILLOG_ANY, &seen);
		UNIT_STRING(row->line, seen.storage, "b.example");
	}
}

/* What strangers can have servers write, to look as if mail had been sent. */
#define LIE "1ajLoq-0001wC-Pk => a@b.example R=x T=smtp H=x [192.0.2.1]"
#define OTHER                                                                  \
	"2026-07-06 06:01:46 rejected EHLO from [192.0.2.9]: syntactically "
#define LOCAL "> R=local_user T=maildir_home"
static const struct {
	int line;
	const char *text;
} strangers[] = {
	{ __LINE__, RFC3339
	    "postfix/smtpd[1]: NOQUEUE: reject: RCPT from x[192.0.2.9]: "
	    "554 5.7.1 <\" " LIE "\"@y.example>: Relay access denied" },
	{ __LINE__, SYSLOG "postfix/smtpd[1]: warning: non-SMTP command from "
			   "x[192.0.2.9]: " LIE },
	{ __LINE__, SYSLOG "sshd[1]: Invalid user " LIE " from 192.0.2.9" },
	{ __LINE__, SYSLOG "dovecot: auth: " LIE },
	{ __LINE__, "<22>1 x m dovecot 7 - - " LIE },
	{ __LINE__, OTHER "invalid argument(s): " LIE },
	{ __LINE__, OTHER "invalid argument(s): +0 " LIE },
	{ __LINE__, OTHER "invalid argument(s): postfix/smtp[1]: " TO },
	{ __LINE__, OTHER "invalid argument(s): 2026-07-06 06:01:46 " LIE },
	{ __LINE__, "2026-07-06 06:01:46 H=(x) [192.0.2.9] F=<\" "
		    "postfix/smtp[1]: " TO },
	{ __LINE__, "2026-07-06 06:01:46 SMTP protocol error in \"AUTH "
		    "postfix/smtp[1]: " TO },
	{ __LINE__,
	    "2026-07-06 06:01:46 SMTP call from (x postfix/smtp[1]: " TO },
	{ __LINE__,
	    EXIM "=> a@b.example F=<\" T=smtp H=x [192.0.2.1]\"@y.ex" LOCAL },
	{ __LINE__,
	    EXIM "=> a@b.example <\" T=smtp H=x [192.0.2.1]\"@y.ex" LOCAL },
	{ __LINE__, EXIM "=> a@b.example (z@y.ex) <z@y.ex> F=<s@y.ex> "
			 "P=<\" T=smtp\"@y.ex" LOCAL },
	{
	    __LINE__,
	    "<22>1 x m postfix/smtp 7 - [a b=\"\\",
	},
	{
	    __LINE__,
	    "<22>1 x m postfix/smtp 7 - [a] ",
	},
};

static void
test_strangers(void **state)
{
	const __typeof__(strangers[0]) *row;
	struct seen seen;

	(void)state;
	UNIT_EACH (row, strangers) {
		(void)read_line(
		    row->text, strlen(row->text), MAILLOG_ANY, &seen);
		UNIT_STRING(row->line, seen.storage, "");
	}
}

/* Wherever a line is cut off or has a NUL, nobody reads beyond it. */
static void
test_cut(void **state)
{
	const __typeof__(others[0]) *row;
	struct seen seen;
	char line[1000];
	size_t i;

	(void)state;
	UNIT_EACH (row, others)
		for (i = 0; i < strlen(row->text); i++) {
			(void)read_line(row->text, i, MAILLOG_ANY, &seen);
			memcpy(line, row->text, strlen(row->text));
			line[i] = '\0';
			(void)read_line(
			    line, strlen(row->text), MAILLOG_ANY, &seen);
			UNIT_EXPECT(row->line, !seen.text.overflow);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_postfix),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_strangers),
		cmocka_unit_test(test_cut),
	};

	return UNIT_RUN(tests);
}
