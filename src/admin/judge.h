/*
 * What the facts about a domain mean: findings, each with what is wrong, what a
 * sender does because of it, and what mends it. Pure: the same facts give the
 * same findings, on any machine and at any time.
 */
#ifndef MTASTS_JUDGE_H
#define MTASTS_JUDGE_H

#include "facts.h"
#include "policy.h"

enum judge_severity {
	JUDGE_ERROR,   /* mail is lost or delayed, or the policy is ignored */
	JUDGE_WARNING, /* it will be, or some senders do so */
	JUDGE_NOTE,    /* good to know */
};

/* What a sender does because of a finding. */
enum judge_effect {
	JUDGE_DELIVERS,    /* as without the finding */
	JUDGE_UNPROTECTED, /* delivers, and does not look at TLS */
	JUDGE_IGNORES,     /* goes by an older policy, or by none */
	JUDGE_DELAYS,      /* keeps the mail and tries again, or another MX */
	JUDGE_REFUSES,     /* gives the mail back in the end */
};

#define JUDGE_WHAT_SIZE   512
#define JUDGE_SENDER_SIZE 256
#define JUDGE_MEND_SIZE   1536
#define JUDGE_PASTE       "  " /* what a line to paste begins with */

/* Valid during the call that brings it. */
struct judge_finding {
	const char *code; /* "txt-missing": never changes, for scripts */
	enum judge_severity severity;
	enum judge_effect effect;
	const char *group; /* "DNS", "HTTPS", "policy", "MX", "state" */
	/* All three printable ASCII, whatever strangers sent. */
	char what[JUDGE_WHAT_SIZE];     /* what is wrong */
	char sender[JUDGE_SENDER_SIZE]; /* what a sender does; "" when effect
					   says it all */
	/*
	 * Lines with LF between them, "" for none. Those that begin with two
	 * blanks are records and commands, to be pasted as they are behind
	 * these; the others tell what to do. No name reaches a line to paste
	 * unless it is a host name.
	 */
	char mend[JUDGE_MEND_SIZE];
};

struct judge {
	/* Takes the findings, in the order of the groups. */
	void (*take)(void *context, const struct judge_finding *finding);
	void *context;
	uint32_t
	    ready_after; /* seconds in testing before "ready for enforce" */
	/*
	 * Seconds left of a certificate that are a warning; a third of its life
	 * where that is less, since some live for six days by intent.
	 */
	uint32_t expiry_soon;
	const char *host;   /* dns.host of the settings, "" or NULL for none */
	const char *tlsrpt; /* a TLSRPT record's value, "" or NULL for none */
	uint32_t ttl;       /* dns.ttl */
	bool mx;            /* MX hosts were looked at */
};

/* The last word on a domain. */
enum judge_verdict {
	JUDGE_GOOD,     /* a policy, and nothing above a note */
	JUDGE_DOUBTFUL, /* warnings */
	JUDGE_BROKEN,   /* errors */
	JUDGE_NOTHING,  /* neither record nor policy: no MTA-STS, on purpose */
};

/*
 * Sends the findings about a domain to judge->take. policy is scratch space, in
 * which the policy that was served is left; *served tells whether there is one.
 */
enum judge_verdict judge_facts(const struct judge *judge,
    const struct facts *facts, struct policy *policy, bool *served);

/* Reads the id of the record at _mta-sts; false, and "", for no good record. */
bool judge_id(const struct facts *facts, char id[RECORD_ID_SIZE]);

/* "delivers", "ignores the policy"... */
const char *judge_effect_name(enum judge_effect effect);

/* "error", "warning", "note". */
const char *judge_severity_name(enum judge_severity severity);

/* "good", "doubtful", "broken", "nothing". */
const char *judge_verdict_name(enum judge_verdict verdict);

/* The code number i, from 0, of all that there are; NULL beyond the last. */
const char *judge_code_name(size_t i);

/*
 * Whether a pattern of a policy matches the name of an MX host: equal, or "*."
 * and just one label in its place (RFC 8461 section 4.1). Both in lower case.
 */
bool judge_matches(const char *pattern, const char *name);

#endif
