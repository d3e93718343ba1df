/*
 * Private to judge: the findings there can be, and how its parts, one for each
 * group, come to send them.
 */
#ifndef MTASTS_JUDGE_PART_H
#define MTASTS_JUDGE_PART_H

#include "judge.h"
#include "text.h"

/* In the order of the groups. Names and more of each are in judge_code.c. */
enum judge_code {
	/* DNS */
	JUDGE_DOMAIN_MISSING,
	JUDGE_DNS_FAILED,
	JUDGE_DNS_BOGUS,
	JUDGE_TXT_MISSING,
	JUDGE_TXT_MISPLACED,
	JUDGE_TXT_SEVERAL,
	JUDGE_TXT_LONG,
	JUDGE_TXT_INVALID,
	JUDGE_TXT_DOUBTFUL,
	JUDGE_TXT_ID,
	JUDGE_TXT_TTL,
	JUDGE_CNAME_CHAIN,
	JUDGE_HOST_MISSING,
	JUDGE_HOST_NO_IPV4,
	JUDGE_TLSRPT_MISSING,
	JUDGE_TLSRPT_SEVERAL,
	JUDGE_TLSRPT_INVALID,
	/* HTTPS */
	JUDGE_HTTPS_REFUSED,
	JUDGE_HTTPS_TIMEOUT,
	JUDGE_HTTPS_TLS,
	JUDGE_HTTPS_BROKEN,
	JUDGE_HTTPS_LARGE,
	JUDGE_CERT_EXPIRED,
	JUDGE_CERT_EARLY,
	JUDGE_CERT_NAME,
	JUDGE_CERT_SELF_SIGNED,
	JUDGE_CERT_UNTRUSTED,
	JUDGE_CERT_OTHER,
	JUDGE_CERT_EXPIRING,
	JUDGE_TLS_OLD,
	JUDGE_POLICY_MISSING,
	JUDGE_HTTPS_REDIRECT,
	JUDGE_HTTPS_STATUS,
	JUDGE_MEDIA_TYPE,
	JUDGE_MEDIA_CHARSET,
	JUDGE_HTTPS_SLOW,
	JUDGE_NODES_FAIL,
	JUDGE_HOST_PORT,
	JUDGE_HOST_CASE,
	JUDGE_HOST_ANY,
	/* policy */
	JUDGE_LOCAL_BROKEN,
	JUDGE_NODES_DIFFER,
	JUDGE_FAMILIES_DIFFER,
	JUDGE_TEXT_DIFFERS,
	JUDGE_POLICY_INVALID,
	JUDGE_POLICY_DOUBTFUL,
	JUDGE_TEXT_MARK,
	JUDGE_TEXT_BARE_CR,
	JUDGE_TEXT_COMMENT,
	JUDGE_TEXT_BLANK,
	JUDGE_TEXT_LINE_ENDS,
	JUDGE_TEXT_ORDER,
	JUDGE_TEXT_EXTENSION,
	JUDGE_MAX_AGE_SHORT,
	/* MX */
	JUDGE_MX_MISSING,
	JUDGE_MX_NULL,
	JUDGE_MX_IMPLICIT,
	JUDGE_MX_MANY,
	JUDGE_MX_NAME,
	JUDGE_MX_UNCOVERED,
	JUDGE_MX_DNS_FAILED,
	JUDGE_MX_NO_ADDRESS,
	JUDGE_MX_UNREACHABLE,
	JUDGE_MX_GREETING,
	JUDGE_MX_NO_STARTTLS,
	JUDGE_MX_TLS,
	JUDGE_MX_CERT_EXPIRED,
	JUDGE_MX_CERT_EARLY,
	JUDGE_MX_CERT_NAME,
	JUDGE_MX_CERT_SELF_SIGNED,
	JUDGE_MX_CERT_UNTRUSTED,
	JUDGE_MX_CERT_OTHER,
	JUDGE_MX_CERT_EXPIRING,
	JUDGE_MX_TLS_OLD,
	JUDGE_MX_ALIAS,
	JUDGE_MX_DANE,
	JUDGE_MX_DANE_UNSIGNED,
	JUDGE_LISTED_MISSING,
	JUDGE_LISTED_UNUSED,
	/* state */
	JUDGE_MODE_NONE,
	JUDGE_READY,
	JUDGE_NO_MTA_STS,
	JUDGE_CODES, /* how many */
};

/* What a code says wherever it is found, unless the finding says otherwise. */
struct judge_rule {
	const char *code, *group;
	enum judge_severity severity;
	enum judge_effect effect;
	const char *sender;
};

extern const struct judge_rule judge_rules[JUDGE_CODES];

/* What the TXT records come to. */
enum judge_signal {
	JUDGE_SIGNAL_NONE,
	JUDGE_SIGNAL_GOOD,
	JUDGE_SIGNAL_BAD,     /* some were meant to be one */
	JUDGE_SIGNAL_UNKNOWN, /* the DNS does not tell */
};

#define JUDGE_URL_SIZE (HOSTNAME_SIZE + 48)

/* One judging of one domain. */
struct judging {
	const struct judge *judge;
	const struct facts *facts;
	struct policy *policy;
	bool served; /* there is a good policy in *policy */
	enum judge_signal signal;
	char id[RECORD_ID_SIZE]; /* of the record, when it is good */
	char host[HOSTNAME_SIZE];
	char url[JUDGE_URL_SIZE];       /* of the policy */
	const struct facts_fetch *text; /* whose text it is; NULL for none */
	size_t count[JUDGE_NOTE + 1];   /* of the findings, by severity */
};

/*
 * A finding begins as its rule has it. Each of the next three appends to it,
 * escaped and, where it is too long, cut; then it is sent.
 */
void judge_begin(struct judge_finding *finding, enum judge_code code);
void judge_what(struct judge_finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A line of the mend: what to do, or a record or command to paste. */
void judge_mend(struct judge_finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void judge_paste(struct judge_finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void judge_send(struct judging *judging, const struct judge_finding *finding);

/* Sets what a sender does, other than the rule has it. */
void judge_sender(
    struct judge_finding *finding, enum judge_effect effect, const char *text);

/* Adds the TXT record with the id, a fitting one where id is NULL. */
void judge_paste_record(const struct judging *judging,
    struct judge_finding *finding, const char *id);

/*
 * Adds, where the name that was asked for is an alias, that the record to paste
 * must take its place (RFC 1034 section 3.6.2). judge_paste_record and
 * judge_paste_host do so themselves.
 */
void judge_mend_alias(struct judge_finding *finding, const char *label,
    const char *domain, const struct facts_answer *answer);

/* Adds the record that leads to the policy host, as far as it is known. */
void
judge_paste_host(const struct judging *judging, struct judge_finding *finding);

/* Adds how to change the policy of this machine, and publish that. */
void judge_paste_set(const struct judging *judging,
    struct judge_finding *finding, const char *arguments);

/*
 * Adds how to change the policy: the arguments of "mta-sts set DOMAIN" where
 * the policy lies on this machine, else what is to be written in it.
 */
void judge_paste_change(const struct judging *judging,
    struct judge_finding *finding, const char *arguments, const char *line);

/* Whether the DNS says that there is none of it. */
bool judge_is_absent(const struct facts_answer *answer);

/* Whether the bytes are a host name, fit to be pasted. */
bool judge_is_host(const char *name);

/* Reads the TXT records, sending nothing; what they come to. */
enum judge_signal
judge_signal(const struct facts *facts, char id[RECORD_ID_SIZE]);

/* Reads a text as a sender reads it; whether it is a good policy. */
bool judge_read_text(const struct facts_fetch *fetch, struct policy *policy);

/* Whether the fetch brought a text (200), and whether that is here, too. */
bool judge_is_served(const struct facts_fetch *fetch);
bool judge_has_text(const struct facts_fetch *fetch);

#define JUDGE_HTTP_OFTEN 429 /* too many requests, RFC 6585 section 4 */
#define JUDGE_READERS    7   /* kinds of faults, of each one at most */
#define JUDGE_FAULT_SIZE 400

/* What one fetch has that it should not have. */
struct judge_fault {
	enum judge_code code;
	struct text phrase; /* in storage */
	char storage[JUDGE_FAULT_SIZE];
};

/* Whether the fetch has a fault of that kind, from 0; which one, in *fault. */
bool judge_read_fault(const struct judging *judging, size_t reader,
    const struct facts_fetch *fetch, struct judge_fault *fault);

/*
 * Sends it, of those addresses that have it. only: words before them that say
 * that others have it not, which makes an error a warning; or NULL.
 */
void judge_send_fault(struct judging *judging, const struct judge_fault *fault,
    const char *addresses, const char *only);

/* How many MX hosts there is something known of. */
size_t judge_mx_kept(const struct facts *facts);

/* Whether a pattern of the policy matches it. Pre: served. */
bool judge_is_covered(const struct judging *judging, const struct facts_mx *mx);

/* Sets what it means that a sender who goes by the policy avoids one MX. */
void judge_weigh(const struct judging *judging, struct judge_finding *finding);

/* What is found of one MX host; and of those that nobody answered at. */
void judge_probe(struct judging *judging, const struct facts_mx *mx);
void judge_unreachable(struct judging *judging);

/* The parts, each of which sends the findings of its group. */
void judge_dns(struct judging *judging);
void judge_record(struct judging *judging);
void judge_tlsrpt(struct judging *judging);
void judge_https(struct judging *judging);
void judge_nodes(struct judging *judging); /* of HTTPS */
void judge_forms(struct judging *judging); /* of HTTPS, too */
void judge_text(struct judging *judging);
void judge_mx(struct judging *judging);
void judge_state(struct judging *judging);

/*
 * Sends what is found where fetches by the same family brought different
 * policies; false, and nothing that is about policies, where none did.
 */
bool judge_nodes_text(struct judging *judging);

/*
 * What is wrong with a certificate, as a phrase; the code is that of HTTPS, or
 * of MX with mx set. False for a good one, and for one not seen.
 */
bool judge_certificate(const struct facts_tls *tls, const char *name, bool mx,
    enum judge_code *code, struct text *phrase);

/* Whether it expires soon, the same way. */
bool judge_expiring(const struct judging *judging, const struct facts_tls *tls,
    struct text *phrase);

/* Whether the TLS is older than senders take; and that in words. */
bool judge_is_old(const struct facts_tls *tls);
void judge_add_old(struct text *phrase, const struct facts_tls *tls);

#endif
